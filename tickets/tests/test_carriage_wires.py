"""What the NMC file, the V24 statement and the hotel link leave of a ticket, typed by hand."""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from oxo_tickets import (
    FIELDS,
    ON_EVERY_WIRE,
    WIRE_TITLES,
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    Resolution,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
    carriage,
    carriages,
    project,
    wire_title,
    wires,
)

AT = datetime(2020, 2, 24, 14, 32, 7)  # noqa: DTZ001 (wall clock)
ROWS = sorted(carriages())

texts = st.none() | st.text(alphabet=" 0123456789*#AéZŁ\x07\x85", max_size=20)
seconds = st.none() | st.integers(0, 90_000)
times = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 (wall clock)
    max_value=datetime(2069, 12, 31),  # noqa: DTZ001 (wall clock)
).map(lambda at: at.replace(microsecond=0))


def maybe(values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


any_ticket = st.builds(
    Ticket,
    kind=st.sampled_from(Kind),
    local_time=times,
    direction=maybe(Direction),
    communication_type=maybe(CommunicationType),
    local_end=st.none() | times,
    fold=st.none() | st.integers(0, 1),
    charged_user=texts,
    charged_user_kind=maybe(UserKind),
    initial_user=texts,
    initial_user_kind=maybe(UserKind),
    dialled_number=texts,
    masked=st.dictionaries(st.just("dialled_number"), st.integers(1, 4)),
    dialling_mode=maybe(DiallingMode),
    facilities=st.sets(st.sampled_from(Facility)).map(lambda some: tuple(sorted(some))),
    service=maybe(Service),
    trunk=texts,
    trunk_kind=maybe(TrunkKind),
    ring_seconds=seconds,
    call_seconds=seconds,
    units=st.none() | st.integers(0, 65_535),
    cost=st.none() | st.decimals(0, 65_535, places=6),
    currency=texts,
    account_code=texts,
    subscriber_name=texts,
    reminder_time=st.none() | st.just(time(7, 0)),
    reminder_state=maybe(ReminderState),
    room_status=maybe(RoomStatus),
    room_problem=st.none() | st.integers(0, 999),
    extras=st.dictionaries(st.sampled_from(tuple(WIRE_TITLES)), st.just({"tag": "1"})),
)


def call(**told: Any) -> Ticket:
    values: dict[str, Any] = {
        "kind": Kind.CALL,
        "local_time": AT,
        "direction": Direction.OUTGOING,
        "communication_type": CommunicationType.OUTGOING,
        "charged_user": "128",
        **told,
    }
    return Ticket(**values)


def reminder(**told: Any) -> Ticket:
    return Ticket(
        kind=Kind.REMINDER,
        local_time=AT,
        charged_user="117",
        charged_user_kind=UserKind.SET,
        reminder_time=time(6, 45),
        reminder_state=ReminderState.FAILED,
        **told,
    )


def test_the_wires_stand_in_the_order_in_which_they_are_trusted() -> None:
    assert wires() == ("taxation", "account", "stream", "nmc", "v24", "ohl")
    assert [wire_title(wire) for wire in wires()] == [
        "taxation service",
        "account files",
        "Ethernet on the fly",
        "NMC FTP",
        "V24 statement",
        "hotel link",
    ]
    assert wire_title("pigeon") == "pigeon"


def test_every_row_belongs_to_a_wire_and_every_wire_has_one() -> None:
    assert {wire for wire, _ in carriages()} == set(wires())


@pytest.mark.parametrize("row", ROWS)
def test_what_exists_on_every_wire_is_in_every_row(row: tuple[str, str]) -> None:
    assert set(ON_EVERY_WIRE) <= set(carriage(*row).standings)


def test_nothing_but_kind_and_time_is_on_every_wire_and_required_of_a_ticket() -> None:
    required = [name for name in FIELDS if name not in _optional()]
    assert required == list(ON_EVERY_WIRE)


def _optional() -> set[str]:
    empty = Ticket(kind=Kind.CALL, local_time=AT)
    return {name for name in FIELDS if getattr(empty, name) in (None, {}, (), Resolution.SECOND)}


@pytest.mark.parametrize("row", ROWS)
def test_fields_of_one_kind_alone_are_carried(row: tuple[str, str]) -> None:
    through = carriage(*row)
    assert set(through.only) <= set(through.standings)
    assert set(through.only.values()) <= {"calls", "reminders", "rooms"}


@settings(deadline=None)
@given(st.sampled_from(ROWS), any_ticket)
def test_projecting_twice_is_projecting_once(row: tuple[str, str], ticket: Ticket) -> None:
    once = project(ticket, carriage(*row))
    assert project(once, carriage(*row)) == once


@settings(deadline=None)
@given(st.sampled_from(ROWS), any_ticket)
def test_a_projection_tells_no_field_that_the_wire_does_not_carry(
    row: tuple[str, str], ticket: Ticket
) -> None:
    through, blank = carriage(*row), Ticket(kind=Kind.CALL, local_time=AT)
    seen = project(ticket, through)
    for name in FIELDS:
        if name not in (*ON_EVERY_WIRE, "resolution") and not through.carries(name, ticket.kind):
            assert getattr(seen, name) == getattr(blank, name)


@settings(deadline=None)
@given(any_ticket)
def test_fifteen_columns_tell_whatever_ten_tell(ticket: Ticket) -> None:
    ten, fifteen = carriage("v24", "ten"), carriage("v24", "fifteen")
    assert project(project(ticket, fifteen), ten) == project(ticket, ten)


@settings(deadline=None)
@given(any_ticket)
def test_a_block_tells_what_fifteen_columns_tell(ticket: Ticket) -> None:
    fifteen, block = carriage("v24", "fifteen"), carriage("v24", "block")
    assert project(ticket, block) == project(ticket, fifteen)
    assert set(block.standings.values()) == {"ours"}


def test_the_nmc_record_of_a_full_call(full_call: Ticket) -> None:
    assert project(full_call, carriage("nmc", "alz")) == Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2020, 10, 25, 2, 30, 7),  # noqa: DTZ001 (wall clock)
        charged_user="128",
        charged_user_kind=UserKind.SET,
        initial_user="G9",
        initial_user_kind=UserKind.HUNTING_GROUP,
        dialled_number="0039067****",
        dialling_mode=DiallingMode.MANUAL,
        facilities=(Facility.ONLINE_METERING, Facility.TRANSFER),
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T0,
        ring_seconds=None,
        call_seconds=50,
        units=2,
        cost=Decimal("1.7000"),
        account_code="123456",
        subscriber_name="M. ORVELLE",
    )


