"""Words of a peer made fit to be printed."""

from typing import Final

PEER_TEXT_CHARACTERS_MAX: Final = 200
"""A report quotes at most so much of a peer's text: a long one would fill the log's disk."""


def counted(count: int, one: str, more: str = "") -> str:
    """Return a number with its noun: `1 file`, `2 files`; `more` where an `s` does not do."""
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def clipped(text: str) -> str:
    """Return the text in one line, at most `PEER_TEXT_CHARACTERS_MAX`, with its true length."""
    if len(text) <= PEER_TEXT_CHARACTERS_MAX:
        line = one_line(text)
        if len(line) <= PEER_TEXT_CHARACTERS_MAX:
            return line
    head = one_line(text[:PEER_TEXT_CHARACTERS_MAX])[:PEER_TEXT_CHARACTERS_MAX]
    return f"{head}... ({len(text)} characters)"


def one_line(text: str) -> str:
    """Return the text without anything that could start a line or steer a terminal.

    Words of a peer end in the log and on screens; they may not pretend to be lines of ours.
    """
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
