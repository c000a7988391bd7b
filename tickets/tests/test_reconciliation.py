"""When two tickets of two wires are the same."""

from datetime import datetime

import pytest
from msgspec.structs import replace
from oxo_tickets import (
    CommunicationType,
    Direction,
    Kind,
    Ticket,
    carriage,
    carriages,
    coarse_key,
    numbered,
    project,
)
from oxo_tickets.reconciliation import CoarseKey

AT = datetime(2020, 10, 25, 2, 30, 7)  # noqa: DTZ001 (wall clock)


def test_the_key_of_a_known_call(full_call: Ticket) -> None:
    assert coarse_key(full_call) == CoarseKey("outgoing", "128", AT.replace(second=0), 50)


@pytest.mark.parametrize("row", sorted(carriages()))
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {
            "direction": Direction.INCOMING,
            "communication_type": CommunicationType.INCOMING,
            "ring_seconds": 12,
            "call_seconds": 0,
        },
        {"charged_user": "61239876"},
        {"charged_user": ""},
        {"call_seconds": None},
        {"kind": Kind.FACILITY},
    ],
)
def test_the_key_is_the_same_through_every_wire(
    row: tuple[str, str], changed: dict[str, object], full_call: Ticket
) -> None:
    made = replace(full_call, **changed)
    assert coarse_key(project(made, carriage(*row))) == coarse_key(made)


@pytest.mark.parametrize("row", sorted(carriages()))
def test_a_reminder_keeps_its_key(row: tuple[str, str], full_call: Ticket) -> None:
    made = replace(full_call, kind=Kind.REMINDER, direction=None, call_seconds=None)
    assert coarse_key(made).what == "reminder"
    assert coarse_key(project(made, carriage(*row))) == coarse_key(made)


@pytest.mark.parametrize(
    "changed",
    [
        {"direction": Direction.INCOMING},
        {"charged_user": "129"},
        {"local_time": datetime(2020, 10, 25, 2, 31, 7)},  # noqa: DTZ001 (wall clock)
        {"call_seconds": 51},
        {"kind": Kind.REMINDER},
    ],
)
def test_another_ticket_has_another_key(changed: dict[str, object], full_call: Ticket) -> None:
    assert coarse_key(replace(full_call, **changed)) != coarse_key(full_call)


def test_equal_keys_are_counted_in_order() -> None:
    assert list(numbered("abaca")) == [("a", 1), ("b", 1), ("a", 2), ("c", 1), ("a", 3)]
