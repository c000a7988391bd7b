"""The bytes of a ticket file, of which a slice is written when somebody first reads in it.

A file of 30 000 tickets takes half a second to write, and everybody else of the process would wait
so long for a login. Tickets and length of a file are settled when it appears, and a record depends
on nothing but its ticket; so its bytes are the same whenever they are written. What has been
written is kept.
"""

import hashlib
from collections.abc import Callable, Iterator

SLICE_RECORDS = 256
"""So many records are written at once; they take some milliseconds."""

WriteRecords = Callable[[int, int], bytes]
"""Writes the records from one index to before another, counted from 0."""


class Content:
    """What is in a file.

    Args:
        head: what stands before the records.
        records_count: how many records there are.
        record_bytes: length of each.
        write: makes their bytes, the same ones for ever.
    """

    def __init__(
        self,
        head: bytes,
        records_count: int = 0,
        record_bytes: int = 0,
        write: WriteRecords = lambda _first, _end: b"",
    ) -> None:
        self._head = head
        self._records_count = records_count
        self._slice_bytes = SLICE_RECORDS * record_bytes
        self._bytes = len(head) + records_count * record_bytes
        self._write = write
        self._slices: dict[int, bytes] = {}

    def __len__(self) -> int:
        return self._bytes

    def __bytes__(self) -> bytes:
        return self.read(0, len(self))

    def read(self, begin: int, count_max: int) -> bytes:
        """Return at most so many bytes from the byte `begin` on; none behind the end."""
        return b"".join(self._pieces(begin, begin + count_max))

    def digest(self, begin: int, count: int) -> str:
        """Return the SHA-256 of so many bytes from the byte `begin` on, in lower-case hex."""
        found = hashlib.sha256()
        for piece in self._pieces(begin, begin + count):
            found.update(piece)
        return found.hexdigest()

    def _pieces(self, begin: int, end: int) -> Iterator[bytes]:
        """Return what lies between two bytes, slice by slice."""
        place = len(self._head)
        if begin < place:
            yield self._head[begin:end]
        if not self._records_count:
            return
        first = max(0, begin - place) // self._slice_bytes
        place += first * self._slice_bytes
        for number in range(first, -(-self._records_count // SLICE_RECORDS)):
            if place >= end:
                return
            yield self._slice(number)[max(0, begin - place) : end - place]
            place += self._slice_bytes

    def _slice(self, number: int) -> bytes:
        written = self._slices.get(number)
        if written is None:
            first = number * SLICE_RECORDS
            written = self._write(first, min(first + SLICE_RECORDS, self._records_count))
            self._slices[number] = written
        return written
