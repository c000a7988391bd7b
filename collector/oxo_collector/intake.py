"""The one door into the store: keep, then acknowledge.

A batch goes in as one transaction: the answer's bytes, its tickets or quarantine entries, and the
source's cursor. Only when a `keep_...` has returned may the exchange be told. Whatever the instant
of a crash, the exchange then offers again what it was not told about, and the identity (source,
epoch, sequence) recognises what is stored already: nothing is lost and nothing counted twice.

The epochs of the taxation wire are the exchange's. Those of the other wires are unique by
construction: of a file its name and digest, of a stream the instant at which it was begun.

What each kind of wire hands in stands in a module of its own (`streams`, `files`, `accounts`), what
they share in `door`: one transaction at a time, for all sources. What takes long is done before it
is begun (decoding always, rendering and compressing where there may be much), so that nobody waits
for longer than the rows of one reading or file take to be written. The reader of a peer that does
not wait for us never waits for it at all: it spools.
"""

from oxo_collector.accounts import AccountDoor
from oxo_collector.door import CONTACT_EVERY, source_of
from oxo_collector.files import FileDoor
from oxo_collector.receipt import Batch, Source, Stored
from oxo_collector.streams import StreamDoor

__all__ = ["CONTACT_EVERY", "Intake"]


class Intake(StreamDoor, FileDoor, AccountDoor):
    """The way into the store for every wire; `Door` has what they share."""

    def keep_batch(self, source: Source | str, epoch: str, batch: Batch, body: bytes) -> Stored:
        """Make one answer durable; when this returns, it may be acknowledged.

        Raises:
            StoreUnusable: nothing of the batch is stored, and it must not be acknowledged.
        """
        one = source_of(source)
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
