"""`oxo-sim call | load | advance | time`: tickets, and the time that brings them."""

from pathlib import Path
from typing import Annotated

import typer
from oxo_tickets import DiallingMode, Facility

from oxo_simulator.commands.console import (
    DEFAULT_STATE,
    WRONG_USAGE,
    Json,
    State,
    checked,
    fail,
    say,
)
from oxo_simulator.commands.placing import Advance, place
from oxo_simulator.commands.tickets import batch, opened
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import CallOrder, ExchangeState

MANUAL, REAL = 0.0, 1.0

app = typer.Typer()


@app.command()
def call(  # noqa: PLR0913 - one parameter per option
    *,
    user: Annotated[
        str, typer.Argument(help="The set that calls or is called; with --break-in a line.")
    ],
    number: Annotated[str, typer.Argument(help="The other party; internal: the set called.")],
    direction: Annotated[str, typer.Option(help="outgoing, incoming or internal.")] = "outgoing",
    mode: Annotated[DiallingMode, typer.Option(help="How it is dialled.")] = DiallingMode.MANUAL,
    duration: Annotated[int, typer.Option(help="Conversation in seconds; 0 is unanswered.")] = 50,
    ring: Annotated[int, typer.Option(help="Ringing in seconds.")] = 0,
    units: Annotated[int | None, typer.Option(help="Metering units; else the tariff says.")] = None,
    account: Annotated[str | None, typer.Option(help="Account code.")] = None,
    trunk: Annotated[str | None, typer.Option(help="Line, e.g. N01.")] = None,
    times: Annotated[int, typer.Option(help="So many such calls at once.")] = 1,
    transfer_to: Annotated[str | None, typer.Option(help="Set the call is handed to.")] = None,
    transfer_after: Annotated[
        int, typer.Option(help="Seconds of conversation before that; at least 1.")
    ] = 0,
    conference_with: Annotated[
        list[str] | None, typer.Option(help="A further party; more than once.")
    ] = None,
    conference_after: Annotated[int, typer.Option(help="Seconds before they are there.")] = 0,
    network: Annotated[bool, typer.Option("--network", help="Over the private network.")] = False,
    break_in: Annotated[bool, typer.Option("--break-in", help="From line to line.")] = False,
    operator_made: Annotated[
        bool, typer.Option("--operator-made", help="The operator dialled for a guest or booth.")
    ] = False,
    service: Annotated[
        list[Facility] | None, typer.Option(help="Supplementary service; more than once.")
    ] = None,
    advance: Advance = True,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Place calls and print their tickets."""
    wanted = {
        "direction": direction,
        "user": user,
        "number": number,
        "dialling_mode": mode,
        "ring_seconds": ring,
        "call_seconds": duration,
        "units": units,
        "account_code": account,
        "trunk": trunk,
        "times": times,
        "transfer_to": transfer_to,
        "transfer_after_seconds": transfer_after,
        "conference_with": conference_with or [],
        "conference_after_seconds": conference_after,
        "network": network,
        "break_in": break_in,
        "operator_made": operator_made,
        "services": service or [],
    }
    order = checked(CallOrder, wanted)
    place(state, lambda client: client.place_calls(order, advance=advance), json=json)


@app.command()
def load(
    *,
    file: Annotated[Path, typer.Argument(help="NDJSON of canonical tickets; - is the input.")],
    pace: Annotated[
        float, typer.Option(min=0, help="0 at once; 1 in original spacing; N times as fast.")
    ] = 0,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Write tickets as they are into the exchange.

    Any number: they go in orders of a thousand, and a pace goes on from one to the next. Behind a
    line that is no ticket nothing is read; those before it are written.
    """
    with ControlClient.from_state(state) as client, opened(file) as lines:
        written = ordered = 0
        wrong = None
        while not wrong:
            tickets, wrong = batch(lines)
            if not tickets:
                break
            written += len(client.load(tickets, pace, continues=ordered > 0).ids)
            ordered += len(tickets)
        now = client.state()
    told = {
        "written": written,
        "to_come": ordered - written,
        "buffered": now.buffered,
        "capacity": now.capacity,
    }
    say(told, lambda: _say_loaded(told), json=json)
    if wrong:
        fail(f"{file}, {wrong}")


@app.command()
def advance(
    seconds: Annotated[float, typer.Argument(min=0, help="Exchange seconds.")],
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Move exchange time."""
    with ControlClient.from_state(state) as client:
        now = client.advance(seconds)
    say(now, instant(now), json=json)


@app.command()
def time(
    pace: Annotated[
        str | None, typer.Argument(help="manual, real, or so many times as fast.")
    ] = None,
    *,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show exchange time, or let it stand, go on, or hurry."""
    with ControlClient.from_state(state) as client:
        now = client.state() if pace is None else client.pace(_factor(pace))
    say(now, f"{instant(now)} {now.zone}, {pace_name(now)}", json=json)


def instant(now: ExchangeState) -> str:
    """Write exchange time for people."""
    return now.exchange_time.isoformat(sep=" ", timespec="seconds")


def pace_name(now: ExchangeState) -> str:
    """Say how exchange time goes."""
    names = {MANUAL: "manual", REAL: "real time"}
    return names.get(now.time_factor, f"{now.time_factor:g} times as fast")


def _factor(text: str) -> float:
    names = {"manual": MANUAL, "real": REAL}
    try:
        return names[text] if text in names else float(text)
    except ValueError:
        fail(f"time {text}: manual, real, or a number is expected", WRONG_USAGE)


def _say_loaded(told: dict[str, int]) -> None:
    come = told["to_come"]
    later = f", {come} to come as exchange time goes on" if come else ""
    typer.echo(f"{told['written']} tickets written{later}")
    typer.echo(f"{told['buffered']} of {told['capacity']} wait in the buffer", err=True)
