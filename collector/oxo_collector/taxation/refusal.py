"""Which HTTP answers are not read at all: their status, their kind, or what they give back.

A peer that is no exchange, or a gateway in front of one, is told by the head of its answer; not a
byte of the body is needed for that, and none is unpacked. What remains is for the decoder.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from oxo_collector.failure import Failure, Fault
from oxo_collector.wording import clipped

if TYPE_CHECKING:
    from requests.cookies import RequestsCookieJar

REDIRECTION: Final = 3

COOKIES_COUNT_MAX: Final = 50
COOKIES_CHARACTERS_MAX: Final = 16 * 1024
"""An exchange sets one of some thirty characters; without a limit every request would grow."""

READABLE_STATUS: Final = frozenset({200, 500})
"""docs/taxation.md: faults are HTTP 500."""

FAULT_OF_1_2: Final = (400, "application/soap+xml")
"""SOAP 1.2, part 2, 7.5.2.2: a fault of the sender may be HTTP 400, too."""

VAGUE_TYPES: Final = frozenset({"", "text/plain", "application/octet-stream"})
"""Types that say nothing about the content; what it is, the decoder sees."""

STATUSES: Final[Mapping[int, tuple[str, Fault, bool]]] = {
    401: ("user or password refused (HTTP 401)", Fault.OPERATOR, False),
    403: ("access refused to this account (HTTP 403)", Fault.OPERATOR, False),
    404: (
        "no taxation service there (HTTP 404): not an OXO, or closed on it",
        Fault.OPERATOR,
        True,
    ),
    405: ("no taxation service there (HTTP 405): not an OXO", Fault.OPERATOR, True),
    413: ("request refused as too long (HTTP 413)", Fault.EXCHANGE, False),
    502: ("unavailable behind a gateway (HTTP 502)", Fault.NETWORK, False),
    503: ("the exchange is unavailable: busy or in a reset (HTTP 503)", Fault.EXCHANGE, False),
    504: ("unavailable behind a gateway (HTTP 504)", Fault.NETWORK, False),
}


def refused_head(status: int, headers: Mapping[str, str], where: str) -> Failure | None:
    """Return why an answer with this head is not read; None when it may be."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if status not in READABLE_STATUS and (status, kind) != FAULT_OF_1_2:
        return _refused_status(status, headers.get("Location"), where)
    if kind == "text/html":
        what = f"a web page came instead of a SOAP answer (HTTP {status}): this is not an OXO"
        return Failure(what, where, Fault.OPERATOR, other_port_may_help=True)
    if kind not in VAGUE_TYPES and not kind.endswith("xml"):
        what = f"the answer is of the type {clipped(kind)} and no XML: this is not an OXO"
        return Failure(what, where, Fault.OPERATOR, other_port_may_help=True)
    coding = headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        what = f"the answer is packed ({clipped(coding)}), which was not asked for; not unpacked"
        return Failure(what, where, Fault.EXCHANGE)
    return None


def _refused_status(status: int, location: str | None, where: str) -> Failure:
    """Return the meaning of an HTTP status that brings no SOAP answer."""
    if status // 100 == REDIRECTION:
        target = f" to {clipped(location)}" if location else ""
        what = (
            f"redirected (HTTP {status}){target}; not followed, the account stays with the exchange"
        )
        return Failure(what, where, Fault.EXCHANGE)
    what, fault, other_port = STATUSES.get(
        status, (f"unexpected answer HTTP {status}", Fault.EXCHANGE, False)
    )
    return Failure(what, where, fault, other_port)


def refused_cookies(cookies: "RequestsCookieJar", where: str) -> Failure | None:
    """Return why a session with these cookies is not gone on with; None when it may be."""
    size = sum(len(cookie.name) + len(cookie.value or "") for cookie in cookies)
    if len(cookies) <= COOKIES_COUNT_MAX and size <= COOKIES_CHARACTERS_MAX:
        return None
    what = (
        f"the exchange set {len(cookies)} cookies of {size} characters; at most"
        f" {COOKIES_COUNT_MAX} of {COOKIES_CHARACTERS_MAX} are taken"
    )
    return Failure(what, where, Fault.EXCHANGE)
