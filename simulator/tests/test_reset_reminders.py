"""What a reset leaves of what is programmed at sets, and of tickets that are not written yet.

While a reset keeps the exchange down nobody is rung and nothing is written.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.messages import (
    AppointmentOrder,
    FirmwareOrder,
    Installation,
    Reset,
)
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.life import Phase, ResetKind
from oxo_simulator.exchange.orders import CallOrder, FacilityRequest
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.exchange.sets import SetState
from oxo_simulator.installation import Installed, profile_of
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import Facility, RoomStatus

NIGHT = datetime(2020, 2, 24, 6)  # noqa: DTZ001 - wall clock
HOUR, DAY = 3600, 86_400
FEW = """
[[set]]
number = "128"
class = "business"

[[set]]
number = "106"
class = "room"

[[trunk]]
name = "V01"
"""


class Bench:
    """An exchange in hotel mode with its own time, taken through resets by hand."""

    def __init__(self, folder: Path, **overrides: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        order = Installation(overrides={"mode": "hotel", **dotted}, start=NIGHT)
        profile = profile_of(order)
        self.installed = Installed(
            order,
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

    def pass_seconds(self, seconds: float) -> None:
        self.installed.clock.advance(seconds)

    def go_down(self, kind: ResetKind = ResetKind.WARM) -> None:
        self.exchange.enter(Phase.REFUSED)
        self.exchange.reset(kind, "1-b")

    def upgrade(self, kind: ResetKind = ResetKind.WARM, **overrides: Any) -> None:
        """Go down, and come back as another release, which is not serving yet."""
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        other = Installation(overrides={"mode": "hotel", **dotted}, start=NIGHT)
        profile = profile_of(other)
        self.exchange.reset(kind, "1-b")
        self.installed.upgrade(other, profile, [outlet_terms(profile)])
        self.exchange.enter(Phase.REFUSED)

    def serve(self) -> None:
        self.exchange.enter(Phase.BUSY)
        self.exchange.enter(Phase.SERVING)

    def lines(self, event: str) -> list[Any]:
        found = self.installed.ledger.since(0, 10_000)
        return [line for line in found if line.event == event]

    def rings(self) -> list[str]:
        steps = [line for line in self.lines("reminder") if line.detail["state"] == "ringing"]
        return [line.exchange_time[8:19].replace("T", " ") for line in steps]

    def tickets(self) -> list[Any]:
        return [line.detail["ticket"] for line in self.lines("made")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**overrides: Any) -> Bench:
        made.append(Bench(tmp_path, **overrides))
        return made[-1]

    yield make
    for each in made:
        each.installed.ledger.close()


def states(one: Bench) -> list[str]:
    return [ticket["reminder_state"] for ticket in one.tickets()]


# Reminders that are due while nobody can be rung.


@pytest.mark.parametrize("how", ["go_down", "upgrade"])
@pytest.mark.parametrize("kind", [ResetKind.WARM, ResetKind.POWER_CUT])
def test_nobody_is_rung_while_the_exchange_is_down_and_all_are_when_it_serves_again(
    bench: Any, kind: ResetKind, how: str
) -> None:
    one = bench()
    for user in ("106", "107"):
        one.exchange.program(Appointment(user, "07:00", answered_at=1))
    one.exchange.program(Appointment("108", "09:00", answered_at=1))
    one.pass_seconds(HOUR / 2)
    getattr(one, how)(kind)
    made = len(one.tickets())
    one.pass_seconds(HOUR)
    assert one.rings() == []
    assert len(one.tickets()) == made
    one.serve()
    one.pass_seconds(DAY)
    assert one.rings() == ["24 07:30:00", "24 07:30:00", "24 09:00:00"]
    assert states(one) == ["activation"] * 3 + ["complete"] * 3


def test_the_profile_may_let_those_that_were_due_fail_instead(bench: Any) -> None:
    one = bench(appointments__due_in_reset="failed")
    one.exchange.program(Appointment("106", "07:00", "permanent", answered_at=1))
    one.exchange.program(Appointment("107", "07:00", answered_at=1))
    one.exchange.program(Appointment("108", "09:00", answered_at=1))
    one.pass_seconds(HOUR / 2)
    one.go_down()
    one.pass_seconds(HOUR)
    assert states(one) == ["activation"] * 3
    one.serve()
    one.pass_seconds(HOUR / 4)
    assert states(one)[3:] == ["failed", "failed"]
    assert {ticket["local_time"][11:16] for ticket in one.tickets()[3:]} == {"07:30"}
    assert one.rings() == []
    one.pass_seconds(DAY)
    assert one.rings() == ["24 09:00:00", "25 07:00:00"]


@pytest.mark.parametrize("how", ["go_down", "upgrade"])
def test_an_attempt_that_a_reset_interrupts_is_made_again(bench: Any, how: str) -> None:
    one = bench()
    one.exchange.program(Appointment("106", "07:00", answered_at=2))
    one.pass_seconds(HOUR + 3)
    getattr(one, how)()
    one.pass_seconds(600)
    assert one.rings() == ["24 07:00:00"]
    one.serve()
    one.pass_seconds(HOUR)
    assert one.rings() == ["24 07:00:00", "24 07:10:03", "24 07:11:18"]
    attempts = [line.detail["attempt"] for line in one.lines("reminder")]
    assert attempts == [0, 1, 1, 1, 2, 2]
    assert states(one) == ["activation", "complete"]


def test_a_permanent_one_that_missed_days_rings_once_and_then_at_its_time(bench: Any) -> None:
    one = bench()
    one.exchange.program(Appointment("106", "07:00", "permanent", answered_at=1))
    one.go_down()
    one.pass_seconds(3 * DAY + 2 * HOUR)
    one.serve()
    one.pass_seconds(2 * DAY)
    assert one.rings() == ["27 08:00:00", "28 07:00:00", "29 07:00:00"]


def test_a_reset_during_a_reset_changes_nothing_of_it(bench: Any) -> None:
    one = bench()
    one.exchange.program(Appointment("106", "06:30", answered_at=1))
    one.go_down()
    one.exchange.enter(Phase.BUSY)
    one.go_down()
    one.pass_seconds(HOUR)
    one.serve()
    one.pass_seconds(HOUR)
    assert one.rings() == ["24 07:00:00"]


@pytest.mark.parametrize(
    "order",
    [
        lambda one: one.exchange.program(Appointment("106", "07:00")),
        lambda one: one.exchange.reminders.cancel("106"),
        lambda one: one.exchange.hotel.check_in(["107"], Stay(guest_name="Guest")),
        lambda one: one.exchange.hotel.tell_status("107", RoomStatus.CLEANED),
    ],
)
def test_an_exchange_that_is_down_takes_no_order_from_a_set(bench: Any, order: Any) -> None:
    one = bench()
    one.exchange.program(Appointment("106", "07:00"))
    one.go_down()
    with pytest.raises(OrderError, match="a reset keeps the exchange down"):
        order(one)
    one.pass_seconds(HOUR / 2)
    assert len(one.tickets()) == 1
    one.serve()
    order(one)


# Tickets of what has happened, within the write delay.


def _called(one: Bench) -> None:
    one.exchange.place([CallOrder(direction="outgoing", user="128", number="0390", call_seconds=1)])
    one.pass_seconds(1)


EVENTS: dict[str, Callable[[Bench], object]] = {
    "call": _called,
    "facility": lambda one: one.exchange.calls.request(FacilityRequest("128", Facility.FORWARDING)),
    "appointment": lambda one: one.exchange.program(Appointment("106", "07:00")),
    "room status": lambda one: one.exchange.hotel.tell_status("106", RoomStatus.CLEANED, 3),
}


@pytest.mark.parametrize("how", ["go_down", "upgrade"])
@pytest.mark.parametrize(
    ("kind", "keys", "kept"),
    [
        (ResetKind.WARM, {}, True),
        (ResetKind.WARM, {"reset__warm_keeps": False}, False),
        (ResetKind.COLD, {}, False),
        (ResetKind.COLD, {"reset__cold_keeps": True}, True),
        (ResetKind.POWER_CUT, {}, True),
        (ResetKind.POWER_CUT, {"reset__power_cut_keeps": False}, False),
    ],
)
@pytest.mark.parametrize("source", EVENTS)
def test_a_ticket_within_the_write_delay_is_kept_as_those_that_wait_are(  # noqa: PLR0913, PLR0917
    bench: Any,
    source: str,
    kind: ResetKind,
    keys: dict[str, bool],
    kept: bool,  # noqa: FBT001 - pytest names it
    how: str,
) -> None:
    one = bench(metering__write_delay_seconds=30, **keys)
    EVENTS[source](one)
    one.pass_seconds(10)
    assert one.tickets() == []
    getattr(one, how)(kind)
    made = len(one.tickets())
    one.pass_seconds(60)
    assert len(one.tickets()) == made, "nothing is written while it is down"
    one.serve()
    one.pass_seconds(60)
    assert [line.detail["source"] for line in one.lines("made")] == [source] * kept
    assert one.exchange.waiting_count() == kept


# What is set up at sets.


@pytest.mark.parametrize("how", ["go_down", "upgrade"])
@pytest.mark.parametrize(
    ("kind", "keys", "kept"),
    [
        (ResetKind.WARM, {}, True),
        (ResetKind.COLD, {}, False),
        (ResetKind.COLD, {"reset__cold_keeps": True}, True),
        (ResetKind.POWER_CUT, {}, True),
    ],
)
def test_a_cold_reset_forgets_what_is_set_up_at_sets_and_the_others_keep_it(
    bench: Any,
    kind: ResetKind,
    keys: dict[str, bool],
    kept: bool,  # noqa: FBT001 - pytest names it
    how: str,
) -> None:
    one = bench(**keys)
    calls = one.exchange.calls
    before = {
        "106": SetState("do not disturb"),
        "128": SetState("out of service"),
        "129": SetState("busy"),
        "130": SetState(diverted_to="0390"),
        "131": SetState("busy", monitoring="outgoing"),
    }
    for number, state in before.items():
        calls.set_up(number, state)
    told = len(one.lines("set"))
    getattr(one, how)(kind)
    one.serve()
    after = {number: one.exchange.calls.states[number] for number in before}
    factory = {number: SetState(monitoring=state.monitoring) for number, state in before.items()}
    assert after == (before if kept else factory), "whose calls are ticketed is no set's to say"
    assert len(one.lines("set")) - told == (0 if kept else len(before))


def test_into_business_mode_no_guest_comes_along_and_no_wake_up_of_the_hotel_key(
    bench: Any,
) -> None:
    one = bench(reset__cold_keeps=True)
    stay = Stay(guest_name="Guest", do_not_disturb=True, wake_up="07:00")
    one.exchange.hotel.check_in(["107"], stay)
    one.exchange.program(Appointment("108", "07:00", "permanent", answered_at=1))
    one.pass_seconds(5)
    one.upgrade(ResetKind.COLD, mode="business", reset__cold_keeps=True)
    one.serve()
    room = one.exchange.rooms["107"]
    assert (room.occupied, room.guest_name, room.reminder_time) == (False, None, None)
    assert one.exchange.calls.states["107"] == SetState()
    assert [each.order.user for each in one.exchange.reminders.awaited()] == ["108"]
    one.pass_seconds(DAY)
    assert {line.detail["user"] for line in one.lines("reminder")[2:]} == {"108"}


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", ["24 23:00:00", "25 08:00:00", "25 23:00:00"]),
        ("America/New_York", ["24 08:00:00", "24 23:00:00", "25 23:00:00"]),
        ("Asia/Tokyo", ["24 23:00:00", "25 08:00:00", "25 23:00:00"]),
    ],
)
def test_in_another_zone_a_reminder_rings_when_the_clock_there_shows_its_time(
    bench: Any, zone: str, expected: list[str]
) -> None:
    one = bench()
    one.exchange.program(Appointment("106", "23:00", "permanent", answered_at=1))
    one.pass_seconds(2.5 * HOUR)
    one.exchange.program(Appointment("107", "08:00", answered_at=1))
    one.upgrade(zone=zone)
    one.serve()
    one.pass_seconds(46 * HOUR)
    assert one.rings() == expected


def test_of_who_is_not_installed_any_more_nothing_goes_along(bench: Any, tmp_path: Path) -> None:
    few = tmp_path / "few.toml"
    few.write_text(FEW, "utf-8")
    one = bench(appointments__attempts=1)
    one.exchange.program(Appointment("107", "06:30", "permanent"))
    one.exchange.program(Appointment("128", "07:00", answered_at=1))
    one.pass_seconds(HOUR / 2 + 20)
    assert list(one.exchange.hotel.reception.alarms) == ["107"]
    one.upgrade(installation=str(few))
    one.serve()
    assert [each.order.user for each in one.exchange.reminders.awaited()] == ["128"]
    assert not one.exchange.hotel.reception.alarms
    one.pass_seconds(DAY)
    assert one.rings() == ["24 06:30:00", "24 07:00:00"]


# The process.


@pytest.mark.process
@pytest.mark.oxo(
    overrides={"mode": "hotel", "reset.refused_seconds": 0.3, "reset.busy_seconds": 0.3}
)
@pytest.mark.parametrize("how", ["reset", "upgrade"])
def test_a_process_rings_nobody_between_a_reset_and_its_service(
    oxo: EphemeralExchange, how: str
) -> None:
    wake_up = AppointmentOrder(user="106", time="15:00", answered_at=1)
    oxo.control.program_appointment(wake_up)
    if how == "reset":
        oxo.control.reset(Reset(kind="power cut"))
    else:
        oxo.control.upgrade(FirmwareOrder(profile="certify", overrides={"mode": "hotel"}))
    oxo.control.advance(7200)
    oxo.wait_for("phase", phase="serving")
    oxo.control.advance(60)
    told = [
        line.detail.get("state") or line.detail.get("phase") or line.event
        for line in oxo.ledger()
        if line.event in ("reset", "phase", "reminder")
    ]
    down = ["programmed", "reset", "refused", "busy", "serving"]
    assert told == [*down, "ringing", "acknowledged"]
