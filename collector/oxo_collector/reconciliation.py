"""Count once what came over several wires, and tell what only one of them had.

No wire gives a ticket an identity that another knows; what they share is coarse (`coarse_key` in
the room of tickets). So tickets are compared as multisets: of one exchange and one key, the k-th
of one wire and the k-th of another are the same. Identical neighbours thus stay as many as they
were on the wire that had most of them.

The wire that counts is the first in the order of `Wire`, for it tells most. An export that goes on
where one ended must tell nothing again: what any wire had brought by then has been told.
"""

from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from oxo_collector.receipt import Wire

RANKS: Final = {str(wire): rank for rank, wire in enumerate(Wire)}


class Seen(NamedTuple):
    """One stored ticket as far as it is compared; they come in order of receipt (`id`)."""

    id: int
    exchange: str
    wire: str
    key: Hashable


def counted_once(seen: Iterable[Seen], since: int = 0) -> Iterator[int]:
    """Return the ids of those tickets after `since` that count, in order.

    Args:
        seen: every ticket.
        since: what has an id up to this one was told before.
    """
    numbers: dict[tuple[str, Hashable], int] = {}
    all_of: list[list[int]] = []
    told: list[int] = []
    rows = array("q"), array("q"), array("b"), array("q")
    for one in seen:
        key = numbers.setdefault((one.exchange, one.key), len(numbers))
        if key == len(all_of):
            all_of.append([0] * len(RANKS))
            told.append(0)
        rank = RANKS[one.wire]
        all_of[key][rank] += 1
        if one.id <= since:
            told[key] = max(told[key], all_of[key][rank])
        for row, value in zip(rows, (one.id, key, rank, all_of[key][rank]), strict=True):
            row.append(value)
    for ident, key, rank, number in zip(*rows, strict=True):
        preferred = max(all_of[key][:rank], default=0)
        if ident > since and number > max(told[key], preferred):
            yield ident


def _numbered(seen: Iterable[Seen]) -> Iterator[tuple[Seen, int]]:
    """Number the tickets of one exchange, wire and key from 1."""
    counts: Counter[tuple[str, Hashable, str]] = Counter()
    for one in seen:
        counts[one.exchange, one.key, one.wire] += 1
        yield one, counts[one.exchange, one.key, one.wire]


@dataclass(frozen=True, slots=True)
class Difference:
    """A ticket that not every wire of its exchange had; `id` is that of the wire that counts."""

    id: int
    exchange: str
    on: tuple[str, ...]
    missing_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """What one wire of an exchange had, compared with its others.

    Attributes:
        tickets: on this wire.
        only_here: on no other wire.
        missing_here: on another wire, but not on this.
    """

    exchange: str
    wire: str
    tickets: int
    only_here: int
    missing_here: int


def differences(seen: Iterable[Seen]) -> Iterator[Difference]:
    """Return what not every wire of its exchange had, in order of receipt."""
    wires: dict[str, set[str]] = {}
    ids: dict[tuple[str, Hashable, int], dict[str, int]] = {}
    for one, number in _numbered(seen):
        wires.setdefault(one.exchange, set()).add(one.wire)
        ids.setdefault((one.exchange, one.key, number), {})[one.wire] = one.id
    found = []
    for (exchange, _, _), had in ids.items():
        missing = wires[exchange] - had.keys()
        if missing:
            on = _in_order(had)
            found.append(Difference(had[on[0]], exchange, on, _in_order(missing)))
    return iter(sorted(found, key=lambda one: one.id))


def balances(seen: Iterable[Seen]) -> list[Balance]:
    """Return the balance of every wire of every exchange, exchanges in order of receipt."""
    tickets: Counter[tuple[str, str]] = Counter()

    def counted() -> Iterator[Seen]:
        for one in seen:
            tickets[one.exchange, one.wire] += 1
            yield one

    only: Counter[tuple[str, str]] = Counter()
    missing: Counter[tuple[str, str]] = Counter()
    for one in differences(counted()):
        if len(one.on) == 1:
            only[one.exchange, one.on[0]] += 1
        for wire in one.missing_on:
            missing[one.exchange, wire] += 1
    exchanges = dict.fromkeys(exchange for exchange, _ in tickets)
    return [
        Balance(exchange, wire, tickets[place], only[place], missing[place])
        for exchange in exchanges
        for wire in RANKS
        if (place := (exchange, wire)) in tickets
    ]


def _in_order(wires: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(wires, key=RANKS.__getitem__))
