"""`oxo-sim buffer | sessions | ledger | transcript`: what waits, who asks, and what was said."""

import contextlib
from typing import Annotated

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
)

FOLLOW_SECONDS = 20.0
SHOWN_TICKETS = 20

app = typer.Typer()


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
    """Show who is logged in at the taxation wire, or end a session."""
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
    """Show the HTTP exchanges of the taxation wire; --json prints each whole, one a line."""
    with ControlClient.from_state(state) as client:
        lines = client.transcript(since)
    if json:
        for line in lines:
            typer.echo(msgspec.json.encode(line).decode())
        return
    keys = ("n", "at", "connection", "method", "path", "operation", "status")
    table(("n", "at", "conn.", "method", "path", "operation", "status"),
          ([line[key] for key in keys] for line in lines))  # fmt: skip


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


def _show_sessions(found: list[SessionState]) -> None:
    if not found:
        typer.echo("nobody is logged in")
        return
    table(
        ("session", "user", "port", "connection", "since (UTC)", "silent for"),
        (
            (
                one.name,
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
