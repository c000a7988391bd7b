"""Waits of a play for a fault: for the one that was ordered last, and not for one before it."""

from types import SimpleNamespace
from typing import Any

import pytest
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.bench.orders import Orders
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.judge import Delivery
from oxo_scenarios.wires import Wire
from oxo_simulator.control.messages import ArmedFault, Fault, LedgerLine


class Exchange:
    """Writes what the link would write; `happens` is what comes about by itself."""

    def __init__(self) -> None:
        self.lines: list[LedgerLine] = []

    def happens(self, event: str, **detail: Any) -> None:
        n = len(self.lines) + 1
        self.lines.append(LedgerLine(n=n, at="", exchange_time="", event=event, detail=detail))

    def ledger(self, since: int, wait_seconds: float) -> list[LedgerLine]:
        del wait_seconds
        return self.lines[since:]

    def strike(self, fault: Fault) -> None:
        self.happens("fault", fault={"kind": fault.kind, "ports": list(fault.ports)})

    def arm(self, armed: ArmedFault) -> None:
        ports = list(armed.fault.ports)
        self.happens("fault armed", fault={"kind": armed.fault.kind, "ports": ports})

    def set_off(self, kind: str = "cut") -> None:
        self.happens("acknowledged", first=1, last=1)
        self.happens("fault", fault={"kind": kind, "ports": []}, cause=len(self.lines))


class Play(Orders):
    """Waits no time at all: what has not come about yet is a failure."""

    def __init__(self, wire: Wire = "taxation") -> None:
        self.exchange = Exchange()
        self.wire = wire
        self._ledger = Ledger(self.exchange, wire)
        self._away_from = None
        self._subject: Any = SimpleNamespace(output=SimpleNamespace(size=0))
        self._stand: Any = SimpleNamespace(exchange=SimpleNamespace(control=self.exchange))

    @property
    def limit_seconds(self) -> float:
        return 0

    def delivery_now(self) -> Delivery:
        return Delivery()

    def _gone(self) -> bool:
        return False

    def _ending(self) -> str:
        return ""

    def _came_back(self) -> None: ...


@pytest.fixture
def play() -> Play:
    return Play()


def held(port: str = "standard") -> dict[str, Any]:
    return {"connection": "c1", "port": port, "towards": "collector", "bytes": 1}


def test_a_second_fault_is_waited_for_like_the_first(play: Play) -> None:
    play.cut_on("acknowledged")
    with pytest.raises(SubjectFailed):
        play.await_fault()
    play.exchange.set_off()
    play.await_fault()
    play.cut_on("acknowledged")
    with pytest.raises(SubjectFailed):
        play.await_fault()
    play.exchange.set_off()
    play.await_fault()


def test_a_fault_that_strikes_at_once_is_not_the_armed_one(play: Play) -> None:
    play.cut_on("acknowledged")
    play.strike(Fault(kind="delay", latency_ms=5))
    with pytest.raises(SubjectFailed):
        play.await_fault()
    play.exchange.set_off()
    play.await_fault()


def test_an_armed_fault_that_has_struck_is_seen_behind_another_order(play: Play) -> None:
    play.cut_on("acknowledged")
    play.exchange.set_off()
    play.strike(Fault(kind="delay", latency_ms=5))
    play.await_fault()


def test_bytes_that_an_earlier_cut_held_are_no_sign_of_a_later_one(play: Play) -> None:
    play.cut()
    play.exchange.happens("held", **held())
    play.await_held()
    play.exchange.happens("restored", reset_connections=True)
    play.cut()
    with pytest.raises(SubjectFailed):
        play.await_held()
    play.exchange.happens("held", **held())
    play.await_held()


def test_bytes_that_a_cut_holds_are_seen_behind_a_fault_that_cuts_nothing(play: Play) -> None:
    play.strike(Fault(kind="cut"))
    play.exchange.happens("held", **held())
    play.strike(Fault(kind="delay", latency_ms=5))
    play.await_held()


def test_bytes_that_are_held_at_another_door_are_not_waited_for() -> None:
    play = Play("v24")
    play.cut()
    play.exchange.happens("held", **held("nmc"))
    with pytest.raises(SubjectFailed):
        play.await_held()
    play.exchange.happens("held", **held("v24"))
    play.await_held()
