"""The carriage table: what each wire tells, held to hand-typed expectations."""

from datetime import datetime
from decimal import Decimal

import msgspec
import pytest
from oxo_tickets import (
    FIELDS,
    CarriageUnknown,
    CommunicationType,
    DiallingMode,
    Direction,
    Kind,
    Resolution,
    Standing,
    Ticket,
    carriage,
    carriages,
    project,
)
from oxo_tickets.carriage import RULES


def test_every_field_and_rule_of_the_table_exists() -> None:
    for row in carriages().values():
        assert set(row.standings) <= set(FIELDS)
        assert set(row.rules) <= set(row.standings)
        assert set(row.rules.values()) <= set(RULES)


def test_every_rule_is_used() -> None:
    assert set(RULES) == {rule for row in carriages().values() for rule in row.rules.values()}


@pytest.mark.parametrize(
    ("tag_set", "field", "carried"),
    [
        ("observed", "call_seconds", True),
        ("observed", "dialling_mode", False),
        ("observed", "currency", False),
        ("observed", "reminder_state", False),
        ("extended", "dialling_mode", True),
        ("extended", "currency", True),
        ("extended", "reminder_state", True),
        ("extended", "fold", False),
        ("extended", "zone", False),
    ],
)
def test_what_the_taxation_wire_carries(tag_set: str, field: str, *, carried: bool) -> None:
    assert carriage("taxation", tag_set).carries(field) is carried


def test_our_own_tags_are_marked_as_ours() -> None:
    assert carriage("taxation", "extended").standings["dialling_mode"] is Standing.OURS
    assert carriage("taxation", "observed").standings["call_seconds"] is Standing.FIELD


def test_observed_leaves_what_public_programs_have_seen(full_call: Ticket) -> None:
    assert project(full_call, carriage("taxation", "observed")) == Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2020, 10, 25, 2, 30, 7),  # noqa: DTZ001 (wall clock)
        charged_user="128",
        dialled_number="0039067****",
        ring_seconds=5,
        call_seconds=50,
        account_code="123456",
        subscriber_name="M. ORVELLE",
    )


def test_extended_passes_unknown_tags_of_its_own_wire_only(full_call: Ticket) -> None:
    seen = project(full_call, carriage("taxation", "extended"))
    assert seen.extras == {"taxation": {"FutureThing": "42"}}
    assert seen.cost == Decimal("1.70")


def test_a_statement_knows_no_seconds_and_no_redial(full_call: Ticket) -> None:
    seen = project(full_call, carriage("v24", "fifteen"))
    assert seen.local_time == datetime(2020, 10, 25, 2, 30)  # noqa: DTZ001 (wall clock)
    assert seen.resolution is Resolution.MINUTE
    assert seen.dialling_mode is DiallingMode.MANUAL
    assert seen.currency is None


@pytest.mark.parametrize(
    ("direction", "told", "read"),
    [
        ("outgoing", "outgoing transfer", "outgoing"),
        ("incoming", "incoming private", "incoming"),
        ("outgoing", "facility request", "facility request"),
        ("outgoing", "facility cancelled", "facility cancelled"),
        (None, None, None),
    ],
)
def test_an_arrow_is_coarse(
    full_call: Ticket, direction: str | None, told: str | None, read: str | None
) -> None:
    made = msgspec.structs.replace(
        full_call,
        direction=Direction(direction) if direction else None,
        communication_type=CommunicationType(told) if told else None,
    )
    assert project(made, carriage("v24", "fifteen")).communication_type == read


def test_a_local_call_has_no_arrow(full_call: Ticket) -> None:
    made = msgspec.structs.replace(full_call, direction=Direction.LOCAL)
    assert project(made, carriage("v24", "fifteen")).direction is None


@pytest.mark.parametrize("key", sorted(carriages()))
def test_seeing_twice_through_one_wire_changes_nothing(
    key: tuple[str, str], full_call: Ticket
) -> None:
    once = project(full_call, carriage(*key))
    assert project(once, carriage(*key)) == once


def test_an_unknown_wire_is_named_with_those_that_exist() -> None:
    with pytest.raises(CarriageUnknown, match=r"pigeon/post .* known: taxation/observed"):
        carriage("pigeon", "post")
