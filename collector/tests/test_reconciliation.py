"""The algebra of counting once: multisets, whatever came on which wire and in which order."""

import random
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from oxo_collector.receipt import Wire
from oxo_collector.reconciliation import (
    Balance,
    Difference,
    Seen,
    balances,
    counted_once,
    leg_of,
)
from oxo_collector.reconciliation import differences as differing

WIRES = [str(wire) for wire in Wire]


def seen(*told: str) -> list[Seen]:
    """Spell tickets as `t1`: wire by its first letter, key by the rest; ids from 1."""
    wires = {wire[0]: wire for wire in WIRES}
    return [Seen(n, "site", wires[one[0]], one[1:]) for n, one in enumerate(told, 1)]


def once(tickets: Sequence[Seen], since: int = 0) -> list[int]:
    return list(counted_once(tickets, since))


def test_the_same_over_two_wires_counts_once_by_the_wire_that_tells_most() -> None:
    assert once(seen("v1", "t1", "n1")) == [2]
    assert once(seen("o1", "v1", "n1")) == [3]


def test_identical_neighbours_stay_as_many_as_they_were() -> None:
    assert once(seen("t1", "t1", "v1", "v1")) == [1, 2]
    assert once(seen("t1", "v1", "v1")) == [1, 3]
    assert once(seen("v1", "v1", "v1")) == [1, 2, 3]


def test_other_exchanges_are_others() -> None:
    other = [one._replace(id=one.id + 10, exchange="other") for one in seen("v1")]
    assert once([*seen("t1"), *other]) == [1, 11]


def test_what_a_wire_brings_later_is_not_told_again() -> None:
    tickets = seen("v1", "t1", "t1")
    assert once(tickets[:1]) == [1]
    assert once(tickets, since=1) == [3]


def test_the_differences_name_the_wires() -> None:
    tickets = seen("t1", "v1", "t2", "v3", "v3", "t3")
    assert list(differing(tickets)) == [
        Difference(3, "site", ("taxation",), ("v24",)),
        Difference(5, "site", ("v24",), ("taxation",)),
    ]
    assert balances(tickets) == [
        Balance("site", "taxation", 3, 1, 1), Balance("site", "v24", 3, 1, 1),
    ]  # fmt: skip


def test_one_wire_alone_differs_from_none() -> None:
    assert list(differing(seen("v1", "v1"))) == []
    assert balances(seen("v1", "v1")) == [Balance("site", "v24", 2, 0, 0)]


def paired(told: Iterable[tuple[str, str, int, int]]) -> list[Seen]:
    """Number tickets (exchange, wire, key, record) and refer what repeats a record of its leg."""
    free: dict[tuple[object, ...], deque[int]] = {}
    found = []
    for n, (exchange, wire, key, record) in enumerate(told, 1):
        other = {"account": "stream", "stream": "account"}.get(wire)
        waiting = free.get((exchange, other, key, record))
        if waiting:
            found.append(Seen(n, exchange, wire, None, waiting.popleft()))
            continue
        free.setdefault((exchange, wire, key, record), deque()).append(n)
        found.append(Seen(n, exchange, wire, key))
    return found


TOLD = st.lists(
    st.tuples(
        st.sampled_from(["north", "south"]),
        st.sampled_from(WIRES),
        st.integers(0, 2),
        st.integers(0, 1),
    ),
    max_size=40,
)
TICKETS = TOLD.map(paired)


def most(tickets: Sequence[Seen]) -> Counter[tuple[str, object]]:
    """Return the multiset that counts: per exchange and key as many as the richest leg had."""
    own = [one for one in tickets if one.same_as is None]
    per_leg = Counter((one.exchange, one.key, leg_of(one.wire)) for one in own)
    counts: Counter[tuple[str, object]] = Counter()
    for (exchange, key, _), many in per_leg.items():
        counts[exchange, key] = max(counts[exchange, key], many)
    return counts


@given(TICKETS)
def test_as_many_count_as_the_richest_wire_had(tickets: list[Seen]) -> None:
    by_id = {one.id: one for one in tickets}
    told = Counter((by_id[n].exchange, by_id[n].key) for n in once(tickets))
    assert told == most(tickets)


@given(TICKETS, st.lists(st.integers(0, 40), max_size=4))
def test_exports_that_follow_each_other_tell_everything_once(
    tickets: list[Seen], stops: list[int]
) -> None:
    """Each export sees the store as it was then, and begins where the last one ended."""
    by_id = {one.id: one for one in tickets}
    told: Counter[tuple[str, object]] = Counter()
    since = 0
    for stop in sorted([*stops, len(tickets)]):
        ids = once([one for one in tickets if one.id <= stop], since)
        assert all(since < n <= stop for n in ids)
        told += Counter((by_id[n].exchange, by_id[n].key) for n in ids)
        since = max(since, *ids) if ids else since
    assert told == most(tickets)


@given(TICKETS)
def test_each_wire_and_what_it_misses_make_the_whole(tickets: list[Seen]) -> None:
    whole = Counter[str]()
    for (exchange, _), many in most(tickets).items():
        whole[exchange] += many
    for one in balances(tickets):
        assert one.tickets + one.missing_here == whole[one.exchange]
        assert one.only_here <= one.tickets


@given(TOLD, st.randoms())
def test_the_order_of_receipt_changes_no_count(
    told: list[tuple[str, str, int, int]], chance: random.Random
) -> None:
    mixed = list(told)
    chance.shuffle(mixed)
    tickets, again = paired(told), paired(mixed)
    assert len(once(again)) == len(once(tickets))
    assert outside(again) == outside(tickets)


def outside(tickets: Sequence[Seen]) -> list[str]:
    """Return the balances of single legs: within a leg, which one meets another is chance."""
    return sorted(str(one) for one in balances(tickets) if one.wire not in ("account", "stream"))


def test_account_files_and_the_stream_are_one_leg() -> None:
    """One key, two records; the first by both, the second by the files alone; nmc had one."""
    tickets = [
        Seen(1, "site", "stream", "k"), Seen(2, "site", "account", None, 1),
        Seen(3, "site", "account", "k"), Seen(4, "site", "nmc", "k"),
    ]  # fmt: skip
    assert once(tickets) == [1, 3]
    assert list(differing(tickets)) == [
        Difference(3, "site", ("account",), ("stream", "nmc")),
    ]
    assert balances(tickets) == [
        Balance("site", "account", 2, 1, 0, paired=1),
        Balance("site", "stream", 1, 0, 1, paired=1),
        Balance("site", "nmc", 1, 0, 1),
    ]
