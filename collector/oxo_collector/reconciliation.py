"""Count once what came over several wires, and tell what only one of them had.

Account files and the stream carry the same records: those are paired when they are kept (`pairs`),
and together they are one leg here, of which a ticket with a reference is no ticket of its own. No
other wire gives a ticket an identity that another knows; what they share is coarse (`coarse_key` in
the room of tickets). So tickets are compared as multisets: of one exchange and one key, the k-th
of one leg and the k-th of another are the same. Identical neighbours thus stay as many as they
were on the leg that had most of them.

The leg that counts is the first in the order of `Wire`, for it tells most. An export that goes on
where one ended must tell nothing again: what any wire had brought by then has been told.
"""

from array import array
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from oxo_collector.receipt import Wire

RANKS: Final = {str(wire): rank for rank, wire in enumerate(Wire)}

LEGS: Final = {str(Wire.STREAM): str(Wire.ACCOUNT)}
"""Wire -> the one under whose name both are compared; any other wire is a leg by itself."""

PAIRED: Final = (Wire.ACCOUNT, Wire.STREAM)


def leg_of(wire: str) -> str:
    """Return the leg of a wire."""
    return LEGS.get(wire, wire)


class Seen(NamedTuple):
    """One stored ticket as far as it is compared; they come in order of receipt (`id`).

    `same_as` is the earlier ticket of its leg with the same record; then the key says nothing.
    `nowhere` are the wires that have no record for such a ticket (`carried`).
    """

    id: int
    exchange: str
    wire: str
    key: Hashable
    same_as: int | None = None
    nowhere: frozenset[str] = frozenset()


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
        if one.same_as is not None:
            continue
        key = numbers.setdefault((one.exchange, one.key), len(numbers))
        if key == len(all_of):
            all_of.append([0] * len(RANKS))
            told.append(0)
        rank = RANKS[leg_of(one.wire)]
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
    """Number the tickets of one exchange, leg and key from 1; one that repeats another has 0."""
    counts: Counter[tuple[str, Hashable, str]] = Counter()
    for one in seen:
        if one.same_as is not None:
            yield one, 0
            continue
        place = one.exchange, one.key, leg_of(one.wire)
        counts[place] += 1
        yield one, counts[place]


@dataclass(frozen=True, slots=True)
class Difference:
    """A ticket that not every wire of its exchange had; `id` is that of the wire that counts.

    A wire that cannot carry such a ticket misses nothing.
    """

    id: int
    exchange: str
    on: tuple[str, ...]
    missing_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """What one wire of an exchange had, compared with its others.

    Attributes:
        tickets: on this wire.
        only_here: on no other wire, though another could have it.
        missing_here: on another wire, but not on this, which could have it.
        paired: whose very record the other one of account files and stream had, too.
        surplus: of the stream, which no account file has, though files that are stored go on
            beyond their end. A file is missing, or the exchange said a ticket again after a cut;
            nothing tells which, so that they count.
    """

    exchange: str
    wire: str
    tickets: int
    only_here: int
    missing_here: int
    paired: int = 0
    surplus: int = 0


def differences(seen: Iterable[Seen]) -> Iterator[Difference]:
    """Return what not every wire of its exchange had, in order of receipt."""
    wires: dict[str, set[str]] = {}
    alike: dict[tuple[str, Hashable], list[dict[str, int]]] = {}
    of_leg: dict[int, dict[str, int]] = {}
    nowhere: dict[int, frozenset[str]] = {}
    for one, number in _numbered(seen):
        wires.setdefault(one.exchange, set()).add(one.wire)
        if one.same_as is not None:
            of_leg[one.same_as][one.wire] = one.same_as
            continue
        same = alike.setdefault((one.exchange, one.key), [])
        if number > len(same):
            same.append({})
        same[number - 1][one.wire] = one.id
        if one.nowhere:
            nowhere[one.id] = one.nowhere
        if leg_of(one.wire) in LEGS.values():
            of_leg[one.id] = same[number - 1]
    found = []
    for (exchange, _), same in alike.items():
        for had, missing in _missing(same, wires[exchange], nowhere):
            on = _in_order(had)
            found.append(Difference(had[on[0]], exchange, on, _in_order(missing)))
    return iter(sorted(found, key=lambda one: one.id))


def _missing(
    same: Sequence[Mapping[str, int]],
    wires: Collection[str],
    nowhere: Mapping[int, frozenset[str]],
) -> Iterator[tuple[Mapping[str, int], set[str]]]:
    """Return of tickets that look alike those that wires missed, with these wires.

    The wire that counts knows best what a ticket is, hence which wires cannot have it. What such a
    wire has all the same stands for another one of them, and that is not missing then.
    """
    cannot = [nowhere.get(had[_in_order(had)[0]], frozenset()) for had in same]
    missing: list[set[str]] = [set() for _ in same]
    for wire in wires:
        spare = sum(wire in had and wire in no for had, no in zip(same, cannot, strict=True))
        lacking = [n for n, had in enumerate(same) if wire not in had and wire not in cannot[n]]
        for number in lacking[spare:]:
            missing[number].add(wire)
    return ((had, some) for had, some in zip(same, missing, strict=True) if some)


def balances(
    seen: Iterable[Seen], surplus: Mapping[str, int] = MappingProxyType({})
) -> list[Balance]:
    """Return the balance of every wire of every exchange, exchanges in order of receipt.

    Args:
        seen: every ticket.
        surplus: of each exchange's stream, how many tickets are.
    """
    tickets: Counter[tuple[str, str]] = Counter()
    paired: Counter[str] = Counter()

    def counted() -> Iterator[Seen]:
        for one in seen:
            tickets[one.exchange, one.wire] += 1
            paired[one.exchange] += one.same_as is not None
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
        Balance(
            exchange,
            wire,
            tickets[place],
            only[place],
            missing[place],
            paired[exchange] if wire in PAIRED else 0,
            surplus.get(exchange, 0) if wire == Wire.STREAM else 0,
        )
        for exchange in exchanges
        for wire in RANKS
        if (place := (exchange, wire)) in tickets
    ]


def _in_order(wires: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(wires, key=RANKS.__getitem__))
