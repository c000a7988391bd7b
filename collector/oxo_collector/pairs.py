"""One record by two wires: the ticket of the one and that of the other are told to be the same.

Account files and the stream carry one record in the same bytes, so that here, and here alone, two
wires can be compared exactly. Equal records are still several tickets (thirteen abandoned calls of
a group), so that they are compared as multisets: the k-th equal record of one wire is the k-th of
the other, in the order of receipt.

Whichever of the two comes later refers to the earlier (`same_as`), within the transaction that
keeps it, and the reference is never changed: a ticket counts where it has none. So it does not
matter which wire is first, what was told as counted stays so, and of each record as many count as
the wire had that brought most of them.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from oxo_tickets import Ticket

from oxo_collector.receipt import Piece, Recorded, Source, Wire

PARTNERS: Final = {Wire.ACCOUNT: Wire.STREAM, Wire.STREAM: Wire.ACCOUNT}

RECORDS_AT_ONCE: Final = 500
"""Asked for by one statement, whose text is thus always the same."""

HOUR_BYTES: Final = 4


def ticket_and_record(piece: Piece) -> tuple[Ticket, bytes | None] | None:
    """Return the ticket of a piece and how its record is stored; None: it is no ticket.

    The hour of the call stands before the digest, so that records of one hour lie together in the
    index: a file's then touch a few of its pages rather than each another.
    """
    if not isinstance(piece, Recorded):
        return (piece, None) if isinstance(piece, Ticket) else None
    begun = piece.ticket.local_time
    hour = begun.toordinal() * 24 + begun.hour
    return piece.ticket, hour.to_bytes(HOUR_BYTES, "big") + piece.record


class Pairs:
    """Finds, among stored tickets, those that new ones are the same as."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def earlier(self, source: Source, records: Sequence[bytes | None]) -> list[int | None]:
        """Return for each new record the ticket of the other wire that it repeats, or None.

        A stored ticket is given once: the k-th new record to the k-th that no ticket refers to
        and that refers to none.
        """
        partner = self._partner(source)
        if partner is None:
            return [None] * len(records)
        free = self._free(partner, sorted({one for one in records if one is not None}))
        found: list[int | None] = []
        for one in records:
            waiting = free.get(one)
            found.append(waiting.pop() if waiting else None)
        return found

    def _partner(self, source: Source) -> int | None:
        wire = PARTNERS.get(source.wire)
        if wire is None:
            return None
        query = "SELECT id FROM source WHERE exchange = ? AND wire = ?"
        row = self._connection.execute(query, (source.exchange, wire)).fetchone()
        return None if row is None else int(row[0])

    def _free(self, partner: int, records: Sequence[bytes]) -> dict[bytes | None, list[int]]:
        """Return the tickets of each record that none is the same as yet, the earliest last."""
        free: dict[bytes | None, list[int]] = {}
        for begin in range(0, len(records), RECORDS_AT_ONCE):
            some = records[begin : begin + RECORDS_AT_ONCE]
            blank = [None] * (RECORDS_AT_ONCE - len(some))
            for ident, record in self._connection.execute(_FREE, (partner, *some, *blank)):
                if record in free:
                    free[record].append(ident)
                else:
                    free[record] = [ident]
        return free


_FREE: Final = f"""
    SELECT t.id, t.record FROM ticket t
    WHERE t.source = ? AND t.same_as IS NULL AND t.record IN ({", ".join("?" * RECORDS_AT_ONCE)})
      AND NOT EXISTS (SELECT 1 FROM ticket p WHERE p.same_as = t.id)
    ORDER BY t.id DESC
"""  # noqa: S608 - our own words
