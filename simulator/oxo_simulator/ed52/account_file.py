"""The text of an account file, before it is compressed (facts: oxe 3.2).

The first line is `#` and, without blanks or a last comma, name, first and last position and
justification of each column (documented; the punctuation is inferred). Then each record and a line
feed. A file without records has its header line alone.

The exchange keeps records of version ED5.2. A file of the layout `OLDER` is written from them by
cutting its columns out of theirs.
"""

from collections.abc import Sequence

from oxo_simulator.ed52.codec import RecordImpossible
from oxo_simulator.ed52.layout import ED52, Layout

_MASKS = "-*"


def header(layout: Layout = ED52) -> bytes:
    """Return the header line with its line feed."""
    columns = (
        f"{column.name},{column.first},{column.last},{column.justification}"
        for column in layout.columns
    )
    return f"#{','.join(columns)}\n".encode("ascii")


def text(records: Sequence[bytes], layout: Layout = ED52) -> bytes:
    """Return a whole file of records of version ED5.2.

    Raises:
        RecordImpossible: a record does not fit the layout; names the column.
    """
    if layout is not ED52:
        records = [recut(record, layout) for record in records]
    return header(layout) + b"".join([record + b"\n" for record in records])


def recut(record: bytes, layout: Layout) -> bytes:
    """Return a record of version ED5.2 in another layout, which begins with the same columns.

    Raises:
        RecordImpossible: a value is too long there; names the column.
    """
    if len(record) != ED52.width:
        raise RecordImpossible(f"{len(record)} characters in {ED52.width} columns")
    pieces = [layout.version.encode("ascii")]
    for old, new in zip(ED52.columns[1:], layout.columns[1:], strict=False):
        piece = record[old.first - 1 : old.last].strip()
        if len(piece) > new.width:
            piece = _shorter(piece, new.name, new.width)
        fill = piece.ljust if new.justification == "L" else piece.rjust
        pieces.append(fill(new.width))
    return b"".join(pieces)


def _shorter(piece: bytes, name: str, width: int) -> bytes:
    """A mask fills whatever column it stands in; nothing else is cut off."""
    if len(set(piece)) == 1 and chr(piece[0]) in _MASKS:
        return piece[:width]
    raise RecordImpossible(f"{name}: {len(piece)} characters in {width} columns")
