"""What a wire cannot carry is not missing there, and nothing else is left out."""

from datetime import datetime, time
from typing import Any

import pytest
from oxo_collector.carried import WITHOUT_CODE, wires_without
from oxo_collector.decoders.alz_ticket import CALLS
from oxo_collector.receipt import Wire
from oxo_collector.reconciliation import Balance, Difference, Seen, balances, differences
from oxo_tickets import CommunicationType, Direction, Kind, Ticket, carriage, coarse_key, project

ALL = {str(wire) for wire in Wire}


def ticket(kind: Kind = Kind.CALL, **more: Any) -> Ticket:
    stamp = datetime.fromisoformat("2026-11-22T07:00:00")
    return Ticket(kind=kind, local_time=stamp, charged_user="106", **more)


REMINDER = ticket(Kind.REMINDER, reminder_time=time(7, 0))
ROOM = ticket(Kind.ROOM_STATUS)
LOCAL = ticket(Kind.LOCAL_CALL, direction=Direction.LOCAL)
BREAK_IN = ticket(
    direction=Direction.INCOMING, communication_type=CommunicationType.BREAK_IN, call_seconds=9
)
CALL = ticket(direction=Direction.OUTGOING, communication_type=CommunicationType.OUTGOING)


@pytest.mark.parametrize(
    ("one", "wires"),
    [
        (REMINDER, {"taxation", "v24", "ohl"}),
        (ROOM, {"taxation", "v24"}),
        (LOCAL, {"taxation", "account", "stream"}),
        (BREAK_IN, {"taxation", "nmc", "v24", "ohl"}),
        (
            ticket(communication_type=CommunicationType.INCOMING_TRANSFER_PRIVATE),
            ALL - {"nmc"},
        ),
        (CALL, ALL),
        (ticket(Kind.FACILITY, communication_type=CommunicationType.FACILITY_REQUEST), ALL),
    ],
)
def test_the_wires_that_can_have_it(one: Ticket, wires: set[str]) -> None:
    assert wires_without(one) == ALL - wires


@pytest.mark.parametrize(
    ("wire", "tag_set"),
    [("v24", "ten"), ("nmc", "alz"), ("ohl", "smdr"), ("account", "ed52"), ("stream", "ed52")],
)
def test_local_calls_stand_as_the_carriage_table_has_them(wire: str, tag_set: str) -> None:
    told = project(LOCAL, carriage(wire, tag_set)).kind is Kind.LOCAL_CALL
    assert (wire not in wires_without(LOCAL)) == told


def test_what_has_no_code_is_no_type_of_the_record() -> None:
    assert WITHOUT_CODE["nmc"].isdisjoint(called for called, _ in CALLS.values())


def seen(*told: tuple[Wire, Ticket]) -> list[Seen]:
    return [
        Seen(number, "site", str(wire), coarse_key(one), None, wires_without(one))
        for number, (wire, one) in enumerate(told, 1)
    ]


def test_a_reminder_is_not_missing_on_nmc_but_is_on_the_print_out() -> None:
    tickets = seen(
        (Wire.TAXATION, REMINDER), (Wire.TAXATION, CALL), (Wire.NMC, CALL), (Wire.V24, CALL)
    )
    assert list(differences(tickets)) == [Difference(1, "site", ("taxation",), ("v24",))]
    assert balances(tickets) == [
        Balance("site", "taxation", 2, 1, 0),
        Balance("site", "nmc", 1, 0, 0),
        Balance("site", "v24", 1, 0, 1),
    ]


def test_what_a_wire_cannot_have_is_not_made_up_for_by_what_looks_alike() -> None:
    """A break-in and a call of one user, minute and duration: one wire knows which is which."""
    plain = ticket(
        direction=Direction.INCOMING, communication_type=CommunicationType.INCOMING, call_seconds=9
    )
    both = ((Wire.TAXATION, BREAK_IN), (Wire.TAXATION, plain))
    assert list(differences(seen(*both, (Wire.ACCOUNT, plain)))) == []
    assert list(differences(seen(*both[::-1], (Wire.ACCOUNT, plain)))) == []
    other = ticket(direction=Direction.OUTGOING)
    told = seen(*both, (Wire.ACCOUNT, other), (Wire.TAXATION, other))
    assert [(one.id, one.missing_on) for one in differences(told)] == [(2, ("account",))]


def test_a_room_status_counts_like_a_reminder() -> None:
    assert list(differences(seen((Wire.TAXATION, ROOM), (Wire.NMC, CALL)))) == [
        Difference(2, "site", ("nmc",), ("taxation",))
    ]
    told = seen((Wire.TAXATION, ROOM), (Wire.V24, CALL), (Wire.OHL, CALL), (Wire.TAXATION, CALL))
    assert list(differences(told)) == [Difference(1, "site", ("taxation",), ("v24",))]


def test_reminders_that_a_switch_puts_into_the_nmc_store_are_the_same() -> None:
    assert list(differences(seen((Wire.TAXATION, REMINDER), (Wire.NMC, REMINDER)))) == []


def test_the_wire_that_counts_says_what_the_ticket_is() -> None:
    """On a print-out nobody sees that a call was a break-in; the taxation wire knows."""
    printed = ticket(
        direction=Direction.INCOMING, communication_type=CommunicationType.INCOMING, call_seconds=9
    )
    other = ticket(direction=Direction.INCOMING, call_seconds=1)
    told = seen((Wire.V24, printed), (Wire.ACCOUNT, other), (Wire.V24, other))
    assert [one.missing_on for one in differences(told)] == [("account",)]
    told = [*told, *[one._replace(id=9) for one in seen((Wire.TAXATION, BREAK_IN))]]
    assert [(one.id, one.missing_on) for one in differences(told)] == [(2, ("taxation",))]
