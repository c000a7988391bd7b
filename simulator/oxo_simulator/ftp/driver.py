"""Lets the FTP library's own event loop turn inside the reactor, without a thread.

The library waits on an epoll descriptor. The reactor reads that descriptor like any other: when it
has something, the library's loop is turned once. Its timers are the reactor's (facts: tech 3).
"""

from typing import Any, Protocol

import structlog
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

_log = structlog.get_logger()


class Loop(Protocol):
    """The library's loop."""

    def fileno(self) -> int:
        """Return the descriptor that tells when something is to be done."""

    def turn(self) -> None:
        """Do what is to be done, and do not wait."""


@implementer(IReadDescriptor)
class Driver:
    """Turns a loop whenever the reactor finds it ready.

    Args:
        loop: to turn.
        reactor: real network.
    """

    def __init__(self, loop: Loop, reactor: Any) -> None:
        self._loop = loop
        self._reactor = reactor
        reactor.addReader(self)

    def stop(self) -> None:
        """Turn no more."""
        self._reactor.removeReader(self)

    def fileno(self) -> int:
        """Return the loop's descriptor."""
        return self._loop.fileno()

    def logPrefix(self) -> str:  # noqa: N802 - Twisted's interface
        """Name this in the reactor's log."""
        return "ftp"

    def doRead(self) -> None:  # noqa: N802 - Twisted's interface
        """Turn the loop once; its failure is written down and ends nothing."""
        try:
            self._loop.turn()
        except Exception:  # noqa: BLE001 - whatever it is
            # Raised further, the reactor would forget the loop, and every conversation with it.
            _log.exception("ftp.loop_failed")

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's interface
        """Nothing is lost with it: the loop's own descriptors are closed elsewhere."""
