"""Readers of single values: their form, their edges, and what they refuse."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from oxo_collector.decoders import values
from oxo_collector.decoders.outcome import quoted
from oxo_collector.decoders.values import Unreadable


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (values.duration_seconds, "00:00:00", 0),
        (values.duration_seconds, "99:59:59", 359_999),
        (values.ring_seconds, "01:05", 65),
        (values.ring_seconds, "99:59", 5999),
        (values.iso_date, "2020-02-29", date(2020, 2, 29)),
        (values.iso_time, "23:59:59", time(23, 59, 59)),
        (values.clock_time, "00:00", time(0, 0)),
        (
            values.iso_date_time,
            "2020-02-24T23:59:31",
            datetime.fromisoformat("2020-02-24T23:59:31"),
        ),
        (values.printed_date, "31/12/69", date(2069, 12, 31)),
        (values.printed_date, "01/01/70", date(1970, 1, 1)),
        (values.printed_date, "29/02/00", date(2000, 2, 29)),
        (values.count, "0", 0),
        (values.count, "999999999999999999", 10**18 - 1),
        (values.money, "1.70", Decimal("1.70")),
        (values.money, "3", Decimal(3)),
    ],
)
def test_read(reader: Callable[[str], object], text: str, value: object) -> None:
    assert reader(text) == value


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (values.duration_seconds, "0:00:00"),
        (values.duration_seconds, "00:00:60"),
        (values.duration_seconds, "00:60:00"),
        (values.duration_seconds, "100:00:00"),
        (values.duration_seconds, "00:00:00\n"),
        (values.ring_seconds, "1:05"),
        (values.ring_seconds, "00:60"),
        (values.iso_date, "2020-W09-1"),
        (values.iso_date, "2021-02-29"),
        (values.iso_date, "0000-01-01"),
        (values.iso_time, "24:00:00"),
        (values.iso_time, "10:00:00Z"),
        (values.clock_time, "24:00"),
        (values.clock_time, "7:00"),
        (values.iso_date_time, "2020-02-24"),
        (values.iso_date_time, "2020-02-24T10:00:00Z"),
        (values.printed_date, "00/01/20"),
        (values.printed_date, "31/04/20"),
        (values.printed_date, "1/04/20"),
        (values.count, ""),
        (values.count, "+1"),
        (values.count, "1" * 19),
        (values.count, "²"),
        (values.money, "1."),
        (values.money, "-1"),
        (values.money, "1e5"),
        (values.money, "1" * 16),
        (values.money, "1" * 13),
        (values.money, "1000000000000.00"),
    ],
)
def test_refused(reader: Callable[[str], object], text: str) -> None:
    with pytest.raises(Unreadable):
        reader(text)


def test_a_reason_quotes_a_part_of_a_long_value() -> None:
    assert quoted("x" * 41) == "'" + "x" * 40 + "'..."
    assert quoted("a'b\n") == '"a\'b\\n"'
