"""The spool: what the stream brought, durable before anything else is done with it.

One folder for each exchange, beside the store; in it numbered segments. A chunk is appended in one
write and synchronised; only then is it there for the thread that carries it into the store. One
thread appends, one other reads and releases.

What a crash leaves:

* before the write: nothing; what was read from the connection is gone with it.
* in the write: a torn tail. It is recognised by its check value, copied to a file of its own and
  passed over; no chunk is ever appended to a segment that an earlier process wrote.
* after the write, before the synchronisation: all or a part of the chunk, told by its check value.
* after the synchronisation, before the store has it: the chunk, which the next start reads.
* after the store has it, before its segment is removed: the chunk again, which the store knows by
  its epoch and ordinals.

The limit: at `bytes_max` nothing is appended any more (`SpoolRefused`), as on a full disk; who
reads the connection holds back, and TCP holds back the exchange.
"""

import errno
import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from oxo_collector.store import StoreUnusable
from oxo_collector.stream.chunk import Chunk, Damage, read, written

SEGMENT_BYTES_MAX: Final = 8 * 1024 * 1024
"""A segment that has so much is followed by a new one; it goes when the store has all of it."""

TORN_COUNT_MAX: Final = 20
"""So many damaged pieces are kept aside, the latest; each is at most a segment."""

READ_BYTES: Final = 1024 * 1024
"""So much is read into memory at once."""

ENDING: Final = ".spool"
ASIDE: Final = ".torn"


class SpoolRefused(Exception):
    """Nothing was appended; the text says why: the disk, or the spool's own limit."""


