"""From tickets to the words of the print-out: letters, arrows, masks, wake-up lines."""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.v24.codec import FIELDS, layout, line
from oxo_simulator.v24.mapping import FACILITIES, LINES, MODES, USERS, statement, unprintable
from oxo_simulator.v24.settings import V24Settings
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
    UserKind,
    carriage,
    project,
)

FIFTEEN = ("SUB", "TYP", "TRK", "DAT", "TIM", "DUR", "TAX", "SER", "FAC", "DNU", "DMO", "RIN",
           "CST", "ACC", "SUN")  # fmt: skip
USUAL = V24Settings()
OUTGOING: Mapping[str, Any] = {
    "kind": Kind.CALL,
    "local_time": datetime.fromisoformat("2020-02-24T14:32:59"),
    "direction": Direction.OUTGOING,
    "communication_type": CommunicationType.OUTGOING,
    "charged_user": "128",
    "charged_user_kind": UserKind.SET,
}


def outgoing(**changed: Any) -> Ticket:
    return Ticket(**{**OUTGOING, **changed})


def incoming(**changed: Any) -> Ticket:
    said = {"direction": Direction.INCOMING, "communication_type": CommunicationType.INCOMING}
    return Ticket(**{**OUTGOING, **said, **changed})


def cell(key: str, ticket: Ticket, **settings: Any) -> str:
    """Print one cell alone."""
    return line(statement(ticket, V24Settings(**settings)), layout([key])).strip()


