"""The transcript: what was said on every wire, as seen by its shell, inside TLS.

A line is an HTTP exchange of the taxation wire, or what one side said on another wire
(docs/bundle.md). Credentials never enter: whoever writes a line leaves them out.

The lines lie in two files without a name, which end with the process: one that grows, and the one
before it. When the growing one is full the other is let go, its numbers stay vacant, so that a
reader sees the gap. So a transcript takes a bounded place on the disk and next to none in memory.
"""

import weakref
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Literal

import msgspec
import structlog

from oxo_simulator.lines import Lines, Page

FILE_BYTES_MAX = 64 * 1024 * 1024
"""Each of the two files is let go no earlier than when the other has so many bytes."""

TEXT_CHARACTERS_MAX = 64 * 1024
"""A longer text is cut in the transcript, never on the wire."""

PAGE_BYTES_MAX = 4 * 1024 * 1024
PAGE_LINES_MAX = 1_000
"""What is read at once, so that reading keeps nobody waiting."""

_INDEX_LINES = 8
_FILES_MAX = 2
_NAMED = {0x02: "<STX>", 0x03: "<ETX>", 0x06: "<ACK>", 0x15: "<NAK>", 0x11: "<XON>", 0x13: "<XOFF>"}
_CONTROL = {
    code: _NAMED.get(code, f"<0x{code:02x}>")
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
}
_encoder = msgspec.json.Encoder()
_log = structlog.get_logger()


class _File(Lines):
    """One file of the transcript; its lines have the numbers from `first` on."""

    def __init__(self, first: int, folder: Path | None) -> None:
        sink = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed with this object
        super().__init__(sink, _INDEX_LINES)
        self.first = first
        weakref.finalize(self, sink.close)


class Transcript:
    """The lines, numbered from 1, the oldest let go at the limit.

    Args:
        now: the UTC instant, for `at`.
        folder: where its files lie; `None` is the system's folder for temporary files.
        file_bytes_max: see `FILE_BYTES_MAX`.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        folder: Path | None = None,
        file_bytes_max: int = FILE_BYTES_MAX,
    ) -> None:
        self._now = now
        self._folder = folder
        self._file_bytes_max = file_bytes_max
        self._files: deque[_File] = deque()
        self._count = 0

    def page(self, since: int) -> Page:
        """Return the oldest lines with a number above `since` that are still kept, as JSON."""
        for file in self._files:
            skip = max(0, since + 1 - file.first)
            if lines := file.page(skip, PAGE_LINES_MAX, PAGE_BYTES_MAX):
                last = file.first + skip + len(lines) - 1
                return Page([msgspec.Raw(line) for line in lines], last, last < self._count)
        return Page([], since, more=False)

    def lines(self, since: int) -> list[dict[str, Any]]:
        """Return all lines with a number above `since` that are still kept, page by page."""
        found: list[dict[str, Any]] = []
        while (page := self.page(since)).lines:
            found += (msgspec.json.decode(line) for line in page.lines)
            since = page.last
        return found

    def clear(self) -> None:
        """Forget all lines and count from 1 again: a fresh exchange has a fresh transcript."""
        self._files.clear()
        self._count = 0

    def said(  # noqa: PLR0913 - a line of the transcript
        self,
        *,
        wire: str,
        connection: str,
        port: str,
        peer: str,
        sender: Literal["exchange", "collector"],
        text: str,
    ) -> None:
        """Append what one side said on a wire; its control characters are spelt `<0x1f>`."""
        shown = text[:TEXT_CHARACTERS_MAX]
        if not shown.isprintable():
            shown = shown.translate(_CONTROL)
        more = len(text) - TEXT_CHARACTERS_MAX
        self.append(
            {
                "wire": wire,
                "connection": connection,
                "port": port,
                "peer": peer,
                "sender": sender,
                "text": f"{shown}…[{more} characters more]" if more > 0 else shown,
            }
        )

    def append(self, fields: Mapping[str, Any]) -> None:
        """Append one line: its number, the instant, and what the wire has to say of it."""
        self._count += 1
        line = {"n": self._count, "at": _utc(self._now()), **fields}
        try:
            self._write(_encoder.encode(line) + b"\n")
        except OSError as error:
            # The ledger ends an exchange whose disk is full; here the numbers stay vacant.
            _log.error("transcript.lost", why=str(error), last=self._count)
            self._files.clear()

    def _write(self, line: bytes) -> None:
        if not self._files or self._files[-1].bytes + len(line) > self._file_bytes_max:
            if len(self._files) == _FILES_MAX:
                self._files.popleft()
            self._files.append(_File(self._count, self._folder))
        self._files[-1].append(line)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
