"""The one door into the store: keep, then acknowledge.

A batch goes in as one transaction: the answer's bytes, its tickets or quarantine entries, and the
source's cursor. Only when a `keep_...` has returned may the exchange be told. Whatever the instant
of a crash, the exchange then offers again what it was not told about, and the identity (source,
epoch, sequence) recognises what is stored already: nothing is lost and nothing counted twice.

The epochs of the taxation wire are the exchange's. Those of the other wires are unique by
construction: of a file its name and digest, of a stream the instant at which it was begun.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.receipt import (
    Batch,
    FetchedFile,
    FileState,
    KnownFile,
    Piece,
    SetAside,
    Source,
    Stored,
)
from oxo_collector.shelves import Shelves, utc
from oxo_collector.store import StoreUnusable, Whereabouts

CONTACT_EVERY: Final = timedelta(seconds=10)
"""An exchange that answers "nothing there" five times a second is no reason for five commits."""


class Intake:
    """Writes into the store, for all sources of the process, one transaction at a time.

    A source may be given by the exchange's name alone: then its taxation wire is meant.

    Args:
        connection: of `store.open_for_writing`.
        now: the present, with a zone.
        scrubs: per source what takes its account's secrets out of bytes that it sent.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        now: Callable[[], datetime],
        scrubs: Mapping[Source, Callable[[bytes], bytes]] = MappingProxyType({}),
    ) -> None:
        self._scrubs = scrubs
        self._connection = connection
        self._shelves = Shelves(connection)
        self._whereabouts = Whereabouts(connection)
        self._now = now
        self._one_at_a_time = threading.Lock()
        self._contacts: dict[Source, datetime] = {}

    def cursor(self, source: Source | str) -> tuple[str | None, int]:
        """Return (epoch, last sequence) of the last batch stored; (None, 0) when there is none.

        Raises:
            StoreUnusable: it cannot be read.
        """
        one = _source(source)
        query = "SELECT epoch, last_sequence FROM source WHERE exchange = ? AND wire = ?"
        row = next(iter(self._read(query, one.exchange, one.wire)), None)
        return (None, 0) if row is None else (row[0], row[1])

    def last_raw(self, source: Source) -> bytes | None:
        """Return the bytes of the last keeping that brought something new; None: there was none.

        A peer that repeats what it was not told about says the same again.

        Raises:
            StoreUnusable: it cannot be read.
        """
        query = (
            "SELECT a.raw_zlib FROM answer a JOIN source s ON s.id = a.source"
            " WHERE s.exchange = ? AND s.wire = ? ORDER BY a.id DESC LIMIT 1"
        )
        row = next(iter(self._read(query, source.exchange, source.wire)), None)
        return None if row is None else zlib.decompress(row[0])

    def files(self, source: Source) -> dict[str, KnownFile]:
        """Return the files that were fetched, by name; of several of one name the last fetched.

        Raises:
            StoreUnusable: it cannot be read.
        """
        query = (
            "SELECT f.name, f.size_bytes, f.digest, f.state FROM file f"
            " JOIN source s ON s.id = f.source WHERE s.exchange = ? AND s.wire = ?"
            " ORDER BY f.fetched, f.id"
        )
        rows = self._read(query, source.exchange, source.wire)
        return {
            name: KnownFile(size, digest, FileState(state)) for name, size, digest, state in rows
        }

    def contact(self, source: Source | str) -> None:
        """Note that the exchange answered.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        one = _source(source)
        now = self._now()
        before = self._contacts.get(one)
        if before is not None and abs(now - before) < CONTACT_EVERY:  # our clock may jump back
            return
        with self._transaction():
            self._shelves.note_contact(self._shelves.owner(one), now)
        self._contacts[one] = now

    def keep_batch(self, source: Source | str, epoch: str, batch: Batch, body: bytes) -> Stored:
        """Make one answer durable; when this returns, it may be acknowledged.

        Raises:
            StoreUnusable: nothing of the batch is stored, and it must not be acknowledged.
        """
        one = _source(source)
        now = self._now()
        with self._transaction():
            # A crash from here to the commit: SQLite drops the begun transaction at the next
            # opening. The store is as it was, the exchange was not told and offers again.
            stored, _ = self._keep(one, epoch, batch.first, batch.tickets, body, now)
            # The commit is the instant of keeping. A crash before it leaves nothing; a crash
            # after it, before the acknowledgement, leaves everything: the exchange offers again,
            # `_sort` finds every ticket known, and the acknowledgement is made up for.
        self._contacts[one] = now
        return stored

    def keep_stream(
        self, source: Source, epoch: str, first: int, pieces: Sequence[Piece], raw: bytes
    ) -> Stored:
        """Make what a stream brought durable; when this returns, it may be acknowledged.

        Args:
            source: the exchange and its wire.
            epoch: of this stream, unlike any other: `<wire>:<begun>`.
            first: number of the first piece in the epoch; each next piece has the next number.
            pieces: tickets, what cannot be read, events.
            raw: the bytes they came in.

        Raises:
            StoreUnusable: nothing is stored, and nothing must be acknowledged.
        """
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves nothing. Where the wire acknowledges, the peer
            # says it again, and its conversation tells that it is the same; where it does not
            # (V24), what was read and not committed is gone with the process: commit per read.
            stored, _ = self._keep(source, epoch, first, pieces, raw, now)
            # A crash after the commit, before the acknowledgement, leaves everything; the peer
            # says it again in a new epoch, which only the conversation can recognise
            # (`last_raw`).
        self._contacts[source] = now
        return stored

    def file_before(self, source: Source, name: str) -> bytes | None:
        """Return the file that one of this name may go on with; None: there is none.

        It is the last that was fetched under the name, unless it was deleted; else the last of
        any name, if a crash or a cut came between its keeping and its deletion.

        Raises:
            StoreUnusable: it cannot be read.
        """
        query = (
            "SELECT f.name, f.state, a.raw_zlib FROM file f JOIN answer a ON a.id = f.answer"
            " JOIN source s ON s.id = f.source WHERE s.exchange = ? AND s.wire = ?"
        )
        order = " ORDER BY f.id DESC LIMIT 1"  # no instant: our clock may be set back
        owner = (source.exchange, source.wire)
        same = self._read(f"{query} AND f.name = ? {order}", *owner, name)
        for _, state, raw in same or self._read(query + order, *owner):
            if state == FileState.FETCHED or (same and state == FileState.LEFT):
                return zlib.decompress(raw)
        return None

    def keep_file(
        self,
        source: Source,
        file: FetchedFile,
        pieces: Sequence[Piece],
        raw: bytes,
        known: int = 0,
    ) -> Stored:
        """Make a whole file durable; when this returns, it may be deleted on the exchange.

        The same file again, by name and digest, stores nothing twice; nor do the first `known`
        pieces, which are stored from the file that this one goes on with.

        Raises:
            StoreUnusable: nothing is stored, and the file must not be deleted.
        """
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves nothing: the file is still on the exchange, since
            # it is deleted after the commit alone, and is fetched again.
            if self._shelves.same_file(self._shelves.owner(source), file, now):
                stored = Stored(0, sum(not isinstance(one, Malformed) for one in pieces), 0)
                self._shelves.note_contact(self._shelves.owner(source), now)
            else:
                stored, answer = self._keep(
                    source,
                    file.epoch_on(source.wire),
                    known + 1,
                    pieces[known:],
                    raw,
                    now,
                    always=True,
                )
                stored = replace(stored, known=stored.known + known)
                self._shelves.note_file(self._shelves.owner(source), file, answer, now)
            # A crash after the commit, before the deletion, leaves everything: the file is
            # fetched again, is known by its digest, and the deletion is made up for.
        self._contacts[source] = now
        return stored

    def note_file(self, source: Source, file: FetchedFile, state: FileState) -> None:
        """Note what became of a kept file on the exchange.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        with self._transaction():
            # A crash between the deletion and this note leaves `fetched`: the file is not on
            # the exchange any more, and nothing depends on the note.
            query = "UPDATE file SET state = ? WHERE source = ? AND name = ? AND digest = ?"
            owner = self._shelves.owner(source)
            self._connection.execute(query, (state, owner, file.name, file.digest))

    def headings(self, source: Source) -> tuple[str, ...]:
        """Return the rows of titles that a stream last told; none: it told none yet.

        Raises:
            StoreUnusable: it cannot be read.
        """
        query = "SELECT headings FROM source WHERE exchange = ? AND wire = ?"
        row = next(iter(self._read(query, source.exchange, source.wire)), None)
        return () if row is None or row[0] is None else tuple(json.loads(row[0]))

    def note_headings(self, source: Source, rows: Sequence[str]) -> None:
        """Note the rows of titles that a stream told, for the time after a restart.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        with self._transaction():
            # A crash before the commit leaves the titles before; the stream tells them again on
            # its next page, and until then lines are set aside rather than read wrongly.
            owner = self._shelves.owner(source)
            query = "UPDATE source SET headings = ? WHERE id = ?"
            self._connection.execute(query, (json.dumps(list(rows)), owner))

    def read_again(
        self, source: Source, reason: str, read: Callable[[bytes], Piece | None]
    ) -> Stored:
        """Read again what was set aside for a reason that is gone.

        A ticket takes the place of the quarantine entry, with its identity; what cannot be read
        still stays there under the new reason; what is nothing (None) leaves it.

        Raises:
            StoreUnusable: nothing was changed.
        """
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves every entry in the quarantine, and the next start
            # reads them again.
            owner = self._shelves.owner(source)
            return self._shelves.read_again(owner, reason, read, now)

    def keep_unreadable(
        self, source: Source | str, reason: str, place: str, body: bytes
    ) -> SetAside:
        """Set a whole answer aside; the same answer again is counted, not stored again.

        Raises:
            StoreUnusable: it is not stored.
        """
        one = _source(source)
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves nothing; after it, the entry. Neither is
            # acknowledged, so that the exchange keeps what the answer should have told.
            malformed = self._scrubbed(one, Malformed(reason, body, place))
            times, _ = self._shelves.set_aside(self._shelves.owner(one), "", 0, malformed, now)
        return SetAside(times)

    def warn(self, source: Source | str, text: str, *, alarm: bool) -> None:
        """Note what is wrong with a source, for the status; an alarm stays beside the next.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        now = utc(self._now())
        with self._transaction():
            # A crash before the commit leaves no note; the log has it.
            owner = self._shelves.owner(_source(source))
            query = "UPDATE source SET last_warning = ?, warned_at = ? WHERE id = ?"
            self._connection.execute(query, (text, now, owner))
            if alarm:
                self._shelves.note_alarm(owner, text, now)

    def _keep(  # noqa: PLR0913, PLR0917 - what one keeping is made of
        self,
        source: Source,
        epoch: str,
        first: int,
        pieces: Sequence[Piece],
        raw: bytes,
        now: datetime,
        *,
        always: bool = False,
    ) -> tuple[Stored, int]:
        """Write everything that is new; return what that was, and the row of the bytes.

        `always` writes the bytes even where nothing is new; else the row may be 0.
        """
        owner = self._shelves.owner(source)
        last = first + len(pieces) - 1
        new, contradictory, known = self._shelves.sort(owner, epoch, first, pieces)
        events = self._shelves.keep_events(owner, epoch, first, pieces, now)
        aside = [(s, d) for s, d in enumerate(pieces, first) if isinstance(d, Malformed)]
        quarantined = sum(
            self._shelves.set_aside(owner, epoch, s, self._scrubbed(source, malformed), now)[1]
            for s, malformed in (*aside, *contradictory)
        )
        answer = 0
        if new or quarantined or events or always:
            answer = self._shelves.keep_answer(owner, self._scrub(source)(raw), now)
            self._shelves.keep_tickets(owner, epoch, answer, new)
        self._shelves.move_cursor(owner, epoch, last)
        self._shelves.note_contact(owner, now)
        return Stored(len(new), known, quarantined, events=events), answer

    def _scrub(self, source: Source) -> Callable[[bytes], bytes]:
        return self._scrubs.get(source, bytes)

    def _scrubbed(self, source: Source, malformed: Malformed) -> Malformed:
        """Return what is set aside without a secret: the reason may quote it."""
        scrub = self._scrub(source)
        reason = scrub(malformed.reason.encode()).decode()
        return Malformed(reason, scrub(malformed.raw), malformed.place)

    def _read(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with self._one_at_a_time:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StoreUnusable(f"the store cannot be read: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._one_at_a_time:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._whereabouts.check()
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._undo()
                raise StoreUnusable(f"the store cannot be written: {error}") from error
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        """Roll back; should that fail too, the next transaction says so."""
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _source(source: Source | str) -> Source:
    return Source(source) if isinstance(source, str) else source
