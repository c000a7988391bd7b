"""What a fetched file holds: an ALZ file as a rule, else what its content says it is."""

from dataclasses import dataclass

from oxo_collector.decoders.alz import read_alz, recognises, to_ticket
from oxo_collector.decoders.files import decode_file
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.receipt import Piece


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as pieces for the store.

    Attributes:
        pieces: tickets and what cannot be read, in the order of the file; faults of the whole
            file stand behind, so that the number of a piece is that of its record.
        tickets_told: by the header; None where there is none.
        tickets_found: records, readable or not.
        faults: why the file as a whole is not trusted; such a file is not deleted.
    """

    pieces: tuple[Piece, ...]
    tickets_told: int | None
    tickets_found: int
    faults: tuple[str, ...]


def read_file(data: bytes, zone: str) -> Reading:
    """Read a file of any kind that the exchange may write (facts: oxo 7.3, content)."""
    if not data:
        return Reading((), None, 0, ())
    if not recognises(data):
        pieces = tuple(decode_file(data, layout=None, zone=zone))
        faults = tuple(_told(one) for one in pieces if isinstance(one, Malformed))
        return Reading(pieces, None, len(pieces), faults[:1])
    file = read_alz(data)
    records = tuple(
        one if isinstance(one, Malformed) else to_ticket(one, zone) for one in file.pieces
    )
    whole = [one for one in file.pieces if isinstance(one, Malformed) and _is_cut(one)]
    return Reading(
        pieces=(*records, *file.faults),
        tickets_told=None if file.header is None else file.header.ticket_number,
        tickets_found=file.records_count,
        faults=tuple(_told(one) for one in (*file.faults, *whole)),
    )


def known_of(before: Reading, now: Reading) -> int:
    """Return how many records of `now` stood in a file that was kept and may be there still.

    An exchange that was not told of the deletion may go on with the same file, or show its tickets
    in another: then all the records of the one before stand at the beginning, in their order; but
    for a last one that was cut off, which may be whole now. Else none does: equal neighbours are
    real.
    """
    told = [_content(one) for one in before.pieces[: before.tickets_found]]
    while told and isinstance(told[-1], bytes):
        told.pop()
    same = told == [_content(one) for one in now.pieces[: len(told)]]
    return len(told) if same and len(told) <= now.tickets_found else 0


def _content(piece: Piece) -> Piece | bytes:
    """Return what does not tell the place in the file."""
    return piece.raw if isinstance(piece, Malformed) else piece


def _is_cut(malformed: Malformed) -> bool:
    """Tell a piece that shows the file to be broken from a record with an impossible value."""
    return malformed.reason.startswith(("record truncated", "ticket size invalid"))


def _told(malformed: Malformed) -> str:
    return f"{malformed.place}: {malformed.reason}"
