"""One port of the link as collectors meet it: open, or refusing.

There may be several reasons to refuse at once (the profile, a fault, a reset); the door is open
when none is left. While it refuses, the number stays reserved by a socket that is bound and does
not listen, so that no other process is given it meanwhile.
"""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory

from oxo_simulator.link.places import CONNECTIONS_MAX

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IListeningPort

NOT_STARTED = "not started"
_MOVING = "moving"
LISTEN_TRIALS_MAX = 50
LISTEN_AGAIN_SECONDS = 0.02
"""Whoever listened at the address until now lets go of it within the next turns."""


class PortOccupied(OSError):
    """The address is not free (the operator's fault); the text names it."""


class Door:
    """Listens at one address unless there is a reason not to.

    Args:
        reactor: real network.
        name: of the port.
        reserved: holds the address where one connects (`reserve`); the door closes it.
        factory: builds the near end of each connection.
        patient: where somebody listens still, try again for a second.
        within: where its sockets are to be made.
    """

    def __init__(  # noqa: PLR0913 - what a door is made of
        self,
        reactor: Any,
        name: str,
        reserved: socket.socket,
        factory: ServerFactory,
        *,
        patient: bool = False,
        within: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.name = name
        self.address, self.port = reserved.getsockname()
        self._reactor = reactor
        self._factory = factory
        self._within = within
        self._trials_max = LISTEN_TRIALS_MAX if patient else 1
        self._reasons: set[str] = {NOT_STARTED}
        self._listening: IListeningPort | None = None
        self._closing = False
        self._again: IDelayedCall | None = None
        self._waiting: list[Deferred[None]] = []
        self._reserved = reserved

    def refuse(self, reason: str) -> None:
        """Refuse connections for this reason."""
        self._reasons.add(reason)
        self._follow()

    def admit(self, reason: str) -> None:
        """The reason is gone.

        A door that opens while the exchange runs does so in the reactor's next turn: in this one
        there may still be an event for a connection whose descriptor the door would be given, and
        the reactor would take it for the door's and let go of it.
        """
        first = reason == NOT_STARTED and reason in self._reasons
        self._reasons.discard(reason)
        self._follow(at_once=first)

    def move(self, reserved: socket.socket) -> None:
        """Be at another address, under the same number, as soon as the old one is left."""
        self.refuse(_MOVING)
        old, self._reserved = self._reserved, reserved
        old.close()
        self.address, self.port = reserved.getsockname()
        self.admit(_MOVING)

    @property
    def opening(self) -> bool:
        """Tell whether it is to listen, and does so in a moment."""
        return self._again is not None

    def settled(self) -> "Deferred[None]":
        """Return what fires when the door is as its reasons want it."""
        if not self._closing and self._again is None:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def close(self) -> "Deferred[None]":
        """Stop for good."""
        self.refuse("stopped")
        self._reserved.close()
        return self.settled()

    def _follow(self, *, at_once: bool = False) -> None:
        if self._closing:
            return  # looked at again when the old listener is gone
        if self._reasons and self._again is not None:
            self._again.cancel()
            self._again = None
            self._settle()
        if self._reasons and self._listening is not None:
            listening, self._listening = self._listening, None
            self._closing = True
            maybeDeferred(listening.stopListening).addBoth(self._closed)
        elif not self._reasons and self._listening is None and self._again is None:
            if at_once:
                self._listen(1)
            else:
                self._again = self._reactor.callLater(0, self._listen, 1)

    def _listen(self, trial: int) -> None:
        self._again = None
        try:
            with self._within():
                self._listening = self._reactor.listenTCP(
                    self.port, self._factory, backlog=CONNECTIONS_MAX, interface=self.address
                )
        except CannotListenError:
            if trial == self._trials_max:
                self._settle()
                raise
            self._again = self._reactor.callLater(LISTEN_AGAIN_SECONDS, self._listen, trial + 1)
            return
        self._settle()

    def _closed(self, _result: object) -> None:
        self._closing = False
        self._follow()
        if not self._closing and self._again is None:
            self._settle()

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            deferred.callback(None)


def reserve(address: str, port: int) -> socket.socket:
    """Hold an address without listening on it; port 0 takes a free one.

    Raises:
        PortOccupied: somebody else has the address, or it is not ours.
    """
    reserved = _socket()
    try:
        reserved.bind((address, port))
        # A socket that only binds is let in beside one that listens; one that listens is not.
        with _socket() as trial:
            trial.bind(reserved.getsockname())
            trial.listen()
    except (OSError, OverflowError) as error:
        reserved.close()
        raise PortOccupied(f"cannot listen at {address}, port {port}: {error}") from error
    return reserved


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made
