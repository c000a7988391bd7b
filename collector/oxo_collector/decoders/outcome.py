"""What decoding gives: a ticket, or the bytes that are none with the reason."""

from hashlib import sha256
from typing import Final

import msgspec
from oxo_tickets import Ticket

RECORD_DIGEST_BYTES: Final = 16
"""Of the SHA-256 of a record's text: enough that two different ones never meet."""

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


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """A ticket whose record reaches us by two wires in the same bytes.

    Attributes:
        ticket: what the record means.
        record: which record it is: the beginning of the SHA-256 of its text, as `record_digest`
            gives it; equal texts have equal digests, and equal neighbours are still two tickets.
    """

    ticket: Ticket
    record: bytes


def record_digest(text: bytes) -> bytes:
    """Return the identity of a record's text: the 16-byte beginning of its SHA-256."""
    return sha256(text).digest()[:RECORD_DIGEST_BYTES]


Decoded = Ticket | Malformed
"""One piece of input after decoding."""


def quoted(text: str) -> str:
    """Return the text in quotation marks, clipped, for a reason."""
    if len(text) > QUOTED_CHARACTERS_MAX:
        return f"{text[:QUOTED_CHARACTERS_MAX]!r}..."
    return repr(text)
