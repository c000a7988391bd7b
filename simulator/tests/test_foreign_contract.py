"""Foreign contracts over HTTP in memory: every key changes the wire, each shape has its rules."""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from oxo_simulator.contract_table import Contract
from oxo_simulator.profile import keys
from oxo_simulator.wsdl_folder import read_wsdl_folder

PAGE = (Path(__file__).parents[2] / "docs" / "taxation.md").read_text("utf-8")
SOAP = {
    "1.1": ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml"),
    "1.2": ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml"),
}
USUAL, INVENTED = (
    Contract.model_validate(tomllib.loads(block)["contract"])
    for block in re.findall(r"```toml\n(\[contract\]\n.*?)```", PAGE, re.DOTALL)
)
MakeWire = Callable[..., Any]


def contract(**changed: Any) -> Contract:
    return Contract.model_validate(changed)


class Caller:
    """A collector that speaks whatever a table says; keeps every answer's bytes."""

    def __init__(self, wire: Any, spoken: Contract) -> None:
        self.wire, self.spoken = wire, spoken
        self.heard: list[bytes] = []

    def call(self, key: str, members: Mapping[str, int] | None = None, **changed: Any) -> Any:
        return self.ask(getattr(self.spoken.operations, key), members or {}, **changed)

    def ask(self, name: str, members: Mapping[str, int], **changed: Any) -> Any:
        envelope, media_type = SOAP[self.spoken.soap]
        named = ((getattr(self.spoken.elements, key), value) for key, value in members.items())
        inside = "".join(f"<{element}>{value}</{element}>" for element, value in named)
        body = (
            f'<s:Envelope xmlns:s="{envelope}"><s:Body><{name} xmlns="{self.spoken.namespace}">'
            f"{inside}</{name}></s:Body></s:Envelope>"
        )
        changed.setdefault("content_type", media_type)
        reply = self.wire.ask(body.encode(), **changed)
        shown = sorted(f"{k}: {v}" for k, v in reply.headers.items() if k != "Date")
        self.heard.append("\n".join([str(reply.status), *shown]).encode() + reply.body)
        return reply

    def login(self, **changed: Any) -> Any:
        return self.call("login", **changed)

    def get(self, tickets: int = 2, **changed: Any) -> Any:
        return self.call("get_tickets", {"max_tickets": tickets, "wait_seconds": 0}, **changed)

    def ack(self, last: int) -> Any:
        return self.call("acknowledge", {"last_sequence": last})

    def wsdl(self) -> Any:
        target = "/services/taxation?wsdl"
        reply = self.wire.ask(b"", method="GET", target=target, content_type=None)
        self.heard.append(reply.body)
        return reply

    def everything(self) -> bytes:
        """Hold a whole conversation of this contract, faults included; return what was heard."""
        self.wsdl()
        if self.spoken.login == "operation":
            self.login()
        self.get()
        if self.spoken.acknowledgement == "explicit":
            self.ack(2)
        self.get()
        self.call("restart_timer")
        self.call("logout")
        self.call("logout")
        self.ask("NobodyKnows", {})
        return b"\n".join(self.heard)


def caller(make_wire: MakeWire, spoken: Contract, tickets: int = 3, **settings: Any) -> Caller:
    return Caller(make_wire(tickets, contract=spoken, **settings), spoken)


def sequences(reply: Any, spoken: Contract = USUAL) -> tuple[str | None, ...]:
    named = spoken.elements
    return tuple(
        reply.value(tag) for tag in (named.first_sequence, named.last_sequence, named.remaining)
    )


# each key of the table, flipped

OTHER_VALUES: dict[str, Any] = {
    "soap": "1.2",
    "namespace": "urn:other",
    "ticket_namespace": "urn:tickets",
    "soap_action": "urn:action#",
    "login": "none",
    "acknowledgement": "next-request",
    "ticket_list": "text",
    "response_suffix": "Reply",
    "result_suffix": "",
}
NAMES = [key for key in keys() if re.match(r"contract\.(operations|elements)\.", key)]


