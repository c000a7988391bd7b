"""The tables of the store: made new, or brought up from an older version.

`schema.sql` has the present version. An older store is brought up by the process that writes it,
in one transaction: a crash leaves the version before. A reader takes either as it is.
"""

import sqlite3
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

SCHEMA_VERSION: Final = 5
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
    # Only the table of the exchanges is copied; columns are renamed without touching their rows,
    # so that a million tickets take no longer than one. References follow the name `source`.
    2: """
        ALTER TABLE exchange RENAME TO source;
        CREATE TABLE source_3 (
          id            INTEGER PRIMARY KEY,
          exchange      TEXT NOT NULL,
          wire          TEXT NOT NULL,
          epoch         TEXT,
          last_sequence INTEGER NOT NULL DEFAULT 0,
          last_contact  TEXT,
          last_warning  TEXT,
          warned_at     TEXT,
          headings      TEXT,
          UNIQUE (exchange, wire)
        );
        INSERT INTO source_3
          SELECT id, name, 'taxation', epoch, last_sequence, last_contact, last_warning, warned_at,
            NULL
          FROM source;
        DROP TABLE source;
        ALTER TABLE source_3 RENAME TO source;
        ALTER TABLE answer RENAME COLUMN exchange TO source;
        ALTER TABLE ticket RENAME COLUMN exchange TO source;
        ALTER TABLE quarantine RENAME COLUMN exchange TO source;
        ALTER TABLE alarm RENAME COLUMN exchange TO source;
        CREATE TABLE file (
          id            INTEGER PRIMARY KEY,
          source        INTEGER NOT NULL REFERENCES source (id),
          name          TEXT NOT NULL,
          size_bytes    INTEGER NOT NULL,
          digest        TEXT NOT NULL,
          fetched       TEXT NOT NULL,
          answer        INTEGER NOT NULL REFERENCES answer (id),
          tickets_told  INTEGER,
          tickets_found INTEGER NOT NULL,
          state         TEXT NOT NULL,
          seen_count    INTEGER NOT NULL,
          UNIQUE (source, name, digest)
        );
        CREATE TABLE event (
          id        INTEGER PRIMARY KEY,
          source    INTEGER NOT NULL REFERENCES source (id),
          epoch     TEXT NOT NULL,
          sequence  INTEGER NOT NULL,
          received  TEXT NOT NULL,
          kind      TEXT NOT NULL,
          fields    TEXT NOT NULL,
          raw       BLOB NOT NULL,
          UNIQUE (source, epoch, sequence)
        );
    """,
    # New columns are empty where they were not: no row of a ticket is written anew.
    3: """
        ALTER TABLE ticket ADD COLUMN record BLOB;
        ALTER TABLE ticket ADD COLUMN same_as INTEGER REFERENCES ticket (id);
        CREATE INDEX ticket_record ON ticket (record, source, same_as) WHERE record IS NOT NULL;
        CREATE INDEX ticket_same_as ON ticket (same_as) WHERE same_as IS NOT NULL;
        CREATE TABLE marker (
          source     INTEGER PRIMARY KEY REFERENCES source (id),
          name       TEXT NOT NULL,
          size_bytes INTEGER NOT NULL,
          digest     TEXT NOT NULL,
          moved      TEXT NOT NULL
        );
        CREATE TABLE outage (
          id          INTEGER PRIMARY KEY,
          source      INTEGER NOT NULL REFERENCES source (id),
          epoch       TEXT NOT NULL,
          last_heard  TEXT NOT NULL,
          ended       TEXT NOT NULL,
          why         TEXT NOT NULL,
          resumed     TEXT,
          until_local TEXT,
          healed_by   TEXT,
          healed      TEXT,
          UNIQUE (source, epoch)
        );
    """,
    # The table of the files alone is copied: as many rows as files, not as tickets.
    4: """
        CREATE TABLE file_5 (
          id            INTEGER PRIMARY KEY,
          source        INTEGER NOT NULL REFERENCES source (id),
          name          TEXT NOT NULL,
          size_bytes    INTEGER NOT NULL,
          digest        TEXT NOT NULL,
          fetched       TEXT NOT NULL,
          answer        INTEGER NOT NULL REFERENCES answer (id),
          tickets_told  INTEGER,
          tickets_found INTEGER NOT NULL,
          state         TEXT NOT NULL,
          seen_count    INTEGER NOT NULL,
          time          INTEGER NOT NULL DEFAULT 1,
          UNIQUE (source, name, digest, time)
        );
        INSERT INTO file_5
          SELECT id, source, name, size_bytes, digest, fetched, answer, tickets_told, tickets_found,
            state, seen_count, 1
          FROM file;
        DROP TABLE file;
        ALTER TABLE file_5 RENAME TO file;
    """,
}
"""Version -> what makes the next one of it. Columns of `source` are always named in queries."""

