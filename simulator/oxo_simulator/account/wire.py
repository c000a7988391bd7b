"""The wire `account` of a process: account files, for whichever exchange is installed."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from oxo_simulator.control.messages import ClosedFile, SessionState
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.wire import KeptFiles, Parts, Target

if TYPE_CHECKING:
    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.profile import Profile

NAME = "account"
CAPACITY = 1_000_000
"""Tickets of the open file: a file takes whatever comes until it is closed."""


class Account:
    """The account files (`Wire`); see `oxo_simulator.wire`."""

    name = NAME
    admitted_from = Phase.SERVING

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._outlet: Outlet | None = None

    def check(self, profile: "Profile") -> None:
        """Every combination of the keys can be served."""

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet."""
        if not profile.account.open:
            return None
        return OutletTerms(wire=NAME, capacity=CAPACITY, alarm_percent=0)

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """Every port is open together."""
        return tuple(self._parts.ports) if profile.account.open else ()

    def outward(self, profile: "Profile") -> Mapping[str, Target]:  # noqa: ARG002 - of every wire
        """Return nothing: it is the collector that connects."""
        return {}

    def install(self, exchange: "Exchange", profile: "Profile") -> None:  # noqa: ARG002 - as above
        """Stand in front of a fresh exchange."""
        self._outlet = exchange.outlets.get(NAME)

    def serve(self) -> None:
        """The doors are open."""

    def reset(self) -> None:
        """End conversations."""

    def sessions(self) -> Sequence[SessionState]:
        """Return who is logged in."""
        return ()

    def end_session(self, name: str) -> bool:  # noqa: ARG002 - as above
        """End a session because the operator wants it."""
        return False

    def shown(self, port: str) -> str | None:
        """Return the address by which a person knows a port."""
        return f"{self._parts.address}:{self._parts.ports[port]}"

    def close_file(self) -> ClosedFile:
        """Close the open file now."""
        return ClosedFile()

    def kept_files(self) -> KeptFiles:
        """Say what lies on the shelf."""
        return KeptFiles(0, 0)

    def stop(self) -> None:
        """Let go of everything."""


def build(parts: Parts) -> Account:
    """Build the wire."""
    return Account(parts)
