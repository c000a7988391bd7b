"""The wire `stream` of a process: two CPUs, one of them main, for whichever exchange."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from oxo_simulator.control.messages import SessionState, StreamNotice
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.wire import Parts, Target

if TYPE_CHECKING:
    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.profile import Profile

NAME = "stream"


class Stream:
    """Ethernet on the fly (`Wire`); see `oxo_simulator.wire`."""

    name = NAME
    admitted_from = Phase.SERVING
    main_port = "stream-a"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def check(self, profile: "Profile") -> None:
        """Every combination of the keys can be served."""

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet."""
        if not profile.stream.open:
            return None
        return OutletTerms(wire=NAME, capacity=1000, alarm_percent=70)

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """Both CPUs are there together."""
        return tuple(self._parts.ports) if profile.stream.open else ()

    def outward(self, profile: "Profile") -> Mapping[str, Target]:  # noqa: ARG002 - of every wire
        """Return nothing: it is the collector that connects."""
        return {}

    def install(self, exchange: "Exchange", profile: "Profile") -> None:
        """Stand in front of a fresh exchange."""

    def serve(self) -> None:
        """The doors are open."""

    def reset(self) -> None:
        """End the conversation."""

    def sessions(self) -> Sequence[SessionState]:
        """Return who is in a session."""
        return ()

    def end_session(self, name: str) -> bool:  # noqa: ARG002 - of every wire
        """End the session of that name."""
        return False

    def shown(self, port: str) -> str | None:
        """Return the address by which a person knows a port."""
        return f"{self._parts.address}:{self._parts.ports[port]}"

    def switch_over(self, *, ordered: bool) -> None:
        """Make the other CPU main."""

    def say_notice(self, notice: StreamNotice) -> None:
        """Say a notice in its turn."""

    def stop(self) -> None:
        """Let go of everything."""


def build(parts: Parts) -> Stream:
    """Build the wire."""
    return Stream(parts)
