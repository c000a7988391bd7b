"""What an exchange in hotel mode does of itself: alert the reception, have rooms cleaned."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import Phase, ResetKind
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import RoomStatus

NIGHT = datetime(2020, 2, 24, 6)  # noqa: DTZ001 - wall clock
HOUR, DAY = 3600, 86_400
FAILED = HOUR + 2 * 75 + 15
"""Seconds from `NIGHT` until a wake-up for 07:00 has failed."""


class Desk:
    """An exchange in hotel mode at six in the morning, with its ledger and notices on paper."""

    def __init__(self, start: datetime = NIGHT, mode: str = "hotel", **overrides: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        profile = load_profile("certify", {"mode": mode, **dotted})
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, start, ZoneInfo(profile.zone))
        self.lines: list[tuple[str, str, dict[str, Any]]] = []
        self.told: list[Notice] = []
        paper = OutletTerms(wire="paper", capacity=9, alarm_percent=0, notices=self._hears)
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=self.wall,
            record=self._record,
            outlets=[outlet_terms(profile), paper],
        )
        self.hotel = self.exchange.hotel

    def _hears(self, notice: Notice) -> bool:
        self.told.append(notice)
        return False

    def _record(self, event: str, detail: dict[str, Any]) -> None:
        self.lines.append((f"{self.wall.now().local:%d %H:%M:%S}", event, detail))

    def wake(self, room: str = "106", **more: Any) -> None:
        self.exchange.program(Appointment(room, "07:00", **{"by": "operator", **more}))

    def reception(self) -> list[tuple[str, str, str, int]]:
        return [
            (at[3:], detail["room"], detail["state"], detail["ring"])
            for at, event, detail in self.lines
            if event == "reception"
        ]

    def rings(self) -> list[str]:
        return [at for at, _, state, _ in self.reception() if state == "rings"]


# A wake-up that failed.


def test_the_reception_is_alerted_of_a_wake_up_that_failed_until_it_acknowledges() -> None:
    desk = Desk()
    desk.wake()
    desk.clock.advance(FAILED + 70)
    desk.hotel.reception.acknowledge("106")
    desk.clock.advance(DAY)
    assert desk.reception() == [
        ("07:02:45", "106", "message", 0),
        ("07:02:45", "106", "rings", 1),
        ("07:03:15", "106", "rings", 2),
        ("07:03:45", "106", "rings", 3),
        ("07:03:55", "106", "acknowledged", 3),
    ]
    assert not desk.hotel.reception.alarms
    with pytest.raises(OrderError, match="no wake-up of room 106 has failed; there are: none"):
        desk.hotel.reception.acknowledge("106")


def test_nobody_is_alerted_of_a_wake_up_that_is_answered_or_of_a_set_that_is_no_room() -> None:
    desk = Desk()
    desk.wake("107", answered_at=3)
    desk.wake("128")
    desk.wake("106", by="user")
    desk.clock.advance(FAILED)
    assert [room for _, room, state, _ in desk.reception() if state == "message"] == ["106"]
    business = Desk(mode="business")
    business.wake(by="user")
    business.clock.advance(DAY)
    assert business.reception() == []


def test_it_ends_by_itself_after_so_many_rings() -> None:
    desk = Desk(hotel__reception_rings=2, hotel__reception_gap_seconds=45)
    desk.wake()
    desk.clock.advance(DAY)
    assert desk.rings() == ["07:02:45", "07:03:30"]
    assert desk.reception()[-1] == ("07:04:15", "106", "given up", 2)
    assert not desk.hotel.reception.alarms


def test_where_the_ring_is_off_there_is_the_message_alone() -> None:
    desk = Desk(hotel__reception_alarm=False)
    desk.wake()
    desk.clock.advance(DAY)
    assert desk.reception() == [("07:02:45", "106", "message", 0)]
    assert not desk.hotel.reception.alarms


def test_a_guest_who_leaves_is_woken_no_more_and_one_who_fails_again_is_alerted_of_anew() -> None:
    desk = Desk(hotel__reception_rings=1000)
    desk.hotel.check_in(["106"], Stay(guest_name="Guest"))
    desk.wake(kind="permanent")
    desk.clock.advance(FAILED + DAY + 1)
    assert desk.reception()[-1] == ("07:02:45", "106", "rings", 1)
    assert desk.hotel.reception.alarms["106"].ring == 1
    desk.hotel.check_out(["106"])
    assert desk.reception()[-1] == ("07:02:46", "106", "checked out", 1)
    count = len(desk.reception())
    desk.clock.advance(DAY)
    assert len(desk.reception()) == count


def test_a_reset_keeps_or_forgets_the_alarm_and_nothing_rings_during_it() -> None:
    for kind, kept in ((ResetKind.WARM, True), (ResetKind.COLD, False)):
        desk = Desk()
        desk.wake()
        desk.clock.advance(FAILED + 1)
        desk.exchange.enter(Phase.REFUSED)
        desk.exchange.reset(kind, "e2")
        desk.clock.advance(HOUR)
        assert desk.rings() == ["07:02:45"]
        desk.exchange.enter(Phase.SERVING)
        desk.clock.advance(29)
        assert desk.rings() == ["07:02:45", "08:02:46"][: 1 + kept]
        assert bool(desk.hotel.reception.alarms) == kept


# Rooms that are to be cleaned each day.


def cleaned(desk: Desk, *rooms: str) -> None:
    for room in rooms:
        desk.hotel.tell_status(room, RoomStatus.CLEANED)


def switched(desk: Desk) -> list[tuple[str, str]]:
    return [
        (at, detail["room"])
        for at, event, detail in desk.lines
        if event == "room" and detail["by"] == "exchange"
    ]


@pytest.mark.parametrize("rooms", ["all", "occupied"])
def test_at_its_hour_rooms_are_to_be_cleaned_each_day_and_nobody_is_told(rooms: str) -> None:
    desk = Desk(hotel__not_cleaned_at="11:30", hotel__not_cleaned_rooms=rooms)
    desk.hotel.check_in(["107"], Stay(guest_name="Guest"))
    desk.clock.advance(HOUR)
    made, told = desk.exchange.tickets_made, len(desk.told)
    desk.clock.advance(4.5 * HOUR - 1)
    assert switched(desk) == []
    desk.clock.advance(1)
    found = {at for at, _ in switched(desk)}
    assert found == {"24 11:30:00"}
    numbers = [room for _, room in switched(desk)]
    assert numbers == (["107"] if rooms == "occupied" else list(desk.exchange.rooms))
    assert desk.exchange.rooms["107"].room_status is RoomStatus.NOT_CLEANED
    desk.clock.advance(HOUR)
    assert (desk.exchange.tickets_made, len(desk.told)) == (made, told), "neither ticket nor notice"
    cleaned(desk, "107")
    desk.clock.advance(DAY)
    assert switched(desk)[len(numbers) :] == [("25 11:30:00", "107")], "the others are already"


def test_no_hour_is_the_default_and_in_business_mode_no_room_is_switched() -> None:
    for desk in (Desk(), Desk(mode="business", hotel__not_cleaned_at="11:30")):
        desk.clock.advance(2 * DAY)
        assert switched(desk) == []


def test_on_the_days_of_a_clock_change_it_comes_once() -> None:
    for start in (datetime(2020, 3, 28, 12), datetime(2020, 10, 24, 12)):  # noqa: DTZ001
        desk = Desk(start, hotel__not_cleaned_at="02:30")
        for _ in range(3):
            cleaned(desk, "107")
            desk.clock.advance(DAY)
        days = [at for at, room in switched(desk) if room == "107"]
        expected = ["29 03:00:00", "30 02:30:00", "31 02:30:00"]
        assert days == (expected if start.month == 3 else [f"{n} 02:30:00" for n in (25, 26, 27)])


def test_during_a_reset_it_waits_until_the_exchange_serves() -> None:
    desk = Desk(hotel__not_cleaned_at="11:30", hotel__not_cleaned_rooms="occupied")
    desk.hotel.check_in(["107"], Stay(guest_name="Guest"))
    desk.exchange.enter(Phase.REFUSED)
    desk.clock.advance(6 * HOUR)
    assert switched(desk) == []
    desk.exchange.enter(Phase.SERVING)
    assert switched(desk) == [("24 12:00:00", "107")]
    cleaned(desk, "107")
    desk.clock.advance(DAY)
    assert switched(desk)[1:] == [("25 11:30:00", "107")]


@pytest.mark.parametrize("wrong", ["24:00", "7:00", "noon"])
def test_an_hour_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"hotel\.not_cleaned_at"):
        Desk(hotel__not_cleaned_at=wrong)
