"""A wish to end is kept, whatever becomes of the exception that its signal raises."""

import signal
from collections.abc import Iterator

import pytest
from oxo_scenarios.play.interruption import NUMBERS, kept


@pytest.fixture(params=NUMBERS)
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    before = signal.getsignal(request.param)
    yield request.param
    signal.signal(request.param, before)


def test_nobody_wishes_it_at_first() -> None:
    with kept() as interruption:
        interruption.check()
    assert not interruption.asked


def test_a_wish_is_kept_and_what_else_is_done_is_done(number: signal.Signals) -> None:
    done: list[int] = []
    signal.signal(number, lambda got, _frame: done.append(got))
    with kept() as interruption:
        signal.raise_signal(number)
        assert done == [number]
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
    signal.raise_signal(number)
    assert done == [number, number]


def test_a_signal_that_is_ignored_stays_so(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with kept() as interruption:
        signal.raise_signal(number)
        interruption.check()
    assert signal.getsignal(number) is signal.SIG_IGN


def test_a_signal_that_is_shut_off_by_another_stays_so() -> None:
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, lambda *_: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        with kept():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
