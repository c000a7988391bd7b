"""The printer's connection in memory: ledger, transcript, refusals, resets, and who is slow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.link.relay import Link
from oxo_simulator.profile_section import ProfileError
from oxo_simulator.v24.machine import LINES_UNDER_WAY_MAX
from oxo_simulator.v24.settings import V24Settings
from oxo_simulator.v24.shell import HEARD_BYTES_SHOWN_MAX
from oxo_simulator.v24.wire import V24, outlet_terms
from oxo_tickets import Direction, Kind, Ticket
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

XON, XOFF = b"\x11", b"\x13"
BARE: Mapping[str, Any] = {"open": True, "header": "none", "fields": ("DNU",)}


class Paper(StringTransport):
    """A printer's end that takes what is written when told to, as a slow one does."""

    def __init__(self, number: int) -> None:
        there = IPv4Address("TCP", "127.0.0.1", 4000 + number)
        super().__init__(  # type: ignore[no-untyped-call]
            hostAddress=IPv4Address("TCP", "127.0.0.2", 6970), peerAddress=there
        )
        self.told: list[str] = []

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802, FBT001
        self.told.append(f"no delay {enabled}")

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802, FBT001
        self.told.append(f"keep alive {enabled}")

    def abortConnection(self) -> None:  # noqa: N802
        self.aborting = True

    def take(self) -> bytes:
        """Take all that was written, as a printer that reads."""
        taken: bytes = self.io.getvalue()
        self.io = BytesIO()
        producer: Any = self.producer
        producer.resumeProducing()
        return taken


