"""SIGTERM and SIGINT as a request to end."""

import signal
import threading
from types import FrameType

from structlog.typing import FilteringBoundLogger


def stop_on_signals(log: FilteringBoundLogger) -> threading.Event:
    """Return an event that the first signal sets; a second one ends the process at once.

    Nothing is lost by the second: what is not acknowledged is offered again.
    """
    stop = threading.Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        stop.set()
        name = signal.Signals(number).name
        log.info("ending after the batch in hand; the same signal again ends at once", signal=name)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop
