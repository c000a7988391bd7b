"""Frames as the transcript shows them: without a guest's password.

Of a whole frame the password's characters are known and hidden, and the check value with them, from
which one of them could be told. Of what cannot be read nobody knows where a password stands, so
every digit is hidden.
"""

import re

from oxo_simulator.ohl.codec import CHARSET
from oxo_simulator.ohl.layout import TOTAL_BYTES, Layouts, Place
from oxo_simulator.ohl.reader import BadFrame, Control, Frame, Read, Stray

HIDDEN = "*"


def words(read: Read, layouts: Layouts) -> str:
    """Return what came, control characters as they are."""
    match read:
        case Control(code=code):
            return chr(code)
        case Frame(raw=raw):
            return frame_words(raw, layouts)
        case BadFrame(raw=raw) | Stray(raw=raw):
            return re.sub("[0-9]", HIDDEN, raw.decode(CHARSET))


def frame_words(octets: bytes, layouts: Layouts) -> str:
    """Return a whole frame, or a control character."""
    text = octets.decode(CHARSET)
    characters = list(text)
    for place in _passwords(text, layouts):
        # Behind STX and letter, which a body's places do not count.
        for position in range(place.first + 1, place.last + 2):
            if characters[position] != " ":
                characters[position] = HIDDEN
        characters[-3:-1] = HIDDEN * 2
    return "".join(characters)


def _passwords(text: str, layouts: Layouts) -> list[Place]:
    letter = text[1:2]
    lengths = TOTAL_BYTES.get(letter, ())
    partial = len(lengths) > 1 and len(text) == lengths[0]
    places = layouts.get(letter.lower() if partial else letter, ())
    return [place for place in places if place.field == "password"]


def has_password(raw: bytes) -> bool:
    """Tell whether frames of this letter have a place for one."""
    return raw[1:2].decode(CHARSET) in "ABMNRSUV"
