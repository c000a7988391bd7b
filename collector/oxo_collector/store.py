"""The collector's store: one SQLite file in WAL mode, every commit synchronised to the disk.

One process writes (a lock beside the file says so); any number may read meanwhile. What is written
and in which order is in `intake`; here are opening, the lock, and reading.
"""

import fcntl
import json
import os
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from oxo_tickets import Ticket, TicketUnreadable, coarse_key, from_json

from oxo_collector.layout import VIEWS, LayoutUnknown, lay_out, version_of
from oxo_collector.receipt import Wire
from oxo_collector.reconciliation import Seen, counted_once, leg_of
from oxo_collector.standing import SourceStatus, standing

BUSY_MILLISECONDS_MAX: Final = 5000
ROWS_AT_ONCE: Final = 1000

ID_MAX: Final = 2**63 - 1
"""The store's numbers end there."""


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
            timeout=BUSY_MILLISECONDS_MAX / 1000,
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
        raise StoreUnusable(f"{path}: cannot be used as a store: {error}") from None
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
    """One hotel event; `received` is UTC."""

    id: int
    exchange: str
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
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=BUSY_MILLISECONDS_MAX / 1000,
                isolation_level=None,
            )
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
            raise StoreUnusable(f"{self.path}: cannot be read: {error}") from error
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

    def tickets(
        self,
        *,
        exchange: str | None = None,
        wire: Wire | None = None,
        since: int = 0,
        until: int = ID_MAX,
        once: bool = False,
    ) -> Iterator[Row]:
        """Return tickets in order of receipt, with ids above `since` and up to `until`.

        With `once`, without those whose record another wire had brought before.
        """
        query = (
            "SELECT t.id, s.exchange, s.wire, t.epoch, t.sequence, t.canonical, t.same_as"
            " FROM ticket t JOIN source s ON s.id = t.source"
            " WHERE t.id > ? AND t.id <= ? AND (? IS NULL OR s.exchange = ?)"
            " AND (? IS NULL OR s.wire = ?) AND (NOT ? OR t.same_as IS NULL)"
            " ORDER BY t.id"
        )
        wanted = (since, until, exchange, exchange, wire, wire, once)
        return (Row(*row) for row in self._rows(query, *wanted))

    def tickets_once(self, *, exchange: str | None = None, since: int = 0) -> Iterator[Row]:
        """Return the tickets that count: what came over several wires once.

        In order of receipt; an export that goes on behind the last id of another tells nothing
        twice. Account files and the stream are compared already, record by record; exchanges with
        one wire beside, or with these two alone, cost no comparison.
        """
        until = self._last_id()
        compared = self._compared(exchange)
        rows = self.tickets(exchange=exchange, since=since, until=until, once=True)
        if not compared:
            return rows
        counted = set(counted_once(self.seen(compared, until, once=True), since))
        return (row for row in rows if row.exchange not in compared or row.id in counted)

    def seen(
        self, exchanges: Collection[str], until: int = ID_MAX, *, once: bool = False
    ) -> Iterator[Seen]:
        """Return the tickets of these exchanges as far as the wires can be compared by them."""
        for row in self.tickets(until=until, once=once):
            if row.exchange in exchanges:
                key = coarse_key(ticket_of(row)) if row.same_as is None else None
                yield Seen(row.id, row.exchange, row.wire, key, row.same_as)

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

    def events(self, exchange: str | None = None, since: int = 0) -> Iterator[EventRow]:
        """Return what hotel links told beside tickets, in order of receipt."""
        query = (
            "SELECT v.id, s.exchange, v.epoch, v.sequence, v.received, v.kind, v.fields"
            " FROM event v JOIN source s ON s.id = v.source"
            " WHERE v.id > ? AND (? IS NULL OR s.exchange = ?) ORDER BY v.id"
        )
        for row in self._rows(query, since, exchange, exchange):
            try:
                yield EventRow(*(*row[:6], json.loads(row[6])))
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

    def _rows(self, query: str, *values: str | int | None) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a query, fetched some at a time: a store may be larger than memory."""
        with self._readable():
            cursor = self._connection.execute(query, values)
        while True:
            with self._readable():
                rows = cursor.fetchmany(ROWS_AT_ONCE)
            if not rows:
                return
            yield from rows
