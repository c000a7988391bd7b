"""One TCP connection to the hotel link of an exchange. Nothing here raises but defects."""

import socket
from contextlib import suppress
from typing import Final

from oxo_collector.failure import Failure
from oxo_collector.tcp import TcpConnection

CHUNK_BYTES: Final = 16 * 1024


class Transport(TcpConnection):
    """A connection; one after the other. Not for several threads at once, but for `break_off`.

    Args:
        address: of the exchange.
        port: of its hotel link.
        connect_seconds_max: limit of a connection.
    """

    def __init__(self, address: str, port: int, connect_seconds_max: float) -> None:
        super().__init__(connect_seconds_max, CHUNK_BYTES)
        self._place = address, port

    @property
    def where(self) -> str:
        """The address for reports."""
        address, port = self._place
        return f"hotel link at {f'[{address}]' if ':' in address else address}:{port}"

    def connect(self) -> Failure | None:
        """Connect anew."""
        return self._opened(self._place)

    def waiting(self) -> bytes:
        """Return what is there already, without waiting; a connection that ended tells nothing."""
        connection = self._socket
        if connection is None:
            return b""
        with suppress(OSError):
            return connection.recv(CHUNK_BYTES, socket.MSG_DONTWAIT)
        return b""
