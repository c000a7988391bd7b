"""The ledger: the append-only file of truth about every ticket.

One line per event, NDJSON, as docs/bundle.md says: `n`, `at` (UTC), `exchange_time` (local),
`event` and the event's own keys. Every line is handed to the operating system before anything that
follows from it happens, so that a killed process leaves a true ledger. A line that the disk does
not take whole is taken away again and ends the ledger: nothing true could follow it. No line stays
in memory: whoever asks for lines gets pages, read back from the file.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from oxo_tickets import Ticket, to_json
from twisted.internet.defer import Deferred

from oxo_simulator.control.messages import LedgerLine
from oxo_simulator.lines import Lines, Page

PAGE_BYTES_MAX = 4 * 1024 * 1024
"""Bytes of lines that are read at once; a page holds one line at least, however long."""

INDEX_LINES = 64
"""A place in the file is remembered for every so-many-th line: a million tickets need 400 kB."""

_encoder = msgspec.json.Encoder()
_EVENT = b'"event":"'


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
        self._lines = Lines(file.open("xb+", buffering=0), INDEX_LINES)
        self._tell_broken = broken
        self._broken: LedgerBroken | None = None
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
        self._write(_written(line))
        self.last = line.n
        for watcher in tuple(self._watchers):
            watcher(line)
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            deferred.callback(None)

    def watch(self, watcher: Callable[[LedgerLine], None]) -> None:
        """Call `watcher` with every line from now on, before `append` returns."""
        self._watchers.append(watcher)

    def page(self, n: int, lines_max: int) -> Page:
        """Return the lines after number `n`, the oldest first, at most `lines_max`.

        A page holds no more than `PAGE_BYTES_MAX`, so that reading it keeps nobody waiting.
        """
        lines = self._lines.page(n, lines_max, PAGE_BYTES_MAX)
        last = n + len(lines)
        more = bool(lines) and last < self.last
        return Page([msgspec.Raw(_nested(line)) for line in lines], last, more)

    def since(self, n: int, lines_max: int) -> list[LedgerLine]:
        """Return the lines of a page as messages."""
        return [read_line(line) for line in self._lines.page(n, lines_max, PAGE_BYTES_MAX)]

    def next_line(self) -> "Deferred[None]":
        """Return what fires at the next line; cancelling it is harmless."""
        deferred: Deferred[None] = Deferred(self._forget)
        self._waiting.append(deferred)
        return deferred

    def close(self) -> None:
        """Let everybody who waits go, then close the file."""
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            deferred.callback(None)
        self._lines.close()

    def _write(self, line: bytes) -> None:
        """Hand a whole line to the operating system at once, or end the ledger before it."""
        if self._broken is not None:
            raise self._broken
        try:
            self._lines.append(line)
        except OSError as error:
            raise self._break(str(error.strerror)) from error

    def _break(self, why: str) -> LedgerBroken:
        """Tell that this was the end."""
        self._broken = LedgerBroken(f"{self.file}: {why}; the ledger ends with line {self.last}")
        self._tell_broken(self._broken)
        return self._broken

    def _forget(self, deferred: "Deferred[None]") -> None:
        self._waiting.remove(deferred)
        deferred.callback(None)


def utc_text(instant: datetime) -> str:
    """Write a UTC instant as the bundle does: milliseconds and `Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def read_line(line: bytes) -> LedgerLine:
    """Read one line of a ledger file."""
    return msgspec.json.decode(_nested(line), type=LedgerLine)


def _written(line: LedgerLine) -> bytes:
    """Write the common keys, then the event's own beside them."""
    own = _encoder.encode(line.detail)
    common = f'{{"n":{line.n},"at":"{line.at}","exchange_time":"{line.exchange_time}",'
    event = f'"event":"{line.event}"'
    return (common + event).encode() + (b"," if line.detail else b"") + own[1:] + b"\n"


def _nested(line: bytes) -> bytes:
    """Put an event's own keys into `detail`, without reading them: pages are long."""
    end = line.index(b'"', line.index(_EVENT) + len(_EVENT)) + 1
    return line[:end] + b',"detail":{' + line[end:].rstrip(b"\n")[1:-1] + b"}}"


def _plain(value: Any) -> Any:
    """Tickets keep their canonical spelling inside a line."""
    return msgspec.Raw(to_json(value)) if isinstance(value, Ticket) else value
