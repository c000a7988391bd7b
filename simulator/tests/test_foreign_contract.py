"""Foreign contracts over HTTP in memory: every key changes the wire, each shape has its rules."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from oxo_simulator.contract_table import Contract
from oxo_simulator.profile import keys

PAGE = (Path(__file__).parents[2] / "docs" / "taxation.md").read_text("utf-8")
SOAP = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
USUAL, INVENTED = (
    Contract.model_validate(tomllib.loads(block)["contract"])
    for block in re.findall(r"```toml\n(\[contract\]\n.*?)```", PAGE, re.DOTALL)
)
MakeWire = Callable[..., Any]
MakeCaller = Callable[..., Any]
Speaker = Callable[..., Any]


def contract(**changed: Any) -> Contract:
    return Contract.model_validate(changed)


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
def test_every_key_changes_the_wire(caller: MakeCaller, key: str) -> None:
    usual = caller(USUAL).everything()
    spoken = flipped(key)
    heard = caller(spoken).everything()
    assert heard != usual
    assert caller(spoken).everything() == heard, "and nothing else does"


@pytest.mark.parametrize("key", NAMES)
def test_a_name_is_the_new_one_everywhere(caller: MakeCaller, key: str) -> None:
    name = key.rpartition(".")[2]
    table = USUAL.operations if ".operations." in key else USUAL.elements
    old = re.compile(rf"[</:\"]{getattr(table, name)}[ />\"]".encode())
    assert old.search(caller(USUAL).everything())
    heard = caller(flipped(key)).everything()
    assert f"Other_{name}".encode() in heard
    assert not old.search(heard)


@pytest.mark.parametrize("key", ["operations.get_tickets", "elements.max_tickets"])
def test_the_old_name_is_no_longer_understood(
    make_wire: MakeWire, speaker: Speaker, key: str
) -> None:
    spoken = flipped(f"contract.{key}")
    wire = make_wire(3, contract=spoken)
    speaker(wire, spoken).login()
    assert speaker(wire, USUAL).get().fault == "Client.Request"
    assert speaker(wire, spoken).get().status == 200


def test_on_read_changes_the_wire(caller: MakeCaller) -> None:
    shapes = [caller(contract(acknowledgement=a)) for a in ("next-request", "on-read")]
    for one in shapes:
        one.login()
        one.get()
        one.login()
    assert [one.sequences() for one in shapes] == [("1", "2", "1"), ("3", "3", "0")]


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


def test_the_pages_invented_example_is_what_the_wire_says(
    make_wire: MakeWire, speaker: Speaker
) -> None:
    asked, first, empty, fault = pages_exchanges()[2:]
    wire = make_wire(2, contract=INVENTED)
    assert_as_printed(play(wire, asked), first)
    second = play(wire, asked)
    assert [second.value(tag) for tag in ("from", "to", "left")] == ["2", "2", "0"]
    assert_as_printed(play(wire, asked), empty)
    other = speaker(wire, INVENTED)
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
    caller: MakeCaller, soap: str, content_type: str, hint: str
) -> None:
    one = caller(contract(soap=soap))
    assert hint in one.login(content_type=content_type).body.decode()
    assert one.login().status == 200


@pytest.mark.parametrize(("spoken", "served"), [("1.1", "1.2"), ("1.2", "1.1")])
def test_the_other_version_is_refused_in_the_exchanges_own(
    make_wire: MakeWire, speaker: Speaker, spoken: str, served: str
) -> None:
    wire = make_wire(1, contract=contract(soap=served))
    reply = speaker(wire, contract(soap=spoken)).login()
    assert reply.status == 500
    assert etree.fromstring(reply.body).tag == f"{{{SOAP[served]}}}Envelope"
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
    caller: MakeCaller, headers: str, *, fine: bool
) -> None:
    one = caller(contract(soap_action="urn:a#"))
    reply = one.login(more=headers)
    assert (reply.status == 200) == fine
    if not fine:
        assert "is not that of the operation" in reply.why


def test_parameters_that_do_not_go_together_are_the_collectors_fault(
    caller: MakeCaller,
) -> None:
    one = caller(contract(soap="1.2"))
    reply = one.login(content_type="application/soap+xml; action*; action*0")
    assert "the parameters of Content-Type cannot be read" in etree.fromstring(reply.body).xpath(
        "string(.//*[local-name()='Text'])"
    )


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
@pytest.mark.parametrize("soap", ["1.1", "1.2"])
def test_an_action_beyond_ascii_is_known_in_either_spelling(
    caller: MakeCaller, soap: str, charset: str
) -> None:
    one = caller(contract(soap=soap, operations={"login": "Connexion-Établie"}))
    named = '"Connexion-Établie"'.encode(charset).decode(errors="surrogateescape")
    if soap == "1.1":
        assert one.login(more=f"SOAPAction: {named}\r\n").status == 200
    else:
        content_type = f"application/soap+xml; charset=utf-8; action={named}"
        assert one.login(content_type=content_type).status == 200


@pytest.mark.parametrize(
    ("action", "fine"),
    [("", True), ('; action=""', True), ('; action="urn:a#Login"', True), ("; action=x", False)],
)
def test_the_action_of_soap_1_2_stands_in_the_content_type(
    caller: MakeCaller, action: str, *, fine: bool
) -> None:
    one = caller(contract(soap="1.2", soap_action="urn:a#"))
    content_type = f"application/soap+xml; charset=utf-8{action}"
    assert (one.login(content_type=content_type).status == 200) == fine
