"""The taxation wire as the process sees it: its two HTTPS ports, its account, its sessions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred

from oxo_simulator.control.messages import SessionState
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import TAXATION, OutletTerms
from oxo_simulator.files import kept_password, write_whole
from oxo_simulator.link.places import CONNECTIONS_MAX
from oxo_simulator.profile import Profile
from oxo_simulator.taxation.description import PATH
from oxo_simulator.taxation.settings import TaxationSettings
from oxo_simulator.taxation.shell import Taxation
from oxo_simulator.taxation.terms import outlet_terms
from oxo_simulator.wire import Parts, Served, Target

if TYPE_CHECKING:
    from twisted.internet.interfaces import IListeningPort

    from oxo_simulator.taxation.sessions import Session

PASSWORD_FILE = "taxation.password"  # noqa: S105 - a name


def build(parts: Parts) -> "TaxationWire":
    """Build the wire; it listens behind from now on, and has its account's password in a file.

    Raises:
        PasswordUnusable: the operator has to look at the file.
    """
    file = parts.folder / PASSWORD_FILE
    password = kept_password(file) or parts.new_password()
    write_whole(file, f"{password}\n".encode())
    taxation = Taxation(
        {parts.first.user: password},
        parts.reactor,
        parts.connection_name,
        parts.transcript,
        prove=parts.prove,
        address=parts.address,
    )
    listening = [
        parts.reactor.listenSSL(
            number, taxation.site(name), parts.tls, CONNECTIONS_MAX, interface=parts.behind
        )
        for name, number in parts.ports.items()
    ]
    return TaxationWire(parts, taxation, listening)


class TaxationWire:
    """The wire (`oxo_simulator.wire.Wire`).

    Args:
        parts: what it is built of.
        taxation: the service.
        listening: its ports behind.
    """

    name = TAXATION
    admitted_from = Phase.BUSY

    def __init__(
        self, parts: Parts, taxation: Taxation, listening: "Sequence[IListeningPort]"
    ) -> None:
        self._parts = parts
        self._taxation = taxation
        self._listening = listening
        self._known: Session | None = None
        self._since = parts.utc_now()

    @property
    def unknown_operations(self) -> list[dict[str, str | int]]:
        """What this installation was asked for and its contract does not have."""
        return self._taxation.unknown_operations

    def check(self, profile: Profile) -> None:
        """Make ready the contract: it takes long, or cannot be made at all."""
        self._taxation.prepare(taxation_settings(profile))

    def terms(self, profile: Profile) -> OutletTerms:
        """Return its terms: tickets wait also while both ports are closed."""
        return outlet_terms(profile)

    def open_ports(self, profile: Profile) -> list[str]:
        """Return the ports that the profile opens."""
        return [name for name in self._parts.ports if getattr(profile.ports, name).open]

    def outward(self, _profile: Profile) -> Mapping[str, Target]:
        """Return nothing: the exchange never connects on this wire."""
        return {}

    def install(self, exchange: Exchange, profile: Profile) -> None:
        """Serve a fresh exchange."""
        self._taxation.install(exchange, taxation_settings(profile))

    def restart(self, exchange: Exchange, profile: Profile, *, lost: bool) -> None:  # noqa: ARG002
        """Serve the exchange after a reset; nothing but its outlet held tickets."""
        self._taxation.restart(exchange, taxation_settings(profile))

    def serve(self) -> None:
        """Go on: requests find out by themselves that the exchange serves."""

    def reset(self) -> None:
        """End the sessions."""
        self._taxation.end_sessions("reset")

    def sessions(self) -> list[SessionState]:
        """Return who is logged in; the value of the cookie is nobody's business."""
        living = self._taxation.living
        if living is None:
            return []
        session, now = living.session, self._parts.utc_now().astimezone(UTC)
        if session is not self._known:
            age = timedelta(seconds=round(living.age_seconds, 3))
            self._known, self._since = session, now - age
        last_call = now - timedelta(seconds=round(living.idle_seconds, 3))
        name, port, connection = session.name, session.port, session.connection
        served = Served(name, port, connection, self._since, last_call, session.user)
        return [served.state(TAXATION, now)]

    def end_session(self, name: str) -> bool:
        """End the session that lives, if it has this name."""
        living = self._taxation.living
        if living is None or living.session.name != name:
            return False
        self._taxation.end_sessions("operator")
        return True

    def shown(self, port: str) -> str:
        """Return the service's URL at a port."""
        return f"https://{self._parts.address()}:{self._parts.ports[port]}{PATH}"

    def stop(self) -> "Deferred[Any]":
        """Listen no more."""
        return gatherResults([maybeDeferred(port.stopListening) for port in self._listening])


def taxation_settings(profile: Profile) -> TaxationSettings:
    """Return what of a profile concerns the taxation wire."""
    return TaxationSettings(
        tag_set=profile.tag_set,
        batch_tickets_max=profile.batch_tickets_max,
        idle_seconds=profile.session.idle_seconds,
        cookie_name=profile.session.cookie_name,
        without_cookie=profile.session.without_cookie,
        second_login=profile.session.second_login,
        wsdl=profile.wsdl,
        wsdl_files=profile.wsdl_files,
        contract=profile.contract,
    )
