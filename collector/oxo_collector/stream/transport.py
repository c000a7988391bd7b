"""One TCP connection to an exchange, one after the other. Nothing here raises but defects."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from oxo_collector.failure import Failure, Fault
from oxo_collector.section import Place
from oxo_collector.tcp import connection_failure

READ_BYTES: Final = 1024 * 1024
"""So much is spooled by one synchronisation at most; the system holds about as much meanwhile."""

STOP_SECONDS: Final = 0.25
"""A stop is noticed after so long at the latest."""

SEND_SECONDS_MAX: Final = 5.0
"""An answer of a few bytes finds its place at once, or the peer reads no more."""

OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
"""Answers go at once; a peer without power is noticed also while nothing is read."""


class Transport:
    """A connection. Not for several threads at once, but for `break_off`.

    Args:
        places: the exchange's addresses.
        connect_seconds_max: limit of a connection.
    """

    def __init__(self, places: Sequence[Place], connect_seconds_max: float) -> None:
        self._places = places
        self._connect_seconds_max = connect_seconds_max
        self._address = 0
        self._socket: socket.socket | None = None
        self._broken_off = False
        self._lock = threading.Lock()

    @property
    def wheres(self) -> tuple[str, ...]:
        """The addresses for reports."""
        return tuple(f"stream at {place}" for place in self._places)

    def connect(self, address: int) -> Failure | None:
        """Connect anew."""
        self.close()
        self._address = address
        if self._broken_off:
            return self._lost()
        try:
            connection = socket.create_connection(self._places[address], self._connect_seconds_max)
            for option in OPTIONS:
                connection.setsockopt(*option)
        except OSError as error:
            return connection_failure(error, self._where)
        with self._lock:
            self._socket = connection
        return None

    def receive(self, seconds: float, stop: threading.Event | None) -> bytes | Failure | None:
        """Return what came; None: nothing came in so many seconds, or a stop was asked."""
        connection = self._socket
        if connection is None:
            return self._lost()
        left = seconds
        while left > 0 and not (stop is not None and stop.is_set()):
            step = min(left, STOP_SECONDS)
            left -= step
            try:
                connection.settimeout(step)
                return connection.recv(READ_BYTES) or self._lost()
            except TimeoutError:
                continue
            except OSError as error:
                return connection_failure(error, self._where)
        return None

    def send(self, data: bytes, *, last: bool) -> Failure | None:
        """Send; `last`: then close our side, so that the exchange sends no more."""
        connection = self._socket
        if connection is None:
            return self._lost()
        try:
            connection.settimeout(SEND_SECONDS_MAX)
            if data:
                connection.sendall(data)
            if last:
                connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            return connection_failure(error, self._where)
        return None

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            connection, self._socket = self._socket, None
        if connection is not None:
            with suppress(OSError):
                connection.close()

    def break_off(self) -> None:
        """Let what is under way fail at once, and all that follows. From any thread."""
        with self._lock:
            self._broken_off = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _lost(self) -> Failure:
        if self._broken_off:
            return Failure("broken off by the stop", self._where, Fault.MACHINE)
        return Failure("the exchange closed the connection", self._where, Fault.EXCHANGE)

    @property
    def _where(self) -> str:
        return self.wheres[self._address]
