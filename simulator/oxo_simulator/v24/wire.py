"""The V24 print-out as the process runs it: a printer connects, or the exchange connects to one.

A serial line knows no caller; the converters that sites put on it do, and either side of them may
be the one that listens (facts: oxo 6.3, field; the choice is ours). Outwards the exchange dials the
link, the link dials the printer; while nobody is there it comes back after `reconnect_seconds`.
"""

from collections.abc import Collection, Mapping, Sequence
from socket import inet_aton
from typing import TYPE_CHECKING, Any

from oxo_tickets import Ticket
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ClientFactory, Protocol, ServerFactory
from twisted.python.failure import Failure

from oxo_simulator.control.messages import SessionState
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.profile_section import ProfileError
from oxo_simulator.v24.codec import layout
from oxo_simulator.v24.document import is_document
from oxo_simulator.v24.machine import Printing
from oxo_simulator.v24.mapping import unprintable
from oxo_simulator.v24.page import sheet
from oxo_simulator.v24.settings import V24Settings
from oxo_simulator.v24.shell import PORT, WIRE, Print, PrinterEnd
from oxo_simulator.wire import Parts, Target

if TYPE_CHECKING:
    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.profile import Profile

PRINTERS_WAITING_MAX = 16
"""Connections that may wait to be accepted; one of them is served."""
DIAL_SECONDS_MAX = 5
LISTEN_AGAIN_SECONDS = 0.01
LISTEN_TRIALS_MAX = 500
"""The link's outward door, which has the same number, may take a moment to close."""


def outlet_terms(settings: V24Settings) -> OutletTerms:
    """Return what the print buffer is, and what it keeps (facts: oxo 1.5, documented)."""
    columns = layout(settings.fields)

    def accepts(ticket: Ticket) -> str | None:
        return unprintable(ticket, settings, columns)

    def notices(notice: Notice) -> bool:
        return settings.print_documents and is_document(notice)

    return OutletTerms(
        wire=WIRE,
        capacity=settings.capacity,
        alarm_percent=settings.alarm_percent,
        overflow=settings.overflow,
        accepts=accepts,
        notices=notices,
        notices_count=True,
    )


