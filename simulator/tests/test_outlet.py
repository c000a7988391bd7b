"""One exchange with several outlets: each keeps its own count, and no word of another's."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.outlet import AlarmNames, OutletTerms
from oxo_simulator.exchange.port import NeverOffered
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import Kind, Ticket

REMINDER = Ticket(kind=Kind.REMINDER, local_time=datetime(2020, 2, 24, 14))  # noqa: DTZ001
CALL = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14), call_seconds=3)  # noqa: DTZ001
MISSED = CallOrder(direction="incoming", user="106", number="0346", ring_seconds=20, call_seconds=0)

Lines = list[tuple[str, dict[str, Any]]]


def calls_only(ticket: Ticket) -> str | None:
    return None if ticket.kind is Kind.CALL else "not kept here"


NMC = OutletTerms(wire="nmc", capacity=2, alarm_percent=50, accepts=calls_only)
V24 = OutletTerms(wire="v24", capacity=2, alarm_percent=0, overflow="oldest")
OHL = OutletTerms(wire="ohl", capacity=9, alarm_percent=100, licensed=True)


def installed(
    *terms: OutletTerms, clock: VirtualClock | None = None, **overrides: Any
) -> tuple[Exchange, Lines]:
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    profile = load_profile("certify", dotted)
    lines: Lines = []
    exchange = Exchange(
        profile=profile,
        seed=1,
        epoch="e",
        clock=WallClock(clock or VirtualClock(), profile.start, ZoneInfo(profile.zone)),
        record=lambda event, detail: lines.append((event, detail)),
        outlets=[outlet_terms(profile), *terms],
    )
    return exchange, lines


def of(wire: str, lines: Lines) -> Lines:
    """Return a wire's own lines, without its name."""
    return [
        (event, {key: value for key, value in detail.items() if key != "wire"})
        for event, detail in lines
        if event != "made" and detail.get("wire", "taxation") == wire
    ]


def test_a_ticket_is_made_once_and_then_kept_or_dropped_at_each_outlet() -> None:
    exchange, lines = installed(NMC, V24, OHL)
    exchange.load([REMINDER, CALL], 0)
    assert [detail["id"] for event, detail in lines if event == "made"] == [1, 2]
    assert of("taxation", lines) == [
        ("buffered", {"id": 1, "sequence": 1}),
        ("buffered", {"id": 2, "sequence": 2}),
    ]
    assert of("nmc", lines) == [
        ("dropped", {"id": 1, "reason": "not kept here"}),
        ("buffered", {"id": 2, "sequence": 1}),
        ("alarm", {"buffered": 1, "capacity": 2, "percent": 50}),
    ]
    assert of("ohl", lines) == of("taxation", lines) == of("v24", lines)


def test_lines_of_the_taxation_wire_carry_no_name_and_closed_wires_leave_no_line() -> None:
    exchange, lines = installed()
    exchange.load([CALL], 0)
    exchange.offered(1, 1, "s1", "c1")
    exchange.acknowledge(1, "s1", "c1")
    assert not any("wire" in detail for _, detail in lines)
    assert [event for event, _ in lines] == ["made", "buffered", "offered", "acknowledged"]


def test_a_full_outlet_drops_the_newest_or_the_oldest_and_the_others_go_on() -> None:
    exchange, lines = installed(NMC, V24)
    exchange.load([CALL] * 4, 0)
    dropped = [("dropped", {"id": number, "reason": "buffer full"}) for number in (1, 2, 3, 4)]
    assert [line for line in of("nmc", lines) if line[0] == "dropped"] == dropped[2:]
    assert [line for line in of("v24", lines) if line[0] == "dropped"] == dropped[:2]
    assert [one.id for one in exchange.outlets["nmc"].waiting(9)] == [1, 2]
    assert [(one.sequence, one.id) for one in exchange.outlets["v24"].waiting(9)] == [
        (3, 3),
        (4, 4),
    ]
    assert exchange.waiting_count() == 4


def test_the_licence_concerns_the_wires_that_need_it_alone() -> None:
    exchange, lines = installed(NMC, V24, OHL, licence__call_accounting_over_ip=False)
    exchange.load([CALL], 0)
    unlicensed = [("dropped", {"id": 1, "reason": "no licence"})]
    assert of("taxation", lines) == of("ohl", lines) == unlicensed
    assert [event for event, _ in of("v24", lines)] == ["buffered"]
    assert of("nmc", lines)[0] == ("buffered", {"id": 1, "sequence": 1})


