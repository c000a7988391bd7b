"""What of a ticket a record ED5.2 cannot hold, and what a profile may say about it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_simulator.ed52.codec import RecordImpossible, render
from oxo_simulator.ed52.layout import ED52, OLDER, RECORD_BYTES
from oxo_simulator.ed52.mapping import MANNER, Manner, accepts, unrenderable
from oxo_simulator.ed52.settings import Ed52Settings
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
)
from pydantic import ValidationError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


OUTGOING = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=at("2020-02-12T13:13:52"),
    charged_user="2005",
    dialled_number="5031",
    call_seconds=12,
)
INCOMING = Ticket(
    kind=Kind.CALL,
    direction=Direction.INCOMING,
    communication_type=CommunicationType.INCOMING,
    local_time=at("2020-02-12T14:00:00"),
    charged_user="5031",
    ring_seconds=18,
)


def but(ticket: Ticket, **changes: Any) -> Ticket:
    fields = {name: getattr(ticket, name) for name in Ticket.__struct_fields__}
    return Ticket(**{**fields, **changes})


# What has no room.


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"dialled_number": "1" * 31}, "dialled_number"),
        ({"dialled_number": "12 "}, "dialled_number"),
        ({"dialled_number": "1\n2"}, "dialled_number"),
        ({"charged_user": "1" * 31}, "charged_user"),
        ({"charged_user": "é"}, "charged_user"),
        ({"initial_user": "1" * 31}, "initial_user"),
        ({"account_code": "1" * 17}, "account_code"),
        ({"trunk": "65535"}, "trunk"),
        ({"trunk": "T1"}, "trunk"),
        ({"trunk": "9" * 5000}, "trunk"),
        ({"units": 100_000}, "units"),
        ({"call_seconds": 10**9 + 1}, "call_seconds"),
        ({"cost": Decimal(10**8)}, "cost"),
        ({"local_time": at("1899-12-31T00:00:00")}, "local_time"),
    ],
)
def test_what_has_no_room_is_not_kept(changes: Mapping[str, Any], names: str) -> None:
    assert unrenderable(but(OUTGOING, **changes)) == names
    assert accepts(but(OUTGOING, **changes)) == "cannot be rendered"


def test_ringing_has_five_columns_of_an_incoming_call() -> None:
    assert unrenderable(but(INCOMING, ring_seconds=100_000)) == "ring_seconds"
    assert unrenderable(but(OUTGOING, ring_seconds=100_000)) is None


def test_an_older_layout_has_less_room() -> None:
    long = but(OUTGOING, dialled_number="1" * 27)
    assert accepts(long) is None
    assert unrenderable(long, MANNER, OLDER) == "dialled_number"


TEXT = st.none() | st.text(max_size=32)
TICKETS = st.builds(
    Ticket,
    kind=st.sampled_from(Kind),
    direction=st.none() | st.sampled_from(Direction),
    communication_type=st.none() | st.sampled_from(CommunicationType),
    local_time=st.datetimes().map(lambda each: each.replace(microsecond=0)),
    zone=st.sampled_from([None, "Europe/Paris", "Pacific/Apia"]),
    charged_user=TEXT,
    initial_user=TEXT,
    dialled_number=TEXT,
    masked=st.dictionaries(
        st.sampled_from(["charged_user", "dialled_number", "initial_user"]), st.integers(0, 40)
    ),
    dialling_mode=st.none() | st.sampled_from(DiallingMode),
    facilities=st.sets(st.sampled_from(Facility)).map(lambda each: tuple(sorted(each))),
    service=st.none() | st.sampled_from(Service),
    trunk=st.none() | st.integers(0, 70_000).map(str) | st.text(max_size=5),
    trunk_kind=st.none() | st.sampled_from(TrunkKind),
    ring_seconds=st.none() | st.integers(0, 200_000),
    call_seconds=st.none() | st.integers(0, 2 * 10**9),
    units=st.none() | st.integers(0, 200_000),
    cost=st.none() | st.decimals(0, 10**11, places=3),
    account_code=st.none() | st.text(max_size=18),
    subscriber_name=TEXT,
)
MANNERS = st.builds(
    Manner,
    node=st.integers(0, 9998),
    cost_decimals=st.integers(0, 4),
    trunk_group=st.integers(0, 32_766),
    routed=st.booleans(),
    transit=st.sampled_from(["told", "blank"]),
    hidden_digits=st.integers(0, 30),
)


@settings(deadline=None)
@given(TICKETS, MANNERS)
def test_a_ticket_is_kept_and_written_or_not_kept(ticket: Ticket, manner: Manner) -> None:
    if accepts(ticket, manner) is None:
        written = render(ticket, manner)
        assert len(written) == RECORD_BYTES == ED52.width
        assert written.isascii()
        assert written.decode().isprintable()
    else:
        assert unrenderable(ticket, manner) in Ticket.__struct_fields__


def test_a_ticket_that_is_not_kept_is_not_written_by_chance() -> None:
    with pytest.raises(RecordImpossible, match=r"^CalledNumber: 31 characters in 30"):
        render(but(OUTGOING, dialled_number="1" * 31))


# The profile.


def test_the_profile_gives_the_manner() -> None:
    assert Ed52Settings().manner == MANNER
    chosen = Ed52Settings(
        node=205,
        cost_decimals=4,
        trunk_group=30,
        routed=True,
        transit="blank",
        non_ticketed=("4711",),
        hidden_digits=4,
    )
    assert chosen.manner == Manner(205, 4, 30, True, "blank", frozenset({"4711"}), 4)


@pytest.mark.parametrize(
    "keys", [{"node": 9999}, {"trunk_group": 32_767}, {"non_ticketed": ("a b",)}, {"nod": 1}]
)
def test_a_profile_cannot_say_what_the_record_cannot(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ed52Settings(**keys)
