"""The collector's store: one SQLite file in WAL mode, every commit synchronised to the disk.

One process writes (a lock beside the file says so, `ownership`); any number may read meanwhile.
What is written and in which order is in `intake`; here are opening and reading.
"""

import json
import os
import sqlite3
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from oxo_tickets import Kind, Ticket, TicketUnreadable, coarse_key, from_json

from oxo_collector.beside import BUSY_SECONDS_MAX, readable, said_by
from oxo_collector.carried import wires_without
from oxo_collector.layout import VIEWS, LayoutUnknown, lay_out, version_of
from oxo_collector.ownership import Ownership, StoreInUse, StoreUnusable, Whereabouts
from oxo_collector.receipt import Wire
from oxo_collector.reconciliation import Seen, counted_once, leg_of
from oxo_collector.standing import SourceStatus, standing
from oxo_collector.wall_clock import earliest, latest

__all__ = [
    "EventRow",
    "Ownership",
    "Reading",
    "Row",
    "SetAsideRow",
    "StoreInUse",
    "StoreUnusable",
    "Whereabouts",
    "open_for_writing",
    "ticket_of",
]

ROWS_AT_ONCE: Final = 1000

ID_MAX: Final = 2**63 - 1
"""The store's numbers end there."""


def open_for_writing(
    path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Open or create the store; the caller owns it (`Ownership`).

    Transactions are begun and committed in plain sight: `isolation_level` is None.

    Raises:
        StoreUnusable: the file is no store, of another version, or not writable.
    """
    try:
        # Tickets tell who called whom: the file is its owner's alone, WAL and index follow it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS_MAX,
            isolation_level=None,
            check_same_thread=False,
            factory=factory,
        )
    except OSError as error:
        raise StoreUnusable(f"{path}: cannot be opened for writing: {error.strerror}") from None
    except sqlite3.Error as error:
        raise StoreUnusable(f"{path}: cannot be opened for writing: {error}") from None
    try:
        _prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        raise StoreUnusable(f"{path}: cannot be used as a store: {said_by(error)}") from None
    except LayoutUnknown as error:
        connection.close()
        raise StoreUnusable(f"{path}: {error}") from None
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        version_of(connection)  # a foreign file is left as it is
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    lay_out(connection)
    connection.execute("PRAGMA foreign_keys = ON")


@dataclass(frozen=True, slots=True)
class Row:
    """One stored ticket: its place in the order of receipt, its identity, its canonical JSON.

    `same_as` is an earlier one of another wire with the same record; only where there is none, the
    ticket counts.
    """

    id: int
    exchange: str
    wire: str
    epoch: str
    sequence: int
    canonical: bytes
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class SetAsideRow:
    """One quarantine entry without its bytes. Epoch '' and sequence 0: a whole answer."""

    id: int
    exchange: str
    wire: str
    epoch: str
    sequence: int
    place: str
    reason: str
    raw_bytes: int
    seen_count: int
    seen_first: str
    seen_last: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event that is no ticket; `received` is UTC."""

    id: int
    exchange: str
    wire: str
    epoch: str
    sequence: int
    received: str
    kind: str
    fields: Mapping[str, str | int | None]


def ticket_of(row: Row) -> Ticket:
    """Return the ticket of a row.

    Raises:
        StoreUnusable: it is damaged.
    """
    try:
        return from_json(row.canonical)
    except TicketUnreadable as error:
        raise StoreUnusable(f"the ticket with id {row.id} is damaged: {error}") from error


class Reading:
    """A store opened for reading, while another process may write.

    Raises:
        StoreUnusable: there is none, it is not ours, or (from any method) it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise StoreUnusable(f"{path}: there is no store; `oxo-collect run` makes it")
        with self._readable():
            self._connection = readable(path)
        try:
            with self._readable():
                self._connection.executescript(VIEWS.get(version_of(self._connection), ""))
        except LayoutUnknown as error:
            self._connection.close()
            raise StoreUnusable(f"{path}: {error}") from None
        except StoreUnusable:
            self._connection.close()
            raise

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Turn what a damaged file makes the libraries say into the store's own error."""
        try:
            yield
        except (sqlite3.Error, zlib.error) as error:
            raise StoreUnusable(f"{self.path}: cannot be read: {said_by(error)}") from error
        except OSError as error:
            raise StoreUnusable(f"{self.path}: cannot be read: {error.strerror}") from error

    def __enter__(self) -> Self:
        """Read within a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._connection.close()

    def exchanges(self) -> list[str]:
        """Return the names of all exchanges that were ever reached."""
        query = "SELECT exchange FROM source GROUP BY exchange ORDER BY min(id)"
        return [name for (name,) in self._rows(query)]

    def tickets(  # noqa: PLR0913 - each narrows the selection
        self,
        *,
        exchange: str | None = None,
        wire: Wire | None = None,
        since: int = 0,
        until: int = ID_MAX,
        once: bool = False,
        kind: Kind | None = None,
    ) -> Iterator[Row]:
        """Return tickets in order of receipt, with ids above `since` and up to `until`.

        With `once`, without those whose record another wire had brought before. With `kind`, those
        of other kinds are not read.
        """
        query = (
            "SELECT t.id, s.exchange, s.wire, t.epoch, t.sequence, t.canonical, t.same_as"
            " FROM ticket t JOIN source s ON s.id = t.source"
            " WHERE t.id > ? AND t.id <= ? AND (? IS NULL OR s.exchange = ?)"
            " AND (? IS NULL OR s.wire = ?) AND (NOT ? OR t.same_as IS NULL)"
            " AND (? IS NULL OR instr(t.canonical, ?)) ORDER BY t.id"
        )
        mark = None if kind is None else _mark_of(kind)
        wanted = (since, until, exchange, exchange, wire, wire, once, mark, mark)
        return (Row(*row) for row in self._rows(query, *wanted))

    def last_tickets(self, count: int, *, exchange: str | None, wire: Wire | None) -> list[Row]:
        """Return the tickets that came last, in order of receipt; every wire tells its own."""
        query = (
            "SELECT t.id, s.exchange, s.wire, t.epoch, t.sequence, t.canonical, t.same_as"
            " FROM ticket t JOIN source s ON s.id = t.source"
            " WHERE (? IS NULL OR s.exchange = ?) AND (? IS NULL OR s.wire = ?)"
            " ORDER BY t.id DESC LIMIT ?"
        )
        rows = self._rows(query, exchange, exchange, wire, wire, count)
        return [Row(*row) for row in rows][::-1]

    def tickets_once(
        self, *, exchange: str | None = None, since: int = 0, kind: Kind | None = None
    ) -> Iterator[Row]:
        """Return the tickets that count: what came over several wires once.

        In order of receipt; an export that goes on behind the last id of another tells nothing
        twice. Account files and the stream are compared already, record by record; exchanges with
        one wire beside, or with these two alone, cost no comparison.
        """
        until = self._last_id()
        compared = self._compared(exchange)
        rows = self.tickets(exchange=exchange, since=since, until=until, once=True, kind=kind)
        if not compared:
            return rows
        counted = set(counted_once(self.seen(compared, until, once=True, kind=kind), since))
        return (row for row in rows if row.exchange not in compared or row.id in counted)

    def seen(
        self,
        exchanges: Collection[str],
        until: int = ID_MAX,
        *,
        once: bool = False,
        kind: Kind | None = None,
    ) -> Iterator[Seen]:
        """Return the tickets of these exchanges as far as the wires can be compared by them."""
        for row in self.tickets(until=until, once=once, kind=kind):
            if row.exchange in exchanges:
                if row.same_as is not None:
                    yield Seen(row.id, row.exchange, row.wire, None, row.same_as)
                    continue
                ticket = ticket_of(row)
                key, nowhere = coarse_key(ticket), wires_without(ticket)
                yield Seen(row.id, row.exchange, row.wire, key, None, nowhere)

    def surplus(self) -> dict[str, int]:
        """Return of each exchange how many tickets its stream told that no account file has.

        Only those that ended before the call that began last of all in the files: files are in the
        order of ends (facts: oxe 2.4, field), so that theirs are stored, too. Later ones are told
        by files to come.
        """
        found: Counter[str] = Counter()
        horizons: dict[str, datetime | None] = {}
        for exchange, canonical in self._rows(_STREAM_ALONE):
            if exchange not in horizons:
                last = next(self._rows(_LAST_FILED, exchange), None)
                horizons[exchange] = None if last is None else earliest(*self._end(*last))
            horizon = horizons[exchange]
            found[exchange] += horizon is not None and latest(*self._end(canonical)) < horizon
        return {exchange: count for exchange, count in found.items() if count}

    def _end(self, canonical: bytes) -> tuple[datetime, str | None]:
        """Return when a call ended, by the exchange's clock, and its zone."""
        try:
            ticket = from_json(canonical)
        except TicketUnreadable as error:
            raise StoreUnusable(f"{self.path}: a stored ticket is damaged: {error}") from error
        return ticket.local_end or ticket.local_time, ticket.zone

    def _last_id(self) -> int:
        return int(next(self._rows("SELECT coalesce(max(id), 0) FROM ticket"))[0])

    def _compared(self, exchange: str | None) -> frozenset[str]:
        """Return the exchanges that had tickets on more than one leg."""
        query = (
            "SELECT exchange, wire FROM source s WHERE (? IS NULL OR exchange = ?)"
            " AND EXISTS (SELECT 1 FROM ticket t WHERE t.source = s.id)"
        )
        legs: dict[str, set[str]] = {}
        for name, wire in self._rows(query, exchange, exchange):
            legs.setdefault(name, set()).add(leg_of(wire))
        return frozenset(name for name, several in legs.items() if len(several) > 1)

    def ticket(self, id_: int) -> Row | None:
        """Return one ticket; None when there is no such one."""
        return next(self.tickets(since=id_ - 1, until=id_), None)

    def received(self, ticket: int) -> str:
        """Return when a ticket was received, UTC; empty when there is no such one."""
        query = "SELECT a.received FROM answer a JOIN ticket t ON t.answer = a.id WHERE t.id = ?"
        return next((str(instant) for (instant,) in self._rows(query, ticket)), "")

    def events(self, exchange: str | None = None, since: int = 0) -> Iterator[EventRow]:
        """Return what wires told beside tickets, in order of receipt."""
        query = (
            "SELECT v.id, s.exchange, s.wire, v.epoch, v.sequence, v.received, v.kind, v.fields"
            " FROM event v JOIN source s ON s.id = v.source"
            " WHERE v.id > ? AND (? IS NULL OR s.exchange = ?) ORDER BY v.id"
        )
        for row in self._rows(query, since, exchange, exchange):
            try:
                yield EventRow(*(*row[:7], json.loads(row[7])))
            except ValueError as error:
                text = f"{self.path}: the event with id {row[0]} is damaged: {error}"
                raise StoreUnusable(text) from error

    def quarantine(self, exchange: str | None = None) -> Iterator[SetAsideRow]:
        """Return the quarantine entries, oldest first."""
        query = (
            "SELECT q.id, s.exchange, s.wire, q.epoch, q.sequence, q.place, q.reason, q.raw_bytes,"
            " q.seen_count, q.seen_first, q.seen_last FROM quarantine q"
            " JOIN source s ON s.id = q.source WHERE ? IS NULL OR s.exchange = ? ORDER BY q.id"
        )
        return (SetAsideRow(*row) for row in self._rows(query, exchange, exchange))

    def quarantined_bytes(self, entry: int) -> bytes | None:
        """Return what was set aside, as it came; None when there is no such entry."""
        query = "SELECT raw_zlib FROM quarantine WHERE id = ?"
        row = next(self._rows(query, entry), None)
        with self._readable():
            return None if row is None else zlib.decompress(row[0])

    def answer_bytes(self, ticket: int) -> bytes | None:
        """Return the answer in which a ticket came, as it came; None when there is no such one."""
        query = "SELECT raw_zlib FROM answer a JOIN ticket t ON t.answer = a.id WHERE t.id = ?"
        row = next(self._rows(query, ticket), None)
        with self._readable():
            return None if row is None else zlib.decompress(row[0])

    def status(self) -> list[SourceStatus]:
        """Return the state of every source, in the order of first contact."""
        return standing(self._rows)

    def size_bytes(self) -> int:
        """Return the bytes on disk, the write-ahead log included."""
        log = self.path.with_name(self.path.name + "-wal")
        with self._readable():
            return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)

    def _rows(self, query: str, *values: str | int | bytes | None) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a query, fetched some at a time: a store may be larger than memory."""
        with self._readable():
            cursor = self._connection.execute(query, values)
        while True:
            with self._readable():
                rows = cursor.fetchmany(ROWS_AT_ONCE)
            if not rows:
                return
            yield from rows


def _mark_of(kind: Kind) -> bytes:
    """Return what stands in the canonical JSON of a ticket of that kind, and hardly elsewhere."""
    return b'"kind":"%s"' % str(kind).encode()


_STREAM_ALONE: Final = """
    SELECT s.exchange, t.canonical FROM ticket t JOIN source s ON s.id = t.source
    WHERE s.wire = 'stream' AND t.record IS NOT NULL AND t.same_as IS NULL
      AND NOT EXISTS (SELECT 1 FROM ticket p WHERE p.same_as = t.id)
"""

_LAST_FILED: Final = """
    SELECT canonical FROM ticket
    WHERE record IS NOT NULL
      AND +source = (SELECT id FROM source WHERE exchange = ? AND wire = 'account')
    ORDER BY record DESC LIMIT 1
"""
"""By the index of the records, from its end (`+`: not by the one of the sources)."""
