"""The limit of one exchange of messages, kept from outside the thread that waits for the peer.

Theory
======
A time-out of a socket limits silence only: a peer that sends one byte now and then, or one
`100 Continue` after the other, holds a reader for ever, wherever in the library it stands. So a
timekeeper, in a thread of its own, shuts the connection down when the whole exchange of messages
has taken too long; the reader then meets the end of the stream, in whatever it was doing: proxy,
handshake, head or body. A stop that cannot wait uses the same way.

The library hands its socket on (the TLS layer detaches it), so the watch keeps a duplicate of the
descriptor: it names the same connection, whoever holds it, and lives as long as the watch.
"""

import contextlib
import math
import socket
import threading
import time
from enum import Enum
from types import TracebackType
from typing import Any, Protocol, Self

from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection


class Cut(Enum):
    """Why a connection was shut down from our side."""

    TOO_LONG = "too long"
    STOPPED = "stopped"


class Timekeeper:
    """Breaks off the watch that it was given, if its time runs out; one watch at a time.

    Its thread lives from the first watch to `close`, because to start one for each request would
    cost as much as the request. A watch that ends in time is forgotten without waking the thread:
    that wakes at the time of a watch that is over, and goes on to the time of the present one.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._watch: Watch | None = None
        self._end = self._wakes = math.inf

    def keep(self, watch: "Watch", seconds_max: float) -> None:
        """Break this watch off after so many seconds, unless it is forgotten before."""
        with self._changed:
            self._watch, self._end = watch, time.monotonic() + seconds_max
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            elif self._end < self._wakes:
                self._changed.notify_all()

    def forget(self) -> None:
        """Let the watch be; it ended in time."""
        with self._changed:
            self._watch, self._end = None, math.inf

    def close(self) -> None:
        """End the thread; the next watch begins another."""
        with self._changed:
            self._thread = None
            self._changed.notify_all()

    def _run(self) -> None:
        while (late := self._late()) is not None:
            late.break_off(Cut.TOO_LONG)  # does nothing to one that has just ended

    def _late(self) -> "Watch | None":
        """Wait for a watch whose time has run out; None when the thread is to end."""
        with self._changed:
            while self._thread is threading.current_thread():
                left = self._end - time.monotonic()
                if left <= 0:
                    watch, self._watch, self._end = self._watch, None, math.inf
                    return watch
                self._wakes = self._end
                self._changed.wait(None if left == math.inf else left)
        return None


class Watch:
    """Watches one exchange of messages for `seconds_max`; a context manager.

    Attributes:
        cut: why it was broken off, if it was.
        before_tunnel: the peer of the connection is still the proxy itself.
    """

    def __init__(self, timekeeper: Timekeeper, seconds_max: float) -> None:
        self.cut: Cut | None = None
        self.before_tunnel = False
        self._one_at_a_time = threading.Lock()
        self._connection: socket.socket | None = None
        self._over = False
        self._timekeeper = timekeeper
        self._seconds_max = seconds_max

    def __enter__(self) -> Self:
        self._timekeeper.keep(self, self._seconds_max)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._timekeeper.forget()
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
