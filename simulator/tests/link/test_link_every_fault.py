"""A fault of every kind on every wire, and the link serves when it is restored."""

from typing import Any, get_args, get_type_hints

import pytest
from oxo_simulator.control.messages import Fault

KINDS = get_args(get_type_hints(Fault)["kind"])
PARAMETERS = {
    "carry then cut": {"carry_bytes": 3},
    "carry then reset": {"carry_bytes": 3},
    "delay": {"latency_ms": 500, "jitter_ms": 100},
    "throttle": {"bytes_per_second": 3},
    "slice": {"slice_bytes": 1},
    "corrupt": {"corrupt_every_bytes": 2},
}
WIRES = ("standard", "nmc", "v24", "ohl", "account", "stream")


def talk(paper: Any, ports: list[str]) -> None:
    """Let collectors and exchange say something on each port, as far as the link lets them."""
    for port in ports:
        if paper.link.doors[port]._listening is None:
            continue
        pair = paper.connect(port)
        pair.collector.say(b"question")
        if paper.is_dialled() and pair.exchange.protocol is not None:
            pair.exchange.say(b"answer")


def carries(paper: Any, ports: list[str]) -> None:
    """Hold new connections on each port to what a whole link does."""
    for port in ports:
        pair = paper.connect(port)
        pair.collector.say(b"question")
        pair.exchange.say(b"answer")
        assert (pair.exchange.text, pair.collector.text) == (b"question", b"answer")
        pair.collector.leave()
        pair.exchange.leave()


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("towards", ["exchange", "collector", "both"])
@pytest.mark.parametrize("heal_after_seconds", [0, 60])
def test_the_link_serves_afterwards(
    paper: Any, wire: str, kind: str, towards: str, heal_after_seconds: float
) -> None:
    ports = [name for name in paper.link.doors if name.partition("-")[0] == wire]
    talk(paper, ports)
    heal = 0 if kind == "reset" else heal_after_seconds
    fields = {**PARAMETERS.get(kind, {}), "heal_after_seconds": heal}
    paper.strike(kind, towards=towards, ports=[wire], **fields)
    talk(paper, ports)
    paper.advance(30)
    talk(paper, ports)
    if heal:
        paper.advance(30)
        paper.answer()
    else:
        paper.restore()
    assert not paper.link.disturbed
    carries(paper, ports)


@pytest.mark.parametrize("towards", ["exchange", "collector", "both"])
def test_all_of_them_at_once_are_lifted_together(paper: Any, towards: str) -> None:
    ports = list(paper.link.doors)
    talk(paper, ports)
    for kind in KINDS:
        paper.strike(kind, towards=towards, **PARAMETERS.get(kind, {}))
        talk(paper, ports)
        paper.advance(0.3)
    paper.restore()
    carries(paper, ports)
