"""Which tickets calls lead to, and when: orders in, tickets and ledger lines out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from oxo_simulator.exchange.directory import SubscriberUnknown
from oxo_simulator.exchange.orders import FacilityRequest
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
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
    make_desk: MakeDesk, order: dict[str, Any], states: dict[str, Any], expected: list[str]
) -> None:
    desk = make_desk()
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
    make_desk: MakeDesk,
    order: dict[str, Any],
    states: dict[str, Any],
    outcome: str,
    why: str | None,
) -> None:
    desk = make_desk()
    for number, state in states.items():
        desk.set_up(number, **state)
    assert desk.place(order, times=2).outcomes == [outcome, outcome]
    begun = [detail for event, detail in desk.lines if event == "call"]
    assert [(one["call"], one["outcome"]) for one in begun] == [("c1", outcome), ("c2", outcome)]
    assert [one.get("why") for one in desk.ended()] == [why, why]


def test_the_first_called_stays_the_initial_user(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.set_up("500", diverted_to="128")
    desk.place(IN, user="500", transfer_to="106", transfer_after_seconds=5)
    found = [(t.initial_user, t.initial_user_kind, t.charged_user) for t in desk.tickets()]
    group = UserKind.HUNTING_GROUP
    assert found == [("500", group, "128"), ("500", group, "106")]
    assert [t.subscriber_name for t in desk.tickets()] == [
        desk.calls.directory[number].name for number in ("128", "106")
    ]


def test_each_part_begins_when_it_does_and_only_the_first_rang(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.place(IN, transfer_to="106", transfer_after_seconds=20)
    first, second = desk.tickets()
    assert [str(t.local_time.time()) for t in (first, second)] == ["14:00:00", "14:00:28"]
    assert (first.ring_seconds, second.ring_seconds) == (8, 0)


def test_nobody_dials_where_a_diversion_or_a_transfer_does(make_desk: MakeDesk) -> None:
    desk = make_desk()
    redial = DiallingMode.REDIAL
    desk.place(OUT, dialling_mode=redial, transfer_to="106", transfer_after_seconds=5)
    assert [t.dialling_mode for t in desk.tickets()] == [redial, None]


def test_local_rows_say_their_end_over_a_change_of_the_clocks(make_desk: MakeDesk) -> None:
    desk = make_desk(start=datetime(2020, 3, 29, 1, 59, 30))  # noqa: DTZ001
    desk.place(BETWEEN)
    row, _ = desk.tickets()
    assert (row.kind, row.direction) == (Kind.LOCAL_CALL, Direction.LOCAL)
    assert (row.local_time, row.local_end) == (
        datetime(2020, 3, 29, 1, 59, 30),  # noqa: DTZ001
        datetime(2020, 3, 29, 3, 0, 20),  # noqa: DTZ001
    )


def test_a_continued_call_goes_on_where_its_ticket_ended(make_desk: MakeDesk) -> None:
    desk = make_desk(metering__long_calls="continue", charging__advice_seconds=60)
    desk.place(OUT, call_seconds=200_000, units=None)
    assert [t.call_seconds for t in desk.tickets()] == [86_399, 86_399, 27_202]
    assert [str(t.local_time) for t in desk.tickets()] == [
        "2020-02-24 14:00:00", "2020-02-25 13:59:59", "2020-02-26 13:59:58",
    ]  # fmt: skip
    assert sum(t.units or 0 for t in desk.tickets()) == 3_334
    grown = make_desk(metering__long_calls="grow")
    grown.place(OUT, call_seconds=200_000)
    assert [t.call_seconds for t in grown.tickets()] == [200_000]


def test_facilities_are_asked_for_and_cancelled(make_desk: MakeDesk) -> None:
    desk = make_desk()
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
