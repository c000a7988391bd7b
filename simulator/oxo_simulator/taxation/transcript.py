"""HTTP exchanges of the taxation wire in the transcript, as seen inside TLS.

Lines are those of docs/bundle.md. Credentials never enter: a password is not kept at all, a
cookie only as a keyed hash, so that equal cookies can be told equal; the key is random and
leaves the process never.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from oxo_simulator.transcript import Transcript

BODY_BYTES_MAX = 64 * 1024
"""A longer body is cut in the transcript, never on the wire."""

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


class HttpTranscript:
    """Redacts HTTP exchanges and appends them to the transcript.

    Args:
        transcript: where the lines go.
        key: of the cookie hashes; random by default.
    """

    def __init__(self, transcript: Transcript, key: bytes | None = None) -> None:
        self._transcript = transcript
        self._key = key or secrets.token_bytes(32)

    def add(self, exchange: HttpExchange) -> None:
        """Redact one HTTP exchange and append its line."""
        line = {
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
        self._transcript.append(line)

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


def _shown(body: bytes) -> str:
    shown = body[:BODY_BYTES_MAX].decode("utf-8", errors="replace")
    more = len(body) - BODY_BYTES_MAX
    return f"{shown}…[{more} bytes more]" if more > 0 else shown
