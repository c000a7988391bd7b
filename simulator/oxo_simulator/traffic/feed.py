"""Carries traffic out: each event at its own instant, by whichever exchange is there then.

People go on whatever the exchange does: while a reset keeps it down nobody gets through, and after
a cold one reception finds no guest in the rooms. Nothing is planned further than one event ahead.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from oxo_tickets import RoomStatus

from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.directory import SubscriberUnknown
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.exchange.trunks import TrunkUnavailable
from oxo_simulator.traffic.events import (
    Arrival,
    Departure,
    Happening,
    Housekeeping,
    Timed,
    WakeUp,
)

if TYPE_CHECKING:
    from oxo_simulator.clock import VirtualClock
    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.exchange.moment import Cancellable

_NAMES = {
    CallOrder: "calls",
    WakeUp: "appointments",
    Arrival: "arrivals",
    Departure: "departures",
    Housekeeping: "room statuses",
}
NO_LINE, NO_SERVICE, REFUSED = "no line", "no service", "refused"
"""What became of an event that the exchange did not carry out."""


class Feed:
    """One stretch of traffic.

    Args:
        events: in their order.
        exchange: the one that is there now.
        clock: exchange time.

    Attributes:
        tally: how many events of each kind there were, and how many of those came to nothing.
        running: whether more are to come.
        stopped: whether it was ended before its end.
    """

    def __init__(
        self,
        events: Iterator[Timed],
        exchange: "Callable[[], Exchange]",
        clock: "VirtualClock",
    ) -> None:
        self._events = events
        self._exchange = exchange
        self._clock = clock
        self._begun = clock.seconds()
        self._next: Timed | None = None
        self._timer: Cancellable | None = None
        self.tally: Counter[str] = Counter()
        self.running = True
        self.stopped = False
        self._wait()

    def stop(self) -> None:
        """Let nothing more happen."""
        self.stopped = self.stopped or self.running
        self.running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _wait(self) -> None:
        self._next = next(self._events, None)
        if self._next is None:
            self.running = False
            return
        seconds = self._begun + self._next.seconds - self._clock.seconds()
        self._timer = self._clock.callLater(max(0.0, seconds), self._happens)

    def _happens(self) -> None:
        assert self._next is not None  # the timer is set for it alone
        what = self._next.what
        self.tally[_NAMES[type(what)]] += 1
        if came_to_nothing := carry_out(self._exchange(), what):
            self.tally[came_to_nothing] += 1
        self._wait()


def carry_out(exchange: "Exchange", what: Happening) -> str | None:
    """Do what people want; return why nothing came of it, if nothing did."""
    if not exchange.serving:
        return NO_SERVICE
    try:
        _order(exchange, what)
    except TrunkUnavailable:
        return NO_LINE
    except (OrderError, SubscriberUnknown):
        # Guests who went by another door, or sets that another release does not have.
        return REFUSED
    return None


def _order(exchange: "Exchange", what: Happening) -> None:
    """Give the exchange its order.

    Raises:
        OrderError, SubscriberUnknown, TrunkUnavailable: it cannot be carried out as things are.
    """
    match what:
        case CallOrder():
            exchange.place([what])
        case WakeUp(user, time, answered_at):
            exchange.program(Appointment(user, time, answered_at=answered_at))
        case Arrival(rooms, guest_name, deposit):
            paid = None if deposit is None else Decimal(deposit)
            exchange.hotel.check_in(rooms, Stay(guest_name=guest_name, deposit=paid))
        case Departure(rooms):
            exchange.hotel.check_out(rooms)
        case Housekeeping(room, cleaned, problem):
            status = RoomStatus.CLEANED if cleaned else RoomStatus.NOT_CLEANED
            exchange.hotel.tell_status(room, status, problem, "room")
