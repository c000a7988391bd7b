"""The exchange's authority and server certificate, and what is said when its folder is damaged."""

import errno
import hashlib
import os
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from OpenSSL import SSL
from oxo_simulator.certificates import Authority, AuthorityUnreadable, ServerCertificate
from oxo_simulator.files import write_whole
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator

NAMES = ["127.0.0.1", "localhost", "::1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("authority") / "state"
    Authority.load_or_create(place).server_certificate("oxo-connect", NAMES)
    return place


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
        (tmp_path / file.name).chmod(stat.S_IMODE(file.stat().st_mode))
    return tmp_path


def kept(folder: Path) -> ServerCertificate:
    return Authority.load_or_create(folder).server_certificate("oxo-connect", NAMES)


def test_keys_are_the_owners_alone(folder: Path) -> None:
    for name in ("ca.key", "server.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert b"PRIVATE" not in (folder / "ca.pem").read_bytes()


def test_the_authority_is_kept(folder: Path) -> None:
    before = (folder / "ca.pem").read_bytes()
    authority = Authority.load_or_create(folder)
    assert authority.ca_pem_file == folder / "ca.pem"
    assert authority.ca_pem_file.read_bytes() == before


def test_the_certificate_names_the_exchange_and_its_addresses(folder: Path) -> None:
    certificate = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["oxo-connect", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]
    public = certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    assert public.key_size == 2048


def test_the_fingerprint_is_that_of_the_certificate(folder: Path) -> None:
    pem = (folder / "server.pem").read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :])
    assert kept(folder).fingerprint == hashlib.sha256(der).hexdigest()


def test_the_certificate_is_kept_as_long_as_it_names_the_same(copied: Path) -> None:
    before = kept(copied).fingerprint
    assert kept(copied).fingerprint == before
    authority = Authority.load_or_create(copied)
    changed = authority.server_certificate("oxo-connect", ["127.0.0.2"])
    assert changed.fingerprint != before
    assert set(changed.names) == {"oxo-connect", "127.0.0.2"}


def test_a_certificate_of_another_authority_is_made_again(copied: Path, folder: Path) -> None:
    for name in ("ca.pem", "ca.key"):
        (copied / name).unlink()
    Authority.load_or_create(copied)
    assert kept(copied).fingerprint != kept(folder).fingerprint


def test_a_damaged_certificate_is_made_again(copied: Path) -> None:
    (copied / "server.pem").write_bytes(b"not PEM")
    assert kept(copied).fingerprint


def open_to_others(folder: Path) -> None:
    (folder / "ca.key").chmod(0o640)


def another_key(folder: Path) -> None:
    (folder / "ca.key").write_bytes(trustme.CA().private_key_pem.bytes())


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "key gone": (lambda f: (f / "ca.key").unlink(), r"ca\.key is missing"),
    "certificate gone": (lambda f: (f / "ca.pem").unlink(), r"ca\.pem is missing"),
    "key no PEM": (lambda f: (f / "ca.key").write_bytes(b"x"), r"ca\.key is no private key"),
    "certificate no PEM": (lambda f: (f / "ca.pem").write_bytes(b"x"), r"ca\.pem is no cert"),
    "key cut": (lambda f: os.truncate(f / "ca.key", 300), r"ca\.key is no private key"),
    "key of another": (another_key, r"ca\.key is not the key of .*ca\.pem"),
    "key readable by others": (open_to_others, r"ca\.key may be read by others"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_authority_is_the_operators_to_mend(copied: Path, damage: str) -> None:
    act, says = DAMAGES[damage]
    act(copied)
    with pytest.raises(AuthorityUnreadable, match=says):
        Authority.load_or_create(copied)


def handshake(client: SSL.Connection, server: SSL.Connection) -> None:
    """Carry bytes between the two ends in memory until both are done."""
    client.set_connect_state()
    server.set_accept_state()
    done: set[str] = set()
    for _ in range(20):
        for name, near, far in (("client", client, server), ("server", server, client)):
            with suppress(SSL.WantReadError):
                near.do_handshake()
                done.add(name)
            with suppress(SSL.WantReadError):
                far.bio_write(near.bio_read(65536))
        if len(done) == 2:
            return
    raise AssertionError("no handshake")


def client_context(folder: Path, *, highest: int) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_max_proto_version(highest)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.load_verify_locations(str(folder / "ca.pem"))
    context.set_verify(SSL.VERIFY_PEER)
    return context


def server_connection(folder: Path) -> SSL.Connection:
    return SSL.Connection(kept(folder).context_factory().getContext(), None)


@pytest.mark.parametrize(
    ("highest", "version"), [(SSL.TLS1_2_VERSION, "TLSv1.2"), (SSL.TLS1_3_VERSION, "TLSv1.3")]
)
def test_tls_from_1_2_with_a_client_that_trusts_the_authority(
    folder: Path, highest: int, version: str
) -> None:
    client = SSL.Connection(client_context(folder, highest=highest), None)
    handshake(client, server_connection(folder))
    assert client.get_protocol_version_name() == version


def test_tls_1_1_is_refused(folder: Path) -> None:
    client = SSL.Connection(client_context(folder, highest=SSL.TLS1_1_VERSION), None)
    with pytest.raises(SSL.Error):
        handshake(client, server_connection(folder))


def test_a_listening_port_takes_the_context_factory(folder: Path) -> None:
    assert IOpenSSLServerConnectionCreator.providedBy(kept(folder).context_factory())


def test_a_disk_that_takes_the_key_alone_leaves_no_half_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, content: bytes, mode: int = 0o600) -> None:
        if file.name == "ca.pem":
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        write_whole(file, content, mode)

    monkeypatch.setattr("oxo_simulator.certificates.write_whole", full)
    with pytest.raises(OSError, match=r"No space left on device: .*ca\.pem"):
        Authority.load_or_create(tmp_path)
    assert list(tmp_path.iterdir()) == []
