"""A scripted exchange and a CONNECT proxy for the collector's tests, with real sockets.

Both are of the tests alone: the exchange knows the contract just well enough to be obeyed, and
does, once or for good, whatever wrong thing a test scripts.
"""

import base64
import contextlib
import logging
import os
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
import trustme
from hypothesis import settings
from lxml import etree
from oxo_collector.collection import collect
from oxo_collector.configuration import load
from oxo_collector.store import Reading
from oxo_tickets import from_json

FUZZ_EXAMPLES = os.environ.get("OXO_FUZZ_EXAMPLES")
"""Set by `make fuzz`: so many examples of each property, drawn anew; else few, always the same."""

settings.register_profile(
    "collector",
    max_examples=int(FUZZ_EXAMPLES or 150),
    deadline=None,
    derandomize=FUZZ_EXAMPLES is None,
    database=None,
)

WAIT_SECONDS_MAX = 10
COLLECTING_SECONDS_MAX = 20
USER, PASSWORD = "administrator", "pässword with blank"
CALL = (
    "<CallAccounting><TicketType>Call</TicketType><ChargedUserID>{number}</ChargedUserID>"
    "<CommunicationType>Outgoing</CommunicationType><DialledNumber>0123456789</DialledNumber>"
    "<Date>2026-11-22</Date><Time>20:45:00</Time><CallDuration>00:00:50</CallDuration>"
    "</CallAccounting>"
)


def envelope(inner: str) -> bytes:
    """Wrap an answer as the contract says."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f"{inner}</s:Body></s:Envelope>"
    ).encode()


def result(operation: str, inner: str = "") -> bytes:
    """Return the answer to an operation."""
    name = f"{operation}Result"
    space = 'xmlns="urn:oxo-sim:taxation:1"'
    return envelope(f"<{operation}Response {space}><{name}>{inner}</{name}></{operation}Response>")


def fault(code: str, text: str) -> bytes:
    """Return a SOAP fault."""
    inner = f"<faultcode>s:{code}</faultcode><faultstring>{text}</faultstring>"
    return envelope(f"<s:Fault>{inner}</s:Fault>")


@dataclass(frozen=True)
class Asked:
    """One request as the exchange saw it."""

    operation: str
    number: int
    host: str
    cookie: str


Wrong = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class ScriptedExchange:
    """An exchange on 127.0.0.1; `wrong[operation]` is used up before it behaves."""

    ca_file: Path
    fingerprint: str
    port: int = 0
    epoch: str = "E1"
    session_seconds: int = 300
    one_session: bool = False
    tickets: list[str] = field(default_factory=list)
    acknowledged: int = 0
    asked: list[Asked] = field(default_factory=list)
    wrong: dict[str, deque[Wrong]] = field(default_factory=dict)
    cookie: str = ""
    logins: int = 0
    connections: int = 0
    tls: ssl.SSLContext | None = None
    passwords_seen: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def write(self, count: int) -> None:
        """Put calls into the buffer, numbered on."""
        with self.changed:
            begin = len(self.tickets)
            self.tickets += [CALL.format(number=n) for n in range(begin + 1, begin + count + 1)]

    def go_wrong(self, operation: str, *wrongs: Wrong) -> None:
        """Script what happens at the next requests for an operation."""
        self.wrong.setdefault(operation, deque()).extend(wrongs)

    def go_late(self, operation: str) -> threading.Event:
        """Hold the next answer to an operation back until the event, then behave."""
        until = threading.Event()

        def late(desk: BaseHTTPRequestHandler) -> None:
            assert isinstance(desk, _Desk)
            until.wait(WAIT_SECONDS_MAX)
            desk.behave()

        self.go_wrong(operation, late)
        return until

    def answer_with(self, operation: str, body: bytes, status: int = 200) -> None:
        """Answer the next request for an operation with these bytes."""
        self.go_wrong(operation, reply(status, body))

    def present(self, certificate: trustme.LeafCert) -> str:
        """Shake hands with this certificate from now on; return its SHA-256."""
        assert self.tls is not None
        certificate.configure_cert(self.tls)
        return fingerprint_of(certificate)

    def forget_session(self) -> None:
        """Lose the session, as after an idle limit."""
        with self.changed:
            self.cookie = ""

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until something is true of the exchange, ten seconds at most."""
        with self.changed:
            assert self.changed.wait_for(holds, WAIT_SECONDS_MAX), self.asked

    def operations(self) -> list[str]:
        """Return what was asked so far."""
        return [one.operation for one in self.asked]

    def answer(self, operation: str, number: int, cookie: str) -> bytes:
        """Behave as the contract says."""
        if operation == "Login":
            return self.open()
        if not cookie or cookie != self.cookie:
            return fault("Client.Session", "no such session")
        if operation == "GetTickets":
            return self.offer(number)
        if operation == "AckTickets":
            gone = max(0, number - self.acknowledged)
            self.acknowledged += gone
            return result(operation, f"<acknowledged>{gone}</acknowledged>")
        if operation == "RestartSessionTimer":
            return result(operation, f"<sessionSeconds>{self.session_seconds}</sessionSeconds>")
        self.cookie = ""
        return result(operation)

    def open(self) -> bytes:
        """Open a session in place of the one before, or refuse it."""
        if self.one_session and self.cookie:
            return fault("Client.Session", "a session is open")
        self.logins += 1
        self.cookie = f"SESSIONID=s{self.logins}"
        inner = f"<epoch>{self.epoch}</epoch><release>R3.2</release>"
        return result("Login", f"{inner}<sessionSeconds>{self.session_seconds}</sessionSeconds>")

    def offer(self, tickets_max: int) -> bytes:
        """Return the oldest tickets."""
        some = self.tickets[self.acknowledged :][:tickets_max]
        first = self.acknowledged + 1 if some else 0
        last = self.acknowledged + len(some) if some else 0
        left = len(self.tickets) - self.acknowledged - len(some)
        return result(
            "GetTickets",
            f"<firstSequence>{first}</firstSequence><lastSequence>{last}</lastSequence>"
            f"<remaining>{left}</remaining>"
            f"<CallAccountingList>{''.join(some)}</CallAccountingList>",
        )


