"""What went wrong with SFTP, in the operator's words, and whose fault it is."""

import socket
from typing import Final

from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import NoPlace, TooLong, TooSlow, Unfit
from oxo_collector.wording import clipped


class Declined(Exception):
    """An operation is not done, for the reason told; the connection lives."""


class OtherKey(Exception):
    """The key of the exchange is not the pinned one; the text tells the fingerprints."""


class KeysUnreadable(Exception):
    """The file of known keys cannot be used; the text says why."""


class LoginRefused(Exception):
    """The exchange does not take the account; the text is its own."""


class NothingInCommon(Exception):
    """The exchange and we agree upon no kind of key or encryption; the text says which."""


def explain(error: Exception, where: str) -> Failure:
    """Return the meaning of an exception that ended a connection."""
    if isinstance(error, OtherKey):
        what = (
            "the key of the exchange is not the pinned one (host key changed):"
            f" {error}; no password was sent"
        )
        return Failure(what, where, Fault.OPERATOR, alarm=True)
    if isinstance(error, LoginRefused):
        what = (
            f"user or password refused ({clipped(str(error))}); the password must be changed on"
            " both sides"
        )
        return Failure(what, where, Fault.OPERATOR, alarm=True)
    for kinds, what, fault in ROWS:
        if isinstance(error, kinds):
            return Failure(what.format(clipped(str(error))), where, fault)
    if isinstance(error, OSError):
        said = error.strerror or clipped(str(error)) or type(error).__name__
        return Failure(f"the connection failed: {said}", where, Fault.NETWORK)
    return Failure(f"an answer that is none of SFTP ({clipped(str(error))})", where, Fault.EXCHANGE)


ROWS: Final[tuple[tuple[tuple[type[Exception], ...], str, Fault], ...]] = (
    ((TooLong,), "{}; broken off", Fault.EXCHANGE),
    ((Unfit,), "{}", Fault.EXCHANGE),
    ((NoPlace,), "{}", Fault.MACHINE),
    ((KeysUnreadable,), "{}", Fault.OPERATOR),
    ((TooSlow,), "not done in the time that it may take: timed out, broken off", Fault.EXCHANGE),
    (
        (NothingInCommon,),
        "the exchange and we have no kind of encryption in common ({})",
        Fault.EXCHANGE,
    ),
    ((socket.gaierror,), "the name of the exchange cannot be resolved", Fault.NETWORK),
    ((ConnectionRefusedError,), "connection refused: the port is closed", Fault.EXCHANGE),
    ((TimeoutError,), "timed out: no connection to the exchange, or it fell silent", Fault.NETWORK),
    ((EOFError, ConnectionError), "the connection was cut", Fault.NETWORK),
)
"""Kinds of exceptions, what they mean, and whose fault it is; the first row that fits."""
