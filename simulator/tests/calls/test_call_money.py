"""What a call costs whom, and what it leaves of the money that a set may spend."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from oxo_simulator.exchange.orders import CallOrder

MakeDesk = Callable[..., Any]

OUT: dict[str, Any] = {"direction": "outgoing", "user": "106", "number": "00390670000"}
IN: dict[str, Any] = {"direction": "incoming", "user": "106", "number": "0346057124"}


@pytest.mark.parametrize(("after", "units"), [(0, 2), (30, 2), (45, 2), (100, 1), (119, 1)])
def test_the_first_unit_of_a_party_brought_in_comes_when_it_is_there(
    make_desk: MakeDesk, after: int, units: int
) -> None:
    desk = make_desk(charging__advice_seconds=60)
    length = 120 if after else 61
    desk.place(OUT, call_seconds=length, conference_with=["0199"], conference_after_seconds=after)
    assert [ticket.units for ticket in desk.tickets()] == [2, units]


def test_only_the_call_that_the_operator_made_costs_a_surcharge(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__guest__surcharge="2.50")
    desk.place(OUT, operator_made=True, conference_with=["0199"])
    assert [ticket.cost for ticket in desk.tickets()] == [Decimal("2.50"), Decimal(0)]


def test_by_time_the_exchange_does_not_hear_what_the_network_advises(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__units_by="time", charging__international_seconds=10)
    desk.place(OUT, units=99)
    assert [ticket.units for ticket in desk.tickets()] == [5]


def test_a_ticket_that_nobody_planned_for_gives_no_money_back(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__advice_seconds=10)
    order = {**IN, "units": 10, "call_seconds": 1000}
    desk.calls.place([CallOrder(**order, transfer_to="128", transfer_after_seconds=500)])
    desk.money["106"] = Decimal("17.00")
    desk.clock.advance(501)
    assert desk.money["106"] == Decimal("8.50")
    assert desk.place(OUT, call_seconds=300).outcomes == ["cut off"]
    assert desk.money["106"] == 0


def test_what_the_network_advises_of_a_call_that_comes_in_is_paid_too(make_desk: MakeDesk) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal("8.50")
    called = IN | {"units": 10, "call_seconds": 100}
    assert desk.place(called).outcomes == ["cut off"]
    (ticket,) = desk.tickets()
    assert (ticket.call_seconds, ticket.units, ticket.cost) == (50, 5, Decimal("8.50"))
    assert desk.place(called, IN).outcomes == ["barred", "answered"]
    assert desk.money["106"] == 0


def test_a_line_does_not_spend_the_money_of_a_set_that_is_called_as_it_is(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.money["01"] = Decimal(0)
    placed = desk.place({"direction": "incoming", "user": "N01", "number": "0199"}, break_in=True)
    assert placed.outcomes == ["answered"]


@pytest.mark.parametrize("after", [0, 20])
@pytest.mark.parametrize("full", [False, True])
def test_who_may_not_call_out_brings_nobody_in_from_outside_and_goes_on_talking(
    make_desk: MakeDesk,
    after: int,
    full: bool,  # noqa: FBT001
) -> None:
    desk = make_desk(charging__advice_seconds=10)
    desk.full, desk.money["106"] = full, Decimal(10 if full else 0)
    party: dict[str, Any] = {"conference_with": ["0199", "101", "0198"]}
    desk.calls.place([CallOrder(**IN, **party, conference_after_seconds=after)])
    assert desk.busy_lines() == {"P01": 1}
    desk.clock.advance(51)
    assert desk.told() == [
        "51: 106 incoming 0346057124 on T2 01, 50 s",
        f"51: 106 local call 101, {50 - after} s",
        f"51: 101 local call 106, {50 - after} s",
    ]