def flipped(key: str) -> Contract:
    table, _, name = key.removeprefix("contract.").rpartition(".")
    if table:
        return contract(**{table: {name: f"Other_{name}"}})
    return contract(**{name: OTHER_VALUES[name]})


@pytest.mark.parametrize("key", [key for key in keys() if key.startswith("contract.")])
def test_every_key_changes_the_wire(make_wire: MakeWire, key: str) -> None:
    usual = caller(make_wire, USUAL).everything()
    spoken = flipped(key)
    heard = caller(make_wire, spoken).everything()
    assert heard != usual
    assert caller(make_wire, spoken).everything() == heard, "and nothing else does"


@pytest.mark.parametrize("key", NAMES)
def test_a_name_is_the_new_one_everywhere(make_wire: MakeWire, key: str) -> None:
    name = key.rpartition(".")[2]
    table = USUAL.operations if ".operations." in key else USUAL.elements
    old = re.compile(rf"[</:\"]{getattr(table, name)}[ />\"]".encode())
    assert old.search(caller(make_wire, USUAL).everything())
    heard = caller(make_wire, flipped(key)).everything()
    assert f"Other_{name}".encode() in heard
    assert not old.search(heard)


@pytest.mark.parametrize("key", ["operations.get_tickets", "elements.max_tickets"])
def test_the_old_name_is_no_longer_understood(make_wire: MakeWire, key: str) -> None:
    spoken = flipped(f"contract.{key}")
    wire = make_wire(3, contract=spoken)
    Caller(wire, spoken).login()
    assert Caller(wire, USUAL).get().fault == "Client.Request"
    assert Caller(wire, spoken).get().status == 200


def test_on_read_changes_the_wire(make_wire: MakeWire) -> None:
    shapes = [caller(make_wire, contract(acknowledgement=a)) for a in ("next-request", "on-read")]
    for one in shapes:
        one.login()
        one.get()
    fresh = [one.login() and one.get() for one in shapes]
    assert [sequences(reply) for reply in fresh] == [("1", "2", "1"), ("3", "3", "0")]


# the page's own examples


def pages_exchanges() -> list[tuple[str, str]]:
    """Return the page's HTTP messages as (head, body), blanks between elements taken out."""
    found = []
    for block in re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL):
        head, _, body = block.partition("\n\n")
        lines = [line.strip() for line in body.splitlines()]
        first = f"{lines[0]}\n" if lines[0].startswith("<?xml") else lines[0]
        found.append((head, first + "".join(lines[1:])))
    return found


def test_the_page_has_both_shapes() -> None:
    heads = [head.splitlines()[0] for head, _ in pages_exchanges()]
    assert [head.startswith("POST") for head in heads] == [True, False, True, False, False, False]
    assert Contract() == USUAL
    same = [key for key in Contract.model_fields if getattr(USUAL, key) == getattr(INVENTED, key)]
    assert same == [], "the invented one differs in every key"


def play(wire: Any, message: tuple[str, str]) -> Any:
    """Send a request of the page with the account that the wire has."""
    headers = dict(line.split(": ", 1) for line in message[0].splitlines()[1:])
    more = f"SOAPAction: {headers['SOAPAction']}\r\n" if "SOAPAction" in headers else ""
    return wire.ask(message[1].encode(), content_type=headers["Content-Type"], more=more)


def assert_as_printed(reply: Any, message: tuple[str, str]) -> None:
    status, *headers = message[0].splitlines()
    assert reply.status == int(status.split()[1])
    assert reply.body.decode() == message[1]
    for line in headers:
        name, _, value = line.partition(": ")
        assert reply.headers[name] == value


def test_the_pages_usual_example_is_what_the_wire_says(make_wire: MakeWire) -> None:
    asked, answered = pages_exchanges()[:2]
    wire = make_wire(3)
    wire.login()
    assert wire.cookie == "SESSIONID=secret1"
    assert_as_printed(play(wire, asked), answered)


