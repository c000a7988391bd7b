"""How long and of whom: what drips without end is broken off, and the proxy is told apart."""

import base64
import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
from oxo_collector.failure import Failure, Fault
from oxo_collector.taxation import encoder
from oxo_collector.taxation.transport import ProxyRoute, Route, Transport
from pydantic import SecretStr
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    from tests.conftest import ScriptedExchange, ScriptedProxy

pytestmark = pytest.mark.process

PASSWORD = "pässword with blank"
Reply = Callable[[BaseHTTPRequestHandler], None]


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


def drip(head: bytes, again: bytes, over: threading.Event) -> Reply:
    """Say the head at once and then a little again and again: never silent, never done."""

    def say(desk: BaseHTTPRequestHandler) -> None:
        desk.close_connection = True
        desk.wfile.write(head)
        while not over.wait(0.02):
            desk.wfile.write(again)

    return say


DRIPS = {
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
    "body without length": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
    "head": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "status": (b"HTTP/1.1 200 ", b"x"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Ends what a peer does without end, at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("part", DRIPS)
@pytest.mark.parametrize("kept_open", [False, True], ids=["new", "kept open"])
def test_whatever_drips_is_broken_off_at_the_limit_of_the_whole(
    exchange: "ScriptedExchange",
    over: threading.Event,
    part: str,
    kept_open: bool,  # noqa: FBT001 - a parameter
) -> None:
    head, again = DRIPS[part]
    transport = Transport(route(exchange), answer_seconds_max=0.4)
    transport.begin(exchange.port)
    if kept_open:
        assert isinstance(transport.post(encoder.login()), bytes)
    exchange.go_wrong("Login", drip(head, again, over))
    begun = time.monotonic()
    answer = transport.post(encoder.login())
    assert time.monotonic() - begun < 2
    transport.close()
    failure(answer, "half an answer, after 0.4 seconds: timed out, broken off", Fault.EXCHANGE)
    assert [one.cookie != "" for one in exchange.asked] == [False, True][: 1 + kept_open]


def test_a_handshake_that_drips_is_broken_off(
    exchange: "ScriptedExchange", listener: socket.socket, over: threading.Event
) -> None:
    def shake() -> None:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(b"\x16\x03\x03\x40\x00")
            while not over.wait(0.02):
                client.sendall(b"\x00")

    threading.Thread(target=shake, daemon=True).start()
    way = route(exchange, connect_seconds_max=10.0)
    answer = log_in(way, port_of(listener), answer_seconds_max=0.4)
    failure(answer, "after 0.4 seconds: timed out, broken off", Fault.EXCHANGE)


def test_the_limit_of_the_whole_is_never_below_those_of_its_parts(
    exchange: "ScriptedExchange",
) -> None:
    assert Transport(route(exchange))._answer_seconds_max == 120
    slow = route(exchange, connect_seconds_max=10.0, read_seconds_max=600.0)
    assert Transport(slow)._answer_seconds_max == 610


def test_the_limit_of_one_answer_is_not_that_of_the_next(exchange: "ScriptedExchange") -> None:
    transport = Transport(route(exchange), answer_seconds_max=0.3)
    transport.begin(exchange.port)
    began = time.monotonic()
    while time.monotonic() - began < 0.8:
        assert isinstance(transport.post(encoder.login()), bytes)
    transport.close()


def test_what_is_broken_off_from_another_thread_fails_at_once_and_so_does_the_next(
    exchange: "ScriptedExchange", over: threading.Event
) -> None:
    head, again = DRIPS["body"]
    exchange.go_wrong("Login", drip(head, again, over))
    transport = Transport(route(exchange))
    transport.begin(exchange.port)
    answers: list[bytes | Failure] = []
    thread = threading.Thread(target=lambda: answers.append(transport.post(encoder.login())))
    thread.start()
    exchange.wait_for(lambda: bool(exchange.asked))
    transport.break_off()
    thread.join(5)
    answers.append(transport.post(encoder.login()))
    transport.close()
    for answer in answers:
        failure(answer, "when the time that a stop leaves was over: broken off", Fault.EXCHANGE)
    assert [one.operation for one in exchange.asked] == ["Login"], "nothing is sent any more"


# --- the proxy


def through(proxy: "ScriptedProxy", exchange: "ScriptedExchange", **login: object) -> Route:
    return route(exchange, proxy=ProxyRoute("127.0.0.1", proxy.port, **login))  # type: ignore[arg-type]


def test_a_proxy_carries_the_session_and_gets_its_own_login(
    exchange: "ScriptedExchange", proxy: "ScriptedProxy"
) -> None:
    proxy.login = "Basic " + base64.b64encode("collector:sëcret word".encode()).decode()
    way = through(proxy, exchange, user="collector", password=SecretStr("sëcret word"))
    assert isinstance(log_in(way, exchange.port), bytes)
    assert proxy.connected == [f"127.0.0.1:{exchange.port}"]
    assert exchange.operations() == ["Login"]


def test_requests_through_a_proxy_do_not_wait_for_its_receipts(
    exchange: "ScriptedExchange", proxy: "ScriptedProxy", monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[socket.socket] = []

    def connect(*where: Any, **how: Any) -> socket.socket:
        opened.append(create_connection(*where, **how))
        return opened[-1].dup()

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    assert isinstance(log_in(through(proxy, exchange), exchange.port), bytes)
    assert [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in opened] == [1]
    opened[0].close()


def test_a_pin_holds_through_a_proxy(exchange: "ScriptedExchange", proxy: "ScriptedProxy") -> None:
    way = dataclasses.replace(through(proxy, exchange), fingerprint="ab" * 32)
    failure(log_in(way, exchange.port), "fingerprint mismatch", Fault.OPERATOR)
    assert exchange.asked == []


def test_a_proxy_that_refuses_the_login(
    exchange: "ScriptedExchange", proxy: "ScriptedProxy"
) -> None:
    proxy.login = "Basic other"
    answer = log_in(through(proxy, exchange), exchange.port)
    where = f"through the proxy 127.0.0.1:{proxy.port}"
    failure(answer, "refused our login (HTTP 407)", Fault.OPERATOR, where)


@pytest.mark.parametrize(
    ("refusal", "words", "fault"),
    [
        ("403 Forbidden", "refused to connect to the exchange (HTTP 403 Forbidden)", Fault.PROXY),
        ("502 Bad Gateway", "cannot reach the exchange", Fault.NETWORK),
        ("504 Gateway Timeout", "cannot reach the exchange", Fault.NETWORK),
    ],
)
def test_a_proxy_that_refuses(
    exchange: "ScriptedExchange", proxy: "ScriptedProxy", refusal: str, words: str, fault: Fault
) -> None:
    proxy.refusal = refusal
    failure(log_in(through(proxy, exchange), exchange.port), words, fault)


def test_a_proxy_that_is_not_there(exchange: "ScriptedExchange", listener: socket.socket) -> None:
    way = route(exchange, proxy=ProxyRoute("127.0.0.1", port_of(listener)))
    listener.close()
    answer = log_in(way, exchange.port)
    failure(answer, "connection refused by the proxy", Fault.PROXY)


def test_a_proxy_whose_name_is_nowhere(exchange: "ScriptedExchange") -> None:
    way = route(exchange, proxy=ProxyRoute("nowhere.invalid", 3128))
    answer = log_in(way, exchange.port)
    failure(answer, "the name of the proxy nowhere.invalid:3128 cannot be", Fault.NETWORK)


PROXY_BEFORE_THE_TUNNEL = [
    (b"", False, "the proxy 127.0.0.1:{port} took the connection and fell silent"),
    (b"HTTP/1.1 200", False, "the proxy 127.0.0.1:{port} took the connection and fell silent"),
    (b"", True, "the proxy 127.0.0.1:{port} closed the connection without an answer"),
    (b"220 ftp\r\n", True, "the answer of the proxy 127.0.0.1:{port} is no HTTP"),
    (b"\x00" * 100, True, "the answer of the proxy 127.0.0.1:{port} is no HTTP"),
    (b"HTTP/1.1 banana\r\n\r\n", True, "the answer of the proxy 127.0.0.1:{port} is no HTTP"),
    (b"x" * 70_000, True, "the answer of the proxy 127.0.0.1:{port} is no HTTP"),
]


@pytest.mark.parametrize(
    ("said", "close", "words"),
    PROXY_BEFORE_THE_TUNNEL,
    ids=["silent", "half a line", "closed", "ftp", "zeros", "banana", "endless line"],
)
def test_before_the_tunnel_stands_it_is_the_proxy(
    exchange: "ScriptedExchange",
    listener: socket.socket,
    said: bytes,
    close: bool,  # noqa: FBT001 - a parameter
    words: str,
) -> None:
    port = port_of(listener)
    speak(listener, said, close=close)
    way = route(exchange, connect_seconds_max=0.3, proxy=ProxyRoute("127.0.0.1", port))
    failed = failure(log_in(way, exchange.port), words.format(port=port), Fault.PROXY)
    assert len(failed.what) < 1000
    assert "the exchange" not in failed.what


def test_a_proxy_that_drips_is_broken_off(
    exchange: "ScriptedExchange", listener: socket.socket, over: threading.Event
) -> None:
    def say() -> None:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not over.wait(0.02):
                client.sendall(b"x")

    threading.Thread(target=say, daemon=True).start()
    way = route(exchange, proxy=ProxyRoute("127.0.0.1", port_of(listener)))
    answer = log_in(way, exchange.port, answer_seconds_max=0.4)
    words = f"the proxy 127.0.0.1:{port_of(listener)} had made no connection to the exchange"
    failure(answer, f"{words} after 0.4 seconds: timed out, broken off", Fault.PROXY)


def test_behind_the_tunnel_it_is_the_exchange(
    exchange: "ScriptedExchange", proxy: "ScriptedProxy", over: threading.Event
) -> None:
    way = dataclasses.replace(through(proxy, exchange), read_seconds_max=0.3)
    exchange.go_late("Login")
    failure(log_in(way, exchange.port), "the exchange took the connection", Fault.NETWORK)
    exchange.go_wrong("Login", drip(*DRIPS["head"], over))
    answer = log_in(way, exchange.port, answer_seconds_max=0.4)
    failure(answer, "half an answer, after 0.4 seconds", Fault.EXCHANGE)
    exchange.go_wrong("Login", drip(b"220 ftp\r\n", b"", over))
    failure(log_in(way, exchange.port), "no HTTP that can be read", Fault.EXCHANGE)