class V24:
    """The wire `v24` of one process.

    Args:
        parts: what it is built of; the port `v24` is among them.
    """

    name = WIRE
    admitted_from = Phase.SERVING

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._print: Print | None = None
        self._settings = V24Settings()
        self._listening: Any = None
        self._connector: Any = None
        self._later: Any = None

    # What a profile wants.

    def check(self, profile: "Profile") -> None:
        """Refuse to print into the link's own door, which would lead there again without end.

        Raises:
            ProfileError: names the key.
        """
        own = Target(self._parts.behind, self._parts.ports[PORT])
        for target in self.outward(profile).values():
            if target.port == own.port and _numbered(target.host) == _numbered(own.host):
                raise ProfileError(
                    f"v24.target: {target.host}:{target.port} is the exchange itself; "
                    "the address of a printer is expected"
                )

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet; `None` where it is closed."""
        return outlet_terms(profile.v24) if profile.v24.open else None

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """Return the one port, where printers may connect."""
        inward = profile.v24.open and profile.v24.direction == "listen"
        return (PORT,) if inward else ()

    def outward(self, profile: "Profile") -> Mapping[str, Target]:
        """Return the printer's address, where the exchange connects to it."""
        if not profile.v24.open or profile.v24.direction == "listen":
            return {}
        host, _, number = profile.v24.target.rpartition(":")
        return {PORT: Target(host, int(number))}

    # The life of the exchange.

    def install(self, exchange: "Exchange", profile: "Profile") -> None:
        """Stand in front of a fresh exchange; nobody is connected to it yet."""
        self._stand(exchange, profile, 0)

    def restart(self, exchange: "Exchange", profile: "Profile", *, lost: bool) -> None:  # noqa: ARG002
        """Stand in front of what waits now, with a new sheet; sessions go on being counted."""
        self._stand(exchange, profile, 0 if self._print is None else self._print.sessions)

    def _stand(self, exchange: "Exchange", profile: "Profile", sessions: int) -> None:
        if self._print is not None:
            self._print.leave()
        self._rest()
        self._settings = profile.v24
        if self._settings.direction == "connect" or not self._settings.open:
            self._close()
        outlet = exchange.outlets.get(WIRE)
        self._print = None if outlet is None else self._printer_of(outlet, sessions)

    def serve(self) -> None:
        """Listen, or connect."""
        self._rest()
        if self._print is None:
            return
        if self._settings.direction == "connect":
            self._dial()
        elif self._listening is None:
            self._listen(LISTEN_TRIALS_MAX)

    def reset(self) -> None:
        """A warm reset begins: the session ends, lines that wait stay."""
        self._rest()
        if self._print is not None:
            self._print.reset()

    def stop(self) -> "Deferred[Any] | None":
        """Let go of sockets and timers."""
        if self._print is not None:
            self._print.leave()
        self._rest()
        return self._close()

    # What an operator sees and orders.

    def sessions(self) -> Sequence[SessionState]:
        """Return the printer that is served, if one is."""
        served = None if self._print is None else self._print.served
        return () if served is None else (served.state(WIRE, self._parts.utc_now()),)

    def end_session(self, name: str) -> bool:
        """End the session of that name; the printer may connect again at once."""
        served = None if self._print is None else self._print.served
        if self._print is None or served is None or served.name != name:
            return False
        self._print.end("operator")
        return True

    def shown(self, port: str) -> str | None:
        """Return where printers connect, or whom the exchange connects to."""
        if self._settings.direction == "connect":
            return f"prints to {self._settings.target}"
        return f"{self._parts.address()}:{self._parts.ports[port]}"

    # Connections.

    def _printer_of(self, outlet: Outlet, sessions: int) -> Print:
        return Print(
            outlet=outlet,
            printing=Printing(
                sheet(self._settings),
                outlet.waiting,
                documents=lambda: outlet.notices,
                sessions=sessions,
            ),
            clock=self._parts.reactor,
            tell=self._parts.said,
            utc_now=self._parts.utc_now,
            named=self._named,
            prove=self._parts.prove,
        )

    def _named(self, end: PrinterEnd) -> "Deferred[tuple[str, str]]":
        """Ask the link who a connection is; outwards it knows when the printer is reached."""
        peer, here = end.transport.getPeer(), end.transport.getHost()
        ends = (peer.host, peer.port), (here.host, here.port)
        if self._settings.direction == "listen":
            return succeed(self._parts.connection_name(*ends))
        return self._parts.led(*ends)

    def _listen(self, trials: int) -> None:
        self._later = None
        number, behind = self._parts.ports[PORT], self._parts.behind
        try:
            self._listening = self._parts.reactor.listenTCP(
                number, _Inward(self), PRINTERS_WAITING_MAX, interface=behind
            )
        except CannotListenError:
            if not trials:
                raise
            self._later = self._parts.reactor.callLater(
                LISTEN_AGAIN_SECONDS, self._listen, trials - 1
            )

    def _close(self) -> "Deferred[Any] | None":
        listening, self._listening = self._listening, None
        return None if listening is None else listening.stopListening()

    def _dial(self) -> None:
        self._later = None
        self._connector = self._parts.reactor.connectTCP(
            self._parts.behind, self._parts.ports[PORT], _Outward(self), timeout=DIAL_SECONDS_MAX
        )

    def _rest(self) -> None:
        """Dial no more, and stop waiting to."""
        connector, self._connector = self._connector, None
        if connector is not None and connector.state == "connecting":
            connector.stopConnecting()
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None

    def printer(self) -> Protocol | None:
        """Return the exchange's end of a new connection; none where nothing is printed."""
        return None if self._print is None else PrinterEnd(self._print)

    def away(self, connector: Any) -> None:
        """The printer could not be reached, or is gone: come back later."""
        if connector is self._connector:
            self._connector = None
            seconds = self._settings.reconnect_seconds
            self._later = self._parts.reactor.callLater(seconds, self._dial)


def _numbered(host: str) -> bytes:
    """Return an address as its bytes, however it is written; a name as it is."""
    try:
        return inet_aton(host)
    except OSError:
        return host.encode()


class _Inward(ServerFactory):
    """Builds the exchange's end of each connection that the link makes."""

    noisy = False

    def __init__(self, wire: V24) -> None:
        self._wire = wire

    def buildProtocol(self, addr: Any) -> Protocol | None:  # noqa: ARG002, N802 - Twisted's interface
        """Take a printer."""
        return self._wire.printer()


class _Outward(ClientFactory):
    """Builds the exchange's end of the connection that it makes, and tells when it is over."""

    noisy = False

    def __init__(self, wire: V24) -> None:
        self._wire = wire

    def buildProtocol(self, addr: Any) -> Protocol | None:  # noqa: ARG002, N802 - Twisted's interface
        """Take the printer."""
        return self._wire.printer()

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:  # noqa: ARG002, N802
        """Nobody is there."""
        self._wire.away(connector)

    def clientConnectionLost(self, connector: Any, reason: Failure) -> None:  # noqa: ARG002, N802
        """It is over."""
        self._wire.away(connector)


def build(parts: Parts) -> V24:
    """Build the wire; it listens, or connects, when it is told to serve."""
    return V24(parts)