class Network:
    """A reactor on paper: one that listens, or one that is dialled."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.factory: Any = None
        self.dialled: list[Any] = []
        self.closed = 0
        self.connections = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.clock, name)

    def listenTCP(self, port: int, factory: Any, backlog: int, interface: str) -> Any:  # noqa: N802
        assert (port, backlog, interface) == (6970, 16, "127.0.0.2")
        self.factory = factory
        return self

    def stopListening(self) -> None:  # noqa: N802
        self.factory = None
        self.closed += 1

    def connectTCP(self, host: str, port: int, factory: Any, timeout: float) -> Any:  # noqa: N802
        assert (host, port, timeout) == ("127.0.0.2", 6970, 5)
        connector = SimpleNamespace(
            state="connecting", factory=factory, stopConnecting=lambda: None
        )
        self.dialled.append(connector)
        return connector

    def connect(self, factory: Any = None) -> tuple[Any, Any]:
        """Let a printer connect, or be reached."""
        self.connections += 1
        transport: Any = Paper(self.connections)
        end = (factory or self.factory).buildProtocol(transport.getPeer())
        end.makeConnection(transport)
        return end, transport


class Bench:
    """The wire with an exchange, a ledger and a transcript on paper."""

    def __init__(self, **chosen: Any) -> None:
        self.network = Network()
        self.ledger: list[tuple[Any, ...]] = []
        self.transcript: list[tuple[str, str, str]] = []
        self.led: list[Deferred[tuple[str, str]]] = []
        self.proven: list[str] = []
        parts: Any = SimpleNamespace(
            reactor=self.network,
            ports={"v24": 6970},
            address=lambda: "127.0.0.1",
            behind="127.0.0.2",
            said=self._said,
            utc_now=lambda: datetime.now(UTC),
            connection_name=lambda peer, _here: (f"c{peer[1] - 4000}", f"{peer[0]}:{peer[1]}"),
            led=self._led,
            prove=self.proven.append,
        )
        self.wire = V24(parts)
        self.install(**chosen)

    def install(self, **chosen: Any) -> None:
        self.settings = V24Settings(**{**BARE, **chosen})
        profile: Any = SimpleNamespace(v24=self.settings)
        terms = self.wire.terms(profile)
        outlets = {} if terms is None else {"v24": Outlet(terms, self._record)}
        self.outlet: Any = outlets.get("v24")
        exchange: Any = SimpleNamespace(outlets=outlets)
        self.wire.install(exchange, profile)
        if self.outlet is not None:
            self.wire.serve()

    def put(self, *numbers: int) -> None:
        for number in numbers:
            self.outlet.put(number, ticket(number))

    def events(self, *names: str) -> list[Any]:
        return [detail for event, detail in self.ledger if event in names]

    def _record(self, event: str, detail: dict[str, Any]) -> None:
        assert detail.pop("wire") == "v24"
        self.ledger.append((event, detail))

    def _said(self, **line: Any) -> None:
        assert (line["wire"], line["port"]) == ("v24", "v24")
        self.transcript.append((line["connection"], line["sender"], line["text"]))

    def _led(self, _peer: Any, _here: Any) -> Deferred[tuple[str, str]]:
        self.led.append(Deferred())
        return self.led[-1]


def ticket(number: int) -> Ticket:
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        dialled_number=str(number),
        local_time=datetime.fromisoformat("2020-02-24T14:32:00"),
    )


def test_a_line_in_ledger_and_transcript() -> None:
    bench = Bench()
    _, printer = bench.network.connect()
    bench.put(7)
    assert printer.told == ["no delay True", "keep alive True"]
    assert printer.take() == b"7\r\n"
    where = {"session": "v1", "connection": "c1"}
    assert bench.ledger == [
        ("session opened", where),
        ("buffered", {"id": 7, "sequence": 1}),
        ("offered", {"first": 1, "last": 1, **where}),
        ("consumed", {"first": 1, "last": 1, **where, "how": "printed"}),
    ]
    assert bench.transcript == [("c1", "exchange", "7\r\n")]
    assert bench.outlet.waiting_count() == 0


def test_what_no_printer_reads_waits_in_the_buffer_and_not_in_memory() -> None:
    bench = Bench(capacity=30_000)
    _, printer = bench.network.connect()
    bench.put(*range(1, 20_001))
    assert len(printer.value()) == len(b"1\r\n")
    assert bench.outlet.waiting_count() == 20_000
    bench.put(20_001)
    printer.take()
    assert printer.value().count(b"\r\n") == LINES_UNDER_WAY_MAX


def test_the_buffer_of_a_thousand_with_its_alarm_and_the_newest_lost() -> None:
    bench = Bench()
    bench.put(*range(1, 1002))
    assert bench.events("alarm") == [{"buffered": 700, "capacity": 1000, "percent": 70}]
    assert bench.events("dropped") == [{"id": 1001, "reason": "buffer full"}]
    _, printer = bench.network.connect()
    got = b"".join(iter(printer.take, b""))
    assert got == b"".join(b"%d\r\n" % number for number in range(1, 1001))


def test_a_second_printer_is_refused_and_noted() -> None:
    bench = Bench()
    first, printer = bench.network.connect()
    _, second = bench.network.connect()
    assert second.disconnecting
    assert second.producer is None
    assert bench.events("refused") == [{"connection": "c2", "reason": "one printer at a time"}]
    bench.put(1)
    assert printer.take() == b"1\r\n"
    first.connectionLost()
    third, _ = bench.network.connect()
    third.dataReceived(XOFF)
    assert [each.name for each in bench.wire.sessions()] == ["v2"]


def test_the_printer_that_is_served_keeps_its_place_in_the_link() -> None:
    """Else a crowd of others would push it out of the few places of the wire."""
    bench = Bench()
    first, _ = bench.network.connect()
    bench.network.connect()
    assert bench.proven == ["c1"]
    first.connectionLost()
    bench.network.connect()
    assert bench.proven == ["c1", "c3"]


def test_what_a_refused_printer_sends_is_nobodys_signal() -> None:
    bench = Bench()
    bench.network.connect()
    second, _ = bench.network.connect()
    second.dataReceived(XOFF)
    second.connectionLost()
    bench.put(1)
    assert bench.events("offered")
    assert bench.transcript == [("c1", "exchange", "1\r\n")]


def test_a_lost_line_is_printed_again() -> None:
    bench = Bench()
    first, _ = bench.network.connect()
    bench.put(1)
    first.connectionLost()
    assert bench.events("session closed") == [
        {"session": "v1", "connection": "c1", "reason": "lost"}
    ]
    _, printer = bench.network.connect()
    assert printer.take() == b"1\r\n"
    assert [e["connection"] for e in bench.events("offered", "consumed")] == ["c1", "c2", "c2"]


def test_garbage_is_counted_and_shown_in_part() -> None:
    bench = Bench()
    end, printer = bench.network.connect()
    for _ in range(100):
        end.dataReceived(b"\xff" * 1000)
    bench.put(1)
    assert printer.take() == b"1\r\n"
    end.connectionLost()
    assert bench.events("session closed")[0]["stray_bytes"] == 100_000
    heard = "".join(text for _, sender, text in bench.transcript if sender == "collector")
    assert heard == "\xff" * HEARD_BYTES_SHOWN_MAX


def test_a_printer_that_sends_no_xon_shows_in_the_ledger() -> None:
    bench = Bench(ready="xon", xon_seconds_max=30)
    end, printer = bench.network.connect()
    bench.put(1, 2)
    bench.network.advance(29.9)
    assert bench.events("printer not ready") == []
    bench.network.advance(0.2)
    told = {"session": "v1", "connection": "c1", "seconds": 30.0, "waiting": 2}
    assert bench.events("printer not ready") == [told]
    end.dataReceived(XON)
    assert printer.take() == b"1\r\n2\r\n"
    assert bench.network.getDelayedCalls() == []


def test_xoff_and_xon() -> None:
    bench = Bench()
    end, printer = bench.network.connect()
    end.dataReceived(XOFF)
    bench.put(1)
    assert printer.value() == b""
    end.dataReceived(XON)
    assert printer.value() == b"1\r\n"
    assert [text for _, sender, text in bench.transcript if sender == "collector"] == [
        "\x13",
        "\x11",
    ]


def test_a_warm_reset_ends_the_session_and_keeps_the_lines() -> None:
    bench = Bench()
    end, printer = bench.network.connect()
    bench.put(1, 2)
    printer.take()  # the first; the second is under way
    bench.wire.reset()
    assert printer.aborting
    assert bench.wire.sessions() == ()
    end.connectionLost()
    assert bench.events("session closed") == [
        {"session": "v1", "connection": "c1", "reason": "reset"}
    ]
    bench.wire.serve()
    _, again = bench.network.connect()
    assert again.take() == b"2\r\n"


def test_an_operator_ends_the_session() -> None:
    bench = Bench()
    bench.network.connect()
    (session,) = bench.wire.sessions()
    assert (session.name, session.connection, session.port, session.wire) == (
        "v1", "c1", "v24", "v24",
    )  # fmt: skip
    assert not bench.wire.end_session("v9")
    assert bench.wire.end_session("v1")
    assert bench.events("session closed")[0]["reason"] == "operator"
    assert bench.wire.sessions() == ()


def test_a_fresh_exchange_lets_go_without_a_word() -> None:
    bench = Bench(ready="xon")
    end, printer = bench.network.connect()
    bench.put(1)
    old, bench.ledger = bench.outlet, []
    bench.install()
    assert printer.aborting
    end.dataReceived(XON)
    end.resumeProducing()
    end.connectionLost()
    old.put(2, ticket(2))
    assert [event for event, _ in bench.ledger] == ["buffered"]
    assert bench.network.getDelayedCalls() == []
    _, again = bench.network.connect()
    bench.put(3)
    assert again.take() == b"3\r\n"


def test_what_an_old_exchange_still_writes_is_printed_by_nobody() -> None:
    bench = Bench()
    _, printer = bench.network.connect()
    old, bench.ledger = bench.outlet, []
    bench.install()
    old.put(2, ticket(2))
    assert (printer.value(), [event for event, _ in bench.ledger]) == (b"", ["buffered"])


def test_a_wire_that_is_closed_keeps_and_prints_nothing() -> None:
    bench = Bench(open=False)
    profile: Any = SimpleNamespace(v24=bench.settings)
    assert bench.outlet is None
    assert bench.network.factory is None
    assert (bench.wire.open_ports(profile), bench.wire.outward(profile)) == ((), {})


# The exchange connects.


def outward(**chosen: Any) -> Bench:
    return Bench(direction="connect", target="printer.example:7001", reconnect_seconds=2, **chosen)


@pytest.mark.parametrize("host", ["127.0.0.2", "127.2", "2130706434"])
def test_the_exchange_does_not_print_into_its_own_door(host: str) -> None:
    """Each connection would lead to the next one, until there is no descriptor left."""
    bench = Bench()
    settings = V24Settings(open=True, direction="connect", target=f"{host}:6970")
    profile: Any = SimpleNamespace(v24=settings)
    with pytest.raises(ProfileError, match=r"v24\.target: .* is the exchange itself"):
        bench.wire.check(profile)
    for elsewhere in (f"{host}:6971", "127.0.0.1:6970", "printer:6970"):
        profile.v24 = settings.model_copy(update={"target": elsewhere})
        bench.wire.check(profile)


def reached(bench: Bench) -> tuple[Any, Any]:
    connector = bench.network.dialled[-1]
    connector.state = "connected"
    end, printer = bench.network.connect(connector.factory)
    bench.led[-1].callback(("c7", "printer.example:7001"))
    return end, printer


def test_the_exchange_connects_to_its_printer() -> None:
    bench = outward()
    profile: Any = SimpleNamespace(v24=bench.settings)
    assert bench.wire.open_ports(profile) == ()
    assert bench.wire.outward(profile) == {"v24": ("printer.example", 7001)}
    assert bench.wire.shown("v24") == "prints to printer.example:7001"
    bench.put(1)
    _, printer = reached(bench)
    assert printer.take() == b"1\r\n"
    assert bench.events("consumed")[0]["connection"] == "c7"


def test_nothing_is_printed_before_the_printer_itself_is_reached() -> None:
    bench = outward()
    bench.put(1)
    connector = bench.network.dialled[0]
    end, printer = bench.network.connect(connector.factory)
    assert (printer.value(), bench.events("session opened", "offered")) == (b"", [])
    end.connectionLost()
    connector.factory.clientConnectionLost(connector, None)
    assert bench.led[0].called
    assert bench.events("session opened", "session closed") == []
    bench.network.advance(2)
    _, printer = reached(bench)
    assert printer.take() == b"1\r\n"


def test_the_link_forgets_a_printer_that_nobody_waits_for_any_more() -> None:
    link = Link(reactor=None, behind="127.0.0.2", reserved={}, record=lambda *_: None)
    for number in range(3):
        link.led(("127.0.0.2", 6970), ("127.0.0.2", number)).addErrback(lambda _: None).cancel()
    assert link._waited_for == {}


def test_it_comes_back_after_a_while() -> None:
    bench = outward()
    first = bench.network.dialled[0]
    first.factory.clientConnectionFailed(first, None)
    bench.network.advance(1.9)
    assert len(bench.network.dialled) == 1
    bench.network.advance(0.2)
    assert len(bench.network.dialled) == 2
    end, _ = reached(bench)
    second = bench.network.dialled[1]
    end.connectionLost()
    second.factory.clientConnectionLost(second, None)
    bench.network.advance(2)
    assert len(bench.network.dialled) == 3


def test_it_does_not_come_back_during_a_reset() -> None:
    bench = outward()
    reached(bench)
    bench.wire.reset()
    (connector,) = bench.network.dialled
    connector.factory.clientConnectionLost(connector, None)
    bench.network.advance(60)
    assert len(bench.network.dialled) == 1
    bench.wire.serve()
    assert len(bench.network.dialled) == 2


def test_it_does_not_come_back_when_the_wire_is_closed() -> None:
    bench = outward()
    (connector,) = bench.network.dialled
    connector.factory.clientConnectionFailed(connector, None)
    bench.install(open=False)
    bench.network.advance(60)
    assert len(bench.network.dialled) == 1


def test_from_listening_to_connecting_and_back() -> None:
    bench = Bench()
    bench.install(direction="connect", target="127.0.0.1:7001")
    assert bench.network.closed == 1
    assert len(bench.network.dialled) == 1
    bench.install()
    assert bench.network.factory is not None
    bench.wire.stop()
    assert bench.network.factory is None
    assert bench.network.getDelayedCalls() == []


def test_terms_are_those_of_the_manual() -> None:
    terms = outlet_terms(V24Settings())
    assert (terms.wire, terms.capacity, terms.alarm_percent, terms.overflow, terms.licensed) == (
        "v24", 1000, 70, "newest", False,
    )  # fmt: skip
    assert terms.accepts(ticket(1)) is None
    long = Ticket(**{**_said(ticket(1)), "dialled_number": "1" * 27})
    assert terms.accepts(long) == "cannot be rendered"


def _said(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(ticket, name) for name in ticket.__struct_fields__}
