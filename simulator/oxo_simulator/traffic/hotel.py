"""A hotel: a morning with its wake-up peak, and a month of guests who come, call, are woken and go.

    morning   each room is woken at the peak; calls follow the hours of a hotel
    month     stays of one to five nights; arrivals in the afternoon, a third of the rooms by
              groups; wake-ups programmed in the evening, most for the peak; departures in the
              morning, and housekeeping behind each of them

The load profile of 300 rooms, all of them woken at 07:00, is where groups of five matter (facts:
oxo 8). Every share and distribution here is ours.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from oxo_tickets.ticket import ROOM_PROBLEM_MAX

from oxo_simulator.traffic.events import (
    Arrival,
    Departure,
    Happening,
    Housekeeping,
    Timed,
    WakeUp,
)
from oxo_simulator.traffic.office import call, instants
from oxo_simulator.traffic.people import Pools
from oxo_simulator.traffic.terms import HOUR_SECONDS, Load, Span, chosen

HOURS = (5, 2, 1, 1, 2, 8, 30, 70, 100, 60, 40, 35, 40, 35, 30, 35, 45, 60, 75, 80, 70, 50, 30, 12)
"""Percent of the busy hour, which is that from eight to nine, by the hour of the wall clock."""
PEAK = "07:00"
WAKE_UPS = ((PEAK, 0.55), ("06:00", 0.1), ("06:30", 0.15), ("07:30", 0.12), ("08:00", 0.08))
ANSWERED_AT = ((1, 0.85), (2, 0.08), (3, 0.03), (None, 0.04))
"""The attempt that is acknowledged; `None`: none is."""
NIGHTS = ((1, 0.4), (2, 0.3), (3, 0.15), (4, 0.1), (5, 0.05))
OCCUPANCY_SHARE, GROUP_SHARE, WAKE_UP_SHARE, PROBLEM_SHARE = 0.75, 0.06, 0.4, 0.03
GROUP_ROOMS = (3, 12)
_DAY = timedelta(days=1)


def morning(
    rooms: Sequence[str], load: Load, span: Span, dice: Random, pools: Pools
) -> Iterator[Timed]:
    """Yield a morning: every room's wake-up for the peak is programmed at once, then calls."""
    for room in rooms:
        yield Timed(0.0, WakeUp(room, PEAK, _answered_at(dice)))
    for seconds in instants(HOURS, load.busy_hour_calls, span, dice):
        yield Timed(seconds, call(rooms, load.holding_seconds, dice, pools))


def month(
    rooms: Sequence[str], load: Load, span: Span, dice: Random, pools: Pools
) -> Iterator[Timed]:
    """Yield what happens while guests come and go; only rooms with guests call and are called."""
    house = _House(rooms, span, Random(dice.getrandbits(64)), pools)  # noqa: S311
    calls = ((at, None) for at in instants(HOURS, load.busy_hour_calls, span, dice))
    present: dict[str, None] = {}
    for seconds, happens in heapq.merge(_days(house, span), calls, key=lambda each: each[0]):
        if happens is not None:
            _follow(present, happens)
            yield Timed(seconds, happens)
        elif present:
            yield Timed(seconds, call(tuple(present), load.holding_seconds, dice, pools))


def _follow(present: dict[str, None], happens: Happening) -> None:
    """Keep who is in the house, in an order that the seed alone decides."""
    if isinstance(happens, Arrival):
        present.update(dict.fromkeys(happens.rooms))
    elif isinstance(happens, Departure):
        for room in happens.rooms:
            present.pop(room, None)


def _days(house: "_House", span: Span) -> Iterator[tuple[float, Happening | None]]:
    # Day by day, so that a year needs no more memory than one of its days: a day's last event is
    # before the next day's first one.
    today, end = span.begin.astimezone(span.zone).date(), span.hours * HOUR_SECONDS
    for number in range(int(span.hours // 24) + 2):
        for seconds, happens in sorted(house.day(today + number * _DAY), key=lambda each: each[0]):
            if seconds < end:
                yield seconds, happens


class _House:
    """Who sleeps where: the state that days follow from.

    It has dice of its own: how many calls there are changes nobody's stay.
    """

    def __init__(self, rooms: Sequence[str], span: Span, dice: Random, pools: Pools) -> None:
        self._rooms = rooms
        self._span = span
        self._dice = dice
        self._pools = pools
        self._until: dict[str, date] = {}

    def day(self, today: date) -> Iterator[tuple[float, Happening]]:
        """Yield what happens on a day, in no order."""
        leaving = [room for room, until in self._until.items() if until <= today]
        for room in leaving:
            del self._until[room]
            left = self._between(time(7), time(11))
            yield from self._at(today, left, Departure((room,)))
            behind = left + timedelta(minutes=self._dice.randint(20, 120))
            yield from self._at(today, behind, self._cleaned(room))
        for rooms in self._parties():
            came = self._between(time(14), time(20))
            guest = self._pools.guest(self._dice)
            yield from self._at(today, came, Arrival(rooms, guest))
            nights = chosen(NIGHTS, self._dice)
            assert isinstance(nights, int)
            for room in rooms:
                self._until[room] = today + nights * _DAY
        for room in self._until:
            if self._dice.random() < WAKE_UP_SHARE:
                shown = str(chosen(WAKE_UPS, self._dice))
                wake_up = WakeUp(room, shown, _answered_at(self._dice))
                yield from self._at(today, self._between(time(20, 30), time(23)), wake_up)

    def _parties(self) -> Iterator[tuple[str, ...]]:
        """Take vacant rooms for guests and groups until the house is as full as it gets."""
        vacant = [room for room in self._rooms if room not in self._until]
        self._dice.shuffle(vacant)
        wanted = round(len(self._rooms) * OCCUPANCY_SHARE) - len(self._until)
        del vacant[max(0, wanted) :]
        while vacant:
            size = self._dice.randint(*GROUP_ROOMS) if self._dice.random() < GROUP_SHARE else 1
            yield tuple(vacant[:size])
            del vacant[:size]

    def _cleaned(self, room: str) -> Housekeeping:
        found = self._dice.random() < PROBLEM_SHARE
        problem = self._dice.randint(1, ROOM_PROBLEM_MAX) if found else None
        return Housekeeping(room, cleaned=True, problem=problem)

    def _between(self, first: time, last: time) -> timedelta:
        """Draw a time of day, in whole seconds."""
        begin, end = (each.hour * 3600 + each.minute * 60 for each in (first, last))
        return timedelta(seconds=self._dice.randrange(begin, end))

    def _at(
        self, today: date, since_midnight: timedelta, what: Happening
    ) -> Iterator[tuple[float, Happening]]:
        """Yield an event of the day; who came before the beginning is there at once."""
        local = datetime.combine(today, time()) + since_midnight
        instant = local.replace(tzinfo=self._span.zone).astimezone(UTC)
        seconds = (instant - self._span.begin).total_seconds()
        if seconds >= 0 or isinstance(what, Arrival):
            yield max(0.0, seconds), what


def _answered_at(dice: Random) -> int | None:
    drawn = chosen(ANSWERED_AT, dice)
    assert drawn is None or isinstance(drawn, int)
    return drawn
