"""The ledger: the append-only file of truth about every ticket.

One line per event, NDJSON, as docs/bundle.md says: `n`, `at` (UTC), `exchange_time` (local),
`event` and the event's own keys. Every line is handed to the operating system before anything that
follows from it happens, so that a killed process leaves a true ledger. A line that the disk does
not take whole is taken away again and ends the ledger: nothing true could follow it. The newest
lines are kept in memory too; older ones are read back from the file.
"""

import contextlib
import errno
import itertools
import os
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from oxo_tickets import Ticket, to_json
from twisted.internet.defer import Deferred

from oxo_simulator.control.messages import LedgerLine

RECENT_LINES_MAX = 50_000

_COMMON = ("n", "at", "exchange_time", "event")
_encoder = msgspec.json.Encoder()


class LedgerBroken(Exception):
    """A line could not be written whole (a full disk, say): the bench cannot go on; says where."""


class Ledger:
    """One installation's ledger.

    Args:
        file: where it is kept; must not exist.
        utc_now: real time, for `at`.
        exchange_now: wall clock of the exchange, for `exchange_time`.
        broken: told once when a line cannot be written; the exchange is to be ended then.
    """

    def __init__(
        self,
        file: Path,
        utc_now: Callable[[], datetime],
        exchange_now: Callable[[], datetime],
        broken: Callable[[LedgerBroken], None] = lambda _error: None,
    ) -> None:
        self.file = file
        self._utc_now = utc_now
        self._exchange_now = exchange_now
        self._sink = file.open("xb", buffering=0)
        self._bytes = 0
        self._tell_broken = broken
        self._broken: LedgerBroken | None = None
        self._recent: deque[LedgerLine] = deque(maxlen=RECENT_LINES_MAX)
        self._watchers: list[Callable[[LedgerLine], None]] = []
        self._waiting: list[Deferred[None]] = []
        self.last = 0

    def append(self, event: str, detail: Mapping[str, Any]) -> None:
        """Write one line, then tell the watchers, in this instant.

        Raises:
            LedgerBroken: this line, or one before it, could not be written; nobody was told of it.
        """
        line = LedgerLine(
            n=self.last + 1,
            at=utc_text(self._utc_now()),
            exchange_time=self._exchange_now().isoformat(timespec="seconds"),
            event=event,
            detail={key: _plain(value) for key, value in detail.items()},
        )
        self._write(_flat(line))
        self.last = line.n
        self._recent.append(line)
        for watcher in tuple(self._watchers):
            watcher(line)
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            deferred.callback(None)

    def watch(self, watcher: Callable[[LedgerLine], None]) -> None:
        """Call `watcher` with every line from now on, before `append` returns."""
        self._watchers.append(watcher)

    def since(self, n: int, lines_max: int) -> list[LedgerLine]:
        """Return the lines after number `n`, the oldest first, at most `lines_max`."""
        if self._recent and n + 1 < self._recent[0].n:
            return self._from_file(n, lines_max)
        start = max(0, n + 1 - self._recent[0].n) if self._recent else 0
        return list(itertools.islice(self._recent, start, start + lines_max))

    def next_line(self) -> "Deferred[None]":
        """Return what fires at the next line; cancelling it is harmless."""
        deferred: Deferred[None] = Deferred(self._forget)
        self._waiting.append(deferred)
        return deferred

    def close(self) -> None:
        """Close the file and let everybody who waits go."""
        self._sink.close()
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            deferred.callback(None)

    def _write(self, line: bytes) -> None:
        """Hand a whole line to the operating system at once, or end the ledger before it."""
        if self._broken is not None:
            raise self._broken
        try:
            taken = self._sink.write(line)
        except OSError as error:
            raise self._break(str(error.strerror)) from error
        if taken != len(line):
            raise self._break(os.strerror(errno.ENOSPC))
        self._bytes += taken

    def _break(self, why: str) -> LedgerBroken:
        """Take away what there is of a line, and tell that this was the end."""
        with contextlib.suppress(OSError):
            self._sink.truncate(self._bytes)
        self._broken = LedgerBroken(f"{self.file}: {why}; the ledger ends with line {self.last}")
        self._tell_broken(self._broken)
        return self._broken

    def _forget(self, deferred: "Deferred[None]") -> None:
        self._waiting.remove(deferred)
        deferred.callback(None)

    def _from_file(self, n: int, lines_max: int) -> list[LedgerLine]:
        with self.file.open("rb") as lines:
            return [read_line(line) for line in itertools.islice(lines, n, n + lines_max)]


def read_line(line: bytes) -> LedgerLine:
    """Read one line of a ledger file."""
    flat = msgspec.json.decode(line, type=dict[str, Any])
    common = {key: flat.pop(key) for key in _COMMON}
    return LedgerLine(detail=flat, **common)


def utc_text(instant: datetime) -> str:
    """Write a UTC instant as the bundle does: milliseconds and `Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _flat(line: LedgerLine) -> bytes:
    common = {key: getattr(line, key) for key in _COMMON}
    return _encoder.encode(common | line.detail) + b"\n"


def _plain(value: Any) -> Any:
    """Tickets keep their canonical spelling inside a line."""
    return msgspec.Raw(to_json(value)) if isinstance(value, Ticket) else value
