"""From tickets to records ED5.2: by the vectors, by the rules of filling, and what is not kept."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.ed52.codec import encode, render
from oxo_simulator.ed52.layout import Record
from oxo_simulator.ed52.mapping import (
    MANNER,
    UNRENDERABLE,
    Manner,
    NoCallType,
    accepts,
    record_of,
    unrenderable,
)
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "oxe-record"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


OUTGOING = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=at("2020-02-12T13:13:52"),
    zone="Europe/Paris",
    charged_user="2005",
    charged_user_kind=UserKind.SET,
    subscriber_name="CL2005",
    dialled_number="5031",
    dialling_mode=DiallingMode.MANUAL,
    service=Service.TELEPHONY,
    trunk="097",
    trunk_kind=TrunkKind.T2,
    ring_seconds=0,
    call_seconds=12,
)
INCOMING = Ticket(
    kind=Kind.CALL,
    direction=Direction.INCOMING,
    communication_type=CommunicationType.INCOMING,
    local_time=at("2020-02-12T14:00:00"),
    charged_user="5031",
    initial_user="5031",
    subscriber_name="CL5031",
    dialled_number="0388401234",
    service=Service.TELEPHONY,
    trunk="12",
    trunk_kind=TrunkKind.VOIP,
    ring_seconds=18,
    call_seconds=0,
)
LOCAL = Ticket(
    kind=Kind.LOCAL_CALL,
    direction=Direction.LOCAL,
    local_time=at("2020-02-12T14:00:00"),
    charged_user="2005",
    subscriber_name="CL2005",
    dialled_number="2006",
    ring_seconds=7,
    call_seconds=42,
)


def but(ticket: Ticket, **changes: Any) -> Ticket:
    fields = {name: getattr(ticket, name) for name in Ticket.__struct_fields__}
    return Ticket(**{**fields, **changes})


def test_the_outgoing_call_of_the_published_screen() -> None:
    assert render(OUTGOING) == (VECTORS / "tv-08-outgoing-node-102.bin").read_bytes()


def test_an_incoming_call_that_nobody_answered() -> None:
    assert render(INCOMING) == (VECTORS / "tv-09a-unanswered-incoming.bin").read_bytes()


def test_an_incoming_call_given_up_at_once() -> None:
    ticket = but(
        INCOMING,
        local_time=at("2020-02-13T09:31:07"),
        charged_user="5900",
        initial_user="5900",
        subscriber_name="GROUP 5900",
        dialled_number=None,
        trunk="21",
        ring_seconds=0,
    )
    assert render(ticket) == (VECTORS / "zero-duration-incoming.bin").read_bytes()


def test_a_subscriber_who_is_not_ticketed() -> None:
    ticket = but(
        OUTGOING,
        local_time=at("2021-03-09T10:20:40"),
        charged_user="4711",
        dialled_number="0388401234",
        trunk="14",
        call_seconds=131,
    )
    manner = Manner(trunk_group=20, routed=True, non_ticketed=frozenset({"4711"}))
    assert render(ticket, manner) == (VECTORS / "masked-subscriber.bin").read_bytes()
    assert record_of(OUTGOING, manner).charged_number == "2005"


def test_an_analogue_call_over_the_turn_of_the_year() -> None:
    ticket = but(
        OUTGOING,
        local_time=at("2023-12-31T23:58:40"),
        charged_user="2210",
        subscriber_name="Isaura Pellworm",
        dialled_number="0353019982",
        trunk="6",
        trunk_kind=TrunkKind.ANALOGUE,
        call_seconds=275,
    )
    record = record_of(ticket, Manner(node=1, trunk_group=2, routed=True))
    written = bytearray(encode(record))
    original = (VECTORS / "call-over-midnight.bin").read_bytes()
    # That record is personal, and its number was not routed although it is told twice.
    assert written[226:227] == b"2"
    written[226:227] = b"0"
    assert written[308 + 36 : 308 + 37] == b"1"
    written[308 + 36 : 308 + 37] = b"0"
    assert bytes(written) == original


def words(ticket: Ticket, manner: Manner = MANNER) -> Record:
    assert accepts(ticket, manner) is None
    return record_of(ticket, manner)


def test_a_local_call_fills_its_columns_as_counted() -> None:
    record = words(LOCAL, Manner(node=7))
    assert (record.call_type, record.cost_type, record.com_type) == (14, 0, 1)
    assert (record.duration, record.effective_call_duration, record.waiting_duration) == (42, 42, 0)
    assert record.end_date_time == at("2020-02-12T14:00:42")
    assert (record.called_number, record.initial_dialled_number) == ("2006", "2006")
    assert (record.charged_number, record.acting_extension_number) == ("2005", "2005")
    assert record.charged_user_name == ""
    nodes = record.called_number_node, record.calling_number_node
    assert nodes == (7, 9999)
    assert (record.initial_dialled_number_node, record.acting_extension_number_node) == (7, 7)
    assert (record.trunk_identity, record.trunk_group_identity) == (65535, 65535)
    assert (record.trunk_node, record.transit_trunk_group_identity) == (9999, 0)
    assert (record.bearer_capability, record.high_level_comp) == (0, 0)
    assert (record.external_facilities, record.internal_facilities) == ((), ())


def test_an_answered_incoming_call_tells_ring_and_talk() -> None:
    record = words(but(INCOMING, initial_user="5000", call_seconds=100))
    assert (record.duration, record.waiting_duration) == (118, 18)
    assert record.effective_call_duration == 100
    assert record.end_date_time == at("2020-02-12T14:01:58")
    assert record.redirected_call_indicator == 1
    assert record.initial_dialled_number == "5000"


@pytest.mark.parametrize(("first", "charged"), [(None, "5031"), ("5031", None), ("5031", "5031")])
def test_a_call_that_nobody_else_answered_was_not_redirected(
    first: str | None, charged: str | None
) -> None:
    record = words(but(INCOMING, initial_user=first, charged_user=charged))
    assert record.redirected_call_indicator == 0


def test_an_outgoing_call_tells_no_ringing() -> None:
    record = words(but(OUTGOING, ring_seconds=9))
    assert (record.duration, record.waiting_duration, record.effective_call_duration) == (12, 0, 0)
    assert record.end_date_time == at("2020-02-12T13:14:04")


@pytest.mark.parametrize(
    ("kind", "code", "transfer"),
    [
        ("OUTGOING", 0, False),
        ("OUTGOING_TRANSFER", 0, True),
        ("INCOMING", 4, False),
        ("INCOMING_TRANSFER", 4, True),
        ("OUTGOING_PRIVATE", 7, False),
        ("OUTGOING_TRANSFER_PRIVATE", 7, True),
        ("INCOMING_PRIVATE", 13, False),
        ("INCOMING_TRANSFER_PRIVATE", 13, True),
        ("OUTGOING_TRANSIT", 15, False),
        ("OUTGOING_TRANSFER_TRANSIT", 15, True),
        ("UNKNOWN", 6, False),
    ],
)
def test_every_call_type_has_its_code(kind: str, code: int, transfer: bool) -> None:  # noqa: FBT001 - a row of the table
    record = words(but(OUTGOING, communication_type=CommunicationType[kind], direction=None))
    assert record.call_type == code
    assert (8 in record.internal_facilities) == transfer
    assert 23 in record.internal_facilities
    assert (record.waiting_duration == record.effective_call_duration == 0) != (code in (4, 13))


@pytest.mark.parametrize(
    "kind", ["INCOMING_TRANSIT", "INCOMING_TRANSFER_TRANSIT", "BREAK_IN", "BREAK_OUT"]
)
def test_call_types_without_a_code_are_not_kept(kind: str) -> None:
    ticket = but(OUTGOING, communication_type=CommunicationType[kind])
    assert unrenderable(ticket) == "communication_type"
    assert accepts(ticket) == UNRENDERABLE
    with pytest.raises(NoCallType, match=kind.lower().split("_")[0]):
        render(ticket)


@pytest.mark.parametrize(
    ("direction", "code"), [("OUTGOING", 0), ("INCOMING", 4), ("LOCAL", 14), (None, 6)]
)
def test_a_call_without_a_type_has_that_of_its_direction(direction: str | None, code: int) -> None:
    who = Direction[direction] if direction else None
    assert words(but(OUTGOING, communication_type=None, direction=who)).call_type == code


@pytest.mark.parametrize(
    ("kind", "com_type"),
    [(CommunicationType.FACILITY_REQUEST, 3), (CommunicationType.FACILITY_CANCELLED, 4)],
)
def test_a_facility_is_told_by_its_communication_type(
    kind: CommunicationType, com_type: int
) -> None:
    record = words(but(OUTGOING, kind=Kind.FACILITY, communication_type=kind))
    assert (record.call_type, record.com_type) == (0, com_type)


@pytest.mark.parametrize("kind", [Kind.REMINDER, Kind.ROOM_STATUS])
def test_what_is_no_call_is_not_kept(kind: Kind) -> None:
    ticket = Ticket(kind=kind, local_time=at("2020-02-12T14:00:00"))
    assert unrenderable(ticket) == "kind"


@pytest.mark.parametrize(
    ("facility", "external", "internal"),
    [
        (Facility.TRANSFER, (0,), (8, 23)),
        (Facility.FORWARDING, (0,), (5, 23)),
        (Facility.REMOTE_SUBSTITUTION, (0,), (25, 23)),
        (Facility.EXTERNAL_FORWARDING, (0, 5), (23,)),
        (Facility.ONLINE_METERING, (0, 10), (23,)),
        (Facility.USER_TO_USER, (0, 14), (23,)),
    ],
)
def test_a_facility_has_its_flag(
    facility: Facility, external: tuple[int, ...], internal: tuple[int, ...]
) -> None:
    record = words(but(OUTGOING, facilities=(facility,)))
    assert record.external_facilities == external
    assert record.internal_facilities == internal


@pytest.mark.parametrize(
    ("mode", "flags"),
    [
        (None, ()),
        (DiallingMode.MANUAL, ()),
        (DiallingMode.REDIAL, ()),
        (DiallingMode.COLLECTIVE_SPEED_DIAL, (32,)),
        (DiallingMode.INDIVIDUAL_SPEED_DIAL, (33,)),
    ],
)
def test_speed_dialling_is_told_of_outgoing_calls(
    mode: DiallingMode | None, flags: tuple[int, ...]
) -> None:
    assert words(but(OUTGOING, dialling_mode=mode)).internal_facilities == (23, *flags)
    assert words(but(INCOMING, dialling_mode=mode)).internal_facilities == (23,)


@pytest.mark.parametrize(
    ("changes", "cost_type", "bearer", "compatibility"),
    [
        ({}, 2, 2, 1),
        ({"trunk_kind": TrunkKind.T0}, 2, 2, 1),
        ({"trunk_kind": TrunkKind.VOIP}, 2, 2, 1),
        ({"trunk_kind": TrunkKind.ANALOGUE}, 1, 0, 0),
        ({"service": Service.DATA}, 2, 1, 0),
    ],
)
def test_the_bearer_of_a_call(
    changes: Mapping[str, Any], cost_type: int, bearer: int, compatibility: int
) -> None:
    record = words(but(OUTGOING, **changes))
    told = record.cost_type, record.bearer_capability, record.high_level_comp
    assert told == (cost_type, bearer, compatibility)
    assert record.com_type == (2 if "service" in changes else 1)


def test_an_incoming_private_call_has_no_cost_type_but_on_an_analogue_trunk() -> None:
    private = but(INCOMING, communication_type=CommunicationType.INCOMING_PRIVATE)
    assert words(private).cost_type == 0
    assert words(but(private, trunk_kind=TrunkKind.ANALOGUE)).cost_type == 1


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, ()),
        ({"units": 7}, (2,)),
        ({"units": 7, "facilities": (Facility.ONLINE_METERING,)}, ()),
        ({"trunk_kind": TrunkKind.ANALOGUE}, (3,)),
        ({"trunk_kind": TrunkKind.ANALOGUE, "units": 7}, (2,)),
    ],
)
def test_where_the_units_come_from(changes: Mapping[str, Any], flags: tuple[int, ...]) -> None:
    assert words(but(OUTGOING, **changes)).specific_charge_info == flags


@pytest.mark.parametrize(
    ("cost", "decimals", "told"),
    [
        ("0.84", 2, 84),
        ("0.845", 2, 85),
        ("0.8449", 2, 84),
        ("1", 0, 1),
        ("1.5", 4, 15_000),
        ("0", 2, 0),
    ],
)
def test_a_cost_is_a_whole_number_of_the_last_decimal(cost: str, decimals: int, told: int) -> None:
    record = words(but(OUTGOING, cost=Decimal(cost)), Manner(cost_decimals=decimals))
    assert record.cost_info == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Zoë Ångström", "Zoe Angstrom"),
        ("Ελένη", "?????"),
        ("  tabs\tinside ", "tabs?inside"),
        ("x" * 19 + " yz", "x" * 19),
        ("ﬁve", "five"),
        (None, ""),
    ],
)
def test_a_name_is_written_in_ascii(name: str | None, told: str) -> None:
    assert words(but(OUTGOING, subscriber_name=name)).charged_user_name == told


def test_digits_that_the_ticket_hides_are_dashes_and_stars() -> None:
    masked = {"charged_user": 2, "dialled_number": 4, "initial_user": 1}
    record = words(but(INCOMING, masked=masked))
    assert record.called_number == "038840----"
    assert record.charged_number == "50**"
    assert record.initial_dialled_number == "503-"
    assert words(but(OUTGOING, masked={"charged_user": 9})).acting_extension_number == "****"


def test_digits_that_the_profile_hides_are_dashes_of_outgoing_calls() -> None:
    manner = Manner(hidden_digits=3)
    assert words(OUTGOING, manner).called_number == "5---"
    assert words(but(OUTGOING, dialled_number="12"), manner).called_number == "--"
    assert words(INCOMING, manner).called_number == "0388401234"


def test_a_routed_number_is_told_twice() -> None:
    record = words(OUTGOING, Manner(routed=True))
    assert record.initial_dialled_number == "5031"
    assert record.internal_facilities == (23, 36)
    assert words(OUTGOING).initial_dialled_number == ""


def test_a_transit_call_tells_number_and_trunk_or_neither() -> None:
    ticket = but(OUTGOING, communication_type=CommunicationType.OUTGOING_TRANSIT)
    told = words(ticket)
    assert (told.called_number, told.trunk_identity) == ("5031", 97)
    assert told.transit_trunk_group_identity == 211
    blank = words(ticket, Manner(transit="blank"))
    assert (blank.called_number, blank.trunk_identity) == ("", 65535)
    assert (blank.acting_extension_number, blank.acting_extension_number_node) == ("", 9999)
    assert blank.trunk_group_identity == 211


def test_a_call_without_a_trunk_has_none() -> None:
    assert words(but(OUTGOING, trunk=None)).trunk_identity == 65535
    assert words(but(OUTGOING, trunk="0")).trunk_identity == 0


# Time.


@pytest.mark.parametrize(
    ("begin", "fold", "seconds", "end"),
    [
        ("2021-10-31T02:51:30", 0, 940, "2021-10-31T02:07:10"),
        ("2021-10-31T02:51:30", 1, 940, "2021-10-31T03:07:10"),
        ("2021-03-28T01:59:00", None, 120, "2021-03-28T03:01:00"),
        ("2021-06-01T12:00:00", None, 90, "2021-06-01T12:01:30"),
        ("2020-12-31T23:59:59", None, 1, "2021-01-01T00:00:00"),
    ],
)
def test_the_end_is_the_begin_and_the_call_by_the_zones_clocks(
    begin: str, fold: int | None, seconds: int, end: str
) -> None:
    zoned = but(
        OUTGOING, local_time=at(begin), fold=fold, zone="Europe/Berlin", call_seconds=seconds
    )
    assert words(zoned).end_date_time == at(end)
    assert words(zoned).start_date_time == at(begin)
    assert encode(words(zoned))[169:186] == at(end).strftime("%Y%m%d %H:%M:%S").encode()


def test_the_end_that_the_ticket_tells_is_told() -> None:
    assert words(but(LOCAL, local_end=at("2020-02-12T15:00:00"))).end_date_time == at(
        "2020-02-12T15:00:00"
    )
