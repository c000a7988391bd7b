"""Tickets of every way a call can go, on every wire, typed by hand: what each says, or why not.

What holds for tickets in general is `test_fineness`; here a reader sees what a transfer looks like.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from oxo_simulator.ed52 import mapping as ed52
from oxo_simulator.nmc.mapping import alz_record
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.nmc.terms import terms as nmc_terms
from oxo_simulator.ohl.mapping import FrameWriter
from oxo_simulator.ohl.reception import outlet_terms as ohl_terms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.taxation.codec import ticket_bytes
from oxo_simulator.taxation.mapping import TagSet, wire_ticket
from oxo_simulator.v24.codec import layout, line
from oxo_simulator.v24.mapping import statement
from oxo_simulator.v24.settings import V24Settings
from oxo_simulator.v24.wire import outlet_terms as v24_terms
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

AT = datetime.fromisoformat("2020-02-24T14:32:07")
CALL = Ticket(
    kind=Kind.CALL,
    local_time=AT,
    zone="Europe/Berlin",
    fold=0,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    charged_user="128",
    charged_user_kind=UserKind.SET,
    dialled_number="00390670000",
    dialling_mode=DiallingMode.MANUAL,
    service=Service.TELEPHONY,
    trunk="01",
    trunk_kind=TrunkKind.T2,
    ring_seconds=0,
    call_seconds=30,
    units=2,
    cost=Decimal("3.70"),
    currency="EUR",
    subscriber_name="ORVELLE",
)
PUBLIC: Mapping[str, Any] = {"trunk": None, "trunk_kind": None, "units": None, "cost": None}
LOCAL = replace(
    CALL,
    kind=Kind.LOCAL_CALL,
    direction=Direction.LOCAL,
    communication_type=None,
    dialled_number="100",
    dialling_mode=None,
    local_end=AT + timedelta(seconds=30),
    ring_seconds=None,
    currency=None,
    **PUBLIC,
)
HANDED_OVER = replace(
    CALL,
    local_time=AT + timedelta(seconds=30),
    communication_type=CommunicationType.OUTGOING_TRANSFER,
    charged_user="106",
    subscriber_name="SANDMEER",
    facilities=(Facility.TRANSFER,),
    dialling_mode=None,
    call_seconds=20,
    units=1,
    cost=Decimal("2.00"),
)
BREAK_IN = replace(
    CALL,
    direction=Direction.INCOMING,
    communication_type=CommunicationType.BREAK_IN,
    charged_user="02",
    charged_user_kind=UserKind.T0,
    trunk="02",
    trunk_kind=TrunkKind.T0,
    dialled_number=None,
    dialling_mode=None,
    subscriber_name=None,
    units=0,
    cost=Decimal(0),
)
BREAK_OUT = replace(
    BREAK_IN,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.BREAK_OUT,
    dialled_number="00390670000",
    units=2,
    cost=Decimal("3.70"),
)
FACILITY = replace(
    CALL,
    kind=Kind.FACILITY,
    communication_type=CommunicationType.FACILITY_REQUEST,
    dialled_number=None,
    dialling_mode=None,
    facilities=(Facility.EXTERNAL_FORWARDING,),
    call_seconds=0,
    units=0,
    cost=Decimal(0),
)
TICKETS: Mapping[str, Ticket] = {
    "local, of the caller": LOCAL,
    "local, of the called": replace(LOCAL, charged_user="100", dialled_number="128"),
    "before a transfer": CALL,
    "behind a transfer": HANDED_OVER,
    "diverted out, incoming leg": replace(
        CALL,
        direction=Direction.INCOMING,
        communication_type=CommunicationType.INCOMING,
        initial_user="128",
        initial_user_kind=UserKind.SET,
        dialled_number="0346057124",
        facilities=(Facility.EXTERNAL_FORWARDING,),
        dialling_mode=None,
        ring_seconds=5,
        units=0,
        cost=Decimal(0),
    ),
    "diverted out, outgoing leg": replace(
        CALL, facilities=(Facility.EXTERNAL_FORWARDING,), dialling_mode=None
    ),
    "break-in": BREAK_IN,
    "break-out": BREAK_OUT,
    "facility requested": FACILITY,
    "facility cancelled": replace(
        FACILITY, communication_type=CommunicationType.FACILITY_CANCELLED
    ),
    "private, outgoing": replace(CALL, communication_type=CommunicationType.OUTGOING_PRIVATE),
    "private, behind a transfer": replace(
        HANDED_OVER, communication_type=CommunicationType.OUTGOING_TRANSFER_PRIVATE
    ),
    "masked": replace(CALL, dialled_number="0039067****", masked={"dialled_number": 4}),
    "first of more than 24 hours": replace(CALL, call_seconds=86_399),
    "second of more than 24 hours": replace(
        CALL, local_time=datetime.fromisoformat("2020-02-25T14:32:06"), call_seconds=3601
    ),
    "room status": Ticket(
        kind=Kind.ROOM_STATUS,
        local_time=AT,
        charged_user="117",
        room_status=RoomStatus.NOT_CLEANED,
        room_problem=42,
        subscriber_name="SANDMEER",
    ),
}  # fmt: skip
CANNOT = "cannot be rendered"

STATEMENTS: Mapping[str, str] = {
    "local, of the caller": "no statement for a local call",
    "local, of the called": "no statement for a local call",
    "before a transfer":
        "A128  --> P01 24/02/20 14:32 00:00:30     2 ST       00390670000",
    "behind a transfer":
        "A106  --> P01 24/02/20 14:32 00:00:20     1 ST X     00390670000",
    "diverted out, incoming leg":
        "A128  <-- P01 24/02/20 14:32 00:00:30     0 ST R     0346057124",
    "diverted out, outgoing leg":
        "A128  --> P01 24/02/20 14:32 00:00:30     2 ST R     00390670000",
    "break-in":
        "N02   <-- N02 24/02/20 14:32 00:00:30     0 ST",
    "break-out":
        "N02   --> N02 24/02/20 14:32 00:00:30     2 ST       00390670000",
    "facility requested":
        "A128  CS+ P01 24/02/20 14:32 00:00:00     0 ST R",
    "facility cancelled":
        "A128  CS- P01 24/02/20 14:32 00:00:00     0 ST R",
    "private, outgoing":
        "A128  --> P01 24/02/20 14:32 00:00:30     2 ST       00390670000",
    "private, behind a transfer":
        "A106  --> P01 24/02/20 14:32 00:00:20     1 ST X     00390670000",
    "masked":
        "A128  --> P01 24/02/20 14:32 00:00:30     2 ST       0039067****",
    "first of more than 24 hours":
        "A128  --> P01 24/02/20 14:32 23:59:59     2 ST       00390670000",
    "second of more than 24 hours":
        "A128  --> P01 25/02/20 14:32 01:00:01     2 ST       00390670000",
    "room status":
        "A117      RST 24/02/20 14:32 00:00:00     0 ST       1042",
}  # fmt: skip

FRAMES: Mapping[str, str] = {
    "local, of the caller": CANNOT,
    "local, of the called": CANNOT,
    "before a transfer":
        "J128     O00000224022014320700003000390670000               0000000370",
    "behind a transfer":
        "J106     O00000124022014323700002000390670000               0000000200",
    "diverted out, incoming leg":
        "J128     I0000002402201432070000300346057124                0000000000",
    "diverted out, outgoing leg":
        "J128     O00000224022014320700003000390670000               0000000370",
    "break-in":
        "J02      I000000240220143207000030                          0000000000",
    "break-out":
        "J02      O00000224022014320700003000390670000               0000000370",
    "facility requested":
        "J128     O000000240220143207000000                          0000000000",
    "facility cancelled":
        "J128     O000000240220143207000000                          0000000000",
    "private, outgoing":
        "J128     O00000224022014320700003000390670000               0000000370",
    "private, behind a transfer":
        "J106     O00000124022014323700002000390670000               0000000200",
    "masked":
        "J128     O0000022402201432070000300039067****               0000000370",
    "first of more than 24 hours":
        "J128     O00000224022014320723595900390670000               0000000370",
    "second of more than 24 hours":
        "J128     O00000225022014320601000100390670000               0000000370",
    "room status": "not carried by this wire",
}  # fmt: skip

NMC: Mapping[str, str | tuple[Any, ...]] = {
    # call type, user type, user, services, dialled number, seconds
    "local, of the caller": CANNOT,
    "local, of the called": CANNOT,
    "before a transfer": (0, 0, "128", (), "00390670000", 30),
    "behind a transfer": (2, 0, "106", (6,), "00390670000", 20),
    "diverted out, incoming leg": (1, 0, "128", (2,), "0346057124", 30),
    "diverted out, outgoing leg": (0, 0, "128", (2,), "00390670000", 30),
    "break-in": (16, 2, "02", (), None, 30),
    "break-out": (15, 2, "02", (), "00390670000", 30),
    "facility requested": (8, 0, "128", (2,), None, 0),
    "facility cancelled": (9, 0, "128", (2,), None, 0),
    "private, outgoing": (13, 0, "128", (), "00390670000", 30),
    "private, behind a transfer": CANNOT,
    "masked": (0, 0, "128", (), "0039067****", 30),
    "first of more than 24 hours": (0, 0, "128", (), "00390670000", 86_399),
    "second of more than 24 hours": (0, 0, "128", (), "00390670000", 3601),
    "room status": CANNOT,
}  # fmt: skip

RECORDS: Mapping[str, str | tuple[Any, ...]] = {
    # call type, com type, charged number, called number, external and internal flags, seconds
    "local, of the caller": (14, 1, "128", "100", (), (), 30),
    "local, of the called": (14, 1, "100", "128", (), (), 30),
    "before a transfer": (0, 1, "128", "00390670000", (0,), (23,), 30),
    "behind a transfer": (0, 1, "106", "00390670000", (0,), (8, 23), 20),
    "diverted out, incoming leg": (4, 1, "128", "0346057124", (5,), (23,), 35),
    "diverted out, outgoing leg": (0, 1, "128", "00390670000", (0, 5), (23,), 30),
    "break-in": CANNOT,
    "break-out": CANNOT,
    "facility requested": (0, 3, "128", "", (0, 5), (23,), 0),
    "facility cancelled": (0, 4, "128", "", (0, 5), (23,), 0),
    "private, outgoing": (7, 1, "128", "00390670000", (0,), (23,), 30),
    "private, behind a transfer": (7, 1, "106", "00390670000", (0,), (8, 23), 20),
    "masked": (0, 1, "128", "0039067----", (0,), (23,), 30),
    "first of more than 24 hours": (0, 1, "128", "00390670000", (0,), (23,), 86_399),
    "second of more than 24 hours": (0, 1, "128", "00390670000", (0,), (23,), 3601),
    "room status": CANNOT,
}  # fmt: skip

_MADE = "<SubscriberName>ORVELLE</SubscriberName>"
_WHEN = "<Date>2020-02-24</Date><Time>14:32:07</Time>"
XML: Mapping[str, str] = {
    "local, of the caller":
        f"<TicketType>LocalCall</TicketType>{_MADE}<DateOfBegin>2020-02-24T14:32:07</DateOfBegin>"
        "<DateOfEnd>2020-02-24T14:32:37</DateOfEnd><DirNumber>128</DirNumber>"
        "<CorrNumber>100</CorrNumber><Service>Telephony</Service>",
    "behind a transfer":
        "<TicketType>Call</TicketType><ChargedUserID>106</ChargedUserID>"
        "<SubscriberName>SANDMEER</SubscriberName>"
        "<CommunicationType>OutgoingTransfer</CommunicationType>"
        "<DialledNumber>00390670000</DialledNumber><Date>2020-02-24</Date><Time>14:32:37</Time>"
        "<RingingDuration>00:00:00</RingingDuration><CallDuration>00:00:20</CallDuration>"
        "<TrunkID>P01</TrunkID><Units>1</Units><Cost>2.00</Cost><Currency>EUR</Currency>"
        "<Service>Telephony</Service><Facilities>Transfer</Facilities>",
    "break-in":
        "<TicketType>Call</TicketType><ChargedUserID>02</ChargedUserID>"
        f"<CommunicationType>BreakIn</CommunicationType>{_WHEN}"
        "<RingingDuration>00:00:00</RingingDuration><CallDuration>00:00:30</CallDuration>"
        "<TrunkID>N02</TrunkID><Units>0</Units><Cost>0</Cost><Currency>EUR</Currency>"
        "<Service>Telephony</Service>",
    "facility cancelled":
        f"<TicketType>Facility</TicketType><ChargedUserID>128</ChargedUserID>{_MADE}"
        f"<CommunicationType>FacilityCancelled</CommunicationType>{_WHEN}"
        "<RingingDuration>00:00:00</RingingDuration><CallDuration>00:00:00</CallDuration>"
        "<TrunkID>P01</TrunkID><Units>0</Units><Cost>0</Cost><Currency>EUR</Currency>"
        "<Service>Telephony</Service><Facilities>ExternalForwarding</Facilities>",
    "room status":
        "<TicketType>RoomStatus</TicketType><ChargedUserID>117</ChargedUserID>"
        f"<SubscriberName>SANDMEER</SubscriberName>{_WHEN}"
        "<RoomStatus>1</RoomStatus><RoomProblem>42</RoomProblem>",
}  # fmt: skip
"""With the extended tags; the others are told apart by `CommunicationType` alone."""

TYPES: Mapping[str, str] = {
    "before a transfer": "Outgoing",
    "diverted out, incoming leg": "Incoming",
    "break-out": "BreakOut",
    "facility requested": "FacilityRequest",
    "private, outgoing": "OutgoingPrivate",
    "private, behind a transfer": "OutgoingTransferPrivate",
}


def test_every_ticket_is_typed_for_every_wire() -> None:
    for typed in (STATEMENTS, FRAMES, NMC, RECORDS):
        assert set(typed) == set(TICKETS)


@pytest.mark.parametrize("name", TICKETS)
def test_on_v24(name: str) -> None:
    ticket = TICKETS[name]
    refused = v24_terms(V24Settings()).accepts(ticket)
    assert (refused or line(statement(ticket, V24Settings()), layout([])).rstrip()) == STATEMENTS[
        name
    ]


@pytest.mark.parametrize("name", TICKETS)
def test_on_the_hotel_link(name: str) -> None:
    ticket = TICKETS[name]
    refused = ohl_terms(OhlSettings()).accepts(ticket)
    assert (refused or FrameWriter().ticket(ticket)[1:-3].decode()) == FRAMES[name]


@pytest.mark.parametrize("name", TICKETS)
def test_in_the_nmc_file(name: str) -> None:
    terms = nmc_terms(NmcSettings(open=True, licence_tickets=1000))
    assert terms is not None
    if refused := terms.accepts(TICKETS[name]):
        assert refused == NMC[name]
        return
    record = alz_record(TICKETS[name])
    assert NMC[name] == (
        record.call_type,
        record.charged_user_type,
        record.charged_user,
        record.complementary_services,
        record.dialled_number,
        record.duration_seconds,
    )


@pytest.mark.parametrize("name", TICKETS)
def test_in_a_record_of_the_account_file_and_the_stream(name: str) -> None:
    if refused := ed52.accepts(TICKETS[name]):
        assert refused == RECORDS[name]
        return
    record = ed52.record_of(TICKETS[name])
    assert RECORDS[name] == (
        record.call_type,
        record.com_type,
        record.charged_number,
        record.called_number,
        record.external_facilities,
        record.internal_facilities,
        record.duration,
    )


@pytest.mark.parametrize("name", XML)
def test_on_the_taxation_wire(name: str) -> None:
    written = ticket_bytes(wire_ticket(TICKETS[name], "extended")).decode()
    assert written == f"<CallAccounting>{XML[name]}</CallAccounting>"


@pytest.mark.parametrize("name", TYPES)
def test_the_type_on_the_taxation_wire(name: str) -> None:
    tag_sets: tuple[TagSet, ...] = ("observed", "extended")
    for tag_set in tag_sets:
        assert wire_ticket(TICKETS[name], tag_set).communication_type == TYPES[name]
