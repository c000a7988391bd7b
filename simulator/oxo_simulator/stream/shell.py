"""The stream on sockets: bytes to events, commands to bytes, real time to timers.

The connection asks for what it carries (a pull producer): it is given one write when the system has
taken the one before. Nothing is kept back here, whatever the collector does not read.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from twisted.internet.interfaces import IPullProducer
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from oxo_simulator.stream.cpus import Cpus, Meets
from oxo_simulator.stream.machine import (
    Begin,
    Command,
    Dialogue,
    Due,
    End,
    Fetch,
    Heard,
    Input,
    Open,
    Over,
    Received,
    Room,
    SetTimer,
    StopTimer,
    Tell,
    Timer,
    Unanswered,
    Waits,
    Write,
)
from oxo_simulator.stream.reception import NAME, Reception, Session
from oxo_simulator.stream.settings import StreamSettings
from oxo_simulator.stream.words import payload_words
from oxo_simulator.wire import ConnectionName, Said, Sender, Served

READ_BYTES_MAX = 4_096
"""Read at once: a peer that sends without end leaves the exchange time for everybody else."""

CLOSE_SECONDS_MAX = 5
"""So long a connection that is ended may take to carry its last bytes away."""


class CallServers:
    """Both CPUs on their ports: makes a line of every connection, and knows who is served.

    Args:
        clock: real time.
        connection_name: the link's name of a connection.
        prove: told the name of a connection whose peer speaks as a collector does.
        said: the transcript.
        utc_now: the real instant.
        doors: told when it may be that other doors are to be closed.
    """

    def __init__(  # noqa: PLR0913 - what lines are made of
        self,
        *,
        clock: Any,
        connection_name: ConnectionName,
        prove: Callable[[str], None],
        said: Said,
        utc_now: Callable[[], datetime],
        doors: Callable[[], None] = lambda: None,
    ) -> None:
        self.clock = clock
        self.connection_name = connection_name
        self.prove = prove
        self.utc_now = utc_now
        self.reception: Reception | None = None
        self.cpus = Cpus(StreamSettings())
        self.serving = False
        self._lines: dict[int, Line] = {}
        self._count = 0
        self._said = said
        self._doors = doors

    @property
    def line(self) -> "Line | None":
        """The line that is in a session."""
        line = None if self.cpus.client is None else self._lines.get(self.cpus.client)
        return line if line is not None and line.session is not None else None

    @property
    def served(self) -> Served | None:
        """The session that lives."""
        line = self.line
        if line is None or line.session is None:
            return None
        return Served(line.session.name, line.port, line.connection, line.since, line.last_call)

    def install(self, reception: Reception | None) -> None:
        """Stand in front of another reception; old dialogues go without a word."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            line.leave()
        self.reception = reception
        self.cpus = Cpus(StreamSettings() if reception is None else reception.settings)
        if reception is not None:
            reception.outlet.watch(self.waits)
        self._doors()

    def waits(self) -> None:
        """Something is to be told."""
        if (line := self.line) is not None:
            line.feed(Waits())

    def end(self, reason: str) -> None:
        """End every dialogue."""
        for line in tuple(self._lines.values()):
            line.feed(Over(reason))

    def switch_over(self, *, ordered: bool) -> None:
        """Make the other CPU main; what waits is lost where the profile says so."""
        reception = self.reception
        if reception is None:
            return
        switched = self.cpus.switch_over(ordered=ordered)
        reception.outlet.record("switch-over", main=self.cpus.main, ordered=ordered)
        for number in switched.ends:
            if (line := self._lines.get(number)) is not None:
                line.over(switched.reason, at_once=not ordered)
        if not switched.keeps:
            reception.outlet.lose("lost with the CPU")
        self._doors()

    def admit(self, line: "Line") -> Meets | None:
        """Say what a connection meets; `None`: it is closed, and the ledger says why."""
        reception = self.reception
        if reception is None:
            return None
        if not self.serving:
            reception.refuse(line.connection, "busy")
            return None
        self._count += 1
        line.number = self._count
        arrival = self.cpus.arrives(line.number, line.port)
        if arrival.meets is Meets.SECOND_CLIENT:
            reception.second_client(line.connection)
            return None
        self._lines[line.number] = line
        if arrival.instead_of is not None:
            self._lines[arrival.instead_of].feed(Over("replaced"))
        self._doors()
        return arrival.meets

    def gone(self, line: "Line") -> None:
        """A dialogue is over."""
        if self._lines.get(line.number) is line:
            del self._lines[line.number]
            self.cpus.leaves(line.number)
            self._doors()

    def said(self, line: "Line", sender: Sender, text: str) -> None:
        """Append a line to the transcript."""
        self._said(
            wire=NAME,
            connection=line.connection,
            port=line.port,
            peer=line.peer,
            sender=sender,
            text=text,
        )


class StreamFactory(Factory):
    """Makes the lines of one CPU's port."""

    noisy = False

    def __init__(self, servers: CallServers, port: str) -> None:
        self._servers = servers
        self._port = port

    def buildProtocol(self, addr: Any) -> "Line":  # noqa: ARG002, N802 - Twisted's
        """Return the shell of one connection."""
        return Line(self._servers, self._port)


