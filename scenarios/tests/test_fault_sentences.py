"""Every fault of the link has a sentence for a feature, and means what it says."""

from typing import Any, get_args, get_type_hints

import pytest
from oxo_scenarios.play import steps_link
from oxo_scenarios.play.fault_sentences import FaultSentence, fault_of
from oxo_simulator.control.messages import Fault

TOLD: dict[str, dict[str, Any]] = {
    "the link refuses connections": {"kind": "refuse"},
    "the link takes connections and answers none": {"kind": "deaf"},
    "the link is cut towards the collector": {"kind": "cut", "towards": "collector"},
    "the link is silent for 2.5 seconds": {"kind": "cut", "heal_after_seconds": 2.5},
    "the link resets its connections on the port nmc-data": {
        "kind": "reset",
        "ports": ["nmc-data"],
    },
    # Who is left is the other end: it is not told that its peer has gone.
    "the collector vanishes from its connections": {"kind": "half-open", "towards": "exchange"},
    "the exchange vanishes from its connections": {"kind": "half-open", "towards": "collector"},
    "the link delays everything by 200 ms": {"kind": "delay", "latency_ms": 200},
    "the link delays everything by 200 ms, give or take 50 ms on the ports v24, ohl for 3 seconds":
        {"kind": "delay", "latency_ms": 200, "jitter_ms": 50, "ports": ["v24", "ohl"],
         "heal_after_seconds": 3.0},
    "the link delays everything by 9 ms towards the exchange": {
        "kind": "delay", "latency_ms": 9, "towards": "exchange"},
    "the link carries 1 byte a second towards the collector": {
        "kind": "throttle", "bytes_per_second": 1, "towards": "collector"},
    "the link writes 2 bytes at a time towards the collector on the port v24 for 1 second": {
        "kind": "slice", "slice_bytes": 2, "towards": "collector", "ports": ["v24"],
        "heal_after_seconds": 1.0},
    "the link carries 4000 bytes a second": {"kind": "throttle", "bytes_per_second": 4000},
    "the link writes 1 byte at a time": {"kind": "slice", "slice_bytes": 1},
    "the link corrupts one byte in every 500": {"kind": "corrupt", "corrupt_every_bytes": 500},
    "the link corrupts one byte in every 500 towards the exchange": {
        "kind": "corrupt", "corrupt_every_bytes": 500, "towards": "exchange"},
    "the link will be cut behind 100 bytes towards the collector": {
        "kind": "carry then cut", "carry_bytes": 100, "towards": "collector"},
    "the connection will be reset behind 100 bytes towards the exchange": {
        "kind": "carry then reset", "carry_bytes": 100, "towards": "exchange"},
}  # fmt: skip


@pytest.mark.parametrize("sentence", TOLD)
def test_a_sentence_orders_its_fault(sentence: str) -> None:
    assert fault_of(sentence) == Fault(**TOLD[sentence])
    assert FaultSentence().is_matching(sentence)


def test_every_kind_of_fault_can_be_said() -> None:
    said = {told["kind"] for told in TOLD.values()}
    assert said == set(get_args(get_type_hints(Fault)["kind"]))


@pytest.mark.parametrize(
    "sentence",
    ["the link is cut", "the link is restored", "the link delays everything", "the link is blue"],
)
def test_other_sentences_are_left_to_other_steps(sentence: str) -> None:
    assert fault_of(sentence) is None
    assert not FaultSentence().is_matching(sentence)


def test_the_step_strikes_what_was_said() -> None:
    struck: list[Fault] = []

    class Play:
        def strike(self, fault: Fault) -> None:
            struck.append(fault)

    told: Any = Play()
    steps_link.struck(told, Fault(kind="deaf"))
    assert struck == [Fault(kind="deaf")]