def test_a_statement_of_ten_columns_of_a_full_call(full_call: Ticket) -> None:
    assert project(full_call, carriage("v24", "ten")) == Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2020, 10, 25, 2, 30),  # noqa: DTZ001 (wall clock)
        resolution=Resolution.MINUTE,
        charged_user="128",
        charged_user_kind=UserKind.SET,
        dialled_number="0039067****",
        masked={"dialled_number": 4},
        facilities=(Facility.ONLINE_METERING, Facility.TRANSFER),
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T0,
        call_seconds=50,
        units=2,
    )


def test_a_hotel_link_message_of_a_full_call(full_call: Ticket) -> None:
    assert project(full_call, carriage("ohl", "smdr")) == Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        local_time=datetime(2020, 10, 25, 2, 30, 7),  # noqa: DTZ001 (wall clock)
        charged_user="128",
        dialled_number="0039067****",
        call_seconds=50,
        units=2,
        cost=Decimal("1.70"),
    )


REMINDERS: Mapping[tuple[str, str], Ticket] = {
    ("nmc", "alz"): Ticket(
        kind=Kind.REMINDER,
        local_time=AT,
        charged_user="117",
        charged_user_kind=UserKind.SET,
        subscriber_name="A GUEST WITH THI",
    ),
    ("v24", "ten"): Ticket(
        kind=Kind.REMINDER,
        local_time=AT.replace(second=0),
        resolution=Resolution.MINUTE,
        charged_user="117",
        charged_user_kind=UserKind.SET,
        reminder_time=time(6, 45),
    ),
    ("v24", "fifteen"): Ticket(
        kind=Kind.REMINDER,
        local_time=AT.replace(second=0),
        resolution=Resolution.MINUTE,
        charged_user="117",
        charged_user_kind=UserKind.SET,
        subscriber_name="A GUEST WITH THI",
        reminder_time=time(6, 45),
    ),
    ("ohl", "smdr"): Ticket(
        kind=Kind.REMINDER,
        local_time=AT.replace(second=0),
        resolution=Resolution.MINUTE,
        charged_user="117",
        subscriber_name="A GUEST WITH THIRTY",
        reminder_time=time(6, 45),
        reminder_state=ReminderState.FAILED,
    ),
}


