"""An answer on its way to a client that may read it slowly, or never.

A body goes out in slices, each when the connection has room for it. A slice that finds none for
`SLOW_READER_SECONDS` ends the connection, and what all such clients together leave unread is
bounded: beyond the limit the one that has been waiting longest is let go.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

SLICE_BYTES = 512 * 1024
"""How much of a body is handed to the connection at once."""

SLOW_READER_SECONDS = 60
"""A client takes what the connection holds of an answer within so many seconds."""

UNREAD_BYTES_MAX = 64 * 1024 * 1024
"""Bodies kept for all clients that are behind in reading."""


class Unread:
    """The answers that wait for their clients, the one waiting longest first."""

    def __init__(self, bytes_max: int = UNREAD_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._waiting: dict[Delivery, int] = {}
        self.bytes = 0

    def wait(self, delivery: "Delivery") -> None:
        """Count an answer in; let others go while there are too many bytes."""
        self.go_on(delivery)
        self._waiting[delivery] = delivery.length
        self.bytes += delivery.length
        while self.bytes > self._bytes_max:
            next(iter(self._waiting)).give_up()

    def go_on(self, delivery: "Delivery") -> None:
        """Count it out."""
        self.bytes -= self._waiting.pop(delivery, 0)


@implementer(IPushProducer)
class Delivery:
    """One answer's body on its way.

    Args:
        request: twisted.web's; its headers are set.
        body: what goes out; its connection may be gone already.
        unread: where slow clients are counted.
        clock: real time.
        abort: ends the connection at once.
    """

    def __init__(
        self,
        request: Any,
        body: bytes,
        unread: Unread,
        clock: IReactorTime,
        abort: Callable[[], None],
    ) -> None:
        self._request = request
        self._body = body
        self._unread = unread
        self._clock = clock
        self._abort = abort
        self._sent = 0
        self._paused = self._over = False
        self._watch: IDelayedCall | None = None

    @property
    def length(self) -> int:
        """Bytes of the body, which stays whole until it has gone."""
        return len(self._body)

    def start(self) -> None:
        """Send what there is room for."""
        self._request.registerProducer(self, True)
        self._send()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's interface
        """Wait: the client has not taken what was sent."""
        if self._over or self._paused:
            return
        self._paused = True
        self._unread.wait(self)
        if not self._over:  # it may have been the one that was let go
            self._watch = self._clock.callLater(SLOW_READER_SECONDS, self.give_up)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's interface
        """Go on: the client has taken it."""
        if self._paused and not self._over:
            self._paused = False
            self._settle()
            self._send()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's interface
        """Forget it: the connection is gone."""
        self._over = True
        self._settle()

    def give_up(self) -> None:
        """Let the client go."""
        self._watch = None
        self.stopProducing()
        self._abort()

    def _send(self) -> None:
        while not self._paused and not self._over:
            piece = self._body[self._sent : self._sent + SLICE_BYTES]
            self._sent += len(piece)
            self._request.write(piece)
            if self._sent == len(self._body):
                break
        if not self._paused and not self._over:
            self._over = True
            self._request.unregisterProducer()
            self._request.finish()

    def _settle(self) -> None:
        self._unread.go_on(self)
        watch, self._watch = self._watch, None
        if watch is not None and watch.active():
            watch.cancel()
