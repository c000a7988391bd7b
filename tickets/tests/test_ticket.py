"""The model refuses what no wire may say."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from oxo_tickets import FIELDS, Facility, Kind, Ticket

AT = datetime(2020, 2, 24, 14, 32, 7)  # noqa: DTZ001 (wall clock of the exchange)


def test_a_minimal_ticket_tells_nothing_but_kind_and_time() -> None:
    ticket = Ticket(kind=Kind.CALL, local_time=AT)
    told = {name for name in FIELDS if getattr(ticket, name) not in (None, {}, ())}
    assert told == {"kind", "local_time", "resolution"}


@pytest.mark.parametrize("field", ["local_time", "local_end"])
def test_a_local_time_with_an_offset_is_refused(field: str) -> None:
    ticket = Ticket(kind=Kind.CALL, local_time=AT)
    with pytest.raises(ValueError, match="without an offset"):
        msgspec.structs.replace(ticket, **{field: datetime(2020, 2, 24, tzinfo=UTC)})


@pytest.mark.parametrize("field", ["local_time", "local_end"])
def test_no_wire_tells_a_fraction_of_a_second(field: str) -> None:
    ticket = Ticket(kind=Kind.CALL, local_time=AT)
    with pytest.raises(ValueError, match="whole seconds"):
        msgspec.structs.replace(ticket, **{field: AT.replace(microsecond=1)})


@pytest.mark.parametrize(
    "facilities",
    [
        (Facility.TRANSFER, Facility.FORWARDING),
        (Facility.TRANSFER, Facility.TRANSFER),
    ],
)
def test_facilities_have_one_spelling(facilities: tuple[Facility, ...]) -> None:
    with pytest.raises(ValueError, match="sorted and without repetition"):
        Ticket(kind=Kind.CALL, local_time=AT, facilities=facilities)


@pytest.mark.parametrize("field", ["ring_seconds", "call_seconds", "units"])
def test_no_count_is_negative(field: str) -> None:
    ticket = Ticket(kind=Kind.CALL, local_time=AT)
    with pytest.raises(ValueError, match=f"{field} is not negative"):
        msgspec.structs.replace(ticket, **{field: -1})


@pytest.mark.parametrize(
    "cost", ["NaN", "sNaN", "Infinity", "-0.01", "-0", "1e12", "1e999999999", "1e-999999999"]
)
def test_what_is_no_amount_of_money_is_no_cost(cost: str) -> None:
    with pytest.raises(ValueError, match="cost is an amount of money"):
        Ticket(kind=Kind.CALL, local_time=AT, cost=Decimal(cost))


@pytest.mark.parametrize("cost", ["0", "0.00", "1.70", "0.0001", "999999999999.9999"])
def test_an_amount_of_money_is_a_cost(cost: str) -> None:
    assert str(Ticket(kind=Kind.CALL, local_time=AT, cost=Decimal(cost)).cost) == cost


def test_a_fold_is_zero_or_one() -> None:
    with pytest.raises(ValueError, match="fold is 0 or 1"):
        Ticket(kind=Kind.CALL, local_time=AT, fold=2)


def test_an_empty_charged_user_is_not_an_absent_one() -> None:
    assert Ticket(kind=Kind.CALL, local_time=AT, charged_user="") != Ticket(
        kind=Kind.CALL, local_time=AT
    )


@pytest.mark.parametrize("problem", [-1, 1000])
def test_a_room_problem_has_up_to_three_digits(problem: int) -> None:
    with pytest.raises(ValueError, match="room_problem is 0 to 999"):
        Ticket(kind=Kind.ROOM_STATUS, local_time=AT, room_problem=problem)
