"""What a play waits for: an event of the ledger on its wire, each wait with the case's limit."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress

from oxo_scenarios.bench import ledger as ask
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.judge import Delivery

LOOK_SECONDS = 0.2
"""How often a delivery is looked at that is waited for."""
TAKING_SECONDS = 1.0
"""What a subject is left of a broken transfer's time to take up the half that it was sent."""


class Waits(ABC):
    """The waits of a play, which says whose they are and when its subject is gone."""

    _ledger: Ledger
    _reset_seconds: float

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

    def await_session(self) -> None:
        """Wait until the subject has opened a session."""
        self._await(lambda lines: ask.count(lines, "session opened") > 0, "open a session")

    def await_session_closed(self) -> None:
        """Wait until the exchange has noticed that no session is left."""

        def none_left(lines: ask.Lines) -> bool:
            return ask.count(lines, "session closed") >= ask.count(lines, "session opened")

        if not self._ledger.wait(none_left, self.limit_seconds):
            limit = f"{self.limit_seconds:g}"
            raise TimeoutError(f"the exchange keeps a session {limit} s after its connection ended")

    def await_fault(self) -> None:
        """Wait until the armed fault has struck."""
        self._await(lambda lines: ask.count(lines, "fault") > 0, "acknowledge tickets")

    def await_held(self) -> None:
        """Wait until the cut link holds bytes back."""
        self._await(lambda lines: ask.count(lines, "held") > 0, "use the link")

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
        """Wait until no ticket of the wire is left at the exchange.

        Raises:
            SubjectFailed: the limit passed, or the subject ended; the text says what waits.
        """

        def collected(lines: ask.Lines) -> bool:
            return not ask.waiting_sequences(lines)

        limit = self.limit_seconds
        if not self._ledger.wait(lambda lines: collected(lines) or self._gone(), limit):
            waiting = sorted(ask.waiting_sequences(self._ledger.seen))
            raise SubjectFailed(
                f"{len(waiting)} tickets, the first with sequence {waiting[0]}, "
                f"are not acknowledged after {limit:g} s"
            )
        if not collected(self._ledger.seen):
            raise SubjectFailed(self._ending())
        self._came_back()

    def await_delivered(self) -> None:
        """Wait until every ticket is collected and stands in the delivery.

        Raises:
            SubjectFailed: the limit passed; the text says how many stand there.
        """
        self.await_collected()
        deadline = time.monotonic() + self.limit_seconds
        asked = ask.count(self._ledger.seen, "buffered")
        while (told := len(self.delivery_now().tickets)) < asked:
            if time.monotonic() > deadline:
                raise SubjectFailed(
                    f"{told} of {asked} tickets stand in its delivery {self.limit_seconds:g} s "
                    "after they were sent"
                )
            self._ledger.refresh(LOOK_SECONDS)

    def _await(self, met: Callable[[ask.Lines], bool], what: str) -> None:
        """Wait for something that only the subject can bring about."""
        if not self._ledger.wait(lambda lines: met(lines) or self._gone(), self.limit_seconds):
            raise SubjectFailed(f"the subject did not {what} within {self.limit_seconds:g} s")
        if not met(self._ledger.seen):
            raise SubjectFailed(self._ending())


def _turned_away_or_serving(lines: ask.Lines) -> bool:
    """Tell whether a connection was tried since the last reset, or the reset is over."""
    since = max((line.n for line in lines if line.event == "reset"), default=0)
    after = [line for line in lines if line.n > since]
    tried = any(line.event in ("refused", "connection opened") for line in after)
    return tried or ask.phase(lines) == "serving"
