"""One SSH connection: what the desk sees of it, and what its threads may ask.

    SSH threads --ask, tell--> crossing --> desk, shelf, ledger, transcript (the reactor's thread)

The methods of `Visit` come in two halves. Those of the first are called in the reactor's thread and
never wait. Those of the second are called by the library's threads and wait for the reactor, within
a limit. A visit that is over answers nobody.
"""

import hashlib
import posixpath
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple, TypeVar

from oxo_simulator.account.crossing import Crossing
from oxo_simulator.account.reading import Reading
from oxo_simulator.account.service import SFTP_PORT
from oxo_simulator.account.shelf import Seen, Shelf, Transfer, seen
from oxo_simulator.control.messages import ClosedFile
from oxo_simulator.ftp.desk import Closing, Desk
from oxo_simulator.ftp.files import NoSuchFile
from oxo_simulator.ftp.paths import leads_to
from oxo_simulator.wire import Sender

SHOWN_CHARACTERS_MAX = 200
"""So much of what a client names is written down."""
_RESET = struct.pack("ii", 1, 0)
"""Linger for no time: a close is a reset."""

T = TypeVar("T")


class Over(Exception):
    """The exchange has ended this connection, or is about to."""


class Entry(NamedTuple):
    """A file or folder as a client sees it.

    Attributes:
        name: without its folder.
        size: in bytes.
        mtime: seconds since 1970.
        is_folder: whether it is one.
    """

    name: str
    size: int
    mtime: float
    is_folder: bool


class _Known(NamedTuple):
    """What a path led to, for as long as nothing is changed on the shelf."""

    shelf: Shelf
    version: int
    where: str
    entry: Entry | None

    def is_valid(self, where: str) -> bool:
        """Tell whether it leads there still."""
        return where == self.where and self.shelf.version == self.version


class Terms(NamedTuple):
    """What the profile says to a visit, as of its beginning.

    Attributes:
        folder: where the files lie.
        start_folder: where a client is after its login.
        login_attempts_max: so many wrong passwords end the connection.
        login_delay_seconds: so long the answer to a wrong password takes.
        compress_over_ssh: whether `account compress` is done.
    """

    folder: str
    start_folder: str
    login_attempts_max: int
    login_delay_seconds: float
    compress_over_ssh: bool


class Opened:
    """A file that a client has opened; belongs to its thread.

    Attributes:
        name: without its folder.
        seen: its bytes and date.
        transfer: what the shelf knows of it; belongs to the reactor's thread.
        reading: which of its bytes have been read.
        answered_bytes: so much had been written to the connection when the last of them had.
    """

    def __init__(self, visit: "Visit", name: str, file: Seen, transfer: Transfer) -> None:
        self.name = name
        self.seen = file
        self.transfer = transfer
        self.reading = Reading()
        self.answered_bytes = 0
        self._visit = visit
        self._closed = False

    @property
    def entry(self) -> Entry:
        """As a listing shows it."""
        return Entry(self.name, len(self.seen.data), self.seen.mtime, is_folder=False)

    def read(self, begin: int, count_max: int) -> bytes:
        """Return at most so many bytes from the byte `begin` on; none behind the end."""
        self._visit.touch()
        data = self.seen.data[begin : begin + count_max]
        self.reading.add(begin, len(data))
        return data

    def close(self, *, in_order: bool) -> None:
        """Close it; a file that the client has not closed itself did not go over."""
        if not self._closed:
            self._closed = True
            self._visit.close(self, in_order=in_order)


