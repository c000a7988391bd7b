"""The same tickets over several wires: which are the same, and which only one wire had.

No wire gives a ticket an identity that another wire knows. Account files and the on-the-fly stream
share a record, to the byte, and are paired by that, as multisets too. What every wire tells of a
ticket is coarse: who was charged, in which minute, for how long, and whether it was an incoming
call, any other call, or a reminder. Two tickets with one such *coarse key* on two wires are taken
for the same ticket, the k-th with the k-th, because identical neighbours are real and stay as many
as they were: a multiset, no set.

What the key leaves out, and why:

* the seconds of the stamp, because a statement prints none;
* the number, because a mask, an account or a prefix may hide it on one wire;
* all but the last four digits of the charged user, because a statement of five columns prints no
  more (facts: oxo 2.1 SUB, documented);
* outgoing against local call and facility, because a hotel link has one letter for what is not
  incoming and a statement no arrow for a local call.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TypeVar

from oxo_tickets.ticket import Direction, Kind, Ticket

USER_DIGITS = 4
"""So many last characters of the charged user reach every wire."""

Key = TypeVar("Key", bound=Hashable)


class CoarseKey(NamedTuple):
    """What every wire tells of a ticket.

    Attributes:
        what: `incoming`, `reminder`, `room status`, or `outgoing` for every other call.
        charged_user: its last four characters; empty when the ticket tells none.
        minute: local time without seconds.
        call_seconds: 0 when the ticket tells none.
    """

    what: str
    charged_user: str
    minute: datetime
    call_seconds: int


def coarse_key(ticket: Ticket) -> CoarseKey:
    """Return the key under which a ticket is the same on every wire."""
    return CoarseKey(
        _what(ticket),
        (ticket.charged_user or "")[-USER_DIGITS:],
        ticket.local_time.replace(second=0, microsecond=0),
        ticket.call_seconds or 0,
    )


def _what(ticket: Ticket) -> str:
    if ticket.kind in (Kind.REMINDER, Kind.ROOM_STATUS):
        return str(ticket.kind)
    incoming = ticket.direction is Direction.INCOMING
    return str(Direction.INCOMING if incoming else Direction.OUTGOING)


def numbered(keys: Iterable[Key]) -> Iterator[tuple[Key, int]]:
    """Give equal keys a number each, from 1, in order: the k-th is the same on every wire."""
    seen: Counter[Key] = Counter()
    for key in keys:
        seen[key] += 1
        yield key, seen[key]
