"""Requests by the contract, ours and foreign, byte for byte."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oxo_collector.taxation import encoder
from oxo_collector.taxation.contract import OWN, Contract, Operation
from oxo_collector.taxation.encoder import Request

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "taxation.md"
TABLES = re.findall(r"^```toml\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
FOREIGN = Contract.model_validate(tomllib.loads(TABLES[1])["contract"])
"""The invented contract in which everything is different."""

SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_1_2 = "http://www.w3.org/2003/05/soap-envelope"
OURS = "urn:oxo-sim:taxation:1"

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    b' xmlns:tax="urn:oxo-sim:taxation:1"><soap:Body>'
)
TAIL = b"</soap:Body></soap:Envelope>"


@pytest.mark.parametrize(
    ("request_made", "inside"),
    [
        (encoder.login(), b"<tax:Login></tax:Login>"),
        (
            encoder.get_tickets(100),
            (
                b"<tax:GetTickets><tax:maxTickets>100</tax:maxTickets>"
                b"<tax:waitSeconds>0</tax:waitSeconds></tax:GetTickets>"
            ),
        ),
        (
            encoder.acknowledge(9_007_199_254_740_993),
            (
                b"<tax:AckTickets><tax:lastSequence>9007199254740993</tax:lastSequence>"
                b"</tax:AckTickets>"
            ),
        ),
        (encoder.restart_session_timer(), b"<tax:RestartSessionTimer></tax:RestartSessionTimer>"),
        (encoder.logout(), b"<tax:Logout></tax:Logout>"),
    ],
)
def test_each_request(request_made: Request, inside: bytes) -> None:
    assert request_made.body == HEAD + inside + TAIL
    assert request_made.headers == {
        "Content-Type": b"text/xml; charset=utf-8",
        "SOAPAction": f'"{request_made.name}"'.encode(),
    }


def test_at_least_one_ticket_is_asked_for() -> None:
    with pytest.raises(ValueError, match="at least one ticket"):
        encoder.get_tickets(0)


REQUESTS: dict[Operation, Callable[[Contract], Request]] = {
    "login": encoder.login,
    "get_tickets": lambda contract: encoder.get_tickets(2, contract),
    "acknowledge": lambda contract: encoder.acknowledge(7, contract),
    "restart_timer": encoder.restart_session_timer,
    "logout": encoder.logout,
}


def changed(**keys: Any) -> Contract:
    return Contract.model_validate(keys)


def operation(key: str, name: str) -> Contract:
    return changed(operations={key: name})


def element(key: str, name: str) -> Contract:
    return changed(elements={key: name})


def test_the_foreign_requests_byte_for_byte() -> None:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP_1_2}" xmlns:tax="http://pbx.example/billing/2">'
        "<soap:Body>"
    )
    for request, inside in (
        (
            encoder.get_tickets(1, FOREIGN),
            (
                "<tax:FetchRecords><tax:limit>1</tax:limit><tax:patience>0</tax:patience>"
                "</tax:FetchRecords>"
            ),
        ),
        (encoder.restart_session_timer(FOREIGN), "<tax:KeepAlive></tax:KeepAlive>"),
        (encoder.logout(FOREIGN), "<tax:Release></tax:Release>"),
    ):
        assert request.body.decode() == f"{head}{inside}</soap:Body></soap:Envelope>"
        action = f"http://pbx.example/billing/2/{request.name}"
        content_type = f'application/soap+xml; charset=utf-8; action="{action}"'
        assert request.headers == {"Content-Type": content_type.encode()}


@pytest.mark.parametrize(
    ("asked", "contract", "before", "after"),
    [
        ("login", changed(soap="1.2"), SOAP_1_1, SOAP_1_2),
        ("login", changed(namespace="http://a/?b&c='\"<"), f'"{OURS}"', '"http://a/'),
        ("login", operation("login", "Open"), "tax:Login", "tax:Open"),
        ("get_tickets", operation("get_tickets", "Fetch"), "tax:GetTickets", "tax:Fetch"),
        ("acknowledge", operation("acknowledge", "Take"), "tax:AckTickets", "tax:Take"),
        ("restart_timer", operation("restart_timer", "On"), "tax:RestartSessionTimer", "tax:On"),
        ("logout", operation("logout", "Naïf"), "tax:Logout", "tax:Naïf"),
        ("get_tickets", element("max_tickets", "most"), "tax:maxTickets", "tax:most"),
        ("get_tickets", element("wait_seconds", "wait"), "tax:waitSeconds", "tax:wait"),
        ("acknowledge", element("last_sequence", "to"), "tax:lastSequence", "tax:to"),
    ],
)
def test_a_key_flipped_changes_its_request(
    asked: Operation, contract: Contract, before: str, after: str
) -> None:
    own, flipped = REQUESTS[asked](OWN), REQUESTS[asked](contract)
    assert before in own.body.decode()
    assert before not in flipped.body.decode()
    assert after in flipped.body.decode()
    assert (own.operation, flipped.operation) == (asked, asked)


def test_a_namespace_cannot_leave_its_attribute() -> None:
    body = encoder.login(changed(namespace="http://a/?b&c='\"<")).body.decode()
    assert 'xmlns:tax="http://a/?b&amp;c=\'&quot;&lt;">' in body


@pytest.mark.parametrize(
    ("contract", "headers"),
    [
        (OWN, {"Content-Type": b"text/xml; charset=utf-8", "SOAPAction": b'"Logout"'}),
        (
            changed(soap_action="urn:x#"),
            {"Content-Type": b"text/xml; charset=utf-8", "SOAPAction": b'"urn:x#Logout"'},
        ),
        (
            changed(soap="1.2"),
            {"Content-Type": b'application/soap+xml; charset=utf-8; action="Logout"'},
        ),
        (
            operation("logout", "Naïf"),
            {"Content-Type": b"text/xml; charset=utf-8", "SOAPAction": '"Naïf"'.encode()},
        ),
    ],
)
def test_the_head_tells_version_and_action(contract: Contract, headers: dict[str, bytes]) -> None:
    assert encoder.logout(contract).headers == headers
