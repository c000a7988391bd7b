"""Several faults at once: each does what it would do alone, and its end leaves the others."""

from typing import Any

import pytest
from oxo_simulator.control.messages import ArmedFault, Fault, LedgerLine
from oxo_simulator.link.disturbances import FAULTS_MAX
from oxo_simulator.link.faults import FaultUnknown


@pytest.mark.parametrize("counts", [(100, 50), (50, 100), (50, 50)])
@pytest.mark.parametrize("kinds", [("cut", "cut"), ("cut", "reset"), ("reset", "cut")])
def test_the_lower_of_two_counts_is_met_first(
    paper: Any, counts: tuple[int, int], kinds: tuple[str, str]
) -> None:
    pair = paper.connect()
    for kind, count in zip(kinds, counts, strict=True):
        paper.strike(f"carry then {kind}", towards="collector", carry_bytes=count)
    pair.exchange.say(bytes(120))
    paper.advance(1)
    assert len(pair.collector.text) == 50


@pytest.mark.parametrize("counts", [(10, 15), (15, 10), (10, 10), (0, 5), (5, 0)])
def test_each_count_resets_the_connection_on_which_it_is_met(
    paper: Any, counts: tuple[int, int]
) -> None:
    for count in counts:
        paper.strike("carry then reset", towards="collector", carry_bytes=count)
    heard = []
    for _ in range(3):
        pair = paper.connect()
        pair.exchange.say(bytes(20))
        paper.advance(1)
        heard.append(len(pair.collector.text))
    # What came behind the byte at which a connection was reset was not carried: it counts for none.
    lower, higher = sorted(counts)
    ends = [lower] if lower == higher else [lower, higher - lower]
    assert heard == [*ends, 20, 20][:3]


def test_what_arrives_nowhere_is_not_counted(paper: Any) -> None:
    lost = paper.connect()
    paper.strike("half-open", towards="exchange")
    paper.strike("carry then cut", towards="collector", carry_bytes=10)
    lost.exchange.say(bytes(30))
    pair = paper.connect()
    pair.exchange.say(bytes(30))
    assert len(pair.collector.text) == 10


@pytest.mark.parametrize("ends", ["restored", "healed"])
def test_a_reset_behind_a_count_comes_when_the_throttle_before_it_ends(
    paper: Any, ends: str
) -> None:
    pair = paper.connect()
    heal = {"heal_after_seconds": 3} if ends == "healed" else {}
    paper.strike("throttle", towards="collector", bytes_per_second=1, **heal)
    paper.strike("carry then reset", towards="collector", carry_bytes=10)
    pair.exchange.say(bytes(12))
    paper.advance(2)
    if ends == "restored":
        paper.restore()
    paper.advance(2)
    assert len(pair.collector.text) == 10
    assert pair.collector.end is not None
    assert pair.collector.end[1] == "reset"


@pytest.mark.parametrize("armed", [0, 7])
def test_there_is_an_end_to_how_many_there_may_be(paper: Any, armed: int) -> None:
    later = ArmedFault(fault=Fault(kind="cut"), when="offered")
    for _ in range(armed):
        paper.link.arm(later)
    for _ in range(FAULTS_MAX - armed):
        paper.strike("slice", slice_bytes=1, heal_after_seconds=1)
    told = len(paper.ledger)
    with pytest.raises(FaultUnknown, match=f"{FAULTS_MAX} faults are in force or armed, the most"):
        paper.strike("cut")
    with pytest.raises(FaultUnknown, match="the most"):
        paper.link.arm(later)
    assert len(paper.ledger) == told
    paper.link.ledger_line(LedgerLine(n=1, at="", exchange_time="", event="offered", detail={}))
    assert len(paper.link.state().in_force) == FAULTS_MAX
    paper.advance(1)
    paper.strike("cut")
