"""Recorded tickets, which are written as they are: all at once, or in their own spacing."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.moment import ExchangeTime, instant_of
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.port import Write
from oxo_simulator.exchange.recorded import unsayable
from oxo_simulator.exchange.unwritten import Unwritten

LOAD_TICKETS_MAX = 10_000
SLICE_TICKETS = 100
CHECKED_TICKETS = 1_000
"""So many tickets of a load are written, or checked, without a pause."""
PACE_MAX = 1_000_000
LOAD_SECONDS_MAX = 100 * 366 * 24 * 3600
"""Exchange seconds until the last ticket of a load; beyond it stands a mistyped date or pace."""


class _Loaded(NamedTuple):
    """The last ticket of a load: its own instant, and the exchange's when it is written."""

    ticket: datetime
    written: datetime


class Loading:
    """Writes loads, one after the other.

    Args:
        clock: exchange time.
        write: takes each ticket that is due and returns its ledger id.
        unwritten: takes those that are due later.
    """

    def __init__(self, clock: ExchangeTime, write: Write, unwritten: Unwritten) -> None:
        self._clock = clock
        self._write = write
        self._unwritten = unwritten
        self._loaded: _Loaded | None = None

    def load(self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False) -> Placed:
        """Write tickets as they are, in one go; see `loading`."""
        loading = self.loading(tickets, pace, continues=continues)
        while True:
            try:
                next(loading)
            except StopIteration as end:
                placed: Placed = end.value
                return placed

    def loading(
        self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False
    ) -> Generator[None, None, Placed]:
        """Write tickets as they are, in slices: other things may be done at each yield.

        With `pace` 0 all at once; otherwise in their original spacing, `pace` times as fast, in
        exchange time. A ticket dated before its predecessor follows it at once. The predecessor
        of the first ticket is the last one of the load before, if it `continues` that one.
        A reset does not wait for what is to come (see `unwritten`).

        Raises:
            OrderError: a pace, date or ticket that cannot be; nothing was written.
        """
        if not 0 <= pace <= PACE_MAX:
            raise OrderError(f"pace {pace}; 0 (at once) to {PACE_MAX} times as fast is expected")
        instants = yield from self._checked(tickets)
        due, begin, placed = self._due(instants, pace, continues), self._clock.now().utc, Placed()
        for first in range(0, len(tickets), SLICE_TICKETS):
            if first:
                yield
            passed = (self._clock.now().utc - begin).total_seconds()
            for number in range(first, min(first + SLICE_TICKETS, len(tickets))):
                self._write_when_due(placed, due[number] - passed, tickets[number])
        return placed

    def _checked(self, tickets: Sequence[Ticket]) -> Generator[None, None, list[datetime]]:
        """Return the tickets' instants.

        Raises:
            OrderError: names the first ticket that no wire could say.
        """
        instants = []
        for number, ticket in enumerate(tickets, 1):
            if wrong := unsayable(ticket):
                raise OrderError(f"ticket {number}: {wrong}")
            instants.append(instant_of(ticket, self._clock.zone))
            if number % CHECKED_TICKETS == 0:
                yield
        return instants

    def _write_when_due(self, placed: Placed, seconds: float, ticket: Ticket) -> None:
        if seconds > 0:
            self._unwritten.put(ticket, "loaded", placed, seconds)
        else:
            placed.ids.append(self._write(ticket, "loaded"))

    def _due(self, instants: Sequence[datetime], pace: float, continues: bool) -> list[float]:  # noqa: FBT001
        """Return in how many exchange seconds each ticket is to be written."""
        now = self._clock.now().utc
        before = self._loaded if continues else None
        if not instants or not pace:
            return [0.0] * len(instants)
        first = before or _Loaded(instants[0], now)
        begin = (first.written - now).total_seconds()
        due = [begin + after for after in _spacing([first.ticket, *instants], pace)[1:]]
        if due[-1] > LOAD_SECONDS_MAX:
            raise OrderError(
                f"the last ticket would come in {due[-1]:.0f} exchange seconds; "
                f"at most {LOAD_SECONDS_MAX} are expected (look at the tickets' dates)"
            )
        self._loaded = _Loaded(instants[-1], now + timedelta(seconds=due[-1]))
        return due


def _spacing(instants: Sequence[datetime], pace: float) -> list[float]:
    """Return, per instant, the seconds after the first at which it comes, `pace` times as fast."""
    steps = (max(0.0, (b - a).total_seconds()) / pace for a, b in pairwise(instants))
    return list(accumulate(steps, initial=0.0))
