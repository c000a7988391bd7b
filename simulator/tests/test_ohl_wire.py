"""The hotel link as the process sees it, on a network in memory."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.ohl.wire import HotelLink, build
from oxo_simulator.profile import Profile, load_profile
from oxo_simulator.wire import Parts, SaysHotelEvents
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CLOSED = load_profile("certify")
OPEN = load_profile("certify", {"ohl.open": True})


class Process:
    """A process that has the hotel link, and its exchange."""

    def __init__(self) -> None:
        self.reactor: Any = MemoryReactorClock()  # type: ignore[no-untyped-call]
        self.ledger: list[str] = []
        parts: dict[str, Any] = {each.name: None for each in fields(Parts)}
        parts |= {
            "reactor": self.reactor,
            "address": lambda: "192.0.2.7",
            "behind": "127.0.0.2",
            "ports": {"ohl": 5010},
            "connection_name": lambda peer, _own: (f"c{peer[1]}", "peer"),
            "prove": lambda _connection: None,
            "said": lambda **_line: None,
            "utc_now": lambda: NOW,
        }
        self.wire: HotelLink = build(Parts(**parts))

    def install(self, profile: Profile) -> None:
        terms = self.wire.terms(profile)
        outlets = {}
        if terms is not None:
            outlets["ohl"] = Outlet(terms, lambda event, _detail: self.ledger.append(event))
        exchange: Any = type("Exchange", (), {"outlets": outlets})
        self.wire.install(exchange, profile)
        self.wire.serve()

    def connect(self, number: int = 1) -> Any:
        ((_, factory, _, _),) = self.reactor.tcpServers
        line = factory.buildProtocol(None)
        transport: Any = StringTransport(  # type: ignore[no-untyped-call]
            hostAddress=IPv4Address("TCP", "127.0.0.2", 5010),
            peerAddress=IPv4Address("TCP", "127.0.0.1", number),
        )
        line.makeConnection(transport)
        return transport


@pytest.fixture
def process() -> Process:
    return Process()


def test_it_listens_behind_the_link_and_is_known_by_the_links_address(process: Process) -> None:
    ((number, _, _, interface),) = process.reactor.tcpServers
    assert (number, interface) == (5010, "127.0.0.2")
    assert process.wire.shown("ohl") == "192.0.2.7:5010"
    assert process.wire.outward(OPEN) == {}
    assert process.wire.admitted_from is Phase.SERVING
    assert isinstance(process.wire, SaysHotelEvents)


def test_a_closed_wire_has_no_outlet_and_no_port(process: Process) -> None:
    process.wire.check(CLOSED)
    assert process.wire.terms(CLOSED) is None
    assert not process.wire.open_ports(CLOSED)
    assert [*process.wire.open_ports(OPEN)] == ["ohl"]
    process.install(CLOSED)
    assert process.connect().value() == b""
    with pytest.raises(OrderError, match="the hotel link is closed"):
        process.wire.say(HotelEvent(event="check-out", room="217"))


def test_the_session_that_lives_is_shown_and_ended(process: Process) -> None:
    process.install(OPEN)
    assert process.wire.sessions() == ()
    transport = process.connect(7)
    (session,) = process.wire.sessions()
    assert (session.name, session.connection, session.wire) == ("o1", "c7", "ohl")
    assert (session.since, session.last_call, session.idle_seconds) == (NOW, NOW, 0)
    assert not process.wire.end_session("o2")
    assert process.wire.end_session("o1")
    assert transport.disconnecting
    assert process.wire.sessions() == ()
    assert not process.wire.end_session("o1")


def test_an_event_is_said_at_once(process: Process) -> None:
    process.install(OPEN)
    transport = process.connect()
    assert transport.value() == b"\x02@FFFF\x03"
    process.wire.say(HotelEvent(event="check-out", room="217"))
    assert process.ledger == ["session opened", "hotel event"]
    with pytest.raises(OrderError, match="hotel event room status: room_status: is missing"):
        process.wire.say(HotelEvent(event="room status", room="217"))


def test_a_reset_lets_nobody_in_until_it_is_over(process: Process) -> None:
    process.install(OPEN)
    process.connect()
    process.wire.reset()
    assert process.connect(2).value() == b""
    process.wire.serve()
    assert process.connect(3).value() == b"\x02@FFFF\x03"
    assert process.ledger == ["session opened", "session closed", "refused", "session opened"]


def test_stopping_lets_go_of_everything(process: Process) -> None:
    process.install(OPEN)
    transport = process.connect()
    process.wire.stop()
    assert transport.disconnecting
    assert process.wire.sessions() == ()
