"""Listens for SSH behind the link, and lets the library's threads speak with whoever comes.

    reactor's thread: accept, admit, limits, end          library's threads: SSH, SFTP (`ssh`)

A connection ends when the desk says so (reset, operator, no room), when nobody has logged in for a
while, or when a client is silent for too long: its socket is shut, and its threads find that out
by themselves. The reactor never waits for a thread.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from oxo_simulator.account.crossing import Crossing
from oxo_simulator.account.host_key import HostKeyPair, kept_or_new, make
from oxo_simulator.account.service import SFTP_PORT
from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.visit import Terms, Visit
from oxo_simulator.control.messages import ClosedFile
from oxo_simulator.ftp.desk import Desk
from oxo_simulator.wire import Parts

if TYPE_CHECKING:
    from pathlib import Path

    from twisted.internet.interfaces import IDelayedCall

HOST_KEY_FILE = "sftp_host_key"
LOGIN_SECONDS_MAX = 60
"""A connection that has not logged in by then ends."""
BACKLOG = 100
ACCEPTS_AT_ONCE = 32

_log = structlog.get_logger()


def visit_terms(settings: AccountSettings) -> Terms:
    """Return what a profile says to a visit."""
    return Terms(
        settings.directory,
        settings.start_directory,
        settings.login_attempts_max,
        settings.login_delay_seconds,
        settings.compress_over_ssh,
    )


@implementer(IReadDescriptor)
class SftpServer:
    """See the module.

    Args:
        parts: of the wire.
        desk: of the wire.
        settings: of the profile that is installed; asked at each connection.
        close_file: closes the open account file.

    Attributes:
        key: that new connections are shown.

    Raises:
        HostKeyUnusable: the state folder holds none that can be shown.
        OSError: it cannot listen, or keep its key.
    """

    def __init__(
        self,
        parts: Parts,
        desk: Desk,
        settings: Callable[[], AccountSettings],
        close_file: Callable[[], ClosedFile],
    ) -> None:
        self._parts = parts
        self._reactor: Any = parts.reactor
        self._desk = desk
        self._settings = settings
        self._close_file = close_file
        self._crossing = Crossing(parts.reactor)
        self._visits: dict[Visit, list[IDelayedCall]] = {}
        self._file: Path = parts.folder / HOST_KEY_FILE
        self.key: HostKeyPair = kept_or_new(self._file)
        self._listening = listen(parts.behind, parts.ports[SFTP_PORT])
        self._reactor.addReader(self)

    @property
    def visits_count(self) -> int:
        """Connections whose threads have not ended."""
        return len(self._visits)

    def change_key(self) -> HostKeyPair:
        """Make another host key, which new connections are shown.

        Raises:
            OSError: it cannot be kept; the present one stays.
        """
        self.key = make(self._file)
        return self.key

    def stop(self) -> None:
        """Listen no more, and end every connection; its threads end by themselves."""
        self._reactor.removeReader(self)
        self._listening.close()
        for visit in tuple(self._visits):
            visit.end()

    # What the reactor asks.

    def fileno(self) -> int:
        """Return the descriptor of the socket that listens."""
        return self._listening.fileno()

    def logPrefix(self) -> str:  # noqa: N802 - Twisted's interface
        """Name this in the reactor's log."""
        return "sftp"

    def doRead(self) -> None:  # noqa: N802 - Twisted's interface
        """Somebody connects."""
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                sock, peer = self._listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                # Of a connection that is gone again, or for want of descriptors.
                _log.warning("sftp.not_accepted", why=str(error))
                return
            try:
                self._take(sock, peer)
            except Exception:  # noqa: BLE001 - whatever it is
                # Raised further, the reactor would forget the socket that listens.
                _log.exception("sftp.not_taken")
                sock.close()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's interface
        """Nothing is lost with it: the socket is closed elsewhere."""

    # Inside.

    def _take(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        connection, address = self._parts.connection_name(peer, sock.getsockname())
        visit = Visit(
            sock,
            connection,
            address,
            desk=self._desk,
            crossing=self._crossing,
            terms=visit_terms(self._settings()),
            close_file=self._close_file,
            seconds=self._reactor.seconds,
            taken_bytes=self._parts.taken_bytes,
        )
        if not self._desk.admit(visit):
            sock.close()
            return
        later = self._reactor.callLater(LOGIN_SECONDS_MAX, self._not_logged_in, visit)
        self._visits[visit] = [later]
        try:
            self._speak(visit)
        except BaseException:
            self._gone(visit)
            raise
        self._watch(visit)

    def _speak(self, visit: Visit) -> None:
        # It takes a quarter of a second to import, which an exchange without visitors does not pay.
        from oxo_simulator.account import ssh  # noqa: PLC0415

        visit.sock.setblocking(True)
        visit.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        crossing = self._crossing
        ssh.speak(visit, self.key.private, lambda: crossing.tell(lambda: self._gone(visit)))

    def _gone(self, visit: Visit) -> None:
        for later in self._visits.pop(visit, ()):
            if later.active():
                later.cancel()
        visit.gone()

    def _not_logged_in(self, visit: Visit) -> None:
        if visit in self._visits and not visit.entered:
            visit.end()

    def _watch(self, visit: Visit) -> None:
        """End a visit whose client is silent for too long."""
        if visit not in self._visits:
            return
        limit = self._settings().idle_seconds
        left = visit.last_seconds + limit - self._reactor.seconds()
        if left <= 0:
            visit.leave("idle")
        else:
            later = self._reactor.callLater(left, self._watch, visit)
            self._visits[visit] = [each for each in self._visits[visit] if each.active()] + [later]


def listen(address: str, number: int) -> socket.socket:
    """Return a socket that listens beside the one that holds the number."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address, number))
        found.listen(BACKLOG)
        found.setblocking(False)
    except OSError:
        with suppress(OSError):
            found.close()
        raise
    return found