CELLS: list[tuple[str, Ticket, str]] = [
    ("SUB", outgoing(), "A128"),
    ("SUB", outgoing(charged_user_kind=None), "A128"),
    ("SUB", outgoing(charged_user="61239876"), "A9876"),
    ("SUB", outgoing(charged_user="12", charged_user_kind=UserKind.HUNTING_GROUP), "G12"),
    ("SUB", outgoing(charged_user="35", charged_user_kind=UserKind.ANALOGUE_LINE), "L35"),
    ("SUB", outgoing(charged_user="17", charged_user_kind=UserKind.T0), "N17"),
    ("SUB", outgoing(charged_user="03", charged_user_kind=UserKind.T2), "P03"),
    ("SUB", outgoing(charged_user=""), ""),
    ("SUB", outgoing(charged_user=None), ""),
    ("IUS", outgoing(), "****"),
    ("IUS", outgoing(initial_user="131", initial_user_kind=UserKind.SET), "****"),
    ("IUS", incoming(initial_user="106", initial_user_kind=UserKind.SET), "A106"),
    ("IUS", incoming(initial_user="12", initial_user_kind=UserKind.HUNTING_GROUP), "G12"),
    ("IUS", incoming(initial_user="9", initial_user_kind=UserKind.ATTENDANT_GROUP), "G9"),
    ("IUS", incoming(initial_user="500", initial_user_kind=UserKind.ATTENDANT_GROUP), "G9"),
    ("IUS", incoming(initial_user_kind=UserKind.ATTENDANT_GROUP), ""),
    ("IUS", incoming(), ""),
    ("IU8", outgoing(), "****"),
    ("IU8", incoming(initial_user="61234567", initial_user_kind=UserKind.SET), "A61234567"),
    ("SU8", outgoing(charged_user="61239876"), "A61239876"),
    ("TYP", outgoing(), "-->"),
    ("TYP", incoming(), "<--"),
    ("TYP", outgoing(communication_type=CommunicationType.BREAK_OUT), "-->"),
    (
        "TYP",
        outgoing(kind=Kind.FACILITY, communication_type=CommunicationType.FACILITY_REQUEST),
        "CS+",
    ),
    (
        "TYP",
        outgoing(kind=Kind.FACILITY, communication_type=CommunicationType.FACILITY_CANCELLED),
        "CS-",
    ),
    ("TYP", outgoing(direction=Direction.LOCAL, communication_type=None), ""),
    ("TYP", outgoing(direction=None, communication_type=None), ""),
    ("TRK", outgoing(trunk="01", trunk_kind=TrunkKind.T0), "N01"),
    ("TRK", outgoing(trunk="104", trunk_kind=TrunkKind.T0), "N**"),
    ("TRK", outgoing(trunk="230", trunk_kind=TrunkKind.VOIP), "V**"),
    ("TRK", outgoing(trunk="01"), ""),
    ("TR4", outgoing(trunk="104", trunk_kind=TrunkKind.T0), "N104"),
    ("TR4", outgoing(trunk="1040", trunk_kind=TrunkKind.T0), "N***"),
    ("DAT", outgoing(), "24/02/20"),
    ("TIM", outgoing(), "14:32"),
    ("DUR", outgoing(call_seconds=160), "00:02:40"),
    ("DUR", outgoing(), "00:00:00"),
    ("TAX", outgoing(units=65535), "65535"),
    ("TAX", outgoing(), "0"),
    ("SER", outgoing(), "ST"),
    ("SER", outgoing(service=Service.DATA), "T2"),
    ("FAC", outgoing(facilities=tuple(sorted(list(Facility)[:5]))), "XRNST"),
    ("FAC", outgoing(facilities=(Facility.USER_TO_USER,)), "I"),
    ("FAC", outgoing(), ""),
    ("DNU", outgoing(dialled_number="00388677700"), "00388677700"),
    ("DNU", incoming(), ""),
    ("DMO", outgoing(dialling_mode=DiallingMode.REDIAL), "M"),
    ("DMO", outgoing(dialling_mode=DiallingMode.INDIVIDUAL_SPEED_DIAL), "I"),
    ("DMO", outgoing(dialling_mode=DiallingMode.COLLECTIVE_SPEED_DIAL), "R"),
    ("DMO", outgoing(), ""),
    ("RIN", outgoing(ring_seconds=0), ""),
    ("RIN", outgoing(ring_seconds=7), ""),
    ("RIN", incoming(ring_seconds=65), "01:05"),
    ("RIN", incoming(), "00:00"),
    ("CST", outgoing(cost=Decimal("1.70")), "1.70"),
    ("CST", outgoing(cost=Decimal("1.705")), "1.71"),
    ("CST", outgoing(), "0.00"),
    ("ACC", outgoing(account_code="123456"), "123456"),
    ("SUN", outgoing(subscriber_name="  RECEPTION "), "RECEPTION"),
    ("NOD", outgoing(), "1"),
    ("CAR", outgoing(extras={"v24": {"CAR": "4"}}), "4"),
    ("CAR", outgoing(), ""),
]


@pytest.mark.parametrize(("key", "ticket", "printed"), CELLS)
def test_cells(key: str, ticket: Ticket, printed: str) -> None:
    settings = {"mode": "network"} if key == "NOD" else {}
    assert cell(key, ticket, **settings) == printed


def test_every_field_and_word_has_a_case() -> None:
    assert {key for key, _, _ in CELLS} == set(FIELDS)
    assert (set(USERS), set(LINES)) == (set(UserKind), set(TrunkKind))
    assert (set(FACILITIES), set(MODES)) == (set(Facility), set(DiallingMode))


REMINDER = Ticket(
    kind=Kind.REMINDER,
    local_time=datetime.fromisoformat("2020-02-25T06:45:01"),
    charged_user="118",
    charged_user_kind=UserKind.SET,
    reminder_time=time(6, 45),
    reminder_state=ReminderState.FAILED,
)


def test_a_wake_up_line_as_the_vectors_have_it() -> None:
    french = line(statement(REMINDER, V24Settings(language="french")), layout([]))
    assert french.rstrip() == "A118      CH  25/02/20 06:45 00:00:00     0 ST       0645"
    english = line(statement(REMINDER, USUAL), layout([]))
    assert english.rstrip() == "A118      R   25/02/20 06:45 00:00:00     0 ST       0645"


