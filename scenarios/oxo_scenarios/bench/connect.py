"""What an HTTP CONNECT proxy reads and answers: pure, bytes in, a decision out.

Only two things matter here: does the request carry the right login, and does it ask for the
exchange. Everything else is refused with the status a strict proxy gives (RFC 9110 9.3.6, 15.5.8).
"""

import base64
import binascii
import hmac
from collections.abc import Collection
from typing import NamedTuple

HEAD_BYTES_MAX = 16 * 1024
"""A longer request head is answered 431."""

REASONS = {
    200: "Connection established",
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
}


class Target(NamedTuple):
    """Host and port that a subject asks the proxy to connect to."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it stands in the request line."""
        return f"{self.host}:{self.port}"


class Account(NamedTuple):
    """The login that the proxy demands."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Keep the password out of logs."""
        return f"Account(user={self.user!r})"


class Decision(NamedTuple):
    """What the proxy does with one request; `login` is `ok`, `missing` or `wrong`."""

    status: int
    method: str
    target: str
    login: str
    user: str | None
    connect_to: Target | None


def decide(head: bytes, account: Account, allowed: Collection[Target]) -> Decision:
    """Read one request head (up to and including its blank line) and decide.

    The login is checked first: who has none learns nothing about the targets.
    """
    lines = head.decode("latin-1").split("\r\n")
    method, target_text = _request_line(lines[0])
    if method is None or target_text is None:
        return Decision(400, lines[0][:40], "", "missing", None, None)
    login, user = _login(lines[1:], account)
    answer = Decision(407, method, target_text, login, user, None)
    if login != "ok":
        return answer
    if method != "CONNECT":
        return answer._replace(status=405)
    target = _target(target_text)
    if target is None:
        return answer._replace(status=400)
    if target not in allowed:
        return answer._replace(status=403)
    return answer._replace(status=200, connect_to=target)


def answer(status: int) -> bytes:
    """Return the head that says this status; only 200 leaves the connection open."""
    lines = [f"HTTP/1.1 {status} {REASONS[status]}"]
    if status == 407:  # noqa: PLR2004 - the status is its own name
        lines.append('Proxy-Authenticate: Basic realm="bench"')
    if status != 200:  # noqa: PLR2004
        lines += ["Content-Length: 0", "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _request_line(line: str) -> tuple[str | None, str | None]:
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):  # noqa: PLR2004 - method, target, version
        return None, None
    return parts[0], parts[1]


def _target(text: str) -> Target | None:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit()):
        return None
    return Target(host.strip("[]").lower(), int(port))


def _login(headers: list[str], account: Account) -> tuple[str, str | None]:
    """Return `ok`, `missing` or `wrong`, and the user that was named."""
    for header in headers:
        name, _, value = header.partition(":")
        if name.strip().lower() == "proxy-authorization":
            return _check(value.strip(), account)
    return "missing", None


def _check(value: str, account: Account) -> tuple[str, str | None]:
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return "wrong", None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return "wrong", None
    user, _, password = text.partition(":")
    same = hmac.compare_digest(text.encode(), f"{account.user}:{account.password}".encode())
    return ("ok" if same and password else "wrong"), user[:64]
