"""Orders in slices: each to its end, one after the other, and everybody else in between."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from oxo_simulator.clock import SLICE_EVENTS, VirtualClock
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.slices import Slices
from twisted.internet.defer import CancelledError


class Turns:
    """A reactor's turns, one at a time."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def callLater(self, _seconds: float, what: Callable[[], None]) -> None:  # noqa: N802
        self.waiting.append(what)

    def next(self) -> None:
        self.waiting.pop(0)()


def made() -> tuple[Turns, Slices]:
    turns: Any = Turns()
    return turns, Slices(turns)


def order(told: list[str], name: str, slices: int) -> Generator[None, None, str]:
    for number in range(slices):
        told.append(f"{name}{number}")
        yield
    return name


def test_a_short_order_is_done_at_once() -> None:
    (turns, slices), done = made(), list[str]()
    slices.play(lambda: order([], "a", 0)).addCallback(done.append)
    slices.alone(lambda: "b").addCallback(done.append)
    assert (done, turns.waiting) == (["a", "b"], [])


def test_a_long_order_takes_a_turn_a_slice_and_the_next_one_waits() -> None:
    (turns, slices), told, done = made(), list[str](), list[str]()
    slices.play(lambda: order(told, "a", 3)).addCallback(done.append)
    slices.alone(lambda: told.append("alone"))
    slices.play(lambda: order(told, "b", 2)).addCallback(done.append)
    assert told == ["a0"]
    seen = []
    while turns.waiting:
        turns.next()
        seen.append(len(told))
    assert told == ["a0", "a1", "a2", "alone", "b0", "b1"]
    assert seen == [2, 3, 5, 6, 6]
    assert done == ["a", "b"]


@pytest.mark.parametrize("at", [0, 1])
def test_an_order_that_fails_ends_alone(at: int) -> None:
    def fails() -> Generator[None, None, None]:
        for _ in range(at):
            yield
        raise OrderError("no such order")

    (turns, slices), wrong, done = made(), list[str](), list[str]()
    slices.play(fails).addErrback(lambda failure: wrong.append(str(failure.value)))
    slices.play(lambda: order([], "b", 0)).addCallback(done.append)
    while turns.waiting:
        turns.next()
    assert (wrong, done) == (["no such order"], ["b"])


def test_at_the_end_no_order_goes_on_and_none_begins() -> None:
    (turns, slices), told, wrong = made(), list[str](), list[Any]()
    slices.play(lambda: order(told, "a", 3)).addErrback(lambda failure: wrong.append(failure.type))
    slices.alone(lambda: told.append("b")).addErrback(lambda failure: wrong.append(failure.type))
    slices.play(lambda: order(told, "c", 1)).addErrback(lambda failure: wrong.append(failure.type))
    slices.stop()
    while turns.waiting:
        turns.next()
    assert (told, wrong) == (["a0"], [CancelledError] * 3)


def test_exchange_time_passes_in_slices_and_never_back() -> None:
    clock, seen = VirtualClock(), list[float]()
    for n in range(2 * SLICE_EVENTS + 1):
        clock.callLater(n, lambda: seen.append(clock.seconds()))
    passing = clock.passing(1000)
    next(passing)
    assert (len(seen), clock.seconds()) == (SLICE_EVENTS, SLICE_EVENTS - 1)
    clock.advance(5000)
    assert list(passing) == []
    assert seen == list(range(2 * SLICE_EVENTS + 1))
    assert clock.seconds() == SLICE_EVENTS - 1 + 5000