_BEFORE_4: Final = """
    CREATE TEMP VIEW marker AS SELECT 0 AS source, '' AS name, 0 AS size_bytes, '' AS digest,
      '' AS moved WHERE 0;
    CREATE TEMP VIEW outage AS SELECT 0 AS id, 0 AS source, '' AS last_heard, '' AS ended,
      '' AS why, NULL AS resumed, NULL AS healed_by WHERE 0;
"""

_OF_3: Final = """
    CREATE TEMP VIEW ticket AS SELECT id, source, epoch, sequence, answer, canonical,
      NULL AS record, NULL AS same_as FROM main.ticket;
"""

_BEFORE_3: Final = """
    CREATE TEMP VIEW ticket AS SELECT id, exchange AS source, epoch, sequence, answer, canonical,
      NULL AS record, NULL AS same_as FROM main.ticket;
    CREATE TEMP VIEW quarantine AS SELECT id, exchange AS source, epoch, sequence, place, reason,
      digest, raw_bytes, raw_zlib, seen_count, seen_first, seen_last FROM main.quarantine;
    CREATE TEMP VIEW file AS SELECT 0 AS id, 0 AS source, '' AS name, 0 AS size_bytes,
      '' AS digest, '' AS fetched, NULL AS tickets_told, 0 AS tickets_found, '' AS state,
      0 AS seen_count WHERE 0;
    CREATE TEMP VIEW event AS SELECT 0 AS id, 0 AS source, '' AS epoch, 0 AS sequence,
      '' AS received, '' AS kind, '' AS fields, x'' AS raw WHERE 0;
"""

_OF_1: Final = """
    CREATE TEMP VIEW source AS SELECT id, name AS exchange, 'taxation' AS wire, epoch,
      last_sequence, last_contact, NULL AS last_warning, NULL AS warned_at FROM main.exchange;
    CREATE TEMP VIEW alarm AS SELECT 0 AS id, 0 AS source, '' AS text, 0 AS seen_count,
      '' AS seen_first, '' AS seen_last WHERE 0;
"""

_OF_2: Final = """
    CREATE TEMP VIEW source AS SELECT id, name AS exchange, 'taxation' AS wire, epoch,
      last_sequence, last_contact, last_warning, warned_at FROM main.exchange;
    CREATE TEMP VIEW alarm AS SELECT id, exchange AS source, text, seen_count, seen_first,
      seen_last FROM main.alarm;
"""

VIEWS: Final[Mapping[int, str]] = {
    1: _BEFORE_4 + _BEFORE_3 + _OF_1,
    2: _BEFORE_4 + _BEFORE_3 + _OF_2,
    3: _BEFORE_4 + _OF_3,
}
"""Version -> what shows a reader the tables of the present one; the file stays as it is.

Of the fourth the readers ask for nothing that it has not.
"""


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

    Foreign keys are not enforced yet: tables that others refer to are made anew.

    Raises:
        LayoutUnknown: it is none, or of a newer version.
    """
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        script = files("oxo_collector").joinpath("schema.sql").read_text("utf-8")
        # One transaction: a crash inside leaves an empty file, which the next start fills.
        _play(connection, f"{script} PRAGMA application_id = {APPLICATION_ID};", SCHEMA_VERSION)
        return
    before = version_of(connection)
    if before != SCHEMA_VERSION:
        script = "".join(UPGRADES[version] for version in range(before, SCHEMA_VERSION))
        _play(connection, script, SCHEMA_VERSION)


def _play(connection: sqlite3.Connection, script: str, version: int) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {version}; COMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
