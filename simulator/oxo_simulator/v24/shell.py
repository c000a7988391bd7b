"""The printer's connection: what the machine commands is done here, what happens is told there.

`Print` stands in front of one installation: its outlet, its machine, the transcript and the ledger.
`PrinterEnd` is one connection, whoever made it. A line counts as printed when the transport has
handed the last byte of it to the system: the transport asks for more then (a pull producer).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import structlog
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPullProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.v24 import machine as said
from oxo_simulator.v24.machine import Command, Printing
from oxo_simulator.wire import Said, Served

WIRE: Final = "v24"
PORT: Final = "v24"
HEARD_BYTES_SHOWN_MAX = 4096
"""Of what a printer sends in one session, so much stands in the transcript."""

_log = structlog.get_logger()


@implementer(IPullProducer)
class PrinterEnd(Protocol):
    """One connection to a printer.

    Args:
        desk: told of what happens, and left out once it has let go.
    """

    transport: Any

    def __init__(self, desk: "Print") -> None:
        self.desk: Print | None = desk
        self.name, self.peer = "unknown", "unknown"
        self._registered = False

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's interface
        """Send small lines at once, and notice a printer that has vanished."""
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        if self.desk is not None:
            self.desk.made(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's interface
        """Pass on."""
        if self.desk is not None:
            self.desk.heard(self, data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802, ARG002
        """Pass on."""
        self._registered = False
        if self.desk is not None:
            self.desk.gone(self)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's interface
        """Tell that nothing is left of what was written."""
        if self.desk is not None and self._registered:
            self.desk.drained(self)

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's interface
        """The connection is gone; `connectionLost` tells."""

    def serve(self) -> None:
        """Ask the transport to tell when it has nothing left."""
        self.transport.registerProducer(self, False)
        self._registered = True

    def write(self, data: bytes) -> None:
        """Hand bytes to the transport."""
        self.transport.write(data)

    def refuse(self) -> None:
        """End in order: nothing was said."""
        self.transport.loseConnection()

    def drop(self) -> None:
        """Reset: what is under way is to be printed again, not in part."""
        if self._registered:
            self.transport.unregisterProducer()
        self.transport.abortConnection()


class Print:
    """The printer of one installation.

    Args:
        outlet: the lines that wait.
        printing: the machine.
        clock: real time.
        tell: appends to the transcript.
        utc_now: the real instant.
        named: asks the link for a connection's name and the printer's address; fires when the
            printer is reached, and is cancelled when nobody wants to know any more.
        prove: told the name of the connection that is served, which keeps its place in the link.
    """

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        *,
        outlet: Outlet,
        printing: Printing,
        clock: Any,
        tell: Said,
        utc_now: Callable[[], datetime],
        named: Callable[[PrinterEnd], "Deferred[tuple[str, str]]"],
        prove: Callable[[str], None],
    ) -> None:
        self._outlet = outlet
        self._printing = printing
        self._clock = clock
        self._tell = tell
        self._utc_now = utc_now
        self._named = named
        self._prove = prove
        self._ends: dict[str, PrinterEnd] = {}
        self._strangers: dict[PrinterEnd, Deferred[None]] = {}
        self._overdue: Any = None
        self._shown_bytes = 0
        self._left = False
        self.served: Served | None = None
        outlet.watch(self._filled)

    @property
    def sessions(self) -> int:
        """How many sessions there were in this ledger."""
        return self._printing.sessions

    # What happens.

    def made(self, end: PrinterEnd) -> None:
        """A connection is there; who it is the link knows."""
        named = self._named(end).addCallback(lambda names: self._reached(end, *names))
        named.addErrback(_unwanted)
        if not named.called:
            self._strangers[end] = named

    def heard(self, end: PrinterEnd, data: bytes) -> None:
        """The printer has sent something."""
        if not self._is_served(end):
            return
        self._show(end, data)
        self._touch()
        self._do(self._printing.received(data))

    def drained(self, end: PrinterEnd) -> None:
        """Nothing is left of what was written."""
        if self._is_served(end):
            self._do(self._printing.drained())

    def gone(self, end: PrinterEnd) -> None:
        """A connection is lost."""
        if stranger := self._strangers.pop(end, None):
            stranger.cancel()
        if self._ends.get(end.name) is end:
            self._do(self._printing.lost(end.name))
            self._ends.pop(end.name, None)

    # What the exchange wants.

    def reset(self) -> None:
        """The exchange goes down: the session ends, in the ledger too."""
        self._do(self._printing.restart())
        self._drop_all()

    def end(self, reason: str) -> None:
        """End the session, with the ledger's word for it."""
        self._do(self._printing.close(reason))

    def leave(self) -> None:
        """Another exchange is installed: let go without a word."""
        self._left = True
        self._unwatch()
        self._drop_all()

    def _filled(self) -> None:
        if not self._left:
            self._do(self._printing.filled())

    def _reached(self, end: PrinterEnd, name: str, peer: str) -> None:
        self._strangers.pop(end, None)
        if self._left:
            return
        if name in self._ends:  # two that the link does not know
            end.drop()
            return
        end.name, end.peer = name, peer
        self._ends[name] = end
        self._do(self._printing.connected(name))

    def _is_served(self, end: PrinterEnd) -> bool:
        return self.served is not None and self._ends.get(self.served.connection) is end

    def _drop_all(self) -> None:
        ends, self._ends = [*self._ends.values(), *self._strangers], {}
        strangers, self._strangers = self._strangers, {}
        self.served = None
        for named in strangers.values():
            named.cancel()
        for end in ends:
            end.desk = None
            end.drop()

    # What the machine commands.

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:  # noqa: C901 - one closed dispatch
        match command:
            case said.Write(data):
                self._write(data)
            case said.Offer(first, last):
                served = self._present()
                self._outlet.offered(first, last, served.name, served.connection)
            case said.Printed(last):
                served = self._present()
                self._outlet.consumed(last, served.name, served.connection, "printed")
            case said.DocumentPrinted(number):
                served = self._present()
                self._outlet.noticed_through(number, served.name, served.connection)
            case said.Watch(seconds):
                self._overdue = self._clock.callLater(seconds, self._overdue_now)
            case said.Unwatch():
                self._unwatch()
            case said.NotReady(session, connection, seconds):
                self._not_ready(session, connection, seconds)
            case said.Open(session, connection):
                self._open(session, connection)
            case said.Close():
                self._close(command)
            case said.Refuse(connection, reason):
                self._refuse(connection, reason)
            case _:  # pragma: no cover
                raise AssertionError(command)

    def _write(self, data: bytes) -> None:
        end = self._ends[self._present().connection]
        self._said(end, "exchange", data)
        self._touch()
        end.write(data)

    def _open(self, session: str, connection: str) -> None:
        now = self._utc_now()
        self.served = Served(session, PORT, connection, since=now, last_call=now)
        self._shown_bytes = 0
        self._ends[connection].serve()
        # A printer shows no password: being served is what tells it from a crowd of others.
        self._prove(connection)
        self._outlet.record("session opened", session=session, connection=connection)

    def _close(self, closed: said.Close) -> None:
        end = self._ends.pop(closed.connection, None)
        self.served = None
        stray = {"stray_bytes": closed.stray_bytes} if closed.stray_bytes else {}
        self._outlet.record(
            "session closed",
            session=closed.session,
            connection=closed.connection,
            reason=closed.reason,
            **stray,
        )
        if closed.hang_up and end is not None:
            end.desk = None
            end.drop()

    def _refuse(self, connection: str, reason: str) -> None:
        self._outlet.record("refused", connection=connection, reason=reason)
        end = self._ends.get(connection)
        if end is not None:
            end.refuse()

    def _not_ready(self, session: str, connection: str, seconds: float) -> None:
        waiting = self._outlet.buffer.filling
        _log.warning("v24.printer_not_ready", session=session, seconds=seconds, waiting=waiting)
        self._outlet.record(
            "printer not ready",
            session=session,
            connection=connection,
            seconds=seconds,
            waiting=waiting,
        )

    def _overdue_now(self) -> None:
        self._overdue = None
        self._do(self._printing.overdue())

    def _unwatch(self) -> None:
        if self._overdue is not None and self._overdue.active():
            self._overdue.cancel()
        self._overdue = None

    # What is shown.

    def _present(self) -> Served:
        assert self.served is not None  # the machine commands nothing else without a session
        return self.served

    def _touch(self) -> None:
        self.served = self._present()._replace(last_call=self._utc_now())

    def _show(self, end: PrinterEnd, data: bytes) -> None:
        """Write down what the printer sent, as long as that is worth a line."""
        room = HEARD_BYTES_SHOWN_MAX - self._shown_bytes
        if room <= 0:
            return
        self._shown_bytes += len(data)
        self._said(end, "collector", data[:room])

    def _said(self, end: PrinterEnd, sender: Any, data: bytes) -> None:
        self._tell(
            wire=WIRE,
            connection=end.name,
            port=PORT,
            peer=end.peer,
            sender=sender,
            text=data.decode("latin-1"),
        )


def _unwanted(failure: Failure) -> None:
    """Nobody wants to know any more who a connection is."""
    failure.trap(CancelledError)  # type: ignore[no-untyped-call]
