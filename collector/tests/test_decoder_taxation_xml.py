"""Mapping of the taxation wire onto the model, and whole lists, against hand-typed tickets."""

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from oxo_collector.decoders.outcome import Decoded, Malformed
from oxo_collector.decoders.taxation_xml import decode_list
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-xml"

NOW = b"<Date>2020-02-24</Date><Time>10:00:01</Time>"
THEN = datetime.fromisoformat("2020-02-24T10:00:01")


def from_vector(name: str) -> list[Decoded]:
    return decode_list((VECTORS / f"{name}.xml").read_bytes(), "Europe/Paris")


def listed(*tickets: bytes) -> bytes:
    inside = b"".join(b"<CallAccounting>%s</CallAccounting>" % ticket for ticket in tickets)
    return b"<CallAccountingList>%s</CallAccountingList>" % inside


def one(inside: bytes) -> Ticket:
    (ticket,) = decode_list(listed(inside), None)
    assert isinstance(ticket, Ticket)
    return ticket


def test_all_tags() -> None:
    assert from_vector("all-tags") == [
        Ticket(
            kind=Kind.CALL,
            local_time=datetime.fromisoformat("2020-02-24T14:32:07"),
            direction=Direction.OUTGOING,
            communication_type=CommunicationType.OUTGOING,
            zone="Europe/Paris",
            charged_user="128",
            dialled_number="00199001234",
            ring_seconds=65,
            call_seconds=45296,
            account_code="0123456789012345",
            subscriber_name="M. ORVELLE",
        )
    ]


def test_empty_charged_user_is_a_ticket() -> None:
    first, second = from_vector("empty-charged-user")
    assert isinstance(first, Ticket)
    assert (first.charged_user, first.call_seconds, first.ring_seconds) == ("", 0, 30)
    assert isinstance(second, Ticket)
    assert second.charged_user == "104"


def test_facility_request() -> None:
    assert from_vector("facility-request") == [
        Ticket(
            kind=Kind.FACILITY,
            local_time=datetime.fromisoformat("2020-02-24T15:10:00"),
            direction=Direction.OUTGOING,
            communication_type=CommunicationType.FACILITY_REQUEST,
            zone="Europe/Paris",
            charged_user="110",
            ring_seconds=0,
            call_seconds=0,
            subscriber_name="K. HOLMWEG",
        )
    ]


def test_local_call_over_midnight() -> None:
    assert from_vector("local-call") == [
        Ticket(
            kind=Kind.LOCAL_CALL,
            local_time=datetime.fromisoformat("2020-02-24T23:59:31"),
            local_end=datetime.fromisoformat("2020-02-25T00:02:07"),
            direction=Direction.LOCAL,
            zone="Europe/Paris",
            charged_user="104",
            dialled_number="128",
            call_seconds=156,
        )
    ]


def test_local_and_public_call_in_one_list() -> None:
    local, public = from_vector("local-and-public")
    assert isinstance(local, Ticket)
    assert (local.kind, local.call_seconds, local.direction) == (
        Kind.LOCAL_CALL,
        0,
        Direction.LOCAL,
    )
    assert isinstance(public, Ticket)
    assert (public.kind, public.call_seconds) == (Kind.CALL, 9)


def test_equal_neighbours_are_two() -> None:
    first, second = from_vector("two-identical")
    assert first == second


def test_unknown_tags_are_kept_by_name() -> None:
    (ticket,) = from_vector("unknown-tag")
    assert isinstance(ticket, Ticket)
    assert ticket.extras == {"taxation": {"Entity": "North wing", "FutureThing": "42"}}


def test_unknown_communication_type_keeps_its_code() -> None:
    (ticket,) = from_vector("unknown-type")
    assert isinstance(ticket, Ticket)
    assert ticket.communication_type is CommunicationType.UNKNOWN
    assert ticket.extras == {"taxation": {"CommunicationType": "OutgoingHolographic"}}
    assert ticket.direction is Direction.OUTGOING


