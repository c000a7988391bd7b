"""The hotel link as the process runs it: the exchange listens, one hotel system is served."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from oxo_simulator.control.messages import HotelEvent, SessionState
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.ohl.codec import CannotSay
from oxo_simulator.ohl.reception import NAME, Reception, outlet_terms
from oxo_simulator.ohl.shell import HotelLinkFactory
from oxo_simulator.wire import Parts, Target

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.profile import Profile

CLIENTS_MAX = 16
"""Connections that may wait to be accepted; one of them is served."""


class HotelLink:
    """The wire `ohl` of one process.

    Args:
        parts: what it is built of; the port `ohl` is among them.
    """

    name = NAME
    admitted_from = Phase.SERVING

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._factory = HotelLinkFactory(
            parts.reactor, parts.connection_name, parts.prove, parts.said, parts.utc_now
        )
        self._port = parts.reactor.listenTCP(
            parts.ports[NAME], self._factory, CLIENTS_MAX, interface=parts.behind
        )

    def check(self, profile: "Profile") -> None:
        """Find nothing wrong: a profile's keys are checked one by one, none depends on another."""

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet; `None` where it is closed."""
        return outlet_terms(profile.ohl) if profile.ohl.open else None

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """Return the one port, where the profile opens it."""
        return (NAME,) if profile.ohl.open else ()

    def outward(self, profile: "Profile") -> Mapping[str, Target]:  # noqa: ARG002
        """Return nothing: it is the hotel system that connects."""
        return {}

    def install(self, exchange: "Exchange", profile: "Profile") -> None:
        """Stand in front of a fresh exchange."""
        outlet = exchange.outlets.get(NAME)
        self._factory.serving = False
        hotel = exchange.hotel if profile.mode == "hotel" else None
        self._factory.install(None if outlet is None else Reception(outlet, profile.ohl, hotel))

    def restart(self, exchange: "Exchange", profile: "Profile", *, lost: bool) -> None:
        """Stand in front of what waits now; conversations and events go on being counted."""
        before = self._factory.reception
        self.install(exchange, profile)
        now = self._factory.reception
        if before is not None and now is not None:
            now.follow(before, lost=lost)

    def serve(self) -> None:
        """Let the hotel system in."""
        self._factory.serving = True

    def reset(self) -> None:
        """End the conversation; tickets, hotel events and rooms stay."""
        self._factory.serving = False
        self._factory.end("reset")

    def sessions(self) -> Sequence[SessionState]:
        """Return the one session that lives, if one does."""
        served = self._factory.served
        return () if served is None else (served.state(NAME, self._parts.utc_now()),)

    def end_session(self, name: str) -> bool:
        """End the session of that name."""
        served = self._factory.served
        if served is None or served.name != name:
            return False
        self._factory.end("operator")
        return True

    def shown(self, port: str) -> str | None:
        """Return where the hotel system connects."""
        return f"{self._parts.address()}:{self._parts.ports[port]}"

    def say(self, event: HotelEvent) -> None:
        """Say a hotel event in its turn.

        Raises:
            OrderError: the wire is closed, or the event has no room in its frame.
        """
        reception = self._factory.reception
        if reception is None:
            raise OrderError('the hotel link is closed; "ohl.open" opens it')
        try:
            reception.say(event)
        except CannotSay as cannot:
            raise OrderError(f"hotel event {event.event}: {cannot}") from None
        self._factory.waits()

    def stop(self) -> "Deferred[Any] | None":
        """Let go of port, conversation and timers."""
        self._factory.install(None)
        stopped: Deferred[Any] | None = self._port.stopListening()
        return stopped


def build(parts: Parts) -> HotelLink:
    """Build the wire and let it listen behind the link."""
    return HotelLink(parts)
