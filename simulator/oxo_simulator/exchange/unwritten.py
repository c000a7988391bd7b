"""Tickets of what has happened, until they are written a delay later (`metering.write_delay`).

A reset either writes them all before the exchange is down, so that they wait with the others, or
forgets them with the others (ours: no source tells).
"""

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


class Unwritten:
    """Tickets that are still to be written, the oldest first.

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

    def put(self, ticket: Ticket, source: Source, placed: Placed | None = None) -> Placed:
        """Let a ticket be written when its time comes."""
        placed, key = Placed() if placed is None else placed, object()
        placed.seconds = max(placed.seconds, self._delay)
        timer = self._clock.later(self._delay, lambda: self._take(key))
        self._drafts[key] = _Draft(ticket, source, placed, timer)
        return placed

    def write_all(self) -> None:
        """Write them all at once."""
        for key in tuple(self._drafts):
            self._take(key)

    def forget(self) -> None:
        """Let none of them be written."""
        for draft in self._drafts.values():
            draft.timer.cancel()
        self._drafts.clear()

    def _take(self, key: object) -> None:
        draft = self._drafts.pop(key)
        if draft.timer.active():
            draft.timer.cancel()
        draft.placed.ids.append(self._write(draft.ticket, draft.source))