def test_a_bad_ticket_does_not_touch_its_neighbours() -> None:
    first, second, third = from_vector("bad-values")
    assert first == third
    assert isinstance(first, Ticket)
    assert isinstance(second, Malformed)
    document = (VECTORS / "bad-values.xml").read_bytes()
    begin = document.index(b"<CallAccounting>", document.index(b"</CallAccounting>"))
    end = document.index(b"</CallAccounting>", begin) + len(b"</CallAccounting>")
    assert (second.raw, second.place) == (document[begin:end], "ticket 2")


@pytest.mark.parametrize(
    ("code", "word", "direction"),
    [
        ("Outgoing", CommunicationType.OUTGOING, Direction.OUTGOING),
        ("Incoming", CommunicationType.INCOMING, Direction.INCOMING),
        ("OutgoingTransfer", CommunicationType.OUTGOING_TRANSFER, Direction.OUTGOING),
        ("IncomingTransfer", CommunicationType.INCOMING_TRANSFER, Direction.INCOMING),
        ("OutgoingTransit", CommunicationType.OUTGOING_TRANSIT, Direction.OUTGOING),
        ("IncomingTransit", CommunicationType.INCOMING_TRANSIT, Direction.INCOMING),
        ("OutgoingPrivate", CommunicationType.OUTGOING_PRIVATE, Direction.OUTGOING),
        ("IncomingPrivate", CommunicationType.INCOMING_PRIVATE, Direction.INCOMING),
        (
            "OutgoingTransferPrivate",
            CommunicationType.OUTGOING_TRANSFER_PRIVATE,
            Direction.OUTGOING,
        ),
        (
            "IncomingTransferPrivate",
            CommunicationType.INCOMING_TRANSFER_PRIVATE,
            Direction.INCOMING,
        ),
        (
            "OutgoingTransferTransit",
            CommunicationType.OUTGOING_TRANSFER_TRANSIT,
            Direction.OUTGOING,
        ),
        (
            "IncomingTransferTransit",
            CommunicationType.INCOMING_TRANSFER_TRANSIT,
            Direction.INCOMING,
        ),
        ("FacilityRequest", CommunicationType.FACILITY_REQUEST, Direction.OUTGOING),
        ("BreakIn", CommunicationType.BREAK_IN, Direction.INCOMING),
        ("BreakOut", CommunicationType.BREAK_OUT, Direction.OUTGOING),
        ("SomethingIncomingToo", CommunicationType.UNKNOWN, Direction.INCOMING),
    ],
)
def test_communication_type_and_direction(
    code: str, word: CommunicationType, direction: Direction
) -> None:
    ticket = one(NOW + b"<CommunicationType>%s</CommunicationType>" % code.encode())
    assert (ticket.communication_type, ticket.direction) == (word, direction)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Call", Kind.CALL),
        ("LocalCall", Kind.LOCAL_CALL),
        ("Facility", Kind.FACILITY),
        ("Reminder", Kind.REMINDER),
        ("RoomStatus", Kind.ROOM_STATUS),
    ],
)
def test_ticket_type(text: str, kind: Kind) -> None:
    assert one(NOW + b"<TicketType>%s</TicketType>" % text.encode()) == Ticket(
        kind=kind,
        local_time=THEN,
        direction=Direction.LOCAL if kind is Kind.LOCAL_CALL else None,
    )


def test_unknown_ticket_type_keeps_its_text() -> None:
    assert one(NOW + b"<TicketType>Fax</TicketType>") == Ticket(
        kind=Kind.UNKNOWN, local_time=THEN, extras={"taxation": {"TicketType": "Fax"}}
    )


