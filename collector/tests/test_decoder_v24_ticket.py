"""Mapping of V24 statements onto the model, against hand-typed tickets."""

import json
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from oxo_collector.decoders.v24 import LAYOUTS, Layout, Statement, V24Decoder, to_ticket
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Resolution,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxo-v24"


def tickets(data: bytes, layout: Layout, zone: str | None = None) -> list[Ticket]:
    decoder = V24Decoder(layout)
    events = decoder.receive(data) + decoder.close()
    return [to_ticket(event, zone) for event in events if isinstance(event, Statement)]


def from_vector(name: str) -> list[Ticket]:
    layout = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["layout"]
    data = (VECTORS / f"{name}.txt").read_bytes()
    return tickets(data, Layout.from_mapping(layout), "Europe/Paris")


def from_line(line: bytes) -> Ticket:
    (ticket,) = tickets(line + b"\r\n", LAYOUTS["132"])
    return ticket


def test_three_lines() -> None:
    first, second, third = from_vector("three-lines-132")
    assert first == Ticket(
        kind=Kind.CALL,
        local_time=datetime.fromisoformat("2000-10-23T08:31"),
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        resolution=Resolution.MINUTE,
        zone="Europe/Paris",
        charged_user="101",
        charged_user_kind=UserKind.SET,
        dialled_number="00388677700",
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T0,
        call_seconds=160,
        units=6,
    )
    assert second == Ticket(
        kind=Kind.CALL,
        local_time=datetime.fromisoformat("2020-02-24T14:32"),
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        resolution=Resolution.MINUTE,
        zone="Europe/Paris",
        charged_user="128",
        charged_user_kind=UserKind.SET,
        dialled_number="00390670000",
        dialling_mode=DiallingMode.MANUAL,
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T0,
        call_seconds=50,
        units=2,
        cost=Decimal("1.70"),
        account_code="123456",
        subscriber_name="TEST",
    )
    assert third == Ticket(
        kind=Kind.CALL,
        local_time=datetime.fromisoformat("2020-02-24T14:40"),
        direction=Direction.INCOMING,
        communication_type=CommunicationType.INCOMING,
        resolution=Resolution.MINUTE,
        zone="Europe/Paris",
        charged_user="104",
        charged_user_kind=UserKind.SET,
        dialled_number="0346057124",
        service=Service.TELEPHONY,
        trunk="02",
        trunk_kind=TrunkKind.VOIP,
        ring_seconds=18,
        call_seconds=0,
        units=0,
        subscriber_name="RECEPTION",
    )


def test_every_letter() -> None:
    first, second, third, fourth = from_vector("fifteen-full-132")
    assert first.facilities == (
        Facility.EXTERNAL_FORWARDING,
        Facility.FORWARDING,
        Facility.ONLINE_METERING,
        Facility.REMOTE_SUBSTITUTION,
        Facility.TRANSFER,
    )
    assert (first.dialling_mode, first.trunk_kind, str(first.cost)) == (
        DiallingMode.INDIVIDUAL_SPEED_DIAL,
        TrunkKind.T2,
        "9876543.21",
    )
    assert (second.charged_user, second.charged_user_kind) == ("35", UserKind.ANALOGUE_LINE)
    assert (second.trunk, second.trunk_kind) == ("12", TrunkKind.ANALOGUE)
    assert (second.service, second.extras) == (Service.DATA, {"v24": {"SER": "T2"}})
    assert (second.facilities, second.ring_seconds) == ((Facility.USER_TO_USER,), 3598)
    assert (second.subscriber_name, second.account_code) == ("Zoë LÜDELING", "7")
    assert (third.charged_user, third.charged_user_kind) == ("03", UserKind.T2)
    assert (third.dialled_number, third.masked) == ("*31#0536491122", {})
    assert third.dialling_mode is DiallingMode.COLLECTIVE_SPEED_DIAL
    assert (fourth.charged_user, fourth.charged_user_kind) == ("17", UserKind.T0)


def test_initial_users() -> None:
    found = from_vector("initial-user-in-front")
    assert [(ticket.initial_user, ticket.initial_user_kind) for ticket in found] == [
        (None, None),
        ("9", UserKind.ATTENDANT_GROUP),
        ("12", UserKind.HUNTING_GROUP),
        ("106", UserKind.SET),
    ]


def test_eight_digits() -> None:
    first, second = from_vector("eight-digits")
    assert (first.charged_user, first.initial_user) == ("61239876", "61234567")
    assert (first.trunk_kind, first.trunk) == (TrunkKind.T0, "104")
    assert first.extras == {"v24": {"CAR": "4"}}
    assert (second.charged_user, second.initial_user) == ("61239876", None)
    assert (second.trunk_kind, second.trunk) == (TrunkKind.VOIP, "230")


