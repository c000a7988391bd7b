"""What streams bring: readings that come once, and titles that hold for what follows."""

import json
from collections.abc import Callable, Sequence

from oxo_collector.outages import OutageDoor
from oxo_collector.receipt import Piece, Source, Stored, Wire


class StreamDoor(OutageDoor):
    """The way into the store for statements, the hotel link and tickets on the fly."""

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
            if source.wire == Wire.STREAM:
                self._tell_outages_of_stream(self._shelves.owner(source), epoch, pieces)
            # A crash after the commit, before the acknowledgement, leaves everything; the peer
            # says it again in a new epoch, which only the conversation can recognise
            # (`last_raw`).
        self._contacts[source] = now
        return stored

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
