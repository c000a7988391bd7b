"""Hotel mode: guests come, call, are woken and go; the wires are told, documents are printed.

    vacant --check-in--> occupied --modification--> occupied --check-out--> vacant, not cleaned

A deposit is lowered by the cost of each ticket that the room is charged with; when it is used up,
the lines are closed until more is paid (facts: oxo 4, documented). A call that began before the
guest came is not on the guest's bill (ours). A room's status is told by housekeeping from the
room's set, or by reception; that a room is to be cleaned behind its guest is not ticketed
(facts: oxo 4, documented), nor that rooms are to be cleaned each day at an hour; no wire tells of
that either: a hotel system knows what tickets say (ours). In business mode none of this can be
ordered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from typing import Literal

from oxo_tickets import Direction, Kind, RoomStatus, Ticket
from oxo_tickets.ticket import ROOM_PROBLEM_MAX

from oxo_simulator.exchange import billing
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.booths import Booths, Prepayment
from oxo_simulator.exchange.daily import Daily
from oxo_simulator.exchange.directory import Directory, SetClass
from oxo_simulator.exchange.hotel_settings import HotelSettings
from oxo_simulator.exchange.hotel_tickets import room_status_ticket
from oxo_simulator.exchange.moment import ExchangeTime, Moment, instant_of
from oxo_simulator.exchange.notices import DocumentKind, HotelKind, Notice
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.port import Record, Source
from oxo_simulator.exchange.reception import Reception
from oxo_simulator.exchange.reminders import Reminders, clock_time
from oxo_simulator.exchange.rooms import Room, Stay
from oxo_simulator.exchange.unwritten import Unwritten
from oxo_simulator.profile import Profile

HotelOrderedBy = Literal["operator", "room", "hotel system"]
"""Reception by its set, housekeeping by the room's, or the hotel's own system over its link."""


@dataclass(frozen=True, kw_only=True)
class House:
    """The hotel as it was installed.

    Attributes:
        open: whether the exchange is in hotel mode.
        rooms: numbers of the guest rooms.
        booths: numbers of the phone booths.
        currency: of every bill.
    """

    open: bool
    rooms: Sequence[str]
    booths: Sequence[str]
    currency: str

    @classmethod
    def of(cls, profile: Profile, directory: Directory) -> "House":
        """Return what the directory says of them."""
        sets = directory.subscribers.values()
        return cls(
            open=profile.mode == "hotel",
            rooms=[each.number for each in sets if each.set_class is SetClass.ROOM],
            booths=[each.number for each in sets if each.set_class is SetClass.BOOTH],
            currency=profile.charging.currency,
        )


class Hotel:
    """The rooms of one exchange.

    Args:
        settings: of the profile.
        house: as it was installed.
        clock: exchange time.
        reminders: for wake-ups.
        unwritten: takes each ticket.
        notify: tells the wires.
        record: the ledger.
        is_silent: whether a room's set is not to be disturbed.
        silence: lets a room's set not be disturbed, or free again.

    Attributes:
        reception: its alarms.
    """

    def __init__(  # noqa: PLR0913 - what a hotel rests on
        self,
        settings: HotelSettings,
        house: House,
        *,
        clock: ExchangeTime,
        reminders: Reminders,
        unwritten: Unwritten,
        notify: Callable[[Notice], None],
        record: Record,
        is_silent: Callable[[str], bool],
        silence: Callable[[str, bool], None],
    ) -> None:
        self._settings = settings
        self._house = house
        self._terms = billing.BillingTerms(house.currency, settings.vat_rate, settings.footnote)
        self._clock = clock
        self._reminders = reminders
        self._unwritten = unwritten
        self._notify = notify
        self._record = record
        self._is_silent = is_silent
        self._silence = silence
        self._rooms = {number: Room(room=number) for number in house.rooms}
        self.reception = Reception(settings, clock, record)
        self._booths = Booths(house.booths)
        self._cleaning: Daily | None = None
        if self.open and settings.not_cleaned_at:
            self._cleaning = Daily(clock_time(settings.not_cleaned_at), clock, self._soil)

    # What is asked.

    @property
    def open(self) -> bool:
        """Whether the exchange is in hotel mode."""
        return self._house.open

    @property
    def rooms(self) -> Mapping[str, Room]:
        """Every room by its number, as it stands now."""
        return {number: self._seen(room) for number, room in self._rooms.items()}

    @property
    def booths(self) -> Mapping[str, Prepayment | None]:
        """Every booth by its number, with what was paid there in advance."""
        return self._booths.prepaid

    def allowance(self, user: str) -> Decimal | None:
        """Return what a set may still spend; `None`: no limit, 0: its lines are closed."""
        if not self.open:
            return None
        room = self._rooms.get(user)
        return self._booths.allowance(user) if room is None else room.balance

    def room(self, number: str) -> Room | None:
        """Return a room as it stands now; `None`: there is none of that number."""
        found = self._rooms.get(number)
        return None if found is None else self._seen(found)

    def account(self, number: str) -> billing.Items:
        """Return a guest's bill as it stands now.

        Raises:
            OrderError: there is no such room, or it is vacant.
        """
        return billing.global_bill(self._occupied([number])[0], self._clock.now(), self._terms)

    # What is ordered.

    def check_in(self, rooms: Sequence[str], stay: Stay, by: HotelOrderedBy = "operator") -> Placed:
        """Check a guest, or a group, into rooms; each gets the same.

        Raises:
            OrderError: nobody was checked in.
        """
        vacant = self._known(rooms)
        for room in vacant:
            if room.occupied:
                raise OrderError(f"room {room.room} is occupied; check it out first")
        self._allowed(stay, vacant)
        if len(vacant) > 1 and stay.direct_number is not None:
            raise OrderError("direct_number: one guest's; a group has none in common")
        placed, now = Placed(), self._clock.now()
        for room in vacant:
            self._rooms[room.room] = room.taken(stay, now)
            self._happened(room.room, "checked in", by)
            self._disturb(room, stay)
            self._tell("check-in", room.room, by, _said(stay))
            if self._rooms[room.room].closed:
                self._happened(room.room, "lines closed", by)
            self._wake(room.room, stay, placed)
            self._print("guest information", room.room, self._settings.guest_information)
        return placed

    def modify(self, number: str, stay: Stay, by: HotelOrderedBy = "operator") -> Placed:
        """Change what is known of a guest; what is not told stays.

        Raises:
            OrderError: nothing has changed.
        """
        room = self._occupied([number])[0]
        self._allowed(stay, [room])
        changed = room.modified(stay)
        self._rooms[number], placed = changed, Placed()
        self._happened(number, "modified", by)
        self._disturb(room, stay)
        self._tell("modification", number, by, {**_said(stay), "guest_name": changed.guest_name})
        if room.closed != changed.closed:
            self._happened(number, "lines closed" if changed.closed else "lines open", by)
        self._wake(number, stay, placed)
        return placed

    def check_out(self, rooms: Sequence[str], by: HotelOrderedBy = "operator") -> Placed:
        """Check guests out: their wake-ups are cancelled, their bills are printed.

        Raises:
            OrderError: nobody was checked out.
        """
        placed = Placed()
        for room in self._occupied(rooms):
            self._reminders.cancel_all(room.room, placed)
            self.reception.end(room.room, "checked out")
            self._happened(room.room, "checked out", by)
            self._tell("check-out", room.room, by, {"guest_name": room.guest_name})
            self._print("guest bill", room.room, self._settings.guest_bill)
            self._disturb(room, Stay(do_not_disturb=False))
            self._rooms[room.room] = room.left()
        return placed

    def prepay(self, booth: str, amount: Decimal | None) -> None:
        """Take money in advance at a phone booth, or (`None`) pay back what is left.

        Raises:
            OrderError: nothing has changed.
        """
        self._take_orders()
        self._booths.prepay(booth, amount, self._clock.now())
        self._happened(booth, "paid back" if amount is None else "prepaid", "operator")

    def tell_status(
        self,
        number: str,
        status: RoomStatus,
        problem: int | None = None,
        by: HotelOrderedBy = "operator",
    ) -> Placed:
        """Take what housekeeping says of a room; a ticket follows where they are printed.

        Raises:
            OrderError: nothing has changed.
        """
        room = self._known([number])[0]
        if problem is not None and not 0 <= problem <= ROOM_PROBLEM_MAX:
            raise OrderError(f"problem {problem}; 0 to {ROOM_PROBLEM_MAX} is expected")
        # 000 clears the problem, none leaves it as it was (facts: oxo 4, documented).
        kept = room.problem if problem is None else (problem or None)
        self._rooms[number] = replace(room, room_status=status, problem=kept)
        self._happened(number, status.value, by)
        said = {"room_status": status.value, "problem": problem, "guest_name": room.guest_name}
        self._tell("room status", number, by, said)
        if not self._settings.print_room_status:
            return Placed()
        ticket = room_status_ticket(number, status, problem, room.guest_name, self._clock.now())
        return self._unwritten.put(ticket, "room status")

    def forget(self) -> None:
        """Lose guests and status of every room (a cold reset)."""
        self._rooms = {number: Room(room=number) for number in self._house.rooms}
        self.reception.forget()
        self._booths.forget()

    def go_down(self) -> None:
        """Do nothing of itself until `serve`."""
        self.reception.go_down()
        if self._cleaning is not None:
            self._cleaning.go_down()

    def serve(self) -> None:
        """Go on, with what was due meanwhile."""
        self.reception.serve()
        if self._cleaning is not None:
            self._cleaning.serve()

    def follow(self, before: "Hotel") -> None:
        """Go on with the rooms of another release; in business mode there are none."""
        if not self.open:
            for room in before.rooms.values():
                self._disturb(room, Stay(do_not_disturb=False))
            return
        self._rooms.update(
            (number, room) for number, room in before.rooms.items() if number in self._rooms
        )
        self.reception.follow(before.reception, self._rooms)
        self._booths.follow(before._booths)  # noqa: SLF001 - of our own

    # What it hears.

    def wake_up_failed(self, user: str, shown: time) -> None:
        """Alert the reception, if it was a room's wake-up."""
        if self.open and user in self._rooms:
            self.reception.alert(user, shown)

    def heard(self, ticket: Ticket, source: Source, ended: Moment) -> None:
        """Charge a ticket to the room's guest, or print the bill of a booth's call that `ended`."""
        user = ticket.charged_user
        if not self.open or user is None or source in ("loaded", "appointment", "room status"):
            return
        if user in self.booths:
            self._charge_booth(user, ticket, ended)
            return
        room = self._rooms.get(user)
        if room is not None and room.since is not None and self._is_behind(ticket, room.since):
            self._charge(room, ticket)

    def _charge(self, room: Room, ticket: Ticket) -> None:
        charged = room.charged(_is_paid(ticket), ticket.units or 0, ticket.cost or Decimal(0))
        self._rooms[room.room] = charged
        if charged.closed and not room.closed:
            self._happened(room.room, "lines closed", "exchange")

    def _charge_booth(self, booth: str, ticket: Ticket, ended: Moment) -> None:
        paid = self.booths[booth]
        if paid is not None and not self._is_behind(ticket, paid.since):
            paid = None
        elif paid is not None:
            if self._booths.charge(booth, ticket.cost or Decimal(0)):
                self._happened(booth, "lines closed", "exchange")
            paid = self.booths[booth]
        if _is_paid(ticket):
            bill = billing.booth_bill(ticket, ended, self._terms, paid)
            self._document("booth bill", booth, bill, printed=self._settings.booth_bill)

    # In between.

    def _is_behind(self, ticket: Ticket, since: Moment) -> bool:
        """Tell whether a call began since then; tickets know no finer time than seconds."""
        return instant_of(ticket, self._clock.zone) >= since.utc.replace(microsecond=0)

    def _soil(self) -> None:
        """Let rooms be to be cleaned, as every day; no ticket tells of it."""
        for room in self._rooms.values():
            if self._settings.not_cleaned_rooms == "occupied" and not room.occupied:
                continue
            if room.room_status is not RoomStatus.NOT_CLEANED:
                self._rooms[room.room] = replace(room, room_status=RoomStatus.NOT_CLEANED)
                self._happened(room.room, RoomStatus.NOT_CLEANED.value, "exchange")

    def _take_orders(self) -> None:
        """Take an order, if any can be taken.

        Raises:
            OrderError: not in hotel mode, or a reset keeps the exchange down.
        """
        if not self.open:
            raise OrderError(
                'this exchange is in business mode; rooms are ordered with mode = "hotel", '
                "which needs an installation or a cold reset"
            )
        self._reminders.take_orders()

    def _known(self, rooms: Sequence[str]) -> Sequence[Room]:
        """Return the rooms of an order.

        Raises:
            OrderError: not in hotel mode, no room, one named twice, or one that is none.
        """
        self._take_orders()
        for number in rooms:
            if number not in self._rooms:
                listed = ", ".join(self._rooms)
                raise OrderError(f"{number[:64]!r} is no guest room; there are {listed}")
        if not rooms or len(set(rooms)) < len(rooms):
            told = ", ".join(rooms) or "none"
            raise OrderError(f"rooms {told}; each room once, at least one, is expected")
        return [self._rooms[number] for number in rooms]

    def _occupied(self, rooms: Sequence[str]) -> Sequence[Room]:
        found = self._known(rooms)
        for room in found:
            if not room.occupied:
                raise OrderError(f"room {room.room} is vacant; check a guest in first")
        return [self._seen(room) for room in found]

    def _allowed(self, stay: Stay, rooms: Sequence[Room]) -> None:
        if wrong := stay.wrong():
            raise OrderError(wrong)
        if stay.wake_up is not None:
            clock_time(stay.wake_up)
            self._reminders.allow(sum(not self._reminders.of(each.room) for each in rooms))

    def _disturb(self, room: Room, stay: Stay) -> None:
        """Let the room's set be silent, or not, where that is told and new."""
        wanted = stay.do_not_disturb
        if wanted is not None and wanted != self._is_silent(room.room):
            self._silence(room.room, wanted)

    def _wake(self, number: str, stay: Stay, placed: Placed) -> None:
        """Program the wake-up that was told, unless it is there already."""
        if stay.wake_up is None:
            return
        present = [each.order.time for each in self._reminders.of(number)]
        if stay.wake_up not in present:
            self._reminders.cancel_all(number, placed)
            self._reminders.program(Appointment(number, stay.wake_up, by="operator"), placed)

    def _seen(self, room: Room) -> Room:
        """Return a room with its next wake-up, which the reminders know, and its set's silence."""
        waking, silent = self._reminders.of(room.room), self._is_silent(room.room)
        told = room.do_not_disturb is not None
        return replace(
            room,
            reminder_time=clock_time(waking[0].order.time) if waking else None,
            do_not_disturb=silent if silent or told else None,
        )

    def _print(
        self,
        kind: DocumentKind,
        number: str,
        printed: bool,  # noqa: FBT001 - a setting
    ) -> None:
        room, now = self._seen(self._rooms[number]), self._clock.now()
        if kind == "guest bill":
            self._document(
                kind, number, billing.global_bill(room, now, self._terms), printed=printed
            )
        else:
            self._document(kind, number, billing.information(room, self._terms), printed=printed)

    def _document(
        self, kind: DocumentKind, number: str, items: billing.Items, *, printed: bool
    ) -> None:
        if printed:
            self._record("document", {"kind": kind, "room": number})
            self._notify(Notice(kind, self._clock.now(), items))

    def _tell(
        self, kind: HotelKind, number: str, by: HotelOrderedBy, said: Mapping[str, object]
    ) -> None:
        items = billing.told({"room": number, "by": by, **said})
        self._notify(Notice(kind, self._clock.now(), items))

    def _happened(self, number: str, what: str, by: str) -> None:
        self._record("room", {"room": number, "what": what, "by": by})


def _said(stay: Stay) -> Mapping[str, object]:
    """Return the items that tell of a guest."""
    return {
        "guest_name": stay.guest_name,
        "language": stay.language,
        "direct_number": stay.direct_number,
        "password": stay.password,
        "barring": stay.barring,
        "do_not_disturb": billing.yes_or_no(stay.do_not_disturb),
        "deposit": None if stay.deposit is None else billing.money(stay.deposit),
        "reminder_time": stay.wake_up,
    }


def _is_paid(ticket: Ticket) -> bool:
    """Tell an answered outgoing call, which is what a guest pays for."""
    return (
        ticket.kind is Kind.CALL
        and ticket.direction is Direction.OUTGOING
        and bool(ticket.call_seconds)
    )
