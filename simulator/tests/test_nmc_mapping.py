"""What a ticket means, in the words of the NMC record; and what the record cannot hold."""

from dataclasses import fields
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from oxo_simulator.nmc.codec import RECORD, AlzRecord, encode
from oxo_simulator.nmc.mapping import Manner, alz_record, unrenderable
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.nmc.terms import terms
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)
from pydantic import ValidationError

OUTGOING = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=datetime(2020, 2, 24, 14, 32, 7),  # noqa: DTZ001 - wall clock
    charged_user="128",
    charged_user_kind=UserKind.SET,
    dialled_number="0019900*#",
    dialling_mode=DiallingMode.MANUAL,
    service=Service.TELEPHONY,
    trunk="01",
    trunk_kind=TrunkKind.T0,
    ring_seconds=0,
    call_seconds=50,
    units=2,
    cost=Decimal("1.70"),
    account_code="20460715",
    subscriber_name="M. ORVELLE",
)
INCOMING = replace(
    OUTGOING,
    direction=Direction.INCOMING,
    communication_type=CommunicationType.INCOMING,
    dialling_mode=None,
    ring_seconds=75,
    initial_user="9",
    initial_user_kind=UserKind.ATTENDANT_GROUP,
)
REMINDER = Ticket(
    kind=Kind.REMINDER,
    local_time=OUTGOING.local_time,
    charged_user="128",
    charged_user_kind=UserKind.SET,
    subscriber_name="M. ORVELLE",
    reminder_time=time(7, 0),
    reminder_state=ReminderState.ACTIVATION,
)


def test_an_outgoing_call() -> None:
    assert alz_record(OUTGOING) == AlzRecord(
        charged_user_type=0,
        charged_user="128",
        call_type=0,
        trunk_type=2,
        trunk="01 ",
        date_time=OUTGOING.local_time,
        duration_seconds=50,
        units=2,
        service=0,
        dialled_number="0019900*#",
        dialling_mode=0,
        cost=Decimal("1.7000"),
        account_code="20460715",
        subscriber_name="M. ORVELLE",
    )


def test_an_incoming_call() -> None:
    assert alz_record(INCOMING) == AlzRecord(
        charged_user_type=0,
        charged_user="128",
        call_type=1,
        trunk_type=2,
        trunk="01 ",
        date_time=OUTGOING.local_time,
        duration_seconds=50,
        units=2,
        service=0,
        dialled_number="0019900*#",
        dialling_mode=255,
        ring_seconds=75,
        cost=Decimal("1.7000"),
        account_code="20460715",
        subscriber_name="M. ORVELLE",
        initial_user_type=4,
        initial_user="9",
    )


def test_a_call_of_which_next_to_nothing_is_known() -> None:
    bare = Ticket(
        kind=Kind.CALL,
        local_time=OUTGOING.local_time,
        communication_type=CommunicationType.UNKNOWN,
    )
    assert unrenderable(bare) is None
    assert alz_record(bare) == AlzRecord(date_time=OUTGOING.local_time)


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"communication_type": CommunicationType.OUTGOING_TRANSFER}, "call_type", 2),
        ({"communication_type": CommunicationType.INCOMING_TRANSFER}, "call_type", 3),
        ({"communication_type": CommunicationType.OUTGOING_TRANSIT}, "call_type", 4),
        ({"communication_type": CommunicationType.INCOMING_TRANSIT}, "call_type", 5),
        ({"communication_type": CommunicationType.FACILITY_REQUEST}, "call_type", 8),
        ({"communication_type": CommunicationType.FACILITY_CANCELLED}, "call_type", 9),
        ({"communication_type": CommunicationType.OUTGOING_PRIVATE}, "call_type", 13),
        ({"communication_type": CommunicationType.INCOMING_PRIVATE}, "call_type", 14),
        ({"communication_type": CommunicationType.BREAK_OUT}, "call_type", 15),
        ({"communication_type": CommunicationType.BREAK_IN}, "call_type", 16),
        ({"communication_type": CommunicationType.UNKNOWN}, "call_type", 255),
        ({"charged_user_kind": UserKind.ANALOGUE_LINE}, "charged_user_type", 1),
        ({"charged_user_kind": UserKind.T0}, "charged_user_type", 2),
        ({"charged_user_kind": UserKind.T2}, "charged_user_type", 3),
        ({"charged_user_kind": UserKind.HUNTING_GROUP}, "charged_user_type", 4),
        ({"charged_user_kind": UserKind.ATTENDANT_GROUP}, "charged_user_type", 4),
        ({"charged_user_kind": UserKind.VOIP}, "charged_user_type", 6),
        ({"trunk_kind": TrunkKind.ANALOGUE}, "trunk_type", 1),
        ({"trunk_kind": TrunkKind.T2}, "trunk_type", 3),
        ({"trunk_kind": TrunkKind.VOIP}, "trunk_type", 5),
        ({"trunk_kind": None}, "trunk_type", 255),
        ({"trunk": None}, "trunk", "   "),
        ({"trunk": "123"}, "trunk", "123"),
        ({"service": Service.DATA}, "service", 1),
        ({"service": None}, "service", 255),
        ({"dialling_mode": DiallingMode.REDIAL}, "dialling_mode", 0),
        ({"dialling_mode": DiallingMode.INDIVIDUAL_SPEED_DIAL}, "dialling_mode", 1),
        ({"dialling_mode": DiallingMode.COLLECTIVE_SPEED_DIAL}, "dialling_mode", 2),
        ({"dialling_mode": None}, "dialling_mode", 255),
        ({"ring_seconds": 9}, "ring_seconds", 0),
        ({"cost": Decimal("0.00005")}, "cost", Decimal("0.0001")),
        ({"cost": None}, "cost", Decimal(0)),
        (
            {"subscriber_name": " A name of more than sixteen"},
            "subscriber_name",
            "A name of more t",
        ),
        ({"subscriber_name": None}, "subscriber_name", ""),
        ({"initial_user": "7"}, "initial_user_type", 0),
    ],
)
def test_each_word_of_the_model_has_its_code(
    changes: dict[str, Any], name: str, value: object
) -> None:
    changed = replace(OUTGOING, **changes)
    assert unrenderable(changed) is None
    assert getattr(alz_record(changed), name) == value
    assert len(encode(alz_record(changed))) == 122


