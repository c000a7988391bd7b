"""When the open file is closed, by hand-made instants; daylight saving included."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.account.closing import (
    Rules,
    ages_out_at,
    closes_at,
    reached,
    stamp,
    to_the_hour,
)
from oxo_simulator.exchange.moment import Moment

PARIS = ZoneInfo("Europe/Paris")
HOURLY = Rules(True, timedelta(minutes=90), timedelta(days=31))
QUIET = Rules(False, timedelta(minutes=90), timedelta(days=31))


def moment(text: str, zone: ZoneInfo = PARIS) -> Moment:
    """Return what a clock of that zone shows at an instant in UTC."""
    utc = datetime.fromisoformat(text).replace(tzinfo=UTC)
    local = utc.astimezone(zone)
    return Moment(local.replace(tzinfo=None, fold=0), local.fold, utc, zone.key)


@pytest.mark.parametrize(
    ("past", "minutes"),
    [("10:00:00", 60), ("10:00:01", 60 - 1 / 60), ("10:59:00", 1), ("10:29:30", 30.5)],
)
def test_the_next_full_hour_is_never_now(past: str, minutes: float) -> None:
    local = datetime.fromisoformat(f"2020-02-24T{past}")
    assert to_the_hour(local) == timedelta(minutes=minutes)


def test_an_hour_ends_where_the_wall_clock_says_so() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")  # 5 h 45 min ahead
    opened = moment("2020-02-24T09:10:00", kathmandu)
    assert opened.local == datetime(2020, 2, 24, 14, 55)  # noqa: DTZ001 - wall clock
    assert closes_at(opened, opened, HOURLY) == datetime(2020, 2, 24, 9, 15, tzinfo=UTC)


def test_later_tickets_do_not_keep_the_hour_open() -> None:
    opened, last = moment("2020-02-24T09:10:00"), moment("2020-02-24T09:59:59")
    assert closes_at(opened, last, HOURLY) == datetime(2020, 2, 24, 10, tzinfo=UTC)


def test_without_hours_it_is_the_quiet_that_closes() -> None:
    opened, last = moment("2020-02-24T09:10:00"), moment("2020-02-24T15:20:00")
    assert closes_at(opened, last, QUIET) == datetime(2020, 2, 24, 16, 50, tzinfo=UTC)


def test_a_quiet_shorter_than_the_hour_closes_before_it() -> None:
    opened = moment("2020-02-24T09:10:00")
    rules = HOURLY._replace(idle=timedelta(minutes=5))
    assert closes_at(opened, opened, rules) == datetime(2020, 2, 24, 9, 15, tzinfo=UTC)


def test_the_repeated_hour_has_two_files_and_the_missing_one_none() -> None:
    """25 October 2020: 03:00 becomes 02:00 again; 29 March: 02:00 becomes 03:00."""
    first, second = moment("2020-10-25T00:10:00"), moment("2020-10-25T01:10:00")
    assert first.local == second.local == datetime(2020, 10, 25, 2, 10)  # noqa: DTZ001
    assert (first.fold, second.fold) == (0, 1)
    assert closes_at(first, first, HOURLY) == datetime(2020, 10, 25, 1, tzinfo=UTC)
    assert closes_at(second, second, HOURLY) == datetime(2020, 10, 25, 2, tzinfo=UTC)
    before = moment("2020-03-29T00:50:00")
    due = closes_at(before, before, HOURLY)
    assert due == datetime(2020, 3, 29, 1, tzinfo=UTC)
    assert moment("2020-03-29T01:00:00").local.hour == 3


def test_an_instant_counts_as_reached_from_a_rounding_before_it() -> None:
    due = datetime(2020, 2, 24, 10, tzinfo=UTC)
    assert reached(due, moment("2020-02-24T09:59:59.999500"))
    assert not reached(due, moment("2020-02-24T09:59:59.998000"))
    assert stamp(moment("2020-02-24T09:59:59.999990")) == datetime(2020, 2, 24, 11)  # noqa: DTZ001


def test_a_file_ages_by_the_days_that_pass() -> None:
    """31 days over the end of daylight saving are not 31 times the same wall clock."""
    closed = moment("2020-10-10T10:00:00")
    assert ages_out_at(closed, HOURLY) == datetime(2020, 11, 10, 10, tzinfo=UTC)
