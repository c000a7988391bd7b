"""The one door into the store: keep, then acknowledge.

A batch goes in as one transaction: the answer's bytes, its tickets or quarantine entries, and the
source's cursor. Only when `keep_batch` has returned may the exchange be told. Whatever the instant
of a crash, the exchange then offers again what it was not told about, and the identity (exchange,
epoch, sequence) recognises what is stored already: nothing is lost and nothing counted twice.
"""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from oxo_tickets import FIELDS, Ticket, TicketUnreadable, differences, from_json, to_json

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_soap import TicketsAnswer
from oxo_collector.store import StoreUnusable, Whereabouts
from oxo_collector.taxation.messages import SetAside, Stored

ZLIB_LEVEL: Final = 1
"""Ticket XML shrinks about tenfold at the lowest level; higher ones cost time and win little."""

CONTACT_EVERY: Final = timedelta(seconds=10)
"""An exchange that answers "nothing there" five times a second is no reason for five commits."""

ALARMS_COUNT_MAX: Final = 100
"""Of one exchange; a peer that shows another certificate each time shall not fill the disk."""

_COMPARED: Final = tuple(name for name in FIELDS if name != "zone")
"""The zone comes from the configuration, not from the exchange: it may have been corrected."""


class Intake:
    """Writes into the store, for all exchanges of the process, one transaction at a time.

    Args:
        connection: of `store.open_for_writing`.
        now: the present, with a zone.
        scrubs: per exchange what takes its account's secrets out of bytes that it sent.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        now: Callable[[], datetime],
        scrubs: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType({}),
    ) -> None:
        self._scrubs = scrubs
        self._connection = connection
        self._whereabouts = Whereabouts(connection)
        self._now = now
        self._one_at_a_time = threading.Lock()
        self._contacts: dict[str, datetime] = {}

    def cursor(self, exchange: str) -> tuple[str | None, int]:
        """Return (epoch, last sequence) of the last batch stored; (None, 0) when there is none.

        Raises:
            StoreUnusable: it cannot be read.
        """
        query = "SELECT epoch, last_sequence FROM exchange WHERE name = ?"
        with self._one_at_a_time:
            try:
                row = self._connection.execute(query, (exchange,)).fetchone()
            except sqlite3.Error as error:
                raise StoreUnusable(f"the store cannot be read: {error}") from error
        return (None, 0) if row is None else (row[0], row[1])

    def contact(self, exchange: str) -> None:
        """Note that the exchange answered.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        now = self._now()
        before = self._contacts.get(exchange)
        if before is not None and abs(now - before) < CONTACT_EVERY:  # our clock may jump back
            return
        with self._transaction():
            self._note_contact(self._exchange(exchange), exchange, now)

    def keep_batch(self, exchange: str, epoch: str, batch: TicketsAnswer, body: bytes) -> Stored:
        """Make one answer durable; when this returns, it may be acknowledged.

        Raises:
            StoreUnusable: nothing of the batch is stored, and it must not be acknowledged.
        """
        now = self._now()
        with self._transaction():
            # A crash from here to the commit: SQLite drops the begun transaction at the next
            # opening. The store is as it was, the exchange was not told and offers again.
            owner = self._exchange(exchange)
            new, contradictory, known = self._sort(owner, epoch, batch)
            aside = [
                *(
                    (s, d)
                    for s, d in enumerate(batch.tickets, batch.first)
                    if isinstance(d, Malformed)
                ),
                *contradictory,
            ]
            quarantined = sum(
                self._set_aside(owner, epoch, s, self._scrubbed(exchange, malformed), now)[1]
                for s, malformed in aside
            )
            if new or quarantined:
                answer = self._keep_answer(owner, self._scrub(exchange)(body), now)
                self._keep_tickets(owner, epoch, answer, new)
            self._move_cursor(owner, epoch, batch.last)
            self._note_contact(owner, exchange, now)
            # The commit is the instant of keeping. A crash before it leaves nothing; a crash
            # after it, before the acknowledgement, leaves everything: the exchange offers again,
            # `_sort` finds every ticket known, and the acknowledgement is made up for.
        return Stored(len(new), known, quarantined)

    def keep_unreadable(self, exchange: str, reason: str, place: str, body: bytes) -> SetAside:
        """Set a whole answer aside; the same answer again is counted, not stored again.

        Raises:
            StoreUnusable: it is not stored.
        """
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves nothing; after it, the entry. Neither is
            # acknowledged, so that the exchange keeps what the answer should have told.
            malformed = self._scrubbed(exchange, Malformed(reason, body, place))
            times, _ = self._set_aside(self._exchange(exchange), "", 0, malformed, now)
        return SetAside(times)

    def warn(self, exchange: str, text: str, *, alarm: bool) -> None:
        """Note what is wrong with an exchange, for the status; an alarm stays beside the next.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        now = _utc(self._now())
        with self._transaction():
            # A crash before the commit leaves no note; the log has it.
            owner = self._exchange(exchange)
            query = "UPDATE exchange SET last_warning = ?, warned_at = ? WHERE id = ?"
            self._connection.execute(query, (text, now, owner))
            if alarm:
                self._note_alarm(owner, text, now)

    def _note_alarm(self, owner: int, text: str, now: str) -> None:
        query = (
            "INSERT INTO alarm (exchange, text, seen_count, seen_first, seen_last)"
            " VALUES (?, ?, 1, ?, ?) ON CONFLICT (exchange, text)"
            " DO UPDATE SET seen_count = seen_count + 1, seen_last = excluded.seen_last"
        )
        self._connection.execute(query, (owner, text, now, now))
        query = (
            "DELETE FROM alarm WHERE exchange = ? AND id NOT IN"
            " (SELECT id FROM alarm WHERE exchange = ? ORDER BY seen_last DESC, id DESC LIMIT ?)"
        )
        self._connection.execute(query, (owner, owner, ALARMS_COUNT_MAX))

    def _scrub(self, exchange: str) -> Callable[[bytes], bytes]:
        return self._scrubs.get(exchange, bytes)

    def _scrubbed(self, exchange: str, malformed: Malformed) -> Malformed:
        """Return what is set aside without a secret: the reason may quote it."""
        scrub = self._scrub(exchange)
        reason = scrub(malformed.reason.encode()).decode()
        return Malformed(reason, scrub(malformed.raw), malformed.place)

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

    def _exchange(self, name: str) -> int:
        self._connection.execute("INSERT OR IGNORE INTO exchange (name) VALUES (?)", (name,))
        row = self._connection.execute("SELECT id FROM exchange WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def _note_contact(self, owner: int, exchange: str, now: datetime) -> None:
        query = "UPDATE exchange SET last_contact = ? WHERE id = ?"
        self._connection.execute(query, (_utc(now), owner))
        self._contacts[exchange] = now

    def _sort(
        self, owner: int, epoch: str, batch: TicketsAnswer
    ) -> tuple[list[tuple[int, bytes]], list[tuple[int, Malformed]], int]:
        """Divide a batch's tickets: new ones, those that contradict stored ones, count of known."""
        query = (
            "SELECT sequence, canonical FROM ticket"
            " WHERE exchange = ? AND epoch = ? AND sequence BETWEEN ? AND ?"
        )
        stored = dict(self._connection.execute(query, (owner, epoch, batch.first, batch.last)))
        new, contradictory, known = [], [], 0
        for sequence, ticket in enumerate(batch.tickets, batch.first):
            if isinstance(ticket, Malformed):
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
        query = "INSERT INTO answer (exchange, received, raw_bytes, raw_zlib) VALUES (?, ?, ?, ?)"
        values = (owner, _utc(now), len(body), zlib.compress(body, ZLIB_LEVEL))
        return int(self._connection.execute(query, values).lastrowid or 0)

    def _keep_tickets(
        self, owner: int, epoch: str, answer: int, new: list[tuple[int, bytes]]
    ) -> None:
        query = (
            "INSERT INTO ticket (exchange, epoch, sequence, answer, canonical)"
            " VALUES (?, ?, ?, ?, ?)"
        )
        rows = ((owner, epoch, sequence, answer, canonical) for sequence, canonical in new)
        self._connection.executemany(query, rows)

    def _set_aside(
        self, owner: int, epoch: str, sequence: int, malformed: Malformed, now: datetime
    ) -> tuple[int, bool]:
        """Put one entry into the quarantine; return how often it was seen and whether it is new."""
        identity = (owner, epoch, sequence, sha256(malformed.raw).digest())
        match = "exchange = ? AND epoch = ? AND sequence = ? AND digest = ?"
        query = f"SELECT seen_count FROM quarantine WHERE {match}"  # noqa: S608 - our own words
        row = self._connection.execute(query, identity).fetchone()
        if row is not None:
            query = (
                f"UPDATE quarantine SET seen_count = seen_count + 1, seen_last = ? WHERE {match}"  # noqa: S608 - our own words
            )
            self._connection.execute(query, (_utc(now), *identity))
            return row[0] + 1, False
        query = (
            "INSERT INTO quarantine (exchange, epoch, sequence, digest, place, reason, raw_bytes,"
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
            "UPDATE exchange SET epoch = ?, last_sequence ="
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


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")
