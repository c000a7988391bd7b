"""Calls as they live: begin, lines in use, tickets when they are due, end.

All calls of one request begin at the same exchange instant, or none does. Which tickets a call
leads to is `prescribed`; this is its clockwork. Who may spend no money any more is barred, whose
money is used up is cut off.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from oxo_tickets import UserKind

from oxo_simulator.exchange.course import Course, Leg, course
from oxo_simulator.exchange.cutting import side_by_side
from oxo_simulator.exchange.directory import Directory
from oxo_simulator.exchange.moment import Cancellable, ExchangeTime
from oxo_simulator.exchange.orders import CallOrder, FacilityRequest
from oxo_simulator.exchange.placed import OrderError, Placed
from oxo_simulator.exchange.port import Part, Record, Write
from oxo_simulator.exchange.prescribed import (
    Call,
    CallSettings,
    Due,
    Prescription,
    facility_ticket,
    prescribed,
)
from oxo_simulator.exchange.sets import Condition, SetState, SetStates
from oxo_simulator.exchange.trunks import LINE_USERS, TrunkGroup
from oxo_simulator.exchange.unwritten import Unwritten
from oxo_simulator.exchange.wrong_order import CALLS_MAX, wrong_order, wrong_target

Allowance = Callable[[str], Decimal | None]
"""Money that a set may still spend; `None`: no limit; 0: its lines are closed."""


class _Live:
    """A call in progress."""

    def __init__(self, name: str, call: Call, owed: Mapping[str, Decimal]) -> None:
        self.name = name
        self.call = call
        self.owed = dict(owed)
        self.due: deque[Due] = deque()
        self.ids: list[int] = []
        self.timers: list[Cancellable] = []
        self.talking = True


class Calls:
    """The calls of one exchange.

    Args:
        directory: who can call and be called.
        trunks: lines to the outside.
        settings: which tickets calls lead to, and what they cost.
        clock: exchange time.
        write: takes each ticket when it is due.
        record: the ledger.
        allowance: what each set may spend.
        blocked: whether nobody gets a line that would be charged.
        serving: false while a reset keeps the exchange down.
    """

    def __init__(  # noqa: PLR0913 - what calls are made of
        self,
        *,
        directory: Directory,
        trunks: TrunkGroup,
        settings: CallSettings,
        clock: ExchangeTime,
        write: Write,
        record: Record,
        allowance: Allowance = lambda _: None,
        blocked: Callable[[], bool] = lambda: False,
        serving: Callable[[], bool] = lambda: True,
    ) -> None:
        self.directory = directory
        self.trunks = trunks
        self.states = SetStates()
        self._settings = settings
        self._clock = clock
        self._write = write
        self._record = record
        self._allowance = allowance
        self._blocked = blocked
        self._serving = serving
        self._live: dict[str, _Live] = {}
        self._requests = Unwritten(clock, write, settings.metering.write_delay_seconds)
        self._begun = 0

    def place(self, orders: Sequence[CallOrder]) -> Placed:
        """Place calls, all now.

        Raises:
            OrderError, SubscriberUnknown, TrunkUnavailable: nothing was placed.
        """
        self._refuse_if_down()
        begin, placed = self._clock.now(), Placed()
        calls = [Call(order, way, (), begin) for order, way in self._planned(orders)]
        paid = side_by_side(calls, self._settings, self._left)
        # Whom those before leave no money needs no line.
        lines = iter(
            self.trunks.seize_all([line for call, _ in paid for line in call.course.lines])
        )
        for call, owed in paid:
            seized = [next(lines) for _ in call.course.lines]
            self._begin(call._replace(lines=seized), owed, placed)
        return placed

    def request(self, order: FacilityRequest) -> Placed:
        """Ask the public network for a service, or cancel it; its ticket follows.

        Raises:
            OrderError, SubscriberUnknown: nothing is asked for.
        """
        self._refuse_if_down()
        if self.states[order.user].condition == "out of service":
            raise OrderError(f"set {order.user} is out of service")
        ticket = facility_ticket(order, self.directory[order.user], self._clock.now())
        return self._requests.put(ticket, "facility")

    def set_up(self, number: str, state: SetState) -> None:
        """Let a set or group be otherwise from now on.

        Raises:
            OrderError, SubscriberUnknown: it stays as it is.
        """
        party = self.directory.party(number)
        if number in self.directory.groups and state.condition != "free":
            raise OrderError(f"group {number}: its members are {state.condition}, not the group")
        if state.diverted_to == party.number:
            raise OrderError(f"set {number} cannot be diverted to itself")
        target = state.diverted_to
        if target is not None and target not in self.directory and (wrong := wrong_target(target)):
            raise OrderError(f"diverted_to: {wrong}")
        self.states.change(number, state)
        told = {"state": state.condition, "diverted_to": state.diverted_to}
        self._record("set", {"user": number, **told, "monitoring": state.monitoring})

    def forget_states(self) -> None:
        """Let every set be free and its calls go nowhere else, as behind a cold reset (ours).

        Which of its calls are ticketed is the installer's to say, and stays.
        """
        for number, state in self.states.changed().items():
            free = SetState(monitoring=state.monitoring)
            if state != free:
                self.set_up(number, free)

    def silence(self, number: str, *, silent: bool) -> None:
        """Let a free set not be disturbed, or make it free again; other conditions stay."""
        state = self.states[number]
        if state.condition in ("free", "do not disturb"):
            condition: Condition = "do not disturb" if silent else "free"
            self.set_up(number, state._replace(condition=condition))

    def talking(self, number: str) -> bool:
        """Tell whether a set or group is in a call right now."""
        return number in self._talking()

    def all_talking(self) -> Collection[str]:
        """Return every set and group that is in a call right now."""
        return set(self._talking())

    def _talking(self) -> Iterator[str]:
        now = self._clock.now().utc
        for live in self._live.values():
            for leg in live.call.legs_at(now) if live.talking else ():
                if leg.user.kind not in LINE_USERS:
                    yield leg.user.number

    def hang_up(self, why: str, *, kept: bool) -> None:
        """End every call at once, as a reset does.

        The lines are free. Of what was not written yet, parts of calls that had ended by now and
        requests of facilities are, if what waits is `kept`; all else is lost (ours: no source
        tells).
        """
        now = self._clock.now().utc
        for live in tuple(self._live.values()):
            for timer in live.timers:
                if timer.active():
                    timer.cancel()
            self._release(live)
            passed = (now - live.call.begin.utc).total_seconds()
            while live.due and kept and live.due[0].seconds <= passed:
                self._write_next(live)
            if live.name in self._live:
                self._end(live, why)
        if kept:
            self._requests.write_all()
        elif lost := self._requests.forget():
            self._record("not written", {"tickets": lost, "reason": why})

    def follow(self, before: "Calls") -> None:
        """Take another release's place: sets are as they were, and calls go on counting.

        A diversion to somebody who is not installed any more is gone: outside, the number is
        another's.
        """
        self.states, self._begun = before.states, before._begun  # noqa: SLF001 - of our own
        for number, state in before.states.changed().items():
            target = state.diverted_to
            if target and target in before.directory and target not in self.directory:
                self.states.change(number, state._replace(diverted_to=None))

    def _refuse_if_down(self) -> None:
        if not self._serving():
            raise OrderError("the exchange is down; nobody gets through until it serves again")

    def _planned(self, orders: Sequence[CallOrder]) -> list[tuple[CallOrder, Course]]:
        """Say how each call would go; who is barred needs no line."""
        for number, order in enumerate(orders, 1):
            if wrong := wrong_order(order):
                raise OrderError(f"call {number}: {wrong}")
            if order.break_in:
                self.trunks.known(order.user)
        if (count := sum(order.times for order in orders)) > CALLS_MAX:
            raise OrderError(f"{count} calls; at most {CALLS_MAX} are placed at once")
        planned = []
        for order in orders:
            way = course(order, self.directory, self.states)
            if any(self._barred(leg) for leg in way.brought_in):
                way = way.without_brought_in()
            if any(self._barred(leg) for leg in way.legs):
                way = Course("barred")
            planned += [(order, way)] * order.times
        return planned

    def _barred(self, leg: Leg) -> bool:
        if not leg.metered:
            return False
        # Who is handed a call later may be without money: then it is cut off there.
        limited = (leg.since == 0 or leg.basic) and leg.user.kind is UserKind.SET
        return (limited and self._left(leg.user.number) == Decimal(0)) or self._blocked()

    def _left(self, number: str) -> Decimal | None:
        """Return the money that is left when every call in progress has been paid."""
        allowed = self._allowance(number)
        if allowed is None:
            return None
        owed = (live.owed.get(number, Decimal(0)) for live in self._live.values())
        return max(Decimal(0), allowed - sum(owed))

    def _begin(self, call: Call, owed: Mapping[str, Decimal], placed: Placed) -> None:
        self._begun += 1
        live = _Live(f"c{self._begun}", call, owed)
        self._live[live.name] = live
        placed.outcomes.append(call.course.outcome)
        trunk = {"trunk": call.lines[0]} if call.lines else {}
        order, outcome = call.order, call.course.outcome
        self._record(
            "call",
            {
                "call": live.name,
                "direction": order.direction,
                "user": order.user,
                "number": order.number,
                **trunk,
                "outcome": outcome,
            },
        )
        self._go(live, prescribed(call, self._settings), placed)

    def _go(self, live: _Live, prescription: Prescription, placed: Placed) -> None:
        """Set a call's timers."""
        seconds = float(live.call.seconds)
        if not seconds and not prescription.due:
            self._release(live)
            self._end(live, prescription.why)
            return
        self._later(live, seconds, lambda: self._release(live))
        live.due.extend(prescription.due)
        for due in prescription.due:
            written = due.seconds + self._settings.metering.write_delay_seconds
            self._later(live, written, lambda: placed.ids.append(self._write_next(live)))
            seconds = max(seconds, written)
        if not prescription.due:
            self._later(live, seconds, lambda: self._end(live, prescription.why))
        placed.seconds = max(placed.seconds, seconds)

    def _write_next(self, live: _Live) -> int:
        seconds, ticket = live.due.popleft()
        part = Part(live.name, live.call.begin.after(seconds))
        number = self._write(ticket, "call", part)
        live.ids.append(number)
        if (user := ticket.charged_user) in live.owed:
            live.owed[user] = max(Decimal(0), live.owed[user] - (ticket.cost or Decimal(0)))
        if not live.due:
            self._end(live, None)
        return number

    def _later(self, live: _Live, seconds: float, what: Callable[[], None]) -> None:
        live.timers.append(self._clock.later(seconds, what))

    def _release(self, live: _Live) -> None:
        if live.talking:
            live.talking = False
            for line in live.call.lines:
                self.trunks.release(line)

    def _end(self, live: _Live, why: str | None) -> None:
        del self._live[live.name]
        told: dict[str, Any] = {"call": live.name, "tickets": live.ids}
        self._record("call ended", told if why is None else {**told, "why": why})
