"""The errors of sockets in words."""

import errno
import socket

import pytest
from oxo_collector.failure import Fault
from oxo_collector.tcp import connection_failure

NETWORK, EXCHANGE = Fault.NETWORK, Fault.EXCHANGE


@pytest.mark.parametrize(
    ("error", "words", "fault"),
    [
        (ConnectionRefusedError(), "connection refused: the port is closed", EXCHANGE),
        (socket.gaierror(-2, "unknown"), "cannot be resolved", NETWORK),
        (TimeoutError(), "timed out", NETWORK),
        (OSError(errno.ETIMEDOUT, "timed out"), "timed out", NETWORK),
        (ConnectionResetError(), "the connection was cut", NETWORK),
        (BrokenPipeError(), "the connection was cut", NETWORK),
        (OSError(errno.EHOSTUNREACH, "no route"), "no way there", NETWORK),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files", NETWORK),
    ],
)
def test_an_error_is_told_with_place_and_fault(error: OSError, words: str, fault: Fault) -> None:
    failure = connection_failure(error, "here:1")
    assert words in failure.what
    assert (failure.where, failure.fault) == ("here:1", fault)
