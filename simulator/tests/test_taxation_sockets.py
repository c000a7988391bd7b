"""The taxation wire on real sockets over TLS, met by clients that are not ours: zeep and curl."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from oxo_simulator.certificates import Authority
from oxo_simulator.taxation import Taxation, TaxationSettings
from oxo_simulator.taxation.http import BODY_BYTES_MAX
from oxo_simulator.transcript import Transcript
from twisted.internet.threads import blockingCallFromThread
from twisted.protocols.tls import TLSMemoryBIOFactory
from zeep.transports import Transport

pytestmark = pytest.mark.process

PASSWORD = "hunter2"
SECONDS_MAX = 10


class Served:
    """A paper exchange whose two ports are open on loopback."""

    def __init__(self, network: Any, authority: Authority, exchange: Any) -> None:
        self.exchange = exchange
        self.ca_file = str(authority.ca_pem_file)
        self.transcript = Transcript(now=lambda: datetime.now(UTC))
        self._network = network
        self.taxation = Taxation(
            {"collector": PASSWORD},
            network,
            lambda peer, _here: (f"c{peer[1]}", f"{peer[0]}:{peer[1]}"),
            self.transcript,
        )
        self.install()
        self.certificate = authority.server_certificate("oxo-connect", ["127.0.0.1", "localhost"])
        self._ports = [self.call(self._listen, name) for name in ("standard", "alternate")]

    def call(self, what: Callable[..., Any], *args: Any) -> Any:
        return blockingCallFromThread(self._network, what, *args)

    def _listen(self, name: str) -> Any:
        site = self.taxation.site(name)
        secured = TLSMemoryBIOFactory(
            self.certificate.context_factory(), False, site, clock=self._network
        )
        return self._network.listenTCP(0, secured, interface="127.0.0.1")

    def install(self, **settings: Any) -> None:
        self.call(self.taxation.install, self.exchange, TaxationSettings(**settings))

    def port(self, name: str = "standard") -> int:
        number: int = self._ports[name == "alternate"].getHost().port
        return number

    def url(self, host: str = "localhost", name: str = "standard") -> str:
        return f"https://{host}:{self.port(name)}/services/taxation"

    def connect(self, host: str = "localhost") -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.ca_file)
        plain = socket.create_connection(("127.0.0.1", self.port()), SECONDS_MAX)
        return context.wrap_socket(plain, server_hostname=host)

    def close(self) -> None:
        for port in self._ports:
            self.call(port.stopListening)
        self.call(self.taxation.end_sessions, "reset")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.load_or_create(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def served(
    network: Any, authority: Authority, paper_exchange: Callable[..., Any]
) -> Iterator[Served]:
    served = Served(network, authority, paper_exchange(5))
    yield served
    served.close()


@pytest.fixture
def session(served: Served) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = served.ca_file
        session.auth = ("collector", PASSWORD)
        session.headers["Content-Type"] = "text/xml"
        yield session


def call(inside: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
    ).encode()


@pytest.mark.parametrize("tag_set", ["observed", "extended"])
@pytest.mark.parametrize(("host", "name"), [("localhost", "standard"), ("127.0.0.1", "alternate")])
def test_zeep_knows_only_the_wsdl(
    served: Served, session: requests.Session, tag_set: str, host: str, name: str
) -> None:
    served.install(tag_set=tag_set)
    first = served.exchange.buffer[0].ticket
    unknown = {"taxation": {"NodeID": "3"}}
    served.exchange.put(type(first)(kind=first.kind, local_time=first.local_time, extras=unknown))
    wsdl = served.url(host, name) + "?wsdl"
    transport = Transport(session=session, timeout=SECONDS_MAX)  # type: ignore[no-untyped-call]
    client = zeep.Client(wsdl, transport=transport)  # type: ignore[no-untyped-call]
    login = client.service.Login()
    assert (login.epoch, login.sessionSeconds) == ("e-1", 300)
    assert client.service.RestartSessionTimer() == 300
    got = client.service.GetTickets(maxTickets=2, waitSeconds=0)
    assert (got.firstSequence, got.lastSequence, got.remaining) == (1, 2, 4)
    tickets = got.CallAccountingList.CallAccounting
    assert [ticket.ChargedUserID for ticket in tickets] == ["101", "102"]
    assert (tickets[0].Date, tickets[0].Time) == ("2026-11-22", "09:00:01")
    assert tickets[0].SubscriberName == "Zoë & Söhne <RdC>"
    assert client.service.AckTickets(lastSequence=2) == 2
    rest = client.service.GetTickets(maxTickets=100, waitSeconds=0)
    assert (rest.lastSequence, rest.remaining) == (6, 0)
    assert client.service.AckTickets(lastSequence=6) == 4
    with pytest.raises(zeep.exceptions.Fault) as met:
        client.service.AckTickets(lastSequence=7)
    assert met.value.code.endswith(":Client.Acknowledgement")
    empty = client.service.GetTickets(maxTickets=100, waitSeconds=0)
    assert (empty.firstSequence, empty.lastSequence, empty.remaining) == (0, 0, 0)
    client.service.Logout()
    assert served.taxation.session_count == 0
    lines = served.transcript.lines(0)
    assert {line["port"] for line in lines} == {name}
    sni = "localhost" if host == "localhost" else None
    assert {line["tls"]["server_name"] for line in lines} == {sni}


needs_curl = pytest.mark.needs("curl")


def curl(served: Served, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run curl as an operator would: CA file, cookie jar; the password from a file, not argv."""
    (folder / "netrc").write_text(f"machine localhost login collector password {PASSWORD}\n")
    command = ["curl", "--silent", "--show-error", "--max-time", str(SECONDS_MAX), "--noproxy", "*"]
    command += ["--cacert", served.ca_file, "--netrc-file", str(folder / "netrc")]
    command += ["--cookie", str(folder / "jar"), "--cookie-jar", str(folder / "jar")]
    command += ["--header", "Content-Type: text/xml", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS_MAX + 5)


