"""Account files by SFTP, and `account compress` over the same SSH (facts: oxe 3.3, 3.4).

The one place that knows paramiko. Its own thread reads the socket; everything else happens in the
calling thread. What is ours: the key of the exchange is compared before the password is sent, every
operation has a limit in all and every wait one of its own (some of the library's have none, so that
a watch closes the socket), packets, names and files have greatest lengths, and a stop shuts the
socket from another thread.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

import paramiko
from paramiko.packet import Packetizer
from paramiko.ssh_exception import IncompatiblePeer

from oxo_collector.account.messages import Entry
from oxo_collector.account.route import Route
from oxo_collector.account.trouble import (
    Declined,
    KeysUnreadable,
    LoginRefused,
    NothingInCommon,
    OtherKey,
    explain,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Beginning, Failed, Refused, TooLong, TooSlow, fetch
from oxo_collector.secrecy import Secrets
from oxo_collector.wording import clipped

OPERATION_SECONDS_MAX: Final = 120.0
"""Login, list and sizes are done in this time, however alive the peer looks."""

TRANSFER_SECONDS_MAX: Final = 600.0
"""So is a transfer; one that takes longer is broken off and gone on with."""

COMPRESS: Final = "account compress"

PACKET_BYTES_MAX: Final = 256 * 1024
"""Of SSH; what the library asks for is 32 KiB at a time."""

INDEX_BYTES_MAX: Final = 1024 * 1024
NAMES_COUNT_MAX: Final = 10_000
NAME_BYTES_MAX: Final = 1024
SAID_BYTES_MAX: Final = 64 * 1024
"""Of the index, of a listing, of a name in it, and of what a command says."""

AHEAD_BYTES: Final = 1024 * 1024
"""So much of a file is asked for at a time."""

KEEPALIVE_SECONDS: Final = 15
"""A connection that is idle for so long shows that it lives; of use while files settle or store."""

HANG_UP_SECONDS_MAX: Final = 2.0

_KINDS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""Kinds of host keys, in the order in which they are asked for."""

_FAMILIES: Final = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa", "rsa-sha2-256": "rsa",
                    "rsa-sha2-512": "rsa"}  # fmt: skip

_ENDED: Final = ("connection dropped", "Socket is closed", "session not active", "Channel closed")

# What the library logs of a broken connection, with tracebacks, we say in words.
_LOG: Final = logging.getLogger("oxo_collector.ssh")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


Got = TypeVar("Got")


