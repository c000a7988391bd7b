"""Exchange time: every event at its own instant, every hour of the zone as it is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import Pacer, StartUnknown, VirtualClock, WallClock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock, LoopingCall
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

BERLIN = ZoneInfo("Europe/Berlin")


def wall(start: str, zone: ZoneInfo = BERLIN) -> tuple[VirtualClock, WallClock]:
    clock = VirtualClock()
    return clock, WallClock(clock, datetime.fromisoformat(start), zone)


def test_the_clock_is_what_twisted_calls_one() -> None:
    verifyObject(IReactorTime, VirtualClock())


def test_a_seven_o_clock_event_sees_seven_however_far_the_clock_is_moved() -> None:
    clock, exchange = wall("2020-02-24T00:00:00")
    seen = []
    exchange.later(7 * 3600, lambda: seen.append(exchange.now().local))
    clock.advance(86_400)
    assert seen == [datetime(2020, 2, 24, 7)]  # noqa: DTZ001
    assert exchange.now().local == datetime(2020, 2, 25)  # noqa: DTZ001


def test_what_an_event_sets_going_comes_in_the_same_move() -> None:
    clock = VirtualClock()
    seen: list[float] = []
    loop = LoopingCall(lambda: seen.append(clock.seconds()))
    loop.clock = clock
    loop.start(6 * 3600, now=False)
    clock.advance(86_400)
    assert seen == [21_600, 43_200, 64_800, 86_400]


def test_events_of_one_instant_keep_their_order() -> None:
    clock = VirtualClock()
    seen: list[int] = []
    for number in range(5):
        clock.callLater(3, seen.append, number)
    clock.advance(3)
    assert seen == [0, 1, 2, 3, 4]


def test_calls_are_cancelled_delayed_and_reset_as_on_a_reactor() -> None:
    clock = VirtualClock()
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, clock.seconds()))

    clock.callLater(1, note, "cancelled").cancel()
    clock.callLater(2, note, "delayed").delay(3)
    clock.callLater(9, note, "earlier").reset(1)
    clock.callLater(4, note, "later").reset(6)
    assert len(clock.getDelayedCalls()) == 3
    clock.advance(10)
    assert seen == [("earlier", 1), ("delayed", 5), ("later", 6)]
    assert clock.getDelayedCalls() == []


def test_a_call_moved_forward_and_then_back_comes_once_at_its_last_time() -> None:
    clock = VirtualClock()
    seen: list[float] = []
    call = clock.callLater(9, lambda: seen.append(clock.seconds()))
    call.reset(1)
    call.delay(20)
    clock.advance(30)
    assert seen == [21]


def test_a_clock_does_not_run_backwards() -> None:
    clock = VirtualClock()
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="backwards"):
        clock.callLater(-1, print)


def test_an_event_that_breaks_leaves_the_clock_at_it() -> None:
    clock = VirtualClock()
    clock.callLater(5, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        clock.advance(9)
    assert clock.seconds() == 5


def test_the_repeated_hour_passes_twice() -> None:
    clock, exchange = wall("2020-10-25T02:30:00")
    assert (exchange.now().local.hour, exchange.now().fold) == (2, 0)
    clock.advance(3600)
    now = exchange.now()
    assert (now.local, now.fold) == (datetime(2020, 10, 25, 2, 30), 1)  # noqa: DTZ001
    assert now.utc == datetime(2020, 10, 25, 1, 30, tzinfo=UTC)
    clock.advance(1800)
    assert (exchange.now().local.hour, exchange.now().fold) == (3, 0)


def test_the_missing_hour_never_shows() -> None:
    clock, exchange = wall("2020-03-29T01:59:59")
    clock.advance(1)
    assert exchange.now().local == datetime(2020, 3, 29, 3)  # noqa: DTZ001


def test_an_exchange_cannot_start_in_the_missing_hour() -> None:
    with pytest.raises(StartUnknown, match=r"2020-03-29T02:30:00 does not exist in Europe/Berlin"):
        wall("2020-03-29T02:30:00")


@pytest.mark.parametrize(("factor", "expected"), [(0, 0), (1, 10), (60, 600)])
def test_real_time_is_carried_over_by_its_factor(factor: float, expected: float) -> None:
    real, moved = Clock(), [0.0]

    def advance(seconds: float) -> None:
        moved[0] += seconds

    pacer = Pacer(real, factor, advance, Failure.raiseException)
    pacer.start()
    real.pump([0.1] * 100)
    assert moved[0] == pytest.approx(expected)
    pacer.stop()
    assert real.getDelayedCalls() == []


def test_an_event_that_breaks_is_told_and_time_stands() -> None:
    real, clock, told = Clock(), VirtualClock(), list[Failure]()
    clock.callLater(1, lambda: 1 // 0)
    pacer = Pacer(real, 1, clock.advance, told.append)
    pacer.start()
    real.pump([0.1] * 100)
    assert [failure.type for failure in told] == [ZeroDivisionError]
    assert clock.seconds() == 1
    assert real.getDelayedCalls() == []
    pacer.stop()
