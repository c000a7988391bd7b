"""Calls as they live: orders in, ledger lines and tickets out, on paper."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.calls import Calls
from oxo_simulator.exchange.directory import Directory, SubscriberUnknown
from oxo_simulator.exchange.orders import CallOrder, FacilityRequest
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.port import Source
from oxo_simulator.exchange.prescribed import CallSettings
from oxo_simulator.exchange.sets import SetState
from oxo_simulator.exchange.trunks import TrunkGroup, TrunkUnavailable
from oxo_simulator.profile import load_profile
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Ticket,
    TrunkKind,
    UserKind,
)

OUT: dict[str, Any] = {"direction": "outgoing", "user": "128", "number": "00390670000", "units": 0}
IN: dict[str, Any] = {
    "direction": "incoming",
    "user": "128",
    "number": "0346057124",
    "ring_seconds": 8,
}
BETWEEN: dict[str, Any] = {"direction": "internal", "user": "101", "number": "128"}


class Desk:
    """Calls with a clock, a ledger and money on paper."""

    def __init__(self, **overrides: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        profile = load_profile("certify", dotted)
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, profile.start, ZoneInfo(profile.zone))
        self.made: list[tuple[float, Ticket]] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.money: dict[str, Decimal] = {}
        self.full = False
        self.calls = Calls(
            directory=Directory.from_seed(1),
            trunks=TrunkGroup(),
            settings=CallSettings(profile.metering, profile.charging, profile.licence.local_calls),
            clock=self.wall,
            write=self._write,
            record=lambda event, detail: self.lines.append((event, detail)),
            allowance=self.money.get,
            blocked=lambda: self.full,
        )

    def _write(self, ticket: Ticket, source: Source, call: str | None = None) -> int:
        self.made.append((self.clock.seconds(), ticket))
        self.lines.append(("made", {"call": call, "source": source}))
        if ticket.charged_user in self.money:
            self.money[ticket.charged_user] -= ticket.cost or Decimal(0)
        return len(self.made)

    def set_up(self, number: str, **state: Any) -> None:
        self.calls.set_up(number, SetState(**state))

    def place(self, *orders: dict[str, Any], **more: Any) -> Placed:
        placed = self.calls.place([CallOrder(**{**order, **more}) for order in orders])
        self.clock.advance(placed.seconds)
        return placed

    def tickets(self) -> list[Ticket]:
        return [ticket for _, ticket in self.made]

    def told(self) -> list[str]:
        """Say of each ticket when it came, who is charged, for what, how long, and what else."""
        return [_said(at, ticket) for at, ticket in self.made]

    def busy_lines(self) -> dict[str, int]:
        return {each.name: each.occupied for each in self.calls.trunks.occupation() if each[3]}

    def ended(self) -> list[dict[str, Any]]:
        return [detail for event, detail in self.lines if event == "call ended"]


def _said(at: float, ticket: Ticket) -> str:
    what = ticket.communication_type or ticket.kind
    ring = f" ring {ticket.ring_seconds}" if ticket.ring_seconds else ""
    services = "".join(f" + {facility.value}" for facility in ticket.facilities)
    line = "" if ticket.trunk is None else f" on {ticket.trunk_kind} {ticket.trunk}"
    return (
        f"{at:g}: {ticket.charged_user} {what.value} {ticket.dialled_number}{line}, "
        f"{ticket.call_seconds} s{ring}{services}"
    )


PLAYS = [
    ("outgoing", OUT, {}, ["51: 128 outgoing 00390670000 on T2 01, 50 s"]),
    (
        "outgoing, nobody answers", OUT | {"ring_seconds": 20, "call_seconds": 0}, {},
        ["21: 128 outgoing 00390670000 on T2 01, 0 s"],
    ),
    ("incoming", IN, {}, ["59: 128 incoming 0346057124 on T2 01, 50 s ring 8"]),
    (
        "incoming, nobody answers", IN | {"call_seconds": 0}, {},
        ["9: 128 incoming 0346057124 on T2 01, 0 s ring 8"],
    ),
    (
        "incoming to a busy set: no ring", IN, {"128": {"condition": "busy"}},
        ["1: 128 incoming 0346057124 on T2 01, 0 s"],
    ),
    (
        "incoming to a set out of service", IN, {"128": {"condition": "out of service"}},
        ["1: 128 incoming 0346057124 on T2 01, 0 s"],
    ),
    (
        "incoming, not to be disturbed", IN, {"128": {"condition": "do not disturb"}},
        ["1: 128 incoming 0346057124 on T2 01, 0 s"],
    ),
    ("to a data device", IN | {"user": "140"}, {}, []),
    (
        "diverted outside (SMDR4): both legs are the diverted set's", IN,
        {"128": {"diverted_to": "0388551122"}},
        [
            "59: 128 incoming 0346057124 on T2 01, 50 s ring 8 + external forwarding",
            "59: 128 outgoing 0388551122 on T2 01, 50 s + external forwarding",
        ],
    ),
    (
        "diverted inside: who answers is charged", IN, {"128": {"diverted_to": "101"}},
        ["59: 101 incoming 0346057124 on T2 01, 50 s ring 8 + forwarding"],
    ),
    (
        "diverted to a group of which the first is busy", IN,
        {"128": {"diverted_to": "500"}, "130": {"condition": "busy"}},
        ["59: 131 incoming 0346057124 on T2 01, 50 s ring 8 + forwarding"],
    ),
    (
        "round and round", IN, {"128": {"diverted_to": "101"}, "101": {"diverted_to": "128"}},
        ["1: 101 incoming 0346057124 on T2 01, 0 s + forwarding"],
    ),
    (
        "to a group", IN | {"user": "500"}, {"130": {"condition": "out of service"}},
        ["59: 131 incoming 0346057124 on T2 01, 50 s ring 8"],
    ),
    (
        "to a group where nobody is free", IN | {"user": "9"}, {"100": {"condition": "busy"}},
        ["1: 9 incoming 0346057124 on T2 01, 0 s"],
    ),
    (
        "a group diverted outside: the group is charged (oxo 2.2)", IN | {"user": "500"},
        {"500": {"diverted_to": "0388551122"}},
        [
            "59: 500 incoming 0346057124 on T2 01, 50 s ring 8 + external forwarding",
            "59: 500 outgoing 0388551122 on T2 01, 50 s + external forwarding",
        ],
    ),
    (
        "internal: two rows", BETWEEN, {},
        ["51: 101 local call 128, 50 s", "51: 128 local call 101, 50 s"],
    ),
    (
        "internal, diverted outside", BETWEEN, {"128": {"diverted_to": "0388551122"}},
        ["51: 128 outgoing 0388551122 on T2 01, 50 s + external forwarding"],
    ),
    (
        "internal to a data device", BETWEEN | {"number": "140"}, {}, [],
    ),
    (
        "transferred from the booth to a room (SMDR6): each his part",
        OUT | {"user": "120", "transfer_to": "106", "transfer_after_seconds": 20}, {},
        [
            "21: 120 outgoing 00390670000 on T2 01, 20 s",
            "51: 106 outgoing transfer 00390670000 on T2 01, 30 s + transfer",
        ],
    ),
    (
        "incoming, transferred by the member who answered",
        IN | {"user": "500", "transfer_to": "106", "transfer_after_seconds": 20}, {},
        [
            "29: 130 incoming 0346057124 on T2 01, 20 s ring 8",
            "59: 106 incoming transfer 0346057124 on T2 01, 30 s + transfer",
        ],
    ),
    (
        "internal, transferred", BETWEEN | {"transfer_to": "106", "transfer_after_seconds": 20}, {},
        [
            "21: 101 local call 128, 20 s",
            "21: 128 local call 101, 20 s",
            "51: 106 local call 128, 30 s + transfer",
            "51: 128 local call 106, 30 s + transfer",
        ],
    ),
    (
        "transferred to a set that is busy: the call stays where it is",
        OUT | {"transfer_to": "106", "transfer_after_seconds": 20},
        {"106": {"condition": "busy"}},
        ["51: 128 outgoing 00390670000 on T2 01, 50 s"],
    ),
    (
        "conference of one outside and one inside",
        OUT | {"conference_with": ["0199", "101"], "conference_after_seconds": 10}, {},
        [
            "51: 128 outgoing 00390670000 on T2 01, 50 s",
            "51: 128 outgoing 0199 on T2 01, 40 s",
            "51: 128 local call 101, 40 s",
            "51: 101 local call 128, 40 s",
        ],
    ),
    (
        "from line to line", {"direction": "incoming", "user": "N01", "number": "0199",
                              "break_in": True, "trunk": "L02"}, {},
        [
            "51: 01 break-in None on T0 01, 50 s",
            "51: 01 break-out 0199 on analogue 02, 50 s",
        ],
    ),
    (
        "over the private network", OUT | {"network": True, "units": None}, {},
        ["51: 128 outgoing private 00390670000 on T2 01, 50 s"],
    ),
    (
        "from the private network, transferred",
        IN | {"network": True, "transfer_to": "106", "transfer_after_seconds": 1}, {},
        [
            "10: 128 incoming private 0346057124 on T2 01, 1 s ring 8",
            "59: 106 incoming transfer private 0346057124 on T2 01, 49 s + transfer",
        ],
    ),
    (
        "longer than a day: 23:59:59 at most, and on", OUT | {"call_seconds": 86_400}, {},
        [
            "86400: 128 outgoing 00390670000 on T2 01, 86399 s",
            "86401: 128 outgoing 00390670000 on T2 01, 1 s",
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "states", "expected"),
    [play[1:] for play in PLAYS],
    ids=[str(play[0]) for play in PLAYS],
)
def test_a_call_leads_to_the_tickets_prescribed_when_they_are(
    order: dict[str, Any], states: dict[str, Any], expected: list[str]
) -> None:
    desk = Desk()
    for number, state in states.items():
        desk.set_up(number, **state)
    placed = desk.place(order)
    assert desk.told() == expected
    assert placed.ids == list(range(1, len(expected) + 1))
    assert desk.ended()[0]["tickets"] == placed.ids
    assert desk.busy_lines() == {}


@pytest.mark.parametrize(
    ("order", "states", "outcome", "why"),
    [
        (OUT, {}, "answered", None),
        (IN | {"call_seconds": 0}, {}, "unanswered", None),
        (IN, {"128": {"condition": "busy"}}, "busy", None),
        (IN, {"128": {"condition": "out of service"}}, "out of service", None),
        (BETWEEN, {"128": {"condition": "do not disturb"}}, "do not disturb", None),
        (IN | {"user": "140"}, {}, "refused: data device", "refused: data device"),
    ],
)
def test_what_became_of_a_call_is_told_at_once_and_in_the_ledger(
    order: dict[str, Any], states: dict[str, Any], outcome: str, why: str | None
) -> None:
    desk = Desk()
    for number, state in states.items():
        desk.set_up(number, **state)
    assert desk.place(order, times=2).outcomes == [outcome, outcome]
    begun = [detail for event, detail in desk.lines if event == "call"]
    assert [(one["call"], one["outcome"]) for one in begun] == [("c1", outcome), ("c2", outcome)]
    assert [one.get("why") for one in desk.ended()] == [why, why]


def test_the_first_called_stays_the_initial_user() -> None:
    desk = Desk()
    desk.set_up("500", diverted_to="128")
    desk.place(IN, user="500", transfer_to="106", transfer_after_seconds=5)
    found = [(t.initial_user, t.initial_user_kind, t.charged_user) for t in desk.tickets()]
    group = UserKind.HUNTING_GROUP
    assert found == [("500", group, "128"), ("500", group, "106")]
    assert [t.subscriber_name for t in desk.tickets()] == [
        desk.calls.directory[number].name for number in ("128", "106")
    ]


def test_each_part_begins_when_it_does_and_only_the_first_rang() -> None:
    desk = Desk()
    desk.place(IN, transfer_to="106", transfer_after_seconds=20)
    first, second = desk.tickets()
    assert [str(t.local_time.time()) for t in (first, second)] == ["14:00:00", "14:00:28"]
    assert (first.ring_seconds, second.ring_seconds) == (8, 0)


def test_nobody_dials_where_a_diversion_or_a_transfer_does() -> None:
    desk = Desk()
    redial = DiallingMode.REDIAL
    desk.place(OUT, dialling_mode=redial, transfer_to="106", transfer_after_seconds=5)
    assert [t.dialling_mode for t in desk.tickets()] == [redial, None]


def test_local_rows_say_their_end_over_a_change_of_the_clocks() -> None:
    desk = Desk(start=datetime(2020, 3, 29, 1, 59, 30))  # noqa: DTZ001
    desk.place(BETWEEN)
    row, _ = desk.tickets()
    assert (row.kind, row.direction) == (Kind.LOCAL_CALL, Direction.LOCAL)
    assert (row.local_time, row.local_end) == (
        datetime(2020, 3, 29, 1, 59, 30),  # noqa: DTZ001
        datetime(2020, 3, 29, 3, 0, 20),  # noqa: DTZ001
    )


def test_a_continued_call_goes_on_where_its_ticket_ended() -> None:
    desk = Desk(metering__long_calls="continue", charging__advice_seconds=60)
    desk.place(OUT, call_seconds=200_000, units=None)
    assert [t.call_seconds for t in desk.tickets()] == [86_399, 86_399, 27_202]
    assert [str(t.local_time) for t in desk.tickets()] == [
        "2020-02-24 14:00:00", "2020-02-25 13:59:59", "2020-02-26 13:59:58",
    ]  # fmt: skip
    assert sum(t.units or 0 for t in desk.tickets()) == 3_334
    grown = Desk(metering__long_calls="grow")
    grown.place(OUT, call_seconds=200_000)
    assert [t.call_seconds for t in grown.tickets()] == [200_000]


def test_facilities_are_asked_for_and_cancelled() -> None:
    desk = Desk()
    wanted = Facility.EXTERNAL_FORWARDING
    for cancelled in (False, True):
        placed = desk.calls.request(FacilityRequest("128", wanted, cancelled))
        desk.clock.advance(placed.seconds)
    asked, gone = desk.tickets()
    assert (asked.kind, asked.facilities, asked.dialled_number) == (Kind.FACILITY, (wanted,), None)
    assert (asked.call_seconds, asked.ring_seconds) == (0, 0)
    assert asked.communication_type is CommunicationType.FACILITY_REQUEST
    assert gone.communication_type is CommunicationType.FACILITY_CANCELLED
    with pytest.raises(SubscriberUnknown):
        desk.calls.request(FacilityRequest("7", wanted))


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
    settings: dict[str, Any], order: dict[str, Any], why: str
) -> None:
    desk = Desk(**settings)
    desk.place(order)
    assert desk.tickets() == []
    (ended,) = desk.ended()
    assert ended["tickets"] == []
    assert str(ended["why"]).startswith(why)
    plain = Desk()
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
def test_outgoing_calls_that_meet_one_criterion_are_ticketed(settings: dict[str, Any]) -> None:
    desk = Desk(metering__monitoring="outgoing", **settings)
    desk.place(OUT, call_seconds=60, units=2)
    assert len(desk.tickets()) == 1


def test_a_set_has_a_monitoring_of_its_own() -> None:
    desk = Desk(metering__monitoring="none")
    desk.set_up("128", monitoring="all")
    desk.place(OUT, BETWEEN)
    assert [ticket.charged_user for ticket in desk.tickets()] == ["128", "128"]


def test_the_last_four_dialled_digits_are_masked_and_no_others() -> None:
    desk = Desk(metering__mask_last_four=True)
    desk.place(OUT | {"number": "199"}, OUT, IN, BETWEEN)
    told = {(ticket.dialled_number, *ticket.masked.items()) for ticket in desk.tickets()}
    assert told == {
        ("***", ("dialled_number", 3)), ("0039067****", ("dialled_number", 4)),
        ("0346057124",), ("101",), ("128",),
    }  # fmt: skip


# Lines, sets, money.


def test_a_line_is_in_use_as_long_as_somebody_talks_on_it() -> None:
    desk = Desk()
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


def test_a_diverted_call_needs_two_lines_or_is_not_placed() -> None:
    desk = Desk()
    desk.set_up("128", diverted_to="0199")
    desk.calls.place([CallOrder(**OUT, times=155)])
    with pytest.raises(TrunkUnavailable, match="156 calls at once"):
        desk.calls.place([CallOrder(**IN)])
    assert sum(desk.busy_lines().values()) == 155
    assert desk.place(OUT).outcomes == ["answered"]


def test_a_line_to_line_call_uses_the_line_it_came_in_on() -> None:
    desk = Desk()
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
    ],
)
def test_a_wrong_order_is_named_and_nothing_happens(wrong: dict[str, Any], words: str) -> None:
    desk = Desk()
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
def test_a_set_that_cannot_be_so_is_named(number: str, state: dict[str, Any], words: str) -> None:
    desk = Desk()
    with pytest.raises((OrderError, SubscriberUnknown), match=words):
        desk.set_up(number, **state)
    assert desk.lines == []


def test_who_has_no_money_is_barred_and_may_still_be_called() -> None:
    desk = Desk()
    desk.money["106"] = Decimal(0)
    placed = desk.place(OUT | {"user": "106"}, IN | {"user": "106"}, BETWEEN | {"user": "106"})
    assert placed.outcomes == ["barred", "answered", "answered"]
    assert desk.ended()[0] == {"call": "c1", "tickets": [], "why": "barred"}
    assert desk.busy_lines() == {}


def test_a_call_is_cut_off_when_the_money_is_used_up() -> None:
    desk = Desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal("8.50")  # five units
    placed = desk.place(OUT | {"user": "106", "units": None, "call_seconds": 300})
    assert placed.outcomes == ["cut off"]
    (ticket,) = desk.tickets()
    assert (ticket.call_seconds, ticket.units, ticket.cost) == (50, 5, Decimal("8.50"))
    assert desk.money["106"] == 0
    assert desk.busy_lines() == {}


def test_calls_side_by_side_spend_the_same_money_once() -> None:
    desk = Desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal("8.50")
    order = OUT | {"user": "106", "units": None, "call_seconds": 30}
    assert desk.place(order, order, order).outcomes == ["answered", "cut off", "barred"]
    assert [ticket.units for ticket in desk.tickets()] == [2, 3]
    assert desk.money["106"] == 0


def test_who_is_handed_a_call_without_money_is_cut_off_there() -> None:
    desk = Desk(charging__advice_seconds=10)
    desk.money["106"] = Decimal(0)
    order = {"units": None, "transfer_to": "106", "transfer_after_seconds": 20}
    assert desk.place(OUT, **order).outcomes == ["cut off"]
    assert desk.told() == ["21: 128 outgoing 00390670000 on T2 01, 20 s"]


def test_a_buffer_that_blocks_gives_no_line_that_would_be_charged() -> None:
    desk = Desk()
    desk.full = True
    placed = desk.place(OUT, IN, BETWEEN, OUT | {"network": True})
    assert placed.outcomes == ["barred", "answered", "answered", "answered"]


@pytest.mark.parametrize(("kept", "ids"), [(True, [1]), (False, [])])
def test_a_reset_ends_every_call_and_keeps_the_parts_that_had_ended(
    kept: bool,  # noqa: FBT001
    ids: list[int],
) -> None:
    desk = Desk(metering__write_delay_seconds=30)
    desk.calls.place([CallOrder(**OUT, transfer_to="106", transfer_after_seconds=20)])
    desk.clock.advance(25)
    desk.calls.hang_up("cold reset", kept=kept)
    assert desk.ended() == [{"call": "c1", "tickets": ids, "why": "cold reset"}]
    assert desk.busy_lines() == {}
    desk.clock.advance(1000)
    assert len(desk.made) == len(ids)


def test_a_reset_between_a_calls_end_and_its_ticket_frees_no_line_twice() -> None:
    desk = Desk(metering__write_delay_seconds=30)
    desk.calls.place([CallOrder(**OUT)])
    desk.clock.advance(60)
    desk.calls.hang_up("warm reset", kept=True)
    assert desk.ended() == [{"call": "c1", "tickets": [1]}]
    assert desk.busy_lines() == {}


def test_the_units_of_an_order_are_those_of_its_first_leg() -> None:
    desk = Desk(charging__advice_seconds=10)
    desk.place(OUT, units=9, conference_with=["0199"], conference_after_seconds=20)
    assert [(ticket.dialled_number, ticket.units) for ticket in desk.tickets()] == [
        ("00390670000", 9), ("0199", 3),
    ]  # fmt: skip
