"""A limit of time on what heeds no other: a search, a server that drips."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class _TooLong(BaseException):
    """Not an `Exception`, so that no library takes it for one of its own troubles."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Break off after this time, in silence: who needs to know looks at what was done.

    It works by a signal, hence in the main thread alone.
    """

    def ring(_number: int, _frame: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
    except _TooLong:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
