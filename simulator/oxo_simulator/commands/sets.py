"""`oxo-sim sets | set | trunks | facility`: who can be called, the lines, and what they ask for."""

from typing import Annotated, Any

import typer
from oxo_tickets import Facility

from oxo_simulator.commands.console import (
    DEFAULT_STATE,
    WRONG_USAGE,
    Json,
    State,
    checked,
    fail,
    say,
    table,
)
from oxo_simulator.commands.placing import Advance, place
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import FacilityOrder, SetOrder, SetState

app = typer.Typer()


@app.command()
def sets(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show every set and group."""
    with ControlClient.from_state(state) as client:
        found = client.sets()
    columns = ("set", "name", "class", "state", "diverted to", "monitoring", "members")
    say(found, lambda: table(columns, map(_row, found)), json=json)


@app.command("set")
def set_up(  # noqa: PLR0913 - one parameter per option
    number: Annotated[str, typer.Argument(help="The set or group.")],
    *,
    condition: Annotated[
        str | None,
        typer.Option("--condition", help="free, busy, out of service or do not disturb."),
    ] = None,
    divert: Annotated[
        str | None, typer.Option(help="A set, group or external number takes its calls.")
    ] = None,
    no_divert: Annotated[bool, typer.Option("--no-divert", help="Nobody does.")] = False,
    monitoring: Annotated[
        str | None, typer.Option(help="Calls that are ticketed: none, all or outgoing.")
    ] = None,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Let a set or group be otherwise from now on; what no option names stays."""
    if divert is not None and no_divert:
        fail("--divert and --no-divert exclude each other", WRONG_USAGE)
    with ControlClient.from_state(state) as client:
        present = next((each for each in client.sets() if each.number == number), None)
        wanted: dict[str, Any] = {} if present is None else _kept(present)
        told = {"state": condition, "diverted_to": divert, "monitoring": monitoring}
        wanted |= {key: value for key, value in told.items() if value is not None}
        if no_divert:
            wanted["diverted_to"] = None
        found = client.set_up(number, checked(SetOrder, wanted))
    say(found, _sentence(found), json=json)


@app.command()
def trunks(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show every access, and how many calls it has."""
    with ControlClient.from_state(state) as client:
        found = client.trunks()
    rows = [(each.name, each.kind.value, each.occupied, each.channels) for each in found]
    say(found, lambda: table(("trunk", "kind", "in use", "of"), rows), json=json)


@app.command()
def facility(  # noqa: PLR0913 - one parameter per option
    user: Annotated[str, typer.Argument(help="The set that asks.")],
    service: Annotated[Facility, typer.Argument(help="What it asks for.")],
    *,
    cancel: Annotated[bool, typer.Option("--cancel", help="It wants it no more.")] = False,
    advance: Advance = True,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Ask the public network for a supplementary service, and print the ticket."""
    order = FacilityOrder(user=user, facility=service, cancelled=cancel, advance=advance)
    place(state, lambda client: client.request_facility(order), json=json)


def _kept(present: SetState) -> dict[str, Any]:
    return {
        "state": present.state,
        "diverted_to": present.diverted_to,
        "monitoring": present.monitoring,
    }


def _row(found: SetState) -> tuple[object, ...]:
    state = f"{found.state}, in a call" if found.talking else found.state
    members = " ".join(found.members)
    return (
        found.number, found.name, found.kind, state, found.diverted_to, found.monitoring, members
    )  # fmt: skip


def _sentence(found: SetState) -> str:
    diverted = f", diverted to {found.diverted_to}" if found.diverted_to else ""
    monitored = f", monitoring {found.monitoring}" if found.monitoring else ""
    return f"{found.number} is {found.state}{diverted}{monitored}"
