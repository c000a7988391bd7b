"""Evidence files, read with limits. What is missing or unreadable is said, never passed over.

A file of a bundle may have any size and any content (a subject's log is a stranger's text): every
reader stops at a number of lines and bytes, and tells how many there would have been.
"""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LINES_SHOWN_MAX = 200
LINE_BYTES_MAX = 1024 * 1024
FILE_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True)
class Records:
    """The first lines of an NDJSON file.

    Attributes:
        name: of the file.
        rows: objects in the order of the file; an unreadable line is `{"unreadable": reason, ...}`.
        total: lines in the file, as far as it was counted.
        missing: why nothing could be read, or `None`.
        whole: false when the file is longer than was counted.
    """

    name: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    missing: str | None = None
    whole: bool = True

    @property
    def left_out(self) -> int:
        """Lines that are in the file and not in `rows`."""
        return self.total - len(self.rows)


@dataclass(frozen=True)
class Text:
    """First and last lines of a text file; `left_out` lines stand between them."""

    name: str
    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    total: int = 0
    missing: str | None = None
    whole: bool = True

    @property
    def left_out(self) -> int:
        """Lines between head and tail."""
        return self.total - len(self.head) - len(self.tail)


def absence(folder: Path, name: str) -> str | None:
    """Tell why an evidence file cannot be read, or `None` when it can.

    A link that leaves the folder of the play is refused: a report must not show files of the
    machine that it is rendered on.
    """
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return "leads out of the bundle"
        if not path.is_file():
            return "is not in the bundle"
        with path.open("rb"):
            return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def size_bytes(folder: Path, name: str) -> int:
    """Return the size of an evidence file that is there."""
    return (folder / name).stat().st_size


def read_records(folder: Path, name: str, shown_max: int = LINES_SHOWN_MAX) -> Records:
    """Read the first `shown_max` lines of an NDJSON file and count the rest."""
    missing = absence(folder, name)
    if missing:
        return Records(name, missing=missing)
    rows: list[dict[str, Any]] = []
    lines = _Lines(folder / name)
    for number, line in lines:
        if len(rows) < shown_max:
            rows.append(_record(number, line))
    return Records(name, rows, lines.total, None, lines.whole)


def read_text(folder: Path, name: str, each_end_max: int = LINES_SHOWN_MAX) -> Text:
    """Read the first and the last lines of a text file: a failure stands at the end of a log."""
    missing = absence(folder, name)
    if missing:
        return Text(name, missing=missing)
    head: list[str] = []
    tail: deque[str] = deque(maxlen=each_end_max)
    lines = _Lines(folder / name)
    for _, line in lines:
        kept = head if len(head) < each_end_max else tail
        kept.append(line.decode("utf-8", "replace"))
    return Text(name, head, list(tail), lines.total, None, lines.whole)


class _Lines:
    """Numbered lines of a file, each at most LINE_BYTES_MAX, until FILE_BYTES_MAX were read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.total = 0
        self.whole = True

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        taken = 0
        with self._path.open("rb") as file:
            while line := file.readline(LINE_BYTES_MAX):
                taken += len(line)
                self.total += 1
                yield self.total, line.rstrip(b"\r\n")
                if taken >= FILE_BYTES_MAX:
                    self.whole = not file.read(1)
                    return


def _record(number: int, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {"n": number, "unreadable": line.decode("utf-8", "replace")}
    if not isinstance(value, dict):
        return {"n": number, "unreadable": line.decode("utf-8", "replace")}
    return value
