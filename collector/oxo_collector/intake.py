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
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from oxo_tickets import FIELDS, Ticket, TicketUnreadable, differences, from_json, to_json

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.receipt import (
    Batch,
    FetchedFile,
    FileState,
    HotelEvent,
    KnownFile,
    Piece,
    SetAside,
    Source,
    Stored,
)
from oxo_collector.store import StoreUnusable, Whereabouts

ZLIB_LEVEL: Final = 1
"""Ticket XML shrinks about tenfold at the lowest level; higher ones cost time and win little."""

CONTACT_EVERY: Final = timedelta(seconds=10)
"""An exchange that answers "nothing there" five times a second is no reason for five commits."""

ALARMS_COUNT_MAX: Final = 100
"""Of one exchange; a peer that shows another certificate each time shall not fill the disk."""

_COMPARED: Final = tuple(name for name in FIELDS if name != "zone")
"""The zone comes from the configuration, not from the exchange: it may have been corrected."""


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
            self._note_contact(self._owner(one), now)
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
            pieces: tickets, what cannot be read, hotel events.
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

    def keep_file(
        self, source: Source, file: FetchedFile, pieces: Sequence[Piece], raw: bytes
    ) -> Stored:
        """Make a whole file durable; when this returns, it may be deleted on the exchange.

        The same file again, by name and digest, stores nothing twice.

        Raises:
            StoreUnusable: nothing is stored, and the file must not be deleted.
        """
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves nothing: the file is still on the exchange, since
            # it is deleted after the commit alone, and is fetched again.
            if self._same_file(self._owner(source), file, now):
                stored = Stored(0, sum(not isinstance(one, Malformed) for one in pieces), 0)
                self._note_contact(self._owner(source), now)
            else:
                stored, answer = self._keep(source, file.epoch, 1, pieces, raw, now, always=True)
                self._note_file(self._owner(source), file, answer, now)
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
            owner = self._owner(source)
            self._connection.execute(query, (state, owner, file.name, file.digest))

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
            times, _ = self._set_aside(self._owner(one), "", 0, malformed, now)
        return SetAside(times)

    def warn(self, source: Source | str, text: str, *, alarm: bool) -> None:
        """Note what is wrong with a source, for the status; an alarm stays beside the next.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        now = _utc(self._now())
        with self._transaction():
            # A crash before the commit leaves no note; the log has it.
            owner = self._owner(_source(source))
            query = "UPDATE source SET last_warning = ?, warned_at = ? WHERE id = ?"
            self._connection.execute(query, (text, now, owner))
            if alarm:
                self._note_alarm(owner, text, now)

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
        owner = self._owner(source)
        last = first + len(pieces) - 1
        new, contradictory, known = self._sort(owner, epoch, first, pieces)
        events = self._keep_events(owner, epoch, first, pieces, now)
        aside = [(s, d) for s, d in enumerate(pieces, first) if isinstance(d, Malformed)]
        quarantined = sum(
            self._set_aside(owner, epoch, s, self._scrubbed(source, malformed), now)[1]
            for s, malformed in (*aside, *contradictory)
        )
        answer = 0
        if new or quarantined or events or always:
            answer = self._keep_answer(owner, self._scrub(source)(raw), now)
            self._keep_tickets(owner, epoch, answer, new)
        self._move_cursor(owner, epoch, last)
        self._note_contact(owner, now)
        return Stored(len(new), known, quarantined, events=events), answer

    def _note_alarm(self, owner: int, text: str, now: str) -> None:
        query = (
            "INSERT INTO alarm (source, text, seen_count, seen_first, seen_last)"
            " VALUES (?, ?, 1, ?, ?) ON CONFLICT (source, text)"
            " DO UPDATE SET seen_count = seen_count + 1, seen_last = excluded.seen_last"
        )
        self._connection.execute(query, (owner, text, now, now))
        query = (
            "DELETE FROM alarm WHERE source = ? AND id NOT IN"
            " (SELECT id FROM alarm WHERE source = ? ORDER BY seen_last DESC, id DESC LIMIT ?)"
        )
        self._connection.execute(query, (owner, owner, ALARMS_COUNT_MAX))

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

    def _owner(self, source: Source) -> int:
        values = (source.exchange, source.wire)
        query = "SELECT id FROM source WHERE exchange = ? AND wire = ?"
        row = self._connection.execute(query, values).fetchone()
        if row is None:
            insert = "INSERT INTO source (exchange, wire) VALUES (?, ?)"
            return int(self._connection.execute(insert, values).lastrowid or 0)
        return int(row[0])

    def _note_contact(self, owner: int, now: datetime) -> None:
        query = "UPDATE source SET last_contact = ? WHERE id = ?"
        self._connection.execute(query, (_utc(now), owner))

    def _sort(
        self, owner: int, epoch: str, first: int, pieces: Sequence[Piece]
    ) -> tuple[list[tuple[int, bytes]], list[tuple[int, Malformed]], int]:
        """Divide a batch's tickets: new ones, those that contradict stored ones, count of known."""
        query = (
            "SELECT sequence, canonical FROM ticket"
            " WHERE source = ? AND epoch = ? AND sequence BETWEEN ? AND ?"
        )
        last = first + len(pieces) - 1
        stored = dict(self._connection.execute(query, (owner, epoch, first, last)))
        new, contradictory, known = [], [], 0
        for sequence, ticket in enumerate(pieces, first):
            if not isinstance(ticket, Ticket):
                continue
            canonical = to_json(ticket)
            if sequence not in stored:
                new.append((sequence, canonical))
            elif differing := _differing(stored[sequence], canonical, ticket):
                reason = f"sequence {sequence} is stored already with another {differing}"
                contradictory.append(
                    (sequence, Malformed(reason, canonical, f"sequence {sequence}"))
                )
            else:
                known += 1
        return new, contradictory, known

    def _keep_answer(self, owner: int, body: bytes, now: datetime) -> int:
        query = "INSERT INTO answer (source, received, raw_bytes, raw_zlib) VALUES (?, ?, ?, ?)"
        values = (owner, _utc(now), len(body), zlib.compress(body, ZLIB_LEVEL))
        return int(self._connection.execute(query, values).lastrowid or 0)

    def _keep_tickets(
        self, owner: int, epoch: str, answer: int, new: list[tuple[int, bytes]]
    ) -> None:
        query = (
            "INSERT INTO ticket (source, epoch, sequence, answer, canonical) VALUES (?, ?, ?, ?, ?)"
        )
        rows = ((owner, epoch, sequence, answer, canonical) for sequence, canonical in new)
        self._connection.executemany(query, rows)

    def _keep_events(
        self, owner: int, epoch: str, first: int, pieces: Sequence[Piece], now: datetime
    ) -> int:
        """Write the hotel events; return how many were new."""
        rows = [
            (
                owner,
                epoch,
                sequence,
                _utc(now),
                event.kind,
                json.dumps(dict(event.fields)),
                event.raw,
            )
            for sequence, event in enumerate(pieces, first)
            if isinstance(event, HotelEvent)
        ]
        query = (
            "INSERT INTO event (source, epoch, sequence, received, kind, fields, raw)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        return self._connection.executemany(query, rows).rowcount if rows else 0

    def _same_file(self, owner: int, file: FetchedFile, now: datetime) -> bool:
        """Tell whether the file is kept already, and count that it was seen again."""
        query = (
            "UPDATE file SET seen_count = seen_count + 1, fetched = ?, state = ?"
            " WHERE source = ? AND name = ? AND digest = ?"
        )
        values = (_utc(now), FileState.FETCHED, owner, file.name, file.digest)
        return self._connection.execute(query, values).rowcount > 0

    def _note_file(self, owner: int, file: FetchedFile, answer: int, now: datetime) -> None:
        query = (
            "INSERT INTO file (source, name, size_bytes, digest, fetched, answer, tickets_told,"
            " tickets_found, state, seen_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
        )
        identity = (owner, file.name, file.size_bytes, file.digest, _utc(now), answer)
        counts = (file.tickets_told, file.tickets_found, FileState.FETCHED)
        self._connection.execute(query, (*identity, *counts))

    def _set_aside(
        self, owner: int, epoch: str, sequence: int, malformed: Malformed, now: datetime
    ) -> tuple[int, bool]:
        """Put one entry into the quarantine; return how often it was seen and whether it is new."""
        identity = (owner, epoch, sequence, sha256(malformed.raw).digest())
        match = "source = ? AND epoch = ? AND sequence = ? AND digest = ?"
        query = f"SELECT seen_count FROM quarantine WHERE {match}"  # noqa: S608 - our own words
        row = self._connection.execute(query, identity).fetchone()
        if row is not None:
            query = (
                f"UPDATE quarantine SET seen_count = seen_count + 1, seen_last = ? WHERE {match}"  # noqa: S608 - our own words
            )
            self._connection.execute(query, (_utc(now), *identity))
            return row[0] + 1, False
        query = (
            "INSERT INTO quarantine (source, epoch, sequence, digest, place, reason, raw_bytes,"
            " raw_zlib, seen_count, seen_first, seen_last) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)"
        )
        raw = zlib.compress(malformed.raw, ZLIB_LEVEL)
        size = len(malformed.raw)
        values = (malformed.place, malformed.reason, size, raw, _utc(now), _utc(now))
        self._connection.execute(query, (*identity, *values))
        return 1, True

    def _move_cursor(self, owner: int, epoch: str, last: int) -> None:
        """Move the cursor forward; a batch offered again does not move it back."""
        query = (
            "UPDATE source SET epoch = ?, last_sequence ="
            " CASE WHEN epoch IS ? THEN max(last_sequence, ?) ELSE ? END WHERE id = ?"
        )
        self._connection.execute(query, (epoch, epoch, last, last, owner))


def _source(source: Source | str) -> Source:
    return Source(source) if isinstance(source, str) else source


def _differing(stored: bytes, offered: bytes, ticket: Ticket) -> str:
    """Name the fields in which a stored ticket and one of the same identity differ."""
    if stored == offered:
        return ""
    try:
        before = from_json(stored)
    except TicketUnreadable as error:
        raise StoreUnusable(f"the store is damaged: a stored ticket is none: {error}") from error
    return ", ".join(one.field for one in differences(before, ticket, _COMPARED))


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")
