"""Opening a store for reading, also where nothing can be written beside it.

A reader of a store in WAL mode shares a small file with whoever writes. Where the disk is full or
read-only, that file cannot be made, although nobody can write there, either. Then a store without
a log of newer pages is read as a file that does not change. One with such a log is not: without it
tickets would be missing that are stored.
"""

import sqlite3
from pathlib import Path
from typing import Final

BUSY_SECONDS_MAX: Final = 5.0

_NO_PLACE: Final = ("SQLITE_CANTOPEN", "SQLITE_IOERR_SHM", "SQLITE_READONLY")
"""How the names of those errors begin that tell of the file beside."""

_FULL: Final = ("SQLITE_IOERR_SHM", "SQLITE_IOERR_WRITE")


class LogUnread(sqlite3.OperationalError):
    """The store has newer pages in its log, which cannot be read here; the text says why."""


def readable(path: Path) -> sqlite3.Connection:
    """Open a store for reading.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    connection = _connected(path, "mode=ro")
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        if not _name(error).startswith(_NO_PLACE):
            raise
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise LogUnread(
                f"{said_by(error)}; its write-ahead log ({log.name}) holds what is newer: make"
                " room, or copy both to a disk that can be written"
            ) from None
        return _connected(path, "mode=ro&immutable=1")
    return connection


def _connected(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=BUSY_SECONDS_MAX,
        isolation_level=None,
    )


def said_by(error: Exception) -> str:
    """Return what an error of the database says, and what that means as a rule."""
    return f"{error}, as on a full disk" if _name(error).startswith(_FULL) else str(error)


def _name(error: Exception) -> str:
    """Return the name of an error; those of the module itself have none."""
    return getattr(error, "sqlite_errorname", None) or ""
