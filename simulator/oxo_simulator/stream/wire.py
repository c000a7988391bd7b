"""The wire `stream` of a process: two CPUs on two ports, one of them main."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from oxo_tickets import Direction, Kind, Ticket
from twisted.internet.defer import gatherResults, maybeDeferred

from oxo_simulator.control.messages import SessionState, StreamNotice
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.stream.cpus import CPUS
from oxo_simulator.stream.reception import (
    NAME,
    Reception,
    notice_body,
    outlet_terms,
)
from oxo_simulator.stream.shell import CallServers, StreamFactory
from oxo_simulator.wire import Parts, Target

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.profile import Profile

CLIENTS_MAX = 16
"""Connections that may wait to be accepted; one of them is served."""


class Stream:
    """Ethernet on the fly (`Wire`); see `oxo_simulator.wire`.

    Args:
        parts: what it is built of; the ports of both CPUs are among them.
    """

    name = NAME
    admitted_from = Phase.SERVING

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._exchange: Exchange | None = None
        self._servers = CallServers(
            clock=parts.reactor,
            connection_name=parts.connection_name,
            prove=parts.prove,
            said=parts.said,
            utc_now=parts.utc_now,
            doors=self._close_doors,
        )
        self._listening = [
            parts.reactor.listenTCP(
                parts.ports[port],
                StreamFactory(self._servers, port),
                CLIENTS_MAX,
                interface=parts.behind,
            )
            for port in CPUS
        ]

    @property
    def main_port(self) -> str:
        """The port of the main CPU."""
        return self._servers.cpus.main

    def check(self, profile: "Profile") -> None:
        """Find nothing wrong: a profile's keys are checked one by one, none depends on another."""

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet; `None` where it is closed."""
        return outlet_terms(profile.stream, profile.ed52.manner) if profile.stream.open else None

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """Both CPUs are there together; whether the standby's door is open is its own affair."""
        return CPUS if profile.stream.open else ()

    def outward(self, profile: "Profile") -> Mapping[str, Target]:  # noqa: ARG002 - of every wire
        """Return nothing: it is the collector that connects."""
        return {}

    def install(self, exchange: "Exchange", profile: "Profile") -> None:
        """Stand in front of a fresh exchange, CPU A main."""
        self._stand(exchange, profile, 0)

    def restart(self, exchange: "Exchange", profile: "Profile", *, lost: bool) -> None:  # noqa: ARG002
        """Stand in front of what waits now; CPU A is main, as after every start from nothing."""
        before = self._servers.reception
        self._stand(exchange, profile, 0 if before is None else before.sessions)

    def _stand(self, exchange: "Exchange", profile: "Profile", sessions: int) -> None:
        outlet = exchange.outlets.get(NAME)
        self._exchange = exchange
        self._servers.serving = False
        if outlet is None:
            self._servers.install(None)
        else:
            reception = Reception(outlet, profile.stream, profile.ed52.manner, sessions)
            self._servers.install(reception)

    def serve(self) -> None:
        """Let a collector in."""
        self._servers.serving = True

    def reset(self) -> None:
        """End the dialogue; tickets stay, and so does the main CPU."""
        self._servers.serving = False
        self._servers.end("reset")

    def sessions(self) -> Sequence[SessionState]:
        """Return the one session that lives, if one does."""
        served = self._servers.served
        return () if served is None else (served.state(NAME, self._parts.utc_now()),)

    def end_session(self, name: str) -> bool:
        """End the session of that name."""
        served = self._servers.served
        if served is None or served.name != name:
            return False
        self._servers.end("operator")
        return True

    def shown(self, port: str) -> str | None:
        """Return where a collector connects."""
        return f"{self._parts.address()}:{self._parts.ports[port]}"

    def switch_over(self, *, ordered: bool) -> None:
        """Make the other CPU main, and tell of it."""
        self._servers.switch_over(ordered=ordered)
        if self._exchange is not None:
            items = (("MAO_ACTION", "SET"), ("OBJECT", "CPU"), ("MAIN", self.main_port[-1].upper()))
            self._exchange.changed(*items)

    def say_notice(self, notice: StreamNotice) -> None:
        """Say a notice in its turn.

        Raises:
            OrderError: the wire is closed, its profile has no such notice, or it cannot be said.
        """
        exchange = self._exchange
        reception = self._servers.reception
        if exchange is None or reception is None:
            raise OrderError('the stream is closed; "stream.open" opens it')
        if not getattr(reception.settings, notice.kind):
            raise OrderError(f'the profile says no such notice; "stream.{notice.kind}" does')
        try:
            said = self._notice(exchange, notice)
            notice_body(said)
        except ValueError as error:
            raise OrderError(f"{notice.kind}: {error}") from error
        reception.outlet.put_notice(said)

    def _notice(self, exchange: "Exchange", order: StreamNotice) -> Notice:
        now = exchange.now()
        if order.kind == "mao":
            return Notice("mao", now, items=tuple(order.items.items()))
        call = Ticket(
            kind=Kind.CALL,
            local_time=now.local,
            direction=Direction.OUTGOING,
            charged_user=order.user,
            dialled_number=order.number,
            call_seconds=order.seconds,
        )
        return Notice("voip", now, call=call)

    def _close_doors(self) -> None:
        closed = self._servers.cpus.closed_doors()
        for port in CPUS:
            self._parts.door(port, port not in closed)

    def stop(self) -> "Deferred[Any]":
        """Let go of ports, dialogues and timers."""
        self._servers.install(None)
        return gatherResults([maybeDeferred(each.stopListening) for each in self._listening])


def build(parts: Parts) -> Stream:
    """Build the wire and let it listen behind the link."""
    return Stream(parts)
