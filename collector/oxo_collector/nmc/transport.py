"""The ticket files of the network manager, by FTP.

A file comes into memory, and from there into the store. What came before a cut stays here, so that
the transfer can be gone on with; what came whole stays until the store has it (`landed`).
"""

import ftplib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from oxo_collector.fetching import OVERLAP_BYTES, Failed, InMemory, NoPlace, Refused, fetch
from oxo_collector.ftp.client import Client
from oxo_collector.ftp.connection import (
    TRANSFER_SECONDS_MAX,
    Connection,
    Declined,
    unless_told,
)
from oxo_collector.ftp.connection import Route as FtpRoute
from oxo_collector.ftp.trouble import LoginWords
from oxo_collector.nmc.landed import Landed, Whole
from oxo_collector.nmc.messages import Entry
from oxo_collector.wording import clipped

__all__ = ["OVERLAP_BYTES", "Route", "Transport"]

FILES_COUNT_MAX: Final = 1000
"""So many files of the pattern are looked at in one round, the last by name: the newest of an
exchange that counts. The others wait until these are deleted."""

LOGIN_WORDS: Final = LoginWords(
    "a new NMC password is valid after a warm reset of the exchange only"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(FtpRoute):
    """How to reach one exchange, and what is looked for there.

    Attributes:
        pattern: of the names, `*` and `?`; upper and lower case are alike.
    """

    pattern: str = "*.ALZ"


@dataclass(slots=True)
class _Partial:
    """The beginning of a file."""

    size_bytes: int | None
    data: InMemory = field(default_factory=lambda: InMemory(bytearray()))


class Transport(Connection):
    """One exchange. Not for several threads at once, but for `break_off`.

    Args:
        route: the exchange.
        clock: seconds, monotonic.

    Attributes:
        landed: holds what came whole until the store has it.
    """

    def __init__(self, route: Route, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(route, clock, LOGIN_WORDS)
        self.landed = Landed()
        self._pattern = route.pattern.lower()
        self._partials: dict[str, _Partial] = {}
        self._names: frozenset[str] | None = None

    def list_files(self) -> tuple[list[Entry], int] | Refused | Failed:
        """Return the files of the pattern in the order of their names, and how many are not."""
        return self.done("list", self._list)

    def fetch(self, entry: Entry) -> tuple[bytes, bool] | Refused | Failed:
        """Return a whole file, and whether it was gone on with."""
        if entry.here and self.landed.whole is not None:
            return self.landed.whole.raw, False
        what = f"file {clipped(entry.name)}"
        return self.done(what, lambda: self._fetch(entry), TRANSFER_SECONDS_MAX)

    def delete(self, entry: Entry) -> bool | Refused | Failed:
        """Delete a file, unless it grew since; one that is not there is as good as deleted.

        True: the exchange says that there is none of the name any more.
        """
        return self.done(f"deletion of {clipped(entry.name)}", lambda: self._delete(entry))

    def lists(self, name: str) -> bool | None:
        """Tell whether the last list had a name; None: the exchange gave no list."""
        return None if self._names is None else name in self._names

    def let_go(self, name: str) -> None:
        """A file that came whole is stored, or not wanted: hold it no longer."""
        self.landed.let_go(name)

    def _list(self) -> tuple[list[Entry], int]:
        client = self.connected()
        self._names = None
        try:
            told = client.names()
            self._names = frozenset(self.plain(name) for name in told)
        except (ftplib.error_perm, ftplib.error_temp) as error:
            if str(error)[:3] not in ("550", "450"):  # how some servers say that there is none
                raise
        names = sorted(self._names or ())
        ours = [name for name in names if self._is_ours(name)]
        entries = [self._entry(client, name) for name in ours[-FILES_COUNT_MAX:]]
        present = {entry.name for entry in entries}
        self._partials = {k: v for k, v in self._partials.items() if k in present}
        return [*self._held(entries), *entries], len(names) - len(ours)

    def _held(self, entries: list[Entry]) -> list[Entry]:
        """Return the file that is held, where the exchange does not list it as it was."""
        whole = self.landed.whole
        if whole is None:
            return []
        for entry in entries:
            same = whole.name, len(whole.raw), whole.modified
            if (entry.name, entry.size_bytes, entry.modified) == same and whole.modified:
                self.landed.let_go(whole.name)
                return []
        return [Entry(whole.name, len(whole.raw), whole.modified, here=True)]

    def _is_ours(self, name: str) -> bool:
        """Tell whether a name is of the pattern, and a plain name of this folder."""
        if "/" in name or "\\" in name or name in (".", "..") or not name.isprintable():
            return False
        return fnmatchcase(name.lower(), self._pattern)

    def _entry(self, client: Client, name: str) -> Entry:
        modified: str | None = None
        with unless_told():
            modified = client.sendcmd(f"MDTM {name}")[4:].strip() or None
        return Entry(name, self.size(name), modified)

    def _fetch(self, entry: Entry) -> tuple[bytes, bool]:
        partial = self._partials.get(entry.name)
        if partial is None or entry.size_bytes is None or partial.size_bytes != entry.size_bytes:
            partial = self._partials[entry.name] = _Partial(entry.size_bytes)
        limit, told = self._route.file_bytes_max, "file_bytes_max"
        if entry.size_bytes is not None and entry.size_bytes < limit:
            limit, told = entry.size_bytes, "SIZE"

        def ended() -> None:
            if entry.size_bytes == partial.data.length_bytes:
                self.landed.hold(Whole(entry.name, entry.modified, bytes(partial.data.data)))

        resumed = fetch(
            entry.name,
            partial.data,
            limit,
            told,
            lambda rest, take: self.receive(entry.name, rest, take, ended),
        )
        del self._partials[entry.name]
        raw = bytes(partial.data.data)
        if entry.size_bytes is None:  # before the exchange said so, nobody knew that it is whole
            with suppress(NoPlace):  # it is said already, and the store tells what is wrong
                self.landed.hold(Whole(entry.name, entry.modified, raw))
        return raw, resumed

    def _delete(self, entry: Entry) -> bool:
        client = self.connected()
        now = None if entry.size_bytes is None else self.size(entry.name)
        if now is not None and now != entry.size_bytes:
            raise Declined(f"it had {entry.size_bytes} bytes and has {now} now; not deleted")
        # Who never told a size may refuse it in the words of one whose file is not there.
        tells = entry.size_bytes is not None
        try:
            client.delete(entry.name)
        except ftplib.error_perm as error:
            if str(error)[:3] != "550" or not tells or self._is_there(client, entry.name):
                raise
            return True
        if not tells:
            return False
        try:
            return not self._is_there(client, entry.name)
        except (ftplib.Error, EOFError, OSError):  # it is deleted, whatever is wrong now
            return False

    @staticmethod
    def _is_there(client: Client, name: str) -> bool:
        try:
            client.sendcmd(f"SIZE {name}")
        except ftplib.error_perm as error:
            return str(error)[:3] != "550"
        return True
