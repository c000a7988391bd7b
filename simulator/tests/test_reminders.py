"""Appointment reminders: how often and when a set rings, and which tickets tell of it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.appointment_settings import AppointmentSettings
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.reminders import APPOINTMENTS_MAX, Groups, Reminders, Telephone
from oxo_simulator.exchange.unwritten import Unwritten
from oxo_tickets import Kind, Ticket

EVENING = datetime(2020, 2, 24, 22)  # noqa: DTZ001 - wall clock
DAY = 24 * 3600


class Hall:
    """Reminders with a clock and a ledger on paper; sets are busy while they stand in `busy`."""

    def __init__(
        self,
        start: datetime = EVENING,
        *,
        hotel: bool = False,
        zone: str = "Europe/Berlin",
        **keys: Any,
    ) -> None:
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, start, ZoneInfo(zone))
        self.lines: list[tuple[str, str, str, int]] = []
        self.tickets: list[tuple[str, str, str]] = []
        self.written: list[Ticket] = []
        self.busy: set[str] = set()
        self.broken: set[str] = set()
        self.reminders = Reminders(
            AppointmentSettings(**keys),
            hotel=hotel,
            clock=self.wall,
            telephone=Telephone(str, self.busy.__contains__, self.broken.__contains__),
            unwritten=Unwritten(self.wall, self._write, 1),
            record=self._record,
        )

    def _now(self) -> str:
        return f"{self.wall.now().local:%H:%M:%S}"

    def _record(self, event: str, detail: dict[str, Any]) -> None:
        assert event == "reminder"
        step = (detail["user"], detail["state"], detail["attempt"])
        self.lines.append((self._now(), *step))

    def _write(self, ticket: Ticket, source: str, _part: object = None) -> int:
        assert source == "appointment"
        assert ticket.kind is Kind.REMINDER
        self.written.append(ticket)
        stamp = f"{ticket.local_time:%H:%M:%S}"
        self.tickets.append((stamp, str(ticket.charged_user), str(ticket.reminder_state)))
        return len(self.tickets)

    def program(self, user: str = "106", time: str = "07:00", **more: Any) -> None:
        self.reminders.program(Appointment(user, time, **more))

    def rings(self) -> list[str]:
        return [at for at, _, step, _ in self.lines if step == "ringing"]

    def states(self) -> list[str]:
        return [state for _, _, state in self.tickets]


def test_one_that_nobody_answers_rings_three_times_and_fails() -> None:
    hall = Hall()
    hall.program()
    hall.clock.advance(DAY)
    assert hall.lines == [
        ("22:00:00", "106", "programmed", 0),
        ("07:00:00", "106", "ringing", 1),
        ("07:00:15", "106", "not acknowledged", 1),
        ("07:01:15", "106", "ringing", 2),
        ("07:01:30", "106", "not acknowledged", 2),
        ("07:02:30", "106", "ringing", 3),
        ("07:02:45", "106", "not acknowledged", 3),
    ]
    assert hall.tickets == [("22:00:00", "106", "activation"), ("07:02:45", "106", "failed")]
    assert hall.reminders.awaited() == []


def test_the_minute_may_be_counted_from_the_begin_of_a_ring() -> None:
    hall = Hall(gap_from="begin")
    hall.program()
    hall.clock.advance(DAY)
    assert hall.rings() == ["07:00:00", "07:01:00", "07:02:00"]
    assert hall.tickets[-1] == ("07:02:15", "106", "failed")


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_one_that_is_answered_is_complete(attempt: int) -> None:
    hall = Hall()
    hall.program(answered_at=attempt)
    hall.clock.advance(DAY)
    assert hall.lines[-1][1:] == ("106", "acknowledged", attempt)
    assert len(hall.rings()) == attempt
    assert hall.states() == ["activation", "complete"]


def test_the_profile_says_how_long_and_how_often() -> None:
    hall = Hall(ring_seconds=30, gap_seconds=10, attempts=2)
    hall.program()
    hall.clock.advance(DAY)
    assert hall.rings() == ["07:00:00", "07:00:40"]
    assert hall.tickets[-1] == ("07:01:10", "106", "failed")


def test_the_ticket_is_written_the_delay_after_the_event() -> None:
    hall = Hall()
    hall.program()
    hall.clock.advance(0.9)
    assert hall.tickets == []
    hall.clock.advance(0.1)
    assert hall.states() == ["activation"]


def test_one_within_a_day_and_never_at_once() -> None:
    hall = Hall(EVENING)
    hall.program(time="22:00")
    hall.clock.advance(DAY - 1)
    assert hall.rings() == []
    hall.clock.advance(1)
    assert hall.rings() == ["22:00:00"]


def test_a_permanent_one_comes_again_each_day_failed_or_not() -> None:
    hall = Hall()
    hall.program(kind="permanent")
    hall.clock.advance(3 * DAY)
    assert hall.rings() == ["07:00:00", "07:01:15", "07:02:30"] * 3
    assert hall.states() == ["activation", "failed", "failed", "failed"]
    assert [each.rings_at.isoformat() for each in hall.reminders.of("106")] == [
        "2020-02-28T06:00:00+00:00"
    ]


def test_a_cancelled_one_rings_no_more() -> None:
    hall = Hall()
    hall.program()
    hall.program(kind="permanent", time="08:00")
    hall.reminders.cancel("106", "07:00")
    hall.clock.advance(DAY)
    assert hall.rings() == ["08:00:00", "08:01:15", "08:02:30"]
    assert hall.states() == ["activation", "activation", "cancellation", "failed"]
    hall.reminders.cancel("106")
    hall.clock.advance(DAY)
    assert hall.states()[-1] == "cancellation"
    assert len(hall.rings()) == 3


def test_one_can_be_cancelled_while_it_rings() -> None:
    hall = Hall()
    hall.program()
    hall.clock.advance(9 * 3600 + 5)
    assert [each.state for each in hall.reminders.awaited()] == ["ringing"]
    hall.reminders.cancel("106")
    hall.clock.advance(DAY)
    assert hall.tickets[-1] == ("07:00:05", "106", "cancellation")
    assert hall.rings() == ["07:00:00"]


def test_a_busy_set_does_not_ring_and_that_attempt_is_not_acknowledged() -> None:
    hall = Hall()
    hall.program(answered_at=1)
    hall.busy.add("106")
    hall.clock.advance(9 * 3600 + 20)
    hall.busy.clear()
    hall.clock.advance(DAY)
    assert [line for line in hall.lines if line[3] == 1] == [
        ("07:00:00", "106", "busy", 1),
        ("07:00:15", "106", "not acknowledged", 1),
    ]
    assert hall.rings() == ["07:01:15", "07:02:30"]
    assert hall.states() == ["activation", "failed"]


def test_a_set_out_of_service_fails_at_once() -> None:
    hall = Hall()
    hall.broken.add("106")
    hall.program(answered_at=1)
    hall.clock.advance(DAY)
    assert hall.rings() == []
    assert hall.tickets[-1] == ("07:00:00", "106", "failed")


def test_many_ring_in_groups_of_five_two_seconds_apart() -> None:
    hall = Hall()
    for number in range(12):
        hall.program(str(200 + number), answered_at=1)
    hall.clock.advance(DAY)
    assert hall.rings() == ["07:00:00"] * 5 + ["07:00:02"] * 5 + ["07:00:04"] * 2
    assert hall.states().count("complete") == 12


def test_three_hundred_rooms_keep_the_distance_of_their_attempts() -> None:
    hall = Hall()
    rooms = [str(200 + number) for number in range(300)]
    for room in rooms:
        hall.program(room)
    hall.clock.advance(DAY)
    rung = {room: [at for at, user, step, _ in hall.lines if user == room and step == "ringing"]
            for room in rooms}  # fmt: skip
    assert (rung["200"], rung["499"]) == (
        ["07:00:00", "07:01:15", "07:02:30"], ["07:01:58", "07:03:13", "07:04:28"]
    )  # fmt: skip
    assert len({tuple(each) for each in rung.values()}) == 60


def test_the_group_and_its_distance_are_the_profiles() -> None:
    hall = Hall(group=2, group_gap_seconds=7)
    for number in range(4):
        hall.program(str(200 + number), answered_at=1)
    hall.clock.advance(DAY)
    assert hall.rings() == ["07:00:00"] * 2 + ["07:00:07"] * 2
    assert Groups(1, 0).place(EVENING) == Groups(1, 0).place(EVENING) == EVENING


def test_who_programs_the_same_again_sets_it_anew() -> None:
    hall = Hall()
    hall.program(answered_at=1)
    hall.program(answered_at=2)
    hall.clock.advance(DAY)
    assert hall.states() == ["activation", "activation", "complete"]
    assert len(hall.rings()) == 2


def test_a_cold_reset_forgets_them_all() -> None:
    hall = Hall()
    hall.program()
    hall.reminders.forget()
    hall.clock.advance(DAY)
    assert (hall.states(), hall.rings(), hall.reminders.awaited()) == (["activation"], [], [])


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Appointment("106", "7:00"), "appointment time '7:00'; HH:MM is expected"),
        (Appointment("106", "24:00"), "appointment time '24:00'"),
        (Appointment("106", "07:00", answered_at=4), "answered_at 4; 1 to 3 is expected"),
        (Appointment("106", "07:00", answered_at=0), "answered_at 0; 1 to 3 is expected"),
        (Appointment("106", "07:00", by="operator"), "in hotel mode only"),
    ],
)
def test_a_wrong_order_says_what_is_allowed(order: Appointment, words: str) -> None:
    hall = Hall()
    with pytest.raises(OrderError, match=words):
        hall.reminders.program(order)
    assert hall.lines == []


def test_what_is_not_there_cannot_be_cancelled() -> None:
    hall = Hall()
    with pytest.raises(OrderError, match="user 106 has no appointment; there are: none"):
        hall.reminders.cancel("106")
    hall.program(time="06:30")
    with pytest.raises(OrderError, match="no appointment at 07:00; there are: 06:30"):
        hall.reminders.cancel("106", "07:00")


def test_there_is_an_end_to_how_many_there_may_be() -> None:
    hall = Hall()
    for number in range(APPOINTMENTS_MAX):
        hall.program(str(number))
    with pytest.raises(OrderError, match=f"{APPOINTMENTS_MAX} appointments are the most"):
        hall.program("one too many")
    hall.program("7")  # sets anew what is there


# changes of summer time


def test_a_time_that_is_skipped_rings_when_the_clock_jumps() -> None:
    hall = Hall(datetime(2020, 3, 28, 22))  # noqa: DTZ001
    hall.program(time="02:30", kind="permanent", answered_at=1)
    hall.clock.advance(2 * DAY)
    assert hall.rings() == ["03:00:00", "02:30:00"]


def test_a_time_that_is_skipped_may_wait_for_the_next_day() -> None:
    hall = Hall(datetime(2020, 3, 28, 22), missing_time="next-day")  # noqa: DTZ001
    hall.program(time="02:30", kind="permanent", answered_at=1)
    hall.clock.advance(2 * DAY)
    assert hall.rings() == ["02:30:00"]
    assert f"{hall.written[-1].local_time:%m-%d}" == "03-30"


def test_in_the_repeated_hour_it_rings_once_in_the_first_pass() -> None:
    hall = Hall(datetime(2020, 10, 24, 22))  # noqa: DTZ001
    hall.program(time="02:30", kind="permanent", answered_at=1)
    hall.clock.advance(2 * DAY)
    assert hall.rings() == ["02:30:00", "02:30:00"]
    assert [(t.local_time.day, t.fold) for t in hall.written[1:]] == [(25, 0), (26, 0)]


def test_programmed_in_between_it_rings_in_the_second_pass() -> None:
    hall = Hall(datetime(2020, 10, 25, 2, 40))  # noqa: DTZ001
    hall.program(time="02:30", answered_at=1)
    hall.clock.advance(DAY)
    assert [(t.local_time.minute, t.fold) for t in hall.written] == [(40, 0), (30, 1)]


def test_morning_comes_at_seven_on_days_of_23_and_25_hours() -> None:
    for start in (datetime(2020, 3, 27, 22), datetime(2020, 10, 23, 22)):  # noqa: DTZ001
        hall = Hall(start)
        hall.program(kind="permanent", answered_at=1)
        hall.clock.advance(timedelta(days=4).total_seconds())
        assert hall.rings() == ["07:00:00"] * 4
