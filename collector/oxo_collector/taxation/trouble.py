"""What an exception of the HTTP library means to the operator: what happened and whose fault.

The libraries wrap one exception in another, three deep and in different ways by version. So the
chain is laid open once, and each row of the table asks it one question; the first row that
answers yes names the failure. The last row always does.
"""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Final, NamedTuple

from requests import exceptions as http
from urllib3 import exceptions as pool

from oxo_collector.failure import Failure, Fault
from oxo_collector.wording import clipped

CHAIN_LENGTH_MAX: Final = 20

_FINGERPRINT: Final = re.compile(r"\b[0-9a-f]{64}\b")


class Chain(NamedTuple):
    """An exception with everything it wraps, and the names needed to speak of it."""

    links: tuple[BaseException, ...]
    address: str
    proxy: str | None
    before_tunnel: bool

    def has(self, *kinds: type[BaseException]) -> bool:
        """Tell whether one of the exceptions is of one of these kinds."""
        return any(isinstance(link, kinds) for link in self.links)

    def says(self, *words: str) -> bool:
        """Tell whether one of the texts contains one of these words."""
        texts = " ".join(str(link) for link in self.links)
        return any(word in texts for word in words)

    @property
    def proxy_itself(self) -> bool:
        """Tell whether the peer was still the proxy: nothing of the exchange was reached yet."""
        return self.proxy is not None and self.before_tunnel

    @property
    def peer(self) -> str:
        """Name the peer of the connection that failed."""
        return f"the proxy {self.proxy}" if self.proxy_itself else "the exchange"

    @property
    def certificate_words(self) -> str:
        """Return what OpenSSL says about the certificate."""
        found = (link for link in self.links if isinstance(link, ssl.SSLCertVerificationError))
        error = next(found, None)
        return "" if error is None else clipped(str(error.verify_message or error.reason))

    @property
    def fingerprint_words(self) -> str:
        """Name the expected and the found fingerprint; the library tells them in this order."""
        texts = " ".join(str(link) for link in self.links)
        expected, found = [*_FINGERPRINT.findall(texts), "unknown", "unknown"][:2]
        return f"expected {expected}, found {found}"


class Row(NamedTuple):
    """One question and, if the chain says yes, its meaning."""

    applies: Callable[[Chain], bool]
    what: Callable[[Chain], str]
    fault: Fault
    other_port_may_help: bool = False
    alarm: bool = False


def explain(
    error: BaseException,
    where: str,
    address: str,
    proxy: str | None,
    *,
    before_tunnel: bool = False,
) -> Failure:
    """Return the meaning of an exception.

    Args:
        error: what was raised.
        where: operation and address, for the message.
        address: the exchange's.
        proxy: `address:port` of the proxy in use.
        before_tunnel: the proxy had not yet connected us to the exchange.
    """
    chain = Chain(tuple(_links(error)), address, proxy, before_tunnel)
    row = next(row for row in ROWS if row.applies(chain))
    return Failure(row.what(chain), where, row.fault, row.other_port_may_help, row.alarm)


def _links(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], 0
    while waiting and seen < CHAIN_LENGTH_MAX:
        link = waiting.pop(0)
        seen += 1
        yield link
        inner = [*link.args, getattr(link, "reason", None), getattr(link, "original_error", None)]
        inner += [link.__cause__, link.__context__]
        waiting += [one for one in inner if isinstance(one, BaseException)]


