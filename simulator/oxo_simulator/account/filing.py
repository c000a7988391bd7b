"""Files what the exchange writes, from its outlet, and closes files on its clock.

No timer runs while there is nothing to close and nothing to age out, so that a year of quiet passes
in no time. There is one timer for the open file and one for the oldest closed one; each looks at
what is due when it comes and is set anew.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import ncompress

from oxo_simulator.account.closing import Rules, reached
from oxo_simulator.account.names import count_of
from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.shelf import AccountFile, Shelf, Terms
from oxo_simulator.ed52.account_file import text
from oxo_simulator.ed52.codec import render
from oxo_simulator.ed52.layout import LAYOUTS
from oxo_simulator.ed52.mapping import Manner
from oxo_simulator.exchange.moment import Cancellable, Moment
from oxo_simulator.exchange.outlet import Outlet

TICKETS_AT_ONCE = 1_000


class ExchangeClock(Protocol):
    """The clock of an exchange (`Exchange`)."""

    def now(self) -> Moment:
        """Return the present instant."""

    def later(self, seconds: float, what: Callable[[], None]) -> Cancellable:
        """Do something after so many exchange seconds."""


class Filing:
    """See the module.

    Args:
        outlet: of the wire.
        clock: of the exchange.
        settings: of the wire.
        manner: of the records.
        before: the shelf whose place this one takes; its open file is not among what is taken, for
            the tickets in it wait at the outlet.

    Attributes:
        shelf: the files.
    """

    def __init__(
        self,
        outlet: Outlet,
        clock: ExchangeClock,
        settings: AccountSettings,
        manner: Manner,
        before: Shelf | None = None,
    ) -> None:
        self._outlet = outlet
        self._clock = clock
        self._manner = manner
        write = partial(text, layout=LAYOUTS[settings.layout])
        self.shelf = Shelf(outlet, write, _compressed, shelf_terms(settings))
        self._last = 0
        self._closing: Cancellable | None = None
        self._ageing: Cancellable | None = None
        outlet.watch(self._put_in)
        if before is not None:
            self.shelf.follow(before)
            self._ageing = self._at(self.shelf.ages_at(), self._age)
            if outlet.waiting_count():
                self._put_in()

    def close(self) -> AccountFile | None:
        """Close the open file now, and return it; `None` where there is none."""
        closed = self.shelf.close(self._clock.now())
        if closed is not None:
            self._closed()
        return closed

    def stop(self) -> None:
        """Let the timers go."""
        for timer in (self._closing, self._ageing):
            if timer is not None and timer.active():
                timer.cancel()
        self._closing = self._ageing = None

    def _put_in(self) -> None:
        """Put what has come to the outlet into the open file, unless its time is over."""
        now = self._clock.now()
        # A ticket of the very instant may come before the timer does.
        due = self.shelf.closes_at()
        if due is not None and reached(due, now):
            self.close()
        while found := self._outlet.buffer.after(self._last, TICKETS_AT_ONCE):
            for each in found:
                self._last = each.sequence
                if self.shelf.put(each.sequence, render(each.ticket, self._manner), now):
                    self._closed()
        if self._closing is None:
            self._closing = self._at(self.shelf.closes_at(), self._close_in_time)

    def _close_in_time(self) -> None:
        """The hour is full, or it was quiet for too long; else what was due has moved on."""
        self._closing = None
        due = self.shelf.closes_at()
        if due is not None and reached(due, self._clock.now()):
            self.close()
        else:
            self._closing = self._at(due, self._close_in_time)

    def _age(self) -> None:
        """The oldest file is too old."""
        self.shelf.age(self._clock.now())
        self._ageing = self._at(self.shelf.ages_at(), self._age)

    def _closed(self) -> None:
        """A file has been closed: nothing is to be closed now, something is to age."""
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        self._closing = None
        if self._ageing is None:
            self._ageing = self._at(self.shelf.ages_at(), self._age)

    def _at(self, due: datetime | None, what: Callable[[], None]) -> Cancellable | None:
        if due is None:
            return None
        seconds = (due - self._clock.now().utc).total_seconds()
        return self._clock.later(max(0.0, seconds), what)


def _compressed(plain: bytes) -> bytes:
    """Compress; who keeps the library's own function hears of a leak when the process ends."""
    found: bytes = ncompress.compress(plain)
    return found


def shelf_terms(settings: AccountSettings) -> Terms:
    """Return what a profile says about the shelf."""
    rules = Rules(
        hourly=settings.hourly,
        idle=timedelta(minutes=settings.close_minutes_idle),
        retention=timedelta(days=settings.retention_days),
    )
    return Terms(
        rules,
        index=settings.index,
        open_shown=settings.open_file,
        memory_records=settings.memory_records,
        first_count=count_of(settings.first_file),
    )
