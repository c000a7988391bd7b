"""The index of the account files, and what the names in it say (facts: oxe 3.1).

A line begins with a name; what follows is unknown and not read. Names stand in the order in which
the files were closed. `TAX` and five letters count in base 26, so a name that is not there is
noticed; behind `ZZZZZ` the count begins anew. A survivable server has an index and a count of its
own: its names end in its address, eight hexadecimal digits (`TAXAAAAA_AC199E64.DAT`).
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

ENCODING: Final = "latin-1"
INDEX_BYTES_MAX: Final = 4 * 1024 * 1024
"""So much of an index is read: names for more than ten years."""

NAMES_COUNT: Final = 26**5
"""Behind `ZZZZZ` comes `AAAAA`."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ACCOUNT = re.compile(r"TAX([A-Z]{5})(?:_([0-9A-F]{8}))?(?:\.DAT)?", re.IGNORECASE)


class AccountName(NamedTuple):
    """What a name says.

    Attributes:
        number: its five letters as a number, from 0.
        server: address of the survivable server whose file it is, eight hexadecimal digits; "" of
            the exchange itself.
    """

    number: int
    server: str


class Gap(msgspec.Struct, frozen=True):
    """Two names that stand one behind the other and are no neighbours.

    Attributes:
        after: the name before the gap.
        before: the name behind it.
        count: how many names are missing between; None where the second is no later one: the
            exchange counts anew.
    """

    after: str
    before: str
    count: int | None


def read_index(text: bytes | str) -> dict[str, str]:
    """Return the names in an index, in order, each once, with their lines; never raises.

    What stands behind a name is unknown. It tells one thing: where it changed, so did the file.

    Lines that begin with nothing that may be a name in a folder (a path, noise) tell nothing: an
    index is only a list of what to fetch. A last line without its end counts where its name is
    whole beyond doubt.
    """
    told = text if isinstance(text, str) else text[:INDEX_BYTES_MAX].decode(ENCODING)
    whole, _, last = told[:INDEX_BYTES_MAX].replace("\r", "\n").rpartition("\n")
    lines = [(name, line) for line in whole.split("\n") if (name := _first(line))]
    name = _first(last)
    if name.upper().endswith(".DAT") and parts_of(name) is not None:
        lines.append((name, last))
    return dict(lines)


def after(names: Sequence[str], marker: str | None) -> tuple[str, ...] | None:
    """Return the names behind the last one fetched; None where that is not listed any more.

    Without a marker all are new. Order is that of the index: the count of the names begins anew
    some day, and does when the exchange is installed again.
    """
    if marker is None:
        return tuple(names)
    return tuple(names[names.index(marker) + 1 :]) if marker in names else None


def apart(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the account files by whose they are: "" the exchange, else a server's address.

    Names that are no account file are left out (indexes, `tax.tmp`, VoIP tickets).
    """
    found: dict[str, list[str]] = {}
    for name in names:
        parts = parts_of(name)
        if parts is not None:
            found.setdefault(parts.server, []).append(name)
    return {server: tuple(own) for server, own in found.items()}


def parts_of(name: str) -> AccountName | None:
    """Read a name; None where it is no account file's."""
    found = _ACCOUNT.fullmatch(name)
    if found is None:
        return None
    number = 0
    for letter in found[1].upper():
        number = number * 26 + ord(letter) - ord("A")
    return AccountName(number, (found[2] or "").upper())


def spelled(name: str) -> str:
    """Return an account file's name as an exchange spells it: `taxaaaaa` is `TAXAAAAA.DAT`.

    A server that lists it otherwise tells of the same file. Other names stay as they are.
    """
    return f"{name.upper().removesuffix('.DAT')}.DAT" if parts_of(name) is not None else name


def gaps(names: Sequence[str]) -> tuple[Gap, ...]:
    """Return where the count of one exchange's names jumps, in order.

    Names that are no account file, or another server's, are let pass: ask for each server's own.
    """
    return tuple(gap for one, other in pairwise(names) if (gap := gap_between(one, other)))


def gap_between(one: str, other: str) -> Gap | None:
    """Return what is missing between two names; None where nothing is, or nothing can be told."""
    first, second = parts_of(one), parts_of(other)
    if first is None or second is None or first.server != second.server:
        return None
    step = (second.number - first.number) % NAMES_COUNT
    if step == 1:
        return None
    return Gap(one, other, step - 1 if 1 < step <= NAMES_COUNT // 2 else None)


def _first(line: str) -> str:
    words = line.split(None, 1)
    return words[0] if words and _SAFE.fullmatch(words[0]) else ""
