"""The messages of the hotel link: letters, lengths, and where the fields of their bodies stand.

Letters and lengths are those of a public program (facts: oxo 4.1, field; B, N, V and S inferred
from their lengths). The places inside the bodies are printed nowhere: room, guest's name and
password stand where that program has them, the others are ours. So they are a table that an
installation may replace, and a body that does not fit is kept as it came.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

STX, ETX = b"\x02", b"\x03"
ACK, NAK = b"\x06", b"\x15"
XON, XOFF = b"\x11", b"\x13"
"""As in ASCII; the public program has the last two the other way round (its mistake: inferred)."""

ENCODING = "ISO-8859-1"
"""Of the bodies (ours)."""

LRC_DIGITS = 2
"""The check value: the XOR of letter and body as hexadecimal digits (facts: oxo 4.1)."""


class Message(msgspec.Struct, frozen=True):
    """One type of message.

    Attributes:
        word: what it is.
        lengths: bytes in all, from STX to ETX; two where there is a full and a partial form.
        checked: has a check value before ETX.
    """

    word: str
    lengths: tuple[int, ...]
    checked: bool = True


MESSAGES: Mapping[str, Message] = {
    "@": Message("connection", (7,), checked=False),
    "$": Message("keep-alive", (7,), checked=False),
    "J": Message("SMDR ticket", (74,)),
    "A": Message("check-in", (61,)),
    "B": Message("check-in, six-digit password", (63,)),
    "H": Message("phone allocation", (22,)),
    "M": Message("voice mail or modification", (61,)),
    "N": Message("modification, six-digit password", (63,)),
    "D": Message("check-out", (13,)),
    "C": Message("room status", (17,)),
    "T": Message("guest account", (44,)),
    "P": Message("wake-up", (49,)),
    "U": Message("re-initialisation", (26, 96)),
    "V": Message("re-initialisation, six-digit password", (28, 98)),
    "R": Message("reply", (19,)),
    "S": Message("reply, six-digit password", (21,)),
    "I": Message("interrogation", (13,)),
    "Z": Message("re-initialisation request", (14,)),
}
"""Letter -> message (facts: oxo 4.1)."""

FRAME_BYTES_MAX = max(max(message.lengths) for message in MESSAGES.values())

CONTROLS: Mapping[bytes, str] = {ACK: "ACK", NAK: "NAK", XOFF: "XOFF", XON: "XON"}

Coding = Literal[
    "text",
    "figure",
    "hundredths",
    "code",
    "flag",
    "date",
    "clock",
    "minute",
    "duration",
]


class Field(msgspec.Struct, frozen=True):
    """One field of a body.

    Attributes:
        name: of the value; `date` and `time` together are `date_time`.
        first: first character behind the letter, from 1.
        last: last character.
        coding: `text` blank filled, `figure` zero filled in front, `hundredths` a figure
            with two decimals, `code` one character with a word, `flag` 0 or 1, `date` DDMMYY,
            `clock` HHMMSS, `minute` HHMM, `duration` HHMMSS. Blank: none.
        side: where a text stands; blanks fill the other side.
    """

    name: str
    first: int
    last: int
    coding: Coding = "text"
    side: Literal["left", "right"] = "left"


def _check_in(password_digits: int) -> tuple[Field, ...]:
    """Return the body of a check-in; behind the password all stands as much further."""
    more = password_digits - 4
    return (
        Field("room", 1, 8),
        Field("guest_name", 10, 29),
        Field("language", 30, 30),
        Field("direct_number", 31, 34),
        Field("password", 35, 38 + more),
        Field("barring", 39 + more, 39 + more),
        Field("do_not_disturb", 40 + more, 40 + more, "flag"),
        Field("deposit", 41 + more, 48 + more, "hundredths"),
        Field("reminder_time", 49 + more, 52 + more, "minute"),
    )


BODIES: Mapping[str, tuple[Field, ...]] = {
    "J": (
        Field("charged_user", 1, 8),
        Field("direction", 9, 9, "code"),
        Field("units", 10, 15, "figure"),
        Field("date", 16, 21, "date"),
        Field("time", 22, 27, "clock"),
        Field("duration_s", 28, 33, "duration"),
        Field("dialled_number", 34, 59),
        Field("cost", 60, 69, "hundredths"),
    ),
    "P": (
        Field("room", 1, 8),
        Field("wake_up_event", 9, 9, "code"),
        Field("date", 10, 15, "date"),
        Field("time", 16, 19, "minute"),
        Field("reminder_time", 20, 23, "minute"),
        Field("attempts", 24, 24, "figure"),
        Field("guest_name", 25, 44),
    ),
    "C": (
        Field("room", 1, 8),
        Field("room_status", 9, 9, "code"),
        Field("problem", 10, 12, "figure"),
    ),
    "A": _check_in(4),
    "B": _check_in(6),
    "M": _check_in(4),
    "N": _check_in(6),
    "H": (Field("room", 1, 8), Field("set", 10, 17)),
    "T": (
        Field("room", 1, 8),
        Field("date", 9, 14, "date"),
        Field("time", 15, 18, "minute"),
        Field("calls", 19, 22, "figure"),
        Field("units", 23, 27, "figure"),
        Field("cost", 28, 39, "hundredths"),
    ),
    "D": (Field("room", 1, 8),),
    "I": (Field("room", 1, 8),),
    "R": (
        Field("room", 1, 8),
        Field("password", 9, 12),
        Field("result", 13, 14, "figure"),
    ),
}
"""Letter -> fields of the body; the bodies of the other letters are known by length alone."""

CODES: Mapping[str, Mapping[str, str]] = {
    "direction": {"O": "outgoing", "I": "incoming"},
    "wake_up_event": {
        "A": "activation",
        "C": "cancellation",
        "F": "failed",
        "D": "complete",
    },
    "room_status": {"0": "cleaned", "1": "not cleaned"},
}
"""Field -> character -> word (facts: oxo 4 for the room, inferred; the letters are ours)."""
