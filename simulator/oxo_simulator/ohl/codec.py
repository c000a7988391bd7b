"""Frames of the hotel link, as the exchange writes and reads them.

    STX  letter  body of fixed length  check value  ETX

The check value is the exclusive or of the bytes, as two upper-case hexadecimal digits; from which
byte to which is inferred from one public program, hence an argument (facts: oxo 4.1, 7.3). `@` and
`$` have none. Bodies are ISO-8859-1 (facts: oxo 7.3, ours).

A body is a mapping from the layout's field names to values: text; whole numbers; `Decimal` money,
written in hundredths; booleans as 1 and 0; dates as DDMMYY; times as HHMM or HHMMSS, by the width
of the place; durations in seconds, as HHMMSS. `None` is blank.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import reduce
from operator import xor
from typing import Literal

from oxo_simulator.ohl.layout import FILLER, TOTAL_BYTES, UNCHECKED, Layout, Place, body_length

STX, ETX, ACK, NAK, XON, XOFF = 0x02, 0x03, 0x06, 0x15, 0x11, 0x13
"""Control characters. The public program has XON and XOFF the other way round (facts: oxo 4.1)."""

CHARSET = "iso-8859-1"
YEARS = range(2000, 2100)
"""What two digits of a year can say."""

LrcRange = Literal["type-to-body", "with-stx", "with-etx", "with-stx-and-etx"]
Value = str | int | bool | Decimal | date | time | None
Body = Mapping[str, Value]

_FIRST_PRINTABLE = 0x20
_CONTROLS = {*range(_FIRST_PRINTABLE), *range(0x7F, 0xA0)}


class CannotSay(ValueError):
    """A value has no room, or no spelling, in its place: field, and what is allowed there."""


class BodyUnreadable(ValueError):
    """A body of a whole frame says what cannot be (the peer's fault): field and text."""


def lrc(letter_and_body: bytes, lrc_range: LrcRange = "type-to-body") -> str:
    """Return the check value of what stands between STX and itself."""
    value = reduce(xor, letter_and_body, 0)
    if "stx" in lrc_range:
        value ^= STX
    if "etx" in lrc_range:
        value ^= ETX
    return f"{value:02X}"


def frame(letter: str, body: str, lrc_range: LrcRange = "type-to-body") -> bytes:
    """Return the whole frame around a body.

    Raises:
        CannotSay: the body has no length that the letter allows, or characters that no frame can
            carry.
    """
    if letter not in TOTAL_BYTES:
        raise CannotSay(f"no frame has the letter {letter!r}")
    allowed = sorted({body_length(letter), body_length(letter.lower())})
    if len(body) not in allowed:
        raise CannotSay(f"{letter}: a body of {len(body)} characters; {allowed} are expected")
    content = _encoded(letter, letter + body)
    check = "" if letter in UNCHECKED else lrc(content, lrc_range)
    return b"".join((bytes([STX]), content, check.encode("ascii"), bytes([ETX])))


def body_text(letter: str, body: Body, layout: Layout) -> str:
    """Return the characters of a body; what `body` does not name is blank.

    Args:
        letter: which frame's; small for a partial re-initialisation.
        body: field name -> value.
        layout: places of that frame.

    Raises:
        CannotSay: a value does not go into its place; names the field.
    """
    characters = [" "] * body_length(letter)
    for place in layout:
        if place.field != FILLER:
            characters[place.first - 1 : place.last] = _filled(place, body.get(place.field))
    return "".join(characters)


def body_values(body: str, layout: Layout) -> dict[str, Value]:
    """Return what a body says.

    Raises:
        BodyUnreadable: names the first field that says nothing possible.
    """
    return {
        place.field: _read(place, body[place.first - 1 : place.last])
        for place in layout
        if place.field != FILLER
    }


def _encoded(letter: str, text: str) -> bytes:
    try:
        content = text.encode(CHARSET)
    except UnicodeEncodeError as error:
        raise CannotSay(
            f"{letter}: {error.object[error.start]!r} is no character of {CHARSET}"
        ) from None
    if not _CONTROLS.isdisjoint(content):
        raise CannotSay(f"{letter}: a control character cannot stand in a body")
    return content


def _filled(place: Place, value: Value) -> str:
    text = "" if value is None else _spelled(place, value)
    if len(text) > place.width:
        raise CannotSay(f"{place.field}: {len(text)} characters; {place.width} have room")
    fill = "0" if place.fill == "zero" and text else " "
    return (
        text.rjust(place.width, fill)
        if place.justified == "right"
        else text.ljust(place.width, fill)
    )


def _spelled(place: Place, value: Value) -> str:  # noqa: PLR0911 - one line a kind
    match place.kind, value:
        case "text", str():
            return value
        case "flag", bool():
            return "1" if value else "0"
        case "number", int() if value >= 0:
            return str(value)
        case "money", Decimal():
            return _hundredths(place, value)
        case "date", date():
            return _day(place, value)
        case "clock", time():
            return value.strftime("%H%M%S")[: place.width]
        case "duration", int():
            minutes, seconds = divmod(value, 60)
            return f"{minutes // 60:02}{minutes % 60:02}{seconds:02}"
    raise CannotSay(f"{place.field}: {_shown(value)} is no {place.kind} that can be said")


def _shown(value: Value) -> str:
    return str(value) if isinstance(value, int) else type(value).__name__


def _hundredths(place: Place, amount: Decimal) -> str:
    if not amount.is_finite() or amount < 0 or amount.adjusted() >= place.width:
        raise CannotSay(f"{place.field}: {amount} is no amount that has room")
    hundredths = amount.scaleb(2)
    if hundredths != hundredths.to_integral_value():
        raise CannotSay(f"{place.field}: {amount} is no whole number of hundredths")
    return str(int(hundredths))


def _day(place: Place, day: date) -> str:
    if day.year not in YEARS:
        raise CannotSay(f"{place.field}: year {day.year}; {YEARS[0]} to {YEARS[-1]} can be said")
    return f"{day:%d%m%y}"


def _read(place: Place, text: str) -> Value:
    said = text.strip(" ")
    if not said:
        return None
    try:
        return _understood(place, said)
    except ValueError:
        shown = "what stands there" if place.field == "password" else repr(said)
        raise BodyUnreadable(f"{place.field}: {shown} is no {place.kind}") from None


def _understood(place: Place, said: str) -> Value:
    """Read what the application writes; dates and durations are never among it."""
    if place.kind == "text":
        if not _CONTROLS.isdisjoint(said.encode(CHARSET)):
            raise ValueError(said)
        return said
    if not (said.isascii() and said.isdigit()):
        raise ValueError(said)
    match place.kind:
        case "flag" if said in ("0", "1"):
            return said == "1"
        case "money":
            return Decimal(said).scaleb(-2)
        case "clock" if len(said) == place.width:
            return datetime.strptime(said, "%H%M%S"[: place.width]).time()  # noqa: DTZ007
        case "number":
            return int(said)
    raise ValueError(said)
