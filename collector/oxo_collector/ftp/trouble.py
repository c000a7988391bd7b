"""What went wrong with FTP, in the operator's words, and whose fault it is."""

import ftplib
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Final

from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import NoPlace, TooLong, TooSlow, Unfit
from oxo_collector.ftp.client import CaUnreadable, OtherCertificate
from oxo_collector.wording import clipped

EXPIRED, NOT_YET_VALID, NAME_DIFFERS, ADDRESS_DIFFERS = 10, 9, 62, 64
"""Codes of OpenSSL's verification."""

_OLD_TLS: Final = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE")


@dataclass(frozen=True, slots=True)
class LoginWords:
    """What is told of a refused login.

    Attributes:
        hint: what the operator may not know about this account; may be empty.
        alarm: told louder than other failures.
    """

    hint: str = ""
    alarm: bool = False


NO_WORDS: Final = LoginWords()


def replied(error: ftplib.Error, where: str, login: LoginWords = NO_WORDS) -> Failure:
    """Return the meaning of a reply that says no (4xx, 5xx) or makes no sense."""
    said = clipped(str(error))
    code = str(error)[:3]
    if code in ("530", "430", "332") and where.startswith("login"):
        what = f"user or password refused ({said})" + (f"; {login.hint}" if login.hint else "")
        return Failure(what, where, Fault.OPERATOR, alarm=login.alarm)
    if code == "421":
        return Failure(f"the exchange ends the connection ({said})", where, Fault.EXCHANGE)
    if code in ("534", "522") or (re.search(r"\b(SSL|TLS)\b", said) and code[:1] == "5"):
        what = f"the exchange and we differ about TLS ({said}); compare the key tls"
        return Failure(what, where, Fault.OPERATOR)
    if isinstance(error, ftplib.error_perm):
        return Failure(f"refused ({said})", where, Fault.EXCHANGE)
    if isinstance(error, ftplib.error_temp):
        return Failure(f"the exchange cannot do it now ({said})", where, Fault.EXCHANGE)
    return Failure(f"an answer that is none of FTP ({said})", where, Fault.EXCHANGE)


def explain(error: Exception, where: str, address: str, login: LoginWords = NO_WORDS) -> Failure:
    """Return the meaning of an exception that ended a connection."""
    if isinstance(error, ftplib.Error):
        return replied(error, where, login)
    if isinstance(error, OtherCertificate):
        what = (
            "the certificate of the exchange is not the pinned one (fingerprint mismatch):"
            f" {error}; no password was sent"
        )
        return Failure(what, where, Fault.OPERATOR, alarm=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, where, address)
    for kinds, what, fault in ROWS:
        if isinstance(error, kinds):
            return Failure(what.format(error), where, fault)
    return _tls(error, where) if isinstance(error, ssl.SSLError) else _other(error, where)


ROWS: Final[tuple[tuple[tuple[type[Exception], ...], str, Fault], ...]] = (
    ((TooLong,), "{}; broken off", Fault.EXCHANGE),
    ((Unfit,), "{}", Fault.EXCHANGE),
    ((NoPlace,), "{}", Fault.MACHINE),
    (
        (UnicodeEncodeError,),
        "user, password or folder has a character that FTP does not take (ISO-8859-1)",
        Fault.OPERATOR,
    ),
    ((CaUnreadable,), "the CA file cannot be read: {}", Fault.OPERATOR),
    (
        (TooSlow,),
        "not done in the time that it may take: timed out, broken off",
        Fault.EXCHANGE,
    ),
    ((socket.gaierror,), "the name of the exchange cannot be resolved", Fault.NETWORK),
    ((ConnectionRefusedError,), "connection refused: the port is closed", Fault.EXCHANGE),
    ((TimeoutError,), "timed out: no connection to the exchange, or it fell silent", Fault.NETWORK),
    (
        (EOFError, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError),
        "the connection was cut",
        Fault.NETWORK,
    ),
)
"""Kinds of exceptions, what they mean, and whose fault it is; the first row that fits."""


def _certificate(error: ssl.SSLCertVerificationError, where: str, address: str) -> Failure:
    words = clipped(str(error.verify_message))
    if error.verify_code in (NAME_DIFFERS, ADDRESS_DIFFERS):
        what = f"the certificate of the exchange does not name {address}"
        return Failure(what, where, Fault.OPERATOR)
    if error.verify_code in (EXPIRED, NOT_YET_VALID):
        what = f"the certificate of the exchange is out of its time: {words}"
        return Failure(what, where, Fault.EXCHANGE)
    what = f"the exchange's certificate is of an unknown authority: {words}"
    return Failure(what, where, Fault.OPERATOR)


def _tls(error: ssl.SSLError, where: str) -> Failure:
    said = clipped(str(getattr(error, "reason", None) or error))  # set by handshakes alone
    if any(word in said for word in _OLD_TLS):
        return Failure("the exchange offers no TLS 1.2 or newer", where, Fault.EXCHANGE)
    return Failure(f"TLS failed ({said})", where, Fault.EXCHANGE)


def _other(error: Exception, where: str) -> Failure:
    if isinstance(error, OSError):
        said = error.strerror or str(error)
        return Failure(f"the connection failed: {said}", where, Fault.NETWORK)
    # Figures in a 227 that are no port, and the like.
    what = f"an answer that is none of FTP ({clipped(str(error))})"
    return Failure(what, where, Fault.EXCHANGE)
