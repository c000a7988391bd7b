"""Answers of the taxation service, as hand-typed bytes: each operation, faults, halves, lies."""

from datetime import datetime

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    LoginAnswer,
    LogoutAnswer,
    RestartAnswer,
    TicketsAnswer,
    decode_answer,
)
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

LOGIN = b"""<?xml version='1.0' encoding='UTF-8'?>
<soap11env:Envelope xmlns:soap11env="http://schemas.xmlsoap.org/soap/envelope/" \
xmlns:tns="urn:oxo-sim:taxation:1"><soap11env:Body><tns:LoginResponse><tns:LoginResult>\
<tns:epoch>2020-02-24T06:00:00</tns:epoch><tns:release>R3.2 034.001</tns:release>\
<tns:sessionSeconds>300</tns:sessionSeconds></tns:LoginResult></tns:LoginResponse>\
</soap11env:Body></soap11env:Envelope>"""

GET = b"""<?xml version='1.0' encoding='UTF-8'?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>
<GetTicketsResponse xmlns="urn:oxo-sim:taxation:1"><GetTicketsResult>
 <firstSequence>41</firstSequence><lastSequence>42</lastSequence><remaining>7</remaining>
 <CallAccountingList>
  <CallAccounting><ChargedUserID>128</ChargedUserID>
   <CommunicationType>Outgoing</CommunicationType>
   <Date>2020-02-24</Date><Time>14:32:00</Time><CallDuration>00:00:50</CallDuration>
  </CallAccounting>
  <CallAccounting><ChargedUserID>104</ChargedUserID><Date>24/02/2020</Date></CallAccounting>
 </CallAccountingList>
</GetTicketsResult></GetTicketsResponse></s:Body></s:Envelope>"""

FIRST = Ticket(
    kind=Kind.CALL,
    local_time=datetime.fromisoformat("2020-02-24T14:32:00"),
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    zone="Europe/Zurich",
    charged_user="128",
    call_seconds=50,
)
SECOND = Malformed(
    "Date '24/02/2020' is no date YYYY-MM-DD",
    b"<CallAccounting><ChargedUserID>104</ChargedUserID><Date>24/02/2020</Date></CallAccounting>",
    "ticket 2",
)


def enveloped(inside: bytes) -> bytes:
    return (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        b'<s:Body xmlns="urn:oxo-sim:taxation:1">%s</s:Body></s:Envelope>' % inside
    )


def tickets_answer(first: object, last: object, remaining: object, listed: bytes) -> bytes:
    figures = (
        f"<firstSequence>{first}</firstSequence><lastSequence>{last}</lastSequence>"
        f"<remaining>{remaining}</remaining>"
    ).encode()
    return enveloped(
        b"<GetTicketsResponse><GetTicketsResult>%s%s</GetTicketsResult></GetTicketsResponse>"
        % (figures, listed)
    )


EMPTY_LIST = b"<CallAccountingList/>"
ONE = b"<CallAccounting><Date>2020-02-24</Date><Time>14:32:00</Time></CallAccounting>"


def list_of(number: int) -> bytes:
    return b"<CallAccountingList>" + ONE * number + b"</CallAccountingList>"


def test_login() -> None:
    assert decode_answer(LOGIN, None) == LoginAnswer("2020-02-24T06:00:00", "R3.2 034.001", 300)


def test_tickets_and_one_that_cannot_be_read() -> None:
    assert decode_answer(GET, "Europe/Zurich") == TicketsAnswer(41, 42, 7, (FIRST, SECOND))


def test_no_tickets() -> None:
    assert decode_answer(tickets_answer(0, 0, 0, EMPTY_LIST), None) == TicketsAnswer(0, 0, 0, ())


def test_acknowledge() -> None:
    body = enveloped(
        b"<AckTicketsResponse><AckTicketsResult><acknowledged> 100\n</acknowledged>"
        b"</AckTicketsResult></AckTicketsResponse>"
    )
    assert decode_answer(body, None) == AcknowledgeAnswer(100)


def test_restart_session_timer() -> None:
    body = enveloped(
        b"<RestartSessionTimerResponse><RestartSessionTimerResult>"
        b"<sessionSeconds>300</sessionSeconds>"
        b"</RestartSessionTimerResult></RestartSessionTimerResponse>"
    )
    assert decode_answer(body, None) == RestartAnswer(300)


@pytest.mark.parametrize("epoch", [b"<tns:epoch/>", b"<tns:epoch> \n</tns:epoch>"])
def test_a_login_without_an_epoch_is_no_login(epoch: bytes) -> None:
    """It would be taken for the same numbering after every reset."""
    body = LOGIN.replace(b"<tns:epoch>2020-02-24T06:00:00</tns:epoch>", epoch)
    assert decode_answer(body, None) == Malformed("epoch is empty", body, "document")