def test_each_supplementary_service_has_its_bit() -> None:
    bits = {
        Facility.USER_TO_USER: 1,
        Facility.EXTERNAL_FORWARDING: 2,
        Facility.ONLINE_METERING: 3,
        Facility.FORWARDING: 5,
        Facility.TRANSFER: 6,
        Facility.REMOTE_SUBSTITUTION: 7,
    }
    assert set(bits) == set(Facility)
    for facility, bit in bits.items():
        record = alz_record(replace(OUTGOING, facilities=(facility,)))
        assert record.complementary_services == (bit,)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"communication_type": CommunicationType.OUTGOING_TRANSFER_PRIVATE}, "communication_type"),
        ({"communication_type": CommunicationType.INCOMING_TRANSFER_TRANSIT}, "communication_type"),
        ({"communication_type": None}, "communication_type"),
        ({"kind": Kind.LOCAL_CALL}, "kind"),
        ({"kind": Kind.ROOM_STATUS}, "kind"),
        ({"kind": Kind.REMINDER}, "kind"),
        ({"dialled_number": "+49711"}, "dialled_number"),
        ({"dialled_number": "0171...."}, "dialled_number"),
        ({"dialled_number": "1" * 27}, "dialled_number"),
        ({"dialled_number": "A"}, "dialled_number"),
        ({"dialled_number": "1\n"}, "dialled_number"),
        ({"account_code": "1" * 17}, "account_code"),
        ({"account_code": "LAW"}, "account_code"),
        ({"charged_user": "123456789"}, "charged_user"),
        ({"charged_user": "L01"}, "charged_user"),
        ({"initial_user": "x"}, "initial_user"),
        ({"trunk": "1234"}, "trunk"),
        ({"trunk": "0 0"}, "trunk"),
        ({"call_seconds": 86_400}, "call_seconds"),
        ({"units": 65_536}, "units"),
        ({"cost": Decimal(65_536)}, "cost"),
        ({"cost": Decimal("65535.99999")}, "cost"),
        ({"subscriber_name": "Ελένη"}, "subscriber_name"),
        ({"local_time": datetime(1969, 12, 31)}, "local_time"),  # noqa: DTZ001 - wall clock
        ({"local_time": datetime(2070, 1, 1)}, "local_time"),  # noqa: DTZ001 - wall clock
    ],
)
def test_what_the_record_cannot_hold_is_named(changes: dict[str, Any], field: str) -> None:
    assert unrenderable(replace(OUTGOING, **changes)) == field


def test_ringing_for_an_hour_has_no_room() -> None:
    assert unrenderable(replace(INCOMING, ring_seconds=3600)) == "ring_seconds"
    assert unrenderable(replace(INCOMING, ring_seconds=3599)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"dialled_number": "1" * 26, "account_code": "2" * 16, "charged_user": "*#ABCD12"},
        {"call_seconds": 86_399, "units": 65_535, "cost": Decimal("65535.9999")},
        {"local_time": datetime(1970, 1, 1)},  # noqa: DTZ001 - wall clock
        {"local_time": datetime(2069, 12, 31, 23, 59, 59)},  # noqa: DTZ001 - wall clock
    ],
)
def test_the_most_that_it_can_hold_is_written(changes: dict[str, Any]) -> None:
    ticket = replace(OUTGOING, **changes)
    assert unrenderable(ticket) is None
    assert len(encode(alz_record(ticket))) == 122


