"""The way to one exchange by SFTP, and how it is known."""

from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

SSH_PORT: Final = 22
"""Only another port is told in a file of known hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to reach one exchange, and how to know it.

    Attributes:
        address: host name or IP address.
        port: of SSH.
        user: the account.
        password: its password.
        host_key: fingerprint of the exchange's key, `SHA256:` and 43 characters; or
        host_key_file: a file in the form of known_hosts; with both, either of them knows the key.
        folder: on the exchange.
        index: name of the index file.
        file_bytes_max: a longer file is broken off.
        connect_seconds_max: limit of a connection.
        read_seconds_max: longest silence.
    """

    address: str
    port: int
    user: str
    password: SecretStr
    host_key: str | None = None
    host_key_file: str | None = None
    folder: str = "/usr4/account"
    index: str = "ACCOUNT.LIS"
    file_bytes_max: int = 64 * 1024 * 1024
    connect_seconds_max: float = 10.0
    read_seconds_max: float = 30.0

    @property
    def where(self) -> str:
        """The address for reports."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"sftp://{host}:{self.port}"

    @property
    def known_as(self) -> str:
        """The name under which known_hosts has it."""
        if self.port == SSH_PORT:
            return self.address
        return f"[{self.address}]:{self.port}"
