"""A bare TCP connection of a wire, and what its errors mean, in words, and whose fault they are."""

import errno
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from oxo_collector.failure import Failure, Fault

STOP_SECONDS: Final = 0.25
"""A stop is noticed after so long at the latest."""

SEND_SECONDS_MAX: Final = 5.0
"""An answer of a few bytes finds its place at once, or the peer reads no more."""


def connection_failure(error: OSError, where: str) -> Failure:
    """Return what an error of a socket means; `where` is the address, for the report."""
    match error:
        case ConnectionRefusedError():
            told = "connection refused: the port is closed", Fault.EXCHANGE
        case socket.gaierror():
            told = "the name of the exchange cannot be resolved", Fault.NETWORK
        case TimeoutError():
            told = (
                "timed out: no connection to the exchange, or it reads no more",
                Fault.NETWORK,
            )
        case ConnectionError():
            told = "the connection was cut", Fault.NETWORK
        case _ if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            told = "no connection to the exchange: no way there", Fault.NETWORK
        case _:
            told = f"the connection failed: {error.strerror or error}", Fault.NETWORK
    what, fault = told
    return Failure(what, where, fault)


class TcpConnection(ABC):
    """A connection to an exchange, one after the other. Nothing here raises but defects.

    Not for several threads at once, but for `break_off`.

    Args:
        connect_seconds_max: limit of a connection.
        read_bytes: so much is read at once at most.
    """

    def __init__(self, connect_seconds_max: float, read_bytes: int) -> None:
        self._connect_seconds_max = connect_seconds_max
        self._read_bytes = read_bytes
        self._socket: socket.socket | None = None
        self._broken_off = False
        self._lock = threading.Lock()

    @property
    @abstractmethod
    def where(self) -> str:
        """The address for reports."""

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
                return connection.recv(self._read_bytes) or self._lost()
            except TimeoutError:
                continue
            except OSError as error:
                return connection_failure(error, self.where)
        return None

    def send(self, data: bytes, *, last: bool = False) -> Failure | None:
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

    def _opened(
        self, place: tuple[str, int], options: Iterable[tuple[int, int, int]] = ()
    ) -> Failure | None:
        """Connect anew to an address and port, with these options of the socket."""
        self.close()
        if self._broken_off:
            return self._lost()
        try:
            connection = socket.create_connection(place, self._connect_seconds_max)
            for option in options:
                connection.setsockopt(*option)
        except OSError as error:
            return connection_failure(error, self.where)
        with self._lock:
            self._socket = connection
        return None

    def _lost(self) -> Failure:
        if self._broken_off:
            return Failure("broken off by the stop", self.where, Fault.MACHINE)
        return Failure("the exchange closed the connection", self.where, Fault.EXCHANGE)
