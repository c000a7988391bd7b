"""What the taxation list tells of a local call: who, with whom, from when till when."""

from datetime import datetime
from typing import Any

import pytest
from oxo_tickets import Direction, Kind, Ticket, carriage, project

AT = datetime(2020, 2, 24, 14, 32, 7)  # noqa: DTZ001 (wall clock)
END = datetime(2020, 2, 24, 14, 33, 7)  # noqa: DTZ001 (wall clock)
BEFORE = datetime(2020, 2, 24, 13, 33, 7)  # noqa: DTZ001 (wall clock)
THE_DAY_AFTER = datetime(2020, 2, 25, 14, 32, 6)  # noqa: DTZ001 (wall clock)
ROWS = ["observed", "extended"]


def local_call(**told: Any) -> Ticket:
    return Ticket(
        kind=Kind.LOCAL_CALL,
        local_time=AT,
        direction=Direction.LOCAL,
        charged_user="106",
        dialled_number="131",
        **told,
    )


@pytest.mark.parametrize("tag_set", ROWS)
@pytest.mark.parametrize(
    ("told", "end", "seconds"),
    [
        # An exchange that was told the length alone writes the end all the same.
        ({"call_seconds": 60}, END, 60),
        ({"call_seconds": 0}, AT, 0),
        ({"call_seconds": 86_399}, THE_DAY_AFTER, 86_399),
        ({"call_seconds": 60, "local_end": END}, END, 60),
        # Begin and end are all there is of the length, ringing and a changed clock within.
        ({"local_end": END}, END, 60),
        ({"call_seconds": 54, "local_end": END}, END, 60),
        ({"call_seconds": 60, "local_end": BEFORE}, BEFORE, None),
        ({}, None, None),
    ],
)
def test_begin_and_end_tell_the_length(
    tag_set: str, told: dict[str, Any], end: datetime | None, seconds: int | None
) -> None:
    through = carriage("taxation", tag_set)
    seen = project(local_call(**told), through)
    assert (seen.local_end, seen.call_seconds) == (end, seconds)
    assert project(seen, through) == seen


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.LOCAL_CALL])
@pytest.mark.parametrize("tag_set", ROWS)
def test_no_other_ticket_has_an_end(tag_set: str, kind: Kind) -> None:
    ticket = Ticket(kind=kind, local_time=AT, local_end=END, call_seconds=50)
    seen = project(ticket, carriage("taxation", tag_set))
    assert (seen.local_end, seen.call_seconds) == (None, 50)
