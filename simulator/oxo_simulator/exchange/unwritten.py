"""Tickets until they are written: of what has happened a delay later (`metering.write_delay`).

Recorded ones of a paced load are written when they are due. A reset either writes them all before
the exchange is down, so that they wait with the others, or forgets them with the others (ours: no
source tells).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.moment import Cancellable, ExchangeTime
from oxo_simulator.exchange.placed import Placed
from oxo_simulator.exchange.port import Source, Write


class _Draft(NamedTuple):
    ticket: Ticket
    source: Source
    placed: Placed
    timer: Cancellable
    due: datetime


class Unwritten:
    """Tickets that are still to be written, the one that is due first before the others.

    Args:
        clock: exchange time.
        write: takes each ticket and returns its ledger id.
        delay_seconds: from the event to its ticket.
    """

    def __init__(
        self,
        clock: ExchangeTime,
        write: Write,
        delay_seconds: float,
    ) -> None:
        self._clock = clock
        self._write = write
        self._delay = delay_seconds
        self._drafts: dict[object, _Draft] = {}

    def put(
        self,
        ticket: Ticket,
        source: Source,
        placed: Placed | None = None,
        seconds: float | None = None,
    ) -> Placed:
        """Let a ticket be written when its time comes: in so many seconds, else a delay later."""
        placed, key = Placed() if placed is None else placed, object()
        seconds = self._delay if seconds is None else seconds
        placed.seconds = max(placed.seconds, seconds)
        timer = self._clock.later(seconds, lambda: self._take(key))
        due = self._clock.now().utc + timedelta(seconds=seconds)
        self._drafts[key] = _Draft(ticket, source, placed, timer, due)
        return placed

    def write_all(self) -> None:
        """Write them all at once, in the order in which they are due."""
        for key in sorted(self._drafts, key=lambda each: self._drafts[each].due):
            self._take(key)

    def forget(self) -> int:
        """Let none of them be written, and say how many there were."""
        count = len(self._drafts)
        for draft in self._drafts.values():
            draft.timer.cancel()
        self._drafts.clear()
        return count

    def _take(self, key: object) -> None:
        draft = self._drafts.pop(key)
        if draft.timer.active():
            draft.timer.cancel()
        draft.placed.ids.append(self._write(draft.ticket, draft.source))
