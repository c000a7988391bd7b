"""Processes that do not outlive the bench, even when it is killed and can tidy up nothing.

Linux sends a signal to a process whose parent has ended if the process asked for it (prctl,
PR_SET_PDEATHSIG). It is asked for between fork and exec and lasts over exec, as `prctl(2)` says
of all but set-user-ID programs. The parent is the thread that started it: here always the
bench's main thread. Elsewhere such processes live on.
"""

import ctypes
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1
_ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM}
# Looked up once, here: between fork and exec nothing may be loaded.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def dies_with_bench(number: signal.Signals) -> Callable[[], None] | None:
    """Return what a new process runs before its program, to get this signal at the bench's end."""
    prctl, bench = _PRCTL, os.getpid()
    if prctl is None:
        return None
    wanted = int(number)

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, wanted, 0, 0, 0)
        if os.getppid() != bench:
            # It ended before it could be asked for.
            os.kill(os.getpid(), wanted)

    return ask


def die_with(bench: int, number: signal.Signals) -> None:
    """Get this signal at the end of the process `bench`, which started this one."""
    if _PRCTL is None:
        return
    _PRCTL(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != bench:
        os.kill(os.getpid(), number)


@contextmanager
def threads_known() -> Iterator[None]:
    """Keep Python 3.12 and later from warning of a fork beside threads: `ask` takes no lock."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def signals_to_main_thread() -> Iterator[None]:
    """Start a thread inside this, and it never takes a signal that is meant to end the bench.

    Python heeds a signal in its main thread alone; one that the machine gives to another thread
    does not wake the main thread from a wait.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
