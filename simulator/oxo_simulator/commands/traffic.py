"""`oxo-sim traffic`: a day or a month of people around the exchange."""

from typing import Annotated

import typer

from oxo_simulator.commands.console import (
    DEFAULT_STATE,
    WRONG_USAGE,
    Json,
    State,
    checked,
    fail,
    say,
)
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import TrafficOrder, TrafficState

app = typer.Typer()


@app.command()
def traffic(  # noqa: PLR0913 - one parameter per option
    day: Annotated[
        str | None,
        typer.Argument(help="office, hotel-morning or hotel-month; shows what goes on without."),
    ] = None,
    *,
    rooms: Annotated[int | None, typer.Option(help="So many take part, else all.")] = None,
    busy_hour_calls: Annotated[float | None, typer.Option(help="Calls of the busy hour.")] = None,
    erlang: Annotated[float | None, typer.Option(help="The same as offered load.")] = None,
    holding: Annotated[float, typer.Option(help="Mean seconds of an answered call.")] = 120,
    seed: Annotated[int | None, typer.Option(help="Else that of the installation.")] = None,
    hours: Annotated[float | None, typer.Option(help="Of exchange time; else the whole.")] = None,
    advance: Annotated[
        bool, typer.Option(help="In manual time, move it to the end at once.")
    ] = True,
    end: Annotated[bool, typer.Option("--end", help="End what goes on.")] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Let people call, be woken, come and go; or show or end what goes on."""
    if end and day is not None:
        fail(f"--end and {day}; one of them is expected", WRONG_USAGE)
    order = None if day is None else checked(TrafficOrder, {
        "day": day,
        "rooms": rooms,
        "busy_hour_calls": busy_hour_calls,
        "erlang": erlang,
        "holding_seconds": holding,
        "seed": seed,
        "hours": hours,
        "advance": advance,
    })  # fmt: skip
    with ControlClient.from_state(state) as client:
        if end:
            found = client.end_traffic()
        else:
            found = client.traffic() if order is None else client.begin_traffic(order)
    say(found, _described(found), json=json)


def _described(found: TrafficState) -> str:
    if found.day is None:
        return "no traffic"
    rows = {
        found.day: "goes on" if found.running else "is over",
        "load": f"{found.erlang:g} E, {found.busy_hour_calls:g} calls in the busy hour, "
        f"{found.sets} sets",
        "time": f"{found.begins} to {found.ends}; now {found.exchange_time}",
        "calls": f"{found.calls}; {found.no_line} found no line",
        "people": f"{found.appointments} appointments, {found.arrivals} arrivals, "
        f"{found.departures} departures, {found.room_statuses} room statuses",
        "not done": f"{found.no_service} while the exchange was down, {found.refused} refused",
        "tickets": f"{found.tickets_made} made by the exchange so far",
    }
    return "\n".join(f"{name:<15}{text}" for name, text in rows.items())
