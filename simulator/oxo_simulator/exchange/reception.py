"""The reception's set: it says which wake-up failed, and rings until somebody acknowledges.

    failed --message, ring--> alerted --each `reception_gap_seconds`--> rings again
                                 |--> acknowledged, or the guest has checked out
                                 |--> given up, behind the last of `reception_rings`

Message, ring and their repetition are documented (facts: oxo 3.1, `WakeUpPrbRg`); that it ends by
itself is ours. During a reset it is silent, and rings again as soon as the exchange serves. No wire
tells of it: the ticket Failed does (ours).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple

from oxo_simulator.exchange.hotel_settings import HotelSettings
from oxo_simulator.exchange.moment import Cancellable, ExchangeTime
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.port import Record

Step = Literal["message", "rings", "acknowledged", "checked out", "given up"]
"""Words of the ledger for what happens at the reception."""


class Alarm(NamedTuple):
    """A wake-up that failed, as the reception sees it.

    Attributes:
        time: for which the wake-up was programmed.
        ring: how often the reception has been rung by now.
        rings_at: when it is rung next, or the alarm ends; UTC.
    """

    time: time
    ring: int
    rings_at: datetime


@dataclass(eq=False)
class _Alarm:
    room: str
    time: time
    rings_at: datetime
    ring: int = 0
    timer: Cancellable | None = None


class Reception:
    """The alarms of one exchange, one per room.

    Args:
        settings: of the profile.
        clock: exchange time.
        record: the ledger.
    """

    def __init__(self, settings: HotelSettings, clock: ExchangeTime, record: Record) -> None:
        self._settings = settings
        self._clock = clock
        self._record = record
        self._alarms: dict[str, _Alarm] = {}

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """Number of a room -> its alarm."""
        return {
            room: Alarm(each.time, each.ring, each.rings_at) for room, each in self._alarms.items()
        }

    def alert(self, room: str, shown: time) -> None:
        """Say that a wake-up failed; an older alarm of the room is over then."""
        self._take(room)
        alarm = _Alarm(room, shown, self._clock.now().utc)
        self._step(alarm, "message")
        if self._settings.reception_alarm:
            self._alarms[room] = alarm
            self._ring(alarm)

    def acknowledge(self, room: str) -> None:
        """Take notice of a room's alarm.

        Raises:
            OrderError: there is none.
        """
        if not self.end(room, "acknowledged"):
            others = ", ".join(self._alarms) or "none"
            raise OrderError(f"no wake-up of room {room[:64]} has failed; there are: {others}")

    def end(self, room: str, why: Step) -> bool:
        """End a room's alarm, if there is one, and tell whether there was."""
        alarm = self._take(room)
        if alarm is not None:
            self._step(alarm, why)
        return alarm is not None

    def forget(self) -> None:
        """Lose them all, as a cold reset does."""
        for room in tuple(self._alarms):
            self._take(room)

    def go_down(self) -> None:
        """Be silent until `serve`."""
        for each in self._alarms.values():
            _stop(each)

    def serve(self) -> None:
        """Go on."""
        now = self._clock.now().utc
        for each in self._alarms.values():
            _stop(each)
            each.rings_at = max(each.rings_at, now)
            self._wait(each)

    def follow(self, before: "Reception", rooms: Collection[str]) -> None:
        """Go on with what another release had, as far as those rooms go."""
        for room, old in before.alarms.items():
            if room in rooms:
                self._alarms[room] = _Alarm(room, old.time, old.rings_at, old.ring)
        self.serve()

    def _ring(self, alarm: _Alarm) -> None:
        if alarm.ring >= self._settings.reception_rings:
            self.end(alarm.room, "given up")
            return
        alarm.ring += 1
        self._step(alarm, "rings")
        gap = timedelta(seconds=self._settings.reception_gap_seconds)
        alarm.rings_at = self._clock.now().utc + gap
        self._wait(alarm)

    def _wait(self, alarm: _Alarm) -> None:
        seconds = (alarm.rings_at - self._clock.now().utc).total_seconds()
        alarm.timer = self._clock.later(seconds, lambda: self._ring(alarm))

    def _take(self, room: str) -> _Alarm | None:
        alarm = self._alarms.pop(room, None)
        if alarm is not None:
            _stop(alarm)
        return alarm

    def _step(self, alarm: _Alarm, step: Step) -> None:
        shown = f"{alarm.time:%H:%M}"
        told = {"room": alarm.room, "time": shown, "state": step, "ring": alarm.ring}
        self._record("reception", told)


def _stop(alarm: _Alarm) -> None:
    if alarm.timer is not None and alarm.timer.active():
        alarm.timer.cancel()
