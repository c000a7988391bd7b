"""Each way a connection can go wrong: what the operator reads, where, and whose fault it is."""

import base64
import dataclasses
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from oxo_collector.failure import Failure, Fault
from oxo_collector.taxation import encoder
from oxo_collector.taxation.transport import Route, Transport
from pydantic import SecretStr

if TYPE_CHECKING:
    from tests.conftest import Authority, ScriptedExchange

pytestmark = pytest.mark.process

PASSWORD = "pässword with blank"
BODY = b"<answer/>"
Reply = Callable[[BaseHTTPRequestHandler], None]


def reply(status: int, body: bytes = BODY, **headers: str) -> Reply:
    def send(desk: BaseHTTPRequestHandler) -> None:
        desk.send_response(status)
        for name, value in {"Content_Type": "text/xml", **headers}.items():
            desk.send_header(name.replace("_", "-"), value)
        desk.send_header("Content-Length", str(len(body)))
        desk.end_headers()
        desk.wfile.write(body)

    return send


def route(exchange: "ScriptedExchange", **changes: object) -> Route:
    plain = Route(
        address="127.0.0.1",
        user="administrator",
        password=SecretStr(PASSWORD),
        ca_file=str(exchange.ca_file),
        fingerprint=None,
        connect_seconds_max=2.0,
        read_seconds_max=2.0,
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def log_in(way: Route, port: int, **limits: float) -> bytes | Failure:
    transport = Transport(way, **limits)  # type: ignore[arg-type]
    transport.begin(port)
    try:
        return transport.post(encoder.login())
    finally:
        transport.close()


def failure(answer: bytes | Failure, words: str, fault: Fault, where: str = "") -> Failure:
    """Check that it failed with these words, that no secret is told, and whose fault it is."""
    assert isinstance(answer, Failure), answer
    text = str(answer)
    assert words in text
    assert answer.fault is fault, text
    assert where in answer.where
    assert "Login at https://" in answer.where
    for secret in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), "Basic"):
        assert secret not in text
    return answer


def test_a_session_keeps_its_cookie_and_one_connection(exchange: "ScriptedExchange") -> None:
    transport = Transport(route(exchange))
    transport.begin(exchange.port)
    assert isinstance(transport.post(encoder.login()), bytes)
    for request in (
        encoder.get_tickets(5),
        encoder.acknowledge(0),
        encoder.restart_session_timer(),
        encoder.logout(),
    ):
        answer = transport.post(request)
        assert isinstance(answer, bytes)
        assert b"Fault" not in answer
    assert exchange.operations() == [
        "Login", "GetTickets", "AckTickets", "RestartSessionTimer", "Logout",
    ]  # fmt: skip
    assert {one.cookie for one in exchange.asked[1:]} == {"SESSIONID=s1"}
    transport.begin(exchange.port)
    assert not transport.recall(), "the session was closed"
    transport.close()


def test_a_session_left_behind_is_recalled_once_to_be_closed(
    exchange: "ScriptedExchange",
) -> None:
    transport = Transport(route(exchange))
    assert not transport.recall()
    for _ in range(2):
        transport.begin(exchange.port)
        assert not transport.recall()
    transport.post(encoder.login())
    for _ in range(2):
        transport.begin(exchange.port)
    transport.post(encoder.get_tickets(5))
    assert exchange.asked[-1].cookie == "", "a new session begins without cookies"
    assert transport.recall()
    assert not transport.recall()
    transport.post(encoder.logout())
    assert exchange.asked[-1].cookie == "SESSIONID=s1"
    assert exchange.cookie == "", "closed"
    transport.begin(exchange.port)
    assert not transport.recall()
    transport.close()


