"""Limits of the control port: how long a body may be, how long a peer may be silent."""

from io import BytesIO
from typing import Any

import msgspec
from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from oxo_simulator.control.messages import Problem

BODY_BYTES_MAX = 32 * 1024 * 1024
ORDER_BYTES_MAX = 2 * 1024 * 1024
"""Of every order but a load of tickets, which is read in slices: 32 MiB of calls take seconds."""
SILENCE_SECONDS_MAX = 120
"""Longer than the longest wait for a ledger line."""

_TOO_LONG = msgspec.json.encode(Problem(error=f"a body has at most {BODY_BYTES_MAX} bytes"))


class ControlRequest(Request):
    """Refuses a body that is too long before it is read, also when its length is not announced."""

    _received_bytes = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's interface
        """Look at the announced length.

        The body stays in memory: twisted.web would open a temporary file for a long one, and a
        full disk would then end the connection without a word.
        """
        self.content = BytesIO()
        if length is not None and length > BODY_BYTES_MAX:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's interface
        """Count what arrives."""
        self._received_bytes += len(data)
        if self._received_bytes > BODY_BYTES_MAX and not self._refused:
            self._refuse()
        if not self._refused:
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Serve, unless refused."""
        if not self._refused:
            super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def process(self) -> None:
        """Serve in a turn of the reactor of its own.

        Many requests in one piece would else keep everybody else waiting until the last is served.
        """
        channel: Any = self.channel
        channel.site.reactor.callLater(0, self._serve)

    def getRequestHostname(self) -> bytes:  # noqa: N802 - Twisted's interface
        """Return a name: which one a peer calls us by, and whether it is any, decides nothing."""
        return b"localhost"

    def _serve(self) -> None:
        # Who asked may be gone.
        if self.channel is not None:
            super().process()  # type: ignore[no-untyped-call]

    def _refuse(self) -> None:
        self._refused = True
        channel: Any = self.channel
        channel.transport.write(
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(_TOO_LONG), _TOO_LONG)
        )
        channel.loseConnection()


class ControlSite(Site):
    """The site, without an access log: the ledger is the record."""

    def __init__(self, root: IResource, real: IReactorTime) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            root,
            requestFactory=ControlRequest,
            # A body is JSON, whatever its type is called: curl calls it a form.
            parsePOSTFormSubmission=False,
            timeout=SILENCE_SECONDS_MAX,
            reactor=real,
        )

    def log(self, request: Any) -> None:
        """Log nothing."""
