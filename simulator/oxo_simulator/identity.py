"""The certificate that the exchange shows, and how it changes while the exchange runs.

A real exchange makes its server certificate anew, under the same root, when its addresses change
(facts: oxo 1.7, documented). A collector that pins a certificate has to notice, so the operator
can order it here, and certificates that are no good besides: expired, or of a strange authority.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, NamedTuple

from twisted.internet.interfaces import IOpenSSLContextFactory
from zope.interface import implementer

from oxo_simulator.certificates import Authority, ServerCertificate
from oxo_simulator.control.messages import CertificateOrder, CertificateState

NAME_CHARACTERS_MAX = 253
NAMES_MAX = 100
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_FAR_AWAY = datetime(3000, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1950, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""What a certificate can say (RFC 5280, 4.1.2.5)."""


class NameWrong(ValueError):
    """No certificate can name this (the operator's fault)."""


class CertificateOrderWrong(ValueError):
    """There can be no such certificate (the operator's fault): what, and what is allowed."""


class Prepared(NamedTuple):
    """A certificate with the authority that signed it."""

    authority: Authority
    certificate: ServerCertificate

    def state(self) -> CertificateState:
        """Say what of it is to be seen."""
        first, last = self.certificate.validity
        return CertificateState(
            names=list(self.certificate.names),
            fingerprint=self.certificate.fingerprint,
            not_before=first,
            not_after=last,
            authority_fingerprint=self.authority.fingerprint,
            ca_file=str(self.authority.ca_pem_file),
        )


def host_name(text: str) -> str:
    """Return a host name or IP address as a certificate has it.

    Raises:
        NameWrong: it is neither.
    """
    with suppress(ValueError):
        return str(ip_address(text))
    if len(text) > NAME_CHARACTERS_MAX or not all(map(_LABEL.fullmatch, text.split("."))):
        raise NameWrong(
            f"{text!r}: a host name is expected (letters, digits and hyphens between dots; "
            "other letters in the form xn--...), or an IP address"
        )
    return text


@implementer(IOpenSSLContextFactory)
class Identity:
    """What new connections of the taxation wire are shown; a context factory of Twisted's.

    Args:
        authority: signs what is ordered.
        certificate: shown first.
    """

    def __init__(self, authority: Authority, certificate: ServerCertificate) -> None:
        self.show(Prepared(authority, certificate))

    def show(self, prepared: "Prepared") -> None:
        """Show this to new connections from now on."""
        self._authority, self._certificate = prepared
        self._context = self._certificate.context_factory().getContext()

    def getContext(self) -> Any:  # noqa: N802 - Twisted's interface
        """Return the TLS context for one connection."""
        return self._context

    def state(self) -> CertificateState:
        """Say what is shown."""
        return Prepared(self._authority, self._certificate).state()

    def prepare(self, order: CertificateOrder, now: datetime) -> "Prepared":
        """Make another certificate, to be shown next; slow, and may run in a thread of its own.

        Args:
            order: which.
            now: the instant, in UTC.

        Raises:
            CertificateOrderWrong: the present one stays.
            OSError: a new authority cannot be written; names the file.
        """
        names = _names(order) or self._certificate.names
        first, last = _validity(order, now)
        authority = self._authority.successor() if order.authority == "new" else self._authority
        return Prepared(authority, authority.sign(names, not_before=first, not_after=last))


def _names(order: CertificateOrder) -> tuple[str, ...]:
    if order.names is None:
        return ()
    if not 1 <= len(order.names) <= NAMES_MAX:
        raise CertificateOrderWrong(f"{len(order.names)} names; 1 to {NAMES_MAX} are expected")
    try:
        return tuple(dict.fromkeys(host_name(name) for name in order.names))
    except NameWrong as error:
        raise CertificateOrderWrong(f"name {error}") from error


def _validity(order: CertificateOrder, now: datetime) -> tuple[datetime, datetime]:
    if order.expired and order.not_after is not None:
        raise CertificateOrderWrong("expired and not_after exclude each other; one is expected")
    ended = now.replace(microsecond=0) - timedelta(days=1)
    last = ended if order.expired else _instant("not_after", order.not_after, _FAR_AWAY)
    first = _instant("not_before", order.not_before, min(_LONG_AGO, last - timedelta(days=1)))
    if first >= last:
        raise CertificateOrderWrong(
            f"good from {first.isoformat()} until {last.isoformat()}; the end comes first"
        )
    return first, last


def _instant(key: str, given: datetime | None, default: datetime) -> datetime:
    if given is None:
        return default
    if given.tzinfo is None:
        raise CertificateOrderWrong(f"{key} {given.isoformat()}: an offset is expected, such as Z")
    if not _FIRST < given < _LAST:
        raise CertificateOrderWrong(f"{key} {given.isoformat()}: years 1950 to 9998 are expected")
    return given.astimezone(UTC).replace(microsecond=0)
