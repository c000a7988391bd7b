"""Hostile and mistaken requests: each gets its clear answer, and the service goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from oxo_simulator.taxation.http import BODY_BYTES_MAX, REQUEST_SECONDS_MAX, SLOW_PEER_SECONDS

PATH = "/services/taxation"

MakeWire = Callable[..., Any]


def call(inside: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
    ).encode()


SOAP_11 = b"schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = b"www.w3.org/2003/05/soap-envelope"
MANY = " ".join(f"a{n}='1'" for n in range(9000))
KLINGON = b'<?xml version="1.0" encoding="x-klingon"?>'
DTD = b'<!DOCTYPE x SYSTEM "http://localhost:1/x.dtd">'
NINES = "9" * 5000
NESTED = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
BOMB = f'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">{NESTED}]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LOGIN = call("<Login/>").decode()


def utf16(document: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-16"?>' + document).encode("utf-16")


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no body"),
    "blank": (b" \r\n ", "no body"),
    "garbage": (bytes(range(256)) * 4, "not well-formed"),
    "no XML": (b"hello", "not well-formed"),
    "cut": (call("<Login/>")[:-5], "not well-formed"),
    "two documents": (call("<Login/>") * 2, "not well-formed"),
    "not UTF-8": (call("<Login>\xff</Login>").replace(b"\xc3\xbf", b"\xff"), "not well-formed"),
    "unknown encoding": (KLINGON + call("<Login/>"), "not well-formed"),
    "document type": (b"<!DOCTYPE x>" + call("<Login/>"), "document type declaration"),
    "entity bomb": ((BOMB + LOGIN.replace("/>", ">&a8;</Login>", 1)).encode(), "document type"),
    "external entity": ((EXTERNAL + LOGIN.replace("/>", ">&e;</Login>", 1)).encode(), "document"),
    "external DTD": (DTD + call("<Login/>"), "document type"),
    "UTF-16 document type": (utf16("<!DOCTYPE x [<!ENTITY a 'b'>]>" + LOGIN), "document type"),
    "UTF-16 entity bomb": (utf16(BOMB + LOGIN.replace("/>", ">&a8;</Login>", 1)), "amplification"),
    "another root": (b"<Login xmlns='urn:oxo-sim:taxation:1'/>", "a SOAP Envelope is expected"),
    "SOAP 1.2": (call("<Login/>").replace(SOAP_11, SOAP_12), "SOAP 1.1"),
    "no Body": (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "0 Body"),
    "two Bodies": (call("<Login/></s:Body><s:Body>"), "2 Body"),
    "empty Body": (call(""), "0 operations"),
    "text in Body": (call("Login"), "0 operations"),
    "only a comment": (call("<!-- Login -->"), "0 operations"),
    "two operations": (call("<Login/><Logout/>"), "2 operations"),
    "a fault": (call(f'<s:Fault xmlns:s="http://{SOAP_11.decode()}"/>'), "unknown operation"),
    "unknown operation": (call("<Reboot/>"), "unknown operation"),
    "deep": (call("<Login>" + "<a>" * 200 + "</a>" * 200 + "</Login>"), "content"),
    "deeper than libxml2 goes": (call("<a>" * 5000 + "</a>" * 5000), "not well-formed"),
    "many attributes": (call(f"<Login {MANY}/>"), "attribute"),
    "references": (call('<Login><a href="#b"/><b id="b" href="#b"/></Login>'), "content"),
    "a number too large": (
        call(f"<AckTickets><lastSequence>{NINES}</lastSequence></AckTickets>"), "not a valid value",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_get_a_clear_fault_and_the_service_goes_on(
    make_wire: MakeWire, name: str
) -> None:
    wire = make_wire(1)
    body, hint = HOSTILE[name]
    reply = wire.ask(body)
    assert (reply.status, reply.fault) == (500, "Client.Request")
    assert hint in reply.why
    assert "root:" not in reply.why
    assert wire.exchange.journal == [("refused", {"connection": "c1", "reason": "bad request"})]
    assert wire.login().status == 200


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "text/plain", "application/soap+xml", "text/xmlx",
     "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
     "multipart/related; type=text/xml"],
)  # fmt: skip
def test_another_content_type_is_refused(make_wire: MakeWire, content_type: str | None) -> None:
    wire = make_wire()
    reply = wire.ask(call("<Login/>"), content_type=content_type)
    assert (reply.status, reply.fault) == (500, "Client.Request")
    assert "text/xml" in reply.why
    assert wire.taxation.session_count == 0


@pytest.mark.parametrize("content_type", ["text/xml", "TEXT/XML;charset=UTF-8", "text/xml ; x=y"])
def test_spellings_of_the_content_type(make_wire: MakeWire, content_type: str) -> None:
    assert make_wire().ask(call("<Login/>"), content_type=content_type).status == 200


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", PATH, 405),
        ("HEAD", PATH, 405),
        ("PUT", PATH, 405),
        ("GET", PATH + "?xsd", 405),
        ("POST", "/", 404),
        ("POST", PATH + "/", 404),
        ("POST", "/services/taxation2", 404),
        ("GET", "/../etc/passwd", 404),
    ],
)
def test_other_methods_and_addresses(
    make_wire: MakeWire, method: str, target: str, status: int
) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    channel.dataReceived(wire.request(b"", method=method, target=target))
    assert transport.value().startswith(b"HTTP/1.1 %d " % status)
    if status == 405:
        assert b"Allow: POST" in transport.value()
    if method == "HEAD":
        assert transport.value().endswith(b"\r\n\r\n")


def test_mime_bodies_are_not_parsed_as_forms(make_wire: MakeWire) -> None:
    broken = b"--x\r\nnonsense"
    reply = make_wire().ask(broken, content_type="multipart/form-data; boundary=x")
    assert (reply.status, reply.fault) == (500, "Client.Request")


# sizes


def test_the_longest_body_is_read(make_wire: MakeWire) -> None:
    body = call("<Login/>")
    padded = body + b" " * (BODY_BYTES_MAX - len(body))
    assert make_wire().ask(padded).status == 200


def refused_as_too_long(wire: Any, written: bytes) -> None:
    (reply,) = wire.replies(written)
    assert (reply.status, reply.headers["Connection"]) == (413, "close")
    assert str(BODY_BYTES_MAX).encode() in reply.body
    assert wire.exchange.journal == [("refused", {"connection": "c1", "reason": "bad request"})]
    (line,) = wire.transcript.lines(0)
    assert (line["status"], line["method"], line["path"]) == (413, "POST", PATH)


def test_a_longer_one_is_refused_before_it_comes(make_wire: MakeWire) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    head = wire.request(b"").replace(
        b"Content-Length: 0", b"Content-Length: %d" % (BODY_BYTES_MAX + 1)
    )
    channel.dataReceived(head)
    refused_as_too_long(wire, transport.value())
    assert transport.disconnecting


def test_expect_continue_is_not_encouraged(make_wire: MakeWire) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    head = wire.request(b"", more="Expect: 100-continue\r\n")
    channel.dataReceived(head.replace(b"Content-Length: 0", b"Content-Length: 999999999999"))
    assert transport.value().startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in transport.value()


@pytest.mark.parametrize("size", [1000, 65536, BODY_BYTES_MAX + 1])
def test_chunks_count_too(make_wire: MakeWire, size: int) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    octets = wire.chunked(b"x" * (BODY_BYTES_MAX + 1), size)
    for start in range(0, len(octets), 16384):
        channel.dataReceived(octets[start : start + 16384])
    refused_as_too_long(wire, transport.value())


def test_chunks_within_the_limit_are_read(make_wire: MakeWire) -> None:
    wire = make_wire()
    (reply,) = wire.send(wire.chunked(call("<Login/>"), 7))
    assert reply.status == 200


@pytest.mark.parametrize(
    "octets",
    [
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3 + b"\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /services/taxation HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 600 + b"\r\n",
    ],
)
def test_what_is_no_http_is_400_and_closes_the_connection(
    make_wire: MakeWire, octets: bytes
) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    channel.dataReceived(octets)
    assert transport.value().startswith(b"HTTP/1.1 400 ")
    assert transport.disconnecting
    assert wire.login().status == 200


def test_a_header_without_end_closes_the_connection(make_wire: MakeWire) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    channel.dataReceived(b"POST / HTTP/1.1\r\nX: " + b"y" * 20000)
    assert transport.value().startswith(b"HTTP/1.1 400 ")
    assert transport.disconnecting
    told = transport.value()
    for _ in range(3):
        channel.dataReceived(b"y" * 20000)
    assert transport.value() == told
    wire.clock.advance(SLOW_PEER_SECONDS)
    assert transport.disconnected, "a peer that does not follow is let go"
    assert wire.clock.getDelayedCalls() == []
    assert wire.login().status == 200


# slowness


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_peer_that_trickles_is_refused_in_the_end(make_wire: MakeWire, part: str) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    if part == "head":
        channel.dataReceived(b"POST /services/taxation HTTP/1.1\r\nX: ")
    else:
        channel.dataReceived(wire.request(b"x" * 1000)[:-1000])
    for _ in range(REQUEST_SECONDS_MAX // 5 - 1):
        wire.clock.advance(5)
        channel.dataReceived(b"y")
    assert (transport.value(), transport.disconnecting) == (b"", False)
    wire.clock.advance(5)
    assert transport.value().startswith(b"HTTP/1.1 408 ")
    assert transport.disconnecting
    wire.clock.advance(SLOW_PEER_SECONDS)
    assert transport.disconnected
    assert wire.clock.getDelayedCalls() == []
    assert wire.login().status == 200


def test_the_time_limit_is_of_one_request_and_not_of_the_connection(make_wire: MakeWire) -> None:
    wire = make_wire()
    channel, transport = wire.connect()
    for _ in range(2 * REQUEST_SECONDS_MAX // 10):
        channel.dataReceived(wire.request(b"")[:10])
        wire.clock.advance(10)
        channel.dataReceived(wire.request(b"")[10:])
    answered = wire.replies(transport.value())
    assert [reply.status for reply in answered] == [500] * (2 * REQUEST_SECONDS_MAX // 10)
    assert not transport.disconnecting