def test_masked_numbers() -> None:
    first, second, third = from_vector("masked")
    assert (first.dialled_number, first.masked) == ("0039067****", {"dialled_number": 4})
    assert (second.dialled_number, second.masked) == ("034605****", {"dialled_number": 4})
    assert (third.dialled_number, third.masked) == ("00390670000", {})


def test_facility_requested_and_cancelled() -> None:
    first, second = from_vector("facility-requests")
    assert (first.kind, first.communication_type, first.direction) == (
        Kind.FACILITY,
        CommunicationType.FACILITY_REQUEST,
        Direction.OUTGOING,
    )
    assert (first.cost, first.dialled_number) == (Decimal("0.20"), None)
    assert (second.kind, second.communication_type) == (
        Kind.FACILITY,
        CommunicationType.FACILITY_CANCELLED,
    )


@pytest.mark.parametrize(
    ("name", "user", "at"),
    [("wake-up-english", "117", "07:00"), ("wake-up-french", "118", "06:45")],
)
def test_wake_up(name: str, user: str, at: str) -> None:
    reminder, call = from_vector(name)
    assert reminder == Ticket(
        kind=Kind.REMINDER,
        local_time=datetime.fromisoformat(f"2020-02-25T{at}"),
        resolution=Resolution.MINUTE,
        zone="Europe/Paris",
        charged_user=user,
        charged_user_kind=UserKind.SET,
        reminder_time=time.fromisoformat(at),
    )
    assert call.kind is Kind.CALL


@pytest.mark.parametrize("text", [b"0760", b"07001", b"2400"])
def test_a_wake_up_without_time_keeps_what_it_has(text: bytes) -> None:
    ticket = from_line(b"A117      R   25/02/20 07:00 00:00:09     3 ST       " + text)
    assert (ticket.reminder_time, ticket.dialled_number) == (None, text.decode())
    assert (ticket.call_seconds, ticket.units) == (9, 3)


def test_unknown_codes_keep_their_text() -> None:
    ticket = from_line(
        b"C110  --> X01 24/02/20 15:10 00:00:00     0 QQ XQ    0123                       Z"
    )
    assert (ticket.charged_user, ticket.charged_user_kind) == ("C110", None)
    assert (ticket.trunk, ticket.trunk_kind) == (None, None)
    assert (ticket.service, ticket.dialling_mode) == (None, None)
    assert ticket.facilities == (Facility.TRANSFER,)
    assert ticket.extras == {"v24": {"TRK": "X01", "SER": "QQ", "FAC": "XQ", "DMO": "Z"}}


def test_a_line_number_too_long_for_its_column() -> None:
    ticket = from_line(b"A110  --> N** 24/02/20 15:10 00:00:00     0 ST       0123")
    assert (ticket.trunk, ticket.trunk_kind) == (None, TrunkKind.T0)
    assert ticket.extras == {"v24": {"TRK": "N**"}}


def test_blank_cells_tell_nothing() -> None:
    assert from_line(b"      --> N01 24/02/20 15:10 00:00:07") == Ticket(
        kind=Kind.CALL,
        local_time=datetime.fromisoformat("2020-02-24T15:10"),
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        resolution=Resolution.MINUTE,
        trunk="01",
        trunk_kind=TrunkKind.T0,
        call_seconds=7,
    )


@pytest.mark.parametrize("name", ["two-identical", "unanswered", "page", "undecodable"])
def test_every_statement_is_a_ticket(name: str) -> None:
    told = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["meaning"]["events"]
    statements = [event for event in told if event["event"] == "statement"]
    found = from_vector(name)
    assert [ticket.local_time.isoformat(timespec="minutes") for ticket in found] == [
        statement["date_time"] for statement in statements
    ]


def test_node_and_account_code_name_are_kept() -> None:
    layout = Layout.from_mapping(
        {
            "columns": [
                {"field": "date", "first": 1, "last": 8},
                {"field": "time", "first": 10, "last": 14},
                {"field": "duration", "first": 16, "last": 23},
                {"field": "node", "first": 25, "last": 27},
                {"field": "account_code_name", "first": 29, "last": 44},
            ],
            "line_width": 44,
        }
    )
    (ticket,) = tickets(b"24/02/20 15:10 00:00:07 102 GUEST HOUSE\r\n", layout)
    assert ticket.extras == {"v24": {"NOD": "102", "ACCOUNT CODE NAME": "GUEST HOUSE"}}
    assert (ticket.kind, ticket.direction) == (Kind.CALL, None)