@pytest.mark.parametrize("row", REMINDERS)
def test_a_reminder_fills_no_field_of_a_call(row: tuple[str, str]) -> None:
    made = reminder(
        subscriber_name="A GUEST WITH THIRTY LETTERS",
        dialled_number="0645",
        call_seconds=0,
        units=0,
        ring_seconds=0,
        cost=Decimal(0),
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T0,
    )
    assert project(made, carriage(*row)) == REMINDERS[row]


STAMP = {"kind", "local_time", "charged_user"}
OF_REMINDERS: Mapping[tuple[str, str], set[str]] = {
    ("nmc", "alz"): {*STAMP, "charged_user_kind", "subscriber_name"},
    ("v24", "ten"): {*STAMP, "charged_user_kind", "reminder_time"},
    ("v24", "fifteen"): {*STAMP, "charged_user_kind", "reminder_time", "subscriber_name"},
    ("v24", "block"): {*STAMP, "charged_user_kind", "reminder_time", "subscriber_name"},
    ("ohl", "smdr"): {*STAMP, "reminder_time", "reminder_state", "subscriber_name"},
}


@pytest.mark.parametrize("row", OF_REMINDERS)
def test_which_fields_a_reminder_has_on_a_wire(row: tuple[str, str]) -> None:
    through = carriage(*row)
    told = {name for name in FIELDS if through.carries(name, Kind.REMINDER)}
    assert told == OF_REMINDERS[row]
    other = {"reminder_time", "reminder_state", "room_status", "room_problem"}
    rest = set(through.standings) - other
    for_calls = rest - ({"subscriber_name"} if row[0] == "ohl" else set())
    assert {name for name in FIELDS if through.carries(name, Kind.CALL)} == for_calls


OF_ROOMS: Mapping[tuple[str, str], set[str]] = {
    ("v24", "ten"): {*STAMP, "charged_user_kind", "room_status", "room_problem"},
    ("v24", "fifteen"): {
        *STAMP, "charged_user_kind", "room_status", "room_problem", "subscriber_name",
    },
    ("v24", "block"): {
        *STAMP, "charged_user_kind", "room_status", "room_problem", "subscriber_name",
    },
}  # fmt: skip


@pytest.mark.parametrize("row", OF_ROOMS)
def test_which_fields_a_room_status_has_on_a_wire(row: tuple[str, str]) -> None:
    told = {name for name in FIELDS if carriage(*row).carries(name, Kind.ROOM_STATUS)}
    assert told == OF_ROOMS[row]


def test_a_room_status_goes_whole_by_the_proposed_tags_alone() -> None:
    made = Ticket(
        kind=Kind.ROOM_STATUS,
        local_time=AT,
        charged_user="106",
        subscriber_name="DUPONT",
        room_status=RoomStatus.NOT_CLEANED,
        room_problem=42,
    )
    assert project(made, carriage("taxation", "extended")) == made
    seen = project(made, carriage("taxation", "observed"))
    assert (seen.charged_user, seen.room_status, seen.room_problem) == ("106", None, None)
    for row in (("nmc", "alz"), ("ohl", "smdr"), ("account", "ed52"), ("stream", "ed52")):
        assert not carriage(*row).carries("room_status")


