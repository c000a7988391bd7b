"""What must not come back from a peer: neither into the log nor into the store."""

from base64 import b64encode
from typing import Final

from pydantic import SecretStr

from oxo_collector.failure import Failure, Fault

SCRUBBED_CHARACTERS_MIN: Final = 6
"""A shorter password would be found in figures that are none; it is not looked for in texts."""


class Secrets:
    """What must not come back: passwords, and the words of HTTP Basic made of them."""

    def __init__(self, *accounts: tuple[str | None, SecretStr | None]) -> None:
        known = [(u, p.get_secret_value()) for u, p in accounts if u is not None and p is not None]
        self._words = [b64encode(f"{user}:{password}".encode()) for user, password in known]
        passwords = [p for _, p in known if len(p) >= SCRUBBED_CHARACTERS_MIN]
        self._texts = [*(word.decode("ascii") for word in self._words), *passwords]

    def __repr__(self) -> str:
        """Tell nothing."""
        return "Secrets()"

    def given_back(self, body: bytes, where: str) -> Failure | None:
        """Return why an answer is not kept that repeats our request's authorization.

        The password alone may stand in a ticket by chance, so that it is no reason to refuse one.
        """
        if not any(word in body for word in self._words):
            return None
        what = "the answer repeats the Authorization header of the request; not read and not kept"
        return Failure(what, where, Fault.EXCHANGE)

    def scrubbed(self, text: str) -> str:
        """Return a text for the log without any secret that a peer put there."""
        for secret in self._texts:
            text = text.replace(secret, "[secret]")
        return text

    def scrubbed_bytes(self, raw: bytes) -> bytes:
        """Return bytes for the store likewise: what is kept of a peer's answer beside its tickets.

        In the tickets themselves the same letters stand by chance, as a name or a number.
        """
        for secret in self._texts:
            raw = raw.replace(secret.encode(), b"[secret]")
        return raw
