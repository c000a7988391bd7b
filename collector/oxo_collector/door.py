"""What every way into the store has in common: the lock, the transaction, secrets taken out."""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.pairs import Pairs
from oxo_collector.receipt import Piece, SetAside, Source, Stored
from oxo_collector.shelves import Shelves, utc
from oxo_collector.store import StoreUnusable, Whereabouts

CONTACT_EVERY: Final = timedelta(seconds=10)
"""An exchange that answers "nothing there" five times a second is no reason for five commits."""


class Door:
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
        self._pairs = Pairs(connection)
        self._whereabouts = Whereabouts(connection)
        self._now = now
        self._one_at_a_time = threading.Lock()
        self._contacts: dict[Source, datetime] = {}

    @property
    def store(self) -> Path:
        """The store's file; what belongs to it stands beside it."""
        return self._whereabouts.store

    def cursor(self, source: Source | str) -> tuple[str | None, int]:
        """Return (epoch, last sequence) of the last batch stored; (None, 0) when there is none.

        Raises:
            StoreUnusable: it cannot be read.
        """
        one = source_of(source)
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

    def contact(self, source: Source | str) -> None:
        """Note that the exchange answered.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        one = source_of(source)
        now = self._now()
        before = self._contacts.get(one)
        if before is not None and abs(now - before) < CONTACT_EVERY:  # our clock may jump back
            return
        with self._transaction():
            self._shelves.note_contact(self._shelves.owner(one), now)
        self._contacts[one] = now

    def keep_unreadable(
        self, source: Source | str, reason: str, place: str, body: bytes
    ) -> SetAside:
        """Set a whole answer aside; the same answer again is counted, not stored again.

        Raises:
            StoreUnusable: it is not stored.
        """
        one = source_of(source)
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
            owner = self._shelves.owner(source_of(source))
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
        twins = self._pairs.earlier(source, [one.record for one in new])
        events = self._shelves.keep_events(owner, epoch, first, pieces, now)
        aside = [(s, d) for s, d in enumerate(pieces, first) if isinstance(d, Malformed)]
        quarantined = sum(
            self._shelves.set_aside(owner, epoch, s, self._scrubbed(source, malformed), now)[1]
            for s, malformed in (*aside, *contradictory)
        )
        answer = 0
        if new or quarantined or events or always:
            answer = self._shelves.keep_answer(owner, self._scrub(source)(raw), now)
            self._shelves.keep_tickets(owner, epoch, answer, new, twins)
        self._shelves.move_cursor(owner, epoch, last)
        self._shelves.note_contact(owner, now)
        same = len(twins) - twins.count(None)
        return Stored(len(new), known, quarantined, events=events, same=same), answer

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


def source_of(source: Source | str) -> Source:
    """Return a source; an exchange's name alone means its taxation wire."""
    return Source(source) if isinstance(source, str) else source
