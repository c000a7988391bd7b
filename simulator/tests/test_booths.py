"""Money paid in advance at a phone booth: the line is cut when it is used up."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import Phase, ResetKind
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms

MONEY = {
    "charging__unit_value": "0.50",
    "charging__advice_seconds": 10,
    "metering__write_delay_seconds": 1,
}
"""Half a euro every ten seconds, the first at once."""


class Desk:
    """An exchange in hotel mode, with its ledger and documents on paper."""

    def __init__(
        self,
        mode: str = "hotel",
        start: datetime = datetime(2020, 2, 24, 14),  # noqa: DTZ001 - wall clock
        **overrides: Any,
    ) -> None:
        keys = {**MONEY, **overrides}
        dotted = {key.replace("__", "."): value for key, value in keys.items()}
        profile = load_profile("certify", {"mode": mode, **dotted})
        self.clock = VirtualClock()
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.told: list[Notice] = []
        paper = OutletTerms(wire="paper", capacity=9, alarm_percent=0, notices=self._hears)
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=WallClock(self.clock, start, ZoneInfo(profile.zone)),
            record=lambda event, detail: self.lines.append((event, detail)),
            outlets=[outlet_terms(profile), paper],
        )
        self.hotel = self.exchange.hotel

    def _hears(self, notice: Notice) -> bool:
        self.told.append(notice)
        return False

    def call(self, seconds: int = 60, user: str = "120", ring_seconds: int = 0) -> str:
        order = CallOrder(
            direction="outgoing",
            user=user,
            number="0390",
            call_seconds=seconds,
            ring_seconds=ring_seconds,
        )
        placed: Placed = self.exchange.place([order])
        self.clock.advance(placed.seconds)
        return placed.outcomes[0]

    def bills(self) -> list[dict[str, str]]:
        return [dict(notice.items) for notice in self.told if notice.kind == "booth bill"]

    def happened(self) -> list[tuple[str, str, str]]:
        return [
            (detail["room"], detail["what"], detail["by"])
            for event, detail in self.lines
            if event == "room"
        ]

    def seconds(self) -> list[int]:
        return [detail["ticket"].call_seconds for event, detail in self.lines if event == "made"]


def test_a_call_is_cut_off_when_the_money_is_used_up_and_nobody_calls_until_there_is_more() -> None:
    desk = Desk()
    desk.hotel.prepay("120", Decimal("2.50"))
    assert [desk.call(15), desk.call(), desk.call()] == ["answered", "cut off", "barred"]
    assert desk.seconds() == [15, 30], "two units of the five, and the other three"
    assert desk.exchange.calls.place(
        [CallOrder(direction="incoming", user="120", number="0390", call_seconds=1)]
    ).outcomes == ["answered"]
    assert [(bill["deposit"], bill["balance"]) for bill in desk.bills()] == [
        ("2.50", "1.50"),
        ("2.50", "0.00"),
    ]
    desk.hotel.prepay("120", Decimal(1))
    assert desk.call(15) == "answered"
    assert desk.happened() == [
        ("120", "prepaid", "operator"),
        ("120", "lines closed", "exchange"),
        ("120", "prepaid", "operator"),
        ("120", "lines closed", "exchange"),
    ]


@pytest.mark.parametrize("write_delay_seconds", [0, 5])
def test_a_bill_says_when_the_call_ended_by_the_clock_on_the_wall(write_delay_seconds: int) -> None:
    rung = Desk(metering__write_delay_seconds=write_delay_seconds)
    rung.call(60, ring_seconds=30)
    (bill,) = rung.bills()
    assert (bill["from"], bill["to"]) == ("2020-02-24T14:00:00", "2020-02-24T14:01:30")
    assert bill["duration"] == "00:01:00", "what is paid"
    changed = Desk(start=datetime(2020, 10, 25, 2, 59, 30))  # noqa: DTZ001 - wall clock
    changed.call(60)
    (bill,) = changed.bills()
    assert (bill["from"], bill["to"]) == ("2020-10-25T02:59:30", "2020-10-25T02:00:30")


def test_without_prepayment_a_booth_calls_as_long_as_it_likes() -> None:
    desk = Desk()
    assert desk.call(6000) == "answered"
    assert "deposit" not in desk.bills()[0]
    desk.hotel.prepay("120", Decimal(1))
    desk.hotel.prepay("120", None)
    assert desk.call(6000) == "answered"
    assert "balance" not in desk.bills()[1]
    assert [what for _, what, _ in desk.happened()] == ["prepaid", "paid back"]
    assert desk.hotel.booths == {"120": None}


def test_a_call_that_began_before_is_not_paid_from_it() -> None:
    desk = Desk()
    desk.exchange.place(
        [CallOrder(direction="outgoing", user="120", number="0390", call_seconds=100)]
    )
    desk.clock.advance(50)
    desk.hotel.prepay("120", Decimal(1))
    desk.clock.advance(100)
    assert desk.hotel.allowance("120") == Decimal(1)
    assert "balance" not in desk.bills()[0]


@pytest.mark.parametrize(("kind", "kept"), [(ResetKind.WARM, True), (ResetKind.COLD, False)])
def test_a_reset_keeps_or_forgets_it_as_the_deposits_of_rooms(
    kind: ResetKind,
    kept: bool,  # noqa: FBT001 - pytest names it
) -> None:
    desk = Desk()
    desk.hotel.prepay("120", Decimal(1))
    desk.exchange.reset(kind, "e2")
    assert bool(desk.hotel.booths["120"]) == kept
    other = Desk()
    other.exchange.follow(desk.exchange)
    assert other.hotel.booths == desk.hotel.booths
    business = Desk("business")
    business.exchange.follow(desk.exchange)
    assert business.hotel.booths == {"120": None}
    desk.exchange.enter(Phase.REFUSED)
    with pytest.raises(OrderError, match="a reset keeps the exchange down"):
        desk.hotel.prepay("120", Decimal(1))


@pytest.mark.parametrize(
    ("mode", "booth", "amount", "words"),
    [
        ("business", "120", "1", "business mode"),
        ("hotel", "106", "1", "'106' is no phone booth; there are 120"),
        ("hotel", "120", "-1", "amount -1; 0 to 999999.99 in hundredths is expected"),
        ("hotel", "120", "0.001", "amount 0.001; 0 to"),
        ("hotel", "120", "NaN", "amount NaN; 0 to"),
    ],
)
def test_a_wrong_order_says_what_is_allowed(mode: str, booth: str, amount: str, words: str) -> None:
    desk = Desk(mode)
    with pytest.raises(OrderError, match=words):
        desk.hotel.prepay(booth, Decimal(amount))
    assert desk.lines == []


@given(
    paid=st.decimals(min_value=0, max_value=20, places=2),
    lengths=st.lists(st.integers(0, 200), max_size=6),
    user=st.sampled_from(["120", "106"]),
)
@settings(deadline=None, max_examples=40)
def test_nobody_talks_for_more_than_was_paid_and_no_cent_is_lost(
    paid: Decimal, lengths: list[int], user: str
) -> None:
    desk = Desk()
    if user == "120":
        desk.hotel.prepay(user, paid)
    else:
        desk.hotel.check_in([user], Stay(guest_name="Guest", deposit=paid))
    for length in lengths:
        desk.call(length, user)
    cost = sum(
        (detail["ticket"].cost for event, detail in desk.lines if event == "made"), Decimal(0)
    )
    left = desk.hotel.allowance(user)
    assert left is not None
    assert left + cost == paid
    assert all(notice.item("cost") != "0.00" or user != "120" for notice in desk.told) or paid == 0
