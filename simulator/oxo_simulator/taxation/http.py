"""HTTP under the taxation service: twisted.web, with our limits and without its logs.

The only module that knows twisted.web. What it reads of a request is a `Received`, what it
writes is an `Answer`; what lies between is a `Service`.

twisted.web reads a whole body before it asks anyone (facts: tech 2.2). `TaxationRequest` refuses
a body that is too long when its length is announced, or when its chunks have grown past the
limit: the answer goes out at once, what still arrives is discarded.
"""

import math
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from oxo_simulator.taxation.delivery import Delivery, Unread
from oxo_simulator.taxation.desk import Offer

BODY_BYTES_MAX = 256 * 1024
"""Longest request body (docs/taxation.md)."""

CHUNKS_MAX = 4096
"""Most chunks of a body: reading one costs the same, however small it is."""

REQUEST_SECONDS_MAX = 60
"""A request is here, whole, so many seconds after its first byte; however lively its peer is."""

SLOW_PEER_SECONDS = 15
"""A connection on which nothing arrives for so long is closed, in or between requests."""

Headers = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request, read. Its headers hold secrets: no repr.

    Attributes:
        connection: the link's name of the connection.
        peer: the collector's address as text.
        local: host and port that the connection was accepted on, as URL authority.
        scheme: `https`, or `http` where a test has no TLS.
        tls: version and server name (SNI) of the connection, `None` without TLS.
        target: path and query as they came.
        too_long: the body was refused unread.
        began: seconds of the reactor's clock when its head had come.
        proven: its connection has shown the right password before.
        port: name of the port on which it came.
    """

    connection: str
    peer: str
    local: str
    scheme: str
    tls: dict[str, str | None] | None
    method: str
    target: str
    headers: Headers
    body: bytes
    too_long: bool
    began: float = 0.0
    proven: bool = False
    port: str = ""

    def __repr__(self) -> str:
        """Name the request."""
        return f"Received({self.method} {self.target})"

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The target behind the question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the last value of a header, if any."""
        values = [value for known, value in self.headers if known.lower() == name]
        return values[-1] if values else None

    def cookie(self, name: str) -> str | None:
        """Return the value of a cookie, if any."""
        for known, value in self.headers:
            if known.lower() == "cookie":
                for pair in value.split(";"):
                    found, equals, content = pair.strip().partition("=")
                    if equals and found == name:
                        return content
        return None


@dataclass
class Answer:
    """What goes back for one request, and what the ledger learns when it does.

    Attributes:
        user: the account that the request claimed, if it exists.
        refusal: reason of the ledger line `refused`.
        offer: tickets in the body, for the ledger line `offered`.
        proves: the request showed the right password.
    """

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    more_headers: Headers = field(default_factory=list, repr=False)
    operation: str | None = None
    user: str | None = None
    refusal: str | None = None
    offer: Offer | None = None
    proves: bool = False

    @property
    def headers(self) -> Headers:
        """Every header that the service sets."""
        length = ("Content-Length", str(len(self.body)))
        return [("Content-Type", self.content_type), length, *self.more_headers]


class Service(Protocol):
    """Who answers."""

    def connection(self, peer: Any, here: Any) -> tuple[str, str]:
        """Name a transport's ends: the link's connection, the collector's address."""

    def delay_seconds(self, received: Received) -> float:
        """Return how long the request waits before it is looked at."""

    def answer(self, received: Received) -> Answer:
        """Decide what goes back."""

    def leaving(self, received: Received, answer: Answer) -> None:
        """Write into the ledger what is told by an answer whose bytes leave next."""

    def left(self, port: str, received: Received, answer: Answer, headers: Headers) -> None:
        """Write request and answer, with the headers that went out, into the transcript."""


class TaxationChannel(HTTPChannel):
    """One connection; a peer whose request cannot be read is told so, and let go."""

    site: "TaxationSite"
    proven = False
    delivery: Delivery | None = None
    _overdue: IDelayedCall | None = None
    _answering = False
    _given_up = False

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Read, unless there is nothing more to read; the first byte starts the time limit."""
        if self._given_up:
            return
        if not self._answering:
            self._start_watch()
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def allContentReceived(self) -> None:  # noqa: N802
        """A request is complete: it was in time."""
        self._stop_watch()
        self._answering = True
        super().allContentReceived()  # type: ignore[no-untyped-call]

    def requestDone(self, request: Any) -> None:  # noqa: N802
        """An answer has gone; what came meanwhile is the beginning of the next request."""
        self._answering = False
        if any(self._dataBuffer):
            self._start_watch()
        super().requestDone(request)  # type: ignore[no-untyped-call]

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802
        """Refuse a line of the head that does not end."""
        self._refuse(b"400 Bad Request")

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Nothing is awaited any more."""
        self._stop_watch()
        if self.delivery is not None:
            self.delivery.stopProducing()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def give_up(self) -> None:
        """Let the connection go after what was written.

        The peer may still be sending. Its bytes are read and discarded while the connection
        closes, so that the answer is not lost in a reset; `timeoutConnection` is the channel's
        way to close now and to abort when the peer does not follow.
        """
        self._given_up = True
        self._stop_watch()
        self.setTimeout(None)  # type: ignore[no-untyped-call]
        self.abortTimeout = SLOW_PEER_SECONDS
        self.timeoutConnection()  # type: ignore[no-untyped-call]

    def deliver(self, request: Any, body: bytes) -> None:
        """Send an answer's body as fast as the peer reads it."""
        transport: Any = self.transport
        self.delivery = Delivery(
            request, body, self.site.unread, self.site.clock, transport.abortConnection
        )
        self.delivery.start()

    def _too_slow(self) -> None:
        self._overdue = None
        self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 %b\r\nConnection: close\r\n\r\n" % status)
        self.give_up()

    def _start_watch(self) -> None:
        if self._overdue is None:
            later: Any = self.callLater
            self._overdue = later(REQUEST_SECONDS_MAX, self._too_slow)

    def _stop_watch(self) -> None:
        watch, self._overdue = self._overdue, None
        if watch is not None:
            _cancel(watch)


