"""What the metering settings keep back, and what they hide."""

from collections.abc import Callable
from typing import Any

import pytest

MakeDesk = Callable[..., Any]

OUT: dict[str, Any] = {"direction": "outgoing", "user": "128", "number": "00390670000", "units": 0}
IN: dict[str, Any] = {
    "direction": "incoming",
    "user": "128",
    "number": "0346057124",
    "ring_seconds": 8,
}
BETWEEN: dict[str, Any] = {"direction": "internal", "user": "101", "number": "128"}


# What the metering settings keep back.

KEPT_BACK: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"metering__unanswered_incoming": False}, IN | {"call_seconds": 0}, "unanswered"),
    ({"metering__unanswered_incoming": False}, BETWEEN | {"call_seconds": 0}, "unanswered"),
    ({"licence__local_calls": False}, BETWEEN, "local calls not licensed"),
    ({"metering__monitoring": "none"}, OUT, "monitoring none"),
    ({"metering__monitoring": "outgoing"}, IN, "monitoring outgoing"),
    ({"metering__monitoring": "outgoing"}, BETWEEN, "monitoring outgoing"),
    ({"metering__monitoring": "outgoing"}, OUT | {"network": True}, "monitoring outgoing"),
    (
        {"metering__monitoring": "outgoing", "metering__duration_minutes": 1},
        OUT | {"call_seconds": 59},
        "monitoring outgoing",
    ),
    (
        {"metering__monitoring": "outgoing", "metering__cost": "3.41"},
        OUT | {"units": 2},
        "monitoring outgoing",
    ),
    (
        {"metering__monitoring": "outgoing", "metering__international_prefix": "001"},
        OUT,
        "monitoring outgoing",
    ),
]


@pytest.mark.parametrize(("settings", "order", "why"), KEPT_BACK)
def test_a_setting_keeps_a_ticket_back_and_the_ledger_says_which(
    make_desk: MakeDesk, settings: dict[str, Any], order: dict[str, Any], why: str
) -> None:
    desk = make_desk(**settings)
    desk.place(order)
    assert desk.tickets() == []
    (ended,) = desk.ended()
    assert ended["tickets"] == []
    assert str(ended["why"]).startswith(why)
    plain = make_desk()
    plain.place(order)
    assert plain.tickets()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"metering__duration_minutes": 1},
        {"metering__cost": "3.40"},
        {"metering__international_prefix": "00"},
        {"metering__cost": "9.99", "metering__international_prefix": "00"},
    ],
)
def test_outgoing_calls_that_meet_one_criterion_are_ticketed(
    make_desk: MakeDesk, settings: dict[str, Any]
) -> None:
    desk = make_desk(metering__monitoring="outgoing", **settings)
    desk.place(OUT, call_seconds=60, units=2)
    assert len(desk.tickets()) == 1


def test_a_set_has_a_monitoring_of_its_own(make_desk: MakeDesk) -> None:
    desk = make_desk(metering__monitoring="none")
    desk.set_up("128", monitoring="all")
    desk.place(OUT, BETWEEN)
    assert [ticket.charged_user for ticket in desk.tickets()] == ["128", "128"]


def test_the_last_four_dialled_digits_are_masked_and_no_others(make_desk: MakeDesk) -> None:
    desk = make_desk(metering__mask_last_four=True)
    desk.place(OUT | {"number": "199"}, OUT, IN, BETWEEN)
    told = {(ticket.dialled_number, *ticket.masked.items()) for ticket in desk.tickets()}
    assert told == {
        ("***", ("dialled_number", 3)), ("0039067****", ("dialled_number", 4)),
        ("0346057124",), ("101",), ("128",),
    }  # fmt: skip
