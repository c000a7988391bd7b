"""Telephony: orders become calls, calls end, tickets are written.

All calls of one request begin at the same exchange instant, or none does. A call occupies a line
until it ends; its ticket is written the profile's delay later.
"""

import re
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oxo_tickets import Ticket

from oxo_simulator.exchange.directory import Directory, Subscriber
from oxo_simulator.exchange.metering import Tariff, activation_ticket, call_ticket
from oxo_simulator.exchange.moment import ExchangeTime
from oxo_simulator.exchange.orders import Appointment, CallOrder
from oxo_simulator.exchange.port import Source
from oxo_simulator.exchange.recorded import unsayable
from oxo_simulator.exchange.trunks import TrunkGroup

CALL_SECONDS_MAX = 24 * 3600 - 1
"""The longest duration that a ticket shows (facts: oxo 2.2 ALZ, 7.3)."""
DIGITS_MAX = 26
ACCOUNT_CODE_CHARACTERS_MAX = 16
UNITS_MAX = 65_535
CALLS_MAX = 1_000
LOAD_TICKETS_MAX = 10_000
SLICE_TICKETS = 100
CHECKED_TICKETS = 1_000
"""So many tickets of a load are written, or checked, without a pause."""
PACE_MAX = 1_000_000
LOAD_SECONDS_MAX = 100 * 366 * 24 * 3600
"""Exchange seconds until the last ticket of a load; beyond it stands a mistyped date or pace."""

Write = Callable[[Ticket, Source], int]

_NUMBER = re.compile(rf"[0-9A-D*#+]{{0,{DIGITS_MAX}}}")
_CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class OrderError(ValueError):
    """The order cannot be carried out (the operator's fault): which, and what is allowed."""


class Placed:
    """What one request set going.

    Attributes:
        ids: ledger ids of the tickets written so far; grows as they are written.
        seconds: exchange seconds from the request until its last ticket is written.
    """

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.seconds = 0.0


class _Loaded(NamedTuple):
    """The last ticket of a load: its own instant, and the exchange's when it is written."""

    ticket: datetime
    written: datetime


