"""The calendar over every change of daylight saving: no instant twice, no hour that is not there.

Zones of both hemispheres, one that changes by half an hour, and one that changes at midnight.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oxo_simulator.account.closing import Rules, closes_at
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.port import Record
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import Ticket

ZONES = ("Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/New_York", "UTC")
FOLDED, SKIPPED = "2020-10-25T01:30:00", "2020-03-29T01:30:00"
"""Half an hour before Berlin's hour of 2020 that comes twice, and before the one that does not."""
HOURS = Rules(hourly=True, idle=timedelta(minutes=90), retention=timedelta(days=30))


def clocks(start: str, zone: str = "Europe/Berlin") -> tuple[VirtualClock, WallClock]:
    clock = VirtualClock()
    return clock, WallClock(clock, datetime.fromisoformat(start), ZoneInfo(zone))


def utc(moment: Moment) -> datetime:
    """Read a moment's wall clock back: what a collector does with a ticket's time."""
    local = moment.local.replace(tzinfo=ZoneInfo(moment.zone), fold=moment.fold)
    return local.astimezone(UTC)


@given(
    zone=st.sampled_from(ZONES),
    day=st.integers(0, 4 * 366),
    steps=st.lists(st.floats(0, 7_200, allow_nan=False), min_size=1, max_size=60),
)
@settings(deadline=None)
def test_a_moment_read_back_is_the_same_instant_and_they_come_in_order(
    zone: str, day: int, steps: list[float]
) -> None:
    noon = datetime(2016, 1, 1, 12) + timedelta(days=day)  # noqa: DTZ001 - noon is never skipped
    clock, exchange = clocks(noon.isoformat(), zone)
    seen = []
    for step in steps:
        clock.advance(step)
        seen.append(exchange.now())
    assert [utc(each) for each in seen] == [each.utc for each in seen], "the hour exists"
    assert all(before.utc <= after.utc for before, after in pairwise(seen))
    for before, after in pairwise(seen):
        if after.local < before.local:
            assert (before.fold, after.fold) == (0, 1), "only the repeated hour runs back"


@given(
    zone=st.sampled_from(ZONES),
    day=st.integers(0, 4 * 366),
    passed=st.floats(0, 200_000, allow_nan=False),
)
@example(zone="Europe/Berlin", day=1758, passed=50_400.0)
@example(zone="Europe/Berlin", day=1548, passed=50_400.0)
@settings(deadline=None)
def test_a_moment_told_in_advance_is_what_the_clock_shows_then(
    zone: str, day: int, passed: float
) -> None:
    noon = datetime(2016, 1, 1, 12) + timedelta(days=day)  # noqa: DTZ001 - noon is never skipped
    clock, exchange = clocks(noon.isoformat(), zone)
    told = exchange.now().after(passed)
    clock.advance(passed)
    assert told == exchange.now()


def test_the_parts_of_a_call_over_a_change_are_stamped_with_what_the_clock_shows() -> None:
    for start, expected in (
        (FOLDED, [("01:30:00", 0), ("02:30:00", 0), ("02:10:00", 1)]),
        (SKIPPED, [("01:30:00", 0), ("03:30:00", 0), ("04:10:00", 0)]),
    ):
        clock, wall = clocks(start)
        made: list[Ticket] = []
        exchange = Exchange(
            profile=load_profile("certify"),
            seed=1,
            epoch="e",
            clock=wall,
            record=_keeping(made),
            outlets=[outlet_terms(load_profile("certify"))],
        )
        common: dict[str, Any] = {"direction": "outgoing", "number": "0390", "ring_seconds": 0}
        common |= {"call_seconds": 7200, "transfer_to": "106"}
        exchange.place([CallOrder(user="128", transfer_after_seconds=3600, **common)])
        exchange.place([CallOrder(user="129", transfer_after_seconds=6000, **common)])
        clock.advance(8000)
        begun = {(f"{each.local_time:%H:%M:%S}", each.fold) for each in made}
        assert (len(made), sorted(begun)) == (4, sorted(expected))


def tickets(start: str, hours: float, every_seconds: int) -> list[Ticket]:
    """Write a ticket every so many seconds, stamped by the exchange's own clock."""
    clock, wall = clocks(start)
    profile = load_profile("certify")
    made: list[Ticket] = []
    exchange = Exchange(
        profile=profile,
        seed=1,
        epoch="e",
        clock=wall,
        record=_keeping(made),
        outlets=[outlet_terms(profile)],
    )
    for number in range(int(hours * 3600 / every_seconds)):
        exchange.later(number * every_seconds, lambda: _call(exchange))
    clock.advance(hours * 3600 + 10)
    return made


def _keeping(made: list[Ticket]) -> Record:
    def keep(event: str, detail: dict[str, Any]) -> None:
        if event == "made":
            made.append(detail["ticket"])

    return keep


def _call(exchange: Exchange) -> None:
    exchange.place([CallOrder(direction="outgoing", user="128", number="0390", call_seconds=5)])


def test_tickets_of_the_repeated_hour_are_told_apart_by_fold_and_keep_their_order() -> None:
    found = tickets(FOLDED, 4, 600)
    twice = [each for each in found if each.local_time.hour == 2]
    assert [each.fold for each in twice] == [0] * 6 + [1] * 6
    assert len({(each.local_time, each.fold) for each in found}) == len(found)
    instants = [
        each.local_time.replace(tzinfo=ZoneInfo("Europe/Berlin"), fold=each.fold or 0).astimezone(
            UTC
        )
        for each in found
    ]
    assert all(after - before == timedelta(seconds=600) for before, after in pairwise(instants))


def test_the_missing_hour_never_appears_on_a_ticket() -> None:
    found = tickets(SKIPPED, 4, 600)
    assert {each.local_time.hour for each in found} == {1, 3, 4, 5, 6}
    assert all(not each.fold for each in found)
    assert len(found) == 24


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (FOLDED, ["02:00 0", "02:00 1", "03:00 0", "04:00 0"]),
        (SKIPPED, ["03:00 0", "04:00 0", "05:00 0", "06:00 0"]),
    ],
)
def test_a_file_is_closed_at_each_full_hour_that_there_is(start: str, expected: list[str]) -> None:
    clock, exchange = clocks(start)
    seen = []
    for _ in expected:
        due = closes_at(exchange.now(), exchange.now(), HOURS)
        clock.advance((due - exchange.now().utc).total_seconds())
        now = exchange.now()
        seen.append(f"{now.local:%H:%M} {now.fold}")
        clock.advance(60)
    assert seen == expected
