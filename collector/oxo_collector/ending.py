"""SIGTERM, SIGINT and SIGHUP as a request to end."""

import signal
import threading
from types import FrameType
from typing import Final

from structlog.typing import FilteringBoundLogger

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop_on_signals(log: FilteringBoundLogger) -> threading.Event:
    """Return an event that the first signal sets; a second one ends the process at once.

    Nothing is lost by the second: what is not acknowledged is offered again. A terminal that is
    closed asks, too (SIGHUP); whoever started the command under `nohup` does not want that.
    """
    stop = threading.Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)
        stop.set()
        name = signal.Signals(number).name
        log.info("ending after the batch in hand; the same signal again ends at once", signal=name)

    hung_up = signal.getsignal(signal.SIGHUP)
    taken = [one for one in SIGNALS if one != signal.SIGHUP or hung_up != signal.SIG_IGN]
    for one in taken:
        signal.signal(one, ask)
    return stop
