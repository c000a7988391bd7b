"""One direction of one connection.

A lane either carries or holds. A cut lane holds what comes, at most `HELD_BYTES_MAX`; then its
source is no longer read, and the source's own TCP waits as it would on a dead cable. The end of the
source is held too, behind the bytes. Restored, everything goes on in its order: a cut loses
nothing.
"""

import fcntl
import sys
import termios
from collections.abc import Callable
from socket import socket
from typing import Any, Literal, Protocol

from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer

Towards = Literal["exchange", "collector"]
HELD_BYTES_MAX = 256 * 1024


class Transport(Protocol):
    """What a lane needs of a TCP transport (no single interface of Twisted names it all)."""

    def write(self, data: bytes) -> None:
        """Send, after what was written before."""

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802, FBT001
        """Tell who is to be slowed down."""

    def unregisterProducer(self) -> None:  # noqa: N802
        """Forget it."""

    def pauseProducing(self) -> None:  # noqa: N802
        """Read no more."""

    def resumeProducing(self) -> None:  # noqa: N802
        """Read again."""

    def loseConnection(self) -> None:  # noqa: N802
        """End in order, after what was written."""

    def loseWriteConnection(self) -> None:  # noqa: N802
        """End this direction in order, after what was written."""

    def abortConnection(self) -> None:  # noqa: N802
        """Reset."""

    def getHandle(self) -> socket:  # noqa: N802
        """Return the socket."""

    def getHost(self) -> Any:  # noqa: N802
        """Return this end's address."""

    def getPeer(self) -> Any:  # noqa: N802
        """Return the other end's address."""


@implementer(IPushProducer)
class _Flow:
    """Slows the source down when the sink is slow; never ends it (the lane does)."""

    def __init__(self, lane: "Lane") -> None:
        self._lane = lane

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's interface
        self._lane.hold_source()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's interface
        self._lane.release_source()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's interface
        pass


@implementer(IPullProducer)
class _Drained:
    """Tells when everything written before has gone to the system."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then = then
        self._asked = False

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's interface
        # Asked once at registration, and again when the transport has nothing left to write.
        if self._asked:
            self._then()
        self._asked = True

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's interface
        pass


class Lane:
    """Carries bytes from `source` to `sink`, or holds them.

    Args:
        towards: where to.
        held: told the number of bytes when a cut lane keeps back its first ones.
        half: told when the end was passed on, for a connection whose directions end one by one;
            otherwise the end of one is the end of both.

    Attributes:
        has_ended: whether the end was passed on, behind everything else.
    """

    def __init__(
        self,
        towards: Towards,
        held: Callable[[int], None],
        half: Callable[[], None] | None = None,
    ) -> None:
        self.towards = towards
        self.has_ended = False
        self._half = half
        self.source: Transport | None = None
        self._sink: Transport | None = None
        self._told_held = held
        self._cut = False
        self._told = False
        self._gone = False
        self._kept = bytearray()
        self._ended: Literal["orderly", "reset"] | None = None
        self._owed_bytes = 0
        self._written_bytes = 0
        self._last_words: Callable[[], None] | None = None

    @property
    def is_cut(self) -> bool:
        """Tell whether the lane holds."""
        return self._cut

    def attach(self, sink: Transport) -> None:
        """Give the lane its far end; what came before goes out."""
        self._sink = sink
        if self._last_words is not None:
            self._write(sink, bytes(self._kept))
            self._tell_when_drained(self._last_words)
            return
        sink.registerProducer(_Flow(self), True)
        if self._owed_bytes:
            self._write(sink, bytes(self._kept[: self._owed_bytes]))
            del self._kept[: self._owed_bytes]
            self._owed_bytes = 0
        self._go_on()

    def detach(self) -> None:
        """The far end is gone: nothing can be delivered any more."""
        self._sink, self._gone = None, True
        self._kept.clear()
        self._owed_bytes, self._last_words = 0, None

    def carry(self, data: bytes) -> None:
        """Take bytes from the source."""
        if self._gone:
            return
        if self._sink is not None and not self._cut:
            self._write(self._sink, data)
            return
        if self._cut and not self._told:
            self._told = True
            self._told_held(len(data))
        self._kept += data
        if len(self._kept) >= HELD_BYTES_MAX:
            self.hold_source()

    def end(self, *, orderly: bool) -> None:
        """The source has ended; the sink ends the same way, after the bytes before it."""
        self.source = None
        self._ended = "orderly" if orderly else "reset"
        self._go_on()

    def cut(self, *, owing: bool = False) -> None:
        """Hold from now on.

        Bytes may wait for a far end that is still being dialled. They are held like all others,
        or, `owing`, they go out when that end is there: they were carried before the cut.
        """
        if owing and not self._cut:
            self._owed_bytes = len(self._kept)
        self._cut, self._told = True, False

    def mend(self) -> None:
        """Carry again, what was held first."""
        if self._cut:
            self._cut, self._owed_bytes = False, 0
            self._go_on()

    def when_drained(self, then: Callable[[], None]) -> None:
        """Carry no more; call `then` when what was carried so far has left this process.

        What waits for a far end that is still being dialled leaves when that is there. What a cut
        holds does not leave: `then` comes at once.
        """
        undelivered = self._cut or self._gone
        self._gone = True
        if undelivered:
            then()
        elif self._sink is None:
            self._last_words = then
        else:
            self._sink.unregisterProducer()
            self._tell_when_drained(then)

    def _tell_when_drained(self, then: Callable[[], None]) -> None:
        assert self._sink is not None
        self._sink.registerProducer(_Drained(then), False)

    def undelivered_bytes(self) -> int:
        """Return how many bytes this system still has that the other one has not taken."""
        if self._sink is None:
            return 0
        left = fcntl.ioctl(self._sink.getHandle(), termios.TIOCOUTQ, b"\0\0\0\0")
        return int.from_bytes(left, sys.byteorder)

    def taken_bytes(self) -> int:
        """Return how many bytes the far end's system has taken so far; 0 where it is gone."""
        if self._sink is None:
            return 0
        return self._written_bytes - _unsent_bytes(self._sink) - self.undelivered_bytes()

    def hold_source(self) -> None:
        """Read no more from the source."""
        if self.source is not None:
            self.source.pauseProducing()

    def release_source(self) -> None:
        """Read from the source again, unless the lane is full."""
        if self.source is not None and len(self._kept) < HELD_BYTES_MAX:
            self.source.resumeProducing()

    def _write(self, sink: Transport, data: bytes) -> None:
        self._written_bytes += len(data)
        sink.write(data)

    def _go_on(self) -> None:
        if self._cut or self._gone or self._sink is None:
            return
        if self._ended == "reset":
            self._sink.abortConnection()
            return
        if self._kept:
            kept, self._kept = bytes(self._kept), bytearray()
            self._write(self._sink, kept)
            self.release_source()
        if self._ended and not self.has_ended:
            self._sink.unregisterProducer()
            self._pass_end_on(self._sink)

    def _pass_end_on(self, sink: Transport) -> None:
        self.has_ended = True
        if self._half is None:
            sink.loseConnection()
        else:
            sink.loseWriteConnection()
            self._half()


def _unsent_bytes(transport: Any) -> int:
    """Return how many bytes a transport has not given to the system; it tells nobody by itself."""
    waiting: int = transport._tempDataLen  # noqa: SLF001
    return len(transport.dataBuffer) - int(transport.offset) + waiting