# What a profile chooses.


@pytest.mark.parametrize(
    ("form", "number", "written"),
    [
        ("left", "7", "7  "),
        ("right", "7", "  7"),
        ("spread", "7", "0 7"),
        ("spread", "0", "0 0"),
        ("spread", "35", "3 5"),
        ("spread", "123", "123"),
        ("spread", None, "   "),
    ],
)
def test_the_form_of_a_trunk(form: Any, number: str | None, written: str) -> None:
    settings = NmcSettings(trunk_form=form)
    assert alz_record(replace(OUTGOING, trunk=number), settings.manner).trunk == written


def test_a_reminder_is_kept_where_the_profile_lets_it_in() -> None:
    settings = NmcSettings(reminders=True)
    assert unrenderable(REMINDER, settings.manner) is None
    assert alz_record(REMINDER, settings.manner) == AlzRecord(
        call_type=200,
        charged_user="128",
        date_time=REMINDER.local_time,
        subscriber_name="M. ORVELLE",
    )


@pytest.mark.parametrize(
    ("mode", "code", "node"), [("written-proof", 1, 32), ("ticket", 2, 32), ("network", 3, 7)]
)
def test_the_ticket_mode(mode: Any, code: int, node: int) -> None:
    record = alz_record(OUTGOING, NmcSettings(ticket_mode=mode, node_number=307).manner)
    assert (record.ticket_mode, record.node) == (code, node)


def test_an_unanswered_call_is_marked_in_network_mode() -> None:
    unanswered = replace(INCOMING, call_seconds=0)
    network = NmcSettings(ticket_mode="network").manner
    assert alz_record(unanswered, network).node == 255
    assert alz_record(INCOMING, network).node == 1
    assert alz_record(unanswered, Manner()).node == 32


def test_a_name_in_the_other_character_set() -> None:
    boxes = replace(OUTGOING, subscriber_name="Zoë ░")
    assert unrenderable(boxes) == "subscriber_name"
    other = NmcSettings(character_set="cp850")
    assert unrenderable(boxes, other.manner) is None
    assert b"Zo\x89 \xb0" in encode(alz_record(boxes, other.manner), other.form)


# What is kept at all.


def reason(ticket: Ticket, **keys: Any) -> str | None:
    asked = terms(NmcSettings(open=True, **{"licence_tickets": 1000, **keys}))
    assert asked is not None
    return asked.accepts(ticket)


def test_a_closed_wire_asks_for_nothing() -> None:
    assert terms(NmcSettings(licence_tickets=1000)) is None


def test_without_licence_nothing_is_kept() -> None:
    assert reason(OUTGOING, licence_tickets=0) == "no licence"
    assert reason(OUTGOING) is None


@pytest.mark.parametrize(
    ("accounting", "outgoing", "incoming"),
    [
        ("both", None, None),
        ("none", "not accounted", "not accounted"),
        ("outgoing", None, "not accounted"),
        ("incoming", "not accounted", None),
    ],
)
def test_accounting_of_directions(
    accounting: str, outgoing: str | None, incoming: str | None
) -> None:
    assert reason(OUTGOING, accounting=accounting) == outgoing
    assert reason(INCOMING, accounting=accounting) == incoming


def test_what_cannot_be_rendered_is_not_kept() -> None:
    assert reason(REMINDER) == "cannot be rendered"
    assert reason(REMINDER, reminders=True) is None


def test_capacity_alarm_and_overflow_are_the_profiles() -> None:
    asked = terms(
        NmcSettings(open=True, licence_tickets=30_000, alarm_percent=70, overflow="oldest")
    )
    assert asked is not None
    assert (asked.wire, asked.capacity, asked.alarm_percent, asked.overflow, asked.licensed) == (
        "nmc",
        30_000,
        70,
        "oldest",
        False,
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("licence_tickets", 1500),
        ("licence_tickets", 31_000),
        ("folder", "tickets"),
        ("folder", "/../etc"),
        ("file_name", "ALZ.ALZ"),
        ("file_name", "{counter}/x"),
        ("file_name", "{other}"),
        ("file_name", "{counter:z}"),
        ("file_name", "{at.__class__}{counter}"),
        ("file_name", "{counter:0100}"),
        ("file_name", "{counter:0<100}"),
        ("file_name", "{counter:{at.year}{at.year}{at.year}}"),
        ("file_name", "{at:%0100Y}{counter}"),
        ("user", "a b"),
        ("port", 65_536),
    ],
)
def test_a_setting_that_cannot_be_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        NmcSettings.model_validate({key: value})


def test_every_field_of_the_record_is_a_word_of_the_table() -> None:
    assert {field.name for field in RECORD} == {field.name for field in fields(AlzRecord)}
