"""What of an exchange outlives its installations."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from oxo_simulator.control.messages import WireName


@dataclass(frozen=True)
class Premises:
    """What outlives an installation.

    Attributes:
        folder: the state folder, where ledgers lie.
        address: where collectors connect.
        ports: name -> number.
        wires: name of a port -> its wire.
        name: of the exchange, as its certificate says.
        user: the account of the taxation wire.
        ca_file: the authority's certificate.
        fingerprint: SHA-256 of the server certificate.
        host_key: SHA-256 of the SSH host key, as OpenSSH writes it; `None` where there is no SSH.
    """

    folder: Path
    address: str
    ports: Mapping[str, int]
    wires: Mapping[str, WireName]
    name: str
    user: str
    ca_file: Path
    fingerprint: str
    host_key: str | None = None