def test_a_ca_file_is_read_when_a_session_is_begun_and_missed_when_it_is_gone(
    exchange: "ScriptedExchange", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(exchange.ca_file.read_bytes())
    transport = Transport(route(exchange, ca_file=str(ca_file)))
    transport.begin(exchange.port)
    monkeypatch.setattr(ssl, "create_default_context", None)
    assert isinstance(transport.post(encoder.login()), bytes), "not read again"
    ca_file.unlink()
    answer = transport.post(encoder.login())
    failure(answer, "the CA file is gone since the session was begun", Fault.OPERATOR)
    transport.close()


def test_a_name_is_spoken_to_by_name(exchange: "ScriptedExchange") -> None:
    assert isinstance(log_in(route(exchange, address="localhost"), exchange.port), bytes)
    assert exchange.asked[0].host == f"localhost:{exchange.port}"


def test_a_wrong_password(exchange: "ScriptedExchange") -> None:
    answer = log_in(route(exchange, password=SecretStr("wrong")), exchange.port)
    failed = failure(answer, "user or password refused (HTTP 401)", Fault.OPERATOR)
    assert not failed.other_port_may_help


# --- trust: whatever is wrong, no request and hence no credential has left


def test_an_unknown_authority(exchange: "ScriptedExchange", other_authority: "Authority") -> None:
    answer = log_in(route(exchange, ca_file=str(other_authority.ca_file)), exchange.port)
    failure(answer, "certificate is of an unknown authority", Fault.OPERATOR)
    assert exchange.asked == []


def test_a_certificate_of_another_name(
    start_exchange: Callable[..., "ScriptedExchange"],
) -> None:
    exchange = start_exchange("pbx.example.net")
    for address in ("127.0.0.1", "localhost"):
        answer = log_in(route(exchange, address=address), exchange.port)
        failure(answer, f"certificate of the exchange does not name {address}", Fault.OPERATOR)
    assert exchange.asked == []


def test_another_certificate_than_the_pinned(exchange: "ScriptedExchange") -> None:
    for ca_file in (None, str(exchange.ca_file)):
        answer = log_in(route(exchange, fingerprint="ab" * 32, ca_file=ca_file), exchange.port)
        failed = failure(answer, "not the pinned one (fingerprint mismatch)", Fault.OPERATOR)
        assert f": expected {'ab' * 32}, found {exchange.fingerprint};" in failed.what
        assert "put the new fingerprint into the configuration" in failed.what
    assert exchange.asked == []


def test_a_pin_wins_over_names(start_exchange: Callable[..., "ScriptedExchange"]) -> None:
    exchange = start_exchange("pbx.example.net")
    pinned = route(exchange, fingerprint=exchange.fingerprint, ca_file=None)
    assert isinstance(log_in(pinned, exchange.port), bytes)
    both = route(exchange, fingerprint=exchange.fingerprint)
    assert isinstance(log_in(both, exchange.port), bytes)


def test_a_pin_does_not_replace_a_given_authority(
    exchange: "ScriptedExchange", other_authority: "Authority"
) -> None:
    both = route(exchange, fingerprint=exchange.fingerprint, ca_file=str(other_authority.ca_file))
    failure(log_in(both, exchange.port), "unknown authority", Fault.OPERATOR)
    assert exchange.asked == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_ca_file_that_cannot_be_used(
    exchange: "ScriptedExchange", tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    answer = log_in(route(exchange, ca_file=str(path)), exchange.port)
    assert isinstance(answer, Failure)
    assert "the CA file cannot be read" in answer.what
    assert (answer.where, answer.fault) == (str(path), Fault.OPERATOR)


def test_the_environment_has_no_say(
    exchange: "ScriptedExchange",
    other_authority: "Authority",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(other_authority.ca_file))
    assert isinstance(log_in(route(exchange), exchange.port), bytes)


# --- ports and peers


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of 127.0.0.1 on which nobody answers unless the test does."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


def speak(listener: socket.socket, *words: bytes, close: bool = True) -> None:
    """Take one connection, read something, say something."""

    def once() -> None:
        client, _ = listener.accept()
        client.settimeout(5)
        with client:
            client.recv(4096)
            for word in words:
                client.sendall(word)
            if not close:
                client.recv(4096)

    threading.Thread(target=once, daemon=True).start()


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def test_a_closed_port(exchange: "ScriptedExchange", listener: socket.socket) -> None:
    port = port_of(listener)
    listener.close()
    failed = failure(
        log_in(route(exchange), port),
        "connection refused: the port is closed",
        Fault.EXCHANGE,
        f":{port}/services/taxation",
    )
    assert failed.other_port_may_help


def test_a_peer_that_never_shakes_hands(
    exchange: "ScriptedExchange", listener: socket.socket
) -> None:
    answer = log_in(route(exchange, connect_seconds_max=0.2), port_of(listener))
    failure(answer, "timed out", Fault.NETWORK)


def test_a_peer_without_tls(exchange: "ScriptedExchange", listener: socket.socket) -> None:
    speak(listener, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    answer = log_in(route(exchange), port_of(listener))
    failure(answer, "does not speak TLS on this port: not an OXO", Fault.OPERATOR)


def test_a_peer_that_hangs_up(exchange: "ScriptedExchange", listener: socket.socket) -> None:
    speak(listener)
    answer = log_in(route(exchange), port_of(listener))
    failure(answer, "unavailable", Fault.NETWORK)


def test_a_peer_with_old_tls_only(authority: "Authority", exchange: "ScriptedExchange") -> None:
    context, _ = authority.serve("127.0.0.1")
    # Below 1.2 OpenSSL may refuse at either end, so the server's offer is what the test limits.
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def shake() -> None:
            client, _ = plain.accept()
            with client, pytest.raises(OSError):  # noqa: PT011 - any refusal will do
                context.wrap_socket(client, server_side=True)

        thread = threading.Thread(target=shake)
        thread.start()
        answer = log_in(route(exchange), port_of(plain))
        thread.join(5)
    failure(answer, "offers no TLS 1.2 or newer", Fault.EXCHANGE)


def test_a_name_that_is_nowhere(exchange: "ScriptedExchange") -> None:
    answer = log_in(route(exchange, address="nowhere.invalid"), 443)
    failure(answer, "the name of the exchange cannot be resolved", Fault.NETWORK)


# --- answers


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        (403, "access refused", Fault.OPERATOR),
        (404, "not an OXO", Fault.OPERATOR),
        (405, "not an OXO", Fault.OPERATOR),
        (413, "too long", Fault.EXCHANGE),
        (418, "unexpected answer HTTP 418", Fault.EXCHANGE),
        (502, "behind a gateway", Fault.NETWORK),
        (503, "the exchange is unavailable: busy or in a reset", Fault.EXCHANGE),
    ],
)
def test_a_status_that_brings_no_answer(
    exchange: "ScriptedExchange", status: int, words: str, fault: Fault
) -> None:
    exchange.go_wrong("Login", reply(status))
    failure(log_in(route(exchange), exchange.port), words, fault)


def test_a_redirection_is_not_followed(exchange: "ScriptedExchange") -> None:
    for status in (301, 302, 307, 308):
        location = f"https://127.0.0.1:{exchange.port}/elsewhere"
        exchange.go_wrong("Login", reply(status, Location=location))
        answer = log_in(route(exchange), exchange.port)
        failure(answer, f"redirected (HTTP {status}) to {location}; not followed", Fault.EXCHANGE)
    assert exchange.operations() == ["Login"] * 4


@pytest.mark.parametrize("status", [200, 500])
def test_a_web_page_instead_of_an_answer(exchange: "ScriptedExchange", status: int) -> None:
    page = reply(status, b"<html>router</html>", Content_Type="text/html; charset=utf-8")
    exchange.go_wrong("Login", page)
    failure(log_in(route(exchange), exchange.port), "this is not an OXO", Fault.OPERATOR)


def test_a_fault_is_an_answer(exchange: "ScriptedExchange") -> None:
    exchange.go_wrong("Login", reply(500, b"<fault/>"))
    assert log_in(route(exchange), exchange.port) == b"<fault/>"


@pytest.mark.parametrize("sent", range(0, len(BODY), 2))
def test_half_an_answer(exchange: "ScriptedExchange", sent: int) -> None:
    def half(desk: BaseHTTPRequestHandler) -> None:
        desk.send_response(200)
        desk.send_header("Content-Type", "text/xml")
        desk.send_header("Content-Length", str(len(BODY)))
        desk.end_headers()
        desk.wfile.write(BODY[:sent])
        desk.close_connection = True

    exchange.go_wrong("Login", half)
    answer = log_in(route(exchange), exchange.port)
    failure(answer, "half an answer", Fault.NETWORK)


def test_half_of_a_chunked_answer(exchange: "ScriptedExchange") -> None:
    def half(desk: BaseHTTPRequestHandler) -> None:
        desk.send_response(200)
        desk.send_header("Transfer-Encoding", "chunked")
        desk.end_headers()
        desk.wfile.write(b"100\r\n<answer")
        desk.close_connection = True

    exchange.go_wrong("Login", half)
    answer = log_in(route(exchange), exchange.port)
    failure(answer, "half an answer", Fault.NETWORK)


@pytest.mark.parametrize("begun", [False, True], ids=["nothing", "headers"])
def test_an_exchange_that_falls_silent(exchange: "ScriptedExchange", begun: bool) -> None:  # noqa: FBT001 - a parameter
    over = threading.Event()

    def fall_silent(desk: BaseHTTPRequestHandler) -> None:
        if begun:
            desk.send_response(200)
            desk.send_header("Content-Length", "9")
            desk.end_headers()
        over.wait(10)
        desk.close_connection = True

    exchange.go_wrong("Login", fall_silent)
    answer = log_in(route(exchange, read_seconds_max=0.2), exchange.port)
    over.set()
    failure(answer, "timed out: the exchange took the connection and fell silent", Fault.NETWORK)


def test_an_answer_that_trickles_without_end(exchange: "ScriptedExchange") -> None:
    seconds = count(step=10.0)
    transport = Transport(route(exchange), clock=lambda: next(seconds), answer_seconds_max=25.0)
    exchange.go_wrong("Login", reply(200, b"x" * 1_000_000))
    transport.begin(exchange.port)
    answer = transport.post(encoder.login())
    transport.close()
    failure(answer, "half an answer, after 25 seconds", Fault.EXCHANGE)


@pytest.mark.parametrize("length_told", [False, True])
def test_an_answer_without_end(exchange: "ScriptedExchange", length_told: bool) -> None:  # noqa: FBT001 - a parameter
    def flood(desk: BaseHTTPRequestHandler) -> None:
        desk.send_response(200)
        if length_told:
            desk.send_header("Content-Length", str(10**12))
        desk.end_headers()
        desk.close_connection = True
        while True:
            desk.wfile.write(b"x" * 65536)

    exchange.go_wrong("Login", flood)
    answer = log_in(route(exchange), exchange.port, answer_bytes_max=1_000_000)
    failure(answer, "longer than 1000000 bytes", Fault.EXCHANGE)


@pytest.mark.parametrize(
    "noise", [b"\x00" * 100, b"220 ftp.example.net ready\r\n", b"HTTP/1.1 banana\r\n\r\n"]
)
def test_what_is_no_http(exchange: "ScriptedExchange", noise: bytes) -> None:
    def babble(desk: BaseHTTPRequestHandler) -> None:
        desk.wfile.write(noise)
        desk.close_connection = True

    exchange.go_wrong("Login", babble)
    answer = log_in(route(exchange), exchange.port)
    failure(answer, "no HTTP that can be read", Fault.EXCHANGE)
