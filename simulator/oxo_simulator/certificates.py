"""The exchange's own certificate authority and its server certificate.

A real exchange signs its server certificate with a root of its own, RSA 2048, and makes it anew
when its addresses change (facts: oxo 1.7, documented). So here: the authority stays in the
exchange's folder, the server certificate beside it as long as it names the same.
"""

import stat
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from twisted.internet.ssl import CertificateOptions, TLSVersion

from oxo_simulator.files import write_whole

CA_FILE = "ca.pem"
KEY_FILE = "ca.key"
SERVER_FILE = "server.pem"
"""Key and certificate of the server in one file."""
PUBLIC = 0o644


class AuthorityUnreadable(ValueError):
    """The exchange's folder holds no usable authority: the operator has to restore or remove it."""


class ServerCertificate:
    """A certificate with its key.

    Attributes:
        fingerprint: SHA-256 of the certificate, lower-case hex, for collectors that pin it.
    """

    def __init__(self, key_and_certificate: bytes) -> None:
        self._certificate = x509.load_pem_x509_certificate(key_and_certificate)
        self._key = load_pem_private_key(key_and_certificate, password=None)
        self.fingerprint = _sha256(self._certificate)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name and address that the certificate is good for, in its order."""
        found = self._certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return tuple(str(entry.value) for entry in found.value)

    @property
    def validity(self) -> tuple[datetime, datetime]:
        """The first and the last instant at which it is good (UTC)."""
        return self._certificate.not_valid_before_utc, self._certificate.not_valid_after_utc

    def signed_by(self, authority: x509.Certificate) -> bool:
        """Tell whether this authority signed it."""
        try:
            self._certificate.verify_directly_issued_by(authority)
        except Exception:  # noqa: BLE001 -- several classes, all meaning no
            return False
        return True

    def context_factory(self) -> CertificateOptions:
        """Return what a listening port needs: this certificate, TLS 1.2 at least."""
        return CertificateOptions(
            # pyOpenSSL takes these and warns of its own classes, which the annotations still name.
            privateKey=self._key,  # type: ignore[arg-type]
            certificate=self._certificate,  # type: ignore[arg-type]
            insecurelyLowerMinimumTo=TLSVersion.TLSv1_2,
        )


class Authority:
    """The authority that signs the exchange's certificates."""

    def __init__(self, folder: Path, ca: trustme.CA) -> None:
        self._folder = folder
        self._ca = ca

    @classmethod
    def load_or_create(cls, folder: Path) -> "Authority":
        """Take the authority from its folder, or make one there; the key is the owner's alone.

        Raises:
            AuthorityUnreadable: only a part of it is there, others may read the key, the two
                files do not belong together or are no PEM.
            OSError: the folder or a file in it cannot be read or written; names it.
        """
        certificate, key = folder / CA_FILE, folder / KEY_FILE
        if not certificate.exists() and not key.exists():
            return cls._create(folder)
        for file in (certificate, key):
            if not file.exists():
                raise AuthorityUnreadable(f"{file} is missing; restore it, or remove its partner")
            if not file.is_file():
                raise AuthorityUnreadable(f"{file} is no file; restore it")
        if stat.S_IMODE(key.stat().st_mode) & 0o077:
            raise AuthorityUnreadable(f"{key} may be read by others; its mode must be 0600")
        return cls(folder, _read(certificate, key))

    @classmethod
    def _create(cls, folder: Path) -> "Authority":
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ca = trustme.CA(
            organization_name="OXO Connect (simulated)",
            organization_unit_name="Certificate authority of the exchange",
            key_type=trustme.KeyType.RSA,
        )
        # The key first: without its certificate it is an error that says so, not a lost key.
        write_whole(folder / KEY_FILE, ca.private_key_pem.bytes())
        try:
            write_whole(folder / CA_FILE, ca.cert_pem.bytes(), PUBLIC)
        except OSError:
            (folder / KEY_FILE).unlink()  # nothing is signed yet; the next start makes both
            raise
        return cls(folder, ca)

    @property
    def ca_pem_file(self) -> Path:
        """The authority's certificate, for collectors to trust."""
        return self._folder / CA_FILE

    def server_certificate(self, name: str, addresses: Iterable[str]) -> ServerCertificate:
        """Return the certificate for these names and addresses, the kept one if it fits.

        Args:
            name: host name of the exchange.
            addresses: further names and IP addresses under which it is reached.

        Raises:
            AuthorityUnreadable: something that is no file has the place of the kept one.
            OSError: it cannot be read or written; names the file.
        """
        names = list(dict.fromkeys([name, *addresses]))
        return self._kept(frozenset(names)) or self._issue(names)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, lower-case hex."""
        return _sha256(x509.load_pem_x509_certificate(self._ca.cert_pem.bytes()))

    def successor(self) -> "Authority":
        """Make another authority in the place of this one.

        Raises:
            OSError: the folder cannot be written; names the file.
        """
        return self._create(self._folder)

    def sign(self, names: Sequence[str], **validity: datetime) -> ServerCertificate:
        """Return a new certificate with a new key, which is not kept beside the authority.

        Args:
            names: that it is good for, the first is its subject's.
            validity: `not_before` and `not_after`, with offset; far away where not given.
        """
        return ServerCertificate(self._signed(names, **validity))

    def _kept(self, names: frozenset[str]) -> ServerCertificate | None:
        file = self._folder / SERVER_FILE
        if not file.exists():
            return None
        if not file.is_file():
            raise AuthorityUnreadable(f"{file} is no file; remove it, and it is made anew")
        try:
            kept = ServerCertificate(file.read_bytes())
        except ValueError:
            return None  # it can be made again at any time
        ca = x509.load_pem_x509_certificate(self._ca.cert_pem.bytes())
        return kept if frozenset(kept.names) == names and kept.signed_by(ca) else None

    def _issue(self, names: list[str]) -> ServerCertificate:
        pem = self._signed(names)
        write_whole(self._folder / SERVER_FILE, pem)
        return ServerCertificate(pem)

    def _signed(self, names: Sequence[str], **validity: datetime) -> bytes:
        leaf = self._ca.issue_cert(
            *names,
            common_name=names[0],
            organization_name="OXO Connect (simulated)",
            organization_unit_name="Server certificate of the exchange",
            key_type=trustme.KeyType.RSA,
            **validity,
        )
        return leaf.private_key_and_cert_chain_pem.bytes()


def _sha256(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def _read(certificate: Path, key: Path) -> trustme.CA:
    try:
        signing = load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise AuthorityUnreadable(f"{key} is no private key in PEM form: {error}") from error
    try:
        signed = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError as error:
        raise AuthorityUnreadable(
            f"{certificate} is no certificate in PEM form: {error}"
        ) from error
    if _public(signing) != signed.public_key().public_bytes(*_SPKI):
        raise AuthorityUnreadable(f"{key} is not the key of {certificate}")
    return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())


_SPKI = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public(key: PrivateKeyTypes) -> bytes:
    return key.public_key().public_bytes(*_SPKI)
