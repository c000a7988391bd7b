"""FTP to the exchange: one operation, then either what it brought or why it did not. Never raises.

Names that the exchange tells are sent back to it and compared, and never become a path of ours: a
file comes into memory, and from there into the store. What came before a cut stays here, so that
the transfer can be gone on with; whether the rest belongs to it is told by a stretch that is
fetched twice.
"""

import ftplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, TypeVar

from pydantic import SecretStr

from oxo_collector.failure import Failure, Fault
from oxo_collector.nmc.ftp import Client, TooLong, tls_context
from oxo_collector.nmc.messages import Entry, Failed, Refused
from oxo_collector.nmc.trouble import explain, replied
from oxo_collector.secrecy import Secrets
from oxo_collector.wording import clipped

OPERATION_SECONDS_MAX: Final = 120.0
"""Login, list and deletion are done in this time, however alive the peer looks."""

TRANSFER_SECONDS_MAX: Final = 600.0
"""So is a transfer; one that takes longer is broken off and gone on with."""

OVERLAP_BYTES: Final = 1024
"""So much of what came before a cut is fetched again, and must be the same."""

FILES_COUNT_MAX: Final = 1000
"""So many files of the pattern are looked at in one round, the last by name: the newest of an
exchange that counts. The others wait until these are deleted."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach one exchange, and what is looked for there.

    Attributes:
        address: host name or IP address.
        port: of the control connection.
        user: the account.
        password: its password.
        tls: whether the connection is secured (AUTH TLS) before the login.
        ca_file: PEM file of authorities; checks chain and name.
        fingerprint: SHA-256 of the certificate, 64 hexadecimal digits.
        folder: on the exchange.
        pattern: of the names, `*` and `?`; upper and lower case are alike.
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
    pattern: str = "*.ALZ"
    file_bytes_max: int = 16 * 1024 * 1024
    connect_seconds_max: float = 10.0
    read_seconds_max: float = 30.0

    @property
    def where(self) -> str:
        """The address for reports."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"ftp://{host}:{self.port}"


@dataclass(slots=True)
class _Partial:
    """The beginning of a file."""

    size_bytes: int | None
    data: bytearray = field(default_factory=bytearray)


_Got = TypeVar("_Got")


