"""The time of a whole exchange of messages: kept by one thread, for one watch after the other."""

import socket
import threading
from collections.abc import Iterator

import pytest
from oxo_collector.taxation.watch import Cut, Timekeeper, Watch

pytestmark = pytest.mark.process

LONG, SHORT = 3600.0, 0.01
SECONDS_MAX = 20


@pytest.fixture
def timekeeper() -> Iterator[Timekeeper]:
    keeper = Timekeeper()
    yield keeper
    keeper.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        far.settimeout(SECONDS_MAX)
        yield near, far


def test_what_takes_too_long_is_shut_down(
    timekeeper: Timekeeper, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    with Watch(timekeeper, SHORT) as watch:
        watch.take(near)
        assert far.recv(1) == b"", "shut down"
        assert watch.cut is Cut.TOO_LONG


def test_a_connection_that_comes_too_late_is_shut_down_at_once(
    timekeeper: Timekeeper, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    with Watch(timekeeper, LONG) as watch:
        watch.break_off(Cut.STOPPED)
        watch.take(near)
        assert far.recv(1) == b""
        assert watch.cut is Cut.STOPPED


def test_a_watch_that_ended_in_time_is_left_alone_and_a_shorter_one_behind_it_is_not(
    timekeeper: Timekeeper, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    with Watch(timekeeper, LONG) as first:
        first.take(near)
    near.sendall(b"x")
    assert far.recv(1) == b"x"
    with Watch(timekeeper, SHORT) as second:
        second.take(near)
        assert far.recv(1) == b""
    assert (first.cut, second.cut) == (None, Cut.TOO_LONG)


def test_one_thread_keeps_the_time_of_all_and_ends_when_closed(timekeeper: Timekeeper) -> None:
    before = set(threading.enumerate())
    for _ in range(50):
        with Watch(timekeeper, LONG):
            (keeper,) = set(threading.enumerate()) - before
    timekeeper.close()
    keeper.join(SECONDS_MAX)
    assert not keeper.is_alive()


def test_after_it_was_closed_time_is_kept_again(
    timekeeper: Timekeeper, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    with Watch(timekeeper, LONG):
        timekeeper.close()
    with Watch(timekeeper, SHORT) as watch:
        watch.take(near)
        assert far.recv(1) == b""
