"""Unix `compress` (.Z): LZW with codes of 9 to 16 bits behind `1F 9D` (facts: oxe 3.2, documented).

The one place that knows the library. The form has neither a length nor a check value nor an end
mark: a stream that was cut reads as a shorter text, which only the reader of the text can notice.
One code may stand for some 65,000 characters, so a small stream may hold a text without bound.
Therefore the library reads from and writes to files of ours, which share a limit: beyond it nothing
is kept any more and the input ends. Neither of them raises, because the library writes its last
piece where an exception ends the process.
"""

import io
from typing import Final

import ncompress

from oxo_collector.decoders.outcome import Malformed

MAGIC: Final = b"\x1f\x9d"
"""What every stream begins with."""

COMPRESSED_BYTES_MAX: Final = 64 * 1024 * 1024
"""A longer stream is not opened: an hour of the busiest exchange has far below one mebibyte."""

PLACE: Final = "document"


class _Text(io.BytesIO):
    """Takes the text as it grows, and nothing of it beyond the limit."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__()
        self._left_bytes = bytes_max

    @property
    def is_too_long(self) -> bool:
        """Whether there was more than the limit."""
        return self._left_bytes < 0

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]  # the library gives bytes
        """Keep a piece of the text."""
        self._left_bytes -= len(piece)
        return len(piece) if self.is_too_long else super().write(piece)


class _Stream(io.BytesIO):
    """Gives the compressed bytes until the text is too long; then it is at its end.

    The library asks for 1024 bytes a time: so many may still be expanded in vain.
    """

    def __init__(self, data: bytes, text: _Text) -> None:
        super().__init__(data)
        self._text = text

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        return b"" if self._text.is_too_long else super().read(size)


def is_compressed(data: bytes) -> bool:
    """Tell a compressed stream by its first two bytes."""
    return data.startswith(MAGIC)


def expand(
    data: bytes, limit_bytes: int, *, compressed_bytes_max: int = COMPRESSED_BYTES_MAX
) -> bytes | Malformed:
    """Return the text of a compressed stream, or what is wrong with it; never raises on input.

    Args:
        data: the whole stream.
        limit_bytes: a longer text is refused as soon as it is longer, whatever it would become.
        compressed_bytes_max: a longer stream is refused unread.
    """
    if not data:
        return Malformed("the compressed file is empty", data, PLACE)
    if len(data) > compressed_bytes_max:
        reason = f"compressed to {len(data)} bytes; at most {compressed_bytes_max} are read"
        return Malformed(reason, data, PLACE)
    text = _Text(limit_bytes)
    fault = _decompress(data, text)
    if text.is_too_long:
        reason = f"expands to more than {limit_bytes} bytes from {len(data)}; no more are read"
        return Malformed(reason, data, PLACE)
    if fault is not None:
        return Malformed(f"not Unix compress, or damaged: {fault}", data, PLACE)
    return text.getvalue()


def _decompress(data: bytes, text: _Text) -> str | None:
    """Return what the library has against the stream."""
    try:
        ncompress.decompress(_Stream(data, text), text)
    except (ValueError, RuntimeError) as fault:
        # It adds a dump of its buffer behind a dash or a comma; the bytes are in `raw`.
        return str(fault).partition(" - ")[0].partition(", ")[0]
    return None
