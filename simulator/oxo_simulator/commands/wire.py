"""`oxo-sim wires | buffer | sessions | ledger | transcript`: what waits, who asks, what is said."""

import contextlib
from typing import Annotated, Any

import msgspec
import typer
from oxo_tickets import Ticket

from oxo_simulator.commands.console import DEFAULT_STATE, Json, State, say, table
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import (
    BUFFER_TICKETS_MAX,
    BufferState,
    LedgerLine,
    SessionState,
    WireState,
)

FOLLOW_SECONDS = 20.0
SHOWN_TICKETS = 20
TEXT_SHOWN_MAX = 120

app = typer.Typer()


@app.command()
def wires(*, json: Json = False, state: State = DEFAULT_STATE) -> None:
    """Show every wire: how it is reached, and what waits there."""
    with ControlClient.from_state(state) as client:
        found = client.wires()
    say(found, lambda: _show_wires(found), json=json)


@app.command()
def buffer(
    *,
    after: Annotated[int, typer.Option(min=0, help="Only behind this sequence.")] = 0,
    count: Annotated[
        int, typer.Option(min=0, max=BUFFER_TICKETS_MAX, help="At most so many tickets.")
    ] = SHOWN_TICKETS,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show what waits for the taxation client, oldest first."""
    with ControlClient.from_state(state) as client:
        found = client.buffer(after, count)
    say(found, lambda: _show_buffer(found), json=json)


@app.command()
def sessions(
    *,
    end: Annotated[str | None, typer.Option(help="End the session of this name.")] = None,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show who is in a session, on any wire, or end a session."""
    with ControlClient.from_state(state) as client:
        if end is not None:
            client.end_session(end)
        found = client.sessions()
    say(found, lambda: _show_sessions(found), json=json)


@app.command()
def ledger(
    *,
    since: Annotated[int, typer.Option(min=0, help="Only lines after this number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines.")] = False,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Print the ledger, one JSON line an event (with --json too)."""
    del json  # it is JSON anyway; the option is for errors
    with ControlClient.from_state(state) as client, contextlib.suppress(KeyboardInterrupt):
        while True:
            for line in client.ledger(since, FOLLOW_SECONDS if follow else 0):
                since = line.n
                typer.echo(_flat(line))
            if not follow:
                return


@app.command()
def transcript(
    *,
    since: Annotated[int, typer.Option(min=0, help="Only lines after this number.")] = 0,
    json: Json = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Show what was said on every wire; --json prints each line whole."""
    with ControlClient.from_state(state) as client:
        lines = client.transcript(since)
    if json:
        for line in lines:
            typer.echo(msgspec.json.encode(line).decode())
        return
    table(("n", "at", "wire", "conn.", "said"), (_spoken(line) for line in lines))


def _show_buffer(found: BufferState) -> None:
    alarm = f"alarm at {found.alarm_percent} %{', reached' if found.alarm else ''}"
    span = "" if found.oldest is None else f", sequences {found.oldest} to {found.newest}"
    typer.echo(f"{found.count} of {found.capacity} wait{span}; {alarm}")
    if found.tickets:
        table(
            ("sequence", "id", "time", "kind", "user", "number", "seconds", "cost"),
            ([one.sequence, one.id, *_cells(one.ticket)] for one in found.tickets),
        )
    if found.tickets and found.newest is not None and found.tickets[-1].sequence < found.newest:
        typer.echo(f"more behind: --after {found.tickets[-1].sequence}")


def _cells(ticket: Ticket) -> list[object]:
    cost = "" if ticket.cost is None else f"{ticket.cost} {ticket.currency or ''}".strip()
    when = ticket.local_time.isoformat(sep=" ")
    kind = ticket.communication_type or ticket.kind
    return [when, kind, ticket.charged_user, ticket.dialled_number, ticket.call_seconds, cost]


def _show_wires(found: list[WireState]) -> None:
    table(
        ("wire", "port", "waiting", "capacity", "alarm at", "sessions", "besides"),
        (
            (
                one.name,
                _places(one),
                one.waiting,
                one.capacity,
                f"{one.alarm_percent} %{', reached' if one.alarm else ''}"
                if one.alarm_percent
                else "none",
                one.sessions,
                _besides(one),
            )
            for one in found
        ),
    )


def _places(wire: WireState) -> str:
    """Say where a wire is reached: a line for each port, and each by its name if there are more."""
    several = len(wire.ports) > 1
    return (
        "\n".join(
            f"{f'{each.name} ' if several else ''}{each.port}{'' if each.open else ' (closed)'}"
            for each in wire.ports
        )
        or "not held"
    )


def _besides(wire: WireState) -> str:
    """Say what a wire has that does not wait: closed files, and which CPU is main."""
    told = [] if wire.files is None else [f"{wire.files} files, {wire.file_bytes} bytes"]
    return ", ".join([*told, *([f"main is {wire.main}"] if wire.main else [])])


def _spoken(line: dict[str, Any]) -> list[object]:
    """Say one line of the transcript in short: an HTTP exchange, or words of one side."""
    wire = line.get("wire", "taxation")
    if "method" in line:
        words = f"{line['method']} {line['path']} {line['operation'] or ''} {line['status']}"
    else:
        words = f"{line['sender']}: {line['text'][:TEXT_SHOWN_MAX]}"
    return [line["n"], line["at"], wire, line["connection"], words]


def _show_sessions(found: list[SessionState]) -> None:
    if not found:
        typer.echo("nobody is logged in")
        return
    table(
        ("session", "wire", "user", "port", "connection", "since (UTC)", "silent for"),
        (
            (
                one.name,
                one.wire,
                one.user,
                one.port,
                one.connection,
                f"{one.since:%Y-%m-%d %H:%M:%S}",
                f"{one.idle_seconds:.0f} s",
            )
            for one in found
        ),
    )


def _flat(line: LedgerLine) -> str:
    common = {"n": line.n, "at": line.at, "exchange_time": line.exchange_time, "event": line.event}
    return msgspec.json.encode(common | line.detail).decode()
