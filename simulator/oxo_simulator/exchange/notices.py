"""What the exchange reports besides tickets: its configuration, VoIP calls, and what a hotel needs.

A notice is no ticket: it is charged to nobody, has no ledger id, and only a wire that has words for
it takes it (facts: oxe 4; oxo 4). At an outlet it stands in one order with the tickets.

What a hotel needs has items, names and texts; an item that nobody told is left out:

    kind               items
    mao                names and values of ours (facts: oxe 4.1, unknown)
    voip               none: `call` is the ticket of the call that ended
    check-in           room, by, guest_name, language, direct_number, password, barring,
                       do_not_disturb, deposit, reminder_time
    modification       the same; those that were changed, and guest_name
    check-out          room, by, guest_name
    room status        room, by, room_status, problem, guest_name
    guest information  room, guest_name, from, language, direct_number, barring, do_not_disturb,
                       reminder_time, calls, units, cost, currency, vat_rate, vat, deposit,
                       balance, footnote
    guest bill         room, guest_name, from, to, calls, units, cost, currency, vat_rate, vat,
                       deposit, balance, footnote
    reminder           room (any set), reminder_time, reminder_state, attempts: told before the
                       ticket, which has no place for the last one; of the same instant
    booth bill         room (of the booth), number, from, to, duration, calls, units, cost,
                       currency, vat_rate, vat, deposit, balance, footnote

    item               text
    by                 operator, room, or hotel system: who ordered it; the hotel link echoes
                       nothing to a hotel system that ordered it
    from, to           YYYY-MM-DDTHH:MM:SS, wall clock of the exchange
    duration           HH:MM:SS
    calls, units       whole numbers
    cost, vat, deposit, balance    with the decimals of the currency, a point; vat is part of cost
    vat_rate           percent, with two decimals
    do_not_disturb     yes or no
    reminder_time      HH:MM
    room_status        cleaned or not cleaned
    problem            0 to 999
    reminder_state     as on the ticket
    attempts           how often the set has rung, a tone in its user's talk counted too
"""

from typing import Literal, NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.moment import Moment

StreamKind = Literal["mao", "voip"]
"""A change of the management database, or the end of a call over a VoIP trunk."""
HotelKind = Literal["check-in", "check-out", "modification", "room status"]
"""What happened to a room."""
DocumentKind = Literal["guest information", "guest bill", "booth bill"]
"""What is printed for a guest (facts: oxo 4)."""
ReminderKind = Literal["reminder"]
"""What happened to a reminder."""
NoticeKind = Literal[StreamKind, HotelKind, DocumentKind, ReminderKind]

_SECRET = "password"  # noqa: S105 - the name of an item


class Notice(NamedTuple):
    """One notice.

    Attributes:
        kind: what it reports.
        at: when.
        items: names and values, in the order of the table above; each name once.
        call: of `voip`: the ticket of the call that ended.
    """

    kind: NoticeKind
    at: Moment
    items: tuple[tuple[str, str], ...] = ()
    call: Ticket | None = None

    def item(self, name: str) -> str | None:
        """Return what an item says; `None` where nobody told it."""
        return dict(self.items).get(name)

    def __repr__(self) -> str:
        """Keep a room's password."""
        told = tuple((name, value) for name, value in self.items if name != _SECRET)
        return f"Notice({self.kind!r}, {self.at.local.isoformat()}, {told!r})"


class Noticed(NamedTuple):
    """A notice that waits at an outlet, behind the ticket of that sequence (0: before all).

    `number` counts the notices of the outlet, from 1.
    """

    behind: int
    notice: Notice
    number: int = 0