ROOM = Ticket(
    kind=Kind.ROOM_STATUS,
    local_time=datetime.fromisoformat("2020-02-25T10:12:44"),
    charged_user="117",
    room_status=RoomStatus.NOT_CLEANED,
    room_problem=42,
    subscriber_name="SANDMEER",
)


def room(**changed: Any) -> Ticket:
    return Ticket(**{**_said(ROOM), **changed})


@pytest.mark.parametrize("language", ["english", "french"])
def test_a_room_status_in_ten_columns(language: Any) -> None:
    """The line of the contract (docs/wires/v24.md), typed by hand; it is the same in French."""
    printed = line(statement(ROOM, V24Settings(language=language)), layout([]))
    assert printed.rstrip() == "A117      RST 25/02/20 10:12 00:00:00     0 ST       1042"


def test_a_room_status_in_fifteen_columns() -> None:
    printed = line(statement(ROOM, USUAL), layout(FIFTEEN))
    assert printed.rstrip() == (
        "A117      RST 25/02/20 10:12 00:00:00     0 ST       1042"
        "                                                           SANDMEER"
    )


@pytest.mark.parametrize(
    ("status", "problem", "printed"),
    [(RoomStatus.CLEANED, None, "0"), (RoomStatus.NOT_CLEANED, None, "1"),
     (RoomStatus.CLEANED, 0, "0000"), (RoomStatus.NOT_CLEANED, 7, "1007"),
     (RoomStatus.NOT_CLEANED, 999, "1999")],
)  # fmt: skip
def test_a_problem_that_is_told_has_three_digits(
    status: RoomStatus, problem: int | None, printed: str
) -> None:
    assert cell("DNU", room(room_status=status, room_problem=problem), mask_digits=4) == printed


def test_the_room_of_a_plan_of_eight_digits_and_the_wide_line() -> None:
    assert cell("SU8", room(charged_user="61230117")) == "A61230117"
    assert cell("SUB", room(charged_user="61230117")) == "A0117"
    assert cell("TR4", room()) == "RST"


def test_what_became_of_an_appointment_is_not_told() -> None:
    told = {
        state: statement(Ticket(**{**_said(REMINDER), "reminder_state": state}), USUAL)
        for state in ReminderState
    }
    assert len(set(told.values())) == 1


def _said(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(ticket, name) for name in ticket.__struct_fields__}


@pytest.mark.parametrize(
    ("digits", "number", "printed"),
    [(0, "00390670000", "00390670000"), (4, "00390670000", "0039067****"),
     (4, "0346057124", "034605****"), (4, "123", "***"), (4, "", ""), (1, "12", "1*")],
)  # fmt: skip
def test_masked_digits(digits: int, number: str, printed: str) -> None:
    assert cell("DNU", outgoing(dialled_number=number), mask_digits=digits) == printed
    dotted = cell("DNU", outgoing(dialled_number=number), mask_digits=digits, mask_character=".")
    assert dotted == printed.replace("*", ".")


@pytest.mark.parametrize(
    ("mask", "printed"), [("0", "123456"), ("2", "1234**"), ("9", "******"), ("all", "******")]
)
def test_masked_account_code(mask: str, printed: str) -> None:
    assert cell("ACC", outgoing(account_code="123456"), account_code_mask=mask) == printed


def test_the_prefix_of_an_outgoing_number() -> None:
    ticket, called = outgoing(dialled_number="0038867"), incoming(dialled_number="038867")
    assert cell("DNU", ticket, prefix="removed") == "038867"
    assert cell("DNU", ticket, prefix="removed", trunk_prefix="00") == "38867"
    assert cell("DNU", called, prefix="removed") == "038867"


def why(ticket: Ticket, **settings: Any) -> str | None:
    chosen = V24Settings(**settings)
    return unprintable(ticket, chosen, layout(chosen.fields))