CASES: list[tuple[str, str, dict[str, Any], str, object]] = [
    # What fixed columns cannot leave out.
    ("nmc", "alz", {"call_seconds": None}, "call_seconds", 0),
    ("nmc", "alz", {"units": None}, "units", 0),
    ("nmc", "alz", {"cost": None}, "cost", Decimal(0)),
    ("nmc", "alz", {"cost": Decimal("1.23456")}, "cost", Decimal("1.2346")),
    ("v24", "fifteen", {"cost": Decimal("1.235")}, "cost", Decimal("1.24")),
    ("v24", "fifteen", {"service": None}, "service", Service.TELEPHONY),
    ("v24", "fifteen", {"service": Service.DATA}, "service", Service.DATA),
    ("ohl", "smdr", {"cost": Decimal("0.005")}, "cost", Decimal("0.01")),
    ("ohl", "smdr", {"units": None}, "units", 0),
    # Texts.
    ("nmc", "alz", {"dialled_number": ""}, "dialled_number", None),
    ("v24", "ten", {"charged_user": ""}, "charged_user", None),
    ("v24", "ten", {"charged_user": "", "charged_user_kind": "set"}, "charged_user_kind", None),
    ("v24", "ten", {"charged_user": "61239876"}, "charged_user", "9876"),
    ("ohl", "smdr", {"charged_user": "61239876"}, "charged_user", "61239876"),
    ("ohl", "smdr", {"subscriber_name": "M. ORVELLE"}, "subscriber_name", None),
    (
        "nmc",
        "alz",
        {"subscriber_name": " FIFTEEN LETTERS AND"},
        "subscriber_name",
        "FIFTEEN LETTERS",
    ),
    (
        "v24",
        "fifteen",
        {"subscriber_name": "SIXTEEN LETTERS!!"},
        "subscriber_name",
        "SIXTEEN LETTERS!",
    ),
    ("v24", "fifteen", {"subscriber_name": "Łódź\x07 Zoë"}, "subscriber_name", "?ód?? Zoë"),
    # Kinds and directions.
    ("nmc", "alz", {"communication_type": "facility request"}, "kind", Kind.FACILITY),
    ("nmc", "alz", {"kind": Kind.FACILITY}, "kind", Kind.CALL),
    ("nmc", "alz", {"communication_type": "break-out"}, "direction", None),
    ("nmc", "alz", {"communication_type": "unknown"}, "direction", None),
    ("v24", "ten", {"kind": Kind.LOCAL_CALL, "direction": "local"}, "kind", Kind.CALL),
    ("ohl", "smdr", {"kind": Kind.FACILITY}, "kind", Kind.CALL),
    ("ohl", "smdr", {"direction": "local"}, "direction", None),
    ("ohl", "smdr", {"communication_type": "outgoing transfer"}, "communication_type", None),
    # Users and lines.
    ("nmc", "alz", {"charged_user_kind": None}, "charged_user_kind", UserKind.SET),
    ("nmc", "alz", {"charged_user_kind": "attendant group"}, "charged_user_kind", "hunting group"),
    ("nmc", "alz", {"initial_user_kind": "set"}, "initial_user_kind", None),
    ("v24", "ten", {"charged_user_kind": "T0"}, "charged_user_kind", UserKind.T0),
    ("v24", "ten", {"trunk": "104", "trunk_kind": "T0"}, "trunk", None),
    ("v24", "ten", {"trunk": "104", "trunk_kind": "T0"}, "trunk_kind", None),
    ("v24", "ten", {"trunk_kind": "T0"}, "trunk_kind", None),
    ("v24", "ten", {"trunk": "04", "trunk_kind": "T0"}, "trunk_kind", TrunkKind.T0),
    ("v24", "ten", {"trunk": "04"}, "trunk", None),
    ("nmc", "alz", {"trunk": "104", "trunk_kind": "T0"}, "trunk", "104"),
    # Masks.
    ("v24", "ten", {"dialled_number": "0039067****"}, "masked", {"dialled_number": 4}),
    ("v24", "ten", {"dialled_number": "***"}, "masked", {"dialled_number": 3}),
    ("v24", "ten", {"dialled_number": "*21*", "masked": {"dialled_number": 1}}, "masked", {}),
    # Ringing.
    ("nmc", "alz", {"ring_seconds": 5}, "ring_seconds", None),
    ("nmc", "alz", {"ring_seconds": 5, "direction": "incoming"}, "ring_seconds", 5),
    ("v24", "fifteen", {"direction": "incoming"}, "ring_seconds", 0),
]


@pytest.mark.parametrize(("wire", "tag_set", "told", "field", "read"), CASES)
def test_what_a_wire_makes_of_one_value(
    wire: str, tag_set: str, told: dict[str, Any], field: str, read: object
) -> None:
    made = _typed(told)
    assert getattr(project(made, carriage(wire, tag_set)), field) == read


def _typed(told: dict[str, Any]) -> Ticket:
    types: dict[str, Any] = {
        "direction": Direction,
        "communication_type": CommunicationType,
        "charged_user_kind": UserKind,
        "initial_user_kind": UserKind,
        "trunk_kind": TrunkKind,
    }
    return call(
        **{
            name: types[name](value) if name in types and value else value
            for name, value in told.items()
        }
    )


def test_tags_of_another_wire_do_not_pass() -> None:
    own = {"taxation": {"FutureThing": "42"}}
    made = replace(call(), extras={**own, "nmc": {"node": "3"}})
    assert project(made, carriage("taxation", "extended")).extras == own
    assert project(made, carriage("nmc", "alz")).extras == {}


def test_a_field_of_reminders_is_carried_for_them_alone() -> None:
    ohl = carriage("ohl", "smdr")
    assert ohl.carries("subscriber_name")
    assert ohl.carries("subscriber_name", Kind.REMINDER)
    assert not ohl.carries("subscriber_name", Kind.CALL)
    assert ohl.carries("units", Kind.FACILITY)
    assert not ohl.carries("currency", Kind.CALL)