class Place(NamedTuple):
    """How far was read: a segment and an offset in it."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Torn:
    """Bytes of the spool that are no chunk, and the file to which they were copied.

    Without a copy the segment was removed by somebody, with so many bytes that were not read yet.
    """

    size: int
    copy: Path | None
    end: bool


class Spool:
    """The segments of one exchange.

    Args:
        folder: of this exchange alone.
        bytes_max: of all segments together.
        segment_bytes_max: after which a new one is begun.
    """

    def __init__(
        self, folder: Path, bytes_max: int, segment_bytes_max: int = SEGMENT_BYTES_MAX
    ) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._segment_bytes_max = segment_bytes_max
        self._changed = threading.Condition()
        self._sizes: dict[int, int] = {}
        self._current: int | None = None
        self._newest = 0
        self._file: int | None = None
        self._lock: int | None = None

    def open(self) -> None:
        """Find what is there and take the right to it.

        Raises:
            StoreUnusable: the folder cannot be written, or another process has it.
        """
        self._take()
        self._sizes = {
            int(path.stem): path.stat().st_size
            for path in self._folder.glob("*" + ENDING)
            if path.stem.isdecimal()
        }
        # A number is never used twice: places are compared by it, and copies are named after it.
        copies = (path.stem.partition("-")[0] for path in self._folder.glob("*" + ASIDE))
        numbers = (int(number) for number in copies if number.isdecimal())
        self._newest = max((*self._sizes, *numbers), default=0)

    def _take(self) -> None:
        """Make the folder and take the right to it; one that was taken before is given back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        try:
            for folder in (self._folder.parent, self._folder):  # the mode is of the last one alone
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            text = f"{self._folder}: the spool cannot be written: {error.strerror}"
            raise StoreUnusable(text) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            text = f"{self._folder}: another process spools there; give each store a folder"
            raise StoreUnusable(text) from None
        self._lock = lock

    def end(self) -> None:
        """Append no more to the present segment, so that it can be released, too."""
        self._end_segment()

    def close(self) -> None:
        """Leave the segments to the next start, and give the right to them back."""
        self._end_segment()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- for who appends

    @property
    def used_bytes(self) -> int:
        """How much there is in all segments."""
        with self._changed:
            return sum(self._sizes.values())

    def _full(self) -> bool:
        """Tell whether the next chunk begins a new segment, as the first of a process does."""
        with self._changed:
            return self._current is None or self._sizes[self._current] >= self._segment_bytes_max

    def append(self, chunk: Chunk) -> None:
        """Make a chunk durable; when this returns it is.

        Raises:
            SpoolRefused: it is not, as far as anybody who reads the spool is concerned.
        """
        data = written(chunk)
        if self.used_bytes + len(data) > self._bytes_max:
            raise SpoolRefused(
                f"the spool has reached its limit of {self._bytes_max} bytes (spool_bytes_max)"
            )
        try:
            if self._full():
                self._begin_segment()
            self._write(data)
        except StoreUnusable as error:
            raise SpoolRefused(str(error)) from error
        except OSError as error:
            raise SpoolRefused(f"the spool cannot be written: {error.strerror or error}") from error

    def _begin_segment(self) -> None:
        """Begin one, behind all others; its name is durable before anything in it."""
        self._end_segment()
        if not self._folder.exists():
            self._take()
        number = self._newest + 1
        path = self._path(number)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            os.close(file)
            with suppress(OSError):
                path.unlink()
            raise
        with self._changed:
            self._file, self._current, self._newest = file, number, number
            self._sizes[number] = 0

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        assert self._current is not None
        begin = self._sizes[self._current]
        try:
            done = 0
            while done < len(data):
                done += os.pwrite(self._file, data[done:] if done else data, begin + done)
            os.fdatasync(self._file)
            if not os.fstat(self._file).st_nlink:  # it is written on, and gone with the process
                raise FileNotFoundError(errno.ENOENT, "the segment was removed")
        except OSError:
            self._give_up_segment(begin)
            raise
        # From here on it is there for the other thread.
        with self._changed:
            self._sizes[self._current] = begin + len(data)
            self._changed.notify_all()

    def _give_up_segment(self, begin: int) -> None:
        """Take back what may be half there, and never append behind it.

        After a synchronisation that failed nobody knows what the disk has: the next attempt writes
        all of it anew, into a segment of its own. Should the shortening fail too, the next start
        finds a torn tail, or a chunk twice, which the store knows.
        """
        assert self._file is not None
        with suppress(OSError):
            os.ftruncate(self._file, begin)
        self._end_segment()

    def _end_segment(self) -> None:
        file, number = self._file, self._current
        if file is None or number is None:
            return
        with self._changed:
            self._file = self._current = None
            empty = self._sizes[number] == 0
            if empty:
                del self._sizes[number]
        os.close(file)
        if empty:
            with suppress(OSError):
                self._path(number).unlink()

    # --- for who carries into the store

    def start(self) -> Place:
        """Return where the oldest segment begins."""
        with self._changed:
            return Place(min(self._sizes, default=0), 0)

    @property
    def last(self) -> int:
        """The number of the newest segment; 0: there is none."""
        with self._changed:
            return max(self._sizes, default=0)

    def wait(self, place: Place, also: Callable[[], bool], seconds: float) -> None:
        """Wait until something stands behind a place, or something else holds after a `wake`."""
        with self._changed:
            self._changed.wait_for(lambda: also() or self._more(place), seconds)

    def wake(self) -> None:
        """Let who waits look around."""
        with self._changed:
            self._changed.notify_all()

    def read(self, place: Place, bytes_max: int = READ_BYTES) -> tuple[list[Chunk | Torn], Place]:
        """Return what follows a place in one segment, about so much, and the place behind it.

        Raises:
            StoreUnusable: the segment cannot be read.
        """
        place = self._in_segment(place)
        with self._changed:
            left = self._sizes.get(place.segment, 0) - place.offset
        if left <= 0:
            return [], place
        if self._forgotten(place.segment):
            return [Torn(left, None, end=False)], Place(place.segment, place.offset + left)
        found, end = self._pieces(place, min(left, bytes_max), left)
        if not found:  # a chunk, or a damage, that is longer
            found, end = self._pieces(place, left, left)
        return found, Place(place.segment, place.offset + end)

    def _forgotten(self, number: int) -> bool:
        """Forget a segment that somebody removed, unless it is still appended to."""
        if self._path(number).exists():
            return False
        with self._changed:
            return number != self._current and self._sizes.pop(number, None) is not None

    def release(self, place: Place) -> None:
        """Remove the segments of which all is stored; what stands there is never read again."""
        with self._changed:
            gone = [
                number
                for number, size in self._sizes.items()
                if number != self._current and (number, size) <= place
            ]
            for number in gone:
                del self._sizes[number]
        for number in gone:
            # A crash before it leaves a segment that the store knows chunk by chunk.
            with suppress(OSError):
                self._path(number).unlink()

    def more(self, place: Place, last: int | None = None) -> bool:
        """Tell whether something stands behind a place, in segments up to `last`."""
        with self._changed:
            return self._more(place, last)

    def _more(self, place: Place, last: int | None = None) -> bool:
        return any(
            (number, size) > place
            for number, size in self._sizes.items()
            if size and (last is None or number <= last)
        )

    def _in_segment(self, place: Place) -> Place:
        """Return the place itself, or the beginning of the next segment where this one is read."""
        with self._changed:
            if place.segment in self._sizes and place.offset < self._sizes[place.segment]:
                return place
            later = [number for number, size in self._sizes.items() if number > place.segment]
            return Place(min(later), 0) if later else place

    def _pieces(self, place: Place, size: int, left: int) -> tuple[list[Chunk | Torn], int]:
        """Read so many bytes; what is cut by their end, not by the segment's, is left there."""
        data = self._bytes(place, size)
        found: list[Chunk | Torn] = []
        end = 0
        for after, piece in read(data):
            if isinstance(piece, Damage):
                if piece.torn and size < left:
                    break
                found.append(self._kept_aside(place, piece))
            else:
                found.append(piece)
            end = after
        return found, end

    def _bytes(self, place: Place, size: int) -> bytes:
        path = self._path(place.segment)
        try:
            with path.open("rb") as file:
                file.seek(place.offset)
                data = file.read(size)
        except OSError as error:
            raise StoreUnusable(f"{path}: cannot be read: {error.strerror}") from error
        if len(data) < size:
            raise StoreUnusable(f"{path}: shortened while it was in use")
        return data

    def _kept_aside(self, place: Place, damage: Damage) -> Torn:
        """Copy what is no chunk, so that it outlives its segment."""
        name = f"{place.segment:012}-{place.offset + damage.offset}{ASIDE}"
        copy = self._folder / name
        with suppress(OSError):
            descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(damage.data)
            kept = sorted(self._folder.glob("*" + ASIDE))
            for old in kept[:-TORN_COUNT_MAX]:
                old.unlink()
        return Torn(len(damage.data), copy, damage.torn)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012}{ENDING}"
