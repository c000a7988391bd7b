"""An outlet under random operations: nothing twice, nothing silently gone, sequences monotone.

The model is the ledger read by itself: from its lines alone it is known at any time which ticket
waits under which sequence, and what became of every other one. Notices are counted: each waits, was
taken, or was let go with a line of its own. Another release may come at any time.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.exchange.port import NeverOffered
from oxo_tickets import Kind, Ticket

NOW = Moment(datetime(2020, 2, 24, 14), 0, datetime(2020, 2, 24, 13, tzinfo=UTC), "Europe/Berlin")  # noqa: DTZ001
TICKET = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14))  # noqa: DTZ001
RANGED = ("acknowledged", "consumed", "sent", "filed")
"""Events by which a row of sequences leaves for good."""


CAPACITIES = st.sampled_from([1, 2, 3, 4, 6, 0])


class Ledger:
    """What the lines say: who waits under which sequence, and what became of the others."""

    def __init__(self) -> None:
        self.waiting: dict[int, int] = {}
        self.fates: Counter[int] = Counter()
        self.last = 0
        self.alarms = 0
        self.notices = 0

    def __call__(self, event: str, detail: Mapping[str, Any]) -> None:
        if event == "buffered":
            assert detail["sequence"] == self.last + 1, "no gap, and never back"
            self.last += 1
            self.waiting[self.last] = detail["id"]
        elif event == "dropped":
            self.fates[detail["id"]] += 1
            self.waiting = {at: who for at, who in self.waiting.items() if who != detail["id"]}
        elif event in RANGED:
            for sequence in range(detail["first"], detail["last"] + 1):
                self.fates[self.waiting.pop(sequence)] += 1
        elif event == "alarm":
            self.alarms += 1
        elif event in ("notice", "notice dropped"):
            self.notices += 1


class OutletUnderResets(RuleBasedStateMachine):
    """Puts, takes, acknowledges and resets, in any order."""

    @initialize(
        capacity=CAPACITIES,
        percent=st.sampled_from([0, 1, 50, 70, 100]),
        overflow=st.sampled_from(["newest", "oldest"]),
        beside=st.booleans(),
    )
    def begin(self, capacity: int, percent: int, overflow: Any, beside: bool) -> None:  # noqa: FBT001
        self.ledger = Ledger()
        self.put_in = self.offered = self.noticed = 0
        self.beside = beside
        self.percent = percent
        self.outlet = Outlet(self.terms(capacity, overflow), self.ledger)

    def terms(self, capacity: int, overflow: Any) -> OutletTerms:
        return OutletTerms(
            wire="v24",
            capacity=capacity,
            alarm_percent=self.percent,
            overflow=overflow,
            notices=lambda _notice: True,
            notices_count=self.beside,
        )

    @rule(count=st.integers(1, 4), offered=st.integers(0, 4))
    def put(self, count: int, offered: int) -> None:
        """Put tickets in, and offer some at once: what nobody was offered can hardly go wrong."""
        for _ in range(count):
            self.put_in += 1
            before, above = self.ledger.alarms, self.outlet.buffer.alarm
            self.outlet.put(self.put_in, TICKET)
            raised = self.outlet.buffer.alarm and not above
            assert self.ledger.alarms - before == raised, "once, upwards"
        if offered:
            self.offer(offered)

    @rule(count=st.integers(1, 3))
    def notify(self, count: int) -> None:
        for _ in range(count):
            self.noticed += 1
            before, above = self.ledger.alarms, self.outlet.buffer.alarm
            tickets = len(self.outlet.buffer)
            self.outlet.put_notice(Notice("mao", NOW, (("number", str(self.noticed)),)))
            raised = self.outlet.buffer.alarm and not above
            assert self.ledger.alarms - before == raised, "once, upwards"
            assert self.beside or len(self.outlet.buffer) == tickets, "takes no ticket's room"

    @rule(count=st.integers(1, 3))
    def take_notices(self, count: int) -> None:
        for _ in range(min(count, len(self.outlet.notices))):
            self.outlet.noticed("s", "c")

    def offer(self, count: int) -> None:
        found = self.outlet.waiting(count)
        if found:
            self.outlet.offered(found[0].sequence, found[-1].sequence, "s", "c")
            self.offered = max(self.offered, found[-1].sequence)

    @rule(share=st.integers(-1, 5))
    def acknowledge(self, share: int) -> None:
        # Up to what was offered, mostly; and now and then beyond it.
        last = self.offered * share // 4 if share < 5 else self.offered + 1
        expected = [at for at in self.ledger.waiting if at <= last]
        if 0 <= last <= self.offered:
            assert self.outlet.acknowledge(last, "s", "c") == len(expected)
        else:
            with pytest.raises(NeverOffered):
                self.outlet.acknowledge(last, "s", "c")

    @rule(how=st.sampled_from(["consumed", "sent", "filed"]), count=st.integers(1, 6))
    def take(self, how: str, count: int) -> None:
        found = self.outlet.waiting(count)
        last = found[-1].sequence if found else 0
        if how == "filed":
            self.outlet.filed(last, "TAXAAAAA.DAT")
        elif how == "sent":
            self.outlet.sent(last, "s", "c")
        else:
            self.outlet.consumed(last, "s", "c", "printed")

    @rule(how=st.sampled_from(["lose", "warm", "warm", "cold"]))
    def empty(self, how: str) -> None:
        if how == "lose":
            self.outlet.lose("lost with the CPU")
            return
        self.outlet = self.outlet.emptied("reset", counts_anew=how == "cold")
        if how == "cold":
            self.ledger.last = self.offered = 0

    @rule(capacity=CAPACITIES, overflow=st.sampled_from(["newest", "oldest"]))
    def upgrade(self, capacity: int, overflow: Any) -> None:
        before, self.outlet = self.outlet, Outlet(self.terms(capacity, overflow), self.ledger)
        self.outlet.follow(before)
        assert self.outlet.buffer.newest == self.ledger.last, "the sequence goes on"

    @invariant()
    def the_ledger_tells_all(self) -> None:
        if not hasattr(self, "outlet"):
            return
        waiting = {each.sequence: each.id for each in self.outlet.waiting(100)}
        assert waiting == self.ledger.waiting
        assert all(count == 1 for count in self.ledger.fates.values()), "one fate each"
        assert set(waiting.values()) | set(self.ledger.fates) == set(range(1, self.put_in + 1))
        assert not set(waiting.values()) & set(self.ledger.fates)
        assert len(self.outlet.notices) + self.ledger.notices == self.noticed
        items = len(waiting) + len(self.outlet.notices) * self.beside
        assert items <= self.outlet.buffer.capacity, "no more than there is room for"
        numbers = [int(each.notice.items[0][1]) for each in self.outlet.notices]
        assert numbers == sorted(set(numbers)), "in their order"
        behind = [each.behind for each in self.outlet.notices]
        assert behind == sorted(behind)
        assert all(at <= self.ledger.last for at in behind)
        for after in (0, self.ledger.last // 2, self.ledger.last):
            found = self.outlet.buffer.after(after, 100)
            assert [each.sequence for each in found] == [at for at in waiting if at > after]


TestOutletUnderResets = OutletUnderResets.TestCase
TestOutletUnderResets.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
