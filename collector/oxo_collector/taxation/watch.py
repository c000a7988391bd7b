"""The limit of one exchange of messages, kept from outside the thread that waits for the peer.

Theory
======
A time-out of a socket limits silence only: a peer that sends one byte now and then, or one
`100 Continue` after the other, holds a reader for ever, wherever in the library it stands. So a
timer, in a thread of its own, shuts the connection down when the whole exchange of messages has
taken too long; the reader then meets the end of the stream, in whatever it was doing: proxy,
handshake, head or body. A stop that cannot wait uses the same way.

The library hands its socket on (the TLS layer detaches it), so the watch keeps a duplicate of the
descriptor: it names the same connection, whoever holds it, and lives as long as the watch.
"""

import contextlib
import socket
import threading
from enum import Enum
from types import TracebackType
from typing import Any, Protocol, Self

from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection


class Cut(Enum):
    """Why a connection was shut down from our side."""

    TOO_LONG = "too long"
    STOPPED = "stopped"


class Watch:
    """Watches one exchange of messages for `seconds_max`; a context manager.

    Attributes:
        cut: why it was broken off, if it was.
        before_tunnel: the peer of the connection is still the proxy itself.
    """

    def __init__(self, seconds_max: float) -> None:
        self.cut: Cut | None = None
        self.before_tunnel = False
        self._one_at_a_time = threading.Lock()
        self._connection: socket.socket | None = None
        self._over = False
        self._timer = threading.Timer(seconds_max, self.break_off, (Cut.TOO_LONG,))
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._one_at_a_time:
            self._over = True
            self._drop()

    def take(self, connection: socket.socket) -> None:
        """Watch this connection from now on, in place of the one before."""
        duplicate = socket.fromfd(connection.fileno(), connection.family, connection.type)
        with self._one_at_a_time:
            self._drop()
            self._connection = duplicate
            if self.cut is not None:
                self._shut()

    def break_off(self, why: Cut) -> None:
        """Shut the connection down, now or as soon as there is one; the first reason stays."""
        with self._one_at_a_time:
            if self._over or self.cut is not None:
                return
            self.cut = why
            self._shut()

    def _shut(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):  # the peer was faster
                self._connection.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Watched(Protocol):
    """Whoever knows the watch of the exchange of messages that is under way."""

    @property
    def watch(self) -> Watch | None:
        """The watch; None between two of them."""


def watched_pool(owner: Watched) -> type[HTTPSConnectionPool]:
    """Return a pool whose connections show themselves to the watch of `owner`."""

    class Connection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            watch = owner.watch
            if watch is not None:
                watch.before_tunnel = self.proxy_is_tunneling
            connection = super()._new_conn()
            if watch is not None:
                watch.take(connection)
            return connection

        def _tunnel(self) -> None:
            super()._tunnel()
            # Cut off in the head of its answer, the library takes the half for a whole.
            if owner.watch is not None and owner.watch.cut is None:
                owner.watch.before_tunnel = False

        def request(self, *args: Any, **kwargs: Any) -> None:
            if owner.watch is not None and self.sock is not None:  # one that was kept open
                owner.watch.take(self.sock)
            super().request(*args, **kwargs)

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    return Pool
