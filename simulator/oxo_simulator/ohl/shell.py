"""The hotel link on a socket: bytes to events, commands to bytes, real time to timers.

One client is served at a time. What it does not read is bounded: the exchange writes one byte per
frame of its peer and one frame beside, and when the connection has no room for them the exchange
reads no further, so that silence ends the conversation.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from oxo_simulator.ohl.machine import (
    Begin,
    CarryOut,
    Command,
    Conversation,
    Due,
    End,
    Fetch,
    Heard,
    Input,
    Over,
    Received,
    Refused,
    Send,
    SetTimer,
    StopTimer,
    Taken,
    Tell,
    Timer,
    Waits,
)
from oxo_simulator.ohl.reception import NAME, Reception, Session
from oxo_simulator.ohl.words import frame_words
from oxo_simulator.wire import ConnectionName, Said, Sender, Served

READ_BYTES_MAX = 4_096
"""Read at once: a peer that sends without end leaves the exchange time for everybody else."""

CLOSE_SECONDS_MAX = 5
"""So long a connection that is ended may take to carry its last bytes away."""


class HotelLinkFactory(Factory):
    """Makes a line of every connection, and knows the one that is served.

    Args:
        clock: real time.
        connection_name: the link's name of a connection.
        prove: told the name of a connection whose peer speaks the hotel link.
        said: the transcript.
        utc_now: the real instant.
    """

    noisy = False

    def __init__(
        self,
        clock: Any,
        connection_name: ConnectionName,
        prove: Callable[[str], None],
        said: Said,
        utc_now: Callable[[], datetime],
    ) -> None:
        self.clock = clock
        self.prove = prove
        self.utc_now = utc_now
        self.connection_name = connection_name
        self.reception: Reception | None = None
        self.serving = False
        self.living: Line | None = None
        self._said = said

    @property
    def served(self) -> Served | None:
        """The session that lives."""
        line = self.living
        if line is None or line.session is None:
            return None
        return Served(line.session.name, NAME, line.connection, line.since, line.last_call)

    def buildProtocol(self, addr: Any) -> "Line":  # noqa: ARG002, N802 - Twisted's
        """Return the shell of one connection."""
        return Line(self)

    def install(self, reception: Reception | None) -> None:
        """Stand in front of another reception; the old conversation goes without a word."""
        living, self.living = self.living, None
        if living is not None:
            living.leave()
        self.reception = reception
        if reception is not None:
            reception.outlet.watch(self.waits)

    def waits(self) -> None:
        """Something is to be told."""
        if self.living is not None:
            self.living.feed(Waits())

    def end(self, reason: str) -> None:
        """End the conversation that lives."""
        if self.living is not None:
            self.living.feed(Over(reason))

    def admit(self, line: "Line") -> Reception | None:
        """Return the reception if a connection is served; else write down why not."""
        if self.reception is None:
            return None
        if not self.serving:
            self.reception.refuse(line.connection, "busy")
            return None
        if self.living is not None:
            if self.reception.settings.second_client == "refuse":
                self.reception.refuse(line.connection, "second client")
                return None
            self.living.feed(Over("taken over"))
        self.living = line
        return self.reception

    def said(self, line: "Line", sender: Sender, text: str) -> None:
        """Append a line to the transcript."""
        self._said(
            wire=NAME,
            connection=line.connection,
            port=NAME,
            peer=line.peer,
            sender=sender,
            text=text,
        )


@implementer(IPushProducer)
class Line(Protocol):
    """One connection.

    Attributes:
        connection: the link's name of it.
        peer: the hotel system's address as text.
        session: while it is served.
    """

    def __init__(self, factory: HotelLinkFactory) -> None:
        self.connection = self.peer = ""
        self.session: Session | None = None
        self.since = self.last_call = factory.utc_now()
        self._factory = factory
        self._clock = factory.clock
        self._inputs: deque[Input] = deque()
        self._busy = False
        self._timers: dict[Timer, Any] = {}
        self._closing: Any = None
        self._lost = self._pushes = False

    @property
    def _wire(self) -> Any:
        """Twisted's transport, which promises less than it keeps."""
        return self.transport

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's
        """Find out who this is, and begin if it is served."""
        peer, own = self._wire.getPeer(), self._wire.getHost()
        self.connection, self.peer = self._factory.connection_name(
            (peer.host, peer.port), (own.host, own.port)
        )
        reception = self._factory.admit(self)
        if reception is None:
            self._close()
            return
        self._wire.bufferSize = READ_BYTES_MAX
        self._pushes = True
        self._wire.registerProducer(self, True)
        self._reception = reception
        self._conversation = Conversation(reception.settings, reception.writer)
        self.session = reception.open(self.connection)
        self.feed(Begin())

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's
        """Take bytes."""
        self.last_call = self._factory.utc_now()
        self.feed(Received(data))

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: ARG002, N802
        """The connection is gone."""
        self._lost = True
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        self.feed(Over("peer left"))

    def feed(self, event: Input) -> None:
        """Give the machine an event and do what it says; events of its own doing come after."""
        if self.session is None:
            return
        self._inputs.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inputs:
                for command in self._conversation.receive(self._inputs.popleft()):
                    self._do(command)
        finally:
            self._busy = False

    def leave(self) -> None:
        """Be gone without a word in anybody's ledger."""
        self.session = None
        self._inputs.clear()
        for timer in Timer:
            self._stop_timer(timer)
        self._close()

    # Commands.

    def _do(self, command: Command) -> None:  # noqa: C901, PLR0912 - one closed dispatch
        session = self.session
        if session is None:
            return
        match command:
            case Send():
                self._send(command, session)
            case Heard(read=read):
                self._factory.said(self, "collector", self._reception.words(read))
            case SetTimer(timer=timer, seconds=seconds):
                self._stop_timer(timer)
                self._timers[timer] = self._clock.callLater(seconds, self.feed, Due(timer))
            case StopTimer(timer=timer):
                self._stop_timer(timer)
            case Fetch():
                message = self._reception.next()
                if message is not None:
                    self.feed(Tell(message))
            case Taken(message=message):
                if message.origin == "own":
                    self._factory.prove(self.connection)
                self._reception.taken(message, session)
            case CarryOut(frame=frame):
                whole = self._reception.carry_out(frame, session)
                self.feed(Waits() if whole else Over("replies not read"))
            case Refused(reason=reason, read=read):
                self._reception.unreadable(reason, read, session)
            case End(reason=reason):
                self._end(reason, session)
            case _:
                raise AssertionError(command)

    def _send(self, command: Send, session: Session) -> None:
        if command.message is not None:
            self._reception.leaves(command.message, session)
        self._factory.said(self, "exchange", frame_words(command.octets, self._reception.layouts))
        self._wire.write(command.octets)

    def _stop_timer(self, timer: Timer) -> None:
        call = self._timers.pop(timer, None)
        if call is not None and call.active():
            call.cancel()

    def _end(self, reason: str, session: Session) -> None:
        self.session = None
        if self._factory.living is self:
            self._factory.living = None
        self._reception.close(session, reason)
        self._close()

    def _close(self) -> None:
        if self._pushes:
            self._wire.unregisterProducer()
        self._wire.loseConnection()
        if not self._lost:
            self._closing = self._clock.callLater(CLOSE_SECONDS_MAX, self._wire.abortConnection)

    # What the peer does not read (IPushProducer).

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's
        """The connection is full: read no further."""
        self._wire.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's
        """There is room again."""
        self._wire.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's
        """The connection goes; `connectionLost` says so."""
