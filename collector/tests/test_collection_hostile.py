"""An exchange that does whatever it likes: named, rested upon, and not a ticket lost or twice.

Here the whole collection runs, in a thread, against the scripted exchange. Who never answers, or
drips without end, is in test_taxation_transport.py and test_taxation_transport_limits.py.
"""

import base64
import gzip
import socket
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from oxo_collector.configuration import load
from oxo_collector.store import Reading
from oxo_tickets import from_json

if TYPE_CHECKING:
    from tests.conftest import Authority, Collecting, ScriptedExchange

pytestmark = pytest.mark.process

PASSWORD = "pässword with blank"
TOKEN = base64.b64encode(f"administrator:{PASSWORD}".encode()).decode()
SECONDS_MAX = 20
EXCHANGE, OPERATOR, NETWORK = "the exchange", "the operator's configuration", "the network"

Wrong = Callable[[BaseHTTPRequestHandler], None]


Start = Callable[..., "Collecting"]


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


def answers(body: bytes, *head: str, status: int = 200, goes_on: bool = False) -> Wrong:
    lines = [f"HTTP/1.1 {status} Whatever", *head, f"Content-Length: {len(body)}"]
    if not any(line.startswith("Content-Type") for line in head):
        lines.append("Content-Type: text/xml")
    say = says("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def answer(desk: BaseHTTPRequestHandler) -> None:
        say(desk)
        desk.close_connection = not goes_on

    return answer


def reset(desk: BaseHTTPRequestHandler) -> None:
    desk.close_connection = True
    desk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket.close(desk.connection)


def echo(desk: BaseHTTPRequestHandler) -> None:
    """Give the request's head back, as a trace or an error page of some servers does."""
    answers(b"<!-- " + str(desk.headers).encode() + b" --><x/>")(desk)


def twice(desk: BaseHTTPRequestHandler) -> None:
    """Answer once as asked, and once more."""
    assert hasattr(desk, "behave")
    desk.behave()
    desk.behave()


def soap(operation: str, inner: str) -> bytes:
    """Return a readable answer of the contract."""
    name, space = f"{operation}Result", 'xmlns="urn:oxo-sim:taxation:1"'
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f"<{operation}Response {space}><{name}>{inner}</{name}></{operation}Response>"
        "</s:Body></s:Envelope>"
    ).encode()


def fault(text: str) -> bytes:
    """Return a fault that says something."""
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        f"<faultcode>s:Server</faultcode><faultstring>{text}</faultstring>"
        "</s:Fault></s:Body></s:Envelope>"
    ).encode()


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
        answers(soap("RestartSessionTimer", "<sessionSeconds>1</sessionSeconds>")),
        "is one to another question (RestartAnswer)",
        EXCHANGE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("operation", ["Login", "GetTickets", "AckTickets"])
def test_whatever_an_exchange_answers_it_is_named_and_nothing_is_lost(
    exchange: "ScriptedExchange", start_collecting: Start, operation: str
) -> None:
    exchange.write(3)
    exchange.go_wrong(operation, *(wrong for wrong, _, _ in WRONGS.values()))
    collecting = start_collecting(exchange)
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


def test_an_exchange_that_answers_twice_is_taken_at_its_word_once(
    exchange: "ScriptedExchange", start_collecting: Start
) -> None:
    for operation in ("Login", "GetTickets", "AckTickets") * 3:
        exchange.go_wrong(operation, twice)
    exchange.write(9)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(9)
    collecting.stop()
    assert collecting.charged_users() == numbers(9)


def test_one_connection_carries_a_session(
    exchange: "ScriptedExchange", start_collecting: Start
) -> None:
    exchange.write(20)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(20)
    collecting.stop()
    assert exchange.operations().count("GetTickets") > 9
    assert exchange.connections == 1