def test_a_call_that_leads_to_no_ticket_is_no_outlets_business() -> None:
    clock = VirtualClock()
    exchange, lines = installed(V24, clock=clock, metering__unanswered_incoming=False)
    clock.advance(exchange.place([MISSED]).seconds)
    assert of("v24", lines) == []
    assert [event for event, _ in lines] == ["call", "call ended"]


def test_what_is_consumed_leaves_one_outlet_and_says_how() -> None:
    exchange, lines = installed(V24)
    exchange.load([CALL, CALL], 0)
    outlet = exchange.outlets["v24"]
    outlet.offered(1, 1, "v1", "c1")
    assert outlet.consumed(1, "v1", "c1", "printed") == 1
    assert outlet.consumed(1, "v1", "c1", "printed") == 0
    assert [one.sequence for one in outlet.waiting(9)] == [2]
    assert exchange.waiting_count() == 2
    span = {"first": 1, "last": 1, "session": "v1", "connection": "c1", "wire": "v24"}
    assert lines[-2:] == [("offered", span), ("consumed", {**span, "how": "printed"})]


FILES = OutletTerms(wire="account", capacity=9, alarm_percent=0)


def test_what_is_filed_leaves_the_outlet_and_the_file_has_a_life_of_its_own() -> None:
    exchange, lines = installed(FILES)
    exchange.load([CALL, CALL, CALL], 0)
    outlet = exchange.outlets["account"]
    assert [one.id for one in outlet.filed(2, "A.DAT")] == [1, 2]
    assert outlet.filed(2, "B.DAT") == []
    outlet.file_offered(1, 2, "A.DAT", "a1", "c1")
    outlet.file_fetched(1, 2, "A.DAT", "a1", "c1")
    outlet.file_expired(1, 2, "A.DAT", fetched=True)
    assert [one.sequence for one in outlet.waiting(9)] == [3]
    span = {"first": 1, "last": 2, "file": "A.DAT"}
    one = {"session": "a1", "connection": "c1"}
    assert of("account", lines)[-4:] == [
        ("filed", span),
        ("offered", {**span, **one}),
        ("fetched", {**span, **one}),
        ("expired", {**span, "fetched": True}),
    ]


STREAM = OutletTerms(
    wire="stream",
    capacity=2,
    alarm_percent=50,
    notices=lambda notice: notice.kind == "mao",
    alarm_names=AlarmNames("HALF", "FULL"),
)


def test_what_is_sent_leaves_and_alarms_have_the_names_that_the_wire_gives() -> None:
    exchange, lines = installed(STREAM)
    exchange.load([CALL] * 4, 0)
    outlet = exchange.outlets["stream"]
    assert outlet.sent(1, "e1", "c1") == 1
    assert outlet.sent(1, "e1", "c1") == 0
    exchange.load([CALL] * 2, 0)
    outlet.lose("lost with the CPU")
    told = [
        (event, detail.get("name") or detail.get("id") or detail.get("first"))
        for event, detail in of("stream", lines)
    ]
    assert told == [
        ("buffered", 1), ("alarm", "HALF"), ("buffered", 2),
        ("dropped", 3), ("alarm", "FULL"), ("dropped", 4), ("sent", 1),
        ("buffered", 5), ("dropped", 6), ("alarm", "FULL"),
        ("dropped", 2), ("dropped", 5),
    ]  # fmt: skip


def test_a_notice_goes_to_the_wires_that_take_it_and_stands_behind_the_tickets_there() -> None:
    exchange, lines = installed(STREAM, FILES)
    exchange.load([CALL], 0)
    exchange.set_licence(call_accounting_over_ip=False)
    exchange.notify(Notice("voip", exchange.now(), call=CALL))
    outlet = exchange.outlets["stream"]
    (noticed,) = outlet.notices
    assert noticed.behind == 1
    assert dict(noticed.notice.items)["CALL_ACCOUNTING_OVER_IP"] == "CLOSED"
    assert outlet.noticed("e1", "c1") == noticed.notice
    assert of("stream", lines)[-1] == (
        "notice", {"kind": "mao", "session": "e1", "connection": "c1"},
    )  # fmt: skip
    assert not outlet.notices
    assert not exchange.outlets["account"].notices