def test_every_tag_of_ours() -> None:
    inside = NOW + (
        b"<TicketType>Reminder</TicketType><ChargedUserID>117</ChargedUserID>"
        b"<InitialUserID>G9</InitialUserID><TrunkID>N01</TrunkID><Units>8</Units>"
        b"<Cost>14.50</Cost><Currency>EUR</Currency><DialMode>Redial</DialMode>"
        b"<Service>Data</Service><Facilities>UserToUser Transfer</Facilities>"
        b"<ReminderTime>07:05</ReminderTime><ReminderState>Failed</ReminderState>"
        b"<RoomStatus>1</RoomStatus><RoomProblem>17</RoomProblem>"
        b"<Entity>North</Entity>"
    )
    ticket = one(inside)
    assert ticket == Ticket(
        kind=Kind.REMINDER,
        local_time=THEN,
        charged_user="117",
        initial_user="G9",
        trunk_kind=TrunkKind.T0,
        trunk="01",
        units=8,
        cost=Decimal("14.50"),
        currency="EUR",
        dialling_mode=DiallingMode.REDIAL,
        service=Service.DATA,
        facilities=(Facility.TRANSFER, Facility.USER_TO_USER),
        reminder_time=time(7, 5),
        reminder_state=ReminderState.FAILED,
        room_status=RoomStatus.NOT_CLEANED,
        room_problem=17,
        extras={"taxation": {"Entity": "North"}},
    )
    assert str(ticket.cost) == "14.50"


@pytest.mark.parametrize(
    ("tag", "field", "spellings"),
    [
        (
            "DialMode",
            "dialling_mode",
            {
                "Manual": DiallingMode.MANUAL,
                "Redial": DiallingMode.REDIAL,
                "IndividualSpeedDial": DiallingMode.INDIVIDUAL_SPEED_DIAL,
                "CollectiveSpeedDial": DiallingMode.COLLECTIVE_SPEED_DIAL,
            },
        ),
        ("Service", "service", {"Telephony": Service.TELEPHONY, "Data": Service.DATA}),
        (
            "ReminderState",
            "reminder_state",
            {
                "Activation": ReminderState.ACTIVATION,
                "Cancellation": ReminderState.CANCELLATION,
                "Failed": ReminderState.FAILED,
                "Complete": ReminderState.COMPLETE,
            },
        ),
        (
            "RoomStatus",
            "room_status",
            {"0": RoomStatus.CLEANED, "1": RoomStatus.NOT_CLEANED},
        ),
        ("RoomProblem", "room_problem", {"0": 0, "7": 7, "042": 42, "999": 999, "": None}),
        (
            "Facilities",
            "facilities",
            {
                "ExternalForwarding": (Facility.EXTERNAL_FORWARDING,),
                "Forwarding": (Facility.FORWARDING,),
                "OnlineMetering": (Facility.ONLINE_METERING,),
                "RemoteSubstitution": (Facility.REMOTE_SUBSTITUTION,),
                "Transfer": (Facility.TRANSFER,),
                "UserToUser": (Facility.USER_TO_USER,),
                "": (),
            },
        ),
        (
            "TrunkID",
            "trunk_kind",
            {
                "L01": TrunkKind.ANALOGUE,
                "N01": TrunkKind.T0,
                "P01": TrunkKind.T2,
                "V01": TrunkKind.VOIP,
            },
        ),
    ],
)
def test_spellings_of_ours(tag: str, field: str, spellings: dict[str, object]) -> None:
    for text, word in spellings.items():
        ticket = one(NOW + f"<{tag}>{text}</{tag}>".encode())
        assert getattr(ticket, field) == word
        assert ticket.extras == {}


@pytest.mark.parametrize(
    "tag", ["DialMode", "Service", "ReminderState", "Facilities", "TrunkID", "RoomStatus"]
)
def test_an_unknown_code_keeps_its_text(tag: str) -> None:
    assert one(NOW + f"<{tag}>X-7 Y</{tag}>".encode()) == Ticket(
        kind=Kind.CALL, local_time=THEN, extras={"taxation": {tag: "X-7 Y"}}
    )


