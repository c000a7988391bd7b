"""The transcript: every HTTP exchange of the taxation wire, as seen inside TLS.

Lines are those of docs/bundle.md. Credentials never enter: a password is not kept at all, a
cookie only as a keyed hash, so that equal cookies can be told equal; the key is random and
leaves the process never.

The lines lie in two files without a name, which end with the process: one that grows, and the one
before it. When the growing one is full the other is let go, its numbers stay vacant, so that a
reader sees the gap. So a transcript takes a bounded place on the disk and next to none in memory.
"""

import hashlib
import re
import secrets
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import msgspec
import structlog

from oxo_simulator.lines import Lines, Page

BODY_BYTES_MAX = 64 * 1024
"""A longer body is cut in the transcript, never on the wire."""

FILE_BYTES_MAX = 64 * 1024 * 1024
"""Each of the two files is let go no earlier than when the other has so many bytes."""

PAGE_BYTES_MAX = 4 * 1024 * 1024
PAGE_LINES_MAX = 1_000
"""What is read at once, so that reading keeps nobody waiting."""

_INDEX_LINES = 8
_FILES_MAX = 2
_log = structlog.get_logger()

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class HttpExchange:
    """One request and its answer, unredacted: never kept, only handed to `Transcript.add`."""

    connection: str
    port: str
    peer: str
    tls: dict[str, str | None] | None
    method: str
    path: str
    request_headers: Headers
    request_body: bytes
    status: int
    answer_headers: Headers
    answer_body: bytes
    operation: str | None
    user: str | None
    seconds: float

    def __repr__(self) -> str:
        """Name the exchange; headers hold secrets."""
        return f"HttpExchange({self.connection}, {self.method} {self.path}, {self.status})"


class _File(Lines):
    """One file of the transcript; its lines have the numbers from `first` on."""

    def __init__(self, first: int, folder: Path | None) -> None:
        sink = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed with this object
        super().__init__(sink, _INDEX_LINES)
        self.first = first
        weakref.finalize(self, sink.close)


class Transcript:
    """The lines, numbered from 1, the oldest let go at the limit.

    Args:
        now: the UTC instant, for `at`.
        key: of the cookie hashes; random by default.
        folder: where its files lie; `None` is the system's folder for temporary files.
        file_bytes_max: see `FILE_BYTES_MAX`.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        key: bytes | None = None,
        folder: Path | None = None,
        file_bytes_max: int = FILE_BYTES_MAX,
    ) -> None:
        self._now = now
        self._key = key or secrets.token_bytes(32)
        self._folder = folder
        self._file_bytes_max = file_bytes_max
        self._files: deque[_File] = deque()
        self._count = 0

    def page(self, since: int) -> Page:
        """Return the oldest lines with a number above `since` that are still kept, as JSON."""
        for file in self._files:
            skip = max(0, since + 1 - file.first)
            if lines := file.page(skip, PAGE_LINES_MAX, PAGE_BYTES_MAX):
                last = file.first + skip + len(lines) - 1
                return Page([msgspec.Raw(line) for line in lines], last, last < self._count)
        return Page([], since, more=False)

    def lines(self, since: int) -> list[dict[str, Any]]:
        """Return all lines with a number above `since` that are still kept, page by page."""
        found: list[dict[str, Any]] = []
        while (page := self.page(since)).lines:
            found += (msgspec.json.decode(line) for line in page.lines)
            since = page.last
        return found

    def clear(self) -> None:
        """Forget all lines and count from 1 again: a fresh exchange has a fresh transcript."""
        self._files.clear()
        self._count = 0

    def add(self, exchange: HttpExchange) -> None:
        """Redact one HTTP exchange and append its line."""
        self._count += 1
        line = {
            "n": self._count,
            "at": _utc(self._now()),
            "connection": exchange.connection,
            "port": exchange.port,
            "peer": exchange.peer,
            "tls": exchange.tls,
            "method": exchange.method,
            "path": exchange.path,
            "request_headers": self._redacted(exchange.request_headers),
            "request_body": _shown(exchange.request_body),
            "status": exchange.status,
            "answer_headers": self._redacted(exchange.answer_headers),
            "answer_body": _shown(exchange.answer_body),
            "operation": exchange.operation,
            "user": exchange.user,
            "seconds": round(exchange.seconds, 3),
        }
        try:
            self._write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            # The ledger ends an exchange whose disk is full; here the numbers stay vacant.
            _log.error("taxation.transcript_lost", why=str(error), last=self._count)
            self._files.clear()

    def _write(self, line: bytes) -> None:
        if not self._files or self._files[-1].bytes + len(line) > self._file_bytes_max:
            if len(self._files) == _FILES_MAX:
                self._files.popleft()
            self._files.append(_File(self._count, self._folder))
        self._files[-1].append(line)

    def _redacted(self, headers: Headers) -> list[list[str]]:
        return [[name, self._redact(name.lower(), value)] for name, value in headers]

    def _redact(self, name: str, value: str) -> str:
        if name in ("authorization", "proxy-authorization"):
            scheme, blank, _ = value.partition(" ")
            return f"{scheme} [redacted]" if blank and scheme.isalnum() else "[redacted]"
        if name == "cookie":
            return "; ".join(self._cookie(part.strip()) for part in value.split(";"))
        if name == "set-cookie":
            cookie, semicolon, attributes = value.partition(";")
            return self._cookie(cookie.strip()) + semicolon + attributes
        return value

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return self._hashed(pair) if pair else ""
        return f"{name}={self._hashed(value)}"

    def _hashed(self, value: str) -> str:
        digest = hashlib.blake2b(value.encode(errors="replace"), key=self._key[:64]).hexdigest()
        return f"[redacted:{digest[:8]}]"


def _utc(instant: datetime) -> str:
    return re.sub(r"\+00:00$", "Z", instant.astimezone(UTC).isoformat(timespec="milliseconds"))


def _shown(body: bytes) -> str:
    shown = body[:BODY_BYTES_MAX].decode("utf-8", errors="replace")
    more = len(body) - BODY_BYTES_MAX
    return f"{shown}…[{more} bytes more]" if more > 0 else shown
