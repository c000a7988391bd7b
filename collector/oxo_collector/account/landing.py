"""The temporary file into which an account file is fetched, beside the store.

It has one name per source, belongs to its owner alone, and holds at most one file, or the beginning
of one whose transfer was cut. Nothing depends on it: what a crash leaves of it is removed at the
next start, and the file is fetched from the exchange again, which keeps it for weeks. So it is
never synchronised; what is kept of it is read back, verified, and written by the store.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from oxo_collector.account.messages import Entry
from oxo_collector.fetching import NoPlace


class Landing:
    """A file that comes, on the disk.

    Args:
        path: its name; whatever has that name is removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: io.FileIO | None = None
        self._entry: Entry | None = None
        self._whole = False
        self.length_bytes = 0

    def __enter__(self) -> Self:
        """Remove what an earlier process left."""
        self.drop()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""
        with suppress(NoPlace):
            self.drop()

    def expect(self, entry: Entry) -> None:
        """Make ready for a file: what is here of the same one is gone on with.

        Raises:
            NoPlace: the disk does not let us.
        """
        same = self._entry == entry and entry.size_bytes is not None and not self._whole
        if not same:
            self.drop()
        self._entry = entry

    def came_whole(self) -> None:
        """Remember that the file came to its end: another transfer begins anew."""
        self._whole = True

    def stretch(self, begin: int, end: int) -> bytes:
        """Return bytes of it.

        Raises:
            NoPlace: they cannot be read.
        """
        with self._told():
            file = self._opened()
            file.seek(begin)
            return file.read(end - begin)

    def add(self, piece: bytes) -> None:
        """Append what came next.

        Raises:
            NoPlace: the disk is full, or does not let us.
        """
        with self._told():
            file = self._opened()
            file.seek(self.length_bytes)
            left = memoryview(piece)
            while left:
                left = left[file.write(left) :]
            self.length_bytes += len(piece)

    def drop(self) -> None:
        """Remove it.

        Raises:
            NoPlace: it cannot be removed.
        """
        self._whole, self.length_bytes = False, 0
        with self._told():
            if self._file is not None:
                self._file.close()
                self._file = None
            self._path.unlink(missing_ok=True)

    def read(self) -> bytes:
        """Return all of it.

        Raises:
            NoPlace: it cannot be read.
        """
        return self.stretch(0, self.length_bytes)

    def digest(self) -> str:
        """Return its SHA-256 in hexadecimal digits.

        Raises:
            NoPlace: it cannot be read.
        """
        with self._told():
            file = self._opened()
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _opened(self) -> io.FileIO:
        if self._file is None:
            # A link that somebody put there is not followed, and no file of another name is hurt.
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = io.FileIO(os.open(self._path, flags, 0o600), "r+")
        return self._file

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            said = error.strerror or str(error)
            raise NoPlace(f"{self._path}: the file that is fetched has no place: {said}") from None
