"""What several tests of the simulator share: a paper exchange, a wire in memory, a reactor."""

import base64
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree
from oxo_simulator.certificates import Authority
from oxo_simulator.contract_table import Contract
from oxo_simulator.ephemeral import PORTS
from oxo_simulator.exchange.port import Buffered, NeverOffered
from oxo_simulator.identity import Identity
from oxo_simulator.taxation import Taxation, TaxationSettings
from oxo_simulator.transcript import Transcript
from oxo_tickets import CommunicationType, Direction, Kind, Ticket
from twisted.internet.address import IPv4Address
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

REACTOR_SECONDS_MAX = 10
EXIT_SECONDS_MAX = 30
BEHIND = "127.0.0.2"


class PaperExchange:
    """The taxation buffer on paper: tickets put in by hand, every ledger word in `journal`."""

    def __init__(self, count: int = 0) -> None:
        self.epoch = "e-1"
        self.release = "R3.2"
        self.serving = True
        self.journal: list[tuple[Any, ...]] = []
        self.strike: Callable[[str], None] = lambda _event: None
        self._highest = 0
        self._next = 1
        self.buffer: list[Buffered] = []
        for _ in range(count):
            self.put(ticket(self._next))

    def put(self, *tickets: Ticket) -> None:
        for one in tickets:
            self.buffer.append(Buffered(self._next, self._next, one))
            self._next += 1

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        return self.buffer[:count_max]

    def waiting_count(self) -> int:
        return len(self.buffer)

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        self._highest = max(self._highest, last)
        self.journal.append(("offered", first, last, session, connection))
        self.strike("offered")

    def acknowledge(self, last: int, session: str, connection: str) -> int:
        if not 0 <= last <= self._highest:
            raise NeverOffered(last, self._highest)
        left = [one for one in self.buffer if one.sequence <= last]
        self.buffer = self.buffer[len(left) :]
        self.journal.append(("acknowledged", last, session, connection))
        self.strike("acknowledged")
        return len(left)

    def record(self, event: str, **detail: Any) -> None:
        self.journal.append((event, detail))
        self.strike(event)


def ticket(number: int) -> Ticket:
    """Return a plain call; each has another user, number and second."""
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime.fromisoformat("2026-11-22T09:00:00") + timedelta(seconds=number),
        charged_user=str(100 + number),
        dialled_number=f"0199{number:06}",
        ring_seconds=0,
        call_seconds=number,
        subscriber_name="Zoë & Söhne <RdC>",
    )


TAXATION_PATH = "/services/taxation"
PASSWORD = "hunter2 é"
PEER = IPv4Address("TCP", "127.0.0.9", 4001)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def fault(self) -> str:
        return (etree.fromstring(self.body).findtext(".//faultcode") or "").partition(":")[2]

    @property
    def why(self) -> str:
        return etree.fromstring(self.body).findtext(".//faultstring") or ""

    def value(self, tag: str) -> str | None:
        return etree.fromstring(self.body).findtext(f".//{{*}}{tag}")


def replies(written: bytes) -> list[Reply]:
    """Read answers one behind the other, each as long as it says."""
    found = []
    while written:
        head, blank, rest = written.partition(b"\r\n\r\n")
        assert blank, written
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["Content-Length"])
        assert len(rest) >= length
        found.append(Reply(int(first.split()[1]), headers, rest[:length]))
        written = rest[length:]
    return found


class Transport(StringTransport):
    """A transport in memory that, like a real one, may be closed twice."""

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None


def soap_call(inside: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
    ).encode()


def basic(user: str, password: str, charset: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode(charset)).decode()


GOOD = basic("collector", PASSWORD)


