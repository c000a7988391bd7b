"""A connection through the link whose ends come and go in every order."""

from typing import Any
from unittest.mock import Mock

import pytest
from oxo_simulator.link.connection import Connection
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure


class Transport(StringTransport):
    def setTcpNoDelay(self, _enabled: bool) -> None:  # noqa: N802, FBT001
        pass

    def getHandle(self) -> Mock:  # noqa: N802
        return Mock()


class Watch:
    """Notes what a connection lives through; its dialling is answered by the test."""

    def __init__(self) -> None:
        self.dialling: Deferred[Any] = Deferred(lambda _cancelled: None)
        self.clock = Clock()
        self.lived: list[str] = []

    def dial(self, _connection: Connection) -> "Deferred[Any]":
        return self.dialling

    def reached(self, _connection: Connection) -> None:
        self.lived.append("reached")

    def held(self, *_detail: Any) -> None:
        self.lived.append("held")

    def arrived(self, connection: Connection, towards: Any, data: bytes) -> None:
        connection.lanes[towards].carry(data)

    def told(self, event: str, connection: Connection, **_detail: Any) -> None:
        self.lived.append(f"{event} {connection.name}")

    def closed(self, _connection: Connection) -> None:
        self.lived.append("closed")


def lost(end: Any) -> None:
    end.connectionLost(Failure(ConnectionAborted()))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("near_goes_first", [True, False])
def test_a_reset_while_the_dialling_is_answered_leaves_no_end_open(near_goes_first: bool) -> None:  # noqa: FBT001
    watch = Watch()
    connection = Connection("c1", "standard", "127.0.0.1:5", watch)
    near, far = Transport(), Transport()  # type: ignore[no-untyped-call]
    connection.near.makeConnection(near)  # type: ignore[no-untyped-call]
    connection.reset()
    assert near.disconnected
    if near_goes_first:
        lost(connection.near)
        assert watch.lived == ["closed"]
    connection.far.makeConnection(far)  # type: ignore[no-untyped-call]
    assert far.disconnected
    if not near_goes_first:
        lost(connection.near)
    lost(connection.far)
    assert watch.lived[-1] == "closed"
    assert "reached" not in watch.lived