ROWS: Final[tuple[Row, ...]] = (
    Row(
        lambda c: c.says("TLS CA certificate bundle"),
        lambda _: "the CA file is gone since the session was begun",
        Fault.OPERATOR,
    ),
    Row(
        lambda c: c.says("Tunnel connection failed: 407"),
        lambda c: f"the proxy {c.proxy} refused our login (HTTP 407)",
        Fault.OPERATOR,
    ),
    Row(
        lambda c: c.says("Tunnel connection failed: 50"),
        lambda c: f"the proxy {c.proxy} cannot reach the exchange: unavailable from there",
        Fault.NETWORK,
        other_port_may_help=True,
    ),
    Row(
        lambda c: c.says("Tunnel connection failed: "),
        lambda c: f"the proxy {c.proxy} refused to connect to the exchange ({_tunnel_words(c)})",
        Fault.PROXY,
        other_port_may_help=True,
    ),
    Row(
        lambda c: c.says("Fingerprints did not match"),
        lambda c: (
            "the certificate of the exchange is not the pinned one (fingerprint mismatch):"
            f" {c.fingerprint_words}; no password was sent; the certificate changed: if the"
            " exchange's address was changed, put the new fingerprint into the configuration,"
            " else somebody may be answering in its place"
        ),
        Fault.OPERATOR,
        alarm=True,
    ),
    Row(
        lambda c: c.says("Hostname mismatch", "IP address mismatch", "doesn't match"),
        lambda c: f"the certificate of the exchange does not name {c.address}",
        Fault.OPERATOR,
    ),
    Row(
        lambda c: c.says("has expired", "not yet valid"),
        lambda c: (
            f"the certificate of the exchange is out of its time: {c.certificate_words}"
            " by the clock of this machine"
        ),
        Fault.EXCHANGE,
    ),
    Row(
        lambda c: c.has(ssl.SSLCertVerificationError),
        lambda c: f"the exchange's certificate is of an unknown authority: {c.certificate_words}",
        Fault.OPERATOR,
    ),
    Row(
        lambda c: c.says("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION"),
        lambda _: "the exchange offers no TLS 1.2 or newer",
        Fault.EXCHANGE,
    ),
    Row(
        lambda c: c.says("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"),
        lambda _: "the peer does not speak TLS on this port: not an OXO",
        Fault.OPERATOR,
        other_port_may_help=True,
    ),
    Row(
        lambda c: c.has(socket.gaierror, pool.NameResolutionError),
        lambda c: f"the name of {c.peer} cannot be resolved",
        Fault.NETWORK,
    ),
    Row(
        lambda c: c.proxy_itself and c.has(ConnectionRefusedError),
        lambda c: f"connection refused by {c.peer}: nothing listens there",
        Fault.PROXY,
    ),
    Row(
        lambda c: c.proxy_itself and c.has(http.ConnectTimeout, pool.ConnectTimeoutError),
        lambda c: f"timed out: no connection to {c.peer}",
        Fault.PROXY,
    ),
    Row(
        lambda c: c.proxy_itself and c.has(http.ReadTimeout, pool.ReadTimeoutError, TimeoutError),
        lambda c: f"timed out: {c.peer} took the connection and fell silent",
        Fault.PROXY,
    ),
    Row(
        lambda c: c.proxy_itself and c.has(RemoteDisconnected, ConnectionResetError),
        lambda c: f"{c.peer} closed the connection without an answer",
        Fault.PROXY,
    ),
    Row(
        lambda c: c.proxy_itself and c.has(HTTPException),
        lambda c: f"the answer of {c.peer} is no HTTP that can be read: '{_last_words(c)}'",
        Fault.PROXY,
    ),
    Row(
        lambda c: c.proxy_itself,
        lambda c: f"the proxy {c.proxy} is unavailable: {_last_words(c)}",
        Fault.PROXY,
    ),
    Row(
        lambda c: c.has(ConnectionRefusedError),
        lambda _: "connection refused: the port is closed",
        Fault.EXCHANGE,
        other_port_may_help=True,
    ),
    Row(
        lambda c: c.has(http.ConnectTimeout, pool.ConnectTimeoutError),
        lambda c: f"timed out: no connection to {c.peer}",
        Fault.NETWORK,
        other_port_may_help=True,
    ),
    Row(
        lambda c: c.has(IncompleteRead, pool.IncompleteRead),
        lambda _: "half an answer: the connection ended before the announced length",
        Fault.NETWORK,
    ),
    Row(
        lambda c: c.has(http.ReadTimeout, pool.ReadTimeoutError, TimeoutError),
        lambda _: "timed out: the exchange took the connection and fell silent",
        Fault.NETWORK,
    ),
    Row(
        lambda c: c.has(ConnectionResetError, BrokenPipeError),
        lambda _: "the connection was reset: unavailable",
        Fault.NETWORK,
    ),
    Row(
        lambda c: c.has(RemoteDisconnected, ssl.SSLEOFError, ssl.SSLZeroReturnError),
        lambda _: "the connection was closed without an answer: unavailable",
        Fault.NETWORK,
    ),
    Row(
        lambda c: c.has(HTTPException),
        lambda c: f"the answer is no HTTP that can be read: '{_last_words(c)}'",
        Fault.EXCHANGE,
    ),
    Row(
        lambda c: c.has(OSError) and c.has(pool.NewConnectionError, http.ConnectionError),
        lambda c: f"unavailable: {_last_words(c)}",
        Fault.NETWORK,
        other_port_may_help=True,
    ),
    Row(
        lambda _: True,
        lambda c: f"the request failed in a way without a name: '{_last_words(c)}'",
        Fault.EXCHANGE,
    ),
)
"""Asked in order; the first that applies names the failure."""


def _tunnel_words(chain: Chain) -> str:
    """Return status and phrase that the proxy gave."""
    mark = "Tunnel connection failed: "
    text = next(str(link) for link in chain.links if mark in str(link))
    return "HTTP " + clipped(text.partition(mark)[2].split("'")[0].rstrip(")"))


def _last_words(chain: Chain) -> str:
    """Return the innermost text, in the system's own words where there are any."""
    systems = [link for link in chain.links if isinstance(link, OSError) and link.strerror]
    text = systems[-1].strerror if systems else str(chain.links[-1])
    return clipped(str(text or type(chain.links[-1]).__name__))
