"""A comparison names every field that differs, and only those asked for."""

from decimal import Decimal

import msgspec
import pytest
from oxo_tickets import FIELDS, Difference, Facility, Ticket, differences


def test_equal_tickets_differ_in_nothing(full_call: Ticket) -> None:
    assert differences(full_call, full_call) == ()


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_is_noticed_by_its_own_name(field: str, full_call: Ticket) -> None:
    """Replace one field after the other by a value of the same type."""
    other = {
        "local_time": full_call.local_time.replace(second=8),
        "local_end": full_call.local_time,
        "cost": Decimal("9.99"),
        "reminder_time": None,
        "room_problem": 42,
        "facilities": (),
        "masked": {},
        "extras": {},
        "fold": 0,
        "resolution": "minute",
        "kind": "local call",
        "direction": "incoming",
    }
    value = other.get(field, 77 if isinstance(getattr(full_call, field), int) else "other")
    changed = msgspec.structs.replace(full_call, **{field: value})
    assert [found.field for found in differences(full_call, changed)] == [field]


def test_only_the_fields_asked_for_are_compared(full_call: Ticket) -> None:
    changed = msgspec.structs.replace(full_call, units=3, currency="CHF")
    found = differences(full_call, changed, ["units", "zone"])
    assert found == (Difference("units", 2, 3),)


def test_a_difference_reads_as_a_sentence(full_call: Ticket) -> None:
    changed = msgspec.structs.replace(full_call, currency=None)
    assert str(*differences(full_call, changed)) == "currency: expected 'EUR', found nothing"


def test_several_facilities_are_listed_by_their_words() -> None:
    both = (Facility.FORWARDING, Facility.TRANSFER)
    told = str(Difference("facilities", both, ()))
    assert told == "facilities: expected 'forwarding, transfer', found nothing"


def test_money_compares_by_value(full_call: Ticket) -> None:
    changed = msgspec.structs.replace(full_call, cost=Decimal("1.7000"))
    assert differences(full_call, changed) == ()


def test_a_field_that_does_not_exist_is_the_callers_error(full_call: Ticket) -> None:
    with pytest.raises(ValueError, match="no such ticket field: colour"):
        differences(full_call, full_call, ["colour"])
