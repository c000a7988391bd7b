"""One entry of the spool as bytes: written in one piece, and recognised when it is not whole.

Layout (ours, big-endian), 36 bytes before the text:

    4 magic `OXCH` | 1 kind | 1 length of the epoch | 2 zero | 4 length of the payload
    8 first ordinal | 4 count | 8 milliseconds since 1970 (UTC) | 4 CRC-32 of all the rest
    epoch (ASCII) | payload

Every chunk names its epoch, so that one that is damaged takes no other with it. What lies between
two chunks that are whole is damage; what lies behind the last one is a torn tail: a write that a
crash broke off.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

MAGIC: Final = b"OXCH"
HEAD: Final = struct.Struct(">4sBBHIQIQI")

PAYLOAD_BYTES_MAX: Final = 16 * 1024 * 1024
"""A length above it is damage, not a length."""


class Kind(IntEnum):
    """What a chunk tells."""

    BEGUN = 1
    """A connection in which tickets come; the payload is the peer. `first` comes next."""
    FRAMES = 2
    """Whole frames, as they came, `count` of them; the first has the ordinal `first`."""
    ASIDE = 3
    """What is no frame: reason, a zero byte, the bytes. `first` is its ordinal; 0: none."""
    ENDED = 4
    """The connection ended by our own orderly stop: nothing of it is missing."""
    BROKEN = 5
    """The connection ended otherwise; the payload says why."""


_KINDS: Final = frozenset(int(kind) for kind in Kind)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One entry.

    Attributes:
        kind: what it tells.
        epoch: of the connection.
        first: ordinal of the first frame in the epoch, from 1.
        count: how many frames.
        milliseconds: when it was spooled, since 1970, UTC.
        payload: as the kind says.
    """

    kind: Kind
    epoch: str
    first: int
    count: int
    milliseconds: int
    payload: bytes

    @property
    def after(self) -> int:
        """The ordinal that comes next in the epoch."""
        return self.first + self.count


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a segment that are no chunk; `torn`: they are its end."""

    offset: int
    data: bytes
    torn: bool


def written(chunk: Chunk) -> bytes:
    """Return a chunk as it stands in the spool."""
    epoch = chunk.epoch.encode("ascii")
    sizes = chunk.kind, len(epoch), 0, len(chunk.payload)
    numbers = chunk.first, chunk.count, chunk.milliseconds
    bare = HEAD.pack(MAGIC, *sizes, *numbers, 0)[:-4]
    crc = zlib.crc32(chunk.payload, zlib.crc32(epoch, zlib.crc32(bare)))
    return b"".join((bare, crc.to_bytes(4, "big"), epoch, chunk.payload))


def read(data: bytes, offset: int = 0) -> Iterator[tuple[int, Chunk | Damage]]:
    """Read what was written; with each piece comes the offset of the next.

    Whatever the bytes are, every one of them is in exactly one chunk or one damage.
    """
    while offset < len(data):
        chunk = _whole(data, offset)
        if chunk is not None:
            offset += _size(chunk)
            yield offset, chunk
            continue
        end = _next_whole(data, offset + 1)
        damage = Damage(offset, data[offset : len(data) if end is None else end], end is None)
        offset += len(damage.data)
        yield offset, damage


def _size(chunk: Chunk) -> int:
    return HEAD.size + len(chunk.epoch) + len(chunk.payload)


def _whole(data: bytes, offset: int) -> Chunk | None:
    """Return the chunk that begins there; None: none does, or it is not whole."""
    if len(data) - offset < HEAD.size:
        return None
    magic, kind, epoch_size, zero, size, first, count, when, crc = HEAD.unpack_from(data, offset)
    start = offset + HEAD.size
    middle, end = start + epoch_size, start + epoch_size + size
    if magic != MAGIC or zero or size > PAYLOAD_BYTES_MAX or end > len(data):
        return None
    found = zlib.crc32(data[start:end], zlib.crc32(data[offset : start - 4]))
    if found != crc or kind not in _KINDS:
        return None
    epoch = data[start:middle].decode("ascii", "replace")
    return Chunk(Kind(kind), epoch, first, count, when, data[middle:end])


def _next_whole(data: bytes, offset: int) -> int | None:
    while (offset := data.find(MAGIC, offset)) >= 0:
        if _whole(data, offset) is not None:
            return offset
        offset += 1
    return None
