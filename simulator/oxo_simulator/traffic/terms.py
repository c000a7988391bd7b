"""Traffic in the trade's terms, and how it is drawn.

    busy hour      the hour with most calls; other hours have a share of it
    holding time   seconds that an answered call lasts, on average
    occupation     seconds that a call occupies a line, on average: some are answered by nobody,
                   and calls that come in ring before
    offered load   calls of the busy hour x occupation / 3600, in Erlang

Calls come independently of each other, so those of an hour are a Poisson process and their holding
times exponential: the assumptions under which Erlang's formula B says which share finds no line.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR_SECONDS = 3600.0
HOLDING_SECONDS_MAX = 12 * 3600
CALLS_MAX = 100_000
"""Calls of a busy hour."""
OUTGOING_SHARE = 0.5
UNANSWERED_SHARE = 0.15
RING_SECONDS = (2, 25)
"""Of calls that come in: evenly spread. These shares are ours."""


class LoadImpossible(ValueError):
    """There is no such traffic (the operator's fault): which, and what is allowed."""


class Load(NamedTuple):
    """How much traffic: calls of the busy hour, seconds that an answered one lasts on average."""

    busy_hour_calls: float
    holding_seconds: float

    @property
    def erlang(self) -> float:
        """The load offered in the busy hour."""
        return self.busy_hour_calls * occupied(self.holding_seconds) / HOUR_SECONDS


class Span(NamedTuple):
    """When: the first instant (with offset), the zone of the wall clock, and how many hours."""

    begin: datetime
    zone: ZoneInfo
    hours: float


def load(busy_hour_calls: float | None, erlang: float | None, holding_seconds: float) -> Load:
    """Return the load that one of the two says.

    Raises:
        LoadImpossible: both are said, or one that cannot be.
    """
    if busy_hour_calls is not None and erlang is not None:
        raise LoadImpossible("busy_hour_calls and erlang say the same; one of them is expected")
    if not 1 <= holding_seconds <= HOLDING_SECONDS_MAX:
        raise LoadImpossible(
            f"holding_seconds {holding_seconds}; 1 to {HOLDING_SECONDS_MAX} is expected"
        )
    if erlang is not None:
        return Load(_calls(erlang, occupied(holding_seconds)), holding_seconds)
    calls = busy_hour_calls or 0.0
    if not 0 <= calls <= CALLS_MAX:
        raise LoadImpossible(f"busy_hour_calls {calls:g}; 0 to {CALLS_MAX} is expected")
    return Load(calls, holding_seconds)


def _calls(erlang: float, occupied_seconds: float) -> float:
    """Return the calls of the busy hour that are so much load.

    Raises:
        LoadImpossible: no exchange is offered that.
    """
    calls = erlang * HOUR_SECONDS / occupied_seconds
    if not 0 <= calls <= CALLS_MAX:
        most = CALLS_MAX * occupied_seconds / HOUR_SECONDS
        raise LoadImpossible(f"erlang {erlang:g}; 0 to {most:.1f} is expected")
    return calls


def occupied(holding_seconds: float) -> float:
    """Return the seconds that a call occupies a line, on average over all calls."""
    # Whole seconds, one at least: the sum over k of P(longer than k), as `holding` draws them.
    longest = -math.expm1(-HOLDING_SECONDS_MAX / holding_seconds)
    talk = longest / -math.expm1(-1 / holding_seconds)
    ring = sum(RING_SECONDS) / len(RING_SECONDS)
    return (1 - UNANSWERED_SHARE) * talk + (1 - OUTGOING_SHARE) * ring


def blocking(erlang: float, lines: int) -> float:
    """Return the share of calls that find no line (Erlang B)."""
    share = 1.0
    for line in range(1, lines + 1):
        share = erlang * share / (line + erlang * share)
    return share


def arrivals(mean: float, seconds: float, dice: Random) -> Iterator[float]:
    """Yield when something happens that happens `mean` times in so many seconds, on average."""
    at = 0.0
    while mean > 0:
        at += dice.expovariate(mean / seconds)
        if at >= seconds:
            return
        yield at


def holding(mean: float, dice: Random) -> int:
    """Draw how long a call lasts, in whole seconds, at least one."""
    return max(1, min(HOLDING_SECONDS_MAX, math.ceil(dice.expovariate(1 / mean))))


def chosen(shares: Sequence[tuple[object, float]], dice: Random) -> object:
    """Draw one of several by their shares."""
    values, weights = zip(*shares, strict=True)
    return dice.choices(values, weights)[0]
