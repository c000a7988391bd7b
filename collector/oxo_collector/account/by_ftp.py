"""Account files by FTP, inside TLS where the operator wants it (facts: oxe 3.3)."""

import ftplib
import time
from collections.abc import Callable, Sequence
from typing import Final

from oxo_collector.account.messages import Entry
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Beginning, Failed, Refused, TooLong, fetch
from oxo_collector.ftp.connection import TRANSFER_SECONDS_MAX, Connection, Route
from oxo_collector.ftp.trouble import LoginWords
from oxo_collector.wording import clipped

INDEX_BYTES_MAX: Final = 1024 * 1024
"""Of an index: some forty bytes a file, and an exchange keeps about 744."""

LOGIN_WORDS: Final = LoginWords(
    "the password must be changed on both sides, and an exchange in SSH mode takes no FTP",
    alarm=True,
)


class FtpFiles(Connection):
    """One exchange. Not for several threads at once, but for `break_off`.

    Args:
        route: the exchange.
        index: name of the index file.
        clock: seconds, monotonic.
    """

    def __init__(
        self, route: Route, index: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(route, clock, LOGIN_WORDS)
        self._index = index

    def compress(self) -> Refused | Failed | None:
        """Refuse: FTP has no way to run a command."""
        what = "the file that is open cannot be closed over FTP"
        return Refused(Failure(what, f"compress at {self._route.where}", Fault.OPERATOR))

    def index(self) -> bytes | Refused | Failed | None:
        """Return the index; None where there is none."""
        return self.done(f"index {clipped(self._index)}", self._read_index)

    def names(self) -> list[str] | Refused | Failed:
        """Return the names of the folder."""
        return self.done("list", self._names)

    def measure(self, names: Sequence[str]) -> list[Entry] | Refused | Failed:
        """Return how long the files are; None where the exchange does not tell."""
        return self.done("sizes", lambda: [Entry(name, self.size(name)) for name in names])

    def fetch(self, entry: Entry, beginning: Beginning) -> bool | Refused | Failed:
        """Fetch a whole file, or the rest of it; return whether it was gone on with."""
        what = f"file {clipped(entry.name)}"
        return self.done(what, lambda: self._fetch(entry, beginning), TRANSFER_SECONDS_MAX)

    def _read_index(self) -> bytes | None:
        raw = bytearray()

        def take(piece: bytes) -> None:
            raw.extend(piece)
            if len(raw) > INDEX_BYTES_MAX:
                raise TooLong(f"the index has more than {INDEX_BYTES_MAX} bytes")

        try:
            self.receive(self._index, None, take)
        except ftplib.error_perm as error:
            if str(error)[:3] != "550":
                raise
            return None
        return bytes(raw)

    def _names(self) -> list[str]:
        try:
            return [self.plain(name) for name in self.connected().names()]
        except (ftplib.error_perm, ftplib.error_temp) as error:
            if str(error)[:3] not in ("550", "450"):  # how some servers say that there is none
                raise
            return []

    def _fetch(self, entry: Entry, beginning: Beginning) -> bool:
        limit, told = self._route.file_bytes_max, "file_bytes_max"
        if entry.size_bytes is not None and entry.size_bytes < limit:
            limit, told = entry.size_bytes, "SIZE"
        return fetch(
            entry.name,
            beginning,
            limit,
            told,
            lambda rest, take: self.receive(entry.name, rest, take),
        )
