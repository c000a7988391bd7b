"""What is fetched as files of the network manager: whole, and then deleted on the exchange."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.door import Door
from oxo_collector.receipt import FetchedFile, FileState, KnownFile, Piece, Source, Stored


class FileDoor(Door):
    """The way into the store for ticket files (nmc)."""

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
            there = (FileState.LEFT, FileState.UNDELETED)
            if state == FileState.FETCHED or (same and state in there):
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
        pieces, which are stored from the file that this one goes on with. One that is the same by
        name and digest as another that is gone is another file: in an hour that daylight saving
        repeats, or after a cold reset, the exchange may write the very same again.

        Raises:
            StoreUnusable: nothing is stored, and the file must not be deleted.
        """
        now = self._now()
        with self._transaction():
            # A crash before the commit leaves nothing: the file is still on the exchange, since
            # it is deleted after the commit alone, and is fetched again.
            owner = self._shelves.owner(source)
            if self._shelves.same_file(owner, file, now):
                stored = Stored(0, sum(not isinstance(one, Malformed) for one in pieces), 0)
                self._shelves.note_contact(owner, now)
            else:
                time = self._shelves.time_of(owner, file)
                stored, answer = self._keep(
                    source,
                    file.epoch_on(source.wire, time),
                    known + 1,
                    pieces[known:],
                    raw,
                    now,
                    always=True,
                )
                stored = replace(stored, known=stored.known + known)
                self._shelves.note_file(owner, file, answer, now, time)
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
            query = (
                "UPDATE file SET state = ? WHERE source = ? AND name = ? AND digest = ?"
                " AND state <> ?"
            )
            owner = self._shelves.owner(source)
            values = (state, owner, file.name, file.digest, FileState.GONE)
            self._connection.execute(query, values)

    def note_gone(self, source: Source, names: Sequence[str]) -> None:
        """Note that files which were deleted are not listed any more.

        Raises:
            StoreUnusable: the store cannot be written.
        """
        with self._transaction():
            # A crash before the commit leaves `deleted`: the next list says it again.
            self._shelves.note_gone(self._shelves.owner(source), names)
