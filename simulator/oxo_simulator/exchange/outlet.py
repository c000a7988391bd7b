"""Where tickets leave the exchange: one outlet per open wire, each with a finite buffer of its own.

A ticket is made once, and then every outlet keeps it or says why not. What happens at an outlet is
in the ledger with the wire's name; lines without one are of the taxation wire, which was alone when
the ledger's words were chosen.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.buffer import Overflow, TicketBuffer
from oxo_simulator.exchange.notices import Notice, Noticed
from oxo_simulator.exchange.port import Buffered, NeverOffered, Record

TAXATION: Final = "taxation"
BUFFER_FULL = "buffer full"
How = Literal["transfer complete", "deleted", "printed", "acknowledged"]
"""By what a ticket left its outlet for good."""


def everything(_ticket: Ticket) -> str | None:
    """Keep every ticket."""
    return None


class AlarmNames(NamedTuple):
    """What a wire calls the alarms of its buffer: at the threshold, and when nothing more fits.

    Without a name for the second there is no such alarm.
    """

    threshold: str
    full: str | None = None


def no_notice(_notice: Notice) -> bool:
    """Take no notice: a wire without words for any."""
    return False


@dataclass(frozen=True, kw_only=True)
class OutletTerms:
    """What a wire asks of its outlet, from the profile.

    Attributes:
        wire: name of the wire.
        capacity: of its buffer; 0 keeps nothing.
        alarm_percent: filling at which an alarm is raised; 0 raises none.
        overflow: which ticket is let go when the buffer is full.
        licensed: only with the licence Call Accounting over IP is anything kept
            (facts: oxo 1.2: taxation and hotel link).
        accepts: why the wire does not keep a ticket; `None` when it does.
        notices: whether the wire takes a notice.
        notices_count: whether one that waits takes room from tickets, as a printed document does
            (facts: oxo 1.5, "tickets or statements", documented).
        alarm_names: of the buffer's alarms, in the ledger; `None`: the threshold's has none, and
            there is no other.
    """

    wire: str
    capacity: int
    alarm_percent: int
    overflow: Overflow = "newest"
    licensed: bool = False
    accepts: Callable[[Ticket], str | None] = everything
    notices: Callable[[Notice], bool] = no_notice
    notices_count: bool = False
    alarm_names: AlarmNames | None = None


class Outlet:
    """The tickets of one wire that have not left the exchange yet, with the wire's own sequence.

    Attributes:
        wire: its name.
        buffer: what waits.
        terms: what the wire asked for.
        notices: those that wait, oldest first; each knows which ticket it stands behind.
    """

    def __init__(self, terms: OutletTerms, record: Record, last: int = 0) -> None:
        self.wire = terms.wire
        self.terms = terms
        self.notices: deque[Noticed] = deque()
        self.buffer = TicketBuffer(
            terms.capacity,
            terms.alarm_percent,
            terms.overflow,
            last,
            lambda: len(self.notices) if terms.notices_count else 0,
        )
        self._mark: Mapping[str, str] = {} if terms.wire == TAXATION else {"wire": terms.wire}
        self._record = record
        self._watchers: list[Callable[[], None]] = []
        self._offered = 0
        self._full = False
        self._noticed = 0
        self._take: Callable[[Notice], None] | None = None

    # What its wire asks.

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest tickets, at most `count_max`; they stay."""
        return self.buffer.oldest(count_max)

    def waiting_count(self) -> int:
        """Return how many tickets wait."""
        return len(self.buffer)

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        """Write down that these sequences leave next; they stay until they are consumed."""
        self._offered = max(self._offered, last)
        self.record("offered", first=first, last=last, session=session, connection=connection)

    def consumed(self, last: int, session: str, connection: str, how: How) -> int:
        """Remove every ticket up to `last`, write it down, and return how many left."""
        return len(self._leave("consumed", last, session=session, connection=connection, how=how))

    def sent(self, last: int, session: str, connection: str) -> int:
        """Remove every ticket up to `last`, handed to a connection that may lose it yet."""
        return len(self._leave("sent", last, session=session, connection=connection))

    def filed(self, last: int, file: str) -> Sequence[Buffered]:
        """Remove every ticket up to `last`: they are bytes in a closed file from now on."""
        return self._leave("filed", last, file=file)

    def file_offered(self, first: int, last: int, file: str, session: str, connection: str) -> None:
        """Write down that a transfer of the file with these sequences begins."""
        self._file("offered", first, last, file, session=session, connection=connection)

    def file_fetched(self, first: int, last: int, file: str, session: str, connection: str) -> None:
        """Write down that the file with these sequences went over whole; it may again."""
        self._file("fetched", first, last, file, session=session, connection=connection)

    def file_expired(self, first: int, last: int, file: str, *, fetched: bool) -> None:
        """Write down that the file with these sequences aged out, and whether anybody had it."""
        self._file("expired", first, last, file, fetched=fetched)

    def noticed(self, session: str, connection: str) -> Notice:
        """Take the oldest notice, which is handed to a connection now."""
        notice = self.notices.popleft().notice
        self.record("notice", kind=notice.kind, session=session, connection=connection)
        return notice

    def noticed_through(self, number: int, session: str, connection: str) -> None:
        """Take every notice up to that number, which the connection has now."""
        while self.notices and self.notices[0].number <= number:
            self.noticed(session, connection)

    def take_notices(self, take: Callable[[Notice], None]) -> None:
        """Hand notices to `take` as they come: its wire has a queue of its own for them."""
        self._take = take

    def lose(self, reason: str) -> None:
        """Drop whatever waits."""
        for gone in self.buffer.remove_through(self.buffer.newest):
            self.drop(gone.id, reason)
        for lost in self.notices:
            self._lose(lost.notice, reason)
        self.notices.clear()

    def acknowledge(self, last: int, session: str, connection: str) -> int:
        """Remove every ticket up to `last`, which the peer names, and return how many left.

        Raises:
            NeverOffered: nothing was removed.
        """
        if not 0 <= last <= self._offered:
            raise NeverOffered(last, self._offered)
        return len(self._leave("acknowledged", last, session=session, connection=connection))

    def watch(self, put_in: Callable[[], None]) -> None:
        """Call `put_in` whenever a ticket was put in, after its line in the ledger."""
        self._watchers.append(put_in)

    def record(self, event: str, **detail: Any) -> None:
        """Append any other line to the ledger, with the wire's name."""
        self._record(event, {**detail, **self._mark})

    # What the exchange does.

    def drop(self, number: int, reason: str) -> None:
        """Write down that the ticket of this ledger id is not kept here."""
        self.record("dropped", id=number, reason=reason)

    def emptied(self, reason: str, *, counts_anew: bool) -> "Outlet":
        """Drop whatever waits, and return the outlet that stands in this one's place.

        Nobody watches it yet. Its sequence goes on, and what was offered here may be acknowledged
        there (nothing is removed by it then); or it `counts_anew`: a new epoch has begun.
        """
        self.lose(reason)
        other = Outlet(self.terms, self._record, 0 if counts_anew else self.buffer.newest)
        if not counts_anew:
            other._offered = self._offered
        return other

    def follow(self, before: "Outlet") -> None:
        """Take over what waits at the outlet of another release, in its order and its sequences.

        What this one does not keep, or has no room for, is dropped.
        """
        self._offered = before._offered  # noqa: SLF001 - of our own
        tickets = deque(before.buffer.oldest(len(before.buffer)))
        for noticed in before.notices:
            while tickets and tickets[0].sequence <= noticed.behind:
                self._take_over(tickets.popleft())
            self._take_over_notice(noticed)
        for each in tickets:
            self._take_over(each)
        self.buffer.go_on_behind(before.buffer.newest)
        self._noticed = before._noticed  # noqa: SLF001 - of our own

    def _take_over(self, waiting: Buffered) -> None:
        if reason := self.terms.accepts(waiting.ticket):
            self.drop(waiting.id, reason)
            return
        self._let_a_notice_go()
        if (gone := self.buffer.take_over(waiting)) is not None:
            self.drop(gone, BUFFER_FULL)

    def _take_over_notice(self, noticed: Noticed) -> None:
        if not self.terms.notices(noticed.notice):
            self._lose(noticed.notice, "wire has no words for it")
        elif self._has_room_for_a_notice():
            self.notices.append(noticed)
        else:
            self._lose(noticed.notice, BUFFER_FULL)

    def put(self, number: int, ticket: Ticket) -> None:
        """Let a ticket wait, or let one go when there is no room; tell the watchers."""
        above = self.buffer.alarm
        let_go = self._let_a_notice_go()
        put = self.buffer.put(number, ticket)
        if put.gone is not None:
            self.drop(put.gone, BUFFER_FULL)
        let_go = let_go or put.gone is not None
        if let_go:
            self._alarm_full()
        if put.sequence is None:
            return
        self._full = let_go
        self.record("buffered", id=number, sequence=put.sequence)
        if self.buffer.alarm and not above:
            self._alarm("threshold")
        self._tell_watchers()

    def put_notice(self, notice: Notice) -> None:
        """Let a notice wait behind the tickets that are there, if the wire takes it."""
        if not self.terms.notices(notice):
            return
        if self._take is not None:
            self._take(notice)
            self._tell_watchers()
            return
        above, items = self.buffer.alarm, len(self.buffer) + len(self.notices)
        room = self._has_room_for_a_notice()
        let_go = len(self.buffer) + len(self.notices) < items
        if let_go or not room:
            self._alarm_full()
        if not room:
            self._lose(notice, BUFFER_FULL)
            return
        self._full = let_go
        self._noticed += 1
        self.notices.append(Noticed(self.buffer.newest, notice, self._noticed))
        if self.buffer.alarm and not above:
            self._alarm("threshold")
        self._tell_watchers()

    def _has_room_for_a_notice(self) -> bool:
        """Tell whether one more fits, if need be in place of the oldest item."""
        if not self._let_a_notice_go():
            self._let_a_ticket_go()
        return len(self.buffer) + len(self.notices) < self.buffer.capacity

    def _let_a_notice_go(self) -> bool:
        """Let a notice go where there is no room, it is the oldest item, and the oldest goes."""
        if not self._lets_the_oldest_go():
            return False
        oldest = next(iter(self.waiting(1)), None)
        is_oldest = bool(self.notices) and not (
            oldest and oldest.sequence <= self.notices[0].behind
        )
        if is_oldest:
            self._lose(self.notices.popleft().notice, BUFFER_FULL)
        return is_oldest

    def _let_a_ticket_go(self) -> None:
        """Let the oldest ticket go where there is no room for a notice, and the oldest goes."""
        oldest = next(iter(self.waiting(1)), None)
        if oldest and self._lets_the_oldest_go():
            self.buffer.remove_through(oldest.sequence)
            self.drop(oldest.id, BUFFER_FULL)

    def _lets_the_oldest_go(self) -> bool:
        """Tell whether tickets and notices make room for each other right now."""
        oldest_goes = self.buffer.full and self.buffer.overflow == "oldest"
        return oldest_goes and self.terms.notices_count

    def _lose(self, notice: Notice, reason: str) -> None:
        self.record("notice dropped", kind=notice.kind, reason=reason)

    def _alarm_full(self) -> None:
        """Raise the alarm once, until something fits again."""
        names = self.terms.alarm_names
        if not self._full and names is not None and names.full is not None:
            self._alarm("full")
        self._full = True

    def _alarm(self, which: Literal["threshold", "full"]) -> None:
        names = self.terms.alarm_names
        self.record(
            "alarm",
            buffered=self.buffer.filling,
            capacity=self.buffer.capacity,
            percent=self.buffer.alarm_percent,
            **({} if names is None else {"name": getattr(names, which)}),
        )

    def _leave(self, event: str, last: int, **detail: Any) -> Sequence[Buffered]:
        """Remove every ticket up to `last`, and write down by what event they left."""
        gone = self.buffer.remove_through(last)
        if gone:
            self.record(event, first=gone[0].sequence, last=gone[-1].sequence, **detail)
        return gone

    def _file(self, event: str, first: int, last: int, file: str, **detail: Any) -> None:
        self.record(event, first=first, last=last, file=file, **detail)

    def _tell_watchers(self) -> None:
        for put_in in tuple(self._watchers):
            put_in()
