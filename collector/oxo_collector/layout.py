"""The tables of the store: made new, or brought up from an older version.

`schema.sql` has the present version. An older store is brought up by the process that writes it,
in one transaction: a crash leaves the version before. A reader takes either as it is.
"""

import sqlite3
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

SCHEMA_VERSION: Final = 2
APPLICATION_ID: Final = 0x4F584F43
"""Marks an SQLite file as ours: `OXOC`."""

UPGRADES: Final[Mapping[int, str]] = {
    1: """
        ALTER TABLE exchange ADD COLUMN last_warning TEXT;
        ALTER TABLE exchange ADD COLUMN warned_at TEXT;
        CREATE TABLE alarm (
          id         INTEGER PRIMARY KEY,
          exchange   INTEGER NOT NULL REFERENCES exchange (id),
          text       TEXT NOT NULL,
          seen_count INTEGER NOT NULL,
          seen_first TEXT NOT NULL,
          seen_last  TEXT NOT NULL,
          UNIQUE (exchange, text)
        );
    """,
}
"""Version -> what makes the next one of it. Columns of `exchange` are always named in queries."""


class LayoutUnknown(Exception):
    """The file is no store of ours, or of a version that is not known; the text says which."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the store.

    Raises:
        LayoutUnknown: it is none, or of a newer version.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID:
        # Another process has just made the file, or was killed before it laid out the tables.
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise LayoutUnknown("empty, no store yet; `oxo-collect run` makes one of it")
        raise LayoutUnknown("an SQLite file, but not a store of oxo-collect; not touched")
    if version != SCHEMA_VERSION and version not in UPGRADES:
        raise LayoutUnknown(
            f"store of version {version}; this oxo-collect reads version {SCHEMA_VERSION}"
        )
    return version


def lay_out(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none, and bring an older version up.

    Raises:
        LayoutUnknown: it is none, or of a newer version.
    """
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        script = files("oxo_collector").joinpath("schema.sql").read_text("utf-8")
        # One transaction: a crash inside leaves an empty file, which the next start fills.
        _play(connection, f"{script} PRAGMA application_id = {APPLICATION_ID};", SCHEMA_VERSION)
        return
    for version in range(version_of(connection), SCHEMA_VERSION):
        _play(connection, UPGRADES[version], version + 1)


def _play(connection: sqlite3.Connection, script: str, version: int) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {version}; COMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
