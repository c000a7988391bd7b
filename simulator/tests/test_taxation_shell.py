"""The service over HTTP in memory: bytes in, bytes, ledger and transcript out."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from oxo_simulator.taxation import Taxation, TaxationSettings
from oxo_simulator.taxation.http import SLOW_PEER_SECONDS
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure

PATH = "/services/taxation"
PASSWORD = "hunter2 é"

MakeWire = Callable[..., Any]


def call(inside: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
    ).encode()


def basic(user: str, password: str, charset: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode(charset)).decode()


GOOD = basic("collector", PASSWORD)


def test_the_whole_conversation(make_wire: MakeWire) -> None:
    wire = make_wire(3)
    login = wire.login()
    assert login.status == 200
    assert (login.value("epoch"), login.value("release")) == ("e-1", "R3.2")
    assert login.value("sessionSeconds") == "300"
    assert login.headers["Set-Cookie"] == "SESSIONID=secret1; Path=/services; Secure; HttpOnly"
    assert wire.taxation.session_count == 1

    got = wire.get(2, port=4002)
    assert [got.value(t) for t in ("firstSequence", "lastSequence", "remaining")] == ["1", "2", "1"]
    assert [e.text for e in etree.fromstring(got.body).iter("{*}ChargedUserID")] == ["101", "102"]
    assert "Set-Cookie" not in got.headers
    assert wire.get(2).body == got.body
    assert wire.ack(2).value("acknowledged") == "2"
    assert wire.ack(2).value("acknowledged") == "0"
    assert wire.taxation._desk.answers._rendered == {}
    assert [wire.get(2).value(t) for t in ("firstSequence", "remaining")] == ["3", "0"]
    assert wire.ack(3).value("acknowledged") == "1"
    empty = wire.get(2)
    assert [empty.value(t) for t in ("firstSequence", "lastSequence")] == ["0", "0"]
    assert wire.ask(call("<RestartSessionTimer/>")).value("sessionSeconds") == "300"
    assert wire.ask(call("<Logout/>")).status == 200
    assert wire.taxation.session_count == 0
    assert wire.get().fault == "Client.Session"
    assert wire.exchange.journal == [
        ("session opened", {"session": "s1", "connection": "c1", "reason": "login"}),
        ("offered", 1, 2, "s1", "c2"),
        ("offered", 1, 2, "s1", "c1"),
        ("acknowledged", 2, "s1", "c1"),
        ("acknowledged", 2, "s1", "c1"),
        ("offered", 3, 3, "s1", "c1"),
        ("offered", 3, 3, "s1", "c1"),
        ("acknowledged", 3, "s1", "c1"),
        ("session closed", {"session": "s1", "connection": "c1", "reason": "logout"}),
        ("refused", {"connection": "c1", "reason": "no session"}),
    ]


def test_acknowledging_what_was_never_offered_removes_nothing(make_wire: MakeWire) -> None:
    wire = make_wire(3)
    wire.login()
    wire.get(2)
    reply = wire.ack(3)
    assert (reply.status, reply.fault) == (500, "Client.Acknowledgement")
    assert "highest sequence offered is 2" in reply.why
    assert wire.exchange.waiting_count() == 3
    assert wire.exchange.journal[-1] == ("refused", {"connection": "c1", "reason": "never offered"})


def test_an_offer_of_an_earlier_session_may_be_acknowledged(make_wire: MakeWire) -> None:
    wire = make_wire(3)
    wire.login()
    wire.get(2)
    wire.login()
    assert wire.ack(2).value("acknowledged") == "2"


def strike_notes(wire: Any) -> list[tuple[str, int]]:
    """Note at each ledger word how many bytes of the answer had left by then."""
    channel, transport = wire.connect()
    notes: list[tuple[str, int]] = []
    wire.exchange.strike = lambda event: notes.append((event, len(transport.value())))
    channel.dataReceived(wire.request(call("<Login/>")))
    cookie = re.search(rb"SESSIONID=\w+", transport.value())
    assert cookie is not None
    for inside in (
        "<GetTickets><maxTickets>1</maxTickets><waitSeconds>0</waitSeconds></GetTickets>",
        "<AckTickets><lastSequence>1</lastSequence></AckTickets>",
    ):
        transport.clear()
        channel.dataReceived(wire.request(call(inside), cookie=cookie.group().decode()))
    return notes


def test_the_ledger_is_written_before_any_byte_of_the_answer_leaves(make_wire: MakeWire) -> None:
    notes = strike_notes(make_wire(1))
    assert notes == [("session opened", 0), ("offered", 0), ("acknowledged", 0)]


def test_a_connection_lost_at_the_ledgers_line_leaves_its_trace(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    channel, transport = wire.connect()
    lost = Failure(ConnectionLost())  # type: ignore[no-untyped-call]
    wire.exchange.strike = lambda _event: channel.connectionLost(lost)
    channel.dataReceived(wire.request(call("<Login/>")))
    assert transport.value() == b""
    assert wire.exchange.journal[0][0] == "session opened"
    assert [line["status"] for line in wire.transcript.lines(0)] == [200]


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "no credentials"),
        ("Bearer abc", "no credentials"),
        ("Basic", "wrong credentials"),
        ("Basic !!!", "wrong credentials"),
        ("Basic \xff", "wrong credentials"),
        ("Basic Y29sbGVjdG9y", "wrong credentials"),
        (basic("collector", "wrong"), "wrong credentials"),
        (basic("collector", ""), "wrong credentials"),
        (basic("collector", "x"), "wrong credentials"),
        (basic("", ""), "wrong credentials"),
        (basic("nobody", PASSWORD), "wrong credentials"),
        (basic("Collector", PASSWORD), "wrong credentials"),
    ],
)
@pytest.mark.parametrize("target", [PATH, PATH + "?wsdl"])
def test_without_the_right_credentials_nothing_is_told(
    make_wire: MakeWire, authorization: str | None, reason: str, target: str
) -> None:
    wire = make_wire(1)
    method = "GET" if "?" in target else "POST"
    reply = wire.ask(call("<Login/>"), authorization=authorization, target=target, method=method)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Basic realm="OXO Connect"'
    assert wire.exchange.journal == [("refused", {"connection": "c1", "reason": reason})]
    assert wire.login().status == 200


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_passwords_beyond_ascii(make_wire: MakeWire, charset: str) -> None:
    assert make_wire().login(authorization=basic("collector", PASSWORD, charset)).status == 200


def test_a_cookie_serves_the_account_that_logged_in(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    wire.login()
    assert wire.get(authorization=basic("other", "x")).fault == "Client.Session"
    assert wire.get().status == 200


def test_a_busy_exchange_answers_503_to_everything(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.login()
    wire.exchange.serving = False
    for reply in (
        wire.get(),
        wire.get(authorization=None),
        wire.ask(b"", method="GET", target="/"),
    ):
        assert reply.status == 503
    assert [entry[1]["reason"] for entry in wire.exchange.journal[1:]] == ["busy"] * 3
    wire.exchange.serving = True
    assert wire.get().status == 200


def test_before_an_exchange_is_installed_it_is_busy(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.taxation = Taxation({}, Clock(), lambda _peer, _here: ("c1", "x"), wire.transcript)
    wire.site = wire.taxation.site("standard")
    assert wire.login().status == 503
    assert wire.taxation.session_count == 0
    wire.taxation.end_sessions("reset")


# each key of the settings, flipped


def test_tag_set(make_wire: MakeWire, paper_exchange: Callable[..., Any]) -> None:
    seen = {}
    for tag_set in ("observed", "extended"):
        wire = make_wire(0, tag_set=tag_set)
        one = paper_exchange(1).buffer[0].ticket
        wire.exchange.put(type(one)(kind=one.kind, local_time=one.local_time, units=3))
        wire.login()
        seen[tag_set] = wire.get().value("Units")
    assert seen == {"observed": None, "extended": "3"}


@pytest.mark.parametrize(("largest", "given"), [(2, "2"), (100, "5")])
def test_batch_tickets_max(make_wire: MakeWire, largest: int, given: str) -> None:
    wire = make_wire(5, batch_tickets_max=largest)
    wire.login()
    assert wire.get(1000).value("lastSequence") == given


@pytest.mark.parametrize("seconds", [5, 300])
def test_idle_seconds(make_wire: MakeWire, seconds: int) -> None:
    wire = make_wire(1, idle_seconds=seconds)
    assert wire.login().value("sessionSeconds") == str(seconds)
    wire.clock.advance(seconds - 1)
    assert wire.get(port=4003).status == 200
    wire.clock.advance(seconds - 1)
    assert wire.taxation.session_count == 1
    wire.clock.advance(1)
    assert wire.taxation.session_count == 0
    assert wire.exchange.journal[-1] == (
        "session closed",
        {"session": "s1", "connection": "c1", "reason": "idle"},
    )
    assert wire.get().fault == "Client.Session"


def test_refused_calls_do_not_keep_a_session_alive(make_wire: MakeWire) -> None:
    wire = make_wire(idle_seconds=10)
    wire.login()
    wire.cookie = None
    wire.clock.advance(9)
    assert wire.get().fault == "Client.Session"
    wire.clock.advance(1)
    assert wire.taxation.session_count == 0


@pytest.mark.parametrize("name", ["SESSIONID", "oxo"])
def test_cookie_name(make_wire: MakeWire, name: str) -> None:
    wire = make_wire(cookie_name=name)
    assert wire.login().headers["Set-Cookie"].startswith(f"{name}=secret1;")
    assert wire.get().status == 200
    wire.cookie = f"other=1; {name}=secret1; more=2"
    assert wire.get().status == 200
    wire.cookie = f"x{name}=secret1; {name.swapcase()}=secret1"
    assert wire.get().fault == "Client.Session"


def test_without_cookie(make_wire: MakeWire) -> None:
    assert make_wire(without_cookie="fault").get().fault == "Client.Session"
    wire = make_wire(1, without_cookie="new-session")
    reply = wire.get()
    assert reply.value("lastSequence") == "1"
    assert reply.headers["Set-Cookie"].startswith("SESSIONID=secret1;")
    assert wire.exchange.journal == [
        ("session opened", {"session": "s1", "connection": "c1", "reason": "no cookie"}),
        ("offered", 1, 1, "s1", "c1"),
    ]


def test_second_login(make_wire: MakeWire) -> None:
    wire = make_wire(second_login="take-over")
    wire.login()
    first, wire.cookie = wire.cookie, None
    assert wire.login(port=4002).status == 200
    assert wire.exchange.journal[1:] == [
        ("session closed", {"session": "s1", "connection": "c2", "reason": "taken over"}),
        ("session opened", {"session": "s2", "connection": "c2", "reason": "login"}),
    ]
    wire.cookie = first
    assert wire.get().fault == "Client.Session"

    wire = make_wire(second_login="refuse")
    wire.login()
    first, wire.cookie = wire.cookie, None
    refused = wire.login(port=4002)
    assert (refused.fault, "refuses a second login" in refused.why) == ("Client.Session", True)
    assert wire.exchange.journal[-1] == ("refused", {"connection": "c2", "reason": "second login"})
    wire.cookie = first
    assert wire.get().status == 200


def test_wsdl(make_wire: MakeWire) -> None:
    served = make_wire(wsdl="served").ask(b"", method="GET", target=PATH + "?wsdl")
    assert (served.status, served.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    withheld = make_wire(wsdl="withheld").ask(b"", method="GET", target=PATH + "?wsdl")
    assert withheld.status == 404


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost:10443", "http://localhost:10443/services/taxation"),
        ("127.0.0.1:30443", "http://127.0.0.1:30443/services/taxation"),
        ("oxo", "http://oxo/services/taxation"),
        ("[::1]:10443", "http://[::1]:10443/services/taxation"),
        ('x"><evil/>', "http://127.0.0.2:10443/services/taxation"),
        (None, "http://127.0.0.2:10443/services/taxation"),
    ],
)
def test_the_wsdl_says_the_address_that_the_client_used(
    make_wire: MakeWire, host: str | None, address: str
) -> None:
    wire = make_wire()
    for other in ("first.example", host):
        reply = wire.ask(b"", method="GET", target=PATH + "?WSDL", host=other)
    (found,) = etree.fromstring(reply.body).iter("{*}address")
    assert found.get("location") == address


# installations and resets


def test_a_fresh_installation_knows_no_session(
    make_wire: MakeWire, paper_exchange: Callable[..., Any]
) -> None:
    wire = make_wire(idle_seconds=10)
    wire.login()
    before, fresh = wire.exchange, paper_exchange(1)
    wire.taxation.install(fresh, TaxationSettings())
    assert wire.taxation.session_count == 0
    assert wire.get().fault == "Client.Session"
    wire.clock.advance(100)
    assert len(before.journal) == 1
    assert wire.login().status == 200
    assert fresh.journal[-1][1]["session"] == "s1"


def test_a_reset_ends_sessions(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.login()
    wire.taxation.end_sessions("reset")
    wire.taxation.end_sessions("reset")
    assert wire.taxation.session_count == 0
    assert wire.exchange.journal[1:] == [
        ("session closed", {"session": "s1", "connection": "c1", "reason": "reset"})
    ]
    assert not [delayed for delayed in wire.clock.getDelayedCalls() if delayed.getTime() == 300]


# connections


def test_keep_alive_serves_request_after_request(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    channel, transport = wire.connect()
    channel.dataReceived(wire.request(call("<Login/>")))
    channel.dataReceived(wire.request(call("<Logout/>"), cookie="SESSIONID=secret1"))
    assert [reply.status for reply in wire.replies(transport.value())] == [200, 200]
    assert not transport.disconnecting


def pipelined(wire: Any) -> bytes:
    """Return a login and, behind it, a logout in chunks."""
    login: bytes = wire.request(call("<Login/>"))
    cookie = b"\r\nCookie: SESSIONID=secret1\r\n"
    logout: bytes = wire.chunked(call("<Logout/>"), 50)
    return login + logout.replace(b"\r\n", cookie, 1)


def conversation(wire: Any, pieces: list[bytes]) -> tuple[list[Any], list[Any]]:
    channel, transport = wire.connect()
    for piece in pieces:
        channel.dataReceived(piece)
    answers = [(r.status, r.body) for r in wire.replies(transport.value())]
    return answers, wire.exchange.journal


def test_how_the_bytes_are_cut_makes_no_difference(make_wire: MakeWire) -> None:
    octets = pipelined(make_wire())
    whole = conversation(make_wire(), [octets])
    assert [status for status, _ in whole[0]] == [200, 200]
    assert conversation(make_wire(), [octets[i : i + 1] for i in range(len(octets))]) == whole
    for cut in range(1, len(octets)):
        assert conversation(make_wire(), [octets[:cut], octets[cut:]]) == whole


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_slow_peer_is_let_go(make_wire: MakeWire, share: float) -> None:
    wire = make_wire()
    octets = wire.request(call("<Login/>"))
    sent = octets[: int(len(octets) * share)]
    channel, transport = wire.connect()
    channel.dataReceived(sent)
    wire.clock.advance(SLOW_PEER_SECONDS - 1)
    assert not transport.disconnecting
    wire.clock.advance(1)
    assert transport.disconnecting
    assert wire.exchange.journal == []


# the transcript


def test_the_transcript_tells_what_went_over_the_wire_and_no_secret(make_wire: MakeWire) -> None:
    wire = make_wire(1)
    wire.login()
    wire.get(port=4002)
    wire.get(authorization=basic("collector", "wrong hunter"))
    wire.get(authorization=basic("nobody", "wrong hunter"))
    login, got, refused, unknown = wire.transcript.lines(0)
    assert (login["operation"], login["status"], login["user"]) == ("Login", 200, "collector")
    assert (got["operation"], got["connection"], got["port"]) == ("GetTickets", "c2", "standard")
    assert (got["peer"], got["tls"], got["path"]) == ("127.0.0.9:4002", None, PATH)
    assert "<GetTickets>" in got["request_body"]
    assert "<ChargedUserID>101</ChargedUserID>" in got["answer_body"]
    assert (refused["status"], refused["operation"], refused["user"]) == (401, None, "collector")
    assert unknown["user"] is None
    (given,) = [value for name, value in login["answer_headers"] if name == "Set-Cookie"]
    (returned,) = [value for name, value in got["request_headers"] if name == "Cookie"]
    assert given.startswith(returned)
    assert {"Server", "Date", "Content-Length"} <= {name for name, _ in got["answer_headers"]}
    shown = json.dumps([login, got, refused, unknown], ensure_ascii=False)
    for secret in ("secret1", PASSWORD, "hunter", GOOD.split()[1]):
        assert secret not in shown


def test_what_breaks_inside_is_a_server_fault_and_the_service_goes_on(
    make_wire: MakeWire, capsys: pytest.CaptureFixture[str]
) -> None:
    wire = make_wire(1)
    wire.login()
    waiting, wire.exchange.waiting = wire.exchange.waiting, None
    reply = wire.get()
    assert (reply.status, reply.fault) == (500, "Server")
    assert "Traceback" in capsys.readouterr().out
    wire.exchange.waiting = waiting
    assert wire.get().status == 200
