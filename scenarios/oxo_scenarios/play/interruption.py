"""The wish to end a run: by Ctrl-C, by a polite kill, or by a terminal that was closed.

What a signal raises may get lost: in a finalizer, or while garbage is collected, Python reports
an exception and goes on. So the wish is kept besides, and asked for where no play is under way.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Whether somebody wishes the run to end."""

    def __init__(self) -> None:
        """Nobody does, yet."""
        self.asked = False

    def check(self) -> None:
        """Do nothing while nobody wishes it.

        Raises:
            KeyboardInterrupt: somebody does.
        """
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def kept() -> Iterator[Interruption]:
    """Keep every wish to end in mind; what such a signal does otherwise, it does as before."""
    found = Interruption()
    before = {number: signal.getsignal(number) for number in NUMBERS}

    def ask(number: int, frame: FrameType | None) -> None:
        found.asked = True
        act = before[signal.Signals(number)]
        if callable(act):
            act(number, frame)

    heeded = [number for number, act in before.items() if callable(act)]
    for number in heeded:
        signal.signal(number, ask)
    try:
        yield found
    finally:
        for number in heeded:
            if signal.getsignal(number) is ask:  # else it was shut off meanwhile, on purpose
                signal.signal(number, before[number])