def test_only_the_end_of_a_call_over_a_voip_trunk_is_a_notice() -> None:
    terms = OutletTerms(wire="stream", capacity=9, alarm_percent=0, notices=lambda _notice: True)
    clock = VirtualClock()
    exchange, _ = installed(terms, clock=clock)
    order = CallOrder(direction="outgoing", user="106", number="0346", call_seconds=7)
    exchange.place([order, msgspec.structs.replace(order, trunk="V01")])
    assert not exchange.outlets["stream"].notices
    clock.advance(60)
    ((behind, notice, _number),) = exchange.outlets["stream"].notices
    assert (behind, notice.kind) == (2, "voip")
    assert notice.call is not None
    assert notice.call.call_seconds == 7


def test_a_timer_of_exchange_time_can_be_cancelled() -> None:
    clock = VirtualClock()
    exchange, _ = installed(clock=clock)
    done: list[str] = []
    kept = exchange.later(3600, lambda: done.append("kept"))
    gone = exchange.later(1800, lambda: done.append("gone"))
    gone.cancel()
    assert (kept.active(), gone.active()) == (True, False)
    clock.advance(3599)
    assert done == []
    clock.advance(1)
    assert done == ["kept"]


def test_no_outlet_acknowledges_what_another_one_offered() -> None:
    exchange, _ = installed(V24)
    exchange.load([CALL], 0)
    exchange.outlets["v24"].offered(1, 1, "v1", "c1")
    with pytest.raises(NeverOffered):
        exchange.acknowledge(1, "s1", "c1")


def test_a_watcher_hears_of_what_was_put_in_when_it_is_in_the_ledger_and_of_nothing_else() -> None:
    exchange, lines = installed(NMC)
    heard: list[tuple[int, str]] = []
    outlet = exchange.outlets["nmc"]
    outlet.watch(lambda: heard.append((outlet.waiting_count(), lines[-1][0])))
    exchange.load([CALL, REMINDER, CALL, CALL], 0)
    assert heard == [(1, "alarm"), (2, "buffered")]


PRINTED = OutletTerms(
    wire="v24",
    capacity=3,
    alarm_percent=60,
    notices=lambda _notice: True,
    notices_count=True,
    alarm_names=AlarmNames("HALF", "FULL"),
)


def words(lines: Lines) -> list[tuple[str, Any]]:
    """Return what happened, with the id or name that tells which."""
    return [
        (event, detail.get("name") or detail.get("id") or detail.get("reason"))
        for event, detail in of("v24", lines)
    ]


def test_a_document_is_one_item_of_the_print_buffer_and_raises_its_alarms() -> None:
    exchange, lines = installed(PRINTED)
    exchange.load([CALL], 0)
    exchange.notify(Notice("guest bill", exchange.now()))
    exchange.load([CALL, CALL], 0)
    exchange.notify(Notice("guest bill", exchange.now()))
    assert words(lines) == [
        ("buffered", 1), ("alarm", "HALF"), ("buffered", 2), ("dropped", 3), ("alarm", "FULL"),
        ("notice dropped", "buffer full"),
    ]  # fmt: skip
    outlet = exchange.outlets["v24"]
    outlet.noticed_through(1, "v1", "c1")
    assert (outlet.buffer.filling, len(outlet.notices)) == (2, 0)
    exchange.load([CALL], 0)
    assert words(lines)[-2:] == [("notice", None), ("buffered", 4)]


def test_the_oldest_item_may_be_a_document() -> None:
    exchange, lines = installed(replace(PRINTED, overflow="oldest"))
    exchange.notify(Notice("guest bill", exchange.now()))
    exchange.load([CALL, CALL, CALL], 0)
    exchange.notify(Notice("booth bill", exchange.now()))
    assert [event for event, _ in words(lines) if "dropped" in event] == [
        "notice dropped", "dropped",
    ]  # fmt: skip
    outlet = exchange.outlets["v24"]
    assert [one.id for one in outlet.waiting(9)] == [2, 3]
    assert [(one.behind, one.notice.kind, one.number) for one in outlet.notices] == [
        (3, "booth bill", 2)
    ]
