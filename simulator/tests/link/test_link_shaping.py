"""Delay, throttle, slices and noise on a link in memory: what was written to whom, and when."""

from collections.abc import Callable
from typing import Any

import pytest
from oxo_simulator.control.messages import ArmedFault, Fault, LedgerLine
from oxo_simulator.link.lane import HELD_BYTES_MAX

BOTH = ("exchange", "collector")


@pytest.mark.parametrize("towards", BOTH)
def test_a_delay_concerns_one_direction(paper: Any, towards: str) -> None:
    pair = paper.connect()
    paper.strike("delay", towards=towards, latency_ms=200)
    pair.other(towards).say(b"slow")
    pair.end(towards).say(b"fast")
    assert pair.other(towards).heard == [(0.0, b"fast")]
    paper.advance(0.199)
    assert pair.end(towards).heard == []
    paper.advance(0.001)
    assert pair.end(towards).heard == [(0.2, b"slow")]


def test_a_delay_concerns_new_connections_and_named_ports_alone(paper: Any) -> None:
    paper.strike("delay", latency_ms=100, ports=["nmc"])
    data, control, other = paper.connect("nmc-data-1"), paper.connect("nmc"), paper.connect("v24")
    for pair in (data, control, other):
        pair.exchange.say(b"x")
    paper.advance(1)
    assert [pair.collector.heard[0][0] for pair in (data, control, other)] == [0.1, 0.1, 0.0]


def test_a_connection_that_the_exchange_makes_is_delayed_too(paper: Any) -> None:
    paper.strike("delay", latency_ms=100, towards="collector", ports=["v24"])
    pair = paper.lead()
    pair.exchange.say(b"line")
    pair.collector.say(b"\x13")
    paper.advance(1)
    assert pair.collector.heard == [(0.1, b"line")]
    assert pair.exchange.heard == [(0.0, b"\x13")]


@pytest.mark.parametrize(("orderly", "how"), [(True, "orderly"), (False, "reset")])
def test_an_end_takes_the_same_way_behind_its_bytes(paper: Any, orderly: bool, how: str) -> None:  # noqa: FBT001
    pair = paper.connect()
    paper.strike("delay", latency_ms=100)
    pair.exchange.say(b"last words")
    paper.advance(0.05)
    pair.exchange.leave(orderly=orderly)
    paper.advance(0.06)
    assert (pair.collector.heard, pair.collector.end) == ([(0.1, b"last words")], None)
    paper.advance(0.05)
    assert pair.collector.end == (0.15, how)


def test_the_half_of_a_data_connection_ends_behind_its_bytes_too(paper: Any) -> None:
    pair = paper.connect("nmc-data-1")
    paper.strike("throttle", bytes_per_second=100, towards="collector")
    pair.exchange.say(b"0123456789")
    pair.exchange.protocol.readConnectionLost()
    paper.advance(0.06)
    assert (pair.collector.text, pair.collector.end) == (b"01234", None)
    assert not paper.link.delivered("c1")
    paper.advance(0.05)
    assert (pair.collector.text, pair.collector.end[1]) == (b"0123456789", "half")
    pair.collector.say(b"thanks")
    assert pair.exchange.text == b"thanks"
    assert paper.link.delivered("c1")


