"""Calls with a clock, a ledger and money on paper."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.calls import Calls
from oxo_simulator.exchange.directory import Directory
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.placed import Placed
from oxo_simulator.exchange.port import Part, Source
from oxo_simulator.exchange.prescribed import CallSettings
from oxo_simulator.exchange.sets import SetState
from oxo_simulator.exchange.trunks import TrunkGroup
from oxo_simulator.profile import load_profile
from oxo_tickets import Ticket


class Desk:
    """Calls with a clock, a ledger and money on paper."""

    def __init__(self, **overrides: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        profile = load_profile("certify", dotted)
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, profile.start, ZoneInfo(profile.zone))
        self.made: list[tuple[float, Ticket]] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.money: dict[str, Decimal] = {}
        self.full = False
        self.serving = True
        self.calls = Calls(
            directory=Directory.from_seed(1),
            trunks=TrunkGroup(),
            settings=CallSettings(profile.metering, profile.charging, profile.licence.local_calls),
            clock=self.wall,
            write=self._write,
            record=lambda event, detail: self.lines.append((event, detail)),
            allowance=self.money.get,
            blocked=lambda: self.full,
            serving=lambda: self.serving,
        )

    def _write(self, ticket: Ticket, source: Source, part: Part | None = None) -> int:
        self.made.append((self.clock.seconds(), ticket))
        self.lines.append(("made", {"call": part and part.call, "source": source}))
        if ticket.charged_user in self.money:
            self.money[ticket.charged_user] -= ticket.cost or Decimal(0)
        return len(self.made)

    def set_up(self, number: str, **state: Any) -> None:
        self.calls.set_up(number, SetState(**state))

    def place(self, *orders: dict[str, Any], **more: Any) -> Placed:
        placed = self.calls.place([CallOrder(**{**order, **more}) for order in orders])
        self.clock.advance(placed.seconds)
        return placed

    def tickets(self) -> list[Ticket]:
        return [ticket for _, ticket in self.made]

    def told(self) -> list[str]:
        """Say of each ticket when it came, who is charged, for what, how long, and what else."""
        return [_said(at, ticket) for at, ticket in self.made]

    def busy_lines(self) -> dict[str, int]:
        return {each.name: each.occupied for each in self.calls.trunks.occupation() if each[3]}

    def ended(self) -> list[dict[str, Any]]:
        return [detail for event, detail in self.lines if event == "call ended"]


def _said(at: float, ticket: Ticket) -> str:
    what = ticket.communication_type or ticket.kind
    ring = f" ring {ticket.ring_seconds}" if ticket.ring_seconds else ""
    services = "".join(f" + {facility.value}" for facility in ticket.facilities)
    line = "" if ticket.trunk is None else f" on {ticket.trunk_kind} {ticket.trunk}"
    return (
        f"{at:g}: {ticket.charged_user} {what.value} {ticket.dialled_number}{line}, "
        f"{ticket.call_seconds} s{ring}{services}"
    )


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    """Return what makes a desk, with keys of the profile (`metering__monitoring`) laid over it."""
    return Desk