def test_the_pages_invented_example_is_what_the_wire_says(make_wire: MakeWire) -> None:
    asked, first, empty, fault = pages_exchanges()[2:]
    wire = make_wire(2, contract=INVENTED)
    assert_as_printed(play(wire, asked), first)
    assert sequences(play(wire, asked), INVENTED) == ("2", "2", "0")
    assert_as_printed(play(wire, asked), empty)
    other = Caller(wire, INVENTED)
    kept = other.call("restart_timer").body.decode()
    assert "<KeepAliveReply><idleLimit>300</idleLimit></KeepAliveReply>" in kept
    assert "<ReleaseReply/>" in other.call("logout").body.decode()
    assert_as_printed(other.call("logout"), fault)


# SOAP 1.2


@pytest.mark.parametrize(
    ("soap", "content_type", "hint"),
    [
        ("1.1", "application/soap+xml", "a SOAP 1.1 request is text/xml"),
        ("1.2", "text/xml", "a SOAP 1.2 request is application/soap+xml"),
        ("1.2", "application/json", "Content-Type is application/json"),
    ],
)
def test_the_media_type_is_that_of_the_version(
    make_wire: MakeWire, soap: str, content_type: str, hint: str
) -> None:
    one = caller(make_wire, contract(soap=soap))
    assert hint in one.login(content_type=content_type).body.decode()
    assert one.login().status == 200


@pytest.mark.parametrize(("spoken", "served"), [("1.1", "1.2"), ("1.2", "1.1")])
def test_the_other_version_is_refused_in_the_exchanges_own(
    make_wire: MakeWire, spoken: str, served: str
) -> None:
    wire = make_wire(1, contract=contract(soap=served))
    reply = Caller(wire, contract(soap=spoken)).login()
    assert reply.status == 500
    assert etree.fromstring(reply.body).tag == f"{{{SOAP[served][0]}}}Envelope"
    assert f"this exchange speaks SOAP {served}" in reply.body.decode()
    (kept,) = wire.taxation.unknown_operations
    assert kept["profile_lines"] == f'[contract]\nsoap = "{spoken}"'


@pytest.mark.parametrize(
    ("headers", "fine"),
    [
        ("", True),
        ('SOAPAction: ""\r\n', True),
        ('SOAPAction: "urn:a#Login"\r\n', True),
        ("SOAPAction: urn:a#Login\r\n", True),
        ('SOAPAction: "Login"\r\n', False),
        ('SOAPAction: "urn:a#GetTickets"\r\n', False),
    ],
)
def test_the_action_is_the_operations_or_none(
    make_wire: MakeWire, headers: str, *, fine: bool
) -> None:
    one = caller(make_wire, contract(soap_action="urn:a#"))
    reply = one.login(more=headers)
    assert (reply.status == 200) == fine
    if not fine:
        assert "is not that of the operation" in reply.why


@pytest.mark.parametrize(
    ("action", "fine"),
    [("", True), ('; action=""', True), ('; action="urn:a#Login"', True), ("; action=x", False)],
)
def test_the_action_of_soap_1_2_stands_in_the_content_type(
    make_wire: MakeWire, action: str, *, fine: bool
) -> None:
    one = caller(make_wire, contract(soap="1.2", soap_action="urn:a#"))
    content_type = f"application/soap+xml; charset=utf-8{action}"
    assert (one.login(content_type=content_type).status == 200) == fine


# no login


def test_without_login_credentials_open_the_session(make_wire: MakeWire) -> None:
    one = caller(make_wire, contract(login="none"))
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


def test_without_login_wrong_credentials_open_nothing(make_wire: MakeWire) -> None:
    one = caller(make_wire, contract(login="none"))
    assert one.get(authorization=None).status == 401
    assert one.get(authorization="Basic eDp5").status == 401
    assert one.wire.taxation.session_count == 0


