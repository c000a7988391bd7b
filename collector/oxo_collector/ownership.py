"""Who may write a store, and whether the files that are written are still the store's."""

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class StoreUnusable(Exception):
    """The store cannot be opened, read or written; the text names file, reason and who must act."""


class StoreInUse(StoreUnusable):
    """Another process collects into this store."""


class Ownership:
    """The right to write into a store: a lock that the system frees when the process ends.

    It is held on a file of its own, because SQLite opens and closes its file and would drop locks
    taken there. Left behind after a SIGKILL, the file is harmless: the lock is gone.
    """

    def __init__(self, store: Path) -> None:
        """Take the lock.

        Raises:
            StoreInUse: another process holds it.
            StoreUnusable: the lock file cannot be written.
        """
        self._path = store.with_name(store.name + ".lock")
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnusable(f"{self._path}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreInUse(
                f"{store}: another oxo-collect (process {holder or 'unknown'}) collects into this"
                " store; stop it first, or give this one its own store"
            ) from None
        with suppress(OSError):  # a full disk: the lock holds without its owner's number
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode("ascii"), 0)

    def __enter__(self) -> Self:
        """Hold the lock."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Free the lock; the file stays (removing it would race with the next holder)."""
        os.close(self._descriptor)


class Whereabouts:
    """The files that a connection writes: the database and its log, as they are named now.

    Removed, or replaced by others of the same name, they are written on without an error, and gone
    with the process: what is stored there must not be acknowledged.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Remember the files; the connection has read from them, so that both are there.

        A store in memory has none.
        """
        self._store: str = connection.execute("PRAGMA database_list").fetchone()[2]
        self._files = self._found()

    @property
    def store(self) -> Path:
        """The database."""
        return Path(self._store)

    def check(self) -> None:
        """Compare; two looks at a folder.

        Raises:
            StoreUnusable: they are gone, or others.
        """
        if self._found() != self._files:
            raise StoreUnusable(
                f"{self._store}: the store or its write-ahead log was removed or replaced while it"
                " is written; nothing more is acknowledged until oxo-collect is started again"
            )

    def _found(self) -> list[tuple[int, int] | None]:
        names = (self._store, f"{self._store}-wal") if self._store else ()
        return [_identity(Path(name)) for name in names]


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
