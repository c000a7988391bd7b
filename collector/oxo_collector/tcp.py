"""What a TCP connection's errors mean, in words, and whose fault they are."""

import errno
import socket

from oxo_collector.failure import Failure, Fault


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