class _Desk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: 40 ms an answer otherwise
    exchange: ScriptedExchange
    asked: Asked

    def setup(self) -> None:
        super().setup()
        self.exchange.connections += 1

    def do_POST(self) -> None:
        asked = self._asked()
        exchange = self.exchange
        with exchange.changed:
            exchange.passwords_seen += "Authorization" in self.headers
            exchange.asked.append(asked)
            exchange.changed.notify_all()
            waiting = exchange.wrong.get(asked.operation)
            wrong = waiting.popleft() if waiting else None
        self.asked = asked
        if wrong is None:
            self.behave()
        else:
            wrong(self)

    def behave(self) -> None:
        """Answer as the contract says."""
        exchange, asked = self.exchange, self.asked
        if self.headers["Authorization"] != basic(USER, PASSWORD):
            reply(401, b"", ("WWW-Authenticate", 'Basic realm="OXO Connect"'))(self)
            return
        with exchange.changed:
            body = exchange.answer(asked.operation, asked.number, asked.cookie)
            exchange.changed.notify_all()
        status = 500 if b"Fault>" in body else 200
        cookie = f"{exchange.cookie}; Path=/services; Secure; HttpOnly"
        extra = [("Set-Cookie", cookie)] if asked.operation == "Login" else []
        reply(status, body, *extra)(self)

    def _asked(self) -> Asked:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = etree.fromstring(body)[0][0]
        numbers = [int(child.text or "0") for child in operation]
        return Asked(
            etree.QName(operation).localname,
            numbers[0] if numbers else 0,
            self.headers["Host"],
            self.headers.get("Cookie", ""),
        )

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let clients break off as they like."""


def basic(user: str, password: str) -> str:
    """Return the header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def reply(status: int, body: bytes, *headers: tuple[str, str]) -> Wrong:
    """Answer with these bytes."""

    def send(desk: BaseHTTPRequestHandler) -> None:
        desk.send_response(status)
        if not any(name == "Content-Type" for name, _ in headers):
            desk.send_header("Content-Type", "text/xml; charset=utf-8")
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            desk.send_header(name, value)
        desk.end_headers()
        desk.wfile.write(body)

    return send


def fingerprint_of(certificate: trustme.LeafCert) -> str:
    """Return the SHA-256 that an operator pins."""
    pem = certificate.cert_chain_pems[0].bytes().decode()
    return sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


