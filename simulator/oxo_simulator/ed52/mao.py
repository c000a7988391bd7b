"""Text of a MAO ticket: what changed in the exchange's database (facts: oxe 4.1, field).

`key=value` items, each with a `;` behind it, and a line feed. No source tells a single key or
value: those that the exchange writes here are invented, and the first of them says so to whoever
keeps such tickets.
"""

from collections.abc import Mapping

BODY_BYTES_MAX = 768
"""What a frame holds behind its header."""

INVENTED: Mapping[str, str] = {"MAO_ACTION": "CREATE", "OBJECT": "SUBSCRIBER"}
"""Keys and values that stand in a ticket of which nothing else is asked; ours."""

_SEPARATORS = frozenset(";=")


class MaoImpossible(ValueError):
    """An item has a separator in it, or the whole is too long; the text says which."""


def body(items: Mapping[str, str] = INVENTED) -> bytes:
    """Return the text of a ticket with these items, in their order.

    Raises:
        MaoImpossible: it cannot be said so.
    """
    for key, value in items.items():
        if not key or _SEPARATORS & set(key) or ";" in value:
            raise MaoImpossible(f"{key!r}: a key has no `;` or `=`, a value no `;`")
        if not (key + value).isascii() or not (key + value).isprintable():
            raise MaoImpossible(f"{key!r}: a character that is no printable ASCII")
    text = "".join(f"{key}={value};" for key, value in items.items()) + "\n"
    if len(text) > BODY_BYTES_MAX:
        raise MaoImpossible(f"{len(text)} bytes, and a frame holds {BODY_BYTES_MAX}")
    return text.encode("ascii")
