"""The line for orders: keys in, lines out. Pure.

A key may come in several reads, and a read may hold many keys (a paste): what is not whole yet
waits for the rest. Keys that mean nothing here are passed over.

    printable      goes in at the cursor
    left, right    the cursor; home, end (also ^A, ^E)
    backspace, ^U, ^W, delete
    up, down       orders given before
    return         the order; on an empty line: the last answer has been read
    q, ^D          on an empty line: quit
"""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

LINE_CHARACTERS_MAX = 500
HISTORY_LINES_MAX = 100
ESCAPE_BYTES_MAX = 16
"""A sequence that is longer is none that a key sends."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[@-~]|O.|[^\[O])", re.DOTALL)
_BEGUN = re.compile(r"\x1b(?:\[[0-9;?]*|O)?\Z")
_KEYS = {
    "\x1b[D": "left", "\x1bOD": "left", "\x02": "left",
    "\x1b[C": "right", "\x1bOC": "right", "\x06": "right",
    "\x1b[A": "up", "\x1bOA": "up", "\x10": "up",
    "\x1b[B": "down", "\x1bOB": "down", "\x0e": "down",
    "\x1b[H": "home", "\x1bOH": "home", "\x1b[1~": "home", "\x01": "home",
    "\x1b[F": "end", "\x1bOF": "end", "\x1b[4~": "end", "\x05": "end",
    "\x1b[3~": "delete",
    "\x7f": "backspace", "\x08": "backspace",
    "\x15": "clear", "\x17": "word", "\x04": "leave",
    "\r": "return", "\n": "return",
}  # fmt: skip


class Ordered(NamedTuple):
    """A line was finished; an empty one only puts the last answer away."""

    text: str


class Quit(NamedTuple):
    """Whoever sits there wants to end the exchange."""


class Prompt:
    """What is typed so far.

    Attributes:
        text: of the line.
        cursor: how many characters are before it.
    """

    def __init__(self) -> None:
        self.text, self.cursor = "", 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = ""
        self._history: list[str] = []
        self._place = 0

    def take(self, data: bytes) -> Iterator[Ordered | Quit]:
        """Take what came from the keyboard; tell what was decided by it."""
        typed, self._begun = self._begun + self._decoder.decode(data), ""
        while typed:
            if _BEGUN.match(typed) and len(typed) <= ESCAPE_BYTES_MAX:
                self._begun = typed
                return
            escape = _ESCAPE.match(typed)
            key = escape[0] if escape else typed[0]
            typed = typed[len(key) :]
            yield from self._press(key)

    def _press(self, key: str) -> Iterator[Ordered | Quit]:
        name = _KEYS.get(key)
        if (name == "leave" or key == "q") and not self.text:
            yield Quit()
        elif name == "return":
            yield from self._finish()
        elif name in ("up", "down"):
            self._recall(-1 if name == "up" else 1)
        elif name is not None:
            self._edit(name)
        elif key.isprintable() and len(self.text) < LINE_CHARACTERS_MAX:
            self._replace(self.cursor, self.cursor, key)

    def _finish(self) -> Iterator[Ordered]:
        text = self.text.strip()
        self._show("")
        if text:
            self._history = [*[each for each in self._history if each != text], text]
            self._history = self._history[-HISTORY_LINES_MAX:]
        self._place = len(self._history)
        yield Ordered(text)

    def _recall(self, step: int) -> None:
        place = self._place + step
        if 0 <= place <= len(self._history):
            self._place = place
            self._show(self._history[place] if place < len(self._history) else "")

    def _edit(self, name: str) -> None:
        before = self.text[: self.cursor]
        match name:
            case "left":
                self.cursor = max(0, self.cursor - 1)
            case "right":
                self.cursor = min(len(self.text), self.cursor + 1)
            case "home":
                self.cursor = 0
            case "end":
                self.cursor = len(self.text)
            case "backspace":
                self._replace(max(0, self.cursor - 1), self.cursor, "")
            case "delete":
                self._replace(self.cursor, self.cursor + 1, "")
            case "word":
                self._replace(len(before.rstrip().rpartition(" ")[0]), self.cursor, "")
            case "clear":
                self._show("")

    def _replace(self, begin: int, end: int, by: str) -> None:
        self.text = self.text[:begin] + by + self.text[end:]
        self.cursor = begin + len(by)

    def _show(self, text: str) -> None:
        self.text, self.cursor = text, len(text)
