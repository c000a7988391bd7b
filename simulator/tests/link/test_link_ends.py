"""Faults that keep two ends apart: cut, refused, deaf, half-open; and how each of them ends."""

from typing import Any

import pytest
from oxo_simulator.control.messages import ArmedFault, Fault, LedgerLine
from oxo_simulator.link.faults import FaultUnknown


def test_two_cuts_hold_until_both_have_ended(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("cut", heal_after_seconds=1)
    paper.strike("cut", towards="collector", heal_after_seconds=2)
    pair.exchange.say(b"answer")
    pair.collector.say(b"question")
    paper.advance(1)
    assert (pair.exchange.heard, pair.collector.heard) == ([(1.0, b"question")], [])
    paper.advance(1)
    assert pair.collector.heard == [(2.0, b"answer")]
    assert [each["id"] for each in paper.told("healed")] == ["f1", "f2"]


def test_a_connection_that_came_behind_a_cut_is_dialled_when_it_heals(paper: Any) -> None:
    paper.strike("cut", heal_after_seconds=1)
    pair = paper.connect()
    pair.collector.say(b"hello")
    assert not paper.is_dialled()
    paper.advance(1)
    paper.answer()
    assert pair.exchange.text == b"hello"


@pytest.mark.parametrize("port", ["standard", "nmc-data-1"])
@pytest.mark.parametrize("ends", ["restored", "healed"])
def test_an_end_that_closed_behind_a_cut_is_not_dialled_again(
    paper: Any, port: str, ends: str
) -> None:
    pair = paper.connect(port)
    paper.strike("cut", heal_after_seconds=60 if ends == "healed" else 0)
    pair.exchange.say(b"goodbye")
    pair.exchange.leave()
    if ends == "healed":
        paper.advance(60)
    else:
        paper.restore()
    assert pair.collector.text == b"goodbye"
    assert (paper.reactor.tcpClients, pair.exchange.protocol) == ([], None)


def test_a_counted_cut_heals_too(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("carry then cut", carry_bytes=2, towards="collector", heal_after_seconds=1)
    pair.exchange.say(b"0123")
    assert pair.collector.text == b"01"
    paper.advance(1)
    assert pair.collector.heard[-1] == (1.0, b"23")


def test_a_count_that_was_not_reached_ends_with_its_time(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("carry then reset", carry_bytes=2, towards="collector", heal_after_seconds=1)
    paper.advance(1)
    pair.exchange.say(b"0123")
    assert pair.collector.text == b"0123"


def test_a_reset_that_was_spent_does_not_heal(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("carry then reset", carry_bytes=0, towards="collector", heal_after_seconds=1)
    pair.exchange.say(b"x")
    paper.advance(5)
    assert pair.collector.end == (0.0, "reset")
    assert paper.told("healed") == []
    assert paper.told("spent") == [{"id": "f1", "kind": "carry then reset", "ports": []}]


def test_every_line_of_a_fault_tells_where_it_is(paper: Any) -> None:
    """Whoever reads the ledger for one wire is not to be told of another."""
    pair, other = paper.connect("v24"), paper.connect("standard")
    paper.strike("corrupt", corrupt_every_bytes=1, ports=["v24"], heal_after_seconds=1)
    pair.exchange.say(b"x")
    other.exchange.say(b"x")
    paper.advance(1)
    paper.strike("cut")
    other.exchange.say(b"x")
    told = [paper.told(event) for event in ("fault", "corrupted", "healed", "held")]
    assert [[each.get("ports") or each.get("port") for each in one] for one in told] == [
        [None, None], ["v24"], [["v24"]], ["standard"]
    ]  # fmt: skip
    assert [each["fault"]["ports"] for each in told[0]] == [["v24"], []]


def test_a_fault_that_was_armed_names_the_line_that_set_it_off(paper: Any) -> None:
    fault = Fault(kind="cut", ports=["v24"])
    paper.link.arm(ArmedFault(fault=fault, when="consumed", wire="v24"))
    line = LedgerLine(n=17, at="", exchange_time="", event="consumed", detail={"wire": "v24"})
    paper.link.ledger_line(line)
    paper.strike("cut", ports=["v24"])
    assert [each.get("cause") for each in paper.told("fault")] == [17, None]


def test_a_door_opens_when_nothing_refuses_any_more(paper: Any) -> None:
    door = paper.link.doors["v24"]
    paper.strike("refuse", heal_after_seconds=1)
    paper.strike("refuse", ports=["v24"], heal_after_seconds=2)
    assert door._listening is None
    paper.advance(1)
    assert paper.link.doors["standard"]._listening is not None
    assert door._listening is None
    paper.advance(1)
    assert door._listening is not None


def test_a_deaf_listener_takes_connections_and_answers_nothing(paper: Any) -> None:
    old = paper.connect()
    paper.strike("deaf")
    new = paper.connect()
    assert not paper.is_dialled()
    for _ in range(3):
        new.collector.say(b"is anybody there?")
    old.collector.say(b"still")
    old.exchange.say(b"here")
    assert (old.exchange.text, old.collector.text) == (b"still", b"here")
    paper.advance(600)
    assert (new.collector.heard, new.collector.end) == ([], None)
    assert new.collector.reading
    assert paper.told("discarded") == [
        {"connection": "c2", "port": "standard", "towards": "exchange", "bytes": 17}
    ]
    paper.restore()
    assert new.collector.end == (600.0, "reset")
    assert not paper.is_dialled()
    fresh = paper.connect()
    fresh.collector.say(b"hello")
    assert fresh.exchange.text == b"hello"


def test_who_is_deaf_is_who_is_connected_to(paper: Any) -> None:
    paper.strike("deaf", towards="collector", heal_after_seconds=1)
    inwards = paper.connect("v24")
    assert paper.is_dialled()
    outwards = paper.lead()
    assert not paper.is_dialled()
    inwards.collector.say(b"heard")
    assert inwards.exchange.text == b"heard"
    paper.advance(1)
    assert outwards.exchange.end == (1.0, "reset")
    assert inwards.collector.end is None


def test_who_hangs_up_on_a_deaf_listener_is_gone(paper: Any) -> None:
    paper.strike("deaf")
    pair = paper.connect()
    pair.collector.leave()
    assert paper.link.state().connections == []
    paper.restore()


@pytest.mark.parametrize(
    ("left", "vanished"), [("exchange", "collector"), ("collector", "exchange")]
)
def test_the_end_that_is_left_is_told_nothing(paper: Any, left: str, vanished: str) -> None:
    pair = paper.connect()
    paper.strike("half-open", towards=left)
    assert pair.end(vanished).end == (0.0, "reset")
    for _ in range(2):
        pair.end(left).say(b"is anybody there?")
    paper.advance(600)
    assert (pair.end(left).heard, pair.end(left).end) == ([], None)
    assert paper.told("discarded") == [
        {"connection": "c1", "port": "standard", "towards": vanished, "bytes": 17}
    ]
    assert [each.name for each in paper.link.state().connections] == ["c1"], "it believes in it"
    again = paper.connect()
    again.collector.say(b"hello")
    assert again.exchange.text == b"hello"
    paper.restore()
    assert pair.end(left).end is None, "nobody says anything"
    pair.end(left).say(b"hello?")
    paper.advance(0)
    assert pair.end(left).end == (600.0, "reset")
    assert [each.name for each in paper.link.state().connections] == ["c2"]


def test_with_both_left_nobody_is_told_anything(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("half-open", heal_after_seconds=5)
    pair.collector.say(b"ask")
    pair.exchange.say(b"say")
    paper.advance(4)
    assert (pair.collector.heard, pair.exchange.heard) == ([], [])
    assert (pair.collector.end, pair.exchange.end) == (None, None)
    paper.advance(1)
    pair.collector.say(b"ask")
    paper.advance(0)
    assert (pair.collector.end, pair.exchange.end) == ((5.0, "reset"), (5.0, "reset"))


def test_the_end_of_one_is_not_told_to_the_other_either(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("half-open")
    pair.collector.leave()
    paper.advance(60)
    assert pair.exchange.end is None
    paper.restore(reset_connections=True)
    assert pair.exchange.end == (60.0, "reset")


def test_what_was_under_way_to_a_vanished_end_is_lost(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=100)
    pair.exchange.say(b"under way")
    paper.strike("cut", towards="exchange")
    pair.collector.say(b"held")
    paper.strike("half-open")
    paper.restore()
    paper.advance(1)
    assert (pair.collector.heard, pair.exchange.heard) == ([], [])


def test_a_connection_abandoned_while_it_is_dialled_leaves_nothing_behind(paper: Any) -> None:
    paper.answer = lambda: None
    pair = paper.connect()
    paper.strike("half-open", towards="collector")
    del paper.answer
    paper.answer()
    assert pair.exchange.end == (0.0, "reset")
    paper.restore(reset_connections=True)
    assert paper.link.state().connections == []


def test_who_was_reset_is_not_dialled_by_a_repair_in_the_same_turn(paper: Any) -> None:
    paper.strike("cut")
    pair = paper.connect()
    paper.link.strike(Fault(kind="reset"))
    paper.restore()
    assert pair.collector.end == (0.0, "reset")
    assert not paper.is_dialled()


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"kind": "cut", "ports": ["fax"]}, "port 'fax'; there are standard"),
        ({"kind": "cut", "slice_bytes": 3}, "slice_bytes belongs to 'slice', not to 'cut'"),
        ({"kind": "delay"}, "a delay of nothing; latency_ms or jitter_ms is expected"),
        ({"kind": "delay", "latency_ms": 60_001}, "latency_ms 60001; 0 to 60000 is expected"),
        ({"kind": "throttle"}, "bytes_per_second 0; 1 to 1073741824 is expected"),
        ({"kind": "slice"}, "slice_bytes 0; 1 to 65536 is expected"),
        ({"kind": "corrupt", "corrupt_every_bytes": -1}, "corrupt_every_bytes -1; 1 to"),
        ({"kind": "carry then cut", "carry_bytes": -1}, "carry_bytes -1; 0 to"),
        ({"kind": "cut", "heal_after_seconds": -1}, "heal_after_seconds -1; 0 "),
        ({"kind": "cut", "heal_after_seconds": 86_401}, "to 86400 is expected"),
        ({"kind": "reset", "heal_after_seconds": 1}, "a reset is over at once"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_happens(paper: Any, fault: Any, why: str) -> None:
    with pytest.raises(FaultUnknown, match=why):
        paper.link.strike(Fault(**fault))
    assert not paper.link.disturbed
    assert paper.told("fault") == []


def test_a_new_exchange_begins_on_a_whole_link(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("cut", heal_after_seconds=5)
    paper.strike("refuse")
    pair.exchange.say(b"of the old one")
    said: list[str] = []
    paper.link.renew(lambda event, _detail: said.append(event), 1)
    paper.advance(60)
    assert pair.collector.heard == []
    assert not paper.link.disturbed
    assert said == []
    assert paper.link.doors["standard"]._listening is not None
    fresh = paper.connect()
    fresh.collector.say(b"hello")
    assert fresh.exchange.text == b"hello"


@pytest.mark.parametrize(
    ("when", "wire", "why"),
    [
        ("sent", None, "'sent' never happens on the wire taxation; there are session opened, "),
        ("acknowledged", "ohl", "'acknowledged' never happens on the wire ohl"),
        ("switch-over", "v24", "session closed, offered, consumed, notice"),
        ("consumed", "account", "offered, filed, fetched"),
    ],
)
def test_nothing_waits_for_an_event_that_never_comes(
    paper: Any, when: Any, wire: Any, why: str
) -> None:
    armed = ArmedFault(fault=Fault(kind="cut"), when=when, wire=wire)
    with pytest.raises(FaultUnknown, match=why):
        paper.link.arm(armed)
    assert (paper.link.state().armed, paper.ledger) == ([], [])
