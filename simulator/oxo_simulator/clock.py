"""Exchange time.

Two times run beside each other. *Real time* moves conversations: idle limits, reset phases. It is
the reactor's. *Exchange time* moves telephony and the wall clock that stamps tickets; it is kept
here and moves on command, with real time, or faster.

`VirtualClock` counts seconds from 0 and goes through each event at the event's own instant: who
looks at the clock inside a 07:00 event sees 07:00, however far the clock is moved in one go
(Twisted's `task.Clock` sets the time first and calls afterwards). `WallClock` reads those seconds
as the wall clock of a zone. Instants are UTC inside, so the hour repeated by daylight saving
passes twice, told apart by `fold`, and the missing hour never shows.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from zope.interface import implementer

from oxo_simulator.exchange.moment import Cancellable, Moment

SLICE_EVENTS = 100
"""So many events of exchange time happen without a pause."""

PACE_TICK_SECONDS = 0.05
"""How often real time is carried over into exchange time when it is paced."""


@implementer(IReactorTime)
class VirtualClock:
    """A clock that moves only when told, event by event."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._heap: list[tuple[float, int, DelayedCall]] = []

    def seconds(self) -> float:
        """Return the seconds since this clock began."""
        return self._now

    def callLater(  # noqa: N802 - Twisted's interface
        self,
        delay: float,
        callable: Callable[..., Any],  # noqa: A002
        *args: object,
        **kw: object,
    ) -> DelayedCall:
        """Call `callable` after so many seconds of this clock."""
        if delay < 0:
            raise ValueError(f"delay of {delay} seconds; a clock does not run backwards")
        call = DelayedCall(
            self._now + delay, callable, args, kw, _nothing, self._push, self.seconds
        )
        self._push(call)
        return call

    def getDelayedCalls(self) -> list[IDelayedCall]:  # noqa: N802 - Twisted's interface
        """Return what is still to come."""
        return [call for when, _, call in self._heap if call.active() and when == call.time]

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds, stopping at each event's own instant.

        An event's exception comes out here; the clock then stands at that event.
        """
        for _ in self.passing(seconds):
            pass

    def passing(self, seconds: float) -> Iterator[None]:
        """Move on in slices of `SLICE_EVENTS`: other things may be done at each yield.

        If the clock is moved by others meanwhile, it stands where the farthest has moved it.
        """
        if seconds < 0:
            raise ValueError(f"advance by {seconds} seconds; a clock does not run backwards")
        target, events = self._now + seconds, 0
        while self._heap and self._heap[0][0] <= target:
            when, _, call = heapq.heappop(self._heap)
            if not call.active() or when != call.time:
                continue  # cancelled, or moved to an earlier instant and queued again
            if call.delayed_time:
                call.activate_delay()
                self._push(call)
                continue
            self._now = max(self._now, when)
            call.called = 1
            call.func(*call.args, **call.kw)
            events += 1
            if events % SLICE_EVENTS == 0:
                yield
        self._now = max(self._now, target)

    def _push(self, call: DelayedCall) -> None:
        heapq.heappush(self._heap, (call.time, next(self._order), call))


def _nothing(_call: DelayedCall) -> None:
    """A cancelled call stays queued and is passed over."""


class StartUnknown(ValueError):
    """The exchange is to start at a wall clock time that its zone skips."""


class WallClock:
    """The exchange's wall clock over a `VirtualClock`.

    Args:
        clock: the seconds.
        start: wall clock without offset at second 0; its `fold` counts.
        zone: IANA zone.

    Raises:
        StartUnknown: daylight saving skips that time.
    """

    def __init__(self, clock: VirtualClock, start: datetime, zone: ZoneInfo) -> None:
        self._clock = clock
        self.zone = zone
        self._start = start.replace(tzinfo=zone).astimezone(UTC)
        if self._start.astimezone(zone).replace(tzinfo=None) != start:
            raise StartUnknown(f"start {start.isoformat()} does not exist in {zone.key}")

    def in_zone(self, zone: ZoneInfo) -> "WallClock":
        """Return the wall clock of another zone over the same instants."""
        other = WallClock(self._clock, datetime(1970, 1, 1), ZoneInfo("UTC"))  # noqa: DTZ001
        other.zone, other._start = zone, self._start
        return other

    def now(self) -> Moment:
        """Return the present instant."""
        utc = self._start + timedelta(seconds=self._clock.seconds())
        local = utc.astimezone(self.zone)
        return Moment(local.replace(tzinfo=None, fold=0), local.fold, utc, self.zone.key)

    def later(self, seconds: float, what: Callable[[], None]) -> Cancellable:
        """Do something after so many seconds of exchange time, unless it is cancelled before."""
        return self._clock.callLater(seconds, what)


class Pacer:
    """Carries real time over into exchange time.

    Args:
        real: real time.
        factor: exchange seconds per real second; 0 leaves time to the operator (manual), 1 is
            real, anything else scaled.
        advance: moves exchange time.
        broken: told what an event of the exchange raised; exchange time then stands for good.
    """

    def __init__(
        self,
        real: IReactorTime,
        factor: float,
        advance: Callable[[float], None],
        broken: Callable[[Failure], None],
    ) -> None:
        if factor < 0:
            raise ValueError(f"time factor {factor}; 0 is manual, 1 real, more is scaled")
        self._real = real
        self.factor = factor
        self._advance = advance
        self._broken = broken
        self._last = real.seconds()
        self._loop = LoopingCall(self._tick)
        self._loop.clock = real

    @property
    def manual(self) -> bool:
        """Tell whether exchange time moves on command alone."""
        return self.factor == 0

    def start(self) -> None:
        """Begin, unless time is manual."""
        if not self.manual:
            self._last = self._real.seconds()
            self._loop.start(PACE_TICK_SECONDS, now=False).addErrback(self._broken)

    def stop(self) -> None:
        """Stand still."""
        if self._loop.running:
            self._loop.stop()

    def _tick(self) -> None:
        now = self._real.seconds()
        passed, self._last = now - self._last, now
        self._advance(max(0.0, passed) * self.factor)