class TaxationRequest(Request):
    """A request with a limited body."""

    refused = False
    began = 0.0
    _received_bytes = 0
    _chunks = 0
    _chunks_max: float = math.inf

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Refuse an announced length at once; chunks announce none.

        The body stays in memory: twisted.web would open a temporary file for a long one.
        """
        self.content = BytesIO()
        channel: Any = self.channel
        self.began = channel.site.reactor.seconds()
        if length is None:
            self._chunks_max = CHUNKS_MAX
        elif length > BODY_BYTES_MAX:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Count what arrives; discard it once the request is refused."""
        self._received_bytes += len(data)
        self._chunks += 1
        if self.refused:
            return
        if self._received_bytes > BODY_BYTES_MAX or self._chunks > self._chunks_max:
            self._refuse()
        else:
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Serve a request that was not refused on the way."""
        if not self.refused:
            super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def _refuse(self) -> None:
        """Answer before the body has been read, then let the connection go."""
        self.refused = True
        self.requestHeaders.removeHeader(b"Expect")
        channel: Any = self.channel
        # The channel tells these to a request only when it is complete.
        self.method, self.uri = channel._command, channel._path  # noqa: SLF001
        channel.transport.write(channel.site.resource.refuse(self))
        channel.give_up()


class Port(Resource):
    """One port's root: reads the request, writes the answer."""

    isLeaf = True  # noqa: N815

    def __init__(self, service: Service, name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._service = service
        self._name = name

    def render(self, request: Any) -> int:
        """Answer whatever was asked, at once, or after the delay that its peer has earned."""
        received = self._received(request)
        seconds = self._service.delay_seconds(received)
        if not seconds:
            self._answer(request, received)
            return NOT_DONE_YET
        waiting = request.channel.site.clock.callLater(seconds, self._answer, request, received)
        request.notifyFinish().addErrback(lambda _gone: _cancel(waiting))
        return NOT_DONE_YET

    def _answer(self, request: Any, received: Received) -> None:
        answer = self._service.answer(received)
        request.setResponseCode(answer.status)
        for name, value in answer.headers:
            request.responseHeaders.addRawHeader(name, value)
        self._service.leaving(received, answer)
        written = _all(request.responseHeaders)  # with those that twisted.web adds
        channel: TaxationChannel | None = request.channel
        if channel is not None:  # a fault armed at the ledger's line may have cut it
            channel.proven = channel.proven or answer.proves
            body = answer.body if received.method != "HEAD" else b""
            channel.deliver(request, body)
        self._service.left(self._name, received, answer, written)

    def _received(self, request: Any) -> Received:
        who = self._service.connection(request.client, request.getHost())
        return _received(request, who, self._name)

    def refuse(self, request: TaxationRequest) -> bytes:
        """Answer a body that is too long; return the whole answer as bytes."""
        received = self._received(request)
        answer = self._service.answer(received)
        answer.more_headers.append(("Connection", "close"))
        self._service.leaving(received, answer)
        self._service.left(self._name, received, answer, answer.headers)
        shown = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        return f"HTTP/1.1 {answer.status} Refused\r\n{shown}\r\n".encode() + answer.body


class TaxationSite(Site):
    """A site with a time limit for slow peers and without an access log of its own."""

    protocol: Any = TaxationChannel

    def __init__(self, port: Port, clock: IReactorTime, unread: Unread) -> None:
        self.unread = unread
        self.clock = clock
        super().__init__(  # type: ignore[no-untyped-call]
            port,
            requestFactory=TaxationRequest,
            parsePOSTFormSubmission=False,
            timeout=SLOW_PEER_SECONDS,
            reactor=clock,
        )

    def log(self, request: Any) -> None:
        """Log nothing: the transcript is the record, and it is redacted."""


def _cancel(call: IDelayedCall) -> None:
    if call.active():
        call.cancel()


def _received(request: Any, who: tuple[str, str], port: str) -> Received:
    local = request.getHost()
    request.content.seek(0)
    return Received(
        connection=who[0],
        peer=who[1],
        local=f"{local.host}:{local.port}",
        scheme="https" if request.isSecure() else "http",
        tls=_tls(request.transport),
        method=request.method.decode("latin-1"),
        target=request.uri.decode("latin-1"),
        headers=_all(request.requestHeaders),
        body=request.content.read(),
        too_long=request.refused,
        began=request.began,
        proven=request.channel.proven,
        port=port,
    )


def _all(headers: Any) -> Headers:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.getAllRawHeaders()
        for value in values
    ]


def _tls(transport: Any) -> dict[str, str | None] | None:
    handle: Any = transport.getHandle() if hasattr(transport, "getHandle") else None
    if not hasattr(handle, "get_protocol_version_name"):
        return None
    name = handle.get_servername()
    return {
        "version": handle.get_protocol_version_name(),
        "server_name": None if name is None else name.decode("latin-1"),
    }
