"""Unix `compress` (.Z): LZW with codes of 9 to 16 bits behind `1F 9D` (facts: oxe 3.2, documented).

The one place that knows the library. The form has neither a length nor a check value nor an end
mark: a stream that was cut reads as a shorter text, which only the reader of the text can notice.
One code may stand for some 65,000 characters, so a small stream may hold a text without bound: it
is written to a sink that stops it at the limit.
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


class _TooMuch(Exception):
    """The text goes on beyond the limit."""


class _Sink(io.BytesIO):
    """Takes the text while it grows, and no more of it than the limit."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__()
        self._left_bytes = bytes_max

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]  # the library gives bytes
        """Keep a piece of the text."""
        self._left_bytes -= len(piece)
        if self._left_bytes < 0:
            raise _TooMuch
        return super().write(piece)


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
    sink = _Sink(limit_bytes)
    try:
        ncompress.decompress(data, sink)
    except _TooMuch:
        reason = f"expands to more than {limit_bytes} bytes from {len(data)}; no more are read"
        return Malformed(reason, data, PLACE)
    except (ValueError, RuntimeError) as fault:
        # The library adds a dump of its buffer behind a dash or a comma; the bytes are in `raw`.
        said = str(fault).partition(" - ")[0].partition(", ")[0]
        return Malformed(f"not Unix compress, or damaged: {said}", data, PLACE)
    return sink.getvalue()
