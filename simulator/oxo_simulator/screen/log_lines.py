"""The log while a living screen has the terminal: shown in it, and passed on when it has ended."""

import io
import threading
from collections import deque
from typing import TextIO

from oxo_simulator.screen.terminal import is_terminal

LINES_MAX = 500


class LogLines(io.StringIO):
    """Takes the log: lines for the screen, kept until it has ended and then passed on.

    Args:
        behind: where the log goes without a screen.
    """

    def __init__(self, behind: TextIO) -> None:
        super().__init__()
        self._behind = behind
        self._lock = threading.Lock()
        # Where the log goes elsewhere anyway, it goes there at once.
        self._kept: list[str] | None = [] if is_terminal(behind) else None
        self._new: deque[str] = deque(maxlen=LINES_MAX)

    def write(self, text: str) -> int:
        """Take some of the log."""
        with self._lock:
            if self._kept is None:
                self._behind.write(text)
            else:
                self._kept.append(text)
                del self._kept[:-LINES_MAX]
            self._new += [line for line in text.splitlines() if line]
        return len(text)

    def flush(self) -> None:
        """Let out what is not kept."""
        if self._kept is None:
            self._behind.flush()

    def new(self) -> list[str]:
        """Return the lines since the last time."""
        with self._lock:
            found = list(self._new)
            self._new.clear()
        return found

    def pass_on(self) -> None:
        """From now on everything goes where it goes without a screen, what was kept first."""
        with self._lock:
            kept, self._kept = self._kept or [], None
            self._behind.write("".join(kept))
            self._behind.flush()
