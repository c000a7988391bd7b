"""One TCP connection to the hotel link of an exchange. Nothing here raises but defects."""

import socket
import threading
from contextlib import suppress
from typing import Final

from oxo_collector.failure import Failure, Fault
from oxo_collector.tcp import connection_failure

CHUNK_BYTES: Final = 16 * 1024

STOP_SECONDS: Final = 0.25
"""A stop is noticed after so long at the latest."""

SEND_SECONDS_MAX: Final = 5.0
"""An answer of a byte or two finds its place at once, or the peer reads no more."""


class Transport:
    """A connection; one after the other. Not for several threads at once, but for `break_off`.

    Args:
        address: of the exchange.
        port: of its hotel link.
        connect_seconds_max: limit of a connection.
    """

    def __init__(self, address: str, port: int, connect_seconds_max: float) -> None:
        self._place = address, port
        self._connect_seconds_max = connect_seconds_max
        self._socket: socket.socket | None = None
        self._broken_off = False
        self._lock = threading.Lock()

    @property
    def where(self) -> str:
        """The address for reports."""
        address, port = self._place
        return f"hotel link at {f'[{address}]' if ':' in address else address}:{port}"

    def connect(self) -> Failure | None:
        """Connect anew."""
        self.close()
        if self._broken_off:
            return self._lost()
        try:
            connection = socket.create_connection(self._place, self._connect_seconds_max)
        except OSError as error:
            return connection_failure(error, self.where)
        with self._lock:
            self._socket = connection
        return None

    def receive(self, seconds: float, stop: threading.Event) -> bytes | Failure | None:
        """Return what came; None: nothing came in so many seconds, or a stop was asked."""
        connection = self._socket
        if connection is None:
            return self._lost()
        left = seconds
        while left > 0 and not stop.is_set():
            step = min(left, STOP_SECONDS)
            left -= step
            try:
                connection.settimeout(step)
                return connection.recv(CHUNK_BYTES) or self._lost()
            except TimeoutError:
                continue
            except OSError as error:
                return connection_failure(error, self.where)
        return None

    def waiting(self) -> bytes:
        """Return what is there already, without waiting; a connection that ended tells nothing."""
        connection = self._socket
        if connection is None:
            return b""
        with suppress(OSError):
            return connection.recv(CHUNK_BYTES, socket.MSG_DONTWAIT)
        return b""

    def send(self, data: bytes) -> Failure | None:
        """Send an answer."""
        connection = self._socket
        if connection is None:
            return self._lost()
        try:
            connection.settimeout(SEND_SECONDS_MAX)
            connection.sendall(data)
        except OSError as error:
            return connection_failure(error, self.where)
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
            return Failure("broken off by the stop", self.where, Fault.MACHINE)
        return Failure("the exchange closed the connection", self.where, Fault.EXCHANGE)
