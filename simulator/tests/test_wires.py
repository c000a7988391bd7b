"""Wires of any kind in one process, played by a wire on paper: doors, names, resets, faults."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import pytest
from oxo_simulator import wiring
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.control.messages import (
    ArmedFault,
    CallOrder,
    Fault,
    HotelEvent,
    Installation,
    SessionState,
    WireName,
)
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.held import PortUnknown
from oxo_simulator.link.places import FURTHER_CONNECTIONS_MAX
from oxo_simulator.profile import FURTHER_WIRES
from oxo_simulator.profile_section import ProfileError
from oxo_simulator.wire import Parts, Target
from oxo_simulator.wiring import RunOptions, WireKind, start
from twisted.internet.protocol import ClientFactory, Protocol, ServerFactory
from twisted.internet.threads import blockingCallFromThread

pytestmark = pytest.mark.process

SECONDS_MAX = 20.0
CALL = CallOrder(direction="outgoing", user="128", number="0390670000", call_seconds=5)
TAXATION_PORTS = {"standard": 0, "alternate": 0}
ALL_PORTS = {**TAXATION_PORTS, **dict.fromkeys(FURTHER_WIRES, 0)}


class Greeting(Protocol):
    """Says the name of its connection at once, and then whatever the wire has."""

    def __init__(self, wire: "PaperWire") -> None:
        self._wire = wire

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's interface
        transport: Any = self.transport
        peer, here = transport.getPeer(), transport.getHost()
        name, told = self._wire.parts.connection_name(
            (peer.host, peer.port), (here.host, here.port)
        )
        transport.write(f"{name} {told}\n".encode())

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's interface
        """Offer what waits, and send it back with what was asked."""
        outlet: Outlet = self._wire.exchange.outlets[self._wire.name]
        tickets = outlet.waiting(10)
        if tickets:
            outlet.offered(tickets[0].sequence, tickets[-1].sequence, "x1", "c1")
        transport: Any = self.transport
        transport.write(data + b"%d\n" % len(tickets))


@dataclass
class PaperWire:
    """A wire that keeps every ticket and greets every collector; `told` is what it was told."""

    name: Any
    parts: Parts
    told: list[str] = field(default_factory=list)
    target: Target | None = None
    admitted_from = Phase.SERVING

    def __post_init__(self) -> None:
        self.exchange: Any = None
        self.listening: Any = None
        self.led: list[tuple[str, str]] = []

    def check(self, profile: Any) -> None:
        if profile.name == "unheard-of":
            raise ProfileError(f"name: {self.name} has never heard of it")

    def terms(self, profile: Any) -> OutletTerms | None:
        if not getattr(profile, self.name).open:
            return None
        return OutletTerms(wire=self.name, capacity=100, alarm_percent=80)

    def open_ports(self, _profile: Any) -> Collection[str]:
        return [] if self.target else list(self.parts.ports)

    def outward(self, _profile: Any) -> Mapping[str, Target]:
        return {self.name: self.target} if self.target else {}

    def install(self, exchange: Any, _profile: Any) -> None:
        self.told.append("install")
        self.exchange = exchange
        if self.target is not None and self.listening is not None:
            self.listening.stopListening()
            self.listening = None

    def restart(self, exchange: Any, _profile: Any, *, lost: bool) -> None:
        self.told.append(f"restart {'lost' if lost else 'kept'}")
        self.exchange = exchange

    def serve(self) -> None:
        self.told.append("serve")
        number = next(iter(self.parts.ports.values()))
        if self.target is not None:
            self.parts.reactor.connectTCP(self.parts.behind, number, Calling(self))
        elif self.listening is None:
            factory = ServerFactory.forProtocol(lambda: Greeting(self))
            self.listening = self.parts.reactor.listenTCP(
                number, factory, interface=self.parts.behind
            )

    def reset(self) -> None:
        self.told.append("reset")

    def sessions(self) -> list[SessionState]:
        return []

    def end_session(self, name: str) -> bool:
        return name == "x1"

    def shown(self, port: str) -> str | None:
        return f"paper://{port}"

    def change_password(self, password: str) -> None:
        self.told.append(f"password of {len(password)}")

    def say(self, event: HotelEvent) -> None:
        self.told.append(f"say {event.event} {event.room} {event.deposit}")

    def stop(self) -> Any:
        return None if self.listening is None else self.listening.stopListening()


class Calling(ClientFactory):
    """The exchange's end of a connection that it makes; says something when it is led through."""

    def __init__(self, wire: PaperWire) -> None:
        self.wire = wire

    def buildProtocol(self, addr: Any) -> Protocol:  # noqa: ARG002, N802 - Twisted's interface
        wire = self.wire

        class Caller(Protocol):
            def connectionMade(self) -> None:  # noqa: N802 - Twisted's interface
                transport: Any = self.transport
                peer, here = transport.getPeer(), transport.getHost()
                led = wire.parts.led((peer.host, peer.port), (here.host, here.port))
                led.addCallback(self.through)

            def through(self, name: tuple[str, str]) -> None:
                wire.led.append(name)
                transport: Any = self.transport
                transport.write(b"led\n")

            def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's interface
                wire.told.append(data.decode())

        return Caller()


