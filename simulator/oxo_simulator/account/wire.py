"""The account wire of a process: account files by FTP and SFTP, for whichever exchange."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from oxo_simulator.account.filing import Filing
from oxo_simulator.account.host_key import KIND
from oxo_simulator.account.service import FTP_PORT, SFTP_PORT, WORDS, stand
from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.sftp import SftpServer
from oxo_simulator.account.shelf import Shelf
from oxo_simulator.account.terms import WIRE, terms
from oxo_simulator.control.messages import ClosedFile, HostKey, SessionState
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.files import kept_password, write_whole
from oxo_simulator.ftp import Driver, Loop, Server, Surroundings
from oxo_simulator.ftp.desk import Desk, Password
from oxo_simulator.wire import KeptFiles, Parts, Target

if TYPE_CHECKING:
    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.profile import Profile

PASSWORD_FILE = "account.password"  # noqa: S105 - a name
PASSWORD_CHARACTERS_MAX = 128
_DATA = "account-data-"


def build(parts: Parts) -> "Account":
    """Build the wire and let it listen."""
    return Account(parts)


class Account:
    """The account wire (`Wire`); see `oxo_simulator.wire`."""

    name = WIRE
    admitted_from = Phase.SERVING

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = AccountSettings()
        self._filing: Filing | None = None
        password = kept_password(parts.folder / PASSWORD_FILE) or parts.new_password()
        self._keep(password)
        self._desk = Desk(
            WORDS,
            self._settings,
            Password(password),
            said=parts.said,
            utc_now=parts.utc_now,
            prove=parts.prove,
        )
        around = Surroundings(
            address=parts.address,
            behind=parts.behind,
            data_ports={
                name: number for name, number in parts.ports.items() if name.startswith(_DATA)
            },
            name_of=parts.connection_name,
            delivered=parts.delivered,
            tls_context=parts.tls.getContext,
        )
        self._loop = Loop(parts.reactor)
        place = (parts.behind, parts.ports[FTP_PORT])
        self._server = Server(place, self._desk, around, self._loop)
        self._driver = Driver(self._loop, parts.reactor)
        self._sftp = SftpServer(parts, self._desk, lambda: self._settings, self.close_file)

    def check(self, profile: "Profile") -> None:
        """Every combination of the keys can be served."""

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet."""
        return terms(profile.account, profile.ed52.manner)

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """FTP has its control and data ports, SFTP its own; one of the two may be off."""
        settings = profile.account
        if not settings.open:
            return ()
        ftp = settings.serves_ftp or settings.plain_ftp == "refused"
        return [
            name
            for name in self._parts.ports
            if (settings.serves_sftp if name == SFTP_PORT else ftp)
        ]

    def outward(self, profile: "Profile") -> Mapping[str, Target]:  # noqa: ARG002 - of every wire
        """The collector connects, always."""
        return {}

    def install(self, exchange: "Exchange", profile: "Profile") -> None:
        """Stand in front of a fresh exchange: no files, and the count begins anew."""
        self._stand(exchange, profile, None, same_ledger=False)

    def restart(self, exchange: "Exchange", profile: "Profile", *, lost: bool) -> None:
        """Show the files that there still are; their count goes on in any case."""
        shelf = None if self._filing is None else self._filing.shelf
        if lost and shelf is not None:
            shelf.lose(exchange.now())
        self._stand(exchange, profile, shelf, same_ledger=True)

    def _stand(
        self, exchange: "Exchange", profile: "Profile", before: Shelf | None, *, same_ledger: bool
    ) -> None:
        if self._filing is not None:
            self._filing.stop()
        outlet = exchange.outlets.get(WIRE)
        if outlet is None:
            self._filing = None
            self._settings = AccountSettings()
            self._desk.install(None, same_ledger=same_ledger)
            return
        self._settings = profile.account
        self._filing = Filing(outlet, exchange, profile.account, profile.ed52.manner, before)
        standing = stand(profile.account, outlet, self._filing.shelf)
        self._desk.install(standing, same_ledger=same_ledger)

    def serve(self) -> None:
        """It listens behind all the time; the link's doors decide."""

    def reset(self) -> None:
        """End conversations; files, count and the open file stay."""
        self._desk.reset()

    def sessions(self) -> Sequence[SessionState]:
        """Return who is logged in."""
        now = self._parts.utc_now()
        return [served.state(WIRE, now) for served in self._desk.served]

    def end_session(self, name: str) -> bool:
        """End a session because the operator wants it."""
        return self._desk.end_session(name)

    def shown(self, port: str) -> str | None:
        """Return the URL by which a person knows a port."""
        scheme = {FTP_PORT: "ftp", SFTP_PORT: "sftp"}.get(port)
        if scheme is None:
            return None
        place = f"{self._parts.address()}:{self._parts.ports[port]}"
        return f"{scheme}://{self._settings.user}@{place}{self._settings.directory}"

    def change_password(self, password: str) -> None:
        """Take another password, valid from the next login on.

        Raises:
            OrderError: it cannot be one.
        """
        if not (1 <= len(password) <= PASSWORD_CHARACTERS_MAX and password.isprintable()):
            raise OrderError(
                f"the password has 1 to {PASSWORD_CHARACTERS_MAX} printable characters"
            )
        self._desk.password = Password(password)
        self._keep(password)

    def close_file(self) -> ClosedFile:
        """Close the open file now, and say which; where nothing waits there is none."""
        closed = None if self._filing is None else self._filing.close()
        if closed is None:
            return ClosedFile()
        return ClosedFile(file=closed.name, first=closed.first, last=closed.last)

    def kept_files(self) -> KeptFiles:
        """Say how many closed files there are, and how large they are together."""
        if self._filing is None:
            return KeptFiles(0, 0)
        return KeptFiles(self._filing.shelf.count, self._filing.shelf.bytes_count)

    def host_key(self) -> HostKey:
        """Say which key new SSH connections meet."""
        return HostKey(kind=KIND, fingerprint=self._sftp.key.fingerprint)

    def change_host_key(self) -> HostKey:
        """Make another key, which new connections meet from now on.

        Raises:
            OSError: it cannot be kept; the present one stays.
        """
        self._sftp.change_key()
        return self.host_key()

    def stop(self) -> None:
        """Let go of sockets and timers."""
        if self._filing is not None:
            self._filing.stop()
        self._desk.install(None)
        self._sftp.stop()
        self._driver.stop()
        self._loop.close()

    def _keep(self, password: str) -> None:
        write_whole(self._parts.folder / PASSWORD_FILE, f"{password}\n".encode())
