"""Orders that lead to tickets: carried out, and answered with those tickets."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from oxo_tickets import Ticket, to_json

from oxo_simulator.commands.console import say
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import CallsPlaced

Advance = Annotated[bool, typer.Option(help="Move exchange time to the tickets.")]


def place(
    state: Path,
    order: Callable[[ControlClient], CallsPlaced],
    *,
    json: bool,
    words: str | None = None,
) -> None:
    """Carry out an order and print its tickets; for people `words` where there are none."""
    with ControlClient.from_state(state) as client:
        before = client.state().ledger_last
        placed = order(client)
        if words is None or placed.ids or json:
            _say_tickets(placed, _tickets(client, before, placed), json=json)
        else:
            typer.echo(words)


def _tickets(client: ControlClient, before: int, placed: CallsPlaced) -> list[Ticket]:
    wanted = set(placed.ids)
    return [
        msgspec.convert(line.detail["ticket"], Ticket)
        for line in client.ledger(before)
        if line.event == "made" and line.detail["id"] in wanted
    ]


def _say_tickets(placed: CallsPlaced, tickets: list[Ticket], *, json: bool) -> None:
    """Print the tickets that an order has led to, and how its calls went."""

    def plain() -> None:
        for ticket in tickets:
            typer.echo(to_json(ticket).decode())
        for outcome, count in Counter(placed.outcomes).items():
            if outcome != "answered":
                typer.echo(f"{count} {'call' if count == 1 else 'calls'}: {outcome}", err=True)
        if not placed.ids:
            typer.echo(
                "no ticket so far: it is written when the call has ended, if any is", err=True
            )

    shown = [msgspec.Raw(to_json(ticket)) for ticket in tickets]
    answer = {
        "ids": placed.ids,
        "exchange_time": placed.exchange_time,
        "outcomes": placed.outcomes,
        "tickets": shown,
    }
    say(answer, plain, json=json)
