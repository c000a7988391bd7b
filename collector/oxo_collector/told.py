"""What the exchange told of appointments and rooms, and how they stand by it.

A ticket tells one change. How an appointment or a room stands is what its last change made of it:
the last that came over one wire; where another wire tells of it, too, the one of the later stamp.

A hotel link tells a room's status without an instant, as an event: it is shown with the instant of
its receipt, in the exchange's wall clock, and says so in its extras. That is our clock and not the
exchange's, so that between it and a ticket the later receipt counts.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from oxo_tickets import Kind, RoomStatus, Ticket
from oxo_tickets.ticket import ROOM_PROBLEM_MAX

from oxo_collector.store import EventRow, Reading, ticket_of

ROOM_STATUS_EVENT: Final = "room status"


class Told(NamedTuple):
    """One change as a wire told it.

    Attributes:
        received: when, UTC; empty where nobody asks for it.
        stamped: whether the exchange told an instant.
    """

    exchange: str
    wire: str
    ticket: Ticket
    received: str = ""
    stamped: bool = True


def told_of(kind: Kind, store: Reading, exchange: str | None = None) -> Iterator[Told]:
    """Return the tickets of a kind in order of receipt; what came over several wires once.

    Raises:
        StoreUnusable: a stored ticket is damaged.
    """
    for row in store.tickets_once(exchange=exchange, kind=kind):
        ticket = ticket_of(row)
        if ticket.kind is kind:
            received = store.received(row.id) if kind is Kind.ROOM_STATUS else ""
            yield Told(row.exchange, row.wire, ticket, received)


def rooms_of_the_link(events: Iterable[EventRow], zones: Mapping[str, str]) -> Iterator[Told]:
    """Return what the hotel link told of rooms, as if each were a ticket of its receipt.

    Args:
        events: of any kind.
        zones: exchange -> IANA name of its zone; one that is configured no more tells UTC.
    """
    for event in events:
        if event.kind == ROOM_STATUS_EVENT and event.fields.get("room") is not None:
            zone = zones.get(event.exchange, "UTC")
            ticket = _as_ticket(event, zone)
            yield Told(event.exchange, event.wire, ticket, event.received, stamped=False)


def _as_ticket(event: EventRow, zone: str) -> Ticket:
    word, problem = event.fields.get("room_status"), event.fields.get("problem")
    status = next((one for one in RoomStatus if one == word), None)
    extras = {"local_time": "of its receipt"} | ({} if status else {"room_status": str(word)})
    if not isinstance(problem, int) or not 0 <= problem <= ROOM_PROBLEM_MAX:
        problem = None
    return Ticket(
        kind=Kind.ROOM_STATUS,
        local_time=_wall_clock(event.received, zone),
        zone=zone,
        charged_user=str(event.fields["room"]),
        room_status=status,
        room_problem=problem,
        extras={event.wire: extras},
    )


def _wall_clock(received: str, zone: str) -> datetime:
    instant = datetime.fromisoformat(received)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0, fold=0)


def appointments(changes: Iterable[Told]) -> list[Told]:
    """Return the last change of each appointment: of an exchange, a user and a programmed time."""
    return _last(changes, lambda one: (one.charged_user or "", str(one.reminder_time or "")))


def rooms(changes: Iterable[Told]) -> list[Told]:
    """Return the last change of each room."""
    return _last(changes, lambda one: (one.charged_user or "",))


def _last(changes: Iterable[Told], of: Callable[[Ticket], Hashable]) -> list[Told]:
    last: dict[tuple[str, Hashable], Told] = {}
    for one in changes:
        key = (one.exchange, of(one.ticket))
        before = last.get(key)
        if before is None or _follows(one, before):
            last[key] = one
    return [last[key] for key in sorted(last, key=str)]


def _follows(one: Told, before: Told) -> bool:
    """Wall clocks go back once a year: within one wire the order of receipt tells."""
    if one.wire == before.wire:
        return True
    if not (one.stamped and before.stamped):
        return one.received >= before.received
    return one.ticket.local_time >= before.ticket.local_time
