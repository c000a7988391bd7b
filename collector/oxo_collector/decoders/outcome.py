"""What decoding gives: a ticket, or the bytes that are none with the reason."""

import msgspec
from oxo_tickets import Ticket

QUOTED_CHARACTERS_MAX = 40
"""A reason quotes at most so much of a bad value; the whole of it is in `Malformed.raw`."""


class Malformed(msgspec.Struct, frozen=True):
    """The peer sent something that is no ticket; it is kept as it came.

    Attributes:
        reason: what is wrong, naming every field that cannot be read.
        raw: the bytes in question, unchanged.
        place: where they stood: `ticket 3`, `line 7` (both from 1) or `document`.
    """

    reason: str
    raw: bytes
    place: str


Decoded = Ticket | Malformed
"""One piece of input after decoding."""


def quoted(text: str) -> str:
    """Return the text in quotation marks, clipped, for a reason."""
    if len(text) > QUOTED_CHARACTERS_MAX:
        return f"{text[:QUOTED_CHARACTERS_MAX]!r}..."
    return repr(text)
