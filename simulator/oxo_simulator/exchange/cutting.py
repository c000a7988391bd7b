"""When a call is cut off because the money of somebody in it is used up (facts: oxo 4, documented).

What a call costs grows with its length, never shrinks: the longest affordable conversation is found
by halving.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from oxo_tickets import UserKind

from oxo_simulator.exchange.course import Course, Leg
from oxo_simulator.exchange.prescribed import Call, CallSettings, spent


class Paid(NamedTuple):
    """A call as it goes with the money that there is, and what each limited set owes for it."""

    call: Call
    owed: Mapping[str, Decimal]


def side_by_side(
    calls: Iterable[Call], settings: CallSettings, left: Callable[[str], Decimal | None]
) -> Sequence[Paid]:
    """Return calls that begin at one instant as they go with the money that the former leave.

    Args:
        calls: as they would go, in their order; they need no lines yet.
        settings: what they cost.
        left: money that a set has left before all of them; `None`: no limit.
    """
    found: list[Paid] = []
    owed: dict[str, Decimal] = {}
    for call in calls:
        users = {leg.user.number for leg in call.course.legs if leg.user.kind is UserKind.SET}
        money = {user: most for user in users if (most := left(user)) is not None}
        rest = {user: max(Decimal(0), most - owed.get(user, 0)) for user, most in money.items()}
        paid = shortened(call, settings, rest)
        own = spent(paid, settings) if rest else {}
        for user, cost in own.items():
            owed[user] = owed.get(user, Decimal(0)) + cost
        found.append(Paid(paid, own))
    return found


def shortened(call: Call, settings: CallSettings, left: Mapping[str, Decimal]) -> Call:
    """Return the call as it goes with the money that its users have left.

    Args:
        call: as it would go.
        settings: what it costs.
        left: money per limited user; who is not named has no limit.
    """
    most = call.course.talk_seconds
    if not left or not most or _affordable(call, settings, left):
        return call
    low, high = 0, most  # low seconds can be paid, high cannot
    while high - low > 1:
        middle = (low + high) // 2
        if _affordable(ended(call, middle), settings, left):
            low = middle
        else:
            high = middle
    return ended(call, low)


def ended(call: Call, seconds: int) -> Call:
    """Return a call that is cut off when the conversation has lasted so long; 0: it never began."""
    if not seconds:
        return call._replace(course=Course("barred"))
    legs = tuple(_until(leg, seconds) for leg in call.course.legs if leg.since < seconds)
    course = call.course._replace(outcome="cut off", legs=legs, talk_seconds=seconds)
    return call._replace(course=course)


def _until(leg: Leg, seconds: int) -> Leg:
    return leg._replace(until=min(leg.until, seconds))


def _affordable(call: Call, settings: CallSettings, left: Mapping[str, Decimal]) -> bool:
    owed = spent(call, settings)
    return all(owed.get(number, Decimal(0)) <= most for number, most in left.items())