def test_what_is_not_printed_and_why() -> None:
    private = CommunicationType.OUTGOING_TRANSFER_PRIVATE
    assert why(outgoing()) is None
    assert why(REMINDER) is None
    assert why(outgoing(kind=Kind.FACILITY)) is None
    assert why(outgoing(kind=Kind.LOCAL_CALL)) == "no statement for a local call"
    assert why(ROOM) is None
    assert why(room(room_status=None)) == "cannot be rendered"
    assert why(room(charged_user=None)) == "cannot be rendered"
    assert why(room(charged_user="")) == "cannot be rendered"
    assert why(outgoing(kind=Kind.UNKNOWN)) == "no statement for a unknown"
    assert why(outgoing(direction=None)) == "cannot be rendered"
    assert why(outgoing(direction=Direction.LOCAL)) == "cannot be rendered"
    assert why(outgoing(communication_type=private)) is None
    assert why(outgoing(communication_type=private), leased_lines=False) == (
        "leased line not printed"
    )
    assert why(incoming(call_seconds=0)) is None
    assert why(incoming(call_seconds=0), unanswered=False) == "unanswered call not printed"
    assert why(incoming(call_seconds=1), unanswered=False) is None
    assert why(outgoing(call_seconds=0), unanswered=False) is None


def test_a_number_too_long_for_a_column_that_is_printed() -> None:
    assert why(outgoing(dialled_number="1" * 27)) == "cannot be rendered"
    assert why(outgoing(dialled_number="1" * 27), fields=("SUB",)) is None
    assert why(outgoing(units=100_000)) == "cannot be rendered"
    assert why(outgoing(subscriber_name="1" * 99), fields=FIFTEEN) is None


tickets = st.builds(
    Ticket,
    kind=st.sampled_from([Kind.CALL, Kind.FACILITY, Kind.REMINDER, Kind.ROOM_STATUS]),
    local_time=st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2069, 12, 31)).map(  # noqa: DTZ001
        lambda value: value.replace(microsecond=0)
    ),
    direction=st.none() | st.sampled_from(Direction),
    communication_type=st.none() | st.sampled_from(CommunicationType),
    charged_user=st.none() | st.from_regex(r"\A[0-9]{0,9}\Z"),
    charged_user_kind=st.none() | st.sampled_from(UserKind),
    dialled_number=st.none() | st.from_regex(r"\A[0-9*#]{0,26}\Z"),
    dialling_mode=st.none() | st.sampled_from(DiallingMode),
    facilities=st.lists(st.sampled_from(Facility), unique=True, max_size=5).map(
        lambda taken: tuple(sorted(taken))
    ),
    service=st.none() | st.sampled_from(Service),
    trunk=st.none() | st.from_regex(r"\A[0-9]{1,4}\Z"),
    trunk_kind=st.none() | st.sampled_from(TrunkKind),
    ring_seconds=st.none() | st.integers(0, 5999),
    call_seconds=st.none() | st.integers(0, 359_999),
    units=st.none() | st.integers(0, 65_535),
    cost=st.none() | st.decimals(0, 9_999_999, places=3),
    account_code=st.none() | st.from_regex(r"\A[0-9]{0,16}\Z"),
    subscriber_name=st.none() | st.text("AZ \u00e9", max_size=20),
    reminder_time=st.none() | st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    room_status=st.none() | st.sampled_from(RoomStatus),
    room_problem=st.none() | st.integers(0, 999),
)


@given(tickets)
def test_what_is_printed_is_what_the_carriage_table_says_is_carried(ticket: Ticket) -> None:
    """Printing a ticket, and printing what of it can be known after the wire, are the same."""
    columns = layout(FIFTEEN)
    seen = project(ticket, carriage("v24", "fifteen"))
    printed = line(statement(ticket, USUAL), columns)
    again = line(statement(seen, USUAL), columns)
    trunk = slice(10, 13)
    if len(ticket.trunk or "") > 2 and ticket.kind in (Kind.CALL, Kind.FACILITY):
        assert printed[trunk][1:] in ("**", "  ")
        printed, again = printed[:10] + printed[13:], again[:10] + again[13:]
    assert printed == again
