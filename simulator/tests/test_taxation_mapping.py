"""From the model's words to the wire's, in both tag sets."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

import pytest
from oxo_simulator.taxation import mapping
from oxo_simulator.taxation.codec import WireTicket
from oxo_simulator.taxation.mapping import wire_ticket
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
    carriage,
)

WHEN = datetime.fromisoformat("2026-11-22T14:32:07")

FULL = Ticket(
    kind=Kind.CALL,
    local_time=WHEN,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    charged_user="128",
    initial_user="500",
    dialled_number="*31#00199",
    dialling_mode=DiallingMode.REDIAL,
    facilities=(Facility.FORWARDING, Facility.TRANSFER),
    service=Service.TELEPHONY,
    trunk="01",
    trunk_kind=TrunkKind.T0,
    ring_seconds=4,
    call_seconds=50,
    units=3,
    cost=Decimal("0.30"),
    currency="EUR",
    account_code="0123",
    subscriber_name="ORVELLE",
    extras={"taxation": {"NodeID": "3", "Date": "1999-01-01"}, "v24": {"NODE": "9"}},
)

OBSERVED = WireTicket(
    ticket_type="Call",
    charged_user="128",
    subscriber_name="ORVELLE",
    communication_type="Outgoing",
    dialled_number="*31#00199",
    account_code="0123",
    date_time=WHEN,
    ring_seconds=4,
    call_seconds=50,
)


def test_observed_writes_only_the_tags_seen_in_public_programs() -> None:
    assert wire_ticket(FULL, "observed") == OBSERVED


def test_extended_adds_the_others() -> None:
    assert wire_ticket(FULL, "extended") == WireTicket(
        ticket_type="Call",
        charged_user="128",
        subscriber_name="ORVELLE",
        communication_type="Outgoing",
        dialled_number="*31#00199",
        account_code="0123",
        date_time=WHEN,
        ring_seconds=4,
        call_seconds=50,
        initial_user="500",
        trunk="N01",
        units=3,
        cost=Decimal("0.30"),
        currency="EUR",
        dial_mode="Redial",
        service="Telephony",
        facilities=("Forwarding", "Transfer"),
        other_tags={"NodeID": "3"},
    )


def test_a_local_call_has_its_own_shape() -> None:
    ticket = Ticket(
        kind=Kind.LOCAL_CALL,
        local_time=WHEN,
        direction=Direction.LOCAL,
        charged_user="106",
        dialled_number="131",
        call_seconds=53,
    )
    assert wire_ticket(ticket, "observed") == WireTicket(
        ticket_type="LocalCall",
        begin=WHEN,
        end=datetime.fromisoformat("2026-11-22T14:33:00"),
        own_number="106",
        correspondent="131",
    )


def test_a_local_call_with_a_known_end_keeps_it() -> None:
    end = datetime.fromisoformat("2026-11-22T15:00:00")
    ticket = Ticket(kind=Kind.LOCAL_CALL, local_time=WHEN, local_end=end, call_seconds=1)
    assert wire_ticket(ticket, "observed").end == end


def test_a_local_call_of_unknown_length_has_no_end() -> None:
    assert wire_ticket(Ticket(kind=Kind.LOCAL_CALL, local_time=WHEN), "extended").end is None


def test_a_reminder() -> None:
    ticket = Ticket(
        kind=Kind.REMINDER,
        local_time=WHEN,
        charged_user="128",
        reminder_time=time(7, 0),
        reminder_state=ReminderState.ACTIVATION,
    )
    assert wire_ticket(ticket, "extended") == WireTicket(
        ticket_type="Reminder",
        charged_user="128",
        date_time=WHEN,
        reminder_time=time(7, 0),
        reminder_state="Activation",
    )
    assert wire_ticket(ticket, "observed").reminder_time is None


@pytest.mark.parametrize(
    ("status", "problem", "told"),
    [
        (RoomStatus.CLEANED, None, "0"),
        (RoomStatus.CLEANED, 0, "0"),
        (RoomStatus.NOT_CLEANED, 42, "1"),
    ],
)
def test_a_room_status(status: RoomStatus, problem: int | None, told: str) -> None:
    ticket = Ticket(
        kind=Kind.ROOM_STATUS,
        local_time=WHEN,
        charged_user="117",
        subscriber_name="SANDMEER",
        room_status=status,
        room_problem=problem,
    )
    observed = WireTicket(
        ticket_type="RoomStatus",
        charged_user="117",
        subscriber_name="SANDMEER",
        date_time=WHEN,
    )
    assert wire_ticket(ticket, "observed") == observed
    assert wire_ticket(ticket, "extended") == replace(
        observed, room_status=told, room_problem=problem
    )


@pytest.mark.parametrize("tag_set", ["observed", "extended"])
def test_an_unknown_code_is_written_as_it_came(tag_set: mapping.TagSet) -> None:
    raw = {"CommunicationType": "OutgoingHolographic", "TicketType": "Oddity"}
    ticket = Ticket(
        kind=Kind.UNKNOWN,
        local_time=WHEN,
        communication_type=CommunicationType.UNKNOWN,
        extras={"taxation": raw},
    )
    record = wire_ticket(ticket, tag_set)
    assert (record.communication_type, record.ticket_type) == ("OutgoingHolographic", "Oddity")
    assert record.other_tags == {}


def test_an_unknown_code_from_another_wire_says_so() -> None:
    ticket = Ticket(
        kind=Kind.UNKNOWN, local_time=WHEN, communication_type=CommunicationType.UNKNOWN
    )
    record = wire_ticket(ticket, "observed")
    assert (record.communication_type, record.ticket_type) == ("Unknown", "Unknown")


def test_an_untold_communication_type_is_not_invented() -> None:
    ticket = Ticket(kind=Kind.CALL, local_time=WHEN, direction=Direction.INCOMING)
    assert wire_ticket(ticket, "extended").communication_type is None


@pytest.mark.parametrize(
    ("kind", "number", "spelled"),
    [
        (TrunkKind.ANALOGUE, "01", "L01"),
        (TrunkKind.T0, "01", "N01"),
        (TrunkKind.T2, "1", "P1"),
        (TrunkKind.VOIP, "002", "V002"),
        (None, "01", "01"),
        (TrunkKind.T2, None, "P"),
        (None, None, None),
    ],
)
def test_trunks(kind: TrunkKind | None, number: str | None, spelled: str | None) -> None:
    ticket = Ticket(kind=Kind.CALL, local_time=WHEN, trunk=number, trunk_kind=kind)
    assert wire_ticket(ticket, "extended").trunk == spelled


SPELLINGS = {
    "Outgoing", "Incoming", "OutgoingTransfer", "IncomingTransfer", "OutgoingTransit",
    "IncomingTransit", "OutgoingPrivate", "IncomingPrivate", "OutgoingTransferPrivate",
    "IncomingTransferPrivate", "OutgoingTransferTransit", "IncomingTransferTransit",
    "FacilityRequest", "BreakIn", "BreakOut",
}  # fmt: skip
"""Typed from docs/taxation.md."""


def test_every_communication_type_has_the_spelling_of_its_own_name() -> None:
    for known, spelled in mapping.COMMUNICATION_TYPES.items():
        assert spelled.lower() == known.value.replace(" ", "").replace("-", "")
    ours = {mapping.COMMUNICATION_TYPES[CommunicationType.FACILITY_CANCELLED]}
    assert set(mapping.COMMUNICATION_TYPES.values()) == SPELLINGS | ours


def test_no_word_of_the_model_is_without_a_spelling() -> None:
    assert set(mapping.TICKET_TYPES) == set(Kind) - {Kind.UNKNOWN}
    assert set(mapping.COMMUNICATION_TYPES) == set(CommunicationType) - {CommunicationType.UNKNOWN}
    assert set(mapping.DIAL_MODES) == set(DiallingMode)
    assert set(mapping.SERVICES) == set(Service)
    assert set(mapping.FACILITIES) == set(Facility)
    assert set(mapping.REMINDER_STATES) == set(ReminderState)
    assert set(mapping.TRUNK_LETTERS) == set(TrunkKind)
    assert set(mapping.ROOM_STATUSES) == set(RoomStatus)


@pytest.mark.parametrize(
    ("table", "spelled"),
    [
        (mapping.DIAL_MODES, "Manual Redial IndividualSpeedDial CollectiveSpeedDial"),
        (mapping.SERVICES, "Telephony Data"),
        (mapping.REMINDER_STATES, "Activation Cancellation Failed Complete"),
        (mapping.TICKET_TYPES, "Call LocalCall Facility Reminder RoomStatus"),
        (
            mapping.FACILITIES,
            "ExternalForwarding Forwarding OnlineMetering RemoteSubstitution Transfer UserToUser",
        ),
    ],
    ids=["dial mode", "service", "reminder state", "ticket type", "facilities"],
)
def test_spellings_of_the_contract(table: Mapping[StrEnum, str], spelled: str) -> None:
    """Typed from docs/taxation.md; the word must stand at the right name, too."""
    assert list(table.values()) == spelled.split()
    for known, word in table.items():
        assert word.lower() == known.value.replace(" ", "").replace("-", "").removesuffix(
            "signalling"
        )


def test_what_the_carriage_table_says_is_carried_changes_the_record() -> None:
    """A field that the table calls carried and the mapping forgets would be lost in silence."""
    call = set(carriage("taxation", "extended").standings) - {
        "kind", "direction", "local_end", "reminder_time", "reminder_state", "extras",
        "room_status", "room_problem",
    }  # fmt: skip
    for name in call:
        value = {"local_time": datetime.fromisoformat("2001-01-01T00:00:00")}.get(name)
        fields = {key: getattr(FULL, key) for key in FULL.__struct_fields__}
        changed = Ticket(**(fields | {name: value or (() if name == "facilities" else None)}))
        assert wire_ticket(changed, "extended") != wire_ticket(FULL, "extended"), name