class Telephony:
    """The calls of one exchange.

    Args:
        directory: who can call.
        trunks: lines to the outside.
        tariff: cost of a unit.
        write_delay_seconds: from the end of a call to its ticket.
        clock: exchange time.
        write: takes each finished ticket and returns its ledger id.
    """

    def __init__(  # noqa: PLR0913 - what telephony is made of
        self,
        *,
        directory: Directory,
        trunks: TrunkGroup,
        tariff: Tariff,
        write_delay_seconds: float,
        clock: ExchangeTime,
        write: Write,
    ) -> None:
        self._directory = directory
        self._trunks = trunks
        self._tariff = tariff
        self._delay = write_delay_seconds
        self._clock = clock
        self._write = write
        self._loaded: _Loaded | None = None

    def place(self, orders: Sequence[CallOrder]) -> Placed:
        """Place calls, all now.

        Raises:
            OrderError, SubscriberUnknown, TrunkUnavailable: nothing was placed.
        """
        calls = self._expand(orders)
        lines = self._seize(calls)
        begin, placed = self._clock.now(), Placed()
        for (order, subscriber), line in zip(calls, lines, strict=True):
            ticket = call_ticket(order, subscriber, line, begin, self._tariff)
            talk = float(order.ring_seconds + order.call_seconds)
            self._clock.later(talk, lambda line=line: self._trunks.release(line))  # type: ignore[misc]
            self._write_later(placed, talk + self._delay, ticket, "call")
        return placed

    def program(self, order: Appointment) -> Placed:
        """Program an appointment reminder; its activation ticket follows.

        Raises:
            OrderError, SubscriberUnknown: nothing was programmed.
        """
        found = _CLOCK_TIME.fullmatch(order.time)
        if not found:
            raise OrderError(f"appointment time {order.time!r}; HH:MM is expected")
        reminder = time(int(found[1]), int(found[2]))
        ticket = activation_ticket(self._directory[order.user], reminder, self._clock.now())
        placed = Placed()
        self._write_later(placed, self._delay, ticket, "appointment")
        return placed

    def load(self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False) -> Placed:
        """Write tickets as they are, in one go; see `loading`."""
        loading = self.loading(tickets, pace, continues=continues)
        while True:
            try:
                next(loading)
            except StopIteration as end:
                placed: Placed = end.value
                return placed

    def loading(
        self, tickets: Sequence[Ticket], pace: float, *, continues: bool = False
    ) -> Generator[None, None, Placed]:
        """Write tickets as they are, in slices: other things may be done at each yield.

        With `pace` 0 all at once; otherwise in their original spacing, `pace` times as fast, in
        exchange time. A ticket dated before its predecessor follows it at once. The predecessor
        of the first ticket is the last one of the load before, if it `continues` that one.

        Raises:
            OrderError: a pace, date or ticket that cannot be; nothing was written.
        """
        if not 0 <= pace <= PACE_MAX:
            raise OrderError(f"pace {pace}; 0 (at once) to {PACE_MAX} times as fast is expected")
        instants = yield from self._checked(tickets)
        due, begin, placed = self._due(instants, pace, continues), self._clock.now().utc, Placed()
        for first in range(0, len(tickets), SLICE_TICKETS):
            if first:
                yield
            passed = (self._clock.now().utc - begin).total_seconds()
            for number in range(first, min(first + SLICE_TICKETS, len(tickets))):
                self._write_when_due(placed, due[number] - passed, tickets[number])
        return placed

    def _checked(self, tickets: Sequence[Ticket]) -> Generator[None, None, list[datetime]]:
        """Return the tickets' instants.

        Raises:
            OrderError: names the first ticket that no wire could say.
        """
        instants = []
        for number, ticket in enumerate(tickets, 1):
            if wrong := unsayable(ticket):
                raise OrderError(f"ticket {number}: {wrong}")
            instants.append(self._instant(ticket))
            if number % CHECKED_TICKETS == 0:
                yield
        return instants

    def _expand(self, orders: Sequence[CallOrder]) -> list[tuple[CallOrder, Subscriber]]:
        for number, order in enumerate(orders, 1):
            if wrong := _wrong(order):
                raise OrderError(f"call {number}: {wrong}")
        if (count := sum(order.times for order in orders)) > CALLS_MAX:
            raise OrderError(f"{count} calls; at most {CALLS_MAX} are placed at once")
        known = [(order, self._directory[order.user]) for order in orders]
        return [(order, who) for order, who in known for _ in range(order.times)]

    def _seize(self, calls: Sequence[tuple[CallOrder, Subscriber]]) -> list[str]:
        lines: list[str] = []
        try:
            for order, _ in calls:
                lines.append(self._trunks.seize(order.trunk))
        except LookupError:
            for line in lines:
                self._trunks.release(line)
            raise
        return lines

    def _write_when_due(self, placed: Placed, seconds: float, ticket: Ticket) -> None:
        if seconds > 0:
            self._write_later(placed, seconds, ticket, "loaded")
        else:
            placed.ids.append(self._write(ticket, "loaded"))

    def _write_later(self, placed: Placed, seconds: float, ticket: Ticket, source: Source) -> None:
        placed.seconds = max(placed.seconds, seconds)
        self._clock.later(seconds, lambda: placed.ids.append(self._write(ticket, source)))

    def _due(self, instants: Sequence[datetime], pace: float, continues: bool) -> list[float]:  # noqa: FBT001
        """Return in how many exchange seconds each ticket is to be written."""
        now = self._clock.now().utc
        before = self._loaded if continues else None
        if not instants or not pace:
            return [0.0] * len(instants)
        first = before or _Loaded(instants[0], now)
        begin = (first.written - now).total_seconds()
        due = [begin + after for after in _spacing([first.ticket, *instants], pace)[1:]]
        if due[-1] > LOAD_SECONDS_MAX:
            raise OrderError(
                f"the last ticket would come in {due[-1]:.0f} exchange seconds; "
                f"at most {LOAD_SECONDS_MAX} are expected (look at the tickets' dates)"
            )
        self._loaded = _Loaded(instants[-1], now + timedelta(seconds=due[-1]))
        return due

    def _instant(self, ticket: Ticket) -> datetime:
        zone = ZoneInfo(ticket.zone) if ticket.zone else self._clock.zone
        return ticket.local_time.replace(tzinfo=zone, fold=ticket.fold or 0).astimezone(UTC)


def _spacing(instants: Sequence[datetime], pace: float) -> list[float]:
    """Return, per instant, the seconds after the first at which it comes, `pace` times as fast."""
    steps = (max(0.0, (b - a).total_seconds()) / pace for a, b in pairwise(instants))
    return list(accumulate(steps, initial=0.0))


def _wrong(order: CallOrder) -> str | None:
    """Say what is wrong with an order, if anything is."""
    limits = (
        ("ring_seconds", order.ring_seconds, 0, CALL_SECONDS_MAX),
        ("call_seconds", order.call_seconds, 0, CALL_SECONDS_MAX),
        ("units", order.units, 0, UNITS_MAX),
        ("times", order.times, 1, CALLS_MAX),
    )
    for name, value, least, most in limits:
        if not least <= value <= most:
            return f"{name} {value}; {least} to {most} is expected"
    if not _NUMBER.fullmatch(order.number):
        return f"number {order.number!r}; at most {DIGITS_MAX} of 0-9 A-D * # + are expected"
    if order.account_code is not None and len(order.account_code) > ACCOUNT_CODE_CHARACTERS_MAX:
        return (
            f"account_code of {len(order.account_code)} characters; "
            f"at most {ACCOUNT_CODE_CHARACTERS_MAX} are expected"
        )
    return None
