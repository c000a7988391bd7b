"""A MAO ticket: the exchange's management base was changed (facts: oxe 4.1).

Text up to a line feed, `key=value` items with a semicolon behind each; the rest is filler (field).
No document tells keys or values, so none is known here: text and items are handed on.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

ENCODING: Final = "latin-1"


class Mao(msgspec.Struct, frozen=True):
    """What a MAO ticket says.

    Attributes:
        text: as it came, without line feed and filler.
        items: key -> value; of a key that stands twice the first, of an item without `=` its text
            and an empty value. `text` has it all.
    """

    text: str
    items: Mapping[str, str]


def read_mao(body: bytes) -> Mao:
    """Read a ticket's body; never raises: whatever stands there is its text."""
    text = body.partition(b"\n")[0].partition(b"\0")[0].decode(ENCODING)
    items: dict[str, str] = {}
    for item in text.split(";"):
        key, _, value = item.partition("=")
        if item:
            items.setdefault(key, value)
    return Mao(text, items)
