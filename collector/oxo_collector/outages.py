"""When the stream was lost, and which account file brought what may be missing since.

The stream has no acknowledgement: what was under way when a connection ended is gone from that
wire, and nobody knows what it was. The account files have it, and their records are paired with
those that came (`pairs`), so that healing needs no list of what to fetch. What is noted here is for
the operator: since when something may be missing, and whether a file covers that time.

A file covers an outage when a call in it ended later than the first one that the stream told after
it, both by the exchange's clock; where the stream told none, later than the connection was made
again, by ours. Files come in the order in which they were closed, so that all before it were there.
In an hour that is repeated by daylight saving, where nobody knows which pass a stamp is of, a file
counts as early and an outage as late as can be: no file of the first pass heals one of the second.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from oxo_tickets import Ticket

from oxo_collector.door import Door
from oxo_collector.receipt import Piece, Recorded, Source, Wire
from oxo_collector.shelves import utc
from oxo_collector.wall_clock import earliest, latest

OUTAGES_COUNT_MAX: Final = 100
"""Of one source; the oldest go."""


class OutageDoor(Door):
    """The way into the store for what is known about lost connections."""

    def note_outage(
        self, source: Source, epoch: str, last: datetime, ended: datetime, why: str
    ) -> bool:
        """Note that a connection was lost; False: that is known already.

        Args:
            source: the exchange and its wire.
            epoch: of the connection.
            last: when something last came on it.
            ended: when its end was noticed.
            why: in words.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        with self._transaction():
            # A crash before the commit leaves no note, and the spool still tells of the end.
            owner = self._shelves.owner(source)
            query = (
                "INSERT INTO outage (source, epoch, last_heard, ended, why)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            values = (owner, epoch, utc(last), utc(ended), why)
            new = self._connection.execute(query, values).rowcount > 0
            query = (
                "DELETE FROM outage WHERE source = ? AND id NOT IN"
                " (SELECT id FROM outage WHERE source = ? ORDER BY id DESC LIMIT ?)"
            )
            self._connection.execute(query, (owner, owner, OUTAGES_COUNT_MAX))
        return new

    def note_resumed(self, source: Source, epoch: str, begun: datetime) -> None:
        """Note that tickets can come again, in a new epoch.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        with self._transaction():
            # A crash before the commit leaves no note; the spool still tells of the beginning.
            query = (
                "UPDATE outage SET resumed = ? WHERE source = ? AND resumed IS NULL AND epoch <> ?"
            )
            self._connection.execute(query, (utc(begun), self._shelves.owner(source), epoch))

    def _tell_outages_of_stream(self, owner: int, epoch: str, pieces: Sequence[Piece]) -> None:
        """Within a transaction: learn by the exchange's clock where an outage was over."""
        first = next((_end(one) for one in pieces if isinstance(one, Recorded)), None)
        if first is not None:
            query = (
                "UPDATE outage SET until_local = ? WHERE source = ? AND until_local IS NULL"
                " AND resumed IS NOT NULL AND epoch <> ?"
            )
            self._connection.execute(query, (first.isoformat(), owner, epoch))

    def _heal_outages(
        self, exchange: str, name: str, pieces: Sequence[Piece], now: datetime
    ) -> None:
        """Within a transaction: note which outages an account file covers."""
        tickets = [one.ticket for one in pieces if isinstance(one, Recorded)]
        if not tickets:
            return
        query = (
            "SELECT o.id, o.resumed, o.until_local FROM outage o JOIN source s ON s.id = o.source"
            " WHERE s.exchange = ? AND s.wire = ? AND o.healed IS NULL AND o.resumed IS NOT NULL"
        )
        found = self._connection.execute(query, (exchange, Wire.STREAM)).fetchall()
        if not found:
            return
        last = max(earliest(_end_of(one), one.zone) for one in tickets)
        for ident, resumed, until in found:
            told = datetime.fromisoformat(resumed if until is None else until)
            if last >= (told if until is None else latest(told, tickets[-1].zone)):
                query = "UPDATE outage SET healed_by = ?, healed = ? WHERE id = ?"
                self._connection.execute(query, (name, utc(now), ident))


def _end(piece: Recorded) -> datetime:
    return _end_of(piece.ticket)


def _end_of(ticket: Ticket) -> datetime:
    return ticket.local_end or ticket.local_time
