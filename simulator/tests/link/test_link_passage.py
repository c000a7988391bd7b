"""What comes out of a lane's passage, and when: to the byte and to the instant, in virtual time."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.link.faults.corrupt import _Noise
from oxo_simulator.link.faults.delay import _Distance
from oxo_simulator.link.faults.slice import _Slicer
from oxo_simulator.link.faults.throttle import _Narrow
from oxo_simulator.link.passage import END, Passage

Out = list[tuple[float, bytes]]


def passage(*stages: Any) -> Passage:
    found = Passage()
    for stage in stages:
        found.add(stage, stage)
    return found


def everything(found: Passage, until: float = 1e9) -> Out:
    """Look at each instant at which something is due; return what came out when."""
    out: Out = []
    now = 0.0
    while (due := found.due()) is not None and due <= until:
        now = max(now, due)
        out += [(round(now, 6), piece) for piece in found.give(now)]
    return out


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a seed


def distance(latency_ms: int, jitter_ms: int = 0, seed: int = 1) -> _Distance:
    return _Distance(latency_ms, jitter_ms, dice(seed))


def noise(every_bytes: int, seed: int = 1, begun: int = 0) -> tuple[_Noise, list[Any]]:
    told: list[Any] = []
    return _Noise(every_bytes, dice(seed), begun, lambda *what: told.append(what)), told


def test_a_plain_passage_gives_at_once() -> None:
    found = passage()
    plain = [found.is_plain]
    found.take(3.0, b"abc")
    plain.append(found.is_plain)
    assert list(found.give(3.0)) == [b"abc"]
    assert [*plain, found.is_plain] == [True, False, True]
    assert found.due() is None


def test_a_delay_lets_each_piece_arrive_so_much_later() -> None:
    found = passage(distance(250))
    found.take(1.0, b"one")
    found.take(1.1, b"two")
    found.take(1.1, END)
    assert list(found.give(1.249)) == []
    assert found.waiting_bytes == 6
    assert everything(found) == [(1.25, b"one"), (1.35, b"two"), (1.35, END)]
    assert found.waiting_bytes == 0


def test_jitter_varies_the_latency_within_its_bounds_and_keeps_the_order() -> None:
    found = passage(distance(100, 80))
    for n in range(200):
        found.take(n * 0.01, bytes([n]))
    out = everything(found)
    assert b"".join(piece for _, piece in out) == bytes(range(200))
    late = [when - piece[0] * 0.01 for when, piece in out]
    assert 0.019 < min(late) < 0.06
    assert 0.15 < max(late) < 0.181
    assert len({round(each, 4) for each in late}) > 20


def test_the_same_seed_gives_the_same_jitter() -> None:
    def times(seed: int) -> Out:
        found = passage(distance(100, 80, seed))
        for n in range(20):
            found.take(float(n), b"x")
        return everything(found)

    assert times(1) == times(1)
    assert times(1) != times(2)


def test_a_throttle_gives_each_byte_its_time() -> None:
    found = passage(_Narrow(100))  # five bytes in each 50 ms
    found.take(1.0, b"0123456789ab")
    assert everything(found) == [(1.05, b"01234"), (1.1, b"56789"), (1.12, b"ab")]
    found.take(2.0, b"x")
    assert everything(found) == [(2.01, b"x")], "a line that was free owes nothing"


def test_a_slow_throttle_still_gives_a_byte_at_a_time() -> None:
    found = passage(_Narrow(2))
    found.take(0.0, b"abc")
    found.take(0.2, END)
    assert everything(found) == [(0.5, b"a"), (1.0, b"b"), (1.5, b"c"), (1.5, END)]


def test_slices_are_so_long_at_most_and_mix_no_two_pieces() -> None:
    found = passage(_Slicer(4))
    found.take(1.0, b"0123456789")
    found.take(1.0, b"ab")
    found.take(1.0, END)
    assert [piece for _, piece in everything(found)] == [b"0123", b"4567", b"89", b"ab", END]


def test_noise_changes_one_byte_in_each_block_and_says_which() -> None:
    stage, told = noise(10)
    found = passage(stage)
    sent = bytes(range(100))
    found.take(0.0, sent)
    ((_, got),) = everything(found)
    differing = [place for place in range(100) if got[place] != sent[place]]
    assert [place // 10 for place in differing] == list(range(10))
    assert told == [(place, sent[place], got[place]) for place in differing]
    assert len({place % 10 for place in differing}) > 2


def test_noise_counts_offsets_from_the_beginning_of_the_direction() -> None:
    stage, told = noise(1, begun=1000)
    stage.take(0.0, b"ab")
    assert [offset for offset, _, _ in told] == [1000, 1001]


@pytest.mark.parametrize("size", range(1, 61))
def test_noise_does_not_depend_on_how_the_bytes_come(size: int) -> None:
    def changed(size: int) -> bytes:
        found = passage(noise(7)[0])
        sent = bytes(range(60))
        for start in range(0, 60, size):
            found.take(0.0, sent[start : start + size])
        return b"".join(piece for _, piece in everything(found))

    assert changed(size) == changed(60)


ORDERS: Sequence[Callable[[], Sequence[Any]]] = (
    lambda: (distance(500), _Slicer(4), _Narrow(40)),
    lambda: (_Narrow(40), distance(500), _Slicer(4)),
    lambda: (_Slicer(4), _Narrow(40), distance(500)),
)


@pytest.mark.parametrize("stages", ORDERS)
def test_several_compose_the_same_in_whatever_order_they_came(
    stages: Callable[[], Sequence[Any]],
) -> None:
    found = passage(*stages())
    found.take(1.0, b"0123456789")
    found.take(1.0, END)
    assert everything(found) == [
        (1.55, b"01"), (1.6, b"23"), (1.65, b"45"), (1.7, b"67"), (1.75, b"89"), (1.75, END),
    ]  # fmt: skip


def test_two_delays_add_up() -> None:
    found = passage(distance(100), distance(50))
    found.take(0.0, b"x")
    assert everything(found) == [(0.15, b"x")]


def test_who_looks_late_finds_what_was_due_at_its_own_instants() -> None:
    found = passage(_Narrow(40), distance(100))
    found.take(0.0, b"0123")
    assert list(found.give(0.149)) == []
    found.take(0.2, b"late")
    assert list(found.give(0.21)) == [b"01", b"23"]
    assert everything(found) == [(0.35, b"la"), (0.4, b"te")]


def test_a_stage_that_goes_lets_its_bytes_pass_on_to_the_next() -> None:
    narrow, way = _Narrow(40), distance(100)
    found = passage(narrow, way)
    found.take(0.0, b"0123456789")
    assert list(found.give(0.151)) == [b"01"]
    found.remove(narrow, 0.2)
    assert everything(found) == [
        (0.2, b"23"), (0.25, b"45"), (0.3, b"67"), (0.3, b"89"),
    ]  # fmt: skip


def test_a_stage_that_nobody_knows_goes_without_a_word() -> None:
    found = passage(distance(100))
    found.remove(object(), 0.0)
    found.take(0.0, b"x")
    assert everything(found) == [(0.1, b"x")]


def test_what_is_cleared_is_forgotten() -> None:
    found = passage(distance(100), _Slicer(1))
    found.take(0.0, b"abc")
    found.clear()
    assert (found.waiting_bytes, found.due(), found.is_plain) == (0, None, True)


STAGES = st.lists(
    st.one_of(
        st.builds(lambda ms, j: (distance, ms, j), st.integers(0, 300), st.integers(0, 300)),
        st.builds(lambda rate: (_Narrow, rate), st.integers(1, 500)),
        st.builds(lambda size: (_Slicer, size), st.integers(1, 9)),
    ),
    max_size=4,
)
PIECES = st.lists(
    st.tuples(st.floats(0, 0.5, allow_nan=False), st.binary(min_size=1, max_size=30)), max_size=12
)


@given(STAGES, PIECES, st.lists(st.integers(0, 3), max_size=3))
def test_nothing_is_lost_doubled_or_overtaken(
    ordered: list[Any], pieces: list[tuple[float, bytes]], removed: list[int]
) -> None:
    """Bytes come out in their order, never before they came, and the end behind them."""
    stages = [make(*arguments) for make, *arguments in ordered]
    found, now, out = passage(*stages), 0.0, []
    for n, (gap, piece) in enumerate(pieces):
        now += gap
        out += list(found.give(now))
        found.take(now, piece)
        if n in removed and n < len(stages):
            found.remove(stages[n], now)
    found.take(now, END)
    rest = everything(found)
    whole = b"".join(piece for _, piece in pieces)
    assert b"".join([*out, *(piece for _, piece in rest)]) == whole
    assert [piece for _, piece in rest][-1] == END
    assert (found.waiting_bytes, found.due()) == (0, None)
    times = [when for when, _ in rest]
    assert times == sorted(times)
