"""Operations that the contract does not have: answered by a fault, kept, counted, mapped."""

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.contract_table import Contract
from oxo_simulator.taxation.envelope import soap_action
from oxo_simulator.taxation.unknown import (
    DISTINCT_MAX,
    TEXT_LENGTH_MAX,
    Unknown,
    UnknownOperations,
    profile_lines,
)

USUAL = "urn:oxo-sim:taxation:1"


def asked(operation: str, namespace: str = USUAL, soap_action: str = "") -> Unknown:
    return Unknown("1.1", operation, namespace, soap_action)


def request(operation: str, namespace: str = USUAL) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation} xmlns="{namespace}"/></s:Body></s:Envelope>'
    ).encode()


def test_an_unknown_operation_is_a_fault_and_is_kept(
    make_wire: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    wire = make_wire(1)
    wire.login()
    capsys.readouterr()
    for _ in range(3):
        reply = wire.ask(request("FetchTickets"), more='SOAPAction: "urn:x#FetchTickets"\r\n')
        assert (reply.status, reply.fault) == (500, "Client.Request")
        assert "unknown operation {urn:oxo-sim:taxation:1}FetchTickets" in reply.why
    wire.ask(request("Login", "urn:other"))
    assert wire.taxation.unknown_operations == [
        {
            "operation": "FetchTickets",
            "namespace": USUAL,
            "soap_action": "urn:x#FetchTickets",
            "count": 3,
            "profile_lines": (
                '[contract]\nsoap_action = "urn:x#"\n\n'
                '[contract.operations]\nget_tickets = "FetchTickets"'
            ),
        },
        {
            "operation": "Login",
            "namespace": "urn:other",
            "soap_action": "",
            "count": 1,
            "profile_lines": '[contract]\nnamespace = "urn:other"',
        },
    ]
    logged = [line for line in capsys.readouterr().out.splitlines() if "unknown_operation" in line]
    assert len(logged) == 2, "each once"
    assert [line["operation"] for line in wire.transcript.lines(0)][1:] == [
        *["FetchTickets"] * 3,
        "Login",
    ]
    assert wire.exchange.waiting_count() == 1
    assert wire.get().status == 200, "the session goes on"


def test_without_credentials_nothing_is_kept(make_wire: Callable[..., Any]) -> None:
    wire = make_wire()
    assert wire.ask(request("FetchTickets"), authorization=None).status == 401
    assert wire.taxation.unknown_operations == []


def test_a_fresh_installation_has_met_nothing(make_wire: Callable[..., Any]) -> None:
    wire = make_wire()
    wire.ask(request("FetchTickets"))
    wire.taxation.install(wire.exchange, wire.taxation._desk.settings)
    assert wire.taxation.unknown_operations == []


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ("FetchTickets", "get_tickets"),
        ("getCallRecords", "get_tickets"),
        ("CDRs", "get_tickets"),
        ("TaxationTickets", "get_tickets"),
        ("READ_TICKETS", "get_tickets"),
        ("DeleteTickets", "acknowledge"),
        ("AckCalls", "acknowledge"),
        ("ConfirmReceipt", "acknowledge"),
        ("LogOn", "login"),
        ("OpenSession", "login"),
        ("logout", "logout"),
        ("CloseSession", "logout"),
        ("KeepAlive", "restart_timer"),
        ("ping", "restart_timer"),
    ],
)
def test_a_name_that_speaks_for_itself_is_one_line(operation: str, key: str) -> None:
    lines = profile_lines(Contract(), asked(operation))
    assert lines == f'[contract.operations]\n{key} = "{operation}"'


@pytest.mark.parametrize(
    ("operation", "keys"),
    [
        ("Xyzzy", ["login", "get_tickets", "acknowledge", "restart_timer", "logout"]),
        ("OpenClose", ["login", "logout"]),
    ],
)
def test_a_name_that_does_not_is_every_candidate_as_a_comment(
    operation: str, keys: list[str]
) -> None:
    lines = profile_lines(Contract(), asked(operation)).splitlines()
    assert lines == ["[contract.operations]", *(f'# {key} = "{operation}"' for key in keys)]


@pytest.mark.parametrize(
    "one",
    [
        asked("FetchTickets", "urn:other", "urn:other#FetchTickets"),
        asked("Xyzzy", 'a"b\\c\nd\x7f'),
        asked("FetchTickets", ""),
        asked("x" * 200),
        asked("FetchTickets", "urn:" + "x" * 300),
        Unknown("1.2", "Login", USUAL, "Login"),
    ],
)
def test_the_lines_are_toml_whatever_the_peer_wrote(one: Unknown) -> None:
    tomllib.loads(profile_lines(Contract(), one))


ACTION = st.text("ab\"*=;%'\\ ", max_size=30).map("application/soap+xml; action{}".format)
XML_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(
    operation=XML_TEXT, namespace=XML_TEXT, action=XML_TEXT, soap=st.sampled_from(["1.1", "1.2"])
)
def test_whatever_is_asked_the_lines_are_toml(
    operation: str, namespace: str, action: str, soap: str
) -> None:
    book = UnknownOperations(Contract())
    book.keep(soap, operation, namespace, action)
    (kept,) = book.listed()
    tomllib.loads(str(kept["profile_lines"]))


@given(header=st.none() | XML_TEXT, content_type=st.none() | XML_TEXT | ACTION)
def test_whatever_the_headers_say_an_action_is_read_or_none(
    header: str | None, content_type: str | None
) -> None:
    for soap in ("1.1", "1.2"):
        found = soap_action(soap, header, content_type)
        assert found is None or found


def test_the_lines_make_it_known() -> None:
    one = Unknown("1.2", "FetchTickets", "urn:other", "urn:other#FetchTickets")
    found = Contract.model_validate(tomllib.loads(profile_lines(Contract(), one))["contract"])
    assert (found.soap, found.namespace, found.soap_action) == ("1.2", "urn:other", "urn:other#")
    assert found.operations.get_tickets == "FetchTickets"
    assert profile_lines(found, one) == ""


def test_what_a_peer_can_fill_is_limited() -> None:
    book = UnknownOperations(Contract(), distinct_max=3)
    for number in range(10):
        book.keep("1.1", f"Op{number}", USUAL, None)
    book.keep("1.1", "Op0", USUAL, None)
    assert [(one["operation"], one["count"]) for one in book.listed()] == [
        ("Op0", 2),
        ("Op1", 1),
        ("Op2", 1),
    ]
    assert DISTINCT_MAX == 100
    long = UnknownOperations(Contract())
    long.keep("1.1", "x" * 100_000, "y" * 100_000, "z" * 100_000)
    (kept,) = long.listed()
    assert {len(str(kept[key])) for key in ("operation", "namespace", "soap_action")} == {
        TEXT_LENGTH_MAX
    }