class SftpFiles:
    """One exchange. Not for several threads at once, but for `break_off`.

    Args:
        route: the exchange.
        clock: seconds, monotonic.
    """

    def __init__(self, route: Route, clock: Callable[[], float] = time.monotonic) -> None:
        self._route = route
        self._clock = clock
        self.secrets = Secrets((route.user, route.password))
        self._ssh: paramiko.Transport | None = None
        self._sftp: paramiko.SFTPClient | None = None
        self._end = 0.0
        self._late = False
        self._socket: socket.socket | None = None
        self._socket_lock = threading.Lock()
        self._broken_off = False

    def log_in(self) -> Refused | Failed | None:
        """Connect, compare the key of the exchange, and only then log in."""
        self.hang_up()
        return self._done("login", self._log_in)

    def compress(self) -> Refused | Failed | None:
        """Have the exchange close the file that is open."""
        return self._done(f"command `{COMPRESS}`", self._compress)

    def index(self) -> bytes | Refused | Failed | None:
        """Return the index; None where there is none."""
        return self._done(f"index {clipped(self._route.index)}", self._read_index)

    def names(self) -> list[str] | Refused | Failed:
        """Return the names of the folder."""
        return self._done(f"list {clipped(self._route.folder)}", self._names)

    def measure(self, names: Sequence[str]) -> list[Entry] | Refused | Failed:
        """Return how long the files are; None where the exchange does not tell."""
        return self._done("sizes", lambda: [Entry(name, self._size(name)) for name in names])

    def fetch(self, entry: Entry, beginning: Beginning) -> bool | Refused | Failed:
        """Fetch a whole file, or the rest of it; return whether it was gone on with."""
        what = f"file {clipped(entry.name)}"
        return self._done(what, lambda: self._fetch(entry, beginning), TRANSFER_SECONDS_MAX)

    def hang_up(self) -> None:
        """Close the connection."""
        ssh, self._ssh, self._sftp = self._ssh, None, None
        with self._watched(HANG_UP_SECONDS_MAX):
            if ssh is not None:
                with suppress(Exception):  # it is over, whatever the peer says to that
                    ssh.close()
        with self._socket_lock:
            if self._socket is not None:
                _shut(self._socket)
                self._socket.close()
                self._socket = None
        if ssh is not None and ssh.is_alive():
            ssh.join(HANG_UP_SECONDS_MAX)

    def break_off(self) -> None:
        """Let what is under way fail at once, and all that follows. From any thread."""
        self._broken_off = True
        self._cut()

    def _done(
        self, what: str, work: Callable[[], Got], seconds_max: float = OPERATION_SECONDS_MAX
    ) -> Got | Refused | Failed:
        """Do one operation within its time; `what` names it in a failure."""
        where = f"{what} at {self._route.where}"
        if self._broken_off:
            return Failed(Failure("broken off by the stop", where, Fault.MACHINE))
        self._end, self._late = self._clock() + seconds_max, False
        try:
            with self._watched(seconds_max):
                return work()
        except Declined as declined:
            return Refused(Failure(str(declined), where, Fault.EXCHANGE))
        except Exception as error:  # noqa: BLE001 - explain has a row for any
            if self._says_no(error):
                said = clipped(
                    self.secrets.scrubbed(str(getattr(error, "strerror", None) or error))
                )
                return Refused(Failure(f"refused ({said})", where, Fault.EXCHANGE))
            failure = explain(self._meant(error), where)
            said = self.secrets.scrubbed(failure.what)
            return Failed(Failure(said, where, failure.fault, alarm=failure.alarm))

    def _says_no(self, error: Exception) -> bool:
        """Tell an answer to one request, which the library makes an OSError, from a broken line."""
        if isinstance(error, FileNotFoundError | PermissionError):
            return True
        lives = self._sftp is not None and self._ssh is not None and self._ssh.is_active()
        bare = type(error) is OSError and error.errno is None
        return bare and lives and not self._late

    def _meant(self, error: Exception) -> Exception:
        """Return what an exception means: the library has many for a connection that ended."""
        if self._late:
            return TooSlow()
        ended = self._ssh is None or not self._ssh.is_active()
        if ended and any(words in str(error) for words in _ENDED):
            return EOFError()
        return error

    @contextmanager
    def _watched(self, seconds_max: float) -> Iterator[None]:
        """Close the socket after so long: not every wait of the library has an end."""

        def late() -> None:
            self._late = True
            self._cut()

        watch = threading.Timer(seconds_max, late)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _cut(self) -> None:
        with self._socket_lock:
            if self._socket is not None:
                _shut(self._socket)

    def _log_in(self) -> None:
        route = self._route
        ssh = self._known_exchange()
        try:
            ssh.auth_password(route.user, route.password.get_secret_value())
        except paramiko.AuthenticationException as error:
            raise _refusal(error) from None
        ssh.set_keepalive(KEEPALIVE_SECONDS)
        with self._watched(route.read_seconds_max):
            sftp = paramiko.SFTPClient.from_transport(ssh)
        assert sftp is not None
        channel = sftp.get_channel()
        assert channel is not None
        channel.settimeout(route.read_seconds_max)
        self._sftp = sftp

    def _known_exchange(self) -> paramiko.Transport:
        """Connect and return a transport whose peer showed the right key.

        A server has several keys and shows the one of the kind that is asked for first. So where a
        fingerprint is pinned each kind is asked for in turn, before another key is an alarm.
        """
        pinned, listed = self._route.host_key, _listed_keys(self._route)
        wanted = [_family(key.get_name()) for key in listed]
        shown: list[str] = []
        families: list[str] = []
        while True:
            try:
                ssh = self._connected(wanted, families)
            except NothingInCommon:
                if not shown:
                    raise
                break
            key = ssh.get_remote_server_key()
            if key.fingerprint == pinned or key in listed:
                return ssh
            shown.append(f"{key.fingerprint} ({key.get_name()})")
            families.append(_family(key.get_name()))
            if pinned is None:
                break
            self.hang_up()
        self.hang_up()
        expected = [*([pinned] if pinned else []), *(one.fingerprint for one in listed)]
        raise OtherKey(f"expected {' or '.join(expected)}, found {', '.join(shown)}")

    def _connected(self, first: Sequence[str], without: Sequence[str]) -> paramiko.Transport:
        """Connect and agree upon keys; no password is sent."""
        route = self._route
        kinds = [kind for kind in _KINDS if _family(kind) not in without]
        if not kinds:
            raise NothingInCommon("no kind of key is left")
        line = socket.create_connection((route.address, route.port), route.connect_seconds_max)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._socket_lock:
            self._socket = line
            if self._broken_off:
                _shut(line)
        ssh = paramiko.Transport(line, packetizer_class=_Packets)
        ssh.set_log_channel(_LOG.name)
        self._ssh = ssh
        ssh.banner_timeout = ssh.handshake_timeout = ssh.auth_timeout = route.read_seconds_max
        ssh.channel_timeout = route.read_seconds_max
        in_turn = sorted(kinds, key=lambda kind: _family(kind) not in first)
        ssh.get_security_options().key_types = tuple(in_turn)
        agreed = threading.Event()
        ssh.start_client(agreed)
        end = self._clock() + route.read_seconds_max
        while not agreed.wait(max(0.01, min(0.5, end - self._clock()))):
            if self._clock() >= end:
                raise TimeoutError
        if not ssh.is_active():
            error = ssh.get_exception()
            if isinstance(error, IncompatiblePeer):
                raise NothingInCommon(str(error))
            raise error or EOFError
        return ssh

    def _compress(self) -> None:
        assert self._ssh is not None
        channel = self._ssh.open_session(timeout=self._route.read_seconds_max)
        try:
            channel.settimeout(self._route.read_seconds_max)
            channel.set_combine_stderr(True)
            try:
                channel.exec_command(COMPRESS)
            except paramiko.SSHException as error:
                if not self._ssh.is_active():
                    raise
                if channel.exit_status < 0:
                    raise Declined(f"refused ({clipped(str(error))})") from None
                # It ran: a server may tell its end before it answers the request.
            said = b""
            while piece := channel.recv(4096):
                said += piece
                if len(said) > SAID_BYTES_MAX:
                    raise TooLong(f"the command says more than {SAID_BYTES_MAX} bytes")
            status = channel.recv_exit_status()
        finally:
            channel.close()
        if status != 0:
            words = clipped(said.decode("latin-1").strip())
            raise Declined(f"the command ended with status {status} ({words})")

    def _files(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            raise EOFError
        return self._sftp

    def _path(self, name: str) -> str:
        return f"{self._route.folder.rstrip('/')}/{name}"

    def _size(self, name: str) -> int | None:
        try:
            return self._files().stat(self._path(name)).st_size
        except OSError as error:
            if not self._says_no(error):
                raise
            return None

    def _read_index(self) -> bytes | None:
        try:
            file = self._files().open(self._path(self._route.index), "rb")
        except OSError as error:
            if not self._says_no(error):
                raise
            return None
        with file:
            raw = bytearray()
            while piece := file.read(32 * 1024):
                raw += piece
                self._in_time()
                if len(raw) > INDEX_BYTES_MAX:
                    raise TooLong(f"the index has more than {INDEX_BYTES_MAX} bytes")
        return bytes(raw)

    def _names(self) -> list[str]:
        names: list[str] = []
        for one in self._files().listdir_iter(self._route.folder, read_aheads=1):
            self._in_time()
            names.append(one.filename)
            if len(names) > NAMES_COUNT_MAX:
                raise TooLong(f"the folder has more than {NAMES_COUNT_MAX} names")
            if len(one.filename) > NAME_BYTES_MAX:
                raise TooLong(f"a name in the folder has more than {NAME_BYTES_MAX} characters")
        return names

    def _fetch(self, entry: Entry, beginning: Beginning) -> bool:
        limit, told = self._route.file_bytes_max, "file_bytes_max"
        if entry.size_bytes is not None and entry.size_bytes < limit:
            limit, told = entry.size_bytes, "SIZE"
        with self._files().open(self._path(entry.name), "rb") as file:
            # The library asks ahead in a thread of its own, which a cut leaves behind with a
            # traceback; asked for in small stretches, that needs no thread.
            file.__class__ = _AskedHere
            resumed = fetch(
                entry.name,
                beginning,
                limit,
                told,
                lambda rest, take: self._receive(file, entry.size_bytes, rest, take),
            )
            now = file.stat().st_size
        if now is not None and now != beginning.length_bytes:
            told_now = f"{beginning.length_bytes} bytes came and it has {now} now"
            raise Declined(f"the file grew while it was read: {told_now}; fetched again")
        return resumed

    def _receive(
        self,
        file: paramiko.SFTPFile,
        size_bytes: int | None,
        rest: int | None,
        take: Callable[[bytes], None],
    ) -> None:
        at = rest or 0
        file.seek(at)
        while size_bytes is None or at < size_bytes:
            ahead = AHEAD_BYTES if size_bytes is None else min(AHEAD_BYTES, size_bytes - at)
            if size_bytes is not None:
                file.prefetch(at + ahead)
            end = at + ahead
            while at < end:
                piece = file.read(min(32 * 1024, end - at))
                self._in_time()
                if not piece:
                    return
                at += len(piece)
                take(piece)

    def _in_time(self) -> None:
        if self._clock() >= self._end:
            raise TooSlow


class _Packets(Packetizer):
    """Takes no packet that is longer than the protocol needs."""

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:  # noqa: FBT001, FBT002
        """Read so many bytes."""
        if n > PACKET_BYTES_MAX:
            raise paramiko.SSHException(f"a packet of {n} bytes")
        return super().read_all(n, check_rekey)


class _AskedHere(paramiko.SFTPFile):
    """Asks ahead in the calling thread."""

    def _start_prefetch(
        self, chunks: Sequence[tuple[int, int]], max_concurrent_requests: int | None = None
    ) -> None:
        del max_concurrent_requests  # the stretch is short enough
        self._prefetching, self._prefetch_done = True, False
        self._prefetch_thread(chunks, None)  # type: ignore[attr-defined]  # not in the stubs


def _refusal(error: paramiko.AuthenticationException) -> Exception:
    """Tell a password that is refused from a connection that ended meanwhile."""
    said = str(error)
    if "timeout" in said:
        return TimeoutError()
    if "shut down" in said or "EOF" in said:
        return EOFError()
    return LoginRefused(said)


def _listed_keys(route: Route) -> list[paramiko.PKey]:
    """Return the keys that the operator's file has of this exchange."""
    if route.host_key_file is None:
        return []
    try:
        known = paramiko.HostKeys(route.host_key_file).lookup(route.known_as)
    except (OSError, UnicodeDecodeError, paramiko.SSHException) as error:
        said = getattr(error, "strerror", None) or clipped(str(error))
        raise KeysUnreadable(f"{route.host_key_file} cannot be read: {said}") from None
    keys = [] if known is None else list(known.values())
    if not keys and route.host_key is None:
        raise KeysUnreadable(f"{route.host_key_file} has no key of {route.known_as}")
    return keys


def _family(kind: str) -> str:
    """Return what kind of key goes by this name; RSA has several names for its signatures."""
    return _FAMILIES.get(kind, kind)


def _shut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
