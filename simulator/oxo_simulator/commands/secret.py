"""Secrets come from a file or standard input, never from the command line."""

import sys
from pathlib import Path

from oxo_simulator.commands.console import WRONG_USAGE, fail
from oxo_simulator.files import PASSWORD_BYTES_MAX, PasswordUnusable, read_password

STANDARD_INPUT = "-"


def secret(file: Path) -> str:
    """Return a secret from a file or standard input, never from the command line."""
    if str(file) == STANDARD_INPUT:
        line = sys.stdin.buffer.readline(PASSWORD_BYTES_MAX).decode("utf-8", "replace")
        if not (password := line.rstrip("\r\n")):
            fail("standard input: its first line is empty; a password is expected", WRONG_USAGE)
        return password
    try:
        return read_password(file)
    except PasswordUnusable as error:
        fail(str(error), WRONG_USAGE)
