"""Traffic drawn from a seed: the load that was ordered, the hours that were meant."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.traffic import hotel, office
from oxo_simulator.traffic.events import (
    Arrival,
    Departure,
    Happening,
    Housekeeping,
    Timed,
    WakeUp,
)
from oxo_simulator.traffic.people import pools
from oxo_simulator.traffic.terms import (
    Load,
    LoadImpossible,
    Span,
    arrivals,
    blocking,
    holding,
    load,
    occupied,
)

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2020, 2, 23, 23, tzinfo=UTC)
"""In Berlin."""
ROOMS = [str(number) for number in range(1_000, 1_300)]
OFFICE = [str(number) for number in range(100, 150)]
POOLS = pools(1)


def seeded(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - the same ones each time


def drawn(*, seed: int = 1, hours: float = 24, calls: float = 100) -> list[Timed]:
    span = Span(MIDNIGHT, BERLIN, hours)
    return list(office.day(OFFICE, Load(calls, 120), span, seeded(seed), POOLS))


def month(*, seed: int = 1, days: int = 30, rooms: Sequence[str] = ROOMS) -> list[Timed]:
    span = Span(MIDNIGHT, BERLIN, 24 * days)
    return list(hotel.month(rooms, Load(90, 120), span, seeded(seed), POOLS))


def kinds(found: Sequence[Timed]) -> Counter[type[Happening]]:
    return Counter(type(each.what) for each in found)


def test_a_seed_gives_one_day_and_another_seed_another() -> None:
    assert drawn() == drawn()
    assert drawn() != drawn(seed=2)
    assert pools(1) == pools(1) != pools(2)


@pytest.mark.parametrize("found", [drawn(), month()])
def test_events_come_in_their_order_and_within_their_time(found: list[Timed]) -> None:
    assert all(a.seconds <= b.seconds for a, b in pairwise(found))
    assert found[0].seconds >= 0
    assert found[-1].seconds < 30 * 86_400


def test_the_busy_hour_has_the_calls_that_were_ordered_and_the_night_has_none() -> None:
    days = [drawn(seed=seed, calls=400) for seed in range(20)]
    by_hour = Counter(int(each.seconds // 3600) for day in days for each in day)
    assert by_hour[10] / 20 == pytest.approx(400, rel=0.05)
    assert by_hour[12] / 20 == pytest.approx(400 * 0.45, rel=0.1)
    assert not any(by_hour[hour] for hour in (0, 1, 2, 3, 4, 5, 23))


def test_hours_are_the_wall_clocks_over_a_change_of_daylight_saving() -> None:
    eve = datetime(2020, 3, 28, 23, tzinfo=UTC)
    found = office.day(OFFICE, Load(400, 120), Span(eve, BERLIN, 24), seeded(), POOLS)
    by_hour = Counter(int(each.seconds // 3600) for each in found)
    assert max(by_hour, key=lambda hour: by_hour[hour]) == 9, "ten o'clock comes an hour earlier"


def test_the_load_is_said_in_calls_or_in_erlang() -> None:
    assert load(60, None, 180) == Load(60, 180)
    assert load(60, None, 180).erlang == pytest.approx(60 * occupied(180) / 3600)
    offered = load(None, 3, 180)
    assert offered.erlang == pytest.approx(3)
    assert offered.busy_hour_calls * occupied(180) == pytest.approx(3 * 3600)


@pytest.mark.parametrize("seconds", [30, 120, 600])
def test_a_busy_hour_offers_the_erlang_that_were_ordered(seconds: float) -> None:
    wanted = load(None, 100, seconds)
    ten = Span(MIDNIGHT.replace(day=24, hour=9), BERLIN, 1)
    calls = [
        each.what
        for seed in range(4)
        for each in office.day(OFFICE, wanted, ten, seeded(seed), POOLS)
    ]
    occupation = sum(
        what.ring_seconds + what.call_seconds for what in calls if isinstance(what, CallOrder)
    )
    assert occupation / 4 / 3600 == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize(
    ("calls", "erlang", "seconds", "words"),
    [
        (1, 1, 60, "one of them is expected"),
        (-1, None, 60, "^busy_hour_calls -1; 0 to 100000 is expected$"),
        (None, -3, 120, r"^erlang -3; 0 to 3\d{3}\.\d is expected$"),
        (None, 1e9, 60, "^erlang 1e[+]09; 0 to "),
        (None, float("nan"), 60, "^erlang nan; 0 to "),
        (1, None, 0, "holding_seconds 0; 1 to"),
        (1, None, float("nan"), "holding_seconds nan"),
        (float("nan"), None, 60, "^busy_hour_calls nan; 0 to 100000"),
    ],
)
def test_a_load_that_cannot_be_is_named(
    calls: float | None, erlang: float | None, seconds: float, words: str
) -> None:
    with pytest.raises(LoadImpossible, match=words):
        load(calls, erlang, seconds)


def test_holding_times_have_the_mean_that_was_ordered_and_a_second_at_least() -> None:
    dice = seeded()
    times = [holding(120, dice) for _ in range(20_000)]
    assert min(times) >= 1
    assert sum(times) / len(times) == pytest.approx(120.5, rel=0.02), "rounded up"


@pytest.mark.parametrize(("erlang", "lines"), [(1, 2), (5, 7), (20, 30)])
def test_the_share_that_finds_no_line_is_erlangs(erlang: float, lines: int) -> None:
    dice, busy, lost = seeded(), [0.0] * lines, 0
    count = 0
    for at in arrivals(erlang * 3600 / 120 * 500, 500 * 3600, dice):
        count += 1
        line = min(range(lines), key=busy.__getitem__)
        if busy[line] > at:
            lost += 1
        else:
            busy[line] = at + dice.expovariate(1 / 120)
    assert lost / count == pytest.approx(blocking(erlang, lines), rel=0.15)


def test_formula_b_gives_the_values_of_the_tables() -> None:
    # Any table of Erlang B: 1 E on 1 line loses half, 5 E on 10 lines 1.84 %, 20 E on 30 0.846 %.
    assert blocking(1, 1) == 0.5
    assert blocking(5, 10) == pytest.approx(0.0184, abs=0.0001)
    assert blocking(20, 30) == pytest.approx(0.00846, abs=0.0001)


def test_every_room_is_woken_at_the_peak() -> None:
    span = Span(MIDNIGHT, BERLIN, 12)
    found = list(hotel.morning(ROOMS, Load(100, 60), span, seeded(), POOLS))
    woken = [each.what for each in found if isinstance(each.what, WakeUp)]
    assert [each.user for each in woken] == ROOMS
    assert {each.time for each in woken} == {"07:00"}
    assert 0 < sum(each.answered_at is None for each in woken) < 30
    assert kinds(found)[CallOrder] > 100


def test_guests_come_before_they_go_and_call_and_are_woken_between() -> None:
    present: set[str] = set()
    for _, what in month():
        match what:
            case Arrival(rooms=rooms):
                assert not present & set(rooms), "nobody sleeps in an occupied room"
                present |= set(rooms)
            case Departure(rooms=rooms):
                assert set(rooms) <= present
                present -= set(rooms)
            case CallOrder() | WakeUp():
                assert what.user in present
            case Housekeeping():
                assert what.room not in present
    assert 150 < len(present) < 300


def test_a_month_is_a_months_worth() -> None:
    found = kinds(month())
    assert 2_000 < found[Arrival] < 4_000
    assert found[Departure] == pytest.approx(found[Housekeeping], abs=30)
    assert found[WakeUp] > 2_000
    assert found[CallOrder] > 20_000
    assert any(isinstance(what, Arrival) and len(what.rooms) > 2 for _, what in month()), (
        "groups too"
    )


def test_a_hotel_that_begins_in_the_evening_has_its_guests() -> None:
    span = Span(MIDNIGHT.replace(hour=22), BERLIN, 8)
    found = list(hotel.month(ROOMS, Load(90, 120), span, seeded(), POOLS))
    assert kinds(found)[Arrival] > 50
    assert found[0].seconds == 0
