"""What is written where, inside a transaction that the intake has begun."""

import json
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

from oxo_tickets import FIELDS, Ticket, TicketUnreadable, differences, from_json, to_json

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.pairs import ticket_and_record
from oxo_collector.receipt import FetchedFile, FileState, Marker, Piece, Source, Stored, WireEvent
from oxo_collector.store import StoreUnusable

ZLIB_LEVEL: Final = 1
"""Ticket XML shrinks about tenfold at the lowest level; higher ones cost time and win little."""

UNIX_COMPRESS: Final = b"\x1f\x9d"
"""So an account file begins as it lies on the exchange; it would shrink by a hundredth."""

ALARMS_COUNT_MAX: Final = 100
"""Of one source; a peer that shows another certificate each time shall not fill the disk."""

_COMPARED: Final = tuple(name for name in FIELDS if name != "zone")
"""The zone comes from the configuration, not from the exchange: it may have been corrected."""


class NewTicket(NamedTuple):
    """A ticket that the store has not: its number in its epoch, canonical JSON, its record."""

    sequence: int
    canonical: bytes
    record: bytes | None = None


class Shelves:
    """The rows of the store; every method is called within a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def note_alarm(self, owner: int, text: str, now: str) -> None:
        """Write an alarm, or count that it was told again; only so many are kept."""
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

    def owner(self, source: Source) -> int:
        """Return the row of a source, which is made where there is none."""
        values = (source.exchange, source.wire)
        query = "SELECT id FROM source WHERE exchange = ? AND wire = ?"
        row = self._connection.execute(query, values).fetchone()
        if row is None:
            insert = "INSERT INTO source (exchange, wire) VALUES (?, ?)"
            return int(self._connection.execute(insert, values).lastrowid or 0)
        return int(row[0])

    def note_contact(self, owner: int, now: datetime) -> None:
        """Write when the source last answered."""
        query = "UPDATE source SET last_contact = ? WHERE id = ?"
        self._connection.execute(query, (utc(now), owner))

    def sort(
        self, owner: int, epoch: str, first: int, pieces: Sequence[Piece]
    ) -> tuple[list[NewTicket], list[tuple[int, Malformed]], int]:
        """Divide a batch's tickets: new ones, those that contradict stored ones, count of known."""
        query = (
            "SELECT sequence, canonical FROM ticket"
            " WHERE source = ? AND epoch = ? AND sequence BETWEEN ? AND ?"
        )
        last = first + len(pieces) - 1
        stored = dict(self._connection.execute(query, (owner, epoch, first, last)))
        new, contradictory, known = [], [], 0
        for sequence, piece in enumerate(pieces, first):
            found = ticket_and_record(piece)
            if found is None:
                continue
            ticket, record = found
            canonical = to_json(ticket)
            if sequence not in stored:
                new.append(NewTicket(sequence, canonical, record))
            elif differing := _differing(stored[sequence], canonical, ticket):
                reason = f"sequence {sequence} is stored already with another {differing}"
                contradictory.append(
                    (sequence, Malformed(reason, canonical, f"sequence {sequence}"))
                )
            else:
                known += 1
        return new, contradictory, known

    def keep_answer(self, owner: int, body: bytes, now: datetime) -> int:
        """Write the bytes that brought something new; return their row."""
        return self.keep_compressed(owner, compressed(body), len(body), now)

    def keep_compressed(self, owner: int, raw: bytes, raw_bytes: int, now: datetime) -> int:
        """Write bytes that are compressed already, and their length before; return their row."""
        query = "INSERT INTO answer (source, received, raw_bytes, raw_zlib) VALUES (?, ?, ?, ?)"
        values = (owner, utc(now), raw_bytes, raw)
        return int(self._connection.execute(query, values).lastrowid or 0)

    def keep_tickets(
        self,
        owner: int,
        epoch: str,
        answer: int,
        new: Sequence[NewTicket],
        twins: Sequence[int | None],
    ) -> None:
        """Write new tickets, each with the earlier ticket that it is the same as, or None."""
        query = (
            "INSERT INTO ticket (source, epoch, sequence, answer, canonical, record, same_as)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        rows = [
            (owner, epoch, sequence, answer, canonical, record, twin)
            for (sequence, canonical, record), twin in zip(new, twins, strict=True)
        ]
        self._connection.executemany(query, rows)

    def move_marker(self, owner: int, marker: Marker, now: datetime) -> None:
        """Write which account file is the last that is stored."""
        query = (
            "INSERT INTO marker (source, name, size_bytes, digest, moved) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (source) DO UPDATE SET name = excluded.name,"
            " size_bytes = excluded.size_bytes, digest = excluded.digest, moved = excluded.moved"
        )
        values = (owner, marker.name, marker.size_bytes, marker.digest, utc(now))
        self._connection.execute(query, values)

    def keep_events(
        self, owner: int, epoch: str, first: int, pieces: Sequence[Piece], now: datetime
    ) -> int:
        """Write the hotel events; return how many were new."""
        rows = [
            (
                owner,
                epoch,
                sequence,
                utc(now),
                event.kind,
                json.dumps(dict(event.fields)),
                event.raw,
            )
            for sequence, event in enumerate(pieces, first)
            if isinstance(event, WireEvent)
        ]
        query = (
            "INSERT INTO event (source, epoch, sequence, received, kind, fields, raw)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        return self._connection.executemany(query, rows).rowcount if rows else 0

    def same_file(self, owner: int, file: FetchedFile, now: datetime) -> bool:
        """Tell whether the file is kept already, and count that it was seen again."""
        query = (
            "UPDATE file SET seen_count = seen_count + 1, fetched = ?, state = ?"
            " WHERE source = ? AND name = ? AND digest = ? AND state <> ?"
        )
        values = (utc(now), FileState.FETCHED, owner, file.name, file.digest, FileState.GONE)
        return self._connection.execute(query, values).rowcount > 0

    def time_of(self, owner: int, file: FetchedFile) -> int:
        """Return the how manieth of its name and content a new file is."""
        query = "SELECT count(*) FROM file WHERE source = ? AND name = ? AND digest = ?"
        row = self._connection.execute(query, (owner, file.name, file.digest)).fetchone()
        return int(row[0]) + 1

    def note_file(
        self, owner: int, file: FetchedFile, answer: int, now: datetime, time: int = 1
    ) -> None:
        """Write that a file was fetched."""
        query = (
            "INSERT INTO file (source, name, size_bytes, digest, fetched, answer, tickets_told,"
            " tickets_found, state, seen_count, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)"
        )
        identity = (owner, file.name, file.size_bytes, file.digest, utc(now), answer)
        counts = (file.tickets_told, file.tickets_found, FileState.FETCHED)
        self._connection.execute(query, (*identity, *counts, time))

    def note_gone(self, owner: int, names: Sequence[str]) -> None:
        """Write that files which were deleted, or refused to be, are not on the exchange."""
        query = "UPDATE file SET state = ? WHERE source = ? AND name = ? AND state IN (?, ?)"
        of = (FileState.DELETED, FileState.UNDELETED)
        rows = [(FileState.GONE, owner, name, *of) for name in names]
        self._connection.executemany(query, rows)

    def note_former(self, owner: int) -> None:
        """Write that no file which is stored is known to be on the exchange by its name."""
        query = "UPDATE file SET state = ? WHERE source = ?"
        self._connection.execute(query, (FileState.FORMER, owner))

    def set_aside(
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
            self._connection.execute(query, (utc(now), *identity))
            return row[0] + 1, False
        query = (
            "INSERT INTO quarantine (source, epoch, sequence, digest, place, reason, raw_bytes,"
            " raw_zlib, seen_count, seen_first, seen_last) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)"
        )
        raw = zlib.compress(malformed.raw, ZLIB_LEVEL)
        size = len(malformed.raw)
        values = (malformed.place, malformed.reason, size, raw, utc(now), utc(now))
        self._connection.execute(query, (*identity, *values))
        return 1, True

    def read_again(
        self, owner: int, reason: str, read: Callable[[bytes], Piece | None], now: datetime
    ) -> Stored:
        """Read entries of the quarantine again; each becomes what it is now.

        For the wires whose records no other has: tickets are not compared with any.
        """
        query = (
            "SELECT id, epoch, sequence, raw_zlib FROM quarantine"
            " WHERE source = ? AND reason = ? ORDER BY id"
        )
        entries = [
            (entry, epoch, sequence, zlib.decompress(raw))
            for entry, epoch, sequence, raw in self._connection.execute(query, (owner, reason))
        ]
        pieces = [(*entry, read(entry[3])) for entry in entries]
        tickets = [one for one in pieces if isinstance(one[4], Ticket)]
        if tickets:
            answer = self.keep_answer(owner, b"\r\n".join(one[3] for one in tickets), now)
            for _, epoch, sequence, _, ticket in tickets:
                assert isinstance(ticket, Ticket)
                one = NewTicket(sequence, to_json(ticket))
                self.keep_tickets(owner, epoch, answer, [one], [None])
        still = 0
        for entry, _, _, _, piece in pieces:
            if isinstance(piece, Malformed):
                still += 1
                query = "UPDATE quarantine SET reason = ?, seen_last = ? WHERE id = ?"
                self._connection.execute(query, (piece.reason, utc(now), entry))
            else:
                self._connection.execute("DELETE FROM quarantine WHERE id = ?", (entry,))
        return Stored(len(tickets), 0, still)

    def move_cursor(self, owner: int, epoch: str, last: int) -> None:
        """Move the cursor forward; a batch offered again does not move it back."""
        query = (
            "UPDATE source SET epoch = ?, last_sequence ="
            " CASE WHEN epoch IS ? THEN max(last_sequence, ?) ELSE ? END WHERE id = ?"
        )
        self._connection.execute(query, (epoch, epoch, last, last, owner))


def _differing(stored: bytes, offered: bytes, ticket: Ticket) -> str:
    """Name the fields in which a stored ticket and one of the same identity differ."""
    if stored == offered:
        return ""
    try:
        before = from_json(stored)
    except TicketUnreadable as error:
        raise StoreUnusable(f"the store is damaged: a stored ticket is none: {error}") from error
    return ", ".join(one.field for one in differences(before, ticket, _COMPARED))


def compressed(body: bytes) -> bytes:
    """Return what came as it stands in the store; what came packed is not packed again."""
    packed = body.startswith(UNIX_COMPRESS)
    return zlib.compress(body, 0 if packed else ZLIB_LEVEL)


def utc(instant: datetime) -> str:
    """Return an instant as it stands in the store."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")
