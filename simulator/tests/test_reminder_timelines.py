"""Any reminders, any settings, any busy stretches, over any change of summer time.

What must be is counted from the order alone, minute by minute of the wall clock, and not by the
exchange's own calendar.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.appointment_orders import Appointment
from oxo_simulator.exchange.appointment_settings import AppointmentSettings
from oxo_simulator.exchange.reminders import ACKNOWLEDGED_SECONDS, Reminders, Telephone
from oxo_simulator.exchange.unwritten import Unwritten
from oxo_simulator.exchange.wake_time import next_instant
from oxo_tickets import Ticket

ZONES = ("Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/New_York", "UTC")
NIGHTS = (
    "2018-11-03", "2018-02-17", "2020-03-28", "2020-10-24", "2020-03-07", "2020-10-31",
    "2020-04-04", "2020-10-03", "2020-06-01",
)  # fmt: skip
"""Eves of changes in the zones above, and one of an ordinary day."""
DAYS = 3
ROUND_MINUTES_MAX = 60
"""Five rings of 90 s with gaps of 300 s take half of it."""


class Rung(NamedTuple):
    at: datetime
    step: str
    attempt: int


class Watch:
    """Reminders of one set that is alone, and everything that they did."""

    def __init__(self, zone: str, start: datetime, keys: dict[str, Any]) -> None:
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, start, ZoneInfo(zone))
        self.steps: list[Rung] = []
        self.tickets: list[Ticket] = []
        self.busy: list[tuple[datetime, datetime]] = []
        self.reminders = Reminders(
            AppointmentSettings(**keys),
            hotel=False,
            clock=self.wall,
            telephone=Telephone(str, self._is_busy),
            unwritten=Unwritten(self.wall, self._write, 1),
            record=self._record,
        )

    def end_round(self) -> None:
        """Go on until nobody rings or is to ring again soon."""
        for _ in range(ROUND_MINUTES_MAX):
            if all(each.state == "waiting" for each in self.reminders.awaited()):
                return
            self.clock.advance(60)
        raise AssertionError(f"without end: {self.reminders.awaited()}")

    def _is_busy(self, _user: str) -> bool:
        now = self.wall.now().utc
        return any(begin <= now < end for begin, end in self.busy)

    def _write(self, ticket: Ticket, _source: str, _part: object = None) -> int:
        self.tickets.append(ticket)
        return len(self.tickets)

    def _record(self, event: str, detail: dict[str, Any]) -> None:
        assert event == "reminder"
        self.steps.append(Rung(self.wall.now().utc, detail["state"], detail["attempt"]))


keys = st.fixed_dictionaries(
    {
        "ring_seconds": st.integers(1, 90),
        "gap_seconds": st.integers(0, 300),
        "gap_from": st.sampled_from(["end", "begin"]),
        "attempts": st.integers(1, 5),
        "missing_time": st.sampled_from(["at-the-jump", "next-day"]),
    }
)


def shown_at(shown: time, zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """Return when a wall clock shows a time between two instants, by watching it each minute."""
    found, instant = [], begin.replace(second=0, microsecond=0)
    while instant <= end:
        local = instant.astimezone(zone)
        if (local.hour, local.minute, local.second) == (shown.hour, shown.minute, 0):
            found.append(instant)
        instant += timedelta(minutes=1)
    return [each for each in found if begin < each <= end]


@given(
    zone=st.sampled_from(ZONES),
    night=st.sampled_from(NIGHTS),
    minute=st.integers(0, 24 * 60 - 1),
    begin=st.integers(0, 26 * 3600),
)
@settings(deadline=None, max_examples=150)
def test_the_next_instant_is_the_first_at_which_the_clock_shows_it(
    zone: str, night: str, minute: int, begin: int
) -> None:
    shown, here = time(minute // 60, minute % 60), ZoneInfo(zone)
    after = datetime.fromisoformat(f"{night}T12:00:00+00:00") + timedelta(seconds=begin)
    instant, day = next_instant(shown, after, here, "next-day")
    assert instant == shown_at(shown, here, after, after + timedelta(hours=50))[0]
    assert instant.astimezone(here).date() == day
    sooner, _ = next_instant(shown, after, here, "at-the-jump")
    local = sooner.astimezone(here)
    if sooner != instant:
        assert sooner < instant
        before = (sooner - timedelta(seconds=1)).astimezone(here)
        assert before.time() < shown < local.time() or before.date() < local.date(), "jumped over"
        assert local.utcoffset() != before.utcoffset()


def test_a_clock_that_goes_back_over_midnight_shows_the_old_day_again() -> None:
    here = ZoneInfo("America/St_Johns")
    after = datetime(2010, 11, 7, 0, 0, 30, tzinfo=here)
    instant, day = next_instant(time(23, 30), after.astimezone(UTC), here, "next-day")
    assert (instant - after.astimezone(UTC), day) == (timedelta(seconds=1770), date(2010, 11, 6))


@given(
    keys=keys,
    zone=st.sampled_from(ZONES),
    night=st.sampled_from(NIGHTS),
    minute=st.integers(0, 24 * 60 - 1),
    kind=st.sampled_from(["temporary", "permanent"]),
    answered_at=st.none() | st.integers(1, 5),
    stretches=st.lists(st.tuples(st.integers(-60, 900), st.integers(1, 600)), max_size=3),
)
@example(
    keys={
        "ring_seconds": 1,
        "gap_seconds": 29,
        "gap_from": "end",
        "attempts": 5,
        "missing_time": "at-the-jump",
    },
    zone="America/New_York",
    night="2018-11-03",
    minute=898,
    kind="permanent",
    answered_at=None,
    stretches=[],
)
@settings(deadline=None, max_examples=300)
def test_a_timeline_is_what_the_order_and_the_profile_say(  # noqa: PLR0913, PLR0917 - each is drawn
    keys: dict[str, Any],
    zone: str,
    night: str,
    minute: int,
    kind: Any,
    answered_at: int | None,
    stretches: list[tuple[int, int]],
) -> None:
    watch = Watch(zone, datetime.fromisoformat(f"{night}T12:00:00"), keys)
    if answered_at is not None and answered_at > keys["attempts"]:
        answered_at = None
    shown = time(minute // 60, minute % 60)
    programmed = watch.wall.now().utc
    watch.reminders.program(Appointment("106", f"{shown:%H:%M}", kind, answered_at=answered_at))
    first = watch.reminders.awaited()[0].rings_at
    watch.busy = [
        (first + timedelta(seconds=at), first + timedelta(seconds=at + lasting))
        for at, lasting in stretches
    ]
    watch.clock.advance(DAYS * 86_400 + 4 * 3600)
    watch.end_round()
    watch.clock.advance(2)  # its ticket is written, and no other round begins so soon
    here = ZoneInfo(zone)
    rounds = rounds_of(watch.steps)
    assert rounds[0] == [Rung(programmed, "programmed", 0)]
    days = Counter(each[0].at.astimezone(here).date() for each in rounds[1:])
    assert set(days.values()) <= {1}, "once a day"
    assert len(rounds) - 1 == (1 if kind == "temporary" else expected_days(watch, shown, keys))
    for each in rounds[1:]:
        assert each == timeline(each[0].at, keys, answered_at, watch.busy)
    ends = [each[-1] for each in rounds[1:]]
    complete = ["complete" if end.step == "acknowledged" else "failed" for end in ends]
    assert [str(t.reminder_state) for t in watch.tickets] == ["activation", *complete]
    stamps = [read(ticket) for ticket in watch.tickets]
    assert stamps == [programmed, *(end.at for end in ends)]


def rounds_of(steps: list[Rung]) -> list[list[Rung]]:
    """Return the steps day by day: each begins with a first attempt."""
    found: list[list[Rung]] = []
    for step in steps:
        if step.step in ("programmed", "ringing", "busy") and step.attempt <= 1:
            found.append([])
        found[-1].append(step)
    return found


def timeline(
    begin: datetime,
    keys: dict[str, Any],
    answered_at: int | None,
    busy: list[tuple[datetime, datetime]],
) -> list[Rung]:
    """Say what a reminder does from its first attempt on, by the facts (oxo 3.1)."""
    found, ring, gap = [], keys["ring_seconds"], keys["gap_seconds"]
    for attempt in range(1, keys["attempts"] + 1):
        talks = any(since <= begin < until for since, until in busy)
        found.append(Rung(begin, "busy" if talks else "ringing", attempt))
        if not talks and attempt == answered_at:
            lifted = begin + timedelta(seconds=min(ring, ACKNOWLEDGED_SECONDS))
            return [*found, Rung(lifted, "acknowledged", attempt)]
        end = begin + timedelta(seconds=ring)
        found.append(Rung(end, "not acknowledged", attempt))
        silent = gap if keys["gap_from"] == "end" else max(0, gap - ring)
        begin = end + timedelta(seconds=silent)
    return found


def expected_days(watch: Watch, shown: time, keys: dict[str, Any]) -> int:
    """Count the dates on which the clock came to show the time, or jumped over it."""
    here = watch.wall.zone
    begin, end = watch.steps[0].at, watch.wall.now().utc
    dates = {at.astimezone(here).date() for at in shown_at(shown, here, begin, end)}
    if keys["missing_time"] == "at-the-jump":
        dates |= jumped(shown, here, begin, end)
    return len(dates)


def jumped(shown: time, here: ZoneInfo, begin: datetime, end: datetime) -> set[date]:
    """Return the dates on which the clock jumped over a time."""
    found, instant = set(), begin.replace(second=0)
    while (after := instant + timedelta(minutes=1)) <= end:
        old, new = instant.astimezone(here), after.astimezone(here)
        if old.utcoffset() != new.utcoffset():
            skipped = old.replace(tzinfo=None) + timedelta(minutes=1)
            while skipped < new.replace(tzinfo=None):
                if skipped.time() == shown:
                    found.add(skipped.date())
                skipped += timedelta(minutes=1)
        instant = after
    return found


def read(ticket: Ticket) -> datetime:
    """Read a ticket's stamp back, as a collector does."""
    zone = ZoneInfo(ticket.zone or "UTC")
    return ticket.local_time.replace(tzinfo=zone, fold=ticket.fold or 0).astimezone(UTC)