def test_slices_are_writes_of_their_own(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("slice", slice_bytes=3)
    pair.collector.say(b"01234567")
    assert pair.exchange.heard == [], "not in the turn in which they came"
    turn: list[int] = []
    paper.reactor.callLater(0, lambda: turn.append(len(pair.exchange.heard)))
    paper.advance(0)
    assert turn == [1], "each in a turn of its own"
    assert [data for _, data in pair.exchange.heard] == [b"012", b"345", b"67"]


def test_delay_slices_and_throttle_compose(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("throttle", bytes_per_second=40)
    paper.strike("delay", latency_ms=500)
    paper.strike("slice", slice_bytes=5)
    pair.exchange.say(b"0123456789")
    pair.exchange.leave()
    paper.advance(2)
    assert pair.collector.heard == [
        (0.55, b"01"), (0.6, b"23"), (0.625, b"4"), (0.675, b"56"), (0.725, b"78"), (0.75, b"9"),
    ]  # fmt: skip
    assert pair.collector.end == (0.75, "orderly")


def test_noise_is_told_byte_by_byte_and_summed_up(paper: Any) -> None:
    pair = paper.connect()
    pair.exchange.say(b"clean")
    paper.strike("corrupt", corrupt_every_bytes=10, towards="collector")
    sent = bytes(range(30))
    pair.exchange.say(sent)
    pair.collector.say(sent)
    paper.advance(0)
    assert pair.exchange.text == sent
    got = pair.collector.text[5:]
    changed = [place for place in range(30) if got[place] != sent[place]]
    assert [place // 10 for place in changed] == [0, 1, 2]
    assert paper.told("corrupted") == [
        {"connection": "c1", "port": "standard", "towards": "collector", "fault": "f1",
         "offset": place + 5, "was": f"{sent[place]:02x}", "became": f"{got[place]:02x}"}
        for place in changed
    ]  # fmt: skip
    paper.restore()
    (restored,) = paper.told("restored")
    assert restored["faults"] == [{"id": "f1", "corrupted_bytes": 3}]
    pair.exchange.say(sent)
    assert pair.collector.text[35:] == sent


def test_the_ledger_hears_of_a_hundred_changed_bytes_at_most(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("corrupt", corrupt_every_bytes=1)
    pair.exchange.say(bytes(60))
    pair.collector.say(bytes(60))
    assert len(paper.told("corrupted")) == 100
    paper.restore()
    assert paper.told("restored")[0]["faults"][0]["corrupted_bytes"] == 120


def test_noise_follows_the_seed_the_fault_and_the_connection(make_link: Callable[..., Any]) -> None:
    def got(seed: int) -> tuple[bytes, bytes]:
        paper = make_link(seed)
        first, second = paper.connect(), paper.connect()
        paper.strike("corrupt", corrupt_every_bytes=5)
        for pair in (first, second):
            pair.exchange.say(bytes(50))
        paper.advance(0)
        return first.collector.text, second.collector.text

    assert got(1) == got(1)
    assert got(1) != got(2)
    assert got(1)[0] != got(1)[1]


def test_a_new_exchange_brings_its_own_seed(make_link: Callable[..., Any]) -> None:
    def got(paper: Any) -> bytes:
        pair = paper.connect()
        paper.strike("corrupt", corrupt_every_bytes=5)
        pair.exchange.say(bytes(50))
        paper.advance(0)
        said: bytes = pair.collector.text
        return said

    renewed = make_link(1)
    got(renewed)
    renewed.link.renew(lambda _event, _detail: None, 2)
    renewed.advance(0)
    assert got(renewed) == got(make_link(2))


def test_what_is_under_way_comes_at_once_when_the_link_is_restored(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=60_000)
    paper.strike("throttle", bytes_per_second=1)
    pair.exchange.say(b"0123")
    pair.exchange.say(b"4567")
    pair.exchange.leave()
    paper.advance(3)
    assert pair.collector.heard == []
    paper.restore()
    assert (pair.collector.text, pair.collector.end) == (b"01234567", (3.0, "orderly"))


def test_restored_with_a_reset_what_is_under_way_is_lost(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=1000)
    pair.exchange.say(b"lost")
    paper.restore(reset_connections=True)
    assert (pair.collector.text, pair.collector.end) == (b"", (0.0, "reset"))
    assert pair.exchange.end == (0.0, "reset")


def test_a_cut_holds_what_is_under_way(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=100)
    pair.exchange.say(b"0123")
    paper.advance(0.05)
    paper.strike("cut")
    paper.advance(5)
    assert pair.collector.heard == []
    assert paper.told("held") == [
        {"connection": "c1", "port": "standard", "towards": "collector", "bytes": 4}
    ]
    pair.exchange.say(b"4567")
    paper.restore()
    assert pair.collector.text == b"01234567"


def test_a_count_ends_at_its_byte_behind_a_delay(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=100)
    paper.strike("carry then cut", carry_bytes=6, towards="collector")
    pair.exchange.say(b"0123")
    paper.advance(0.05)
    pair.exchange.say(b"456789")
    paper.advance(5)
    assert pair.collector.heard == [(0.1, b"0123"), (0.15, b"45")]
    assert paper.told("held") == [
        {"connection": "c1", "port": "standard", "towards": "collector", "bytes": 4}
    ]
    paper.restore()
    assert pair.collector.text == b"0123456789"


def test_a_reset_behind_a_count_waits_for_what_was_carried(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=100)
    paper.strike("carry then reset", carry_bytes=6, towards="collector")
    pair.exchange.say(b"0123456789")
    paper.advance(0.09)
    assert not pair.collector.end
    pair.exchange.say(b"not carried any more")
    paper.advance(0.05)
    assert pair.collector.heard == [(0.1, b"012345")]
    assert pair.collector.end[1] == "reset"
    assert [each.id for each in paper.link.state().in_force] == ["f1"]


def test_a_byte_is_the_collectors_when_it_was_written_to_it(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=100, towards="collector")
    pair.exchange.say(b"tickets")
    pair.collector.say(b"ask")
    assert paper.link.taken_bytes("c1") == 0
    paper.advance(0.1)
    assert paper.link.taken_bytes("c1") == 0, "as of when it last spoke"
    pair.collector.say(b"ask")
    assert paper.link.taken_bytes("c1") == 7


def test_what_is_under_way_is_bounded(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("throttle", bytes_per_second=1000)
    while pair.exchange.reading:
        pair.exchange.say(bytes(65_536))
    (lane,) = [lane for lane in paper.lanes() if lane.source is pair.exchange]
    assert HELD_BYTES_MAX <= lane._passage.waiting_bytes < HELD_BYTES_MAX + 65_536
    sent = lane.source_bytes
    paper.advance(1)
    assert pair.exchange.reading
    pair.exchange.leave()
    paper.advance(sent / 1000)
    assert len(pair.collector.text) == sent


def test_a_slow_collector_holds_the_source_even_as_pieces_come_through(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("delay", latency_ms=100)
    pair.exchange.say(b"x")
    pair.collector.producer.pauseProducing()
    paper.advance(1)
    assert not pair.exchange.reading
    pair.collector.producer.resumeProducing()
    assert pair.exchange.reading


def test_a_fault_heals_by_itself_and_the_others_stay(paper: Any) -> None:
    pair = paper.connect()
    paper.strike("throttle", bytes_per_second=40, heal_after_seconds=0.12)
    paper.strike("delay", latency_ms=100)
    pair.exchange.say(b"0123456789")
    paper.advance(1)
    assert pair.collector.heard == [
        (0.15, b"01"), (0.2, b"23"), (0.22, b"45"), (0.22, b"67"), (0.22, b"89"),
    ]  # fmt: skip
    assert paper.told("healed") == [{"id": "f1", "kind": "throttle", "ports": []}]
    assert [each.id for each in paper.link.state().in_force] == ["f2"]


def test_how_long_a_fault_lasts_is_told(paper: Any) -> None:
    paper.strike("slice", slice_bytes=1, heal_after_seconds=10)
    paper.strike("slice", slice_bytes=1)
    paper.advance(4)
    assert [each.heals_in_seconds for each in paper.link.state().in_force] == [6.0, None]
    assert paper.told("fault") == [
        {"id": "f1", "fault": {"kind": "slice", "towards": "both", "ports": [], "slice_bytes": 1,
                               "heal_after_seconds": 10.0}},
        {"id": "f2", "fault": {"kind": "slice", "towards": "both", "ports": [], "slice_bytes": 1}},
    ]  # fmt: skip
    paper.restore()
    assert [each["id"] for each in paper.told("restored")[0]["faults"]] == ["f1", "f2"]
    paper.advance(60)
    assert paper.told("healed") == [], "what was restored does not heal"


def test_an_armed_fault_heals_after_its_time_from_when_it_strikes(paper: Any) -> None:
    fault = Fault(kind="delay", latency_ms=50, heal_after_seconds=1)
    paper.link.arm(ArmedFault(when="offered", fault=fault))
    paper.advance(10)
    line = LedgerLine(n=1, at="", exchange_time="", event="offered", detail={})
    paper.link.ledger_line(line)
    paper.advance(0.99)
    assert paper.link.disturbed
    paper.advance(0.02)
    assert not paper.link.disturbed
    assert [each["id"] for each in paper.told("healed")] == ["f1"]
