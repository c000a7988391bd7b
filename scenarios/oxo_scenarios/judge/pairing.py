"""Which delivered ticket is which made one: a comparison of multisets.

Four steps, in this order, so that order of delivery never matters and identical neighbours are
counted instead of being merged:

1. equal ones pair, the n-th with the n-th;
2. a delivered ticket that is left and equals a made one is a *copy* of it;
3. what is left on both sides pairs with its *nearest*: fewest differing fields, then nearest in
   order, provided that at least half of the fields that either tells agree;
4. the rest is lost (made) or phantom (delivered).

Tickets are compared as the wire can carry them and in the fields that the subject shows.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from oxo_tickets import FIELDS, Difference, Ticket

NEAREST_TICKETS_MAX = 64
"""So many unpaired tickets of either side are weighed against each other; more stay unpaired."""


class Altered(NamedTuple):
    """A delivered ticket that is a made one with differences."""

    place: int
    differences: tuple[Difference, ...]


class Pairing(NamedTuple):
    """Places count from 0, in `expected` (keys) and in `found` (values)."""

    equal: Mapping[int, int]
    copies: Mapping[int, Sequence[int]]
    altered: Mapping[int, Altered]
    lost: Sequence[int]
    phantoms: Sequence[int]


class Comparison(NamedTuple):
    """How two tickets are compared: in these fields, and whether empty equals absent."""

    fields: Collection[str]
    blank_is_absent: bool = False

    def values(self, ticket: Ticket) -> dict[str, Any]:
        """Return the compared values by field, in the order of the model."""
        return {name: self.value(ticket, name) for name in FIELDS if name in self.fields}

    def value(self, ticket: Ticket, field: str) -> Any:
        """Return one value as it is compared."""
        value = getattr(ticket, field)
        return None if self.blank_is_absent and value == "" else value

    def differences(self, expected: Ticket, found: Ticket) -> tuple[Difference, ...]:
        """Name the fields in which two tickets differ."""
        mine, other = self.values(expected), self.values(found)
        return tuple(
            Difference(name, value, other[name])
            for name, value in mine.items()
            if value != other[name]
        )


def pair(
    expected: Sequence[Ticket],
    found: Sequence[Ticket],
    comparison: Comparison,
    optional: Collection[int] = (),
) -> Pairing:
    """Pair what was made with what was delivered.

    Args:
        expected: made, through the wire, in order.
        found: delivered, through the wire, in order.
        comparison: how two are compared.
        optional: places of `expected` that need not be delivered; they pair only when equal.
    """
    left: dict[Any, deque[int]] = defaultdict(deque)
    for place, ticket in enumerate(found):
        left[_key(comparison, ticket)].append(place)
    equal: dict[int, int] = {}
    made: dict[Any, list[int]] = defaultdict(list)
    for place, ticket in enumerate(expected):
        key = _key(comparison, ticket)
        if left[key]:
            equal[place] = left[key].popleft()
            made[key].append(place)
    copies = _copies(left, made)
    rest = sorted(place for places in left.values() for place in places)
    missing = [place for place in range(len(expected)) if place not in equal]
    altered = _nearest(
        [(place, expected[place]) for place in missing if place not in optional],
        [(place, found[place]) for place in rest],
        comparison,
    )
    taken = {found_at.place for found_at in altered.values()}
    return Pairing(
        equal,
        copies,
        altered,
        [place for place in missing if place not in altered],
        [place for place in rest if place not in taken],
    )


def _copies(
    left: Mapping[Any, deque[int]], made: Mapping[Any, Sequence[int]]
) -> dict[int, list[int]]:
    """Deal the surplus of every made ticket out over its equals; it leaves `left`."""
    copies: dict[int, list[int]] = defaultdict(list)
    for key, originals in made.items():
        surplus = left[key]
        for turn in range(len(surplus)):
            copies[originals[turn % len(originals)]].append(surplus.popleft())
    return copies


def _nearest(
    missing: Sequence[tuple[int, Ticket]],
    rest: Sequence[tuple[int, Ticket]],
    comparison: Comparison,
) -> dict[int, Altered]:
    """Pair greedily, the best pair of all first."""
    candidates = []
    for here, (place, expected) in enumerate(missing[:NEAREST_TICKETS_MAX]):
        for there, (at, found) in enumerate(rest[:NEAREST_TICKETS_MAX]):
            differences = comparison.differences(expected, found)
            if 2 * len(differences) <= _told(comparison, expected, found):
                candidates.append((len(differences), abs(here - there), place, at, differences))
    altered: dict[int, Altered] = {}
    taken: set[int] = set()
    for _, _, place, at, differences in sorted(candidates, key=lambda found: found[:4]):
        if place not in altered and at not in taken:
            altered[place] = Altered(at, differences)
            taken.add(at)
    return altered


def _told(comparison: Comparison, one: Ticket, other: Ticket) -> int:
    """Count the fields that at least one of two tickets tells."""
    mine, its = comparison.values(one), comparison.values(other)
    empty: tuple[object, ...] = (None, (), {})
    return sum(mine[name] not in empty or its[name] not in empty for name in mine)


def _key(comparison: Comparison, ticket: Ticket) -> Any:
    """Return a hashable value that is equal for equal tickets; money compares by value."""
    return tuple(_frozen(value) for value in comparison.values(ticket).values())


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((name, _frozen(inner)) for name, inner in value.items()))
    return value
