"""What a contract's shape changes: how sessions open, what removes tickets, what describes it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree
from oxo_simulator.contract_table import Contract
from oxo_simulator.wsdl_folder import read_wsdl_folder
from zeep.transports import Transport

MakeWire = Callable[..., Any]
MakeCaller = Callable[..., Any]
NAMESPACE = Contract().namespace


def contract(**changed: Any) -> Contract:
    return Contract.model_validate(changed)


def test_the_transcript_names_operations_as_the_page_does(caller: MakeCaller) -> None:
    """Who reads it need not know the contract; the body shows what was written."""
    names = {"get_tickets": "Login", "login": "Open", "acknowledge": "Do"}
    one = caller(contract(operations=names))
    one.everything()
    shown = [line["operation"] for line in one.wire.transcript.lines(0)]
    told = ["Login", "GetTickets", "AckTickets", "GetTickets", "RestartSessionTimer"]
    assert shown == [None, *told, "Logout", "Logout", "NobodyKnows"]


# no login


def test_without_login_credentials_open_the_session(caller: MakeCaller) -> None:
    one = caller(contract(login="none"))
    first = one.get()
    assert first.headers["Set-Cookie"].startswith("SESSIONID=secret1;")
    assert first.value("epoch") == "e-1"
    assert b"Result><epoch>e-1</epoch><firstSequence>" in first.body
    again = one.get()
    assert "Set-Cookie" not in again.headers
    assert again.value("epoch") == "e-1"
    assert one.ack(2).value("acknowledged") == "2"
    assert one.call("logout").status == 200
    assert one.wire.exchange.journal == [
        ("session opened", {"session": "s1", "connection": "c1", "reason": "no cookie"}),
        ("offered", 1, 2, "s1", "c1"),
        ("offered", 1, 2, "s1", "c1"),
        ("acknowledged", 2, "s1", "c1"),
        ("session closed", {"session": "s1", "connection": "c1", "reason": "logout"}),
    ]


def test_without_login_wrong_credentials_open_nothing(caller: MakeCaller) -> None:
    one = caller(contract(login="none"))
    assert one.get(authorization=None).status == 401
    assert one.get(authorization="Basic eDp5").status == 401
    assert one.wire.taxation.session_count == 0


def test_without_login_the_cookie_of_an_ended_session_is_a_fault_or_opens_one(
    caller: MakeCaller,
) -> None:
    for without_cookie, status in (("fault", 500), ("new-session", 200)):
        one = caller(contract(login="none"), without_cookie=without_cookie, idle_seconds=10)
        one.get()
        one.wire.clock.advance(10)
        reply = one.get()
        assert reply.status == status
        if status == 500:
            assert reply.fault == "Client.Session"
            assert "a request without cookie opens a new one" in reply.why
            one.wire.cookie = None
            assert one.get().status == 200


def test_without_login_another_session_is_taken_over_or_refuses(caller: MakeCaller) -> None:
    for second_login, status in (("take-over", 200), ("refuse", 500)):
        one = caller(contract(login="none"), second_login=second_login)
        one.get()
        one.wire.cookie = None
        assert one.get(port=4002).status == status


def test_without_login_a_logout_opens_no_session(caller: MakeCaller) -> None:
    one = caller(contract(login="none"))
    assert one.call("logout").fault == "Client.Session"
    assert one.wire.exchange.journal[-1][0] == "refused"
    assert one.login().fault == "Client.Request", "there is no Login"
    assert one.wire.taxation.session_count == 0


# acknowledgement by the next request


def test_the_next_request_removes_what_the_one_before_gave(caller: MakeCaller) -> None:
    one = caller(contract(acknowledgement="next-request"), tickets=5)
    one.login()
    assert one.sequences() == ("1", "2", "3")
    assert one.wire.exchange.waiting_count() == 5, "given is not gone"
    assert one.call("restart_timer").status == 200
    assert one.get(0).fault == "Client.Request"
    assert one.wire.exchange.waiting_count() == 5, "neither removes"
    assert one.sequences(port=4002) == ("3", "4", "1")
    assert one.sequences() == ("5", "5", "0")
    assert one.sequences() == ("0", "0", "0")
    assert one.sequences() == ("0", "0", "0")
    assert one.wire.taxation._desk.answers._rendered == {}
    assert one.wire.exchange.journal[1:] == [
        ("offered", 1, 2, "s1", "c1"),
        ("refused", {"connection": "c1", "reason": "bad request"}),
        ("acknowledged", 2, "s1", "c2"),
        ("offered", 3, 4, "s1", "c2"),
        ("acknowledged", 4, "s1", "c1"),
        ("offered", 5, 5, "s1", "c1"),
        ("acknowledged", 5, "s1", "c1"),
    ]


def test_a_logout_removes_what_was_given_before_the_session_closes(caller: MakeCaller) -> None:
    one = caller(contract(acknowledgement="next-request"))
    one.login()
    one.get()
    one.call("logout")
    assert [entry[0] for entry in one.wire.exchange.journal[2:]] == [
        "acknowledged",
        "session closed",
    ]
    assert one.wire.exchange.waiting_count() == 1


@pytest.mark.parametrize("end", ["login", "idle", "reset"])
def test_another_session_removes_nothing_that_this_one_was_given(
    caller: MakeCaller, end: str
) -> None:
    one = caller(contract(acknowledgement="next-request"), idle_seconds=10)
    one.login()
    before = one.get()
    if end == "idle":
        one.wire.clock.advance(10)
    if end == "reset":
        one.wire.taxation.end_sessions("reset")
    one.login()
    assert one.get().body == before.body
    assert "acknowledged" not in [entry[0] for entry in one.wire.exchange.journal]
    assert one.sequences() == ("3", "3", "0")


def test_there_is_no_thanks_to_say(caller: MakeCaller) -> None:
    for acknowledgement in ("next-request", "on-read"):
        one = caller(contract(acknowledgement=acknowledgement))
        one.login()
        one.get()
        assert "unknown operation" in one.ack(2).why
        (kept,) = one.wire.taxation.unknown_operations
        assert kept["profile_lines"] == (
            '[contract]\nacknowledgement = "explicit"\n\n'
            '[contract.operations]\nacknowledge = "AckTickets"'
        )


# acknowledgement on read


def test_what_was_read_is_gone_when_the_answer_leaves(caller: MakeCaller) -> None:
    one = caller(contract(acknowledgement="on-read"))
    one.login()
    channel, transport = one.wire.connect()
    left: list[tuple[str, int]] = []
    one.wire.exchange.strike = lambda event: left.append((event, len(transport.value())))
    asked = "<maxTickets>2</maxTickets><waitSeconds>0</waitSeconds>"
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<GetTickets xmlns="{NAMESPACE}">{asked}</GetTickets></s:Body></s:Envelope>'
    )
    channel.dataReceived(one.wire.request(body.encode(), cookie=one.wire.cookie))
    assert left == [("offered", 0), ("acknowledged", 0)]
    assert one.wire.exchange.waiting_count() == 1
    assert one.wire.taxation._desk.answers._rendered == {}
    assert one.sequences() == ("3", "3", "0")
    assert one.sequences() == ("0", "0", "0")
    assert one.wire.exchange.journal[1:] == [
        ("offered", 1, 2, "s1", "c1"),
        ("acknowledged", 2, "s1", "c1"),
        ("offered", 3, 3, "s1", "c1"),
        ("acknowledged", 3, "s1", "c1"),
    ]


# the maker's files


@pytest.fixture
def maker(tmp_path: Path) -> Path:
    folder = tmp_path / "maker"
    folder.mkdir()
    (folder / "taxation.wsdl").write_bytes(b"<?xml version='1.0'?>\r\n<w a='\xc3\xa9'/>")
    (folder / "types 1.xsd").write_bytes(b"<s/>")
    (tmp_path / "secret.xsd").write_bytes(b"<secret/>")
    return folder


def fetch(wire: Any, target: str) -> Any:
    return wire.ask(b"", method="GET", target=target, content_type=None)


def test_the_makers_files_are_served_as_they_are(make_wire: MakeWire, maker: Path) -> None:
    wire = make_wire(wsdl="files", wsdl_files=read_wsdl_folder(maker))
    wsdl = (maker / "taxation.wsdl").read_bytes()
    for target, content in {
        "?wsdl": wsdl,
        "?WSDL": wsdl,
        "?xsd=types%201.xsd": b"<s/>",
        "?xsd=taxation.wsdl": wsdl,
        "/../types%201.xsd": None,
        "?xsd=": None,
        "?xsd=../secret.xsd": None,
        "?xsd=..%2Fsecret.xsd": None,
        "?xsd=%252e%252e%252fsecret.xsd": None,
        "?xsd=/etc/passwd": None,
        "?xsd=types%201.xsd%00": None,
    }.items():
        reply = fetch(wire, f"/services/taxation{target}")
        assert (reply.status, reply.body if content else None) == (200 if content else 404, content)
    assert fetch(wire, "/services/types%201.xsd").body == b"<s/>"
    assert fetch(wire, "/services/taxation.wsdl").headers["Content-Type"].startswith("text/xml")
    for target in (
        "/services/../secret.xsd",
        "/services/%2e%2e/secret.xsd",
        "/services/",
        "/x.xsd",
    ):
        assert fetch(wire, target).status == 404
    (maker / "types 1.xsd").write_bytes(b"<changed/>")
    assert fetch(wire, "/services/types%201.xsd").body == b"<s/>", "as it was when installed"


class InMemory(Transport):
    """Lets zeep fetch and post without a socket."""

    def __init__(self, wire: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.wire = wire
        self.fetched: list[str] = []

    def load(self, url: str) -> bytes:
        target = url.removeprefix("https://localhost:10443")
        self.fetched.append(target)
        reply = fetch(self.wire, target)
        assert reply.status == 200
        body: bytes = reply.body
        return body


def test_a_program_follows_the_relative_names_in_the_makers_files(
    make_wire: MakeWire, tmp_path: Path
) -> None:
    """Our own description, taken apart as a maker's is: one WSDL, its schema in a file beside."""
    own = etree.fromstring(fetch(make_wire(), "/services/taxation?wsdl").body)
    xs = "{http://www.w3.org/2001/XMLSchema}"
    (schema,) = own.iter(f"{xs}schema")
    (tmp_path / "types.xsd").write_bytes(etree.tostring(schema))
    for child in list(schema):
        schema.remove(child)
    etree.SubElement(schema, f"{xs}include", {"schemaLocation": "types.xsd"})
    (tmp_path / "taxation.wsdl").write_bytes(etree.tostring(own))
    wire = make_wire(wsdl="files", wsdl_files=read_wsdl_folder(tmp_path))
    transport = InMemory(wire)
    wsdl = "https://localhost:10443/services/taxation?wsdl"
    client = zeep.Client(wsdl, transport=transport)  # type: ignore[no-untyped-call]
    assert set(client.service._operations) == set(Contract().operation_names.values())
    assert transport.fetched == ["/services/taxation?wsdl", "/services/types.xsd"]


def test_the_makers_files_need_credentials_too(make_wire: MakeWire, maker: Path) -> None:
    wire = make_wire(wsdl="files", wsdl_files=read_wsdl_folder(maker))
    for target in ("/services/types%201.xsd", "/services/nothing.xsd", "/services/taxation?wsdl"):
        assert wire.ask(b"", method="GET", target=target, authorization=None).status == 401
    assert wire.ask(b"<x/>", target="/services/types%201.xsd").status == 405


def test_without_files_there_is_nothing_beside_the_service(make_wire: MakeWire) -> None:
    for wsdl in ("served", "withheld"):
        wire = make_wire(wsdl=wsdl)
        assert fetch(wire, "/services/types.xsd").status == 404
        assert fetch(wire, "/services/taxation?xsd=types.xsd").status == 404
