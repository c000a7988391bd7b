"""FTP to one exchange: one operation, then either what it brought or why it did not. Never raises.

Names that the exchange tells are sent back to it and compared, and never become a path of ours.
"""

import ftplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import SecretStr

from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, NoRest, Refused
from oxo_collector.ftp.client import Client, nothing, tls_context
from oxo_collector.ftp.trouble import NO_WORDS, LoginWords, explain, replied
from oxo_collector.secrecy import Secrets

OPERATION_SECONDS_MAX: Final = 120.0
"""Login, list and deletion are done in this time, however alive the peer looks."""

TRANSFER_SECONDS_MAX: Final = 600.0
"""So is a transfer; one that takes longer is broken off and gone on with."""

_UNKNOWN_COMMAND: Final = ("500", "501", "502", "504")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to reach one exchange.

    Attributes:
        address: host name or IP address.
        port: of the control connection.
        user: the account.
        password: its password.
        tls: whether the connection is secured (AUTH TLS) before the login.
        ca_file: PEM file of authorities; checks chain and name.
        fingerprint: SHA-256 of the certificate, 64 hexadecimal digits.
        folder: on the exchange.
        file_bytes_max: a longer file is broken off.
        connect_seconds_max: limit of a connection.
        read_seconds_max: longest silence.
    """

    address: str
    port: int
    user: str
    password: SecretStr
    tls: bool = False
    ca_file: str | None = None
    fingerprint: str | None = None
    folder: str = "/"
    file_bytes_max: int = 16 * 1024 * 1024
    connect_seconds_max: float = 10.0
    read_seconds_max: float = 30.0

    @property
    def where(self) -> str:
        """The address for reports."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"ftp://{host}:{self.port}"


Got = TypeVar("Got")


class Connection:
    """One exchange. Not for several threads at once, but for `break_off`.

    Args:
        route: the exchange.
        clock: seconds, monotonic.
        login_words: what is told of a refused login.
    """

    def __init__(
        self,
        route: Route,
        clock: Callable[[], float] = time.monotonic,
        login_words: LoginWords = NO_WORDS,
    ) -> None:
        self._route = route
        self._clock = clock
        self._login_words = login_words
        self.secrets = Secrets((route.user, route.password))
        self._client: Client | None = None
        self._end = 0.0
        self._sockets: list[socket.socket] = []
        self._sockets_lock = threading.Lock()
        self._broken_off = False

    def log_in(self) -> Refused | Failed | None:
        """Connect, secure the connection if so wanted, and log in."""
        self.hang_up()
        return self.done("login", self._log_in)

    def hang_up(self) -> None:
        """Close the connection, with a word where it lives."""
        client, self._client = self._client, None
        if client is not None:
            self._end = self._clock() + min(2.0, self._route.read_seconds_max)
            with suppress(Exception):  # it is over, whatever the peer says to that
                client.voidcmd("QUIT")
            with suppress(OSError):
                client.close()
        with self._sockets_lock:
            while self._sockets:
                self._sockets.pop().close()

    def break_off(self) -> None:
        """Let what is under way fail at once, and all that follows. From any thread."""
        self._broken_off = True
        with self._sockets_lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def done(
        self, what: str, work: Callable[[], Got], seconds_max: float = OPERATION_SECONDS_MAX
    ) -> Got | Refused | Failed:
        """Do one operation within its time; `what` names it in a failure."""
        where = f"{what} at {self._route.where}"
        if self._broken_off:
            return Failed(Failure("broken off by the stop", where, Fault.MACHINE))
        self._end = self._clock() + seconds_max
        try:
            return work()
        except (ftplib.error_perm, ftplib.error_temp) as error:
            return self._refusal(replied(error, where, self._login_words), str(error))
        except Declined as declined:
            return Refused(Failure(str(declined), where, Fault.EXCHANGE))
        except Exception as error:  # noqa: BLE001 - explain has a row for any
            failure = explain(error, where, self._route.address, self._login_words)
            said = self.secrets.scrubbed(failure.what)
            return Failed(Failure(said, where, failure.fault, alarm=failure.alarm))

    def connected(self) -> Client:
        """Return the client.

        Raises:
            EOFError: nobody is logged in.
        """
        if self._client is None:
            raise EOFError
        return self._client

    def size(self, name: str) -> int | None:
        """Return the size; None where the exchange does not tell it, or not now."""
        with unless_told(), suppress(ftplib.error_reply, ValueError):
            return self.connected().size(name)
        return None

    def receive(
        self,
        name: str,
        rest: int | None,
        take: Callable[[bytes], None],
        ended: Callable[[], None] = nothing,
    ) -> None:
        """Take the pieces of a transfer to its proper end.

        Args:
            name: of the file.
            rest: the offset at which it begins; None: the beginning.
            take: is given each piece.
            ended: called when all came, before our end of the data connection is closed.

        Raises:
            NoRest: the exchange cannot begin at an offset.
        """
        try:
            for piece in self.connected().pieces(f"RETR {name}", rest, ended):
                take(piece)
        except ftplib.error_perm as error:
            if rest is not None and str(error)[:3] in _UNKNOWN_COMMAND:
                raise NoRest from None
            raise

    def plain(self, name: str) -> str:
        """Return a listed name without the folder that some servers tell, too."""
        folder = self._route.folder.rstrip("/") + "/"
        return name.removeprefix(folder).removeprefix("./")

    def _opened(self, connection: socket.socket) -> Callable[[], None]:
        """Keep a duplicate, since TLS takes the socket over; return what lets go of it again."""
        duplicate = connection.dup()
        with self._sockets_lock:
            self._sockets.append(duplicate)
            if self._broken_off:
                with suppress(OSError):
                    duplicate.shutdown(socket.SHUT_RDWR)

        def let_go() -> None:
            with self._sockets_lock, suppress(ValueError):
                self._sockets.remove(duplicate)
            duplicate.close()

        return let_go

    def _refusal(self, failure: Failure, said: str) -> Refused | Failed:
        """A reply ended the operation; after 421, and in mid-transfer (426), so did more."""
        what = self.secrets.scrubbed(failure.what)
        scrubbed = Failure(what, failure.where, failure.fault, alarm=failure.alarm)
        return Failed(scrubbed) if said[:3] in ("421", "426") else Refused(scrubbed)

    def _left(self) -> float:
        return self._end - self._clock()

    def _log_in(self) -> None:
        route = self._route
        context = tls_context(route.ca_file if route.tls else None, route.fingerprint)
        client = Client(
            context, route.fingerprint, self._left, route.read_seconds_max, self._opened
        )
        self._client = client
        client.begin(route.address, route.port, route.connect_seconds_max)
        if route.tls:
            client.secure()
        client.login(route.user, route.password.get_secret_value(), secure=False)
        client.voidcmd("TYPE I")
        if route.folder != "/":
            client.cwd(route.folder)


class Declined(Exception):
    """An operation is not done, for the reason told; the connection lives."""


@contextmanager
def unless_told() -> Iterator[None]:
    """Do without what the exchange does not tell of one file; 421 ends the connection."""
    try:
        yield
    except (ftplib.error_perm, ftplib.error_temp) as error:
        if str(error)[:3] == "421":
            raise
