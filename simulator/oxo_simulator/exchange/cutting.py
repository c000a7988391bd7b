"""When a call is cut off because the money of somebody in it is used up (facts: oxo 4, documented).

What a call costs grows with its length, never shrinks: the longest affordable conversation is found
by halving.
"""

from collections.abc import Mapping
from decimal import Decimal

from oxo_simulator.exchange.course import Leg
from oxo_simulator.exchange.prescribed import Call, CallSettings, spent


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
        return call._replace(course=call.course._replace(outcome="barred", legs=(), talk_seconds=0))
    legs = tuple(_until(leg, seconds) for leg in call.course.legs if leg.since < seconds)
    course = call.course._replace(outcome="cut off", legs=legs, talk_seconds=seconds)
    return call._replace(course=course)


def _until(leg: Leg, seconds: int) -> Leg:
    return leg._replace(until=min(leg.until, seconds))


def _affordable(call: Call, settings: CallSettings, left: Mapping[str, Decimal]) -> bool:
    owed = spent(call, settings)
    return all(owed.get(number, Decimal(0)) <= most for number, most in left.items())
