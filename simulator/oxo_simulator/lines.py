"""Numbered lines in a file, found again without one of them being kept in memory.

A sparse index says where every so-many-th line begins; a page is read from the nearest place. So an
exchange that has made a million tickets needs no more memory than one that has made ten, and a page
costs the same wherever it lies.
"""

import errno
import os
from array import array
from contextlib import suppress
from typing import NamedTuple, Protocol

import msgspec


class Page(NamedTuple):
    """Some lines as JSON in the shape in which they are told.

    `last` is the number of the last of them, and `more` says whether others follow it.
    """

    lines: list[msgspec.Raw]
    last: int
    more: bool


class Sink(Protocol):
    """An unbuffered file, open for reading and writing."""

    def write(self, line: bytes, /) -> int | None:
        """Hand bytes to the operating system; return how many it took."""

    def truncate(self, size: int, /) -> int:
        """Cut the file to this length."""

    def seek(self, place: int, /) -> int:
        """Write there next."""

    def fileno(self) -> int:
        """Return the descriptor."""

    def close(self) -> None:
        """Close."""


class Lines:
    """Lines, each ended by a line feed and holding none, appended and read in pages.

    Args:
        sink: an empty file; what others do to it is not noticed.
        index_lines: how many lines lie between two places of the index.

    Attributes:
        count: how many lines there are.
        bytes: how many bytes they have.
    """

    def __init__(self, sink: Sink, index_lines: int) -> None:
        self._sink = sink
        self._index_lines = index_lines
        self._places = array("Q")
        self.count = 0
        self.bytes = 0

    def append(self, line: bytes) -> None:
        """Hand a whole line to the operating system at once.

        Raises:
            OSError: the disk does not take it; nothing of it stays.
        """
        try:
            taken = self._sink.write(line)
        except OSError:
            self._take_back()
            raise
        if taken != len(line):
            self._take_back()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.count % self._index_lines == 0:
            self._places.append(self.bytes)
        self.count += 1
        self.bytes += taken

    def page(self, skip: int, lines_max: int, bytes_max: int) -> list[bytes]:
        """Return the lines behind the first `skip`, without their ends.

        At most `lines_max`, and as many as `bytes_max` holds; where not one fits, no more than
        twice the bytes that it takes to come to the next one.
        """
        if not 0 <= skip < self.count or lines_max < 1:
            return []
        nearest, behind = divmod(skip, self._index_lines)
        begin, end = self._places[nearest], self._end(skip + lines_max)
        size = min(bytes_max, end - begin)
        while True:
            lines = os.pread(self._sink.fileno(), size, begin).split(b"\n")
            found = lines[behind:-1][:lines_max]
            if found or size >= end - begin:
                return found
            size = min(2 * size, end - begin)  # the lines before them are that long

    def close(self) -> None:
        """Close the file."""
        self._sink.close()

    def _end(self, line: int) -> int:
        """Return a place not before the end of that line, as near as the index knows."""
        after = line // self._index_lines + 1
        return self._places[after] if after < len(self._places) else self.bytes

    def _take_back(self) -> None:
        with suppress(OSError):
            self._sink.truncate(self.bytes)
            self._sink.seek(self.bytes)
