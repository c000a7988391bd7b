"""The ledger of one play as it grows: read by long polls, waited upon with limits.

The questions that steps ask of it are pure functions over its lines, below.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from oxo_simulator.control.messages import LedgerLine

from oxo_scenarios.judge import chronicle
from oxo_scenarios.judge.chronicle import Station
from oxo_scenarios.wires import HOME, concerns

POLL_SECONDS_MAX = 2.0
"""One long poll lasts at most so long, so that a broken exchange is noticed early."""

Lines = Sequence[LedgerLine]


class LedgerSource(Protocol):
    """Where lines come from: the exchange's control client, or a list in a test."""

    def ledger(self, since: int, wait_seconds: float) -> list[LedgerLine]:
        """Return the lines after `since`; wait up to `wait_seconds` for the first."""


class Ledger:
    """The lines read so far of one installation."""

    def __init__(self, source: LedgerSource, wire: str = HOME) -> None:
        """Read from `source`, from the first line on; waits look at what concerns `wire`."""
        self._source = source
        self._wire = wire
        self.lines: list[LedgerLine] = []

    def refresh(self, wait_seconds: float = 0) -> None:
        """Read what is new."""
        since = self.lines[-1].n if self.lines else 0
        self.lines += self._source.ledger(since, wait_seconds)

    @property
    def seen(self) -> Lines:
        """Return the lines that concern the wire."""
        return [line for line in self.lines if concerns(line.event, line.detail, self._wire)]

    def wait(self, met: Callable[[Lines], bool], seconds_max: float) -> bool:
        """Wait until `met` holds for the lines of the wire; False when the limit passes first."""
        deadline = time.monotonic() + seconds_max
        self.refresh()
        while not met(self.seen):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.refresh(min(left, POLL_SECONDS_MAX))
        return True


def evidence(lines: Lines) -> list[dict[str, Any]]:
    """Return the lines as the bundle keeps them: the event's own keys beside the common ones."""
    return [
        {"n": line.n, "at": line.at, "exchange_time": line.exchange_time, "event": line.event}
        | line.detail
        for line in lines
    ]


def count(lines: Lines, event: str) -> int:
    """Tell how often an event happened."""
    return sum(line.event == event for line in lines)


def kept_tickets(lines: Lines, doors: Sequence[str]) -> list[Station]:
    """Return the tickets that any of these doors kept, with what became of them there."""
    told = chronicle.read_stations(evidence(lines), doors)
    return [station for station in told if station.kept]


def phase(lines: Lines) -> str:
    """Return the phase the exchange is in after the last line."""
    phases = [line.detail["phase"] for line in lines if line.event == "phase"]
    return phases[-1] if phases else "serving"