@pytest.mark.parametrize(
    "inside", [b"<LogoutResponse/>", b"<LogoutResponse><LogoutResult/></LogoutResponse>"]
)
def test_logout(inside: bytes) -> None:
    assert decode_answer(enveloped(inside), None) == LogoutAnswer()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (b"s:Client.Session", "Client.Session"),
        (b"Client.Acknowledgement", "Client.Acknowledgement"),
        (b" s:Server.Busy\n", "Server.Busy"),
        (b"s:Server", "Server"),
    ],
)
def test_fault(code: bytes, found: str) -> None:
    body = enveloped(
        b"<s:Fault><faultcode>%s</faultcode><faultstring>no session &amp; none before</faultstring>"
        b"<faultactor/></s:Fault>" % code
    )
    assert decode_answer(body, None) == FaultAnswer(found, "no session & none before")


def test_half_an_answer_is_never_an_answer() -> None:
    for body in (GET, LOGIN, tickets_answer(0, 0, 0, EMPTY_LIST)):
        for cut in range(len(body)):
            found = decode_answer(body[:cut], None)
            assert isinstance(found, Malformed), cut
            assert found.raw == body[:cut]


@pytest.mark.parametrize(
    ("first", "last", "number"),
    [
        (41, 42, 1),
        (41, 42, 3),
        (41, 41, 0),
        (0, 0, 1),
        (0, 1, 2),
        (42, 41, 0),
        (42, 40, 1),
        (1, 10**17, 2),
    ],
)
def test_a_count_that_does_not_fit_is_no_answer(first: int, last: int, number: int) -> None:
    body = tickets_answer(first, last, 0, list_of(number))
    reason = f"{number} tickets in an answer of sequence {first} to {last}"
    assert decode_answer(body, None) == Malformed(reason, body, "document")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (tickets_answer("x", 1, 0, list_of(1)), "firstSequence 'x' is no whole number"),
        (tickets_answer(1, "", 0, list_of(1)), "lastSequence '' is no whole number"),
        (tickets_answer(1, 1, -1, list_of(1)), "remaining '-1' is no whole number"),
        (tickets_answer(1, 1, 0, b""), "CallAccountingList stands 0 times"),
        (tickets_answer(1, 1, 0, list_of(1) * 2), "CallAccountingList stands 2 times"),
        (tickets_answer(1, 1, "0</remaining><remaining>1", list_of(1)), "remaining stands 2 times"),
        (tickets_answer(1, 1, 0, list_of(1).replace(ONE, ONE + b"x")), "text between the tickets"),
        (enveloped(b""), "0 elements in the SOAP body instead of one"),
        (enveloped(b"<a/><b/>"), "2 elements in the SOAP body instead of one"),
        (enveloped(b"<LogoffResponse/>"), "unknown answer 'LogoffResponse'"),
        (enveloped(b"<LoginResponse/>"), "LoginResult stands 0 times in LoginResponse"),
        (enveloped(b"<Fault><faultcode>x</faultcode></Fault>"), "faultstring stands 0 times"),
        (b"<Envelope/>", "Body stands 0 times in Envelope"),
        (b"<CallAccountingList/>", "wrong root: 'CallAccountingList' instead of Envelope"),
        (b"<html><p>503</p></html>", "wrong root: 'html' instead of Envelope"),
        (b"503 Service Unavailable", "not well formed"),
        (b"", "not well formed"),
    ],
)
def test_what_is_no_answer_is_kept_whole(body: bytes, words: str) -> None:
    found = decode_answer(body, None)
    assert isinstance(found, Malformed)
    assert words in found.reason
    assert (found.raw, found.place) == (body, "document")


def test_a_document_type_is_refused() -> None:
    body = b'<!DOCTYPE x [<!ENTITY e "1">]>' + tickets_answer("&e;", 1, 0, list_of(1))
    assert decode_answer(body, None) == Malformed("document type refused", body, "document")


def test_a_foreign_element_in_the_list_keeps_its_place() -> None:
    listed = b"<CallAccountingList>" + ONE + b"<Note/>" + ONE + b"</CallAccountingList>"
    found = decode_answer(tickets_answer(5, 7, 0, listed), None)
    assert isinstance(found, TicketsAnswer)
    assert isinstance(found.tickets[0], Ticket)
    assert found.tickets[1] == Malformed(
        "unexpected tag 'Note' instead of CallAccounting", b"<Note/>", "ticket 2"
    )
    assert found.tickets[2] == found.tickets[0]
