"""Lines in use, sets and orders that cannot be, money that ends, and resets."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from oxo_simulator.exchange.directory import Directory, SubscriberUnknown
from oxo_simulator.exchange.orders import CallOrder, FacilityRequest
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.sets import SetState
from oxo_simulator.exchange.trunks import TrunkUnavailable
from oxo_tickets import (
    Facility,
    TrunkKind,
    UserKind,
)

MakeDesk = Callable[..., Any]

OUT: dict[str, Any] = {"direction": "outgoing", "user": "128", "number": "00390670000", "units": 0}
IN: dict[str, Any] = {
    "direction": "incoming",
    "user": "128",
    "number": "0346057124",
    "ring_seconds": 8,
}
BETWEEN: dict[str, Any] = {"direction": "internal", "user": "101", "number": "128"}


# Lines, sets, money.


def test_a_line_is_in_use_as_long_as_somebody_talks_on_it(make_desk: MakeDesk) -> None:
    desk = make_desk()
    placed = desk.calls.place([CallOrder(**OUT, transfer_to="106", transfer_after_seconds=20)])
    assert desk.busy_lines() == {"P01": 1}
    assert desk.calls.talking("128")
    desk.clock.advance(49)
    assert desk.busy_lines() == {"P01": 1}
    desk.clock.advance(1)
    assert (desk.busy_lines(), placed.ids) == ({}, [1])
    assert not desk.calls.talking("128")
    desk.clock.advance(1)
    assert placed.ids == [1, 2]


def test_a_diverted_call_needs_two_lines_or_is_not_placed(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.set_up("128", diverted_to="0199")
    desk.calls.place([CallOrder(**OUT, times=155)])
    with pytest.raises(TrunkUnavailable, match="156 calls at once"):
        desk.calls.place([CallOrder(**IN)])
    assert sum(desk.busy_lines().values()) == 155
    assert desk.place(OUT).outcomes == ["answered"]


def test_a_line_to_line_call_uses_the_line_it_came_in_on(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.place({"direction": "incoming", "user": "V01", "number": "0199", "break_in": True})
    came, went = desk.tickets()
    assert (came.charged_user, came.charged_user_kind) == ("01", UserKind.VOIP)
    assert (came.trunk_kind, went.trunk_kind) == (TrunkKind.VOIP, TrunkKind.T2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"transfer_to": "106"}, "transfer_after_seconds 0; 1 to less than call_seconds 50"),
        ({"transfer_to": "106", "transfer_after_seconds": 50}, "transfer_after_seconds 50"),
        ({"transfer_to": "777", "transfer_after_seconds": 5}, "user '777' is no set or group"),
        (
            {"transfer_to": "106", "transfer_after_seconds": 5, "conference_with": ["1"]},
            "a conference is not transferred",
        ),
        ({"conference_with": ["x"]}, "number 'x'; at most 26"),
        ({"conference_with": [""]}, "a number is expected"),
        ({"conference_with": ["1"] * 6}, "conference_with 6; at most 5"),
        ({"conference_with": ["1"], "conference_after_seconds": 50}, "conference_after_seconds 50"),
        ({"break_in": True}, "trunk '128' does not exist"),
        ({"user": "500"}, "user '500' is no set of this exchange"),
        ({"direction": "internal", "number": "7"}, "user '7' is no set or group"),
        ({"direction": "internal", "number": "101", "trunk": "N01"}, "a call inside the exchange"),
        ({"account_code": "12\n34"}, r"account_code '12\\n34'; printable characters are expected"),
        ({"account_code": "\uffff"}, "account_code .*; printable characters"),
        ({"account_code": ""}, "account_code of 0 characters; .* one at least"),
        ({"account_code": "1" * 17}, "account_code of 17 characters; at most 16"),
        ({"number": ""}, "a number is expected"),
        ({"transfer_after_seconds": 5}, "transfer_after_seconds 5; transfer_to is expected too"),
        ({"conference_after_seconds": 5}, "conference_with is expected too"),
        (
            {"direction": "incoming", "services": [Facility.USER_TO_USER]},
            "services; an outgoing call alone has them",
        ),
        ({"direction": "incoming", "operator_made": True}, "operator_made; an outgoing call alone"),
        ({"direction": "internal", "number": "101", "network": True}, "network; a call inside"),
        ({"network": True, "units": 1}, "units 1; nobody advises any in a private network"),
        ({"number": "1" * 1_000_000}, r"number '1{64}' and on \(1000000 characters\); at most 26"),
        ({"user": "7" * 1_000_000}, r"user '7{64}' and on \(1000000 characters\) is no set"),
        ({"units": 10**400}, "units of more than 20 digits; 0 to 65535"),
        ({"break_in": True, "user": "N" * 100}, r"trunk 'N{64}' and on \(100 characters\) does"),
        ({"break_in": True, "user": "N01", "direction": "internal"}, "break_in; a call inside"),
        ({"break_in": True, "user": "N01", "services": [Facility.TRANSFER]}, "services; a call f"),
    ],
)
def test_a_wrong_order_is_named_and_nothing_happens(
    make_desk: MakeDesk, wrong: dict[str, Any], words: str
) -> None:
    desk = make_desk()
    with pytest.raises((OrderError, SubscriberUnknown, TrunkUnavailable), match=words):
        desk.place(OUT, OUT | wrong)
    assert (desk.lines, desk.busy_lines()) == ([], {})


@pytest.mark.parametrize(
    ("number", "state", "words"),
    [
        ("777", {}, "user '777' is no set or group"),
        ("500", {"condition": "busy"}, "group 500: its members are busy, not the group"),
        ("128", {"diverted_to": "128"}, "128 cannot be diverted to itself"),
        ("128", {"diverted_to": "x"}, "number 'x'; at most 26"),
        ("128", {"diverted_to": ""}, "diverted_to: a number is expected"),
    ],
)
def test_a_set_that_cannot_be_so_is_named(
    make_desk: MakeDesk, number: str, state: dict[str, Any], words: str
) -> None:
    desk = make_desk()
    with pytest.raises((OrderError, SubscriberUnknown), match=words):
        desk.set_up(number, **state)
    assert desk.lines == []


def test_who_has_no_money_is_barred_and_may_still_be_called(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.money["106"] = Decimal(0)
    placed = desk.place(OUT | {"user": "106"}, IN | {"user": "106"}, BETWEEN | {"user": "106"})
    assert placed.outcomes == ["barred", "answered", "answered"]
    assert desk.ended()[0] == {"call": "c1", "tickets": [], "why": "barred"}
    assert desk.busy_lines() == {}


def test_a_call_is_cut_off_when_the_money_is_used_up(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal("8.50")  # five units
    placed = desk.place(OUT | {"user": "106", "units": None, "call_seconds": 300})
    assert placed.outcomes == ["cut off"]
    (ticket,) = desk.tickets()
    assert (ticket.call_seconds, ticket.units, ticket.cost) == (50, 5, Decimal("8.50"))
    assert desk.money["106"] == 0
    assert desk.busy_lines() == {}


def test_calls_side_by_side_spend_the_same_money_once(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal("8.50")
    order = OUT | {"user": "106", "units": None, "call_seconds": 30}
    assert desk.place(order, order, order).outcomes == ["answered", "cut off", "barred"]
    assert [ticket.units for ticket in desk.tickets()] == [2, 3]
    assert desk.money["106"] == 0


def test_whom_a_neighbour_leaves_no_money_needs_no_line(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal("1.70")
    poor = OUT | {"user": "106", "units": None, "call_seconds": 30, "trunk": "L01"}
    placed = desk.calls.place([CallOrder(**poor), CallOrder(**poor | {"trunk": "L02"})])
    assert placed.outcomes == ["cut off", "barred"]
    assert desk.busy_lines() == {"L01": 1}
    calls = [detail for event, detail in desk.lines if event == "call"]
    assert [call.get("trunk") for call in calls] == ["L01", None]
    other = CallOrder(**OUT | {"trunk": "L02"})
    assert desk.calls.place([CallOrder(**poor | {"trunk": "L02"}), other]).outcomes == [
        "barred",
        "answered",
    ]


def test_a_line_that_nobody_can_pay_is_the_next_ones_of_the_same_order(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal("1.70")
    poor = CallOrder(**OUT | {"user": "106", "units": None, "call_seconds": 30})
    on_l01 = CallOrder(**OUT | {"user": "106", "units": None, "trunk": "L01"})
    rich = CallOrder(**OUT | {"trunk": "L01"})
    assert desk.calls.place([poor, on_l01, rich]).outcomes == ["cut off", "barred", "answered"]
    assert desk.busy_lines() == {"P01": 1, "L01": 1}


def test_who_is_handed_a_call_without_money_is_cut_off_there(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal(0)
    order = {"units": None, "transfer_to": "106", "transfer_after_seconds": 20}
    assert desk.place(OUT, **order).outcomes == ["cut off"]
    assert desk.told() == ["21: 128 outgoing 00390670000 on T2 01, 20 s"]


def test_a_buffer_that_blocks_gives_no_line_that_would_be_charged(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.full = True
    placed = desk.place(OUT, IN, BETWEEN, OUT | {"network": True})
    assert placed.outcomes == ["barred", "answered", "answered", "answered"]


@pytest.mark.parametrize(("kept", "ids"), [(True, [1]), (False, [])])
def test_a_reset_ends_every_call_and_keeps_the_parts_that_had_ended(
    make_desk: MakeDesk,
    kept: bool,  # noqa: FBT001
    ids: list[int],
) -> None:
    desk = make_desk(metering__write_delay_seconds=30)
    desk.calls.place([CallOrder(**OUT, transfer_to="106", transfer_after_seconds=20)])
    desk.clock.advance(25)
    asked = desk.calls.request(FacilityRequest("128", Facility.TRANSFER))
    desk.calls.hang_up("cold reset", kept=kept)
    assert desk.ended() == [{"call": "c1", "tickets": ids, "why": "cold reset"}]
    assert desk.busy_lines() == {}
    desk.clock.advance(1000)
    assert (len(desk.made), len(asked.ids)) == ((2, 1) if kept else (0, 0))


def test_nobody_gets_through_while_the_exchange_is_down(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.serving = False
    with pytest.raises(OrderError, match="the exchange is down; nobody gets through"):
        desk.place(OUT)
    with pytest.raises(OrderError, match="the exchange is down; nobody gets through"):
        desk.calls.request(FacilityRequest("128", Facility.TRANSFER))
    assert desk.lines == []


def test_a_diversion_to_who_is_not_installed_any_more_is_gone(make_desk: MakeDesk) -> None:
    before, desk = make_desk(), make_desk()
    before.set_up("128", condition="busy", diverted_to="130")
    before.set_up("129", diverted_to="0199")
    before.set_up("133", condition="busy")
    installed = desk.calls.directory
    left = {number: one for number, one in installed.subscribers.items() if number < "130"}
    desk.calls.directory = Directory(left)
    desk.calls.follow(before.calls)
    assert desk.calls.states["128"] == SetState("busy")
    assert desk.calls.states["129"] == SetState(diverted_to="0199")


def test_a_reset_between_a_calls_end_and_its_ticket_frees_no_line_twice(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(metering__write_delay_seconds=30)
    desk.calls.place([CallOrder(**OUT)])
    desk.clock.advance(60)
    desk.calls.hang_up("warm reset", kept=True)
    assert desk.ended() == [{"call": "c1", "tickets": [1]}]
    assert desk.busy_lines() == {}


def test_the_units_of_an_order_are_those_of_its_first_leg(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.place(OUT, units=9, conference_with=["0199"], conference_after_seconds=20)
    assert [(ticket.dialled_number, ticket.units) for ticket in desk.tickets()] == [
        ("00390670000", 9), ("0199", 3),
    ]  # fmt: skip
