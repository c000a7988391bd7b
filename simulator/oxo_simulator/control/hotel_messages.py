"""Messages of the control API about appointments and rooms; `messages` has them all."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from oxo_tickets import RoomStatus

from oxo_simulator.control.message import Message
from oxo_simulator.exchange.appointment_orders import AppointmentKind, OrderedBy


class AppointmentOrder(Message, frozen=True):
    """Program an appointment reminder; exchange time moves to its activation ticket alone.

    Attributes:
        user: the set that rings.
        time: when, as HH:MM.
        kind: `temporary` rings once, `permanent` every day.
        by: `user`, or `operator`: a wake-up by the Hotel key, in hotel mode only.
        answered_at: the attempt, from 1, that is acknowledged; `None`: none is, and it fails.
        advance: whether exchange time moves, where it is manual.
    """

    user: str
    time: str
    kind: AppointmentKind = "temporary"
    by: OrderedBy = "user"
    answered_at: int | None = None
    advance: bool = True


class AppointmentState(Message, frozen=True):
    """An appointment as it stands.

    Attributes:
        state: `waiting` for its time, `ringing` (or its user talks), or `between attempts`.
        attempt: how often it has rung by now, this one included.
        rings_at: when it rings next, or began to; wall clock of the exchange.
        fold: 1 in the second pass of a repeated hour.
    """

    user: str
    time: str
    kind: AppointmentKind
    by: OrderedBy
    answered_at: int | None
    state: Literal["waiting", "ringing", "between attempts"]
    attempt: int
    rings_at: datetime
    fold: int = 0


class Guest(Message, frozen=True, kw_only=True):
    """What every message that tells of a guest may tell; `None` tells nothing."""

    guest_name: str | None = None
    language: str | None = None
    direct_number: str | None = None
    password: str | None = None
    barring: str | None = None
    do_not_disturb: bool | None = None
    deposit: Decimal | None = None

    def __repr__(self) -> str:
        """Keep the room's secret, whatever else a message has."""
        return f"{type(self).__name__}(...)"


class CheckIn(Guest, frozen=True, kw_only=True):
    """Check a guest into a room, or a group into several: each room is told the same.

    Attributes:
        rooms: their numbers; vacant.
        guest_name: up to 20 characters; a ticket shows 16 of them.
        language: one character.
        direct_number: the guest's own number, up to 8 digits; not of a group.
        password: of the room's set, four or six digits.
        barring: class of barring, one character.
        do_not_disturb: whether the set is silent.
        deposit: money paid in advance; when it is used up, the lines are closed.
        wake_up: HH:MM, by the operator.
        advance: whether exchange time moves to the tickets, where it is manual.
    """

    rooms: list[str]
    guest_name: str
    wake_up: str | None = None
    advance: bool = True

    def __repr__(self) -> str:
        """Keep the room's secret."""
        return f"CheckIn(rooms={self.rooms!r})"


class GuestChange(Guest, frozen=True, kw_only=True):
    """Change what is known of a guest; what is left out stays. `deposit` is all that was paid."""

    room: str
    wake_up: str | None = None
    advance: bool = True

    def __repr__(self) -> str:
        """Keep the room's secret."""
        return f"GuestChange(room={self.room!r})"


class CheckOut(Message, frozen=True):
    """Check guests out: wake-ups are cancelled, bills printed, rooms to be cleaned."""

    rooms: list[str]
    advance: bool = True


class RoomStatusOrder(Message, frozen=True):
    """Tell a room's status, from its own set or by the operator.

    Attributes:
        problem: what housekeeping found, 0 to 999; 0 clears it, `None` leaves it.
    """

    room: str
    status: RoomStatus
    problem: int | None = None
    by: Literal["room", "operator"] = "operator"
    advance: bool = True


class RoomState(Message, frozen=True):
    """A room as it stands. The password is the guest's secret and not told.

    Attributes:
        since: when the guest was checked in; wall clock of the exchange.
        calls: outgoing calls of the stay that were answered.
        units: of all its tickets.
        cost: of all its tickets.
        deposit: paid in advance; `None`: none was asked.
        balance: what is left of it.
        lines_closed: whether it is used up.
        reminder_time: of the next wake-up, HH:MM.
        failed_wake_up: HH:MM of one that failed, for which the reception is rung.
    """

    room: str
    occupied: bool
    room_status: RoomStatus
    problem: int | None
    guest_name: str | None
    language: str | None
    direct_number: str | None
    barring: str | None
    do_not_disturb: bool | None
    reminder_time: str | None
    since: datetime | None
    calls: int
    units: int
    cost: Decimal
    deposit: Decimal | None
    balance: Decimal | None
    lines_closed: bool
    failed_wake_up: str | None = None


class Prepayment(Message, frozen=True):
    """Take money in advance at a phone booth, in place of what was paid before.

    Attributes:
        amount: all of it; `None`: what is left is paid back, and the booth has no limit.
    """

    booth: str
    amount: Decimal | None


class BoothState(Message, frozen=True):
    """A phone booth as it stands.

    Attributes:
        deposit: paid in advance; `None`: nothing, and it has no limit.
        balance: what is left of it.
        lines_closed: whether it is used up.
    """

    booth: str
    deposit: Decimal | None
    balance: Decimal | None
    lines_closed: bool