def test_nothing_stored_or_said_holds_a_secret(
    exchange: "ScriptedExchange", start_collecting: Start, tmp_path: Path
) -> None:
    """The exchange gives the account back wherever it can."""
    wrongs = (
        answers(b"", f"Location: https://192.0.2.1/{TOKEN}", status=302),
        answers(b"", f"Content-Type: text/{TOKEN}"),
        answers(fault(f"{PASSWORD} {TOKEN}")),
        answers(fault(PASSWORD)),
        answers(b"no XML " + PASSWORD.encode()),
        answers(b"no XML " + TOKEN.encode()),
        says(f"HTTP/1.1 200 {TOKEN}\r\n{TOKEN}\r\n".encode("latin-1")),
        says(f"{TOKEN}\r\n".encode()),
        echo,
    )
    exchange.write(3)
    for operation in ("Login", "GetTickets", "AckTickets"):
        exchange.go_wrong(operation, *wrongs)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(3)
    collecting.stop()
    assert collecting.charged_users() == numbers(3)
    assert any("[secret]" in text for text in collecting.texts())
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.name != "secret")
    assert b"administrator" in files, "the configuration is among them"
    with Reading(load(collecting.path).store) as store:
        kept = [store.quarantined_bytes(entry.id) or b"" for entry in store.quarantine()]
        told = [repr(one) for one in (*store.status(), *store.quarantine(), *store.tickets())]
    for place in (files, *kept, repr(collecting.log).encode(), *(one.encode() for one in told)):
        assert PASSWORD.encode() not in place
        assert TOKEN.encode() not in place


# --- certificates


def test_a_changed_pin_is_an_alarm_and_no_end(
    exchange: "ScriptedExchange", start_collecting: Start, authority: "Authority"
) -> None:
    exchange.write(2)
    exchange.answer_with("GetTickets", b"", 503)  # a reason to connect anew
    right = authority.ca.issue_cert("127.0.0.1")
    pinned = exchange.present(right)
    collecting = start_collecting(exchange, f'fingerprint = "{pinned}"')
    collecting.wait_for_acknowledged(2)
    other = exchange.present(authority.ca.issue_cert("127.0.0.1"))
    exchange.answer_with("GetTickets", b"", 503)
    collecting.wait_for(lambda: len(collecting.texts("error")) > 2)
    seen, asked = exchange.passwords_seen, len(exchange.asked)
    collecting.wait_for(lambda: len(collecting.texts("error")) > 5)
    assert (exchange.passwords_seen, len(exchange.asked)) == (seen, asked), "nothing is sent to it"
    exchange.write(2)
    exchange.present(right)
    collecting.wait_for_acknowledged(4)
    collecting.stop()
    assert collecting.charged_users() == numbers(4)
    (alarm,) = set(collecting.texts("error"))
    assert f"expected {pinned}, found {other}; no password was sent" in alarm
    with Reading(load(collecting.path).store) as store:
        (status,) = store.status()
    assert [(one.text, one.seen_count) for one in status.alarms] == [
        (alarm, len(collecting.texts("error")))
    ]
    assert status.last_contact is not None


YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("limit", "words"),
    [("not_after", "has expired"), ("not_before", "is not yet valid")],
)
def test_a_certificate_out_of_its_time_is_named_until_it_is_renewed(
    exchange: "ScriptedExchange",
    start_collecting: Start,
    authority: "Authority",
    limit: str,
    words: str,
) -> None:
    instant = datetime.now(UTC) + (YEAR if limit == "not_before" else -YEAR)
    exchange.write(1)
    exchange.present(authority.ca.issue_cert("127.0.0.1", **{limit: instant}))  # type: ignore[arg-type]
    collecting = start_collecting(exchange)
    collecting.wait_for(lambda: bool(collecting.texts()))
    assert exchange.passwords_seen == 0
    exchange.present(authority.ca.issue_cert("127.0.0.1"))
    collecting.wait_for_acknowledged(1)
    collecting.stop()
    told = collecting.texts()[0]
    assert f"out of its time: certificate {words} by the clock of this machine" in told
    assert told.endswith("at fault: the exchange")


def test_a_name_that_moves_is_followed_at_the_next_connect(
    start_exchange: Callable[..., "ScriptedExchange"],
    start_collecting: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = start_exchange("pbx.example.net"), start_exchange("pbx.example.net")
    ports = [old.port]
    plain = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any) -> Any:
        moved = host == "pbx.example.net"
        return plain("127.0.0.1", ports[-1], *rest) if moved else plain(host, port, *rest)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    old.write(1)
    new.write(2)
    collecting = start_collecting(old, f'ca_file = "{old.ca_file}"', "pbx.example.net")
    collecting.wait_for_acknowledged(1)
    ports.append(new.port)
    old.answer_with("GetTickets", b"", 503)
    collecting.exchange = new
    collecting.wait_for_acknowledged(2)
    collecting.stop()
    assert new.asked[0].operation == "Login"
    assert new.asked[0].host == f"pbx.example.net:{old.port}"


