"""Requests by the contract, byte for byte."""

import pytest
from oxo_collector.taxation import encoder
from oxo_collector.taxation.encoder import Request

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
