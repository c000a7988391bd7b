"""What is still to be told: replies, hotel events, tickets, in the order in which it happened.

A reply belongs to the conversation that asked and goes with it. Events and tickets belong to the
exchange and stay until the hotel system acknowledged them. Tickets wait in the outlet, events here;
each event remembers the ticket that was the last one when it happened, so that what happened first
is told first.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from oxo_tickets import Ticket

from oxo_simulator.exchange.port import Buffered

REPLIES_MAX = 2_000
"""Frames that answer questions and wait; whoever asks for more has not read the answers."""

Origin = Literal["own", "reply", "event", "ticket"]


class Message(NamedTuple):
    """One frame on its way.

    Attributes:
        origin: whose it is; `own` are connection message and keep-alive.
        number: sequence of a ticket, number of a hotel event, else 0.
        octets: the frame.
    """

    origin: Origin
    number: int
    octets: bytes


class Tickets(Protocol):
    """The outlet, as far as the order of telling asks."""

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest tickets; they stay."""

    def waiting_count(self) -> int:
        """Return how many wait."""


class Event(NamedTuple):
    """A hotel event that waits: its number, its frame, and the last ticket before it."""

    number: int
    octets: bytes
    behind: int


class Backlog:
    """The queue of one exchange.

    Args:
        tickets: the outlet.
        events_max: hotel events that wait at most.

    Attributes:
        count: number of the last event.
    """

    def __init__(self, tickets: Tickets, events_max: int) -> None:
        self._tickets = tickets
        self._events_max = events_max
        self._events: deque[Event] = deque()
        self._replies: deque[bytes] = deque()
        self.count = 0

    @property
    def events_count(self) -> int:
        """How many hotel events wait."""
        return len(self._events)

    def follow(self, before: "Backlog", *, lost: bool) -> list[int]:
        """Take the place of another queue, its events too unless they are `lost`.

        Returns the numbers of those that are.
        """
        self.count, events = before.count, before._events  # noqa: SLF001 - of our own
        if lost:
            return [event.number for event in events]
        self._events = deque(events)
        return []

    def put_event(self, octets: bytes) -> int | None:
        """Let an event wait; return its number, or `None` when no more can wait."""
        if len(self._events) >= self._events_max:
            return None
        self.count += 1
        waiting = self._tickets.waiting(self._tickets.waiting_count())
        self._events.append(Event(self.count, octets, waiting[-1].sequence if waiting else 0))
        return self.count

    def put_reply(self, octets: bytes) -> bool:
        """Let a reply wait; tell whether there was room."""
        if len(self._replies) >= REPLIES_MAX:
            return False
        self._replies.append(octets)
        return True

    def forget_replies(self) -> None:
        """The conversation that asked is over."""
        self._replies.clear()

    def next(self, write: Callable[[Ticket], bytes]) -> Message | None:
        """Return what is to be told now, if there is anything; it stays until it is taken.

        Args:
            write: a ticket's frame.
        """
        if self._replies:
            return Message("reply", 0, self._replies[0])
        ticket = next(iter(self._tickets.waiting(1)), None)
        event = self._events[0] if self._events else None
        if event and not (ticket and ticket.sequence <= event.behind):
            return Message("event", event.number, event.octets)
        return Message("ticket", ticket.sequence, write(ticket.ticket)) if ticket else None

    def taken(self, message: Message) -> None:
        """Forget a reply or an event that was acknowledged; tickets leave by the outlet."""
        if message.origin == "reply" and self._replies:
            self._replies.popleft()
        elif self._events and message == Message("event", *self._events[0][:2]):
            self._events.popleft()