@dataclass
class Authority:
    """A certificate authority with the server contexts that tests need."""

    ca: trustme.CA
    folder: Path

    @property
    def ca_file(self) -> Path:
        """Return the authority's certificate as a file."""
        path = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(path))
        return path

    def serve(self, *names: str) -> tuple[ssl.SSLContext, str]:
        """Return a server context for these names, and the certificate's SHA-256."""
        certificate = self.ca.issue_cert(*names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context, fingerprint_of(certificate)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority of the exchanges."""
    return Authority(trustme.CA(), tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that did not sign for any exchange."""
    return Authority(trustme.CA(), tmp_path_factory.mktemp("other-authority"))


@pytest.fixture
def start_exchange(authority: Authority) -> Iterator[Callable[..., ScriptedExchange]]:
    """Start exchanges whose certificates carry the given names (127.0.0.1 and localhost)."""
    servers: list[_Server] = []

    def start(*names: str) -> ScriptedExchange:
        context, fingerprint = authority.serve(*(names or ("127.0.0.1", "localhost")))
        exchange = ScriptedExchange(authority.ca_file, fingerprint, tls=context)
        desk = type("Desk", (_Desk,), {"exchange": exchange})
        server = _Server(("127.0.0.1", 0), desk)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        exchange.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return exchange

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def exchange(start_exchange: Callable[..., ScriptedExchange]) -> ScriptedExchange:
    """An exchange that behaves."""
    return start_exchange()


@dataclass
class ScriptedProxy:
    """A CONNECT proxy on 127.0.0.1; `refusal` is the status line it refuses with."""

    port: int
    login: str | None = None
    refusal: str | None = None
    connected: list[str] = field(default_factory=list)


@pytest.fixture
def proxy() -> Iterator[ScriptedProxy]:
    """A proxy that carries whatever it is asked to, once it knows the login."""
    listener = socket.create_server(("127.0.0.1", 0))
    scripted = ScriptedProxy(listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_carry_quietly, args=(scripted, client), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield scripted
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _carry_quietly(proxy: ScriptedProxy, client: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either end may break off as it likes
        _carry(proxy, client)


def _carry(proxy: ScriptedProxy, client: socket.socket) -> None:
    with client, client.makefile("rb") as reader:
        head = [line.decode().strip() for line in iter(reader.readline, b"\r\n")]
        target = head[0].split()[1]
        proxy.connected.append(target)
        login = next((v for v in head if v.startswith("Proxy-Authorization: ")), "")
        if proxy.refusal is not None:
            client.sendall(f"HTTP/1.1 {proxy.refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        if proxy.login is not None and login != f"Proxy-Authorization: {proxy.login}":
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(client, server)


def _relay(one: socket.socket, other: socket.socket) -> None:
    ends = {one: other, other: one}
    while True:
        for end in select.select([one, other], [], [], WAIT_SECONDS_MAX)[0]:
            data = end.recv(65536)
            if not data:
                return
            ends[end].sendall(data)


class Collecting:
    """A collection in a thread of the test; `log` is what it said."""

    def __init__(self, folder: Path, exchange: ScriptedExchange, trust: str, address: str) -> None:
        (folder / "secret").write_text(PASSWORD + "\n", "utf-8")
        self.path = folder / "collector.toml"
        self.path.write_text(
            f"""
            store = "tickets.db"
            [[exchange]]
            name = "site"
            address = "{address}"
            port = {exchange.port}
            user = "administrator"
            password_file = "secret"
            {trust}
            zone = "Europe/Paris"
            batch_tickets_max = 2
            poll_seconds = 0.01
            read_seconds_max = 20
            rest_seconds_first = 0.001
            rest_seconds_max = 0.002
            """,
            "utf-8",
        )
        self.log: list[dict[str, Any]] = []
        self.exchange = exchange
        self._grown = threading.Condition()
        self._stop = threading.Event()
        logger = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[structlog.processors.add_log_level, self._keep],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        self._thread = threading.Thread(target=collect, args=(load(self.path), self._stop, logger))
        self._thread.start()

    def _keep(self, _log: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
        with self._grown:
            self.log.append(dict(event))
            self._grown.notify_all()
        raise structlog.DropEvent

    def texts(self, level: str = "warning") -> list[str]:
        return [str(one["event"]) for one in self.log if one["level"] == level]

    def wait_for(self, holds: Callable[[], bool]) -> None:
        with self._grown:
            assert self._grown.wait_for(holds, COLLECTING_SECONDS_MAX), self.log

    def wait_for_acknowledged(self, count: int) -> None:
        with self.exchange.changed:
            done = self.exchange.changed.wait_for(
                lambda: self.exchange.acknowledged >= count, COLLECTING_SECONDS_MAX
            )
        assert done, self.log

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(COLLECTING_SECONDS_MAX)
        assert not self._thread.is_alive()

    def charged_users(self) -> list[str | None]:
        with Reading(load(self.path).store) as store:
            return [from_json(row.canonical).charged_user for row in store.tickets()]


@pytest.fixture
def start_collecting(tmp_path: Path) -> Iterator[Callable[..., Collecting]]:
    """Start collecting from an exchange; what still collects after the test is stopped."""
    begun: list[Collecting] = []

    def collecting(
        exchange: ScriptedExchange, trust: str = "", address: str = "127.0.0.1"
    ) -> Collecting:
        trust = trust or f'ca_file = "{exchange.ca_file}"'
        begun.append(Collecting(tmp_path, exchange, trust, address))
        return begun[-1]

    yield collecting
    for one in begun:
        one.stop()
        assert not any("defect" in text for text in one.texts("error")), one.log
