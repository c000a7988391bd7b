"""What calls cost: the manual's example, and the algebra of units and money."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_simulator.exchange.charging import Tariff, advised, pulses
from oxo_simulator.exchange.charging_settings import Charging
from oxo_simulator.exchange.course import course
from oxo_simulator.exchange.cutting import ended, shortened
from oxo_simulator.exchange.directory import Directory, SetClass
from oxo_simulator.exchange.metering_settings import Metering
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.prescribed import Call, CallSettings, prescribed, spent
from oxo_simulator.exchange.sets import SetStates
from oxo_simulator.profile import load_profile
from oxo_tickets import Facility, Ticket

METERING = Metering(unanswered_incoming=True, write_delay_seconds=1)
DIRECTORY = Directory.from_seed(1)
PROFILE = load_profile("certify")
BEGIN = Moment(PROFILE.start, 0, PROFILE.start.astimezone(), PROFILE.zone)

money = st.decimals(min_value=0, max_value=99, places=2)
units = st.integers(0, 3_000)
seconds = st.integers(1, 300_000)


def charging(**keys: Any) -> Charging:
    return Charging(**{"currency": "EUR", "unit_value": "1.70", **keys})


def call(order: CallOrder) -> Call:
    way = course(order, DIRECTORY, SetStates())
    return Call(order, way, ["P01"] * len(way.lines), BEGIN)


def tickets(order: CallOrder, rates: Charging, **metering: Any) -> list[Ticket]:
    settings = CallSettings(METERING.model_copy(update=metering), rates)
    return [due.ticket for due in prescribed(call(order), settings).due]


def outgoing(**keys: Any) -> CallOrder:
    return CallOrder(**{"direction": "outgoing", "user": "128", "number": "0390", **keys})


charges = st.builds(
    charging,
    unit_value=money,
    second_unit_value=st.none() | money,
    threshold_units=st.integers(0, 20),
    decimals=st.integers(0, 2),
    basic_units=st.integers(0, 3),
    advice_seconds=st.integers(0, 90),
)


def test_the_manuals_example() -> None:
    rates = charging(
        threshold_units=1, second_unit_value="2.00", basic_units=1, user_to_user="5.10"
    )
    services = [Facility.ONLINE_METERING, Facility.USER_TO_USER]
    (ticket,) = tickets(outgoing(units=4, services=services), rates)
    assert (ticket.units, ticket.cost) == (8, Decimal("14.50"))
    assert set(ticket.facilities) == set(services)


@pytest.mark.parametrize(
    ("count", "cost"), [(0, "0"), (1, "1.70"), (2, "3.40"), (3, "5.40"), (4, "7.40")]
)
def test_units_cost_the_first_value_up_to_the_threshold_and_then_the_second(
    count: int, cost: str
) -> None:
    tariff = Tariff(charging(threshold_units=2, second_unit_value="2.00"))
    assert tariff.charge(count) == (count, Decimal(cost))


@pytest.mark.parametrize(
    ("number", "count"),
    [("0049301", 10), ("030123", 5), ("4711", 2)],
)
def test_by_time_the_exchange_counts_by_the_class_of_the_number(number: str, count: int) -> None:
    rates = charging(
        units_by="time", local_seconds=50, national_seconds=20, international_seconds=10,
        advice_seconds=1,
    )  # fmt: skip
    (ticket,) = tickets(outgoing(number=number, call_seconds=100), rates)
    assert ticket.units == count


def test_what_is_national_or_international_is_the_sites_to_say() -> None:
    rates = charging(
        units_by="time", national_seconds=20, international_seconds=10,
        national_prefix="9", international_prefix="99",
    )  # fmt: skip
    found = [
        tickets(outgoing(number=number, call_seconds=100), rates)[0].units
        for number in ("991", "91", "001")
    ]
    assert found == [10, 5, 0]


@pytest.mark.parametrize(("length", "count"), [(1, 1), (60, 1), (61, 2), (0, 0)])
def test_the_first_unit_comes_at_the_begin(length: int, count: int) -> None:
    assert pulses(charging(advice_seconds=60), "0390").until(length) == count


def test_what_the_network_advises_is_spread_over_the_conversation() -> None:
    fall = advised(4, 100)
    assert [fall.until(at) for at in (0, 1, 25, 26, 99, 100)] == [0, 1, 1, 2, 4, 4]
    assert advised(3, 0).until(0) == 3


PRICES = {"rate_1": "0.10", "rate_2": "0.20", "rate_3": "0.50", "threshold_1": 2, "threshold_2": 5}


@pytest.mark.parametrize(
    ("count", "cost"), [(0, "0"), (2, "0.20"), (3, "0.40"), (5, "0.80"), (6, "1.30")]
)
def test_guests_and_booths_pay_three_rates(count: int, cost: str) -> None:
    tariff = Tariff(charging(guest=PRICES, booth={**PRICES, "surcharge": "3"}))
    assert tariff.charge(count, set_class=SetClass.ROOM).cost == Decimal(cost)
    made = tariff.charge(count, set_class=SetClass.BOOTH, operator_made=True)
    assert made.cost == Decimal(cost) + 3
    for other in (None, SetClass.BUSINESS, SetClass.OPERATOR):
        assert tariff.charge(count, set_class=other, operator_made=True).cost == count * Decimal(
            "1.70"
        )


def test_the_surcharge_is_the_guests_whom_the_operator_hands_the_call_to() -> None:
    rates = charging(guest={"surcharge": "2.50"})
    order = outgoing(
        user="100", transfer_to="106", transfer_after_seconds=10, operator_made=True, units=0
    )
    assert [ticket.cost for ticket in tickets(order, rates)] == [0, Decimal("2.50")]
    unanswered = outgoing(user="106", call_seconds=0, operator_made=True)
    assert [ticket.cost for ticket in tickets(unanswered, rates)] == [0]


def test_forwarding_in_money_is_units_by_the_first_value() -> None:
    states = SetStates()
    states.change("128", states["128"]._replace(diverted_to="0199"))
    order = CallOrder(direction="incoming", user="128", number="0390", units=2)
    way = course(order, DIRECTORY, states)
    settings = CallSettings(METERING, charging(forwarding="3.40"))
    found = prescribed(Call(order, way, ["P01", "N01"], BEGIN), settings)
    assert [(d.ticket.units, d.ticket.cost) for d in found.due] == [(0, 0), (4, Decimal("6.80"))]


@given(charges, units, units)
@settings(deadline=None)
def test_more_units_never_cost_less(rates: Charging, one: int, other: int) -> None:
    tariff = Tariff(rates)
    less, more = sorted((one, other))
    assert tariff.charge(less).cost <= tariff.charge(more).cost


@given(charges, units)
@settings(deadline=None)
def test_a_cost_is_what_its_units_cost_one_by_one(rates: Charging, count: int) -> None:
    second = rates.unit_value if rates.second_unit_value is None else rates.second_unit_value
    threshold = rates.threshold_units if rates.second_unit_value is not None else count
    exact = sum(
        (rates.unit_value if number < threshold else second for number in range(count)), Decimal(0)
    )
    charge = Tariff(rates).charge(count)
    assert charge.units == count
    assert abs(charge.cost - exact) <= Decimal(1).scaleb(-rates.decimals) / 2
    assert charge.cost == round(charge.cost, rates.decimals)


@given(
    st.tuples(money, st.none() | money, st.none() | money),
    st.tuples(st.integers(0, 30), st.integers(0, 30)),
    st.integers(0, 90),
    st.sampled_from([SetClass.ROOM, SetClass.BOOTH]),
)
@settings(deadline=None)
def test_guests_and_booths_pay_each_unit_by_its_place(
    rates: tuple[Decimal, Decimal | None, Decimal | None],
    thresholds: tuple[int, int],
    count: int,
    set_class: SetClass,
) -> None:
    named: dict[str, Any] = {f"rate_{number}": rate for number, rate in enumerate(rates, 1)}
    named |= {f"threshold_{number}": units for number, units in enumerate(thresholds, 1)}
    section = "guest" if set_class is SetClass.ROOM else "booth"
    first, second, third = rates
    exact = Decimal(0)
    for place in range(count):
        rate = first
        if place >= thresholds[0] and second is not None:
            rate = second
        if place >= max(thresholds) and third is not None:
            rate = third
        exact += rate
    charge = Tariff(charging(**{section: named})).charge(count, set_class=set_class)
    assert (charge.units, charge.cost) == (count, exact)


@given(seconds, st.integers(0, 5_000), st.data())
@settings(deadline=None)
def test_every_advised_unit_comes_once_and_none_before_its_time(
    length: int, total: int, data: st.DataObject
) -> None:
    fall = advised(total, length)
    cuts = sorted(data.draw(st.lists(st.integers(0, length), max_size=5)))
    counts = [fall.until(cut) for cut in (0, *cuts, length)]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, total)


@given(charges, st.integers(2, 100_000), st.none() | units, st.data())
@settings(deadline=None)
def test_a_transfer_divides_the_units_and_loses_none(
    rates: Charging, length: int, total: int | None, data: st.DataObject
) -> None:
    at = data.draw(st.integers(1, length - 1))
    whole = tickets(outgoing(call_seconds=length, units=total), rates)
    parts = tickets(
        outgoing(call_seconds=length, units=total, transfer_to="106", transfer_after_seconds=at),
        rates,
    )
    for field in ("units", "call_seconds"):
        assert _sum(parts, field) == _sum(whole, field)
    assert {part.charged_user for part in parts} == {"128", "106"}


@given(charges, seconds, st.none() | units)
@settings(deadline=None)
def test_a_continued_call_costs_what_it_would_as_one(
    rates: Charging, length: int, total: int | None
) -> None:
    order = outgoing(call_seconds=length, units=total)
    (grown,) = tickets(order, rates, long_calls="grow")
    for field in ("units", "call_seconds", "cost"):
        assert _sum(tickets(order, rates), field) == getattr(grown, field)


@given(charges, seconds, st.none() | units, money)
@settings(deadline=None)
def test_a_call_is_cut_off_exactly_where_the_money_ends(
    rates: Charging, length: int, total: int | None, allowed: Decimal
) -> None:
    settings = CallSettings(METERING, rates)
    whole = call(outgoing(user="106", call_seconds=length, units=total))
    cut = shortened(whole, settings, {"106": allowed})
    paid = spent(cut, settings).get("106", Decimal(0))
    assert paid <= allowed
    if cut.course.talk_seconds < length:
        longer = ended(whole, cut.course.talk_seconds + 1)
        assert spent(longer, settings)["106"] > allowed
    else:
        assert cut == whole


def _sum(found: list[Ticket], field: str) -> Any:
    return sum(getattr(ticket, field) for ticket in found)
