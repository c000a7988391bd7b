"""One direction of one connection.

A lane either carries or holds. A cut lane holds what comes, at most `HELD_BYTES_MAX`; then its
source is no longer read, and the source's own TCP waits as it would on a dead cable. The end of the
source is held too, behind the bytes. Restored, everything goes on in its order: a cut loses
nothing.

Before it is carried or held, what comes passes the lane's passage (passage.py), where faults shape
it; what is on its way there counts as held. So a byte has left for the far end's system only when
it was written to it, whatever lay in between.

A lane may lead nowhere: what comes is thrown away, and its end is told to nobody.
"""

import fcntl
import select
import sys
import termios
from collections import deque
from collections.abc import Callable
from socket import socket
from typing import Any, Literal, Protocol

from twisted.internet.interfaces import (
    IDelayedCall,
    IPullProducer,
    IPushProducer,
    IReactorTime,
)
from zope.interface import implementer

from oxo_simulator.link.passage import END, Passage, Stage

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
        self._lane.choke(choked=True)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's interface
        self._lane.choke(choked=False)

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
        clock: real time.
        held: told the number of bytes when a cut lane keeps back its first ones.
        half: told when the end was passed on, for a connection whose directions end one by one;
            otherwise the end of one is the end of both.

    Attributes:
        has_ended: whether the end was passed on, behind everything else.
        source_bytes: how many bytes the source has sent.
    """

    def __init__(
        self,
        towards: Towards,
        clock: IReactorTime,
        held: Callable[[int], None],
        half: Callable[[], None] | None = None,
    ) -> None:
        self.towards = towards
        self.has_ended = False
        self.source_bytes = 0
        self.source: Transport | None = None
        self._clock = clock
        self._half = half
        self._sink: Transport | None = None
        self._told_held = held
        self._cuts: set[object] = set()
        self._told = False
        self._gone = False
        self._choked = False
        self._nowhere: Callable[[int], None] | None = None
        self._passage = Passage()
        self._timer: IDelayedCall | None = None
        self._kept = bytearray()
        self._endings: deque[Literal["orderly", "reset"]] = deque()
        self._ended: Literal["orderly", "reset"] | None = None
        self._owed_bytes = 0
        self._written_bytes = 0
        self._last_words: Callable[[], None] | None = None

    @property
    def is_cut(self) -> bool:
        """Tell whether the lane holds."""
        return bool(self._cuts)

    @property
    def leads_nowhere(self) -> bool:
        """Tell whether what comes is thrown away."""
        return self._nowhere is not None

    @property
    def loses(self) -> bool:
        """Tell whether what comes arrives nowhere: it leads nowhere, or is over."""
        return self.leads_nowhere or self._gone or self._last_words is not None

    def attach(self, sink: Transport) -> None:
        """Give the lane its far end; what came before goes out."""
        if self._gone:
            return
        self._sink = sink
        sink.registerProducer(_Flow(self), True)
        self._pay(sink)
        self._go_on()

    def detach(self) -> None:
        """The far end is gone: nothing can be delivered any more."""
        self._sink, self._gone = None, True
        self._last_words = None
        self._forget()

    def lead_nowhere(self, told: Callable[[int], None]) -> None:
        """Throw away what waits and what comes; `told` is told how many bytes came, each time."""
        self._nowhere, self._last_words = told, None
        self._forget()
        self.release_source()

    def carry(self, data: bytes) -> None:
        """Take bytes from the source."""
        self.source_bytes += len(data)
        if self._nowhere is not None:
            self._nowhere(len(data))
        elif self.loses:
            return
        elif self._passage.is_plain:
            self._leave(data)
        else:
            self._passage.take(self._clock.seconds(), data)
            self._look_later()
        if self._is_full():
            self.hold_source()

    def end(self, *, orderly: bool) -> None:
        """The source has ended; the sink ends the same way, after the bytes before it."""
        self.source = None
        if self._nowhere is not None:
            return
        self._endings.append("orderly" if orderly else "reset")
        if self._passage.is_plain:
            self._leave(END)
        else:
            self._passage.take(self._clock.seconds(), END)
            self._look_later()

    def cut(self, key: object, *, owing: bool = False) -> None:
        """Hold from now on, until there is no `key` left that cut it.

        Bytes may be on their way, or wait for a far end that is still being dialled. They are held
        like all others, or, `owing`, they still go out: they were carried before the cut.
        """
        if owing and not self._cuts:
            self._owed_bytes = len(self._kept) + self._passage.waiting_bytes
        self._cuts.add(key)
        self._told = False

    def mend(self, key: object | None = None) -> None:
        """Carry again, what was held first; with a key, unless others cut it too."""
        if not self._cuts:
            return
        self._cuts = self._cuts - {key} if key is not None else set()
        if not self._cuts:
            self._owed_bytes = 0
            self._go_on()

    def shape(self, key: object, stage: Stage) -> None:
        """Let everything that comes from now on pass a stage."""
        self._passage.add(key, stage)

    def unshape(self, key: object) -> None:
        """Take a stage away; what it held goes on."""
        self._passage.remove(key, self._clock.seconds())
        if self._passage.is_bare:
            for piece in self._passage.give(self._clock.seconds()):
                self._leave(piece)
            self.release_source()
            self._say_last_words()
        self._look_later()

    def when_drained(self, then: Callable[[], None]) -> None:
        """Carry no more; call `then` when what was carried so far has left this process.

        What waits for a far end that is still being dialled leaves when that is there. What a cut
        holds does not leave: `then` comes at once.
        """
        if self._cuts or self._gone:
            self._gone = True
            then()
            return
        self._last_words = then
        self._say_last_words()

    def undelivered_bytes(self) -> int:
        """Return how many bytes this system still has that the other one has not taken."""
        if self._sink is None:
            return 0
        left = fcntl.ioctl(self._sink.getHandle(), termios.TIOCOUTQ, b"\0\0\0\0")
        return int.from_bytes(left, sys.byteorder)

    def has_left(self) -> bool:
        """Tell whether the far end's system is to be given nothing more, or is gone."""
        return self._sink is None or not (_unsent_bytes(self._sink) or self.undelivered_bytes())

    def is_thrown_away(self) -> bool:
        """Tell whether the far end's system answered by a reset: it reads nothing any more."""
        return self._sink is not None and _is_reset(self._sink)

    def taken_bytes(self) -> int:
        """Return how many bytes the far end's system has taken so far; 0 where it is gone."""
        if self._sink is None:
            return 0
        return self._written_bytes - _unsent_bytes(self._sink) - self.undelivered_bytes()

    def choke(self, *, choked: bool) -> None:
        """The sink is slow, or takes bytes again."""
        self._choked = choked
        if choked:
            self.hold_source()
        else:
            self.release_source()

    def hold_source(self) -> None:
        """Read no more from the source."""
        if self.source is not None:
            self.source.pauseProducing()

    def release_source(self) -> None:
        """Read from the source again, unless the lane is full or the sink slow."""
        if self.source is not None and not self._choked and not self._is_full():
            self.source.resumeProducing()

    def _is_full(self) -> bool:
        return len(self._kept) + self._passage.waiting_bytes >= HELD_BYTES_MAX

    def _forget(self) -> None:
        self._kept.clear()
        self._passage.clear()
        self._owed_bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The passage.

    def _look_later(self) -> None:
        """Look again when the next piece is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._passage.due()
        if due is not None:
            delay = max(0.0, due - self._clock.seconds())
            self._timer = self._clock.callLater(delay, self._look, due)

    def _look(self, due: float) -> None:
        """Let out one piece that is due: each is a write of its own, in its own turn."""
        self._timer = None
        # Seconds are floats: the clock may stand a hair before the instant that it was set for.
        for piece in self._passage.give(max(due, self._clock.seconds())):
            self._leave(piece)
            break
        self.release_source()
        self._say_last_words()
        self._look_later()

    # Behind the passage.

    def _leave(self, piece: bytes) -> None:
        """Carry or hold what has come through."""
        if piece == END:
            self._ended = self._endings.popleft()
            self._go_on()
        elif self._sink is None or self._cuts:
            self._keep(piece)
        else:
            self._write(self._sink, piece)

    def _keep(self, piece: bytes) -> None:
        self._kept += piece
        if self._owed_bytes and self._sink is not None:
            self._pay(self._sink)
        held_bytes = len(self._kept) - self._owed_bytes
        if self._cuts and held_bytes > 0 and not self._told:
            self._told = True
            self._told_held(held_bytes)

    def _pay(self, sink: Transport) -> None:
        """Write what was carried before the cut."""
        if owed := bytes(self._kept[: self._owed_bytes]):
            del self._kept[: len(owed)]
            self._owed_bytes -= len(owed)
            self._write(sink, owed)

    def _write(self, sink: Transport, data: bytes) -> None:
        self._written_bytes += len(data)
        sink.write(data)

    def _say_last_words(self) -> None:
        if self._last_words is None or self._sink is None or self._passage.waiting_bytes:
            return
        then, self._last_words, self._gone = self._last_words, None, True
        self._sink.unregisterProducer()
        self._sink.registerProducer(_Drained(then), False)

    def _go_on(self) -> None:
        if self._cuts or self._gone or self._sink is None:
            return
        if self._ended == "reset" and self._last_words is None:
            self._sink.abortConnection()
            return
        if self._kept:
            kept, self._kept = bytes(self._kept), bytearray()
            self._write(self._sink, kept)
            self.release_source()
        if self._last_words is not None:
            self._say_last_words()
        elif self._ended and not self.has_ended:
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


def _is_reset(transport: Transport) -> bool:
    """Ask the system without taking the error away from whoever reads it next."""
    poll = select.poll()
    poll.register(transport.getHandle(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
