"""Floods: bodies, chunks, heads and entities without end; each ends early and costs no memory."""

import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oxo_simulator.taxation.http import BODY_BYTES_MAX, SLOW_PEER_SECONDS

MakeWire = Callable[..., Any]
PIECE_BYTES = 64 * 1024
FLOOD_BYTES = 100 * 1024 * 1024
MEMORY_BYTES_MAX = 2 * 1024 * 1024


def call(inside: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
    ).encode()


LOGIN = call("<Login/>").decode()
HUNDRED_THOUSAND = call("<Login " + " ".join(f"a{n:05}='1'" for n in range(100_000)) + "/>")
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"a" * 20_000}">]>' + LOGIN.replace(
    "/>", f">{'&a;' * 10_000}</Login>", 1
)
PARAMETER = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://localhost:1/p"> %p;]>' + LOGIN
INTERNAL = '<!DOCTYPE x [<!ENTITY e "Login">]>' + LOGIN.replace("/>", ">&e;</Login>", 1)
ATTLIST = '<!DOCTYPE x [<!ATTLIST Login a CDATA "1">]>' + LOGIN
INCLUDE = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
NAMESPACES = " ".join(f"xmlns:n{n}='urn:{n}'" for n in range(5000))

HOSTILE: dict[str, tuple[bytes, str]] = {
    "quadratic blow-up": (QUADRATIC.encode(), "document type"),
    "parameter entity": (PARAMETER.encode(), "document type"),
    "internal entity": (INTERNAL.encode(), "document type"),
    "default attributes": (ATTLIST.encode(), "document type"),
    "an undeclared entity": (call("<Login>&nothing;</Login>"), "not well-formed"),
    "a character that XML has not": (call("<Login>&#0;</Login>"), "not well-formed"),
    "a NUL": (call("<Login>\x00</Login>"), "not well-formed"),
    "UTF-7 entity": (
        b'<?xml version="1.0" encoding="UTF-7"?>' + INTERNAL.encode("utf-7"), "document type",
    ),
    "an inclusion": (call(f"<Login>{INCLUDE}</Login>"), "content"),
    "many namespaces": (call(f"<Login {NAMESPACES}><a/></Login>"), "content"),
    "a name of 200 kB": (call(f"<{'x' * 200_000}/>"), ""),
    "a text of 200 kB": (call(f"<Login>{'x' * 200_000}</Login>"), "content"),
    "a CDATA section": (call("<Login><![CDATA[<x/>]]></Login>"), "content"),
    "50,000 siblings": (call("<a/>" * 50_000), "50000 operations"),
    "50,000 children": (call("<Login>" + "<a/>" * 50_000 + "</Login>"), "content"),
    "packed by gzip": (gzip.compress(call("<Login/>")), "not well-formed"),
    "a number that is none": (
        call("<AckTickets><lastSequence>1e3</lastSequence></AckTickets>"), "not a valid value",
    ),
    "a negative count": (
        call("<GetTickets><maxTickets>-1</maxTickets><waitSeconds>0</waitSeconds></GetTickets>"),
        "less than",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_get_a_clear_fault_and_the_service_goes_on(
    make_wire: MakeWire, name: str
) -> None:
    wire = make_wire(1)
    body, hint = HOSTILE[name]
    assert len(body) <= BODY_BYTES_MAX
    tracemalloc.start()
    reply = wire.ask(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (reply.status, reply.fault) == (500, "Client.Request")
    assert hint in reply.why
    assert "root:" not in reply.why
    assert len(reply.why) < 600
    assert peak < 16 * 1024 * 1024
    assert wire.login().status == 200


@pytest.mark.parametrize("body", [HUNDRED_THOUSAND, b"x" * 2 * 1024 * 1024])
def test_a_body_of_megabytes_is_refused_unread(make_wire: MakeWire, body: bytes) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    channel.dataReceived(wire.request(body))
    (reply,) = wire.replies(transport.value())
    assert reply.status == 413
    assert wire.login().status == 200


def announced(wire: Any) -> Iterator[bytes]:
    yield wire.request(b"").replace(b"Content-Length: 0", b"Content-Length: %d" % FLOOD_BYTES)
    for _ in range(FLOOD_BYTES // PIECE_BYTES):
        yield b"x" * PIECE_BYTES


def in_chunks(wire: Any, size: int) -> Iterator[bytes]:
    yield wire.request(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    piece = (b"%x\r\n%b\r\n" % (size, b"x" * size)) * max(1, PIECE_BYTES // (size + 8))
    for _ in range(FLOOD_BYTES // PIECE_BYTES):
        yield piece


def one_chunk(wire: Any) -> Iterator[bytes]:
    yield wire.request(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    yield b"fffffff\r\n"
    for _ in range(FLOOD_BYTES // PIECE_BYTES):
        yield b"x" * PIECE_BYTES


BODIES: dict[str, Callable[[Any], Iterator[bytes]]] = {
    "100 MiB announced": announced,
    "chunks of 4 kB": lambda wire: in_chunks(wire, 4096),
    "chunks of 1 byte": lambda wire: in_chunks(wire, 1),
    "chunks of 60 bytes": lambda wire: in_chunks(wire, 60),
    "one chunk": one_chunk,
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_without_end_is_refused_and_takes_no_memory(make_wire: MakeWire, name: str) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    tracemalloc.start()
    for piece in BODIES[name](wire):
        channel.dataReceived(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (reply,) = wire.replies(transport.value())
    assert (reply.status, reply.headers["Connection"]) == (413, "close")
    assert transport.disconnecting
    assert peak < MEMORY_BYTES_MAX
    wire.clock.advance(SLOW_PEER_SECONDS)
    assert transport.disconnected, "a peer that goes on and on is let go"
    assert wire.login().status == 200


HEAD = b"POST /services/taxation HTTP/1.1\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (HEAD, b"X-Header: y\r\n"),
        (HEAD, b"X" * 1000),
        (HEAD + b"X: y\r\n", b" folded and folded and folded\r\n"),
        (b"", b"\r\n" * 100),
        (b"", b"POST " * 100),
        (CHUNKED, b"1;extension" * 100),
        (CHUNKED + b"0\r\n", b"X-Trailer: y\r\n" * 10),
        (CHUNKED, b"0" * 100),
    ],
)
def test_a_head_a_chunk_line_or_a_trailer_without_end_is_400(
    make_wire: MakeWire, begin: bytes, piece: bytes
) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    channel.dataReceived(begin)
    for _ in range(100_000):
        if transport.disconnecting:
            break
        channel.dataReceived(piece)
    assert transport.value().startswith(b"HTTP/1.1 400 ")
    assert transport.disconnecting
    assert wire.login().status == 200


@pytest.mark.parametrize(
    "octets",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /services/taxation\r\n\r\n",
        b"CONNECT localhost:443 HTTP/1.1\r\n\r\n",
        b"TRACE /services/taxation HTTP/1.1\r\n\r\n",
        b"OPTIONS /services/taxation HTTP/1.1\r\n\r\n",
        b"GET http://elsewhere/services/taxation HTTP/1.1\r\nHost: elsewhere\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nContent-Length: 9999999999999999999999\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
        b"POST /services/taxation HTTP/1.1\r\nA: b\x00c\r\nContent-Length: 0\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\n: no name\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_odd_requests_are_refused_whole(make_wire: MakeWire, octets: bytes) -> None:
    wire = make_wire(1)
    channel, transport = wire.connect()
    channel.dataReceived(octets)
    assert transport.value()[:8] in (b"HTTP/1.1", b"HTTP/1.0")
    assert transport.value()[9:12] in (b"400", b"401", b"404", b"405", b"413")
    assert transport.value().count(b"HTTP/1.1 ") == 1
    assert wire.login().status == 200


def test_the_same_secret_twice_or_a_thousand_cookies_are_read_within_limits(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    many = "".join(f"Cookie: SESSIONID=x{n}\r\n" for n in range(400))
    assert wire.login(more=many).status == 200
    wire.cookie = None
    assert wire.login(more="Authorization: Basic Y29sbGVjdG9yOng=\r\n").status == 401
