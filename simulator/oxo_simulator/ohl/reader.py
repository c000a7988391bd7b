"""The application's bytes, cut into frames, control characters and what is neither.

Lengths are fixed, so the place of ETX is known: anything else there, or another STX before it, says
that the ETX is lost, and the broken frame ends at that byte. ACK, NAK, XON and XOFF stand in no
body, so they mean themselves wherever they come, even inside a frame (ours: flow control of a
serial line may slip in anywhere). Bytes that belong to nothing are kept together until something
else comes, or until they are too many.

The same bytes give the same events however they are cut.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from oxo_simulator.ohl.codec import ACK, CHARSET, ETX, NAK, STX, XOFF, XON, LrcRange, lrc
from oxo_simulator.ohl.layout import FRAME_BYTES_MAX, TOTAL_BYTES, UNCHECKED

STRAY_BYTES_MAX = 256
"""So many bytes without a frame are told at once."""

Fault = Literal["type unknown", "length wrong", "ETX missing", "LRC wrong"]

CONTROL_WORDS = {ACK: "ACK", NAK: "NAK", XON: "XON", XOFF: "XOFF"}

_LRC_BYTES = 2
_MARKS = frozenset({STX, ETX, *CONTROL_WORDS})
_PARTS = re.compile(rb"[\x02\x03\x06\x11\x13\x15]|[^\x02\x03\x06\x11\x13\x15]+")
"""One byte that means something, or a run of those that do not."""


class Control(NamedTuple):
    """A control character outside of any body."""

    code: int

    @property
    def word(self) -> str:
        """Its ASCII name."""
        return CONTROL_WORDS[self.code]


class Frame(NamedTuple):
    """A whole frame with a right check value; `lrc` is None where the letter has none."""

    letter: str
    body: str
    lrc: str | None
    raw: bytes


class BadFrame(NamedTuple):
    """What began as a frame and is none: the application's fault."""

    raw: bytes
    fault: Fault
    lrc_found: str | None = None
    lrc_expected: str | None = None


class Stray(NamedTuple):
    """Bytes outside of any frame."""

    raw: bytes


Read = Control | Frame | BadFrame | Stray


class FrameReader:
    """Reads one connection's bytes.

    Args:
        lrc_range: what the check value covers.
    """

    def __init__(self, lrc_range: LrcRange = "type-to-body") -> None:
        self._lrc_range = lrc_range
        self._frame = bytearray()
        self._stray = bytearray()

    @property
    def pending(self) -> bytes:
        """Bytes that belong to no event yet; never more than the longest frame or stray run."""
        return bytes(self._frame or self._stray)

    @property
    def inside(self) -> bool:
        """Tell whether a frame has begun and not ended."""
        return bool(self._frame)

    def feed(self, received: bytes) -> list[Read]:
        """Read on."""
        events: list[Read] = []
        for found in _PARTS.finditer(received):
            part = found[0]
            events += self._plain(part) if part[0] not in _MARKS else self._mark(part[0])
        return events

    def give_up(self) -> list[Read]:
        """End what has begun: nothing more came in time."""
        return [*self._end_stray(), *self._broken("ETX missing")]

    def _mark(self, byte: int) -> Iterator[Read]:
        if byte in CONTROL_WORDS:
            yield from self._end_stray()
            yield Control(byte)
        elif byte == STX:
            yield from self._end_stray()
            yield from self._broken("ETX missing")
            self._frame.append(STX)
        elif self._frame:
            raw = bytes((*self._frame, ETX))
            self._frame.clear()
            yield self._whole(raw)
        else:
            yield from self._outside(b"\x03")

    def _plain(self, run: bytes) -> Iterator[Read]:
        """Read bytes that mean nothing by themselves."""
        if self._frame:
            if len(self._frame) == 1:
                self._frame.append(run[0])
                run = run[1:]
            room = self._longest() - 1 - len(self._frame)
            self._frame += run[:room]
            run = run[room:]
            if run:
                yield from self._broken("ETX missing")
        yield from self._outside(run)

    def _outside(self, run: bytes) -> Iterator[Read]:
        self._stray += run
        while len(self._stray) >= STRAY_BYTES_MAX:
            yield Stray(bytes(self._stray[:STRAY_BYTES_MAX]))
            del self._stray[:STRAY_BYTES_MAX]

    def _longest(self) -> int:
        letter = self._frame[1:2].decode(CHARSET)
        return max(TOTAL_BYTES.get(letter, (FRAME_BYTES_MAX,)))

    def _whole(self, raw: bytes) -> Read:
        letter = raw[1:2].decode(CHARSET)
        if letter not in TOTAL_BYTES:
            return BadFrame(raw, "type unknown")
        if len(raw) not in TOTAL_BYTES[letter]:
            return BadFrame(raw, "length wrong")
        if letter in UNCHECKED:
            return Frame(letter, raw[2:-1].decode(CHARSET), None, raw)
        content, found = raw[1 : -_LRC_BYTES - 1], raw[-_LRC_BYTES - 1 : -1].decode(CHARSET)
        if found != (expected := lrc(content, self._lrc_range)):
            return BadFrame(raw, "LRC wrong", found, expected)
        return Frame(letter, content[1:].decode(CHARSET), found, raw)

    def _broken(self, fault: Fault) -> Iterator[Read]:
        if self._frame:
            raw = bytes(self._frame)
            self._frame.clear()
            yield BadFrame(raw, fault)

    def _end_stray(self) -> Iterator[Read]:
        if self._stray:
            raw = bytes(self._stray)
            self._stray.clear()
            yield Stray(raw)