# --- what stands in the answers


def test_tickets_of_a_clock_that_is_wrong_are_kept_as_told(
    exchange: "ScriptedExchange", start_collecting: Start
) -> None:
    told = ["1970-01-01", "2126-11-22", "2026-11-22", "2026-11-21", "0001-01-02", "9999-12-30"]
    exchange.write(len(told))
    exchange.tickets = [
        ticket.replace("2026-11-22", day)
        for ticket, day in zip(exchange.tickets, told, strict=True)
    ]
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(len(told))
    collecting.stop()
    with Reading(load(collecting.path).store) as store:
        days = [from_json(row.canonical).local_time.date().isoformat() for row in store.tickets()]
    assert days == told
    assert collecting.texts() == []


def test_a_cookie_that_changes_is_given_back_as_it_is_now(
    exchange: "ScriptedExchange", start_collecting: Start
) -> None:
    def renew(desk: BaseHTTPRequestHandler) -> None:
        exchange.cookie = f"SESSIONID=renewed{len(exchange.asked)}"
        cookie = f"Set-Cookie: {exchange.cookie}; Path=/services; Secure; HttpOnly"
        answers(exchange.offer(2), cookie, goes_on=True)(desk)

    exchange.write(6)
    exchange.go_wrong("GetTickets", renew, renew)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(6)
    collecting.stop()
    assert exchange.logins == 1
    assert collecting.texts() == []
    assert [one.cookie for one in exchange.asked[1:5]] == [
        "SESSIONID=s1", "SESSIONID=renewed2", "SESSIONID=renewed2", "SESSIONID=renewed4",
    ]  # fmt: skip


@pytest.mark.parametrize("told", [0, 1, 3, 10**17])
def test_another_count_of_acknowledged_tickets_is_told_and_nothing_else(
    exchange: "ScriptedExchange", start_collecting: Start, told: int
) -> None:
    def count(desk: BaseHTTPRequestHandler) -> None:
        exchange.acknowledged = 2
        inner = f"<acknowledged>{told}</acknowledged>"
        answers(soap("AckTickets", inner), goes_on=True)(desk)

    exchange.write(4)
    exchange.go_wrong("AckTickets", count)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(4)
    collecting.stop()
    (warning,) = collecting.texts()
    assert f"2 tickets were acknowledged, {told} left the exchange's buffer" in warning
    assert collecting.charged_users() == numbers(4)


def test_a_sequence_with_another_content_is_kept_beside_and_a_gap_is_shown(
    exchange: "ScriptedExchange", start_collecting: Start
) -> None:
    exchange.write(2)
    collecting = start_collecting(exchange)
    collecting.wait_for_acknowledged(2)
    collecting.stop()
    exchange.forget_session()
    exchange.tickets = [ticket.replace("0123456789", "999") for ticket in exchange.tickets]
    exchange.write(3)
    exchange.acknowledged = 1  # a restored backup: 2 comes again, with another content
    again = start_collecting(exchange)
    again.wait_for_acknowledged(4)
    again.stop()
    exchange.forget_session()
    exchange.write(3)
    exchange.acknowledged = 6  # 6 is never offered
    third = start_collecting(exchange)
    third.wait_for_acknowledged(8)
    third.stop()
    with Reading(load(third.path).store) as store:
        (status,) = store.status()
        (entry,) = store.quarantine()
        assert b"999" in (store.quarantined_bytes(entry.id) or b"")
    assert entry.reason == "sequence 2 is stored already with another dialled_number"
    assert third.charged_users() == ["1", "2", "3", "4", "5", "7", "8"]
    assert (status.missing, [(gap.first, gap.last) for gap in status.gaps]) == (1, [(6, 6)])
    (warning,) = third.texts()
    assert warning.startswith("the exchange went on at sequence 7 after 5: 1 ticket was never")
    assert status.last_warning == warning
