"""When a door opens: at the start at once, later in the reactor's next turn."""

from collections.abc import Iterator
from typing import Any

import pytest
from oxo_simulator.link.door import NOT_STARTED, Door, reserve
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock


@pytest.fixture
def made() -> Iterator[tuple[Any, Door]]:
    reactor: Any = MemoryReactorClock()  # type: ignore[no-untyped-call]
    reserved = reserve("127.0.0.1", 0)
    yield reactor, Door(reactor, "standard", reserved, ServerFactory())
    reserved.close()


def listening(reactor: Any) -> int:
    return len(reactor.tcpServers)


def test_a_door_opens_at_once_only_when_the_exchange_starts(made: tuple[Any, Door]) -> None:
    reactor, door = made
    door.admit(NOT_STARTED)
    assert listening(reactor) == 1
    door.refuse("wire")
    settled: list[object] = []
    door.admit("wire")
    door.settled().addCallback(settled.append)
    # The number of the old descriptor may be in the events of this turn still.
    assert (listening(reactor), settled, door.opening) == (1, [], True)
    reactor.advance(0)
    assert (listening(reactor), settled, door.opening) == (2, [None], False)
    # Another reason that goes is no reason to listen twice.
    door.admit("profile")
    reactor.advance(0)
    assert listening(reactor) == 2


def test_a_door_that_is_to_be_shut_again_does_not_open_between(made: tuple[Any, Door]) -> None:
    reactor, door = made
    door.admit(NOT_STARTED)
    for change in (door.refuse, door.admit, door.refuse):
        change("wire")
    settled: list[object] = []
    door.settled().addCallback(settled.append)
    reactor.advance(1)
    assert (listening(reactor), settled) == (1, [None])
