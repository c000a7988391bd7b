"""Which account files are due: by the marker, and by what the store has.

Theory
======
The index tells the names as they came to be, so that its order is the order; a listing of the
folder has none. The names count in base 26 and begin anew after `ZZZZZ` (facts: oxe 3.1, 3.4); an
exchange keeps some hundred of nearly twelve million, so that the widest stretch of numbers without
a file lies before the oldest: the order of a listing is that of the circle, from there.

An hour without tickets makes no file and takes no number: a number that is left out is a file that
was there and is not listed any more.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from oxo_collector.decoders.account_index import NAMES_COUNT, Gap, apart, gaps, parts_of


def account_files(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are of account files, each once, in their order."""
    return tuple(dict.fromkeys(name for name in names if parts_of(name) is not None))


def by_number(names: Iterable[str], server: str) -> tuple[str, ...]:
    """Return the account files of an exchange in the order of their numbers, the oldest first.

    Args:
        names: of a folder, in any order.
        server: whose files: "" of the exchange itself, else a survivable server's address.
    """
    ours = sorted((_number(name), name) for name in apart(names).get(server, ()))
    if not ours:
        return ()
    numbers = [number for number, _ in ours]
    before_first = (numbers[0] - numbers[-1]) % NAMES_COUNT or NAMES_COUNT
    steps = [before_first, *(later - number for number, later in pairwise(numbers))]
    oldest = steps.index(max(steps))
    return tuple(name for _, name in ours[oldest:] + ours[:oldest])


def server_of(index: str) -> str:
    """Return whose index this is: `ACCOUNT_AC199E64.LIS` is of the server AC199E64."""
    stem = index.rpartition(".")[0]
    parts = parts_of(f"TAXAAAAA_{stem.rpartition('_')[2]}")
    return "" if parts is None else parts.server


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be fetched of a list.

    Attributes:
        due: names, in the order of the list.
        gaps: among those that follow what was fetched before.
        marker_at: where the marker stands in the list; -1: there is none, or not in the list.
        gone: the marker is not listed any more.
    """

    due: tuple[str, ...]
    gaps: tuple[Gap, ...]
    marker_at: int
    gone: bool


def choose(
    names: Sequence[str],
    marker: str | None,
    known: Collection[str],
    again: Mapping[str, object],
    left: Collection[str],
) -> Choice:
    """Decide by the marker what is new.

    New is what stands behind the marker. Before it, only that is due which was listed and is not
    stored: what was refused, or broken off, or came late; but not what stands before a file at
    which a collection from now on began. Without a marker, or where it is gone, everything is: the
    store knows what it has by its content, and a name alone may have come to another file.

    Args:
        names: of the list, in its order.
        marker: name of the newest file that is stored; None: nothing is.
        known: names of files that are stored.
        again: names that are to be tried again, whatever is stored under them.
        left: names of files whose tickets were not wanted, nor what stands before them.
    """
    if marker not in names:
        gone = marker is not None and bool(names)
        return Choice(tuple(names), _gaps(names), -1, gone=gone)
    at = names.index(marker)
    first = max((i for i, name in enumerate(names[: at + 1]) if name in left), default=0)
    late = (name for name in names[first:at] if name not in known or name in again)
    return Choice((*late, *names[at + 1 :]), _gaps(names[at:]), at, gone=False)


def _gaps(names: Sequence[str]) -> tuple[Gap, ...]:
    return tuple(gap for own in apart(names).values() for gap in gaps(own))


def _number(name: str) -> int:
    parts = parts_of(name)
    assert parts is not None
    return parts.number
