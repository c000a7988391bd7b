"""The proxy on real sockets: what passes, what is refused, what the journal says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from oxo_scenarios.bench import proxy as proxy_module
from oxo_scenarios.bench.connect import Account, Target
from oxo_scenarios.bench.proxy import Proxy

pytestmark = pytest.mark.process

LIMIT_SECONDS = 5.0
GOOD = "Proxy-Authorization: Basic Y29sbGVjdG9yOmEgYjpj"  # collector:a b:c


def head(request: str, *headers: str) -> bytes:
    return ("\r\n".join([request, *headers]) + "\r\n\r\n").encode()


@pytest.fixture
def echo() -> Iterator[Target]:
    """A server that sends back in capitals until its peer ends, then ends too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with closing(connection):
                    while chunk := connection.recv(4096):
                        connection.sendall(chunk.upper())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Target("127.0.0.1", listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(LIMIT_SECONDS)


@pytest.fixture
def proxy(echo: Target) -> Iterator[Proxy]:
    with Proxy(Account("collector", "a b:c"), {echo}) as standing:
        yield standing


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection((proxy.host, proxy.port), timeout=LIMIT_SECONDS)


def read_to_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(4096), b""))


def read_head(connection: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        got += connection.recv(1)
    return got


def test_bytes_pass_both_ways_and_are_counted(proxy: Proxy, echo: Target) -> None:
    with connect(proxy) as connection:
        connection.sendall(head(f"CONNECT {echo} HTTP/1.1", GOOD) + b"early")
        assert read_head(connection) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        connection.sendall(b" and late")
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection) == b"EARLY AND LATE"
    (line,) = proxy.journal()
    assert (line["method"], line["target"], line["login"], line["user"], line["status"]) == (
        "CONNECT",
        str(echo),
        "ok",
        "collector",
        200,
    )
    assert (line["bytes_to_exchange"], line["bytes_to_subject"]) == (14, 14)


def test_a_request_may_come_byte_by_byte(proxy: Proxy, echo: Target) -> None:
    with connect(proxy) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head(f"CONNECT {echo} HTTP/1.1", GOOD):
            connection.sendall(bytes([byte]))
        assert read_head(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (head("CONNECT 127.0.0.1:1 HTTP/1.1", GOOD), 403),
        (head("CONNECT 127.0.0.1:1 HTTP/1.1"), 407),
        (head("CONNECT 127.0.0.1:1 HTTP/1.1", "X-Filler: " + "x" * 20_000), 431),
        (b"no blank line", 400),
    ],
)
def test_what_is_refused_is_closed_and_written_down(proxy: Proxy, sent: bytes, status: int) -> None:
    with connect(proxy) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert read_head(connection).startswith(f"HTTP/1.1 {status} ".encode())
    assert [line["status"] for line in proxy.journal()] == [status]


def test_a_dead_exchange_is_502(echo: Target) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = Target("127.0.0.1", listener.getsockname()[1])
    with Proxy(Account("collector", "a b:c"), {dead, echo}) as proxy, connect(proxy) as connection:
        connection.sendall(head(f"CONNECT {dead} HTTP/1.1", GOOD))
        assert read_head(connection).startswith(b"HTTP/1.1 502 ")


def test_a_silent_peer_is_answered_and_closed(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_module, "HEAD_SECONDS_MAX", 0.05)
    with connect(proxy) as connection:
        assert read_to_end(connection).startswith(b"HTTP/1.1 408 ")


def test_the_end_of_the_proxy_ends_its_connections(echo: Target) -> None:
    with Proxy(Account("collector", "a b:c"), {echo}) as proxy:
        connection = connect(proxy)
        connection.sendall(head(f"CONNECT {echo} HTTP/1.1", GOOD))
        read_head(connection)
    with closing(connection), suppress(ConnectionResetError):
        assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((proxy.host, proxy.port), timeout=LIMIT_SECONDS)
