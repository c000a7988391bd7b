"""The terminal itself: keys as they are pressed, and what it was like before.

A program in the background that changes its terminal is stopped by the system, so whether the
terminal is ours is asked first.
"""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_LFLAG, _IFLAG, _CC = 3, 0, 6


def is_ours(*files: IO[str]) -> bool:
    """Tell whether all of these are one's terminal, and this program is in its foreground."""
    return all(is_terminal(each) and _in_foreground(each.fileno()) for each in files)


def is_terminal(file: IO[str]) -> bool:
    """Tell whether this is a terminal."""
    try:
        return os.isatty(file.fileno())
    except (OSError, ValueError):
        return False


def _in_foreground(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def keys(descriptor: int) -> Iterator[None]:
    """Have each key at once and unseen; ^C stays a signal, ^S a key that stops nothing."""
    before = termios.tcgetattr(descriptor)
    changed = termios.tcgetattr(descriptor)
    changed[_LFLAG] &= ~(termios.ICANON | termios.ECHO)
    changed[_IFLAG] &= ~termios.IXON
    changed[_CC][termios.VMIN], changed[_CC][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, changed)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
