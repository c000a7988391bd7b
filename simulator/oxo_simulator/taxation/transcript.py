"""The transcript: every HTTP exchange of the taxation wire, as seen inside TLS.

Lines are those of docs/bundle.md. Credentials never enter: a password is not kept at all, a
cookie only as a keyed hash, so that equal cookies can be told equal; the key is random and
leaves the process never.
"""

import hashlib
import re
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BODY_BYTES_MAX = 64 * 1024
"""A longer body is cut in the transcript, never on the wire."""

ENTRIES_MAX = 10_000
"""The oldest lines go first; their numbers stay vacant, so that a reader sees the gap."""

TEXT_BYTES_MAX = 64 * 1024 * 1024
"""Bodies of all lines together: the second limit, since entries differ in size."""

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

    def __repr__(self) -> str:
        """Name the exchange; headers hold secrets."""
        return f"HttpExchange({self.connection}, {self.method} {self.path}, {self.status})"


class Transcript:
    """The lines, numbered from 1, oldest dropped at the limits.

    Args:
        now: the UTC instant, for `at`.
        key: of the cookie hashes; random by default.
        entries_max: most lines kept.
        text_bytes_max: most characters of bodies kept.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        key: bytes | None = None,
        entries_max: int = ENTRIES_MAX,
        text_bytes_max: int = TEXT_BYTES_MAX,
    ) -> None:
        self._now = now
        self._key = key or secrets.token_bytes(32)
        self._entries_max = entries_max
        self._text_max = text_bytes_max
        self._text = 0
        self._lines: deque[dict[str, Any]] = deque()
        self._count = 0

    def lines(self, since: int) -> list[dict[str, Any]]:
        """Return the lines with a number above `since` that are still kept."""
        return [line for line in self._lines if line["n"] > since]

    def clear(self) -> None:
        """Forget all lines and count from 1 again: a fresh exchange has a fresh transcript."""
        self._lines.clear()
        self._text = self._count = 0

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
        }
        self._lines.append(line)
        self._text += _size(line)
        while len(self._lines) > self._entries_max or self._text > self._text_max:
            self._text -= _size(self._lines.popleft())

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


def _size(line: dict[str, Any]) -> int:
    return len(line["request_body"]) + len(line["answer_body"])


def _utc(instant: datetime) -> str:
    return re.sub(r"\+00:00$", "Z", instant.astimezone(UTC).isoformat(timespec="milliseconds"))


def _shown(body: bytes) -> str:
    shown = body[:BODY_BYTES_MAX].decode("utf-8", errors="replace")
    more = len(body) - BODY_BYTES_MAX
    return f"{shown}…[{more} bytes more]" if more > 0 else shown
