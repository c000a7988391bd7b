"""What an operator orders of appointments and rooms, and what he sees of them.

An event for the hotel link goes through the rooms in hotel mode, so that there is one truth; what
the rooms have no word for, and every event in business mode, is said on the link as it is.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from oxo_tickets import RoomStatus

from oxo_simulator.control.hotel_messages import (
    AppointmentOrder,
    AppointmentState,
    BoothState,
    CheckIn,
    CheckOut,
    GuestChange,
    Prepayment,
    RoomState,
    RoomStatusOrder,
)
from oxo_simulator.control.messages import CallsPlaced, HotelEvent
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.reception import Alarm
from oxo_simulator.exchange.reminders import Awaited
from oxo_simulator.exchange.rooms import Room, Stay
from oxo_simulator.slices import GoOn, Slices

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

_TOLD = (
    "guest_name", "language", "direct_number", "password", "barring", "do_not_disturb", "deposit",
)  # fmt: skip


class HotelOrders:
    """Brings each order to the exchange's reminders and rooms.

    Args:
        exchange: the present installation's.
        slices: plays what takes long.
        go_on: moves exchange time to the tickets of an order.
        say: says an event on the hotel link.
    """

    def __init__(
        self,
        exchange: Callable[[], Exchange],
        slices: Slices,
        go_on: GoOn,
        say: Callable[[HotelEvent], None],
    ) -> None:
        self._exchange = exchange
        self._slices = slices
        self._go_on = go_on
        self._say = say

    # Appointments.

    def program(self, order: AppointmentOrder) -> "Deferred[CallsPlaced]":
        """Program an appointment, and go on to its activation ticket if asked."""
        wanted = Appointment(order.user, order.time, order.kind, order.by, order.answered_at)
        return self._play(lambda: self._exchange().program(wanted), advance=order.advance)

    def cancel(self, user: str, time: str | None) -> "Deferred[CallsPlaced]":
        """Cancel a user's appointments, or those for a time, and go on to the tickets."""
        return self._play(lambda: self._exchange().reminders.cancel(user, time), advance=True)

    def appointments(self) -> list[AppointmentState]:
        """Say of every appointment how it stands, in the order in which they ring."""
        exchange = self._exchange()
        zone = ZoneInfo(exchange.now().zone)
        return [_appointment(each, zone) for each in exchange.reminders.awaited()]

    # Rooms.

    def check_in(self, order: CheckIn) -> "Deferred[CallsPlaced]":
        """Check a guest or a group in."""
        return self._play(
            lambda: self._exchange().hotel.check_in(order.rooms, _stay(order, order.wake_up)),
            advance=order.advance,
        )

    def modify(self, order: GuestChange) -> "Deferred[CallsPlaced]":
        """Change what is known of a guest."""
        return self._play(
            lambda: self._exchange().hotel.modify(order.room, _stay(order, order.wake_up)),
            advance=order.advance,
        )

    def check_out(self, order: CheckOut) -> "Deferred[CallsPlaced]":
        """Check guests out."""
        return self._play(
            lambda: self._exchange().hotel.check_out(order.rooms), advance=order.advance
        )

    def tell_status(self, order: RoomStatusOrder) -> "Deferred[CallsPlaced]":
        """Tell a room's status."""
        return self._play(
            lambda: self._exchange().hotel.tell_status(
                order.room, order.status, order.problem, order.by
            ),
            advance=order.advance,
        )

    def rooms(self) -> list[RoomState]:
        """Say of every room how it stands."""
        alarms = self._exchange().hotel.reception.alarms
        return [_room(each, alarms.get(each.room)) for each in self._exchange().rooms.values()]

    def acknowledge_alarm(self, room: str) -> None:
        """Take notice of a wake-up that failed.

        Raises:
            OrderError: none has, in that room.
        """
        self._exchange().hotel.reception.acknowledge(room)

    # Booths.

    def prepay(self, order: Prepayment) -> list[BoothState]:
        """Take money in advance, and say of every booth how it stands then.

        Raises:
            OrderError: nothing has changed.
        """
        self._exchange().hotel.prepay(order.booth, order.amount)
        return self.booths()

    def booths(self) -> list[BoothState]:
        """Say of every booth how it stands."""
        return [
            BoothState(
                booth=booth,
                deposit=None if paid is None else paid.amount,
                balance=None if paid is None else paid.balance,
                lines_closed=paid is not None and not paid.balance,
            )
            for booth, paid in self._exchange().hotel.booths.items()
        ]

    def event(self, event: HotelEvent) -> "Deferred[None]":
        """Let an event of the hotel link happen, and go on to its tickets.

        Raises:
            OrderError: it cannot happen.
        """
        return self._play(lambda: self._happen(event), advance=True).addCallback(lambda _: None)

    def _happen(self, event: HotelEvent) -> Placed:
        hotel = self._exchange().hotel
        stay = _stay(event, event.reminder_time)
        if hotel.open and event.event == "check-in":
            return hotel.check_in([event.room], stay)
        if hotel.open and event.event == "check-out":
            return hotel.check_out([event.room])
        if hotel.open and event.event == "modification":
            return hotel.modify(event.room, stay)
        if hotel.open and event.event == "room status":
            if event.room_status is None:
                raise OrderError("room_status: is missing; 'cleaned' or 'not cleaned' is expected")
            return hotel.tell_status(event.room, RoomStatus(event.room_status), event.problem)
        self._say(event)
        return Placed()

    def _play(self, order: Callable[[], Placed], *, advance: bool) -> "Deferred[CallsPlaced]":
        def slices() -> Generator[None, None, CallsPlaced]:
            return (yield from self._go_on(order(), advance=advance))

        return self._slices.play(slices)


def _stay(order: CheckIn | GuestChange | HotelEvent, wake_up: str | None) -> Stay:
    told: dict[str, Any] = {name: getattr(order, name) for name in _TOLD}
    return Stay(**told, wake_up=wake_up)


def _appointment(awaited: Awaited, zone: ZoneInfo) -> AppointmentState:
    order, local = awaited.order, awaited.rings_at.astimezone(zone)
    return AppointmentState(
        user=order.user,
        time=order.time,
        kind=order.kind,
        by=order.by,
        answered_at=order.answered_at,
        state=awaited.state,
        attempt=awaited.attempt,
        rings_at=local.replace(tzinfo=None, fold=0),
        fold=local.fold,
    )


def _room(room: Room, alarm: Alarm | None) -> RoomState:
    return RoomState(
        room=room.room,
        occupied=room.occupied,
        room_status=room.room_status,
        problem=room.problem,
        guest_name=room.guest_name,
        language=room.language,
        direct_number=room.direct_number,
        barring=room.barring,
        do_not_disturb=room.do_not_disturb,
        reminder_time=None if room.reminder_time is None else f"{room.reminder_time:%H:%M}",
        since=None if room.since is None else room.since.local.replace(microsecond=0),
        calls=room.calls,
        units=room.units,
        cost=room.cost,
        deposit=room.deposit,
        balance=room.balance,
        lines_closed=room.closed,
        failed_wake_up=None if alarm is None else f"{alarm.time:%H:%M}",
    )
