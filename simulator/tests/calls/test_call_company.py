"""Who can be in a call with whom, who can call at all, and how long each of them talks."""

from collections.abc import Callable
from typing import Any

import pytest
from oxo_simulator.exchange.directory import Directory, Group, SetClass, Subscriber
from oxo_simulator.exchange.orders import CallOrder, FacilityRequest
from oxo_simulator.exchange.placed import OrderError
from oxo_tickets import Facility, UserKind

MakeDesk = Callable[..., Any]

OUT: dict[str, Any] = {"direction": "outgoing", "user": "128", "number": "00390670000"}
IN: dict[str, Any] = {"direction": "incoming", "user": "128", "number": "0346057124"}
BETWEEN: dict[str, Any] = {"direction": "internal", "user": "101", "number": "128"}
ALONE: dict[str, Any] = {"direction": "internal", "user": "130", "number": "500"}


@pytest.mark.parametrize(
    ("order", "states", "outcome", "expected"),
    [
        (BETWEEN | {"number": "101"}, {}, "busy", ["1: 101 local call 101, 0 s"]),
        (
            BETWEEN, {"128": {"diverted_to": "101"}}, "busy",
            ["1: 101 local call 128, 0 s + forwarding", "1: 128 local call 101, 0 s + forwarding"],
        ),
        (
            ALONE, {}, "answered",
            ["51: 130 local call 131, 50 s", "51: 131 local call 130, 50 s"],
        ),
        (
            ALONE, {number: {"condition": "busy"} for number in ("131", "132", "133")}, "busy",
            ["1: 130 local call 500, 0 s", "1: 500 local call 130, 0 s"],
        ),
        (
            ALONE, {number: {"condition": "do not disturb"} for number in ("131", "132", "133")},
            "busy", ["1: 130 local call 500, 0 s", "1: 500 local call 130, 0 s"],
        ),
    ],
)  # fmt: skip
def test_who_calls_himself_meets_a_busy_set_and_a_group_its_next_member(
    make_desk: MakeDesk,
    order: dict[str, Any],
    states: dict[str, Any],
    outcome: str,
    expected: list[str],
) -> None:
    desk = make_desk()
    for number, state in states.items():
        desk.set_up(number, **state)
    assert desk.place(order).outcomes == [outcome]
    assert desk.told() == expected


@pytest.mark.parametrize(
    ("order", "to", "expected"),
    [
        (OUT, "128", ["51: 128 outgoing 00390670000 on T2 01, 50 s"]),
        (BETWEEN, "128", ["51: 101 local call 128, 50 s", "51: 128 local call 101, 50 s"]),
        (IN | {"user": "9"}, "9", ["51: 100 incoming 0346057124 on T2 01, 50 s"]),
        (
            IN | {"user": "500"}, "500",
            [
                "21: 130 incoming 0346057124 on T2 01, 20 s",
                "51: 131 incoming transfer 0346057124 on T2 01, 30 s + transfer",
            ],
        ),
    ],
)  # fmt: skip
def test_nobody_hands_a_call_to_who_is_in_it(
    make_desk: MakeDesk, order: dict[str, Any], to: str, expected: list[str]
) -> None:
    desk = make_desk()
    desk.place(order, transfer_to=to, transfer_after_seconds=20)
    assert desk.told() == expected


def test_nobody_is_brought_in_who_is_there_already(make_desk: MakeDesk) -> None:
    desk = make_desk()
    party = ["128", "101", "101", "102"]
    desk.place(BETWEEN, conference_with=party, conference_after_seconds=10)
    assert desk.told() == [
        "51: 101 local call 128, 50 s",
        "51: 128 local call 101, 50 s",
        "51: 101 local call 102, 40 s",
        "51: 102 local call 101, 40 s",
    ]


@pytest.mark.parametrize("order", [OUT, BETWEEN | {"user": "128", "number": "101"}])
def test_a_set_that_is_out_of_service_calls_nobody(
    make_desk: MakeDesk, order: dict[str, Any]
) -> None:
    desk = make_desk()
    desk.set_up("128", condition="out of service")
    assert desk.place(order).outcomes == ["out of service"]
    assert desk.tickets() == []
    assert desk.ended() == [{"call": "c1", "tickets": [], "why": "out of service"}]
    assert "trunk" not in desk.lines[1][1]
    with pytest.raises(OrderError, match="set 128 is out of service"):
        desk.calls.request(FacilityRequest("128", Facility.TRANSFER))


def test_who_has_handed_a_call_over_does_not_talk_any_more(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = IN | {"transfer_to": "106", "transfer_after_seconds": 20}
    desk.calls.place([CallOrder(**order, ring_seconds=8)])
    for seconds, talking in ((0, "128"), (27, "128"), (1, "106"), (29, "106"), (1, None)):
        desk.clock.advance(seconds)
        found = [number for number in ("128", "106") if desk.calls.talking(number)]
        assert found == ([talking] if talking else [])


def test_who_joins_a_conference_talks_from_then_on(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.calls.place([CallOrder(**OUT, conference_with=["101"], conference_after_seconds=20)])
    desk.clock.advance(19)
    assert not desk.calls.talking("101")
    desk.clock.advance(1)
    assert desk.calls.talking("101")
    assert desk.calls.talking("128")


def test_a_line_of_the_same_number_is_not_the_set(make_desk: MakeDesk) -> None:
    desk = make_desk()
    room = Subscriber("001", "Guest", SetClass.ROOM)
    hunting = Group("01", "Sales", UserKind.HUNTING_GROUP, ("001",))
    desk.calls.directory = Directory({"001": room}, {"01": hunting})
    desk.calls.place([CallOrder(direction="incoming", user="N01", number="0199", break_in=True)])
    assert not desk.calls.talking("01")
    assert desk.calls.all_talking() == set()


def test_a_crowd_that_talks_is_counted_once_and_not_for_each_set(make_desk: MakeDesk) -> None:
    desk = make_desk()
    for first in range(1_000):
        desk.calls.place([CallOrder(**BETWEEN, call_seconds=first + 1)])
    desk.clock.advance(10)
    assert desk.calls.all_talking() == {"101", "128"}
    desk.clock.advance(1_000)
    assert desk.calls.all_talking() == set()
