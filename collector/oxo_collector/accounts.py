"""What comes as account files: one at a time, with the marker that says how far we are.

A file is known by its name and by its content, that is by the records in it: the same data
compressed otherwise, or rendered with commas, is the same file. Another content under a name that
is stored already follows the one before: what that one had is not stored again, record by record as
multisets, in whatever order and lines it stands now.

A file is one transaction, and everything else that writes waits meanwhile: some ten microseconds a
ticket, for the longest hour that was ever seen (6,038) less than a tenth of a second. What takes
longer, decoding and rendering, is done before. The reader of the stream never waits, it spools.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from oxo_tickets import to_json

from oxo_collector.decoders.account_index import spelled
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.outages import OutageDoor
from oxo_collector.pairs import ticket_and_record
from oxo_collector.receipt import FetchedFile, Marker, Piece, Source, Stored
from oxo_collector.shelves import NewTicket, compressed


@dataclass(frozen=True, slots=True)
class _Ready:
    """A file as it goes into the store, made ready before the transaction.

    Attributes:
        file: with the digest of its content: SHA-256 over its records, and over those of the lines
            that cannot be read.
        tickets: with their lines, in order.
        malformed: with their lines.
        raw: its bytes as they lay on the exchange, compressed for the store.
        raw_bytes: their length before that.
    """

    file: FetchedFile
    tickets: Sequence[NewTicket]
    malformed: Sequence[tuple[int, Malformed]]
    raw: bytes
    raw_bytes: int


class AccountDoor(OutageDoor):
    """The way into the store for account files."""

    def marker(self, source: Source) -> Marker | None:
        """Return the last file that is stored, as it lay on the exchange; None: there is none.

        Raises:
            StoreUnusable: it cannot be read.
        """
        query = (
            "SELECT m.name, m.size_bytes, m.digest FROM marker m"
            " JOIN source s ON s.id = m.source WHERE s.exchange = ? AND s.wire = ?"
        )
        row = next(iter(self._read(query, source.exchange, source.wire)), None)
        return None if row is None else Marker(*row)

    def move_marker(self, source: Source, marker: Marker) -> None:
        """Move the marker without a file: to begin behind what is there, not with it.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves the marker before, and the same is decided again.
            self._shelves.move_marker(self._shelves.owner(source), marker, now)

    def keep_account_file(
        self,
        source: Source,
        file: FetchedFile,
        pieces: Sequence[Piece],
        raw: bytes,
        marker: Marker | None,
    ) -> Stored:
        """Make a whole account file durable, and move the marker, in one step.

        The same content under the same name stores nothing again; of another content under it,
        what it has more. A record that the stream brought already is stored with a reference to
        that ticket, and counts once.

        Args:
            source: the exchange and its wire.
            file: its name and how many records it told; its digest is that of the content here,
                whatever it is there.
            pieces: its lines in order, from 1.
            raw: its bytes as they lay on the exchange.
            marker: where the marker goes; None leaves it where it is (an import). Where it is the
                first of a count, files that were stored before are former ones until they come
                again.

        Raises:
            StoreUnusable: nothing is stored, and the marker stands where it stood.
        """
        now = self._now()
        ready = self._made_ready(source, file, pieces, raw)
        with self._transaction():
            # A crash before the commit leaves nothing: the marker stands before the file, which
            # is fetched again. The exchange keeps its files for weeks and is told nothing.
            owner = self._shelves.owner(source)
            if marker is not None and marker.anew:
                self._shelves.note_former(owner)
            if self._shelves.same_file(owner, ready.file, now):
                stored = Stored(0, len(ready.tickets), 0)
            else:
                stored = self._keep_ready(owner, source, ready)
            if marker is not None:
                self._shelves.move_marker(owner, marker, now)
            self._heal_outages(source.exchange, file.name, pieces, now)
            self._shelves.note_contact(owner, now)
            # A crash after the commit leaves everything, the marker behind the file.
        self._contacts[source] = now
        return stored

    def _made_ready(
        self, source: Source, file: FetchedFile, pieces: Sequence[Piece], raw: bytes
    ) -> _Ready:
        """Do what takes long before the transaction, for which every source waits."""
        tickets: list[NewTicket] = []
        malformed: list[tuple[int, Malformed]] = []
        content: list[bytes] = []
        for line, piece in enumerate(pieces, 1):
            known = ticket_and_record(piece)
            if known is not None:
                canonical = to_json(known[0])
                tickets.append(NewTicket(line, canonical, known[1]))
                content.append(known[1] or sha256(canonical).digest())
            elif isinstance(piece, Malformed):
                malformed.append((line, self._scrubbed(source, piece)))
                content.append(sha256(piece.raw).digest())
        digest = sha256(b"".join(content)).hexdigest()
        named = replace(file, name=spelled(file.name), digest=digest)
        body = self._scrub(source)(raw)
        return _Ready(named, tickets, malformed, compressed(body), len(body))

    def _keep_ready(self, owner: int, source: Source, ready: _Ready) -> Stored:
        now = self._now()
        epochs = self._epochs_of(owner, source, ready.file.name)
        new = _without(ready.tickets, self._records(owner, epochs))
        answer = self._shelves.keep_compressed(owner, ready.raw, ready.raw_bytes, now)
        self._shelves.note_file(owner, ready.file, answer, now)
        twins = self._pairs.earlier(source, [one.record for one in new])
        epoch = ready.file.epoch_on(source.wire)
        self._shelves.keep_tickets(owner, epoch, answer, new, twins)
        quarantined = sum(
            self._shelves.set_aside(owner, epoch, line, malformed, now)[1]
            for line, malformed in _others(ready.malformed, self._set_aside(owner, epochs))
        )
        self._shelves.move_cursor(owner, epoch, len(ready.tickets) + len(ready.malformed))
        known = len(ready.tickets) - len(new)
        return Stored(len(new), known, quarantined, same=len(twins) - twins.count(None))

    def _epochs_of(self, owner: int, source: Source, name: str) -> list[str]:
        """Return the epochs of the files that were stored under a name."""
        query = (
            "SELECT name, size_bytes, digest, tickets_told, tickets_found FROM file"
            " WHERE source = ? AND name = ?"
        )
        found = self._connection.execute(query, (owner, name))
        return [FetchedFile(*row).epoch_on(source.wire) for row in found]

    def _records(self, owner: int, epochs: Sequence[str]) -> Counter[bytes]:
        """Return the records that are stored under these epochs, and how often each is."""
        query = "SELECT record FROM ticket WHERE source = ? AND epoch = ? AND record IS NOT NULL"
        return Counter(
            record
            for epoch in epochs
            for (record,) in self._connection.execute(query, (owner, epoch))
        )

    def _set_aside(self, owner: int, epochs: Sequence[str]) -> Counter[bytes]:
        """Return the digests of what was set aside under these epochs."""
        query = "SELECT digest FROM quarantine WHERE source = ? AND epoch = ?"
        return Counter(
            digest
            for epoch in epochs
            for (digest,) in self._connection.execute(query, (owner, epoch))
        )


def _without(tickets: Sequence[NewTicket], had: Counter[bytes]) -> Sequence[NewTicket]:
    """Return the tickets that are more than what was had, as multisets."""
    if not had:
        return tickets
    new = []
    for one in tickets:
        if one.record is not None and had[one.record] > 0:
            had[one.record] -= 1
        else:
            new.append(one)
    return new


def _others(
    malformed: Sequence[tuple[int, Malformed]], had: Counter[bytes]
) -> Iterator[tuple[int, Malformed]]:
    """Return what was not set aside before, as multisets."""
    for line, one in malformed:
        digest = sha256(one.raw).digest()
        if had[digest] > 0:
            had[digest] -= 1
        else:
            yield line, one
