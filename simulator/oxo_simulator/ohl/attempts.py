"""How often each reminder has rung: a wake-up frame says it, and no ticket does.

The exchange tells it before it writes the ticket. Both are of one instant, by which they are found
to belong together. What is remembered is bounded: of more than waits nobody will ask.
"""

from datetime import datetime
from itertools import islice

from oxo_tickets import Ticket

from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_simulator.exchange.notices import Notice

Key = tuple[str | None, datetime, int | None, str | None, str | None]


class Attempts:
    """The attempts of the reminders whose tickets wait, or are to be written yet.

    Args:
        capacity: so many tickets wait at most; as many may be on their way beside them.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._told: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._told)

    def put(self, notice: Notice, waiting: TicketBuffer) -> None:
        """Remember what a notice tells."""
        at = notice.at.local.replace(microsecond=0)
        time, state = notice.item("reminder_time"), notice.item("reminder_state")
        key = (notice.item("room"), at, notice.at.fold, time, state)
        self._told[key] = int(notice.item("attempts") or 0)
        if len(self._told) > 2 * self._capacity:
            self._keep(waiting)

    def of(self, ticket: Ticket) -> int | None:
        """Return the attempts of a reminder; `None`: nobody told them."""
        return self._told.get(_key(ticket))

    def forget(self, ticket: Ticket) -> None:
        """Forget a reminder whose ticket is told."""
        self._told.pop(_key(ticket), None)

    def _keep(self, waiting: TicketBuffer) -> None:
        """Forget the oldest of those whose tickets do not wait: they were dropped."""
        waits = {_key(each.ticket) for each in waiting.oldest(len(waiting))}
        others = [key for key in self._told if key not in waits]
        for key in islice(others, len(others) // 2):
            del self._told[key]


def _key(ticket: Ticket) -> Key:
    at = ticket.reminder_time
    shown = None if at is None else f"{at:%H:%M}"
    return ticket.charged_user, ticket.local_time, ticket.fold, shown, ticket.reminder_state
