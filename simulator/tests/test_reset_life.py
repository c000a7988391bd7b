"""What becomes of calls, appointments and guests in a reset, and in an upgrade."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.messages import Installation
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.life import ResetKind
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.installation import Installed, profile_of
from oxo_simulator.taxation import outlet_terms

CALL = CallOrder(direction="outgoing", user="128", number="0390", call_seconds=300)


class Bench:
    def __init__(self, folder: Path, **overrides: Any) -> None:
        self.order = Installation(overrides={"mode": "hotel", **overrides})
        profile = profile_of(self.order)
        self.installed = Installed(
            self.order,
            profile,
            number=1,
            token="a",
            ledger_file=folder / "ledger.ndjson",
            outlets=[outlet_terms(profile)],
            utc_now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            broken=print,
        )

    @property
    def exchange(self) -> Any:
        return self.installed.exchange

    def upgrade(self, **overrides: Any) -> None:
        other = Installation(overrides={"mode": "hotel", **overrides})
        profile = profile_of(other)
        self.installed.upgrade(other, profile, [outlet_terms(profile)])

    def lines(self, event: str) -> list[Any]:
        return [
            line.detail for line in self.installed.ledger.since(0, 10_000) if line.event == event
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Any]:
    made: list[Bench] = []

    def make(**overrides: Any) -> Bench:
        made.append(Bench(tmp_path, **overrides))
        return made[-1]

    yield make
    for each in made:
        each.installed.ledger.close()


def occupied(one: Bench) -> None:
    """Let somebody talk, wait to be woken, and sleep in 107."""
    one.exchange.place([CALL])
    one.exchange.program(Appointment("106", "07:00", "permanent"))
    one.exchange.hotel.check_in(["107"], Stay(guest_name="Guest", deposit=Decimal(20)))
    one.installed.clock.advance(10)


@pytest.mark.parametrize("kind", list(ResetKind))
def test_calls_in_progress_end_without_a_ticket_and_their_lines_are_free(
    bench: Any, kind: ResetKind
) -> None:
    one = bench()
    occupied(one)
    made = one.exchange.tickets_made
    one.exchange.reset(kind, "1-b")
    assert one.lines("call ended") == [{"call": "c1", "tickets": [], "why": kind.reason}]
    assert not any(trunk.occupied for trunk in one.exchange.calls.trunks.occupation())
    one.installed.clock.advance(3600)
    assert one.exchange.tickets_made == made, "nothing of before comes later"


@pytest.mark.parametrize(
    ("kind", "keeps", "kept"),
    [
        (ResetKind.WARM, {}, True),
        (ResetKind.WARM, {"reset.warm_keeps": False}, False),
        (ResetKind.COLD, {}, False),
        (ResetKind.COLD, {"reset.cold_keeps": True}, True),
        (ResetKind.POWER_CUT, {}, True),
        (ResetKind.POWER_CUT, {"reset.power_cut_keeps": False}, False),
    ],
)
def test_appointments_and_guests_are_kept_as_the_tickets_are(
    bench: Any,
    kind: ResetKind,
    keeps: dict[str, bool],
    kept: bool,  # noqa: FBT001 - pytest names it
) -> None:
    one = bench(**keeps)
    occupied(one)
    one.exchange.reset(kind, "1-b")
    assert one.exchange.rooms["107"].occupied == kept
    assert bool(one.exchange.reminders.awaited()) == kept
    one.installed.clock.advance(24 * 3600)
    rang = [each for each in one.lines("reminder") if each["state"] == "ringing"]
    assert bool(rang) == kept


def test_an_upgrade_keeps_appointments_guests_states_and_the_names_of_calls(bench: Any) -> None:
    one = bench()
    occupied(one)
    one.exchange.reset(ResetKind.WARM, "1-b")
    one.upgrade(release="R6.2")
    assert one.exchange.release == "R6.2"
    assert one.exchange.rooms["107"].guest_name == "Guest"
    one.exchange.place([CALL])
    assert [each["call"] for each in one.lines("call")] == ["c1", "c2"]
    one.installed.clock.advance(24 * 3600)
    times = [each["attempt"] for each in one.lines("reminder") if each["state"] == "ringing"]
    assert times == [1, 2, 3], "once, and not by the release before as well"


def test_a_full_buffer_that_blocks_lets_nobody_call_who_would_be_charged(bench: Any) -> None:
    one = bench(**{"buffer.capacity": 1, "buffer.overflow": "block"})
    assert one.exchange.place([CALL]).outcomes == ["answered"]
    one.installed.clock.advance(400)
    assert one.exchange.place([CALL]).outcomes == ["barred"]
    one.exchange.offered(1, 1, "s1", "c1")
    one.exchange.acknowledge(1, "s1", "c1")
    assert one.exchange.place([CALL]).outcomes == ["answered"]
    assert not one.lines("dropped")