class Visit:
    """See the module.

    Args:
        sock: the connection.
        connection: the link's name of it.
        peer: the collector's address.
        desk: of the wire.
        crossing: into the reactor's thread.
        terms: of the profile.
        close_file: closes the open account file.
        seconds: the real clock, for `last_seconds`.
        taken_bytes: of `Parts`.
    """

    def __init__(  # noqa: PLR0913 - what a visit is made of
        self,
        sock: socket.socket,
        connection: str,
        peer: str,
        *,
        desk: Desk,
        crossing: Crossing,
        terms: Terms,
        close_file: Callable[[], ClosedFile],
        seconds: Callable[[], float],
        taken_bytes: Callable[[str], int],
    ) -> None:
        self._taken_bytes = taken_bytes
        self.sock = sock
        self.connection = connection
        self.peer = peer
        self.terms = terms
        self.last_seconds = seconds()
        self._seconds = seconds
        self._desk = desk
        self._crossing = crossing
        self._close_file = close_file
        self._reason: Closing = "peer left"
        self._over = False
        self._known: _Known | None = None
        self.entered = False

    # In the reactor's thread.

    def end(self) -> None:
        """End the connection now, without a word; its threads end when they notice."""
        self._over = True
        with suppress(OSError):
            # Behind answers that nobody reads, an end in order would never arrive.
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def leave(self, reason: Closing) -> None:
        """End it for this reason."""
        self._reason = reason
        self.end()

    def gone(self) -> None:
        """Its threads have ended."""
        self._over = True
        self._desk.gone(self, self._reason)

    def _say(self, sender: Sender, text: str) -> None:
        shown = text[:SHOWN_CHARACTERS_MAX].encode("ascii", "backslashreplace").decode("ascii")
        plain = "".join(each if each.isprintable() else f"<0x{ord(each):02x}>" for each in shown)
        self._desk.said(self, sender, plain, SFTP_PORT)

    def _enter(self, user: str, password: str) -> bool:
        self._say("collector", f"login {user}")
        if not self._desk.knows(user, password):
            self._desk.refuse(self, "wrong credentials")
            self._say("exchange", "login refused")
            return False
        self._desk.enter(self, SFTP_PORT)
        self.entered = True
        self._say("exchange", "login accepted")
        return True

    def _shelf(self) -> Shelf:
        installed = self._desk.installed
        if installed is None or not isinstance(installed.files, Shelf):
            raise Over(self.connection)
        return installed.files

    def _listing(self, path: str) -> Mapping[str, Seen]:
        self._desk.look()
        found = self._shelf().snapshot() if path == self.terms.folder else {}
        self._say("collector", f"list {path}")
        return found

    def _found(self, where: str) -> tuple[str, Seen | None]:
        folder, name = posixpath.split(where)
        if folder != self.terms.folder:
            return name, None
        try:
            return name, seen(self._shelf().file(name))
        except NoSuchFile:
            return name, None

    def _entry(self, where: str) -> "_Known":
        shelf = self._shelf()
        version = shelf.version
        name, file = self._found(where)
        if file is None:
            return _Known(shelf, version, where, None)
        entry = Entry(name, len(file.data), file.mtime, is_folder=False)
        return _Known(shelf, version, where, entry)

    def _open(self, where: str) -> Opened | None:
        name, file = self._found(where)
        if file is None:
            self._missing(f"open {where}")
            return None
        # That is written down before a byte leaves: a fault armed at it strikes this transfer.
        return Opened(self, name, file, self._shelf().begin(name, self._desk.visitor(self)))

    def _missing(self, asked: str) -> None:
        self._say("collector", asked)
        self._say("exchange", "there is none")

    def _closed(
        self, opened: Opened, span: tuple[int, int], digest: str, *, in_order: bool
    ) -> None:
        # A client that gives up closes the file as well, while a cut link keeps the answers back.
        whole = in_order and self._taken_bytes(self.connection) >= opened.answered_bytes
        # Where it began is known now: who goes on with a file opens it at its beginning, too.
        opened.transfer.begin_bytes, count = span
        opened.transfer.end(count, in_order=whole)
        how = "complete" if whole else "broken off"
        self._say(
            "exchange",
            f"{opened.name}: {count} bytes from {span[0]} of {len(opened.seen.data)}, "
            f"SHA-256 {digest}, {how}",
        )

    def _compress(self) -> str:
        self._say("collector", "exec account compress")
        closed = self._close_file()
        text = "no open file" if closed.file is None else f"{closed.file} closed"
        self._say("exchange", text)
        return text

    def _refuse(self, what: str) -> None:
        self._say("collector", what)
        if not self._desk.refuse(self, "not allowed", what[:SHOWN_CHARACTERS_MAX]):
            self._say("exchange", "too much was refused; goodbye")
            self.end()

    # In the library's threads.

    def touch(self) -> None:
        """The client has said something."""
        self.last_seconds = self._seconds()

    def ask(self, what: Callable[[], T]) -> T:
        """Do something in the reactor's thread, unless the visit is over.

        Raises:
            Over, Unanswered: it was not done.
        """
        self.touch()

        def living() -> T:
            if self._over:
                raise Over(self.connection)
            return what()

        return self._crossing.ask(living)

    def enter(self, user: str, password: str) -> bool:
        """Tell whether these are the account's; the session is open then."""
        return self.ask(lambda: self._enter(user, password))

    def absolute(self, path: str) -> str:
        """Return a path from the root, without `.` and `..`; nothing leads above the root."""
        joined = posixpath.join(self.terms.start_folder, path)
        return posixpath.normpath(f"/{joined.lstrip('/')}")

    def list(self, path: str) -> "list[Entry] | None":
        """Return what is in a folder; `None` where there is no such folder."""
        where = self.absolute(path)
        if not leads_to(where, self.terms.folder):
            self.ask(lambda: self._missing(f"list {where}"))
            return None
        found = self.ask(lambda: self._listing(where))
        if where == self.terms.folder:
            return [
                Entry(name, len(file.data), file.mtime, is_folder=False)
                for name, file in found.items()
            ]
        below = self.terms.folder[len(where.rstrip("/")) + 1 :].split("/", maxsplit=1)[0]
        return [Entry(below, 0, 0, is_folder=True)]

    def entry(self, path: str) -> Entry | None:
        """Return what a path leads to; `None` where there is nothing."""
        where = self.absolute(path)
        if leads_to(where, self.terms.folder):
            return Entry(posixpath.basename(where), 0, 0, is_folder=True)
        # Clients ask two or three times for what they are about to open.
        known = self._known
        if known is not None and known.is_valid(where) and not self._over:
            self.touch()
            return known.entry
        self._known = self.ask(lambda: self._entry(where))
        return self._known.entry

    def open(self, path: str) -> Opened | None:
        """Open a file; `None` where there is none."""
        where = self.absolute(path)
        return self.ask(lambda: self._open(where))

    def close(self, opened: Opened, *, in_order: bool) -> None:
        """A file is closed, by the client or because its connection ended."""
        begin, count = opened.reading.span
        whole = in_order and begin + count == len(opened.seen.data)
        digest = hashlib.sha256(memoryview(opened.seen.data)[begin : begin + count]).hexdigest()

        def settle() -> None:
            self._closed(opened, (begin, count), digest, in_order=whole)

        if in_order:
            self.ask(settle)
        else:
            self._crossing.tell(settle)

    def compress(self) -> str:
        """Close the open account file, and say which."""
        return self.ask(self._compress)

    def refuse(self, what: str) -> None:
        """Write down that a client asked for something that it may not have."""
        self.ask(lambda: self._refuse(what))
