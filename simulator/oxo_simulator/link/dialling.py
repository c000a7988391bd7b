"""The link's way to whoever it dials: the exchange, or the collector that the exchange asks for."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure

DIAL_SECONDS_MAX = 5


class Dialling(ClientFactory):
    """One attempt to connect an end.

    The exchange may accept, and ask whose connection it is, before this side knows that it is
    connected; so an attempt can tell its own address as soon as the system has given it one.

    Attributes:
        done: fires when the end is connected, fails when nobody answers; cancelling it gives up.
    """

    noisy = False

    def __init__(self, end: Protocol) -> None:
        self._end = end
        self._connector: Any = None
        self.done: Deferred[Any] = Deferred(self._give_up)

    def dial(self, reactor: Any, host: str, port: int) -> "Deferred[Any]":
        """Begin; return `done`."""
        reactor.connectTCP(host, port, self, timeout=DIAL_SECONDS_MAX)
        return self.done

    def startedConnecting(self, connector: Any) -> None:  # noqa: N802 - Twisted's interface
        """Know what is connecting."""
        self._connector = connector

    def buildProtocol(self, addr: Any) -> Protocol:  # noqa: ARG002, N802 - Twisted's interface
        """Give the end that waits for it."""
        return self._end

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:  # noqa: ARG002, N802
        """Tell that nobody answered, unless it was given up."""
        if not self.done.called:
            self.done.errback(reason)

    def reached(self) -> None:
        """The end is connected."""
        if not self.done.called:
            self.done.callback(None)

    def address(self) -> tuple[str, int] | None:
        """Return the address from which it dials, once there is one."""
        transport = getattr(self._connector, "transport", None)
        if transport is None:
            return None
        here = transport.getHost()
        return (here.host, here.port) if here.port else None

    def _give_up(self, _done: object) -> None:
        self._connector.stopConnecting()
