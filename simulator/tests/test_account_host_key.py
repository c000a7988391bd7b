"""The SSH host key's file: made once, for the owner alone, and named when it cannot be used."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)
from oxo_simulator.account.host_key import HostKeyUnusable, kept_or_new, make, read


def test_a_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "sftp_host_key"
    first = kept_or_new(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept_or_new(file) == first
    assert make(file) != first
    assert kept_or_new(file) == read(file) != first


def test_the_fingerprint_is_that_of_the_public_key(tmp_path: Path) -> None:
    made = make(tmp_path / "key")
    kind, blob = made.public.split()
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    assert kind == "ssh-ed25519"
    assert made.fingerprint == "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def test_the_secret_is_in_no_repr(tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(make(tmp_path / "key"))


def test_a_key_that_others_may_read_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make(file)
    file.chmod(0o640)
    with pytest.raises(HostKeyUnusable, match="mode 0600"):
        kept_or_new(file)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN OPENSSH PRIVATE KEY-----\n\n"])
def test_what_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(HostKeyUnusable, match="no private key"):
        read(file)


def test_a_key_of_another_kind_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key"
    other = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    file.chmod(0o600)
    with pytest.raises(HostKeyUnusable, match="ssh-ed25519 is expected"):
        read(file)


def test_a_key_with_a_passphrase_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key"
    key = load_ssh_private_key(make(file).private, None)
    closed = BestAvailableEncryption(b"words")
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, closed))
    with pytest.raises(HostKeyUnusable, match="without a passphrase"):
        read(file)


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(HostKeyUnusable, match="a file of mode 0600"):
        kept_or_new(tmp_path)