class Transport:
    """One exchange. Not for several threads at once, but for `break_off`.

    Args:
        route: the exchange.
        clock: seconds, monotonic.
    """

    def __init__(self, route: Route, clock: Callable[[], float] = time.monotonic) -> None:
        self._route = route
        self._clock = clock
        self.secrets = Secrets((route.user, route.password))
        self._client: Client | None = None
        self._partials: dict[str, _Partial] = {}
        self._end = 0.0
        self._sockets: list[socket.socket] = []
        self._sockets_lock = threading.Lock()
        self._broken_off = False

    def log_in(self) -> Refused | Failed | None:
        """Connect, secure the connection if so wanted, and log in."""
        self.hang_up()
        return self._done("login", self._log_in)

    def list_files(self) -> tuple[list[Entry], int] | Refused | Failed:
        """Return the files of the pattern in the order of their names, and how many are not."""
        return self._done("list", self._list)

    def fetch(self, entry: Entry) -> tuple[bytes, bool] | Refused | Failed:
        """Return a whole file, and whether it was gone on with."""
        what = f"file {clipped(entry.name)}"
        return self._done(what, lambda: self._fetch(entry), TRANSFER_SECONDS_MAX)

    def delete(self, entry: Entry) -> Refused | Failed | None:
        """Delete a file, unless it grew since; one that is not there is as good as deleted."""
        return self._done(f"deletion of {clipped(entry.name)}", lambda: self._delete(entry))

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

    def _done(
        self, what: str, work: Callable[[], _Got], seconds_max: float = OPERATION_SECONDS_MAX
    ) -> _Got | Refused | Failed:
        where = f"{what} at {self._route.where}"
        if self._broken_off:
            return Failed(Failure("broken off by the stop", where, Fault.MACHINE))
        self._end = self._clock() + seconds_max
        try:
            return work()
        except (ftplib.error_perm, ftplib.error_temp) as error:
            return self._refusal(replied(error, where), str(error))
        except _Grown as grown:
            return Refused(Failure(str(grown), where, Fault.EXCHANGE))
        except _Unfit as unfit:
            return Failed(Failure(self.secrets.scrubbed(str(unfit)), where, Fault.EXCHANGE))
        except Exception as error:  # noqa: BLE001 - explain has a row for any
            failure = explain(error, where, self._route.address)
            what = self.secrets.scrubbed(failure.what)
            return Failed(Failure(what, where, failure.fault, alarm=failure.alarm))

    def _refusal(self, failure: Failure, said: str) -> Refused | Failed:
        """A reply ended the operation; after 421, and in mid-transfer (426), so did more."""
        scrubbed = Failure(self.secrets.scrubbed(failure.what), failure.where, failure.fault)
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

    def _connected(self) -> Client:
        if self._client is None:
            raise EOFError
        return self._client

    def _list(self) -> tuple[list[Entry], int]:
        client = self._connected()
        try:
            told = client.names()
        except (ftplib.error_perm, ftplib.error_temp) as error:
            if str(error)[:3] not in ("550", "450"):  # how some servers say that there is none
                raise
            told = []
        names = sorted({self._plain(name) for name in told})
        ours = [name for name in names if self._is_ours(name)]
        entries = [self._entry(client, name) for name in ours[-FILES_COUNT_MAX:]]
        present = {entry.name for entry in entries}
        self._partials = {k: v for k, v in self._partials.items() if k in present}
        return entries, len(names) - len(ours)

    def _plain(self, name: str) -> str:
        """Some servers tell the folder, too."""
        folder = self._route.folder.rstrip("/") + "/"
        return name.removeprefix(folder).removeprefix("./")

    def _is_ours(self, name: str) -> bool:
        """Tell whether a name is of the pattern, and a plain name of this folder."""
        if "/" in name or "\\" in name or name in (".", "..") or not name.isprintable():
            return False
        return fnmatchcase(name.lower(), self._route.pattern.lower())

    def _entry(self, client: Client, name: str) -> Entry:
        modified: str | None = None
        with _unless_told():
            modified = client.sendcmd(f"MDTM {name}")[4:].strip() or None
        return Entry(name, self._size(client, name), modified)

    @staticmethod
    def _size(client: Client, name: str) -> int | None:
        """Return the size; None where the exchange does not tell it, or not now."""
        with _unless_told(), suppress(ftplib.error_reply, ValueError):
            return client.size(name)
        return None

    def _fetch(self, entry: Entry) -> tuple[bytes, bool]:
        partial = self._partials.get(entry.name)
        if partial is not None and self._goes_on(partial, entry):
            try:
                return self._rest(entry, partial), True
            except ftplib.error_perm as error:
                if str(error)[:3] not in ("500", "501", "502", "504"):  # REST is not known there
                    raise
        partial = self._partials[entry.name] = _Partial(entry.size_bytes)
        self._receive(entry, partial, None)
        del self._partials[entry.name]
        return bytes(partial.data), False

    @staticmethod
    def _goes_on(partial: _Partial, entry: Entry) -> bool:
        same = entry.size_bytes is not None and partial.size_bytes == entry.size_bytes
        return same and len(partial.data) > OVERLAP_BYTES

    def _rest(self, entry: Entry, partial: _Partial) -> bytes:
        """Fetch the rest, a stretch of the beginning with it."""
        begin = len(partial.data) - OVERLAP_BYTES
        again = _Partial(entry.size_bytes)
        try:
            self._receive(entry, again, begin)
        finally:
            stretch = bytes(partial.data[begin : begin + len(again.data)])
            fits = bytes(again.data[: len(stretch)]) == stretch
            if not fits:
                self._partials.pop(entry.name, None)
            elif len(again.data) > OVERLAP_BYTES:
                partial.data[begin:] = again.data
        if not fits:
            raise _Unfit(
                f"the rest of file {clipped(entry.name)} does not belong to its beginning; the"
                " file is fetched anew"
            )
        return bytes(self._partials.pop(entry.name).data)

    def _receive(self, entry: Entry, partial: _Partial, rest: int | None) -> None:
        """Take the pieces of a transfer into memory, to its proper end."""
        limit, told = self._route.file_bytes_max, "file_bytes_max"
        if entry.size_bytes is not None and entry.size_bytes < limit:
            limit, told = entry.size_bytes, "SIZE"
        for piece in self._connected().pieces(f"RETR {entry.name}", rest):
            partial.data += piece
            if len(partial.data) + (rest or 0) > limit:
                self._partials.pop(entry.name, None)
                raise TooLong(f"the file is longer than the {limit} bytes of {told}")

    def _delete(self, entry: Entry) -> None:
        client = self._connected()
        now = None if entry.size_bytes is None else self._size(client, entry.name)
        if now is not None and now != entry.size_bytes:
            raise _Grown(f"it had {entry.size_bytes} bytes and has {now} now; not deleted")
        try:
            client.delete(entry.name)
        except ftplib.error_perm as error:
            if str(error)[:3] != "550" or self._is_there(client, entry.name):
                raise

    @staticmethod
    def _is_there(client: Client, name: str) -> bool:
        try:
            client.sendcmd(f"SIZE {name}")
        except ftplib.error_perm as error:
            return str(error)[:3] != "550"
        return True


@contextmanager
def _unless_told() -> Iterator[None]:
    """Do without what the exchange does not tell of one file; 421 ends the connection."""
    try:
        yield
    except (ftplib.error_perm, ftplib.error_temp) as error:
        if str(error)[:3] == "421":
            raise


class _Grown(Exception):
    """The file is not the one that is kept: tickets came to it since."""


class _Unfit(Exception):
    """What came after a cut is not the rest of what came before it."""