def http_request(  # noqa: PLR0913 -- every part of a request that a test bends
    body: bytes = b"",
    *,
    method: str = "POST",
    target: str = TAXATION_PATH,
    authorization: str | None = GOOD,
    content_type: str | None = "text/xml; charset=utf-8",
    cookie: str | None = None,
    host: str | None = "localhost:10443",
    more: str = "",
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Content-Length: {len(body)}"]
    named = {"Authorization": authorization, "Content-Type": content_type, "Cookie": cookie}
    lines += [f"{name}: {value}" for name, value in {**named, "Host": host}.items() if value]
    return ("\r\n".join(lines) + f"\r\n{more}\r\n").encode(errors="surrogateescape") + body


def chunked_request(body: bytes, size: int) -> bytes:
    head = http_request(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunks = [body[i : i + size] for i in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"


class Wire:
    """One exchange, its service, and connections to it in memory.

    `request`, `chunked` and `replies` speak HTTP for tests that want the bytes.
    """

    request = staticmethod(http_request)
    chunked = staticmethod(chunked_request)
    replies = staticmethod(replies)

    def __init__(self, exchange: Any, settings: TaxationSettings) -> None:
        self.exchange = exchange
        self.clock = Clock()
        self.transcript = Transcript(now=lambda: datetime.now(UTC))
        secrets = (f"secret{n}" for n in count(1))
        self.taxation = Taxation(
            {"collector": PASSWORD, "other": "x"},
            self.clock,
            lambda peer, _here: (f"c{peer[1] - 4000}", f"{peer[0]}:{peer[1]}"),
            self.transcript,
            lambda: next(secrets),
        )
        self.taxation.install(exchange, settings)
        self.site = self.taxation.site("standard")
        self.cookie: str | None = None

    def connect(self, port: int = 4001) -> tuple[Any, Any]:
        channel = self.site.buildProtocol(PEER)  # type: ignore[no-untyped-call]
        transport: Any = Transport(  # type: ignore[no-untyped-call]
            hostAddress=IPv4Address("TCP", "127.0.0.2", 10443),
            peerAddress=IPv4Address("TCP", "127.0.0.9", port),
        )
        channel.makeConnection(transport)
        return channel, transport

    def send(self, octets: bytes, port: int = 4001) -> list[Reply]:
        channel, transport = self.connect(port)
        channel.dataReceived(octets)
        return replies(transport.value())

    def ask(self, body: bytes, **changed: Any) -> Reply:
        port = changed.pop("port", 4001)
        (reply,) = self.send(http_request(body, cookie=self.cookie, **changed), port)
        if "Set-Cookie" in reply.headers:
            self.cookie = reply.headers["Set-Cookie"].split(";")[0]
        return reply

    def login(self, **changed: Any) -> Reply:
        return self.ask(soap_call("<Login/>"), **changed)

    def get(self, tickets: int = 10, **changed: Any) -> Reply:
        asked = f"<maxTickets>{tickets}</maxTickets><waitSeconds>0</waitSeconds>"
        return self.ask(soap_call(f"<GetTickets>{asked}</GetTickets>"), **changed)

    def ack(self, last: int, **changed: Any) -> Reply:
        inside = f"<AckTickets><lastSequence>{last}</lastSequence></AckTickets>"
        return self.ask(soap_call(inside), **changed)


@pytest.fixture
def make_wire() -> Callable[..., Wire]:
    """Return what makes wires: so many tickets, any settings, by default the usual contract."""

    def make(tickets: int = 0, **settings: Any) -> Wire:
        return Wire(PaperExchange(tickets), TaxationSettings(**settings))

    return make


SOAP = {
    "1.1": ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml"),
    "1.2": ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml"),
}


class Caller:
    """A collector that speaks whatever a table says; keeps every answer's bytes."""

    def __init__(self, wire: Any, spoken: Contract) -> None:
        self.wire, self.spoken = wire, spoken
        self.heard: list[bytes] = []

    def call(self, key: str, members: Mapping[str, int] | None = None, **changed: Any) -> Any:
        return self.ask(getattr(self.spoken.operations, key), members or {}, **changed)

    def ask(self, name: str, members: Mapping[str, int], **changed: Any) -> Any:
        envelope, media_type = SOAP[self.spoken.soap]
        named = ((getattr(self.spoken.elements, key), value) for key, value in members.items())
        inside = "".join(f"<{element}>{value}</{element}>" for element, value in named)
        body = (
            f'<s:Envelope xmlns:s="{envelope}"><s:Body><{name} xmlns="{self.spoken.namespace}">'
            f"{inside}</{name}></s:Body></s:Envelope>"
        )
        changed.setdefault("content_type", media_type)
        reply = self.wire.ask(body.encode(), **changed)
        shown = sorted(f"{k}: {v}" for k, v in reply.headers.items() if k != "Date")
        self.heard.append("\n".join([str(reply.status), *shown]).encode() + reply.body)
        return reply

    def login(self, **changed: Any) -> Any:
        return self.call("login", **changed)

    def get(self, tickets: int = 2, **changed: Any) -> Any:
        return self.call("get_tickets", {"max_tickets": tickets, "wait_seconds": 0}, **changed)

    def ack(self, last: int) -> Any:
        return self.call("acknowledge", {"last_sequence": last})

    def wsdl(self) -> Any:
        target = "/services/taxation?wsdl"
        reply = self.wire.ask(b"", method="GET", target=target, content_type=None)
        self.heard.append(reply.body)
        return reply

    def sequences(self, tickets: int = 2, **changed: Any) -> tuple[str | None, ...]:
        """Get tickets; return the first sequence, the last one, and what remains."""
        reply, named = self.get(tickets, **changed), self.spoken.elements
        told = (named.first_sequence, named.last_sequence, named.remaining)
        return tuple(reply.value(tag) for tag in told)

    def everything(self) -> bytes:
        """Hold a whole conversation of this contract, faults included; return what was heard."""
        self.wsdl()
        if self.spoken.login == "operation":
            self.login()
        self.get()
        if self.spoken.acknowledgement == "explicit":
            self.ack(2)
        self.get()
        self.call("restart_timer")
        self.call("logout")
        self.call("logout")
        self.ask("NobodyKnows", {})
        return b"\n".join(self.heard)


@pytest.fixture
def caller(make_wire: Callable[..., Wire]) -> Callable[..., Caller]:
    """Return what makes collectors of a contract, each with a wire of its own that has it."""

    def make(spoken: Contract, tickets: int = 3, **settings: Any) -> Caller:
        return Caller(make_wire(tickets, contract=spoken, **settings), spoken)

    return make


@pytest.fixture
def speaker() -> type[Caller]:
    """Return the class, for a collector on a wire that has another contract."""
    return Caller


@pytest.fixture
def paper_exchange() -> Callable[..., PaperExchange]:
    """Return the class, to fill with as many tickets as a test needs."""
    return PaperExchange


@pytest.fixture(scope="session")
def network() -> Iterator[Any]:
    """Return a reactor of our own, running in a thread for the whole test run."""
    reactor: Any = EPollReactor()  # type: ignore[no-untyped-call]
    running = threading.Event()
    reactor.callWhenRunning(running.set)
    thread = threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False})
    thread.start()
    assert running.wait(REACTOR_SECONDS_MAX)
    yield reactor
    reactor.callFromThread(reactor.stop)
    thread.join(REACTOR_SECONDS_MAX)
    assert not thread.is_alive()


@pytest.fixture
def start_exchange(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return what starts `oxo-sim run` on free ports and returns its state folder."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> Path:
        folder = tmp_path / f"state{len(running)}"
        oxo_sim = str(Path(sys.executable).with_name("oxo-sim"))
        command = [oxo_sim, "run", "--state", str(folder)]
        names = PORTS
        ports = [word for name in names for word in ("--port", f"{name}=0")]
        process = subprocess.Popen([*command, *ports, *options], stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout is not None
        while b"token in" not in (said := process.stdout.readline()):
            assert said, f"the exchange ended with status {process.wait(EXIT_SECONDS_MAX)}"
        return folder

    yield start
    for process in running:
        with process:
            process.terminate()
            assert process.wait(EXIT_SECONDS_MAX) == 0


@pytest.fixture
def ask_exchange() -> Iterator[Callable[..., requests.Response]]:
    """Return what sends one SOAP operation to an exchange that runs, with cookies kept."""
    with requests.Session() as session:
        session.trust_env = False

        def ask(exchange: Any, inside: str) -> requests.Response:
            return session.post(
                exchange.url,
                soap_call(inside),
                auth=(exchange.user, exchange.password),
                headers={"Content-Type": "text/xml; charset=utf-8", "Connection": "close"},
                verify=exchange.ca_file,
                timeout=20,
            )

        yield ask


class RawFtp:
    """An FTP client that sends what it is told.

    Args:
        port: of the server, behind the link.
        user: whose password is `s3cret`.
    """

    seconds_max = 20

    def __init__(self, port: int, user: str) -> None:
        self.user = user
        self.socket = socket.create_connection((BEHIND, port), self.seconds_max)
        self.lines = self.socket.makefile("rb")

    def reply(self) -> str:
        line = self.lines.readline()
        while line[3:4] == b"-":
            line = self.lines.readline()
        return line.decode().strip()

    def say(self, *commands: str) -> str:
        for command in commands:
            self.socket.sendall(f"{command}\r\n".encode())
            answer = self.reply()
        return answer

    def login(self) -> "RawFtp":
        assert self.reply().startswith("220")
        assert self.say(f"USER {self.user}", "PASS s3cret").startswith("230")
        return self

    def data(self) -> socket.socket:
        number = int(self.say("EPSV").split("|")[3])
        return socket.create_connection((BEHIND, number), self.seconds_max)

    def ended(self) -> bool:
        """Wait for the end; tell whether it came."""
        with suppress(ConnectionError):
            while self.socket.recv(4096):
                pass
        return True

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


@pytest.fixture(scope="session")
def raw_ftp() -> Callable[[int, str], RawFtp]:
    """Return what connects a client that sends what it is told."""
    return RawFtp


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """Return a certificate for wires that stand alone, without a link."""
    authority = Authority.load_or_create(tmp_path_factory.mktemp("authority") / "ca")
    return Identity(authority, authority.server_certificate("oxo", [BEHIND]))
