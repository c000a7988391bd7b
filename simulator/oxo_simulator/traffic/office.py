"""An office day: two peaks with lunch between them, quiet nights, half of the calls from outside.

The shares of the hours are ours: no source gives them. The busy hour is that from ten to eleven.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

from oxo_tickets import DiallingMode

from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.traffic.events import Timed
from oxo_simulator.traffic.people import Pools
from oxo_simulator.traffic.terms import (
    HOUR_SECONDS,
    OUTGOING_SHARE,
    RING_SECONDS,
    UNANSWERED_SHARE,
    Load,
    Span,
    arrivals,
    chosen,
    holding,
)

HOURS = (0, 0, 0, 0, 0, 0, 2, 15, 50, 85, 100, 90, 45, 60, 90, 85, 60, 30, 10, 4, 2, 1, 0, 0)
"""Percent of the busy hour, by the hour of the wall clock."""
MODES = (
    (DiallingMode.MANUAL, 0.6),
    (DiallingMode.REDIAL, 0.15),
    (DiallingMode.INDIVIDUAL_SPEED_DIAL, 0.15),
    (DiallingMode.COLLECTIVE_SPEED_DIAL, 0.1),
)


def day(
    users: Sequence[str], load: Load, span: Span, dice: Random, pools: Pools
) -> Iterator[Timed]:
    """Yield an office's calls in their order.

    Args:
        users: sets that call and are called.
        load: of the busy hour.
        span: when.
        dice: of the seed.
        pools: numbers of the world outside.
    """
    for seconds in instants(HOURS, load.busy_hour_calls, span, dice):
        yield Timed(seconds, call(users, load.holding_seconds, dice, pools))


def instants(shares: Sequence[int], busy_hour: float, span: Span, dice: Random) -> Iterator[float]:
    """Yield when calls come, hour by hour as the wall clock has them.

    Args:
        shares: percent of the busy hour, by the hour of the wall clock.
        busy_hour: calls in it.
        span: when.
        dice: of the seed.
    """
    passed, end = 0.0, span.hours * HOUR_SECONDS
    while passed < end:
        local = (span.begin + timedelta(seconds=passed)).astimezone(span.zone)
        into = local.minute * 60.0 + local.second + local.microsecond / 1e6
        seconds = min(HOUR_SECONDS - into, end - passed)
        mean = busy_hour * shares[local.hour] / 100 * seconds / HOUR_SECONDS
        for at in arrivals(mean, seconds, dice):
            yield passed + at
        passed += seconds


def call(users: Sequence[str], mean_seconds: float, dice: Random, pools: Pools) -> CallOrder:
    """Draw a call: who, with whom, how long."""
    answered = dice.random() >= UNANSWERED_SHARE
    seconds = holding(mean_seconds, dice) if answered else 0
    ring = dice.randint(*RING_SECONDS)
    user, number = dice.choice(users), pools.number(dice)
    if dice.random() < OUTGOING_SHARE:
        mode: object = chosen(MODES, dice)
        assert isinstance(mode, DiallingMode)
        return CallOrder(
            direction="outgoing",
            user=user,
            number=number,
            dialling_mode=mode,
            ring_seconds=0,
            call_seconds=seconds,
        )
    return CallOrder(
        direction="incoming", user=user, number=number, ring_seconds=ring, call_seconds=seconds
    )