def test_without_login_the_cookie_of_an_ended_session_is_a_fault_or_opens_one(
    make_wire: MakeWire,
) -> None:
    for without_cookie, status in (("fault", 500), ("new-session", 200)):
        one = caller(
            make_wire, contract(login="none"), without_cookie=without_cookie, idle_seconds=10
        )
        one.get()
        one.wire.clock.advance(10)
        reply = one.get()
        assert reply.status == status
        if status == 500:
            assert reply.fault == "Client.Session"
            assert "a request without cookie opens a new one" in reply.why
            one.wire.cookie = None
            assert one.get().status == 200


def test_without_login_another_session_is_taken_over_or_refuses(make_wire: MakeWire) -> None:
    for second_login, status in (("take-over", 200), ("refuse", 500)):
        one = caller(make_wire, contract(login="none"), second_login=second_login)
        one.get()
        one.wire.cookie = None
        assert one.get(port=4002).status == status


def test_without_login_a_logout_opens_no_session(make_wire: MakeWire) -> None:
    one = caller(make_wire, contract(login="none"))
    assert one.call("logout").fault == "Client.Session"
    assert one.wire.exchange.journal[-1][0] == "refused"
    assert one.login().fault == "Client.Request", "there is no Login"
    assert one.wire.taxation.session_count == 0


# acknowledgement by the next request


def test_the_next_request_removes_what_the_one_before_gave(make_wire: MakeWire) -> None:
    one = caller(make_wire, contract(acknowledgement="next-request"), tickets=5)
    one.login()
    assert sequences(one.get()) == ("1", "2", "3")
    assert one.wire.exchange.waiting_count() == 5, "given is not gone"
    assert one.call("restart_timer").status == 200
    assert one.get(0).fault == "Client.Request"
    assert one.wire.exchange.waiting_count() == 5, "neither removes"
    assert sequences(one.get(port=4002)) == ("3", "4", "1")
    assert sequences(one.get()) == ("5", "5", "0")
    assert sequences(one.get()) == ("0", "0", "0")
    assert sequences(one.get()) == ("0", "0", "0")
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


def test_a_logout_removes_what_was_given_before_the_session_closes(make_wire: MakeWire) -> None:
    one = caller(make_wire, contract(acknowledgement="next-request"))
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
    make_wire: MakeWire, end: str
) -> None:
    one = caller(make_wire, contract(acknowledgement="next-request"), idle_seconds=10)
    one.login()
    before = one.get()
    if end == "idle":
        one.wire.clock.advance(10)
    if end == "reset":
        one.wire.taxation.end_sessions("reset")
    one.login()
    assert one.get().body == before.body
    assert "acknowledged" not in [entry[0] for entry in one.wire.exchange.journal]
    assert sequences(one.get()) == ("3", "3", "0")


def test_there_is_no_thanks_to_say(make_wire: MakeWire) -> None:
    for acknowledgement in ("next-request", "on-read"):
        one = caller(make_wire, contract(acknowledgement=acknowledgement))
        one.login()
        one.get()
        assert "unknown operation" in one.ack(2).why
        (kept,) = one.wire.taxation.unknown_operations
        assert kept["profile_lines"] == (
            '[contract]\nacknowledgement = "explicit"\n\n'
            '[contract.operations]\nacknowledge = "AckTickets"'
        )


# acknowledgement on read


def test_what_was_read_is_gone_when_the_answer_leaves(make_wire: MakeWire) -> None:
    one = caller(make_wire, contract(acknowledgement="on-read"))
    one.login()
    channel, transport = one.wire.connect()
    left: list[tuple[str, int]] = []
    one.wire.exchange.strike = lambda event: left.append((event, len(transport.value())))
    asked = "<maxTickets>2</maxTickets><waitSeconds>0</waitSeconds>"
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<GetTickets xmlns="{USUAL.namespace}">{asked}</GetTickets></s:Body></s:Envelope>'
    )
    channel.dataReceived(one.wire.request(body.encode(), cookie=one.wire.cookie))
    assert left == [("offered", 0), ("acknowledged", 0)]
    assert one.wire.exchange.waiting_count() == 1
    assert one.wire.taxation._desk.answers._rendered == {}
    assert sequences(one.get()) == ("3", "3", "0")
    assert sequences(one.get()) == ("0", "0", "0")
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