def test_a_room_status_ticket() -> None:
    ticket = one(
        b"<TicketType>RoomStatus</TicketType><ChargedUserID>117</ChargedUserID>"
        b"<SubscriberName>SANDMEER</SubscriberName><Date>2020-02-24</Date><Time>10:00:01</Time>"
        b"<RoomStatus>1</RoomStatus><RoomProblem>42</RoomProblem>"
    )
    assert ticket == Ticket(
        kind=Kind.ROOM_STATUS,
        local_time=THEN,
        charged_user="117",
        subscriber_name="SANDMEER",
        room_status=RoomStatus.NOT_CLEANED,
        room_problem=42,
    )


def test_both_shapes_in_one_ticket_lose_nothing() -> None:
    inside = NOW + (
        b"<ChargedUserID>1</ChargedUserID><DialledNumber>2</DialledNumber>"
        b"<DirNumber>3</DirNumber><CorrNumber>4</CorrNumber>"
        b"<DateOfBegin>2020-02-24T09:00:00</DateOfBegin><CallDuration>00:00:05</CallDuration>"
    )
    ticket = one(inside)
    assert (ticket.charged_user, ticket.dialled_number, ticket.local_time) == ("1", "2", THEN)
    assert ticket.call_seconds == 5
    assert ticket.extras == {
        "taxation": {"DirNumber": "3", "CorrNumber": "4", "DateOfBegin": "2020-02-24T09:00:00"}
    }


def local_call(begin: str, end: str) -> Decoded:
    inside = f"<DateOfBegin>{begin}</DateOfBegin><DateOfEnd>{end}</DateOfEnd>"
    (decoded,) = decode_list(listed(inside.encode()), None)
    return decoded


def test_a_local_call_over_the_repeated_hour_has_no_certain_duration() -> None:
    decoded = local_call("2020-10-25T02:59:50", "2020-10-25T02:00:10")
    assert isinstance(decoded, Ticket)
    assert decoded.call_seconds is None


def test_a_local_call_that_ends_long_before_it_begins_is_put_aside() -> None:
    decoded = local_call("2020-10-25T12:00:00", "2020-10-25T10:59:59")
    assert isinstance(decoded, Malformed)
    assert "DateOfEnd" in decoded.reason


def test_a_ticket_without_time_is_put_aside() -> None:
    (decoded,) = decode_list(listed(b"<ChargedUserID>1</ChargedUserID>"), None)
    assert isinstance(decoded, Malformed)
    assert decoded.reason == "Date and Time are absent"


def test_namespaces_do_not_matter() -> None:
    inside = listed(NOW).replace(b"<", b"<t:").replace(b"<t:/", b"</t:")
    document = inside.replace(b"List>", b'List xmlns:t="urn:any">', 1)
    assert decode_list(document, None) == [Ticket(kind=Kind.CALL, local_time=THEN)]


def test_a_foreign_element_and_stray_text_are_kept() -> None:
    end = b"</CallAccountingList>"
    document = listed(NOW).replace(end, b'<Note a="1">x</Note>y' + end)
    ticket, element, text = decode_list(document, None)
    assert isinstance(ticket, Ticket)
    assert isinstance(element, Malformed)
    assert (element.raw, element.place) == (b'<Note a="1">x</Note>', "ticket 2")
    assert isinstance(text, Malformed)
    assert text.raw == b"y"


def test_the_codec_keeps_the_bytes_of_another_encoding() -> None:
    ticket = "<CallAccounting><SubscriberName>Zoë</SubscriberName></CallAccounting>".encode(
        "latin-1"
    )
    head = b'<?xml version="1.0" encoding="ISO-8859-1"?><CallAccountingList>'
    (decoded,) = decode_list(head + ticket + b"</CallAccountingList>", None)
    assert isinstance(decoded, Malformed)
    assert decoded.raw == ticket
