"""The taxation buffer: what waits for the client.

Finite; when it is full the newest ticket is let go and the old ones stay; an alarm comes when the
threshold is crossed upwards (facts: oxo 1.5, documented for the print buffer, inferred here). The
sequence is given here and nowhere else, so it has no gap: a ticket that never waited has none.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.port import Buffered


class Placed(NamedTuple):
    """What became of a ticket: its sequence, or None when the buffer was full; and the alarm."""

    sequence: int | None
    alarm: bool


class TicketBuffer:
    """The tickets not acknowledged yet, oldest first."""

    def __init__(self, capacity: int, alarm_percent: int) -> None:
        self.capacity = capacity
        self.alarm_percent = alarm_percent
        self._tickets: deque[Buffered] = deque()
        self._last = 0

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def alarm(self) -> bool:
        """Tell whether the threshold is reached."""
        return len(self._tickets) * 100 >= self.capacity * self.alarm_percent

    def put(self, number: int, ticket: Ticket) -> Placed:
        """Let a ticket (of that ledger id) wait, or let it go when there is no room."""
        if len(self._tickets) >= self.capacity:
            return Placed(None, alarm=False)
        before = self.alarm
        self._last += 1
        self._tickets.append(Buffered(self._last, number, ticket))
        return Placed(self._last, alarm=self.alarm and not before)

    def oldest(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest, at most so many; they stay."""
        return tuple(islice(self._tickets, max(0, count_max)))

    def after(self, sequence: int, count_max: int) -> Sequence[Buffered]:
        """Return the oldest behind that sequence, at most so many; they stay."""
        if not self._tickets:
            return ()
        # No gap lies between the sequences of two that wait beside each other.
        start = max(0, sequence + 1 - self._tickets[0].sequence)
        return tuple(islice(self._tickets, start, start + max(0, count_max)))

    def remove_through(self, sequence: int) -> Sequence[Buffered]:
        """Remove every ticket up to that sequence and return them."""
        gone = []
        while self._tickets and self._tickets[0].sequence <= sequence:
            gone.append(self._tickets.popleft())
        return gone
