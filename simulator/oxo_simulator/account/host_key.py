"""The key that SSH shows to whoever connects: Ed25519, in a file of the state folder.

It is made once and stays over restarts, as a real exchange's does. Another one, on the operator's
order, is what a collector meets after a new installation, or when somebody stands between.
"""

import base64
import hashlib
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from oxo_simulator.files import write_whole

KIND = "ssh-ed25519"
FILE_BYTES_MAX = 16 * 1024
_OTHERS = 0o077


class HostKeyUnusable(ValueError):
    """The host key's file holds none that can be shown (the operator's to look at); says why."""


class HostKeyPair(NamedTuple):
    """A key.

    Attributes:
        private: as OpenSSH writes it, without a passphrase.
        public: the line of a known_hosts file behind the host's name.
        fingerprint: SHA-256 of the public key, as OpenSSH writes it.
    """

    private: bytes
    public: str
    fingerprint: str

    def __repr__(self) -> str:
        """Keep the secret."""
        return f"HostKeyPair({self.fingerprint})"


def kept_or_new(file: Path) -> HostKeyPair:
    """Return the key that an earlier run left, or make one and leave it there.

    Raises:
        HostKeyUnusable: what is there is no such key, or others may read it.
        OSError: it cannot be read or kept.
    """
    return read(file) if file.exists() else make(file)


def make(file: Path) -> HostKeyPair:
    """Make another key, and leave it there, for the owner alone.

    Raises:
        OSError: it cannot be kept; the present one stays.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    write_whole(file, private)
    return _pair(key, private)


def read(file: Path) -> HostKeyPair:
    """Return the key of a file.

    Raises:
        HostKeyUnusable: it is no such key, or others may read it.
        OSError: it cannot be read.
    """
    if not file.is_file() or file.stat().st_mode & _OTHERS:
        raise HostKeyUnusable(
            f"{file}: a file of mode 0600 is expected; correct it, or remove it for a new host key"
        )
    with file.open("rb") as opened:
        private = opened.read(FILE_BYTES_MAX)
    try:
        key = load_ssh_private_key(private, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise HostKeyUnusable(
            f"{file}: no private key of OpenSSH's without a passphrase"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise HostKeyUnusable(f"{file}: a key of the kind {KIND} is expected")
    return _pair(key, private)


def _pair(key: Ed25519PrivateKey, private: bytes) -> HostKeyPair:
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    blob = base64.b64decode(line.split()[1])
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    return HostKeyPair(private, line, f"SHA256:{digest}")
