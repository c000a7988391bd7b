"""From a thread into the reactor's, and back with an answer, within a limit.

Everything that conversations share (desk, shelf, ledger, transcript) belongs to the reactor's
thread. Threads ask; the reactor never waits for one of them. What is told or asked from one thread
is done in its order. Only immutable values cross back.
"""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from typing import Any, TypeVar

ANSWER_SECONDS_MAX = 30.0

T = TypeVar("T")


class Unanswered(Exception):
    """The exchange did not come to the question in time, or ends (the bench's)."""


class Crossing:
    """See the module.

    Args:
        reactor: of the process.
        seconds_max: so long a thread waits for an answer.
    """

    def __init__(self, reactor: Any, seconds_max: float = ANSWER_SECONDS_MAX) -> None:
        self._reactor = reactor
        self._seconds_max = seconds_max

    def tell(self, what: Callable[[], object]) -> None:
        """Do something in the reactor's thread, some time."""
        self._reactor.callFromThread(what)

    def ask(self, what: Callable[[], T]) -> T:
        """Do something in the reactor's thread, and return what it returns.

        Raises:
            Unanswered: it was not done in time.
            Exception: what it raises.
        """
        answer: Future[T] = Future()

        def run() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(what())
            except Exception as error:  # noqa: BLE001 - whatever it is, the asker has to know
                answer.set_exception(error)

        self._reactor.callFromThread(run)
        try:
            return answer.result(self._seconds_max)
        except NoAnswer as error:
            if not answer.cancel() and answer.done():
                raise
            raise Unanswered(f"no answer for {self._seconds_max:g} s") from error
