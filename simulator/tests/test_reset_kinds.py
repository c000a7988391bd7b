"""What each kind of reset leaves at the outlets: tickets, sequences, epochs, ledger lines."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import ResetKind
from oxo_simulator.exchange.orders import FacilityRequest
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.port import NeverOffered
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import Facility, Kind, Ticket

CALL = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14), call_seconds=3)  # noqa: DTZ001
V24 = OutletTerms(wire="v24", capacity=9, alarm_percent=0)

Lines = list[tuple[str, dict[str, Any]]]


def installed(clock: VirtualClock | None = None, **overrides: Any) -> tuple[Exchange, Lines]:
    dotted = {f"reset.{key}": value for key, value in overrides.items()}
    profile = load_profile("certify", dotted)
    lines: Lines = []
    exchange = Exchange(
        profile=profile,
        seed=1,
        epoch="1-a",
        clock=WallClock(clock or VirtualClock(), profile.start, ZoneInfo(profile.zone)),
        record=lambda event, detail: lines.append((event, detail)),
        outlets=[outlet_terms(profile), V24],
    )
    return exchange, lines


def after(kind: ResetKind, **overrides: Any) -> tuple[Exchange, Lines, bool]:
    """Reset an exchange with two tickets, of which one was offered."""
    exchange, lines = installed(**overrides)
    exchange.load([CALL, CALL], 0)
    exchange.offered(1, 1, "s1", "c1")
    lines.clear()
    lost = exchange.reset(kind, "1-b")
    return exchange, lines, lost


def dropped(reason: str) -> Lines:
    lines: Lines = [("dropped", {"id": number, "reason": reason}) for number in (1, 2)]
    return lines + [(event, {**detail, "wire": "v24"}) for event, detail in lines]


def test_a_cold_reset_loses_what_waits_and_counts_anew_in_a_new_epoch() -> None:
    exchange, lines, lost = after(ResetKind.COLD)
    assert lost
    assert lines == [*dropped("cold reset"), ("epoch", {"epoch": "1-b"})]
    assert exchange.epoch == "1-b"
    exchange.load([CALL], 0)
    assert [(each.sequence, each.id) for each in exchange.waiting(9)] == [(1, 3)]


def test_after_a_cold_reset_nothing_was_offered_that_could_be_acknowledged() -> None:
    exchange, _, _ = after(ResetKind.COLD)
    exchange.load([CALL], 0)
    with pytest.raises(NeverOffered):
        exchange.acknowledge(1, "s2", "c2")
    assert exchange.waiting_count() == 1


def test_a_cold_reset_that_keeps_begins_an_epoch_and_loses_nothing() -> None:
    exchange, lines, lost = after(ResetKind.COLD, cold_keeps=True)
    assert not lost
    assert lines == [("epoch", {"epoch": "1-b"})]
    assert [each.sequence for each in exchange.waiting(9)] == [1, 2]


@pytest.mark.parametrize("kind", [ResetKind.WARM, ResetKind.POWER_CUT])
def test_the_other_resets_keep_all_and_the_epoch(kind: ResetKind) -> None:
    exchange, lines, lost = after(kind)
    assert not lost
    assert lines == []
    assert exchange.epoch == "1-a"
    assert exchange.acknowledge(1, "s2", "c2") == 1


def loading(**overrides: Any) -> tuple[Exchange, Lines, VirtualClock]:
    """Return an exchange with a paced load under way: one ticket is written, two are to come."""
    clock = VirtualClock()
    exchange, lines = installed(clock, **overrides)
    calls = [replace(CALL, local_time=CALL.local_time + timedelta(hours=n)) for n in range(3)]
    exchange.load(calls, 1)
    exchange.load([CALL], 1)
    lines.clear()
    return exchange, lines, clock


@pytest.mark.parametrize("kind", [ResetKind.WARM, ResetKind.POWER_CUT])
def test_the_rest_of_a_paced_load_is_written_before_the_exchange_is_down(kind: ResetKind) -> None:
    exchange, lines, clock = loading()
    exchange.reset(kind, "1-b")
    assert [each.id for each in exchange.waiting(9)] == [1, 2, 3, 4]
    written = len(lines)
    clock.advance(7200)
    assert len(lines) == written


def test_the_rest_of_a_paced_load_that_is_lost_has_a_line() -> None:
    exchange, lines, clock = loading()
    exchange.calls.request(FacilityRequest("128", Facility.TRANSFER))
    lines.clear()
    exchange.reset(ResetKind.COLD, "1-b")
    assert lines[:2] == [
        ("not written", {"tickets": 1, "reason": "cold reset"}),
        ("not written", {"tickets": 2, "reason": "cold reset"}),
    ]
    lines.clear()
    clock.advance(7200)
    assert lines == []


@pytest.mark.parametrize(
    ("kind", "key", "reason"),
    [
        (ResetKind.WARM, "warm_keeps", "warm reset"),
        (ResetKind.POWER_CUT, "power_cut_keeps", "power cut"),
    ],
)
def test_what_they_do_not_keep_is_dropped_and_the_sequence_goes_on(
    kind: ResetKind, key: str, reason: str
) -> None:
    exchange, lines, lost = after(kind, **{key: False})
    assert lost
    assert lines == dropped(reason)
    assert exchange.epoch == "1-a"
    exchange.load([CALL], 0)
    assert [(each.sequence, each.id) for each in exchange.waiting(9)] == [(3, 3)]
    assert exchange.acknowledge(1, "s2", "c2") == 0, "offered before; nothing is removed by it"
    assert exchange.outlets["v24"].waiting(9)[0].sequence == 3
