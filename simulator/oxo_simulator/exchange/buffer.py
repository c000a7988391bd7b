"""A finite buffer: what waits at one outlet of the exchange.

When it is full a ticket is let go: the newest, as the print buffer does (facts: oxo 1.5,
documented), or the oldest, where a profile says so. An alarm comes when the threshold is crossed
upwards. The sequence is given here and nowhere else, so it has no gap: a ticket that never waited
has none.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.port import Buffered

Overflow = Literal["newest", "oldest"]
"""Which ticket is let go when there is no room."""


class Put(NamedTuple):
    """What became of a ticket.

    `sequence` is its place, `None` when there was no room for it; `alarm` says whether it raised
    one; `gone` is the ledger id of the ticket that was let go, itself or another.
    """

    sequence: int | None
    alarm: bool
    gone: int | None = None


class TicketBuffer:
    """The tickets that have not left yet, oldest first.

    Args:
        capacity: most tickets that wait; 0 keeps none, and raises no alarm.
        alarm_percent: of the capacity; 0 raises no alarm (facts: oxo 1.3, documented).
        overflow: which ticket is let go when it is full.
        last: the sequence given last, where it goes on from another buffer.
        beside: returns how many items that are no tickets take up room as well.
    """

    def __init__(
        self,
        capacity: int,
        alarm_percent: int,
        overflow: Overflow = "newest",
        last: int = 0,
        beside: Callable[[], int] = lambda: 0,
    ) -> None:
        self.capacity = capacity
        self.alarm_percent = alarm_percent
        self.overflow = overflow
        self._tickets: deque[Buffered] = deque()
        self._last = last
        self._beside = beside

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def filling(self) -> int:
        """How many items take up room, tickets and others."""
        return len(self._tickets) + self._beside()

    @property
    def full(self) -> bool:
        """Tell whether nothing more fits."""
        return self.filling >= self.capacity

    @property
    def alarm(self) -> bool:
        """Tell whether the threshold is reached."""
        if not self.capacity or not self.alarm_percent:
            return False
        return self.filling * 100 >= self.capacity * self.alarm_percent

    def put(self, number: int, ticket: Ticket) -> Put:
        """Let a ticket (of that ledger id) wait; one is let go when there is no room."""
        gone = None
        before = self.alarm
        if self.full:
            if self.overflow == "newest" or not self._tickets:
                return Put(None, alarm=False, gone=number)
            gone = self._tickets.popleft().id
        self._last += 1
        self._tickets.append(Buffered(self._last, number, ticket))
        return Put(self._last, alarm=self.alarm and not before, gone=gone)

    def take_over(self, waiting: Buffered) -> int | None:
        """Let a ticket of another buffer wait, under its sequence, behind those that are here.

        Returns the ledger id of the ticket that was let go for want of room, itself or another.
        """
        gone = None
        self._last = max(self._last, waiting.sequence)
        if self.full:
            if self.overflow == "newest" or not self._tickets:
                return waiting.id
            gone = self._tickets.popleft().id
        self._tickets.append(waiting)
        return gone

    def oldest(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest, at most so many; they stay."""
        return tuple(islice(self._tickets, max(0, count_max)))

    def after(self, sequence: int, count_max: int) -> Sequence[Buffered]:
        """Return the oldest behind that sequence, at most so many; they stay."""
        if not self._tickets:
            return ()
        # Mostly no gap lies between two that wait beside each other; where another release has left
        # some out, no more than this many stand before.
        start = max(0, sequence + 1 - self._tickets[0].sequence)
        if self._tickets[-1].sequence - self._tickets[0].sequence >= len(self._tickets):
            found = (n for n, each in enumerate(self._tickets) if each.sequence > sequence)
            start = next(found, len(self._tickets))
        return tuple(islice(self._tickets, start, start + max(0, count_max)))

    def go_on_behind(self, sequence: int) -> None:
        """Give the next ticket a sequence above this one."""
        self._last = max(self._last, sequence)

    @property
    def newest(self) -> int:
        """The sequence given last; 0 when none was."""
        return self._last

    def remove_through(self, sequence: int) -> Sequence[Buffered]:
        """Remove every ticket up to that sequence and return them."""
        gone = []
        while self._tickets and self._tickets[0].sequence <= sequence:
            gone.append(self._tickets.popleft())
        return gone