@implementer(IPullProducer)
class Line(Protocol):
    """One connection.

    Attributes:
        port: name of the CPU's port.
        number: by which the CPUs know it.
        connection: the link's name of it.
        peer: the collector's address as text.
        session: while tickets flow.
    """

    def __init__(self, servers: CallServers, port: str) -> None:
        self.port = port
        self.number = 0
        self.connection = self.peer = ""
        self.session: Session | None = None
        self.since = self.last_call = servers.utc_now()
        self._servers = servers
        self._clock = servers.clock
        self._dialogue: Dialogue | None = None
        self._inputs: deque[Input] = deque()
        self._busy = self._lost = self._pulled = False
        self._strange = 0
        self._timers: dict[Timer, Any] = {}
        self._closing: Any = None

    @property
    def _wire(self) -> Any:
        """Twisted's transport, which promises less than it keeps."""
        return self.transport

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's
        """Find out who this is, and begin if it is served."""
        peer, own = self._wire.getPeer(), self._wire.getHost()
        self.connection, self.peer = self._servers.connection_name(
            (peer.host, peer.port), (own.host, own.port)
        )
        meets = self._servers.admit(self)
        reception = self._servers.reception
        if meets is None or reception is None:
            self._close()
            return
        if meets is Meets.SILENCE:
            return
        self._reception = reception
        self._wire.setTcpNoDelay(True)
        self._wire.bufferSize = READ_BYTES_MAX
        self._dialogue = Dialogue(reception.settings, main=meets is Meets.DIALOGUE)
        self.feed(Begin())
        self._pulled = True
        self._wire.registerProducer(self, False)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's
        """Take bytes; a silent CPU lets them go."""
        self.last_call = self._servers.utc_now()
        self.feed(Received(data))

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: ARG002, N802
        """The connection is gone."""
        self._lost = True
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        self.over("peer left")

    def over(self, reason: str, *, at_once: bool = False) -> None:
        """End, whatever the connection met; `at_once` loses what it has not carried yet."""
        if self._dialogue is None:
            self.leave()
        else:
            self.feed(Over(reason))
        if at_once and not self._lost:
            self._wire.abortConnection()

    def feed(self, event: Input) -> None:
        """Give the machine an event and do what it says; events of its own doing come after."""
        if self._dialogue is None:
            return
        self._inputs.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inputs and self._dialogue is not None:
                for command in self._dialogue.receive(self._inputs.popleft()):
                    self._do(command)
        finally:
            self._busy = False

    def leave(self) -> None:
        """Be gone without a word in anybody's ledger."""
        self.session = self._dialogue = None
        self._inputs.clear()
        for timer in Timer:
            self._stop_timer(timer)
        self._servers.gone(self)
        self._close()

    # Commands.

    def _do(self, command: Command) -> None:  # noqa: C901 - one closed dispatch
        match command:
            case Heard(payload=payload, strange=strange):
                self._heard(payload, strange=strange)
            case Open():
                self.session = self._reception.open(self.connection)
            case Write(octets=octets, words=words):
                for each in words:
                    self._servers.said(self, "exchange", each)
                self._wire.write(octets)
            case Fetch(tickets_max=tickets_max):
                self._fetch(tickets_max)
            case SetTimer(timer=timer, seconds=seconds):
                self._stop_timer(timer)
                self._timers[timer] = self._clock.callLater(seconds, self.feed, Due(timer))
            case StopTimer(timer=timer):
                self._stop_timer(timer)
            case Unanswered():
                if self.session is not None:
                    self._reception.unanswered(self.session)
            case End(reason=reason):
                self._end(reason)
            case _:
                raise AssertionError(command)

    def _heard(self, payload: bytes, *, strange: bool) -> None:
        self._strange += strange
        if not strange:
            self._servers.prove(self.connection)
        if not strange or self._strange == 1:
            self._servers.said(self, "collector", payload_words(payload))

    def _fetch(self, tickets_max: int) -> None:
        if self.session is not None:
            self.feed(Tell(self._reception.next(tickets_max, self.session)))

    def _stop_timer(self, timer: Timer) -> None:
        call = self._timers.pop(timer, None)
        if call is not None and call.active():
            call.cancel()

    def _end(self, reason: str) -> None:
        session, self.session = self.session, None
        self._dialogue = None
        self._servers.gone(self)
        if session is not None:
            self._reception.close(session, reason, self._strange)
        else:
            self._reception.refuse(self.connection, reason)
        self._close()

    def _close(self) -> None:
        if self._pulled:
            self._pulled = False
            self._wire.unregisterProducer()
        self._wire.loseConnection()
        if not self._lost:
            self._closing = self._clock.callLater(CLOSE_SECONDS_MAX, self._wire.abortConnection)

    # What the connection asks for (IPullProducer).

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's
        """The system has taken what was written."""
        self.feed(Room())

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's
        """The connection goes; `connectionLost` says so."""
