"""What a play waits for: an event of the ledger on its wire, each wait with the case's limit."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress

from oxo_simulator.control.messages import Fault

from oxo_scenarios.bench import ledger as ask
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.judge import Delivery
from oxo_scenarios.judge.chronicle import Station, Stay
from oxo_scenarios.judge.faults import CUTS
from oxo_scenarios.wires import TELLINGS, Wire, doors_of

LOOK_SECONDS = 0.2
"""How often a delivery is looked at that is waited for."""
TAKING_SECONDS = 1.0
"""What a subject is left of a broken transfer's time to take up the half that it was sent."""


SHOWN_SECONDS_MAX = 5.0
"""What a subject is left to keep what it was given, where nothing on the wire tells that it has."""


class Waits(ABC):
    """The waits of a play, which says whose they are and when its subject is gone."""

    wire: Wire
    _ledger: Ledger
    _reset_seconds: float
    _armed_after: int = 0
    _cut_after: int = 0

    @property
    @abstractmethod
    def limit_seconds(self) -> float:
        """Return the limit of the case."""

    @abstractmethod
    def delivery_now(self) -> Delivery:
        """Read the delivery once, while the subject runs."""

    @abstractmethod
    def _gone(self) -> bool: ...

    @abstractmethod
    def _ending(self) -> str: ...

    @abstractmethod
    def _came_back(self) -> None:
        """Everything is collected after the exchange went away, if it did."""

    def await_session(self, after: int = 0) -> None:
        """Wait until the subject has opened a session, after so many before."""
        what = "open another session" if after else "open a session"
        self._await(lambda lines: ask.count(lines, "session opened") > after, what)

    def await_session_closed(self) -> None:
        """Wait until the exchange has noticed that no session is left."""

        def none_left(lines: ask.Lines) -> bool:
            return ask.count(lines, "session closed") >= ask.count(lines, "session opened")

        if not self._ledger.wait(none_left, self.limit_seconds):
            limit = f"{self.limit_seconds:g}"
            raise TimeoutError(f"the exchange keeps a session {limit} s after its connection ended")

    def _note_fault(self, fault: Fault, *, armed: bool = False) -> None:
        """Remember where the ledger stands as a fault is ordered: what came before is no sign."""
        self._ledger.refresh()
        now = self._ledger.lines[-1].n if self._ledger.lines else 0
        if armed:
            self._armed_after = now
        if fault.kind in CUTS:
            self._cut_after = now

    def await_fault(self) -> None:
        """Wait until the fault that was armed last has struck; others may, without a cause."""

        def struck(lines: ask.Lines) -> bool:
            since = [x for x in lines if x.event == "fault" and x.n > self._armed_after]
            return any("cause" in line.detail for line in since)

        self._await(struck, "acknowledge tickets")

    def await_held(self) -> None:
        """Wait until the link, cut last, holds bytes back."""

        def held(lines: ask.Lines) -> bool:
            return any(line.event == "held" and line.n > self._cut_after for line in lines)

        self._await(held, "use the link")

    def await_taken(self) -> None:
        """Leave the subject time to take up what came; its delivery may show that it did.

        Whoever keeps the half of a file as if it were the whole does so now, or is not found out.
        """
        deadline = time.monotonic() + TAKING_SECONDS
        while time.monotonic() < deadline:
            with suppress(SubjectFailed):  # nothing to read yet is no fault in mid-transfer
                if self.delivery_now().tickets:
                    return
            self._ledger.refresh(LOOK_SECONDS)

    def await_attempt(self) -> None:
        """Wait until the subject was turned away by the resetting exchange, or it serves again."""
        self._ledger.wait(_turned_away_or_serving, self.limit_seconds + self._reset_seconds)

    def await_serving(self) -> None:
        """Wait until the exchange serves again after its reset."""
        limit = self.limit_seconds + self._reset_seconds
        if not self._ledger.wait(lambda lines: ask.phase(lines) == "serving", limit):
            raise TimeoutError(f"the exchange does not serve {limit:g} s after its reset")

    def await_collected(self) -> None:
        """Wait until no ticket is left at the exchange, of all that the play's doors have kept.

        Where nothing on the wire tells what the subject keeps, its delivery is given time to show
        it: at most `SHOWN_SECONDS_MAX`, and nobody is blamed for what it shows then.

        Raises:
            SubjectFailed: the limit passed, or the subject ended; the text says what waits.
        """
        telling = TELLINGS[self.wire]
        self._await_given(lambda station: bool(station.given), telling.open)
        self._came_back()
        if telling.kept_unseen:
            self._look_until_shown(SHOWN_SECONDS_MAX)

    def await_files(self) -> None:
        """Wait until every ticket that went into an account file was fetched with it.

        Raises:
            SubjectFailed: as `await_collected`.
        """
        door = "account"
        fetched = TELLINGS[door].open
        self._await_given(lambda station: _had_at(station.stays[door]), fetched)
        self._came_back()
        self._look_until_shown(SHOWN_SECONDS_MAX)

    def _await_given(self, had: Callable[[Station], bool], never: str) -> None:
        def left() -> list[Station]:
            return [station for station in self._kept() if not had(station)]

        limit = self.limit_seconds
        if not self._ledger.wait(lambda _lines: not left() or self._gone(), limit):
            waiting = left()
            raise SubjectFailed(
                f"{len(waiting)} tickets, the first with sequence {waiting[0].sequence}, "
                f"are not {never} after {limit:g} s"
            )
        if left():
            raise SubjectFailed(self._ending())

    def _kept(self) -> list[Station]:
        return ask.kept_tickets(self._ledger.lines, doors_of(self.wire))

    def _look_until_shown(self, seconds_max: float) -> int:
        """Look at the delivery until every ticket stands there; return how many did at last."""
        deadline = time.monotonic() + seconds_max
        asked, told = len(self._kept()), 0
        while True:
            with suppress(SubjectFailed):  # nothing to read yet
                told = len(self.delivery_now().tickets)
            if told >= asked or time.monotonic() > deadline:
                return told
            self._ledger.refresh(LOOK_SECONDS)

    def await_delivered(self) -> None:
        """Wait until every ticket is collected and stands in the delivery.

        Raises:
            SubjectFailed: the limit passed; the text says how many stand there.
        """
        self.await_collected()
        asked, told = len(self._kept()), self._look_until_shown(self.limit_seconds)
        if told < asked:
            raise SubjectFailed(
                f"{told} of {asked} tickets stand in its delivery {self.limit_seconds:g} s "
                "after they were sent"
            )

    def _await(self, met: Callable[[ask.Lines], bool], what: str) -> None:
        """Wait for something that only the subject can bring about."""
        if not self._ledger.wait(lambda lines: met(lines) or self._gone(), self.limit_seconds):
            raise SubjectFailed(f"the subject did not {what} within {self.limit_seconds:g} s")
        if not met(self._ledger.seen):
            raise SubjectFailed(self._ending())


def _had_at(stay: Stay) -> bool:
    return bool(stay.given) or not stay.kept


def _turned_away_or_serving(lines: ask.Lines) -> bool:
    """Tell whether a connection was tried since the last reset, or the reset is over."""
    since = max((line.n for line in lines if line.event == "reset"), default=0)
    after = [line for line in lines if line.n > since]
    tried = any(line.event in ("refused", "connection opened") for line in after)
    return tried or ask.phase(lines) == "serving"
