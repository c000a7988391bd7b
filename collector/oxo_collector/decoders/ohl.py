"""The hotel link as a stream: bytes in, events out, wherever the pieces are cut (facts: oxo 4.1).

A frame is STX, a letter, a body of fixed length, two digits of check value, ETX. STX and ETX stand
nowhere else, so each of them is trusted to begin or end a frame, whatever the length says:

* another STX before ETX, or more bytes than the longest form of the letter: `ETX missing`;
* a letter or a length that is not in the table, a check value that is not the XOR: a bad frame.

Between frames single control characters are events; anything else is stray bytes, told in one piece
when something else comes. What waits for its end is `pending`; `give_up` ends the wait.
"""

import msgspec

from oxo_collector.decoders.ohl_body import Body, read_body
from oxo_collector.decoders.ohl_layout import (
    ACK,
    BODIES,
    CONTROLS,
    ENCODING,
    ETX,
    FRAME_BYTES_MAX,
    LRC_DIGITS,
    MESSAGES,
    NAK,
    STX,
)

__all__ = [
    "ACK",
    "BODIES",
    "NAK",
    "STRAY_BYTES_MAX",
    "BadFrame",
    "Body",
    "Control",
    "Event",
    "Frame",
    "OhlDecoder",
    "StrayBytes",
    "read_body",
]

STRAY_BYTES_MAX = 1024
"""More of them are told in pieces of this size."""

_STX, _ETX = STX[0], ETX[0]


class Frame(msgspec.Struct, frozen=True):
    """A whole message whose check value is right; it is answered by ACK.

    Attributes:
        letter: its type.
        body: its characters.
        lrc: the check value; None where the type has none.
        raw: from STX to ETX.
    """

    letter: str
    body: str
    lrc: str | None
    raw: bytes

    @property
    def word(self) -> str:
        """What the message is."""
        return MESSAGES[self.letter].word


class Control(msgspec.Struct, frozen=True):
    """A single control character; it is not answered."""

    code: bytes

    @property
    def word(self) -> str:
        """Its name."""
        return CONTROLS[self.code]


class StrayBytes(msgspec.Struct, frozen=True):
    """Bytes that belong to no frame; they are not answered."""

    raw: bytes


class BadFrame(msgspec.Struct, frozen=True):
    """What began as a frame and is none; it is answered by NAK, so that it is sent again.

    Attributes:
        fault: `ETX missing`, `type unknown`, `length wrong` or `LRC wrong`.
        detail: the figures.
        raw: the bytes.
        sound: its check value is right all the same, so that it was said so and not damaged.
    """

    fault: str
    detail: str
    raw: bytes
    sound: bool = False


Event = Frame | Control | StrayBytes | BadFrame


class OhlDecoder:
    """Turns the bytes of one connection into events; it does no I/O and never raises on input.

    Args:
        lrc_seed: XOR of what the check value covers beside letter and body: 0 for nothing, 2 with
            STX, 3 with ETX, 1 with both (facts: oxo 7.3, no source tells).
    """

    def __init__(self, lrc_seed: int = 0) -> None:
        self._lrc_seed = lrc_seed
        self._stray = b""
        self._frame = b""

    @property
    def pending(self) -> bytes:
        """The bytes that belong to no event yet."""
        return self._stray + self._frame

    def receive(self, data: bytes) -> list[Event]:
        """Take the next bytes and return what they complete."""
        events: list[Event] = []
        waiting = self._frame + data
        begin = 0
        self._frame = b""
        while begin < len(waiting):
            if waiting[begin] == _STX:
                events += self._told_stray()
                taken = self._take_frame(waiting, begin, events)
                if not taken:
                    self._frame = waiting[begin:]
                    break
                begin += taken
            else:
                begin = self._take_between(waiting, begin, events)
        return events

    def give_up(self) -> list[Event]:
        """The rest does not come: return what was waiting."""
        frame, self._frame = self._frame, b""
        events = self._told_stray()
        return [*events, _etx_missing(frame)] if frame else events

    def _take_between(self, waiting: bytes, begin: int, events: list[Event]) -> int:
        """Take what stands between frames, up to the next STX; return where that is."""
        end = waiting.find(STX, begin)
        end = len(waiting) if end < 0 else end
        for place in range(begin, end):
            one = waiting[place : place + 1]
            if one in CONTROLS:
                events += [*self._told_stray(), Control(one)]
            else:
                self._stray += one
                if len(self._stray) == STRAY_BYTES_MAX:
                    events += self._told_stray()
        return end

    def _told_stray(self) -> list[Event]:
        raw, self._stray = self._stray, b""
        return [StrayBytes(raw)] if raw else []

    def _take_frame(self, waiting: bytes, begin: int, events: list[Event]) -> int:
        """Take a frame; return its length, or 0 where its end is not there yet."""
        letter = waiting[begin + 1 : begin + 2].decode(ENCODING)
        message = MESSAGES.get(letter)
        longest = max(message.lengths) if message else FRAME_BYTES_MAX
        for place in range(begin + 1, min(len(waiting), begin + longest)):
            if waiting[place] == _ETX:
                events.append(self._whole(waiting[begin : place + 1]))
                return place + 1 - begin
            if waiting[place] == _STX:
                events.append(_etx_missing(waiting[begin:place]))
                return place - begin
        if len(waiting) - begin < longest:
            return 0
        events.append(_etx_missing(waiting[begin : begin + longest]))
        return longest

    def _whole(self, raw: bytes) -> Event:
        letter = raw[1:2].decode(ENCODING)
        message = MESSAGES.get(letter)
        if message is None:
            detail = f"no message has the letter {letter!r}"
            return BadFrame("type unknown", detail, raw, self._is_sound(raw))
        if len(raw) not in message.lengths:
            allowed = " or ".join(str(length) for length in message.lengths)
            detail = f"{len(raw)} bytes; a message {letter} has {allowed}"
            return BadFrame("length wrong", detail, raw, self._is_sound(raw))
        if not message.checked:
            return Frame(letter, raw[2:-1].decode(ENCODING), None, raw)
        return self._checked(letter, raw)

    def _checked(self, letter: str, raw: bytes) -> Event:
        found, expected = self._lrc(raw)
        if found.upper() != expected:
            detail = f"check value {found!r}; the bytes give {expected}"
            return BadFrame("LRC wrong", detail, raw)
        return Frame(letter, raw[2 : -1 - LRC_DIGITS].decode(ENCODING), found, raw)

    def _is_sound(self, raw: bytes) -> bool:
        found, expected = self._lrc(raw)
        return len(raw) > LRC_DIGITS + 2 and found.upper() == expected

    def _lrc(self, raw: bytes) -> tuple[str, str]:
        """Return the check value that a frame tells, and the one that its bytes give."""
        value = self._lrc_seed
        for byte in raw[1 : -1 - LRC_DIGITS]:
            value ^= byte
        return raw[-1 - LRC_DIGITS : -1].decode(ENCODING), f"{value:02X}"


def _etx_missing(raw: bytes) -> BadFrame:
    return BadFrame("ETX missing", f"{len(raw)} bytes without an end", raw)
