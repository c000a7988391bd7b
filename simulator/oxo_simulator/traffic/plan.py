"""From an operator's order to the events of a day: who there is, how much load, from when on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from oxo_simulator.control.life_messages import TrafficOrder
from oxo_simulator.exchange.directory import Directory, SetClass
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.traffic import hotel, office
from oxo_simulator.traffic.events import Timed
from oxo_simulator.traffic.people import pools
from oxo_simulator.traffic.terms import Load, LoadImpossible, Span, load

if TYPE_CHECKING:
    from oxo_simulator.exchange.moment import ExchangeTime

HOURS = {"office": 24.0, "hotel-morning": 24.0, "hotel-month": 30 * 24.0}
"""Of exchange time, where the order says nothing."""
HOURS_MAX = 366 * 24.0
SET_ERLANG = {"office": 0.1, "hotel-morning": 0.02, "hotel-month": 0.01}
"""Load of one set in the busy hour, where the order says nothing; ours."""


@dataclass(frozen=True)
class Plan:
    """What is going to happen.

    Attributes:
        events: in their order.
        span: when.
        sets: so many take part.
        load: of the busy hour.
    """

    events: Iterator[Timed]
    span: Span
    sets: int
    load: Load


def plan(
    order: TrafficOrder, time: "ExchangeTime", seed: int, directory: Directory, *, open_hotel: bool
) -> Plan:
    """Return what an order asks for, from the present instant on.

    Raises:
        OrderError: this exchange cannot have it.
    """
    hours = HOURS[order.day] if order.hours is None else order.hours
    if not 0 < hours <= HOURS_MAX:
        raise OrderError(f"hours {hours:g}; more than 0, to {HOURS_MAX:g}, are expected")
    if order.day == "hotel-month" and not open_hotel:
        raise OrderError(
            'guests come and go in hotel mode only; this exchange has mode = "business"'
        )
    users = _users(order, directory)
    span = Span(time.now().utc, time.zone, hours)
    wanted = _load(order, len(users))
    dice = Random(seed)  # noqa: S311 - the same ones each time
    drawn = {"office": office.day, "hotel-morning": hotel.morning, "hotel-month": hotel.month}
    events = drawn[order.day](users, wanted, span, dice, pools(seed))
    return Plan(events, span, len(users), wanted)


def _users(order: TrafficOrder, directory: Directory) -> Sequence[str]:
    """Return the sets that take part."""
    wanted = SetClass.BUSINESS if order.day == "office" else SetClass.ROOM
    sets = directory.subscribers.values()
    users = [each.number for each in sets if each.set_class is wanted]
    count = len(users) if order.rooms is None else order.rooms
    if not 1 <= count <= len(users):
        raise OrderError(
            f"rooms {count}; this exchange has {len(users)} sets of the class {wanted}; "
            "another installation may have more"
        )
    return users[:count]


def _load(order: TrafficOrder, sets: int) -> Load:
    erlang = order.erlang
    if order.busy_hour_calls is None and erlang is None:
        erlang = SET_ERLANG[order.day] * sets
    try:
        return load(order.busy_hour_calls, erlang, order.holding_seconds)
    except LoadImpossible as wrong:
        raise OrderError(str(wrong)) from wrong