@given(
    count=st.integers(1, 60),
    size=st.integers(1, 8),
    gap=st.integers(1, 10),
    kinds=st.data(),
)
@settings(deadline=None, max_examples=60)
def test_many_begin_in_groups_and_none_is_forgotten(
    count: int, size: int, gap: int, kinds: st.DataObject
) -> None:
    keys = {"group": size, "group_gap_seconds": gap}
    watch = Watch("Europe/Berlin", datetime(2020, 2, 24, 22), keys)  # noqa: DTZ001
    for number in range(count):
        answered_at = kinds.draw(st.none() | st.integers(1, 3))
        watch.reminders.program(Appointment(str(number), "07:00", answered_at=answered_at))
    watch.clock.advance(86_400)
    begun = [step.at for step in watch.steps if (step.step, step.attempt) == ("ringing", 1)]
    first = begun[0]
    expected = [first + timedelta(seconds=number // size * gap) for number in range(count)]
    assert begun == expected
    states = Counter(str(ticket.reminder_state) for ticket in watch.tickets)
    assert states["activation"] == states["complete"] + states["failed"] == count
    assert watch.reminders.awaited() == []


@given(
    orders=st.lists(
        st.tuples(
            st.integers(0, 90_000),
            st.sampled_from(["program", "cancel"]),
            st.sampled_from("abc"),
            st.sampled_from(["06:00", "07:00", "07:01"]),
            st.sampled_from(["temporary", "permanent"]),
            st.none() | st.integers(1, 3),
        ),
        max_size=25,
    )
)
@settings(deadline=None, max_examples=150)
def test_each_reminder_has_one_activation_and_one_end(orders: list[Any]) -> None:
    watch = Watch("Europe/Berlin", datetime(2020, 3, 27, 22), {})  # noqa: DTZ001
    replaced = 0
    ends = Counter[str]()
    for seconds, what, user, at, kind, answered_at in orders:
        watch.clock.advance(seconds)
        there = [(each.order.time, each.order.kind) for each in watch.reminders.of(user)]
        if what == "program":
            replaced += (at, kind) in there
            watch.reminders.program(Appointment(user, at, kind, answered_at=answered_at))
        elif at in dict(there):
            watch.reminders.cancel(user, at)
    watch.end_round()
    watch.clock.advance(2)  # what ended is written, and no round that begins now ends so soon
    temporary = [each for each in watch.reminders.awaited() if each.order.kind == "temporary"]
    ends.update(str(ticket.reminder_state) for ticket in watch.tickets)
    programmed = sum(step.step == "programmed" for step in watch.steps)
    assert ends["activation"] == programmed
    over = sum(step.step == "acknowledged" for step in watch.steps)
    assert ends["complete"] == over
    assert ends["cancellation"] == sum(step.step == "cancelled" for step in watch.steps)
    assert len(temporary) <= programmed - replaced
    watch.clock.advance(2 * 86_400)
    assert all(each.order.kind == "permanent" for each in watch.reminders.awaited())


@given(
    due_in_reset=st.sampled_from(["late", "failed"]),
    kind=st.sampled_from(["temporary", "permanent"]),
    orders=st.lists(
        st.tuples(
            st.sampled_from([0, 1, 5, 15, 60, 75, 3_600, 40_000, 90_000]),
            st.sampled_from(["program", "program", "cancel", "down", "serve"]),
            st.sampled_from("abc"),
            st.sampled_from(["06:00", "22:00", "22:01"]),
            st.none() | st.integers(1, 3),
        ),
        max_size=25,
    ),
)
@settings(deadline=None, max_examples=200)
def test_resets_at_any_instant_lose_no_reminder_and_ring_nobody_meanwhile(
    due_in_reset: str, kind: Any, orders: list[Any]
) -> None:
    keys = {"due_in_reset": due_in_reset}
    watch = Watch("Europe/Berlin", datetime(2020, 3, 27, 22), keys)  # noqa: DTZ001
    down, replaced = False, 0
    for seconds, what, user, at, answered_at in orders:
        before = len(watch.steps)
        watch.clock.advance(seconds)
        assert not (down and watch.steps[before:]), "nothing happens while it is down"
        there = [each.order.time for each in watch.reminders.of(user)]
        if what == "down":
            watch.reminders.go_down()
            down = True
        elif what == "serve" and down:
            watch.reminders.serve()
            down = False
        elif what == "program" and not down:
            replaced += at in there
            watch.reminders.program(Appointment(user, at, kind, answered_at=answered_at))
        elif what == "cancel" and not down and at in there:
            watch.reminders.cancel(user, at)
    if down:
        watch.reminders.serve()
    watch.clock.advance(2 * 86_400)
    watch.end_round()
    watch.clock.advance(2)
    left = watch.reminders.awaited()
    assert all(each.rings_at > watch.wall.now().utc for each in left)
    states = Counter(str(ticket.reminder_state) for ticket in watch.tickets)
    steps = Counter(step.step for step in watch.steps)
    assert states["activation"] == steps["programmed"]
    assert states["complete"] == steps["acknowledged"]
    assert states["cancellation"] == steps["cancelled"]
    once = states["activation"] - replaced - states["cancellation"]
    ended = states["complete"] + states["failed"]
    if kind == "temporary":
        assert (ended, len(left)) == (once, 0), "each ends once"
    else:
        assert ended >= once == len(left), "each ends on each day, and is there for the next"
