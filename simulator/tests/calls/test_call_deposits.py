"""Money that a set may spend is never overspent, whatever is ordered and whenever it is written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oxo_simulator.exchange.orders import CallOrder

MakeDesk = Callable[..., Any]

SETS = ("106", "107", "120", "128")


@st.composite
def orders(draw: st.DrawFn) -> CallOrder:
    """Draw an order of a call that may cost money."""
    talk = draw(st.integers(0, 3) | st.integers(40, 200))
    outgoing = draw(st.booleans())
    order: dict[str, Any] = {
        "direction": "outgoing" if outgoing else "incoming",
        "number": "0390",
        "user": draw(st.sampled_from(SETS)),
        "ring_seconds": draw(st.integers(0, 9)),
        "call_seconds": talk,
        "units": draw(st.none() | st.integers(0, 9)) if talk else None,
        "times": draw(st.integers(1, 3)),
        "operator_made": outgoing and draw(st.booleans()),
    }
    extra = draw(st.sampled_from(["plain", "transfer", "conference"]))
    if extra == "transfer" and talk > 1:
        order |= {"transfer_to": draw(st.sampled_from(SETS))}
        order |= {"transfer_after_seconds": draw(st.integers(1, talk - 1))}
    if extra == "conference" and talk:
        parties = st.sampled_from([*SETS, "0199", "0198"])
        order |= {"conference_with": draw(st.lists(parties, min_size=1, max_size=2))}
        order |= {"conference_after_seconds": draw(st.integers(0, talk - 1))}
    return CallOrder(**order)


money = st.dictionaries(
    st.sampled_from(SETS[:3]), st.integers(0, 3_000).map(lambda cents: Decimal(cents) / 100)
)
prices = st.fixed_dictionaries(
    {
        "charging__advice_seconds": st.sampled_from([0, 7, 60]),
        "charging__basic_units": st.sampled_from([0, 1]),
        "charging__decimals": st.sampled_from([0, 1, 2]),
        "charging__threshold_units": st.sampled_from([0, 2]),
        "charging__second_unit_value": st.sampled_from(["0.30", "2"]),
        "charging__guest__surcharge": st.sampled_from(["0", "0.50"]),
        "charging__booth__rate_1": st.sampled_from(["0.10", "1"]),
        "metering__write_delay_seconds": st.sampled_from([0, 1, 90]),
    }
)


@given(
    placed=st.lists(st.tuples(orders(), st.integers(0, 120)), min_size=1, max_size=6),
    left=money,
    keys=prices,
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nobody_spends_more_than_he_may(
    make_desk: MakeDesk,
    placed: list[tuple[CallOrder, int]],
    left: dict[str, Decimal],
    keys: dict[str, Any],
) -> None:
    desk = make_desk(**keys)
    desk.money.update(left)
    for order, wait in placed:
        desk.calls.place([order])
        desk.clock.advance(wait)
        assert all(amount >= 0 for amount in desk.money.values())
    desk.clock.advance(1_000)
    assert all(amount >= 0 for amount in desk.money.values())
    assert desk.busy_lines() == {}
    spent = {number: amount - desk.money[number] for number, amount in left.items()}
    for number, amount in spent.items():
        costs = [each.cost for each in desk.tickets() if each.charged_user == number and each.cost]
        assert sum(costs) == amount
