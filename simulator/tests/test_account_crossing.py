"""From a thread into the reactor's and back, with a reactor of this test's own making."""

from collections.abc import Callable

import pytest
from oxo_simulator.account.crossing import Crossing, Unanswered


class AtOnce:
    """A reactor that does what it is told in the caller's thread."""

    def callFromThread(self, what: Callable[[], object]) -> None:  # noqa: N802 - Twisted's name
        what()


class Later:
    """A reactor that is busy."""

    def __init__(self) -> None:
        self.told: list[Callable[[], object]] = []

    def callFromThread(self, what: Callable[[], object]) -> None:  # noqa: N802 - Twisted's name
        self.told.append(what)


def test_an_answer_comes_back() -> None:
    assert Crossing(AtOnce()).ask(lambda: 7) == 7


@pytest.mark.parametrize("error", [LookupError("none"), TimeoutError("theirs")])
def test_an_error_comes_back(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error), match=str(error)):
        Crossing(AtOnce()).ask(fail)


def test_what_is_not_answered_in_time_is_not_done_later() -> None:
    reactor, done = Later(), []
    with pytest.raises(Unanswered, match=r"no answer for 0.01 s"):
        Crossing(reactor, 0.01).ask(lambda: done.append(1))
    reactor.told[0]()
    assert not done


def test_what_is_told_is_not_waited_for() -> None:
    reactor = Later()
    Crossing(reactor).tell(lambda: None)
    assert len(reactor.told) == 1
