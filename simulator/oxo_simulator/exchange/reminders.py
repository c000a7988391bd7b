"""Appointment reminders: a set rings at its time until somebody acknowledges, or gives up.

    programmed --its time--> due --room in the group--> ringing, or busy <--gap--+
         |                                                 |                      |
         |                                                 +--> not acknowledged -+
         |                                                 |           |
         |                                                 |           +-- attempts used up: Failed
         |                                                 +--> acknowledged: Complete
         +-- cancelled at any time: Cancellation

Behind Complete and Failed a temporary reminder is gone, and a permanent one waits for the next day
(facts: oxo 3.1, documented). Whoever programs the same reminder again sets it anew: the old one
goes without a ticket (ours). A busy set does not ring, its user hears a tone: that attempt lasts as
long as a ring and nobody acknowledges it (ours). A set that is out of service fails at once
(facts: oxo 3.2, inferred). Reminders that are due in one instant begin to ring in groups, in the
order in which they were programmed; the attempts behind the first keep their own distance.

While a reset keeps the exchange down nobody is rung, and an attempt that it interrupted counts for
nothing. Whoever was due meanwhile is rung as soon as the exchange serves again, or has failed then
(`due_in_reset`, ours: no source tells).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from oxo_tickets import ReminderState

from oxo_simulator.exchange.appointment_orders import Appointment, AppointmentKind
from oxo_simulator.exchange.appointment_settings import AppointmentSettings
from oxo_simulator.exchange.hotel_tickets import reminder_ticket
from oxo_simulator.exchange.moment import Cancellable, ExchangeTime
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.port import Record
from oxo_simulator.exchange.unwritten import Unwritten
from oxo_simulator.exchange.wake_time import next_instant

APPOINTMENTS_MAX = 2_000
"""Reminders of one exchange; a hotel has 300 sets (facts: oxo 1.4)."""
ACKNOWLEDGED_SECONDS = 5
"""So long a set rings until its user acknowledges, unless the ring is shorter (ours)."""

_CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")

Step = Literal["programmed", "ringing", "busy", "acknowledged", "not acknowledged", "cancelled"]
"""Words of the ledger for what happens to a reminder."""


class Telephone(NamedTuple):
    """What telephony says of a set.

    Attributes:
        known: raises `SubscriberUnknown` where nobody has that number.
        busy: whether its user talks.
        out_of_service: whether it cannot ring at all.
        installed: whether anybody has that number.
    """

    known: Callable[[str], object]
    busy: Callable[[str], bool] = lambda _user: False
    out_of_service: Callable[[str], bool] = lambda _user: False
    installed: Callable[[str], bool] = lambda _user: True


class Awaited(NamedTuple):
    """A reminder as it stands: what was programmed, and what is next.

    Attributes:
        state: `waiting` for its time, `ringing` (or the user talks), or `between attempts`.
        attempt: how often it has rung by now, this one included.
        rings_at: when it rings next, or began to ring; UTC.
        day: the date of the exchange on which its time comes, or came.
    """

    order: Appointment
    state: Literal["waiting", "ringing", "between attempts"]
    attempt: int
    rings_at: datetime
    day: date


@dataclass(eq=False)
class _Reminder:
    order: Appointment
    shown: time
    day: date
    rings_at: datetime
    attempt: int = 0
    ringing: bool = False
    timer: Cancellable | None = None

    @property
    def key(self) -> tuple[str, time, AppointmentKind]:
        return self.order.user, self.shown, self.order.kind


class Groups:
    """Lets so many rings begin at once, and the others so many seconds later, and so on."""

    def __init__(self, size: int, gap_seconds: int) -> None:
        self._size = size
        self._gap = timedelta(seconds=gap_seconds)
        self._begin: datetime | None = None
        self._begun = 0

    def place(self, now: datetime) -> datetime:
        """Return when a ring that is due now begins."""
        if not self._gap:
            return now
        if self._begin is None or now >= self._begin + self._gap:
            self._begin, self._begun = now, 0
        elif self._begun >= self._size:
            self._begin, self._begun = self._begin + self._gap, 0
        self._begun += 1
        return max(now, self._begin)


class Reminders:
    """The appointment reminders of one exchange.

    Args:
        settings: of the profile.
        hotel: whether the exchange is in hotel mode: only there the operator programs one.
        clock: exchange time.
        telephone: what telephony says of a set.
        unwritten: takes each ticket.
        record: the ledger.
        notify: tells the wires what no ticket says.
        failed: told of a user whose reminder failed, and for when it was programmed.
    """

    def __init__(  # noqa: PLR0913 - what reminders rest on
        self,
        settings: AppointmentSettings,
        *,
        hotel: bool,
        clock: ExchangeTime,
        telephone: Telephone,
        unwritten: Unwritten,
        record: Record,
        notify: Callable[[Notice], None] = lambda _notice: None,
        failed: Callable[[str, time], None] = lambda _user, _time: None,
    ) -> None:
        self._settings = settings
        self._hotel = hotel
        self._notify = notify
        self._clock = clock
        self._telephone = telephone
        self._unwritten = unwritten
        self._record = record
        self._failed = failed
        self._groups = Groups(settings.group, settings.group_gap_seconds)
        self._reminders: dict[tuple[str, time, AppointmentKind], _Reminder] = {}
        self._down = False

    # What is ordered.

    def program(self, order: Appointment, placed: Placed | None = None) -> Placed:
        """Program a reminder; its Activation ticket follows.

        Raises:
            OrderError, SubscriberUnknown: nothing was programmed.
        """
        shown = self._checked(order)
        rings_at, day = self._next(shown, None)
        reminder = _Reminder(order, shown, day, rings_at)
        if old := self._reminders.pop(reminder.key, None):
            _stop(old)
        self._reminders[reminder.key] = reminder
        self._step(reminder, "programmed")
        placed = self._ticket(reminder, ReminderState.ACTIVATION, placed)
        self._wait(reminder)
        return placed

    def cancel(self, user: str, at: str | None = None) -> Placed:
        """Cancel the reminders of a user, or those for a time (HH:MM); tickets follow.

        Raises:
            OrderError, SubscriberUnknown: nothing was cancelled.
        """
        self.take_orders()
        self._telephone.known(user)
        shown = None if at is None else clock_time(at)
        found = [each for each in self._of(user) if shown in (None, each.shown)]
        if not found:
            others = ", ".join(each.order.time for each in self._of(user)) or "none"
            raise OrderError(
                f"user {user} has no appointment{f' at {at}' if at else ''}; there are: {others}"
            )
        placed = Placed()
        for each in found:
            self._cancel(each, placed)
        return placed

    def allow(self, count: int) -> None:
        """Refuse so many new reminders where there may not be so many more.

        Raises:
            OrderError: there may not.
        """
        if len(self._reminders) + count > APPOINTMENTS_MAX:
            raise OrderError(f"{APPOINTMENTS_MAX} appointments are the most there may be")

    def cancel_all(self, user: str, placed: Placed) -> None:
        """Cancel whatever reminders a user has; tickets follow."""
        for each in self._of(user):
            self._cancel(each, placed)

    def forget(self) -> None:
        """Lose them all, as a cold reset does."""
        for each in self._reminders.values():
            _stop(each)
        self._reminders.clear()

    def go_down(self) -> None:
        """Ring nobody until `serve`."""
        self._down = True
        for each in self._reminders.values():
            _stop(each)
            each.attempt -= each.ringing
            each.ringing = False

    def serve(self) -> None:
        """Ring again, also whoever was due meanwhile, unless those have failed."""
        self._down, now = False, self._clock.now().utc
        for each in sorted(self._reminders.values(), key=lambda each: each.rings_at):
            if each.rings_at < now and self._settings.due_in_reset == "failed":
                self._step(each, "not acknowledged", why="reset")
                self._end(each, ReminderState.FAILED)
            else:
                each.rings_at = max(each.rings_at, now)
                self._wait(each)

    def take_orders(self) -> None:
        """Take an order from a set, if anything takes one.

        Raises:
            OrderError: a reset keeps the exchange down.
        """
        if self._down:
            raise OrderError("a reset keeps the exchange down; order again when it serves")

    def follow(self, before: "Reminders") -> None:
        """Go on with what another release had; whoever rings right now has that attempt again.

        Who waits is rung when the wall clock, which may be another zone's, shows the time. Nothing
        is left of sets that are not installed any more, nor, in business mode, of what the Hotel
        key programmed.
        """
        for old in before.awaited():
            taken = self._hotel or old.order.by == "user"
            if taken and self._telephone.installed(old.order.user):
                reminder = self._followed(old)
                self._reminders[reminder.key] = reminder
                self._wait(reminder)

    def _followed(self, old: Awaited) -> _Reminder:
        shown, now = clock_time(old.order.time), self._clock.now().utc
        attempt = old.attempt - (old.state == "ringing")
        if old.state == "waiting" and old.rings_at > now:
            behind = old.day - timedelta(days=1) if old.order.kind == "permanent" else None
            rings_at, day = self._next(shown, behind)
        else:
            rings_at, day = max(old.rings_at, now), old.day
        return _Reminder(old.order, shown, day, rings_at, attempt)

    # What is asked.

    def awaited(self) -> Sequence[Awaited]:
        """Return every reminder, in the order in which they ring."""
        return _in_order(self._reminders.values())

    def of(self, user: str) -> Sequence[Awaited]:
        """Return the reminders of a user, in the order in which they ring."""
        return _in_order(self._of(user))

    # What happens.

    def _wait(self, reminder: _Reminder) -> None:
        seconds = (reminder.rings_at - self._clock.now().utc).total_seconds()
        self._later(reminder, seconds, self._due)

    def _due(self, reminder: _Reminder) -> None:
        now = self._clock.now().utc
        reminder.rings_at = self._groups.place(now)
        if reminder.rings_at > now:
            self._later(reminder, (reminder.rings_at - now).total_seconds(), self._ring)
        else:
            self._ring(reminder)

    def _ring(self, reminder: _Reminder) -> None:
        reminder.attempt += 1
        user, seconds = reminder.order.user, self._settings.ring_seconds
        if self._telephone.out_of_service(user):
            self._step(reminder, "not acknowledged", why="out of service")
            self._end(reminder, ReminderState.FAILED)
            return
        reminder.ringing = True
        busy = self._telephone.busy(user)
        self._step(reminder, "busy" if busy else "ringing")
        if not busy and reminder.attempt == reminder.order.answered_at:
            self._later(reminder, min(seconds, ACKNOWLEDGED_SECONDS), self._acknowledge)
        else:
            self._later(reminder, seconds, self._give_up)

    def _acknowledge(self, reminder: _Reminder) -> None:
        self._step(reminder, "acknowledged")
        self._end(reminder, ReminderState.COMPLETE)

    def _give_up(self, reminder: _Reminder) -> None:
        self._step(reminder, "not acknowledged")
        if reminder.attempt >= self._settings.attempts:
            self._end(reminder, ReminderState.FAILED)
            return
        reminder.ringing = False
        gap = self._gap_seconds()
        reminder.rings_at = self._clock.now().utc + timedelta(seconds=gap)
        self._later(reminder, gap, self._ring)

    def _end(self, reminder: _Reminder, state: ReminderState) -> None:
        self._ticket(reminder, state)
        if state is ReminderState.FAILED:
            self._failed(reminder.order.user, reminder.shown)
        reminder.attempt, reminder.ringing = 0, False
        if reminder.order.kind == "temporary":
            self._remove(reminder)
            return
        reminder.rings_at, reminder.day = self._next(reminder.shown, reminder.day)
        self._wait(reminder)

    def _gap_seconds(self) -> int:
        """Return how long a set is silent between two attempts."""
        gap, ring = self._settings.gap_seconds, self._settings.ring_seconds
        return gap if self._settings.gap_from == "end" else max(0, gap - ring)

    def _next(self, shown: time, day: date | None) -> tuple[datetime, date]:
        now, missing = self._clock.now().utc, self._settings.missing_time
        return next_instant(shown, now, self._clock.zone, missing, day)

    def _checked(self, order: Appointment) -> time:
        self.take_orders()
        shown = clock_time(order.time)
        self._telephone.known(order.user)
        if order.by == "operator" and not self._hotel:
            raise OrderError(
                'the operator programs reminders in hotel mode only; this exchange has mode = "'
                'business": by = "user" is expected, or an installation in hotel mode'
            )
        attempts = self._settings.attempts
        if order.answered_at is not None and not 1 <= order.answered_at <= attempts:
            raise OrderError(f"answered_at {order.answered_at}; 1 to {attempts} is expected")
        if (order.user, shown, order.kind) not in self._reminders:
            self.allow(1)
        return shown

    def _of(self, user: str) -> list[_Reminder]:
        return [each for each in self._reminders.values() if each.order.user == user]

    def _cancel(self, reminder: _Reminder, placed: Placed) -> None:
        self._remove(reminder)
        self._step(reminder, "cancelled")
        self._ticket(reminder, ReminderState.CANCELLATION, placed)

    def _remove(self, reminder: _Reminder) -> None:
        _stop(reminder)
        del self._reminders[reminder.key]

    def _later(
        self, reminder: _Reminder, seconds: float, what: Callable[[_Reminder], None]
    ) -> None:
        reminder.timer = self._clock.later(seconds, lambda: what(reminder))

    def _ticket(
        self, reminder: _Reminder, state: ReminderState, placed: Placed | None = None
    ) -> Placed:
        now = self._clock.now()
        self._notify(Notice("reminder", now, _told(reminder, state)))
        ticket = reminder_ticket(reminder.order.user, reminder.shown, state, now)
        return self._unwritten.put(ticket, "appointment", placed)

    def _step(self, reminder: _Reminder, step: Step, **detail: str) -> None:
        order = reminder.order
        self._record(
            "reminder",
            {
                "user": order.user,
                "time": order.time,
                "kind": order.kind,
                "by": order.by,
                "state": step,
                "attempt": reminder.attempt,
                **detail,
            },
        )


def clock_time(text: str) -> time:
    """Read a time of day.

    Raises:
        OrderError: it is none.
    """
    found = _CLOCK_TIME.fullmatch(text)
    if not found:
        raise OrderError(f"appointment time {text!r}; HH:MM is expected")
    return time(int(found[1]), int(found[2]))


def _told(reminder: _Reminder, state: ReminderState) -> tuple[tuple[str, str], ...]:
    return (
        ("room", reminder.order.user),
        ("reminder_time", f"{reminder.shown:%H:%M}"),
        ("reminder_state", state.value),
        ("attempts", str(reminder.attempt)),
    )


def _stop(reminder: _Reminder) -> None:
    if reminder.timer is not None and reminder.timer.active():
        reminder.timer.cancel()


def _in_order(reminders: Iterable[_Reminder]) -> Sequence[Awaited]:
    return [_awaited(each) for each in sorted(reminders, key=lambda each: each.rings_at)]


def _awaited(reminder: _Reminder) -> Awaited:
    state: Literal["waiting", "ringing", "between attempts"] = "waiting"
    if reminder.ringing:
        state = "ringing"
    elif reminder.attempt:
        state = "between attempts"
    return Awaited(reminder.order, state, reminder.attempt, reminder.rings_at, reminder.day)