@needs_curl
def test_curl_with_a_cookie_jar(served: Served, tmp_path: Path) -> None:
    def ask(inside: str) -> bytes:
        done = curl(served, tmp_path, "--data-binary", call(inside).decode(), served.url())
        assert done.returncode == 0, done.stderr
        return done.stdout

    get = "<GetTickets><maxTickets>3</maxTickets><waitSeconds>0</waitSeconds></GetTickets>"
    assert b"<epoch>e-1</epoch>" in ask("<Login/>")
    assert ask(get).count(b"<CallAccounting>") == 3
    assert b"<acknowledged>3<" in ask("<AckTickets><lastSequence>3</lastSequence></AckTickets>")
    assert b"<firstSequence>4<" in ask(get)
    assert b"<LogoutResult/>" in ask("<Logout/>")
    assert b"Client.Session" in ask(get)


@needs_curl
def test_curl_is_told_when_its_body_is_too_long(served: Served, tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * (50 * BODY_BYTES_MAX))
    for how in ("Content-Type: text/xml", "Transfer-Encoding: chunked", "Expect:"):
        upload = ["--header", how, "--data-binary", f"@{tmp_path / 'long'}"]
        done = curl(served, tmp_path, *upload, "--write-out", "%{http_code}", served.url())
        assert done.stdout.endswith(b"413"), (how, done.stderr)
    assert curl(served, tmp_path, served.url() + "?wsdl").stdout.startswith(b"<?xml")


def test_a_client_that_does_not_know_the_authority_refuses(served: Served) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(served.url(), timeout=SECONDS_MAX)
    with pytest.raises(ssl.SSLCertVerificationError):
        served.connect("another.example")


def test_wrong_password_no_cookie_second_login(served: Served, session: requests.Session) -> None:
    def ask(inside: str, **more: Any) -> requests.Response:
        return session.post(served.url(), call(inside), timeout=SECONDS_MAX, **more)

    wrong = ask("<Login/>", auth=("collector", "wrong"))
    assert (wrong.status_code, wrong.headers["WWW-Authenticate"]) == (
        401,
        'Basic realm="OXO Connect"',
    )
    assert "Client.Session" in ask("<RestartSessionTimer/>").text
    assert ask("<Login/>").status_code == 200
    session.cookies.clear()
    assert "Client.Session" in ask("<RestartSessionTimer/>").text
    assert ask("<Login/>").status_code == 200
    assert ask("<RestartSessionTimer/>").status_code == 200
    served.install(second_login="refuse")
    assert ask("<Login/>").status_code == 200
    session.cookies.clear()
    assert "second login" in ask("<Login/>").text


def test_keep_alive_on_one_connection(served: Served, session: requests.Session) -> None:
    for _ in range(3):
        session.post(served.url(), call("<Login/>"), timeout=SECONDS_MAX)
    assert len({line["connection"] for line in served.transcript.lines(0)}) == 1


def drained(connection: ssl.SSLSocket) -> bytes:
    """Read until the other end closes."""
    read = b""
    while piece := connection.recv(65536):
        read += piece
    return read


GARBAGE = [b"\x00" * 1000 + b"\r\n\r\n", b"GET\r\n\r\n"]


@pytest.mark.parametrize("octets", GARBAGE)
def test_garbage_inside_tls_ends_its_connection_only(
    served: Served, session: requests.Session, octets: bytes
) -> None:
    with served.connect() as connection:
        connection.sendall(octets)
        assert drained(connection)[:13] in (b"HTTP/1.1 400 ", b"")
    assert session.post(served.url(), call("<Login/>"), timeout=SECONDS_MAX).status_code == 200


def test_garbage_instead_of_tls_ends_its_connection_only(
    served: Served, session: requests.Session
) -> None:
    with socket.create_connection(("127.0.0.1", served.port()), SECONDS_MAX) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while plain.recv(4096):
            pass
    assert session.post(served.url(), call("<Login/>"), timeout=SECONDS_MAX).status_code == 200


def test_a_client_that_goes_away_in_mid_request_harms_nobody(
    served: Served, session: requests.Session
) -> None:
    for sent in (b"POST /services", b"POST / HTTP/1.1\r\nContent-Length: 500\r\n\r\n<s:Env"):
        with served.connect() as connection:
            connection.sendall(sent)
    assert session.post(served.url(), call("<Login/>"), timeout=SECONDS_MAX).status_code == 200


def test_the_version_of_tls_is_in_the_transcript(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert drained(connection).startswith(b"HTTP/1.1 404 ")
        spoken = connection.version()
    (line,) = served.transcript.lines(0)
    assert line["tls"] == {"version": spoken, "server_name": "localhost"}
    assert line["connection"].startswith("c")
