"""Network namespaces: sockets made in another one than the process's own (Linux).

A socket belongs for good to the namespace in which it was made, and what a listening one accepts
does too. So the process stays where it is and enters the other namespace for as long as it takes to
make one.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
OWN = Path("/proc/thread-self/ns/net")


@contextmanager
def inside(namespace: Path) -> Iterator[None]:
    """Be in a namespace, with the calling thread alone.

    Raises:
        OSError: there is none at that path, or this process may not enter it.
    """
    own = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        other = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(other)
        finally:
            os.close(other)
        try:
            yield
        finally:
            _enter(own)
    finally:
        os.close(own)


def _enter(descriptor: int) -> None:
    if hasattr(os, "setns"):  # from Python 3.12 on
        os.setns(descriptor, CLONE_NEWNET)
        return
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
