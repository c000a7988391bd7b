"""Every kind of ticket, typed by hand as two or three wires tell it: each tells the same.

What the taxation wire tells, seen through a narrower one, is what that one tells itself; and all of
them count as one ticket.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from oxo_collector.decoders.ohl import Frame, OhlDecoder
from oxo_collector.decoders.ohl_ticket import piece_of
from oxo_collector.decoders.taxation_xml import decode_list
from oxo_collector.decoders.v24 import LAYOUTS, Statement, V24Decoder, to_ticket
from oxo_tickets import (
    CommunicationType,
    Direction,
    Facility,
    Kind,
    Ticket,
    UserKind,
    carriage,
    coarse_key,
    project,
)

ZONE = "Europe/Paris"
NUMBER = "00390670000"


class Told(NamedTuple):
    """One ticket as wires tell it; a wire that cannot has None.

    Attributes:
        tags: of the taxation wire, beside date, time and what `CALL` has.
        line: of the print-out in fifteen columns.
        body: of the hotel link's message J, behind the letter.
        expected: fields of the ticket by the taxation wire.
    """

    tags: Mapping[str, str]
    line: str | None
    body: str | None
    expected: Mapping[str, object]


CALL = {
    "TicketType": "Call",
    "ChargedUserID": "128",
    "SubscriberName": "TEST",
    "CommunicationType": "Outgoing",
    "DialledNumber": NUMBER,
    "Date": "2020-02-24",
    "Time": "14:32:07",
    "CallDuration": "00:00:50",
    "RingingDuration": "00:00:00",
    "TrunkID": "N01",
    "Units": "2",
    "Cost": "1.70",
    "Currency": "EUR",
    "DialMode": "Manual",
    "Service": "Telephony",
}
OUT = (
    "A128  --> N01 24/02/20 14:32 00:00:50     2 ST {fac:5} 00390670000"
    "                M             1.70                  TEST"
)
IN = (
    "A128  <-- N01 24/02/20 14:32 00:00:50     0 ST {fac:5} 00390670000"
    "                  00:18       0.00                  TEST"
)
BODY_OUT = "128     O00000224022014320700005000390670000               0000000170"
BODY_IN = "128     I00000024022014320700005000390670000               0000000000"
INCOMING = {"RingingDuration": "00:00:18", "Units": "0", "Cost": "0.00", "DialMode": ""}

KINDS: Mapping[str, Told] = {
    "outgoing": Told(
        {}, OUT.format(fac=""), BODY_OUT, {"communication_type": CommunicationType.OUTGOING}
    ),
    "outgoing transfer": Told(
        {"CommunicationType": "OutgoingTransfer", "Facilities": "Transfer"},
        OUT.format(fac="X"),
        BODY_OUT,
        {
            "communication_type": CommunicationType.OUTGOING_TRANSFER,
            "facilities": (Facility.TRANSFER,),
        },
    ),
    "diverted": Told(
        {"CommunicationType": "Incoming", "Facilities": "ExternalForwarding", **INCOMING},
        IN.format(fac="R"),
        BODY_IN,
        {"facilities": (Facility.EXTERNAL_FORWARDING,), "direction": Direction.INCOMING},
    ),
    "incoming transfer": Told(
        {"CommunicationType": "IncomingTransfer", "Facilities": "Transfer", **INCOMING},
        IN.format(fac="X"),
        BODY_IN,
        {"communication_type": CommunicationType.INCOMING_TRANSFER},
    ),
    "outgoing private": Told(
        {"CommunicationType": "OutgoingPrivate"},
        OUT.format(fac=""),
        BODY_OUT,
        {
            "communication_type": CommunicationType.OUTGOING_PRIVATE,
            "direction": Direction.OUTGOING,
        },
    ),
    "incoming private": Told(
        {"CommunicationType": "IncomingPrivate", **INCOMING},
        IN.format(fac=""),
        BODY_IN,
        {
            "communication_type": CommunicationType.INCOMING_PRIVATE,
            "direction": Direction.INCOMING,
        },
    ),
    "break-in": Told(
        {"CommunicationType": "BreakIn", **INCOMING},
        IN.format(fac=""),
        BODY_IN,
        {"communication_type": CommunicationType.BREAK_IN, "direction": Direction.INCOMING},
    ),
    "break-out": Told(
        {"CommunicationType": "BreakOut"},
        OUT.format(fac=""),
        BODY_OUT,
        {"communication_type": CommunicationType.BREAK_OUT, "direction": Direction.OUTGOING},
    ),
    "masked": Told(
        {"DialledNumber": "0039067****"},
        OUT.format(fac="").replace(NUMBER, "0039067****"),
        BODY_OUT.replace(NUMBER, "0039067****"),
        {"dialled_number": "0039067****"},
    ),
    "data": Told(
        {"Service": "Data"}, OUT.format(fac="").replace(" ST ", " T2 "), BODY_OUT, {"units": 2}
    ),
    "no answer": Told(
        {"CommunicationType": "Incoming", **INCOMING, "CallDuration": "00:00:00"},
        IN.format(fac="").replace("00:00:50", "00:00:00"),
        BODY_IN.replace("000050", "000000"),
        {"call_seconds": 0, "ring_seconds": 18},
    ),
    "local call": Told(
        {
            "TicketType": "LocalCall",
            "CommunicationType": "",
            "Date": "",
            "Time": "",
            "DateOfBegin": "2020-02-24T14:32:07",
            "DateOfEnd": "2020-02-24T14:32:57",
            "TrunkID": "",
        },
        None,
        None,
        {"kind": Kind.LOCAL_CALL, "direction": Direction.LOCAL, "call_seconds": 50},
    ),
}
FACILITY = "A128  {typ} N01 24/02/20 14:32 00:00:00     0 ST       {number}"


def taxation(tags: Mapping[str, str]) -> Ticket:
    told = {**CALL, **tags}
    inside = "".join(f"<{tag}>{text}</{tag}>" for tag, text in told.items() if text)
    document = f"<CallAccountingList><CallAccounting>{inside}</CallAccounting></CallAccountingList>"
    (ticket,) = decode_list(document.encode(), ZONE)
    assert isinstance(ticket, Ticket), ticket
    return ticket


def printed(line: str) -> Ticket:
    (statement,) = V24Decoder(LAYOUTS["132"]).receive(line.encode() + b"\r\n")
    assert isinstance(statement, Statement), statement
    return to_ticket(statement, ZONE)


def linked(body: str) -> Ticket:
    inside = b"J" + body.encode()
    value = 0
    for byte in inside:
        value ^= byte
    (frame,) = OhlDecoder().receive(b"\x02" + inside + f"{value:02X}".encode() + b"\x03")
    assert isinstance(frame, Frame), frame
    ticket = piece_of(frame, ZONE)
    assert isinstance(ticket, Ticket), ticket
    return ticket


@pytest.mark.parametrize("name", KINDS)
def test_the_taxation_wire_tells_it(name: str) -> None:
    ticket = taxation(KINDS[name].tags)
    assert {field: getattr(ticket, field) for field in KINDS[name].expected} == KINDS[name].expected
    assert (ticket.charged_user, str(ticket.cost), ticket.currency) in (
        ("128", "1.70", "EUR"),
        ("128", "0.00", "EUR"),
    )
    assert ticket.extras == {}


@pytest.mark.parametrize("name", [name for name, told in KINDS.items() if told.line])
def test_the_print_out_tells_the_same(name: str) -> None:
    told = KINDS[name]
    assert told.line is not None
    whole = taxation(told.tags)
    line = printed(told.line)
    through = carriage("v24", "fifteen")
    assert project(line, through) == project(whole, through)
    assert coarse_key(line) == coarse_key(whole)


@pytest.mark.parametrize("name", [name for name, told in KINDS.items() if told.body])
def test_the_hotel_link_tells_the_same(name: str) -> None:
    told = KINDS[name]
    assert told.body is not None
    whole = taxation(told.tags)
    message = linked(told.body)
    through = carriage("ohl", "smdr")
    assert project(message, through) == project(whole, through)
    assert coarse_key(message) == coarse_key(whole)


@pytest.mark.parametrize(
    ("code", "typ", "called"),
    [
        ("FacilityRequest", "CS+", CommunicationType.FACILITY_REQUEST),
        ("FacilityCancelled", "CS-", CommunicationType.FACILITY_CANCELLED),
    ],
)
def test_a_facility_asked_for_and_cancelled(code: str, typ: str, called: CommunicationType) -> None:
    gone = dict.fromkeys(("Units", "Cost", "Currency", "DialMode"), "")
    tags = {"TicketType": "Facility", "CommunicationType": code, "CallDuration": "00:00:00", **gone}
    whole = taxation({**tags, "DialledNumber": "*21*0388", "RingingDuration": "00:00:00"})
    assert (whole.kind, whole.communication_type) == (Kind.FACILITY, called)
    line = printed(FACILITY.format(typ=typ, number="*21*0388").ljust(116) + "TEST")
    through = carriage("v24", "ten")
    assert project(line, through) == project(whole, through)
    assert coarse_key(line) == coarse_key(whole)


@pytest.mark.parametrize(
    ("cell", "number", "kind"),
    [
        ("L01  ", "01", UserKind.ANALOGUE_LINE),
        ("N02  ", "02", UserKind.T0),
        ("P03  ", "03", UserKind.T2),
        ("V04  ", "04", UserKind.VOIP),
        ("G500 ", "500", UserKind.HUNTING_GROUP),
        ("G9   ", "9", UserKind.ATTENDANT_GROUP),
    ],
)
def test_a_break_in_or_out_is_charged_to_a_line_and_a_call_to_a_group(
    cell: str, number: str, kind: UserKind
) -> None:
    told = printed(cell + OUT.format(fac="")[5:])
    assert (told.charged_user, told.charged_user_kind) == (number, kind)
