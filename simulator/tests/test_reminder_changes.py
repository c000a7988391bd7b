"""Permanent reminders over daylight saving: once on every day, at the time that it has."""

from collections import Counter
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_simulator.control.messages import Installation
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.installation import Installed, profile_of
from oxo_simulator.taxation import outlet_terms

SPRING, AUTUMN = datetime(2020, 3, 29), datetime(2020, 10, 25)  # noqa: DTZ001 - days in Berlin
DAYS = 7


def rings(start: datetime, shown: str, **overrides: Any) -> list[tuple[datetime, int]]:
    """Return when a permanent reminder that is answered at once rings: wall clock and fold."""
    order = Installation(overrides=overrides, start=start)
    profile = profile_of(order)
    with TemporaryDirectory() as folder:
        installed = Installed(
            order,
            profile,
            number=1,
            token="a",
            ledger_file=Path(folder) / "ledger.ndjson",
            outlets=[outlet_terms(profile)],
            utc_now=lambda: datetime(2026, 1, 1),  # noqa: DTZ001 - of no ticket
            broken=print,
        )
        found = []

        def see(line: Any) -> None:
            if line.event == "reminder" and line.detail["state"] == "ringing":
                now = installed.wall.now()
                found.append((now.local, now.fold))

        installed.ledger.watch(see)
        installed.exchange.program(Appointment("106", shown, "permanent", answered_at=1))
        installed.clock.advance(DAYS * 86_400)
        installed.ledger.close()
    return found


@given(
    change=st.sampled_from([SPRING, AUTUMN]),
    before_hours=st.integers(1, 4 * 24),
    shown=st.times(),
)
@settings(max_examples=60, deadline=None)
def test_a_permanent_reminder_rings_once_on_each_day_at_its_time(
    change: datetime, before_hours: int, shown: time
) -> None:
    shown = shown.replace(second=0, microsecond=0)
    start = change - timedelta(hours=before_hours)
    found = rings(start, f"{shown:%H:%M}")
    days = Counter(local.date() for local, _ in found)
    assert set(days.values()) == {1}, "never twice, not even in the repeated hour"
    first = start.date() if (shown > start.time()) else start.date() + timedelta(days=1)
    assert sorted(days) == [first + timedelta(days=number) for number in range(len(days))]
    assert DAYS - 1 <= len(days) <= DAYS + 1
    missing = change == SPRING and time(2) <= shown < time(3)
    for local, _ in found:
        late = missing and local.date() == SPRING.date()
        assert local.time() == (time(3) if late else shown)


def test_in_the_repeated_hour_it_rings_in_the_first_pass() -> None:
    found = dict(rings(AUTUMN - timedelta(hours=5), "02:30"))
    assert found[AUTUMN.replace(hour=2, minute=30)] == 0


@pytest.mark.parametrize(("missing", "hours"), [("at-the-jump", [3]), ("next-day", [])])
def test_in_the_missing_hour_it_rings_at_the_jump_or_not_that_day(
    missing: str, hours: list[int]
) -> None:
    found = rings(SPRING - timedelta(hours=5), "02:30", **{"appointments.missing_time": missing})
    assert [local.hour for local, _ in found if local.date() == SPRING.date()] == hours
