"""Which signals ask the collection to end."""

import os
import signal
from collections.abc import Iterator

import pytest
from oxo_collector import journal
from oxo_collector.ending import SIGNALS, stop_on_signals


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in SIGNALS}
    yield
    for one, what in before.items():
        signal.signal(one, what)


@pytest.mark.parametrize("asked", SIGNALS)
def test_the_first_signal_asks_and_the_second_ends_at_once(asked: signal.Signals) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    stop = stop_on_signals(journal.start("json"))
    assert not stop.is_set()
    os.kill(os.getpid(), asked)
    assert stop.is_set()
    assert [signal.getsignal(one) for one in SIGNALS] == [signal.SIG_DFL] * 3


def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = stop_on_signals(journal.start("json"))
    os.kill(os.getpid(), signal.SIGHUP)
    assert not stop.is_set()
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.is_set()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
