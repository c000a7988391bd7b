"""What the record ED5.2 tells of a ticket, rule by rule (facts: oxe 2.1, 2.4)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
    carriage,
    project,
)

RECORD = carriage("account", "ed52")
AT = datetime(2020, 10, 25, 2, 30, 7)  # noqa: DTZ001 (wall clock)
END = datetime(2020, 10, 25, 2, 30, 57)  # noqa: DTZ001 (wall clock)
INCOMING = {"direction": Direction.INCOMING, "communication_type": CommunicationType.INCOMING}


def told(full_call: Ticket, **changed: Any) -> Ticket:
    """Return what the record tells of the known call with these changes."""
    return project(replace(full_call, **changed), RECORD)


def test_the_stream_tells_what_the_files_tell() -> None:
    stream = carriage("stream", "ed52")
    assert (stream.standings, stream.rules, stream.only, stream.blank_is_absent) == (
        RECORD.standings,
        RECORD.rules,
        RECORD.only,
        RECORD.blank_is_absent,
    )
    assert stream.wire == "stream"
    assert stream.title != RECORD.title


def test_currency_zone_and_kinds_of_users_are_not_told(full_call: Ticket) -> None:
    seen = told(full_call, fold=1)
    assert (seen.currency, seen.zone, seen.fold, seen.charged_user_kind) == (None,) * 4


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, END),
        ({"local_end": END.replace(second=59)}, END.replace(second=59)),
        # Only the wall clock moved: an hour is no defect of whoever read it.
        ({"local_end": END.replace(hour=3)}, END),
        ({"local_end": END.replace(hour=1)}, END),
        ({"local_end": END.replace(hour=4)}, END.replace(hour=4)),
        ({**INCOMING, "ring_seconds": 3, "call_seconds": 47}, END),
    ],
)
def test_the_end_is_told(full_call: Ticket, changed: dict[str, Any], expected: datetime) -> None:
    assert told(full_call, **{"local_end": None, **changed}).local_end == expected


@pytest.mark.parametrize(
    ("changed", "kind", "direction", "communication_type"),
    [
        ({}, Kind.CALL, Direction.OUTGOING, CommunicationType.OUTGOING),
        (INCOMING, Kind.CALL, Direction.INCOMING, CommunicationType.INCOMING),
        (
            {"communication_type": None, "direction": Direction.INCOMING},
            Kind.CALL,
            Direction.INCOMING,
            CommunicationType.INCOMING,
        ),
        (
            {"facilities": (Facility.TRANSFER,)},
            Kind.CALL,
            Direction.OUTGOING,
            CommunicationType.OUTGOING_TRANSFER,
        ),
        (
            {"communication_type": CommunicationType.FACILITY_REQUEST, "kind": Kind.FACILITY},
            Kind.FACILITY,
            Direction.OUTGOING,
            CommunicationType.FACILITY_REQUEST,
        ),
        ({"kind": Kind.LOCAL_CALL}, Kind.LOCAL_CALL, Direction.LOCAL, None),
        ({"direction": Direction.LOCAL}, Kind.LOCAL_CALL, Direction.LOCAL, None),
        (
            {"communication_type": CommunicationType.UNKNOWN},
            Kind.CALL,
            None,
            CommunicationType.UNKNOWN,
        ),
    ],
)
def test_kind_direction_and_type_come_from_one_code(
    full_call: Ticket,
    changed: dict[str, Any],
    kind: Kind,
    direction: Direction | None,
    communication_type: CommunicationType | None,
) -> None:
    seen = told(full_call, **{"facilities": (), **changed})
    assert (seen.kind, seen.direction, seen.communication_type) == (
        kind,
        direction,
        communication_type,
    )


def test_a_transfer_has_its_facility(full_call: Ticket) -> None:
    seen = told(
        full_call,
        communication_type=CommunicationType.OUTGOING_TRANSFER,
        facilities=(Facility.FORWARDING,),
    )
    assert seen.facilities == (Facility.FORWARDING, Facility.TRANSFER)


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"dialling_mode": DiallingMode.REDIAL}, "dialling_mode", DiallingMode.MANUAL),
        ({"dialling_mode": None}, "dialling_mode", DiallingMode.MANUAL),
        (INCOMING, "dialling_mode", None),
        ({"kind": Kind.LOCAL_CALL}, "dialling_mode", None),
        ({"initial_user": "128"}, "initial_user", None),
        ({**INCOMING, "initial_user": "128"}, "initial_user", "128"),
        ({"trunk": "001"}, "trunk", "1"),
        ({"trunk": "65534"}, "trunk", "65534"),
        ({"trunk": "65535"}, "trunk", None),
        ({"trunk": "A1"}, "trunk", None),
        ({"trunk": "\u0661"}, "trunk", None),
        ({"trunk": "7", "kind": Kind.LOCAL_CALL}, "trunk", None),
        ({"trunk_kind": TrunkKind.ANALOGUE}, "trunk_kind", TrunkKind.ANALOGUE),
        ({"trunk_kind": TrunkKind.T2}, "trunk_kind", None),
        ({"service": None}, "service", Service.TELEPHONY),
        ({"cost": Decimal("1.005")}, "cost", Decimal("1.01")),
        ({"units": None}, "units", 0),
        (
            {"subscriber_name": "M\u00fcller-J\u00f8rgensen v Ee"},
            "subscriber_name",
            "Muller-J?rgensen v E",
        ),
        ({"subscriber_name": "Weiss", "kind": Kind.LOCAL_CALL}, "subscriber_name", None),
        ({"account_code": ""}, "account_code", None),
    ],
)
def test_a_field_is_told_as_its_column_holds_it(
    full_call: Ticket, changed: dict[str, Any], field: str, expected: object
) -> None:
    assert getattr(told(full_call, **changed), field) == expected


def test_marks_stand_where_digits_are_masked(full_call: Ticket) -> None:
    seen = told(
        full_call,
        **INCOMING,
        dialled_number="0612345678",
        initial_user="128",
        charged_user="129",
        masked={"dialled_number": 4, "initial_user": 9, "charged_user": 1},
    )
    assert (seen.dialled_number, seen.initial_user, seen.charged_user) == (
        "061234----",
        "---",
        "12*",
    )
    assert seen.masked == {"dialled_number": 4, "initial_user": 3, "charged_user": 1}


def test_a_mask_is_what_the_marks_say(full_call: Ticket) -> None:
    assert told(full_call, dialled_number="0612--", masked={}).masked == {"dialled_number": 2}