@dataclass
class Works:
    """A running exchange with its paper wires."""

    control: ControlClient
    wires: dict[str, PaperWire]

    def port(self, name: str) -> int:
        return next(port.port for port in self.control.state().ports if port.name == name)

    def connect(self, name: str) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port(name)), SECONDS_MAX)
        client.settimeout(SECONDS_MAX)
        return client

    def refused(self, name: str) -> bool:
        try:
            self.connect(name).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:  # the door is open, and nobody is behind it
            return False
        return False

    def until(self, so: Callable[[], bool]) -> None:
        """Wait until it is so; each look asks the exchange, or lets it do something."""
        latest = time.monotonic() + SECONDS_MAX
        while not so():
            assert time.monotonic() < latest
            self.control.state()

    def events(self, event: str) -> list[dict[str, Any]]:
        return [line.detail for line in self.control.ledger() if line.event == event]


Start = Callable[..., Works]


@pytest.fixture
def works(network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return what starts an exchange in this process whose further wires are on paper."""
    running: list[Any] = []
    clients: list[ControlClient] = []
    built: dict[str, PaperWire] = {}

    def kind(name: Any) -> WireKind:
        def build(parts: Parts) -> Any:
            return built.setdefault(name, PaperWire(name, parts))

        return WireKind(name, build)

    taxation = wiring.WIRES[0]
    monkeypatch.setattr(wiring, "WIRES", (taxation, *map(kind, FURTHER_WIRES)))

    def begin(ports: Mapping[str, int] = ALL_PORTS, **overrides: Any) -> Works:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        options = RunOptions(
            folder=tmp_path / "state", installation=Installation(overrides=dotted), ports=ports
        )

        def broken(failure: Any) -> None:
            pytest.fail(failure.getTraceback())

        running.append(blockingCallFromThread(network, start, options, network, broken))
        clients.append(ControlClient.from_state(tmp_path / "state"))
        return Works(clients[-1], built)

    yield begin
    for client in clients:
        client.close()
    for each in running:
        blockingCallFromThread(network, each.stop)


def lines(client: socket.socket) -> Iterator[str]:
    with client.makefile("rb") as reader:
        for line in reader:
            yield line.decode().rstrip()


def test_a_wire_knows_each_connection_by_the_links_name_before_a_byte_has_come(
    works: Start,
) -> None:
    found = works(ohl__open=True)
    most = FURTHER_CONNECTIONS_MAX["ohl"]
    clients = [found.connect("ohl") for _ in range(most)]
    told = [next(lines(client)) for client in clients]
    assert told == [
        f"{each['connection']} {each['peer']}" for each in found.events("connection opened")
    ]
    assert len(set(told)) == most
    # One more takes the place of the oldest of this wire, and of no other.
    with found.connect("standard"), found.connect("ohl") as late:
        assert next(lines(late)).startswith(f"c{most + 2} ")
        assert [each["connection"] for each in found.events("refused")] == ["c1"]
    for client in clients:
        client.close()


def test_what_a_profile_opens_and_closes_is_open_and_closed_at_each_installation(
    works: Start,
) -> None:
    found = works(ohl__open=True)
    assert found.wires["ohl"].told == ["install", "serve"]
    assert found.wires["v24"].told == ["install"]
    assert [found.refused(name) for name in ("nmc", "v24", "ohl")] == [True, True, False]
    shown = {one.name: (one.open, one.capacity) for one in found.control.wires()}
    opened = {"taxation": (True, 1000), "ohl": (True, 100)}
    assert shown == {**dict.fromkeys(get_args(WireName), (False, 0)), **opened}
    found.control.place_calls(CALL)
    assert [each.get("wire") for each in found.events("buffered")] == [None, "ohl"]
    assert found.control.wires()[3].waiting == 1

    overrides = {"v24.open": True, "nmc.open": True, "nmc.data_ports": 4}
    with pytest.raises(OrderRefused, match=r"nmc.data_ports stays while the exchange runs"):
        found.control.install(Installation(overrides=overrides))
    del overrides["nmc.data_ports"]
    with pytest.raises(OrderRefused, match="nmc has never heard of it"):
        found.control.install(Installation(profile=unheard_of(found)))
    found.control.install(Installation(overrides=overrides))
    assert (found.refused("ohl"), found.refused("v24"), found.refused("nmc")) == (
        True,
        False,
        False,
    )
    assert not any(found.refused(f"nmc-data-{number}") for number in (1, 2, 3, 4))
    found.control.place_calls(CALL)
    assert [each.get("wire") for each in found.events("buffered")] == [None, "nmc", "v24"]
    assert [one.waiting for one in found.control.wires()] == [1, 1, 1, 0, 0, 0]


def unheard_of(found: Works) -> str:
    """Return a profile file that the wires on paper refuse."""
    packaged = Path(wiring.__file__).parent / "profiles" / "certify.toml"
    file = found.wires["ohl"].parts.folder / "unheard-of.toml"
    text = packaged.read_text("utf-8")
    file.write_text(text.replace('name = "oxo-connect"', 'name = "unheard-of"'), "utf-8")
    return str(file)


def test_a_wire_whose_port_is_not_held_is_refused_with_the_way_out(works: Start) -> None:
    found = works(TAXATION_PORTS, v24__open=True, v24__port=0)
    with pytest.raises(OrderRefused, match=r"ohl.open: .*holds no port .*--port ohl=NUMBER"):
        found.control.install(Installation(overrides={"ohl.open": True}))
    assert found.control.state().epoch.startswith("1-")
    assert {one.name: one.port is None for one in found.control.wires()} == {
        "taxation": False, "nmc": True, "v24": False, "ohl": True, "account": True, "stream": True,
    }  # fmt: skip
    with pytest.raises(OrderRefused, match="port 'ohl'; there are standard, alternate, v24"):
        found.control.strike(Fault(kind="cut", ports=["ohl"]))


def test_a_data_port_that_the_profile_does_not_have_cannot_be_named(works: Start) -> None:
    with pytest.raises(PortUnknown, match=r"nmc-data-5: this exchange has .*nmc-data-4"):
        works({**TAXATION_PORTS, "nmc": 0, "nmc-data-5": 0})


def test_a_warm_reset_reaches_every_open_wire_and_its_doors(works: Start) -> None:
    found = works(ohl__open=True, v24__open=True, reset__refused_seconds=0, reset__busy_seconds=600)
    client = found.connect("ohl")
    greeting = lines(client)
    next(greeting)
    found.control.reset()
    with suppress(ConnectionResetError):
        assert next(greeting, None) is None
    found.until(lambda: found.control.state().phase == "busy")
    assert (found.refused("standard"), found.refused("ohl")) == (False, True)
    assert found.wires["ohl"].told == found.wires["v24"].told == ["install", "serve", "reset"]
    assert found.wires["nmc"].told == ["install"]
    found.control.install(Installation(overrides={"ohl.open": True}))
    assert found.wires["ohl"].told[3:] == ["install", "serve"]
    assert not found.refused("ohl")
    client.close()


def test_after_a_reset_the_wires_serve_when_their_doors_are_open(works: Start) -> None:
    found = works(ohl__open=True, reset__refused_seconds=0, reset__busy_seconds=0)
    found.control.reset()
    found.until(lambda: found.wires["ohl"].told == ["install", "serve", "reset", "serve"])
    assert not found.refused("ohl")


def test_a_fault_concerns_the_ports_of_the_wire_it_names(works: Start) -> None:
    found = works(nmc__open=True, ohl__open=True)
    names = ("standard", "nmc", "nmc-data-1", "ohl")
    found.control.strike(Fault(kind="refuse", ports=["nmc"]))
    assert [found.refused(name) for name in names] == [False, True, True, False]
    found.control.restore()
    found.control.strike(Fault(kind="refuse", ports=["nmc-data"]))
    assert [found.refused(name) for name in names] == [False, False, True, False]
    found.control.restore()
    found.control.strike(Fault(kind="refuse"))
    assert [found.refused(name) for name in names] == [True] * 4
    found.control.restore()
    assert not any(found.refused(name) for name in names[:2])


def test_a_data_port_where_the_exchange_does_not_listen_resets_the_collector(works: Start) -> None:
    found = works(nmc__open=True)
    with pytest.raises(ConnectionResetError), found.connect("nmc-data-2") as client:
        client.recv(1)


def test_an_armed_fault_strikes_at_its_own_wires_event_alone(works: Start) -> None:
    found = works(ohl__open=True, v24__open=True)
    found.control.place_calls(CALL)
    reset = Fault(kind="reset", ports=["ohl"])
    found.control.arm(ArmedFault(when="offered", wire="ohl", fault=reset))
    (armed,) = found.events("fault armed")
    assert armed["wire"] == "ohl"
    with found.connect("v24") as printer, found.connect("ohl") as hotel:
        said, heard = lines(printer), lines(hotel)
        next(said), next(heard)
        printer.sendall(b"ask\n")
        assert (next(said), next(said)) == ("ask", "1")
        assert found.events("fault") == []
        hotel.sendall(b"ask\n")
        with pytest.raises(ConnectionResetError):
            hotel.recv(1)
    assert len(found.events("fault")) == 1


def test_orders_reach_the_wire_they_are_for_and_no_closed_one(works: Start) -> None:
    found = works(nmc__open=True)
    found.control.nmc_password("another one")
    assert found.wires["nmc"].told[-1] == "password of 11"
    event = HotelEvent(event="check-in", room="217", deposit=None)
    with pytest.raises(OrderRefused, match=r"the wire ohl is closed; the profile key ohl.open"):
        found.control.hotel(event)
    for order in (found.control.switch_over, found.control.close_account_file):
        with pytest.raises(OrderRefused, match=r"the wire \w+ is closed; the profile key \w+.open"):
            order()
    found.control.install(Installation(overrides={"ohl.open": True}))
    found.control.hotel(event)
    assert found.wires["ohl"].told[-1] == "say check-in 217 None"
    assert found.control.end_session("x1").phase == "serving"


def test_a_wire_whose_ports_have_names_of_their_own_has_doors_faults_and_places(
    works: Start,
) -> None:
    found = works(stream__open=True, account__open=True)
    names = ("standard", "stream-a", "stream-b", "account-ftp", "account-sftp", "account-data-4")
    assert not any(found.refused(name) for name in names)
    found.control.strike(Fault(kind="refuse", ports=["stream-b", "account-data"]))
    assert [found.refused(name) for name in names] == [False, False, True, False, False, True]
    found.control.restore()
    found.control.strike(Fault(kind="refuse", ports=["stream", "account"]))
    assert [found.refused(name) for name in names] == [False, *[True] * 5]
    found.control.restore()
    clients = [found.connect("stream-a") for _ in range(FURTHER_CONNECTIONS_MAX["stream"])]
    told = [next(lines(client)) for client in clients]
    with contextlib.suppress(ConnectionResetError), found.connect("stream-b"):
        pass  # the door resets it: before it is made, or behind
    found.until(lambda: bool(found.events("refused")))
    (refused,) = found.events("refused")
    assert refused["connection"] == told[0].partition(" ")[0]
    for client in clients:
        client.close()


def test_without_the_wire_there_is_no_host_key(works: Start, tmp_path: Path) -> None:
    found = works(TAXATION_PORTS)
    with pytest.raises(OrderRefused, match=r"shows no SSH host key; .*--port account=0"):
        found.control.account_host_key()
    described = json.loads((tmp_path / "state" / "exchange.json").read_text())
    assert "host_key" not in described


def test_where_the_exchange_dials_the_link_dials_the_printer(works: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as printer:
        printer.settimeout(SECONDS_MAX)
        host, number = printer.getsockname()
        found = works(v24__open=True)
        assert not found.refused("v24")
        found.wires["v24"].target = Target(host, number)
        # It listens still, and lets go of the number while the link wants it.
        found.control.install(Installation(overrides={"v24.open": True}))
        assert found.refused("v24")
        client, _ = printer.accept()
        client.settimeout(SECONDS_MAX)
        assert client.recv(4) == b"led\n"
        (opened,) = found.events("connection opened")
        assert opened == {"connection": "c1", "port": "v24", "peer": f"{host}:{number}"}
        assert found.wires["v24"].led == [("c1", f"{host}:{number}")]
        client.sendall(b"ready")
        found.until(lambda: found.wires["v24"].told[-1] == "ready")
        # Towards the exchange is towards the exchange, whoever connected.
        found.control.strike(Fault(kind="cut", towards="exchange", ports=["v24"]))
        client.sendall(b"held")
        found.until(lambda: bool(found.events("held")))
        assert found.events("held") == [
            {"connection": "c1", "port": "v24", "towards": "exchange", "bytes": 4}
        ]
        found.control.restore(reset_connections=True)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        client.close()


def test_a_printer_that_does_not_answer_leads_nobody(works: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        host, number = gone.getsockname()
    found = works()
    found.wires["v24"].target = Target(host, number)
    found.control.install(Installation(overrides={"v24.open": True}))
    found.until(lambda: bool(found.events("connection closed")))
    assert found.wires["v24"].led == []
