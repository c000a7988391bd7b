"""An exchange that does whatever it likes: named, rested upon, and not a ticket lost or twice.

Here the whole collection runs, in a thread, against the scripted exchange. What drips without end
is in test_taxation_transport_limits.py, what each message of the network means beside it.
"""

import base64
import gzip
import logging
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, MutableMapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from oxo_collector.collection import collect
from oxo_collector.configuration import load
from oxo_collector.store import Reading
from oxo_tickets import from_json

if TYPE_CHECKING:
    from tests.conftest import ScriptedExchange

pytestmark = pytest.mark.process

PASSWORD = "pässword with blank"
TOKEN = base64.b64encode(f"administrator:{PASSWORD}".encode()).decode()
SECONDS_MAX = 20
EXCHANGE, OPERATOR, NETWORK = "the exchange", "the operator's configuration", "the network"

Wrong = Callable[[BaseHTTPRequestHandler], None]


class Collecting:
    """A collection in a thread of the test; `log` is what it said."""

    def __init__(self, folder: Path, exchange: "ScriptedExchange", trust: str) -> None:
        (folder / "secret").write_text(PASSWORD + "\n", "utf-8")
        self.path = folder / "collector.toml"
        self.path.write_text(
            f"""
            store = "tickets.db"
            [[exchange]]
            name = "site"
            address = "127.0.0.1"
            port = {exchange.port}
            user = "administrator"
            password_file = "secret"
            {trust}
            zone = "Europe/Paris"
            batch_tickets_max = 2
            poll_seconds = 0.01
            read_seconds_max = 0.5
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
            assert self._grown.wait_for(holds, SECONDS_MAX), self.log

    def wait_for_acknowledged(self, count: int) -> None:
        with self.exchange.changed:
            done = self.exchange.changed.wait_for(
                lambda: self.exchange.acknowledged >= count, SECONDS_MAX
            )
        assert done, self.log

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(SECONDS_MAX)
        assert not self._thread.is_alive()

    def charged_users(self) -> list[str | None]:
        with Reading(load(self.path).store) as store:
            return [from_json(row.canonical).charged_user for row in store.tickets()]


Start = Callable[..., Collecting]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start collecting from an exchange; what still collects after the test is stopped."""
    begun: list[Collecting] = []

    def collecting(exchange: "ScriptedExchange", trust: str = "") -> Collecting:
        trust = trust or f'ca_file = "{exchange.ca_file}"'
        begun.append(Collecting(tmp_path, exchange, trust))
        return begun[-1]

    yield collecting
    for one in begun:
        one.stop()
        assert not any("defect" in text for text in one.texts("error")), one.log


def numbers(last: int) -> list[str]:
    return [str(number) for number in range(1, last + 1)]


# --- what an exchange may answer


def says(*pieces: bytes, again: bytes = b"") -> Wrong:
    """Say the pieces as they are, then one more without end, if there is one, and hang up."""

    def say(desk: BaseHTTPRequestHandler) -> None:
        desk.close_connection = True
        for piece in pieces:
            desk.wfile.write(piece)
        while again:
            desk.wfile.write(again)

    return say


def answers(body: bytes, *head: str, status: int = 200) -> Wrong:
    lines = [f"HTTP/1.1 {status} Whatever", *head, f"Content-Length: {len(body)}"]
    if not any(line.startswith("Content-Type") for line in head):
        lines.append("Content-Type: text/xml")
    return says("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


def reset(desk: BaseHTTPRequestHandler) -> None:
    desk.close_connection = True
    desk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket.close(desk.connection)


def echo(desk: BaseHTTPRequestHandler) -> None:
    """Give the request's head back, as a trace or an error page of some servers does."""
    answers(b"<!-- " + str(desk.headers).encode() + b" --><x/>")(desk)


def never(_desk: BaseHTTPRequestHandler) -> None:
    threading.Event().wait(1)


def twice(desk: BaseHTTPRequestHandler) -> None:
    """Answer once as asked, and once more."""
    assert hasattr(desk, "behave")
    desk.behave()
    desk.behave()


LONG = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
CHUNKED = LONG + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;&b;</x>'
SQUEEZED = gzip.compress(b"<x>" + b" " * 10_000_000 + b"</x>")
TOO_LONG = "the answer is longer than 1064960 bytes; broken off"
NO_HTTP = "the answer is no HTTP that can be read"

WRONGS: dict[str, tuple[Wrong, str, str]] = {
    "garbage": (answers(b"\x00\xff\xfe garbage"), "cannot be read: not well formed", EXCHANGE),
    "nothing in it": (answers(b""), "cannot be read: not well formed", EXCHANGE),
    "half a document": (answers(b"<E><Body><GetTic"), "cannot be read: not well", EXCHANGE),
    "entities": (answers(BOMB), "cannot be read: document type refused", EXCHANGE),
    "all markup": (answers(b"<x>" + b"<a/>" * 250_000), "tags and attributes in", EXCHANGE),
    "zip without saying": (answers(SQUEEZED), "cannot be read: not well formed", EXCHANGE),
    "zip": (answers(SQUEEZED, "Content-Encoding: gzip"), "packed (gzip), which was not", EXCHANGE),
    "deflate": (
        answers(zlib.compress(b"<x/>"), "Content-Encoding: Deflate, br"),
        "packed (deflate, br), which was not asked for; not unpacked",
        EXCHANGE,
    ),
    "json": (
        answers(b"{}", "Content-Type: application/json; charset=utf-8"),
        "of the type application/json and no XML",
        OPERATOR,
    ),
    "a web page": (answers(b"<html/>", "Content-Type: text/html"), "a web page came", OPERATOR),
    "redirected": (
        answers(b"", "Location: https://192.0.2.1/", status=307),
        "redirected (HTTP 307) to https://192.0.2.1/; not followed",
        EXCHANGE,
    ),
    "switching": (answers(b"", status=101), "unexpected answer HTTP 101", EXCHANGE),
    "no content": (says(b"HTTP/1.1 204 None\r\n\r\n"), "unexpected answer HTTP 204", EXCHANGE),
    "hangs up": (says(), "unavailable", NETWORK),
    "resets": (reset, "unavailable", NETWORK),
    "half of the body": (
        says(LONG + b"Content-Length: 99\r\n\r\n<x>"), "half an answer: the connection", NETWORK,
    ),
    "half of a chunk": (says(CHUNKED + b"99\r\n<x>"), "half an answer: the connection", NETWORK),
    "100 MB": (
        says(LONG + b"Content-Length: 104857600\r\n\r\n", again=b"x" * 65536), TOO_LONG, EXCHANGE,
    ),
    "chunks without end": (
        says(CHUNKED, again=b"8000\r\n" + b"x" * 32768 + b"\r\n"), TOO_LONG, EXCHANGE,
    ),
    "a chunk of no size": (says(CHUNKED, b"banana\r\n"), "half an answer", NETWORK),
    "headers without end": (says(LONG, again=b"A: b\r\n" * 1000), NO_HTTP, EXCHANGE),
    "a header without end": (says(LONG + b"A: ", again=b"b" * 65536), NO_HTTP, EXCHANGE),
    "a status without end": (says(b"HTTP/1.1 200 ", again=b"K" * 65536), NO_HTTP, EXCHANGE),
    "another protocol": (says(b"220 ftp.example.net ready\r\n"), NO_HTTP, EXCHANGE),
    "cookies": (
        answers(b"<x/>", *(f"Set-Cookie: c{n}=1; Path=/" for n in range(60))),
        "the exchange set 6", EXCHANGE,
    ),
    "a long cookie": (
        answers(b"<x/>", f"Set-Cookie: c={'1' * 60_000}; Path=/"),
        "cookies of 600", EXCHANGE,
    ),
    "our password": (echo, "the answer repeats the Authorization header", EXCHANGE),
    "another question": (
        answers(
            b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
            b' xmlns="urn:oxo-sim:taxation:1"><e:Body>'
            b"<RestartSessionTimerResponse><RestartSessionTimerResult>"
            b"<sessionSeconds>1</sessionSeconds></RestartSessionTimerResult>"
            b"</RestartSessionTimerResponse></e:Body></e:Envelope>"
        ),
        "is one to another question (RestartAnswer)",
        EXCHANGE,
    ),
    "never": (never, "took the connection and", NETWORK),
}  # fmt: skip


@pytest.mark.parametrize("operation", ["Login", "GetTickets", "AckTickets"])
def test_whatever_an_exchange_answers_it_is_named_and_nothing_is_lost(
    exchange: "ScriptedExchange", start: Start, operation: str
) -> None:
    exchange.write(3)
    exchange.go_wrong(operation, *(wrong for wrong, _, _ in WRONGS.values()))
    collecting = start(exchange)
    collecting.wait_for_acknowledged(3)
    collecting.stop()
    told = [text for text in collecting.texts() if "; at fault: " in text]
    for (name, (_, words, fault)), text in zip(WRONGS.items(), told, strict=False):
        assert words in text, name
        assert text.endswith(f"at fault: {fault}"), name
        assert f"https://127.0.0.1:{exchange.port}/services/taxation" in text, name
        assert operation in text, name
    assert len(told) == len(WRONGS)
    assert max(map(len, told)) < 1000
    assert collecting.charged_users() == numbers(3)
