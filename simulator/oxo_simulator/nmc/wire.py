"""The NMC wire of a process: the FTP service behind the link's door, for whichever exchange."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from oxo_simulator.control.messages import SessionState
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.files import kept_password, write_whole
from oxo_simulator.ftp import Driver, Loop, Server, Surroundings
from oxo_simulator.ftp.desk import Desk, Password
from oxo_simulator.nmc.service import WORDS, stand
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.nmc.shelf import Shelf
from oxo_simulator.nmc.terms import WIRE, terms
from oxo_simulator.wire import Parts, Target

if TYPE_CHECKING:
    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.profile import Profile

PASSWORD_FILE = "nmc.password"  # noqa: S105 - a name
PASSWORD_CHARACTERS_MAX = 128


def build(parts: Parts) -> "Nmc":
    """Build the wire and let it listen."""
    return Nmc(parts)


class Nmc:
    """The NMC wire (`Wire`); see `oxo_simulator.wire`."""

    name = WIRE
    admitted_from = Phase.SERVING

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        file = parts.folder / PASSWORD_FILE
        password = kept_password(file) or parts.new_password()
        self._keep(password)
        self._settings = NmcSettings()
        self._desk = Desk(
            WORDS,
            self._settings,
            Password(password),
            said=parts.said,
            utc_now=parts.utc_now,
            prove=parts.prove,
        )
        data_ports = {name: number for name, number in parts.ports.items() if name != WIRE}
        around = Surroundings(
            address=parts.address,
            behind=parts.behind,
            data_ports=data_ports,
            name_of=parts.connection_name,
            delivered=parts.delivered,
            tls_context=parts.tls.getContext,
        )
        self._loop = Loop(parts.reactor)
        self._server = Server((parts.behind, parts.ports[WIRE]), self._desk, around, self._loop)
        self._driver = Driver(self._loop, parts.reactor)

    def check(self, profile: "Profile") -> None:
        """Every combination of the keys can be served."""

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet."""
        return terms(profile.nmc)

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """Control and data ports are open together."""
        return tuple(self._parts.ports) if profile.nmc.open else ()

    def outward(self, profile: "Profile") -> Mapping[str, Target]:  # noqa: ARG002 - of every wire
        """The management centre connects, always."""
        return {}

    def install(self, exchange: "Exchange", profile: "Profile") -> None:
        """Stand in front of a fresh exchange."""
        self._stand(exchange, profile, None)

    def restart(self, exchange: "Exchange", profile: "Profile", *, lost: bool) -> None:  # noqa: ARG002
        """Show what waits at the outlet now, in files that nobody has seen; their count goes on."""
        installed = self._desk.installed
        files = None if installed is None else installed.files
        self._stand(exchange, profile, files.counter if isinstance(files, Shelf) else 0)

    def _stand(self, exchange: "Exchange", profile: "Profile", counter: int | None) -> None:
        """Stand in front of an exchange; `None` is no counter that goes on, but a fresh ledger."""
        outlet, same = exchange.outlets.get(WIRE), counter is not None
        if outlet is None:
            self._settings = NmcSettings()
            self._desk.install(None, same_ledger=same)
            return
        self._settings, now = profile.nmc, exchange.now
        standing = stand(profile.nmc, outlet, exchange.release, lambda: now().local, counter or 0)
        self._desk.install(standing, same_ledger=same)

    def serve(self) -> None:
        """It listens behind all the time; the link's doors decide."""

    def reset(self) -> None:
        """End conversations; a password that waited for a reset is valid now."""
        coming = self._desk.password.coming
        self._desk.reset()
        if coming is not None:
            self._keep(coming)

    def sessions(self) -> Sequence[SessionState]:
        """Return who is logged in."""
        now = self._parts.utc_now()
        return [served.state(WIRE, now) for served in self._desk.served]

    def end_session(self, name: str) -> bool:
        """End a session because the operator wants it."""
        return self._desk.end_session(name)

    def shown(self, port: str) -> str | None:
        """Return the URL by which a person knows the wire."""
        if port != WIRE:
            return None
        user, number = self._desk.settings.user, self._parts.ports[WIRE]
        return f"ftp://{user}@{self._parts.address()}:{number}{self._desk.settings.folder}"

    def change_password(self, password: str) -> None:
        """Take another password, valid when the profile says.

        Raises:
            OrderError: it cannot be one.
        """
        if not (1 <= len(password) <= PASSWORD_CHARACTERS_MAX and password.isprintable()):
            raise OrderError(
                f"the password has 1 to {PASSWORD_CHARACTERS_MAX} printable characters"
            )
        if self._settings.password_valid == "at-once":  # noqa: S105 - a word
            self._desk.password = Password(password)
            self._keep(password)
        else:
            self._desk.password = Password(self._desk.password.valid, password)

    def stop(self) -> None:
        """Let go of sockets and timers; a process that starts again has reset."""
        self._desk.install(None)
        if (coming := self._desk.password.coming) is not None:
            self._keep(coming)
        self._driver.stop()
        self._loop.close()

    def _keep(self, password: str) -> None:
        write_whole(self._parts.folder / PASSWORD_FILE, f"{password}\n".encode())
