"""What the bench tells a subject in secret must not come back into what is handed around. Pure."""

import base64
from collections.abc import Iterable
from urllib.parse import quote

from oxo_scenarios.bench.connect import Account

REDACTED = b"[redacted]"


class Redaction:
    """Replaces secrets in what a subject said; made of the accounts that it was told."""

    def __init__(self, accounts: Iterable[Account] = (), others: Iterable[str] = ()) -> None:
        """Know passwords, their form in an URL, and the logins as Basic authentication has them."""
        known = set(others)
        for user, password in accounts:
            login = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
            known |= {password, quote(password, safe=""), login, login.rstrip("=")}
        # The longest first: one may be a part of another.
        self._secrets = sorted((s.encode() for s in known if s), key=lambda s: (-len(s), s))

    def __repr__(self) -> str:
        """Keep the secrets out of logs."""
        return "Redaction()"

    def of(self, told: bytes) -> bytes:
        """Return what was said without the secrets; lines stay lines."""
        for secret in self._secrets:
            told = told.replace(secret, REDACTED)
        return told

    def text(self, told: str) -> str:
        """Return the same of text."""
        return self.of(told.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def held_back(self, told: bytes) -> int:
        """Tell how many last bytes may be the begin of a secret that goes on later."""
        longest = max(map(len, self._secrets), default=1) - 1
        for length in range(min(longest, len(told)), 0, -1):
            if any(secret.startswith(told[-length:]) for secret in self._secrets):
                return length
        return 0
