"""Something that is done each day when the wall clock shows a time (`wake_time`)."""

from collections.abc import Callable
from datetime import date, time

from oxo_simulator.exchange.moment import ExchangeTime
from oxo_simulator.exchange.wake_time import next_instant


class Daily:
    """Does it once a day; what is due while the exchange is down is done when it serves again.

    Args:
        shown: when.
        clock: exchange time.
        what: is done.
    """

    def __init__(self, shown: time, clock: ExchangeTime, what: Callable[[], None]) -> None:
        self._shown = shown
        self._clock = clock
        self._what = what
        self._down = self._owed = False
        self._wait(None)

    def go_down(self) -> None:
        """Do nothing until `serve`."""
        self._down = True

    def serve(self) -> None:
        """Go on, and do at once what was due meanwhile."""
        self._down, owed, self._owed = False, self._owed, False
        if owed:
            self._what()

    def _wait(self, day: date | None) -> None:
        now = self._clock.now().utc
        due, day = next_instant(self._shown, now, self._clock.zone, "at-the-jump", day)
        self._clock.later((due - now).total_seconds(), lambda: self._due(day))

    def _due(self, day: date) -> None:
        if self._down:
            self._owed = True
        else:
            self._what()
        self._wait(day)
