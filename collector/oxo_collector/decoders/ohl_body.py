"""Codec of a body of the hotel link: characters become values under the names of the layout."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from oxo_collector.decoders.ohl_layout import BODIES, CODES, Coding, Field
from oxo_collector.decoders.outcome import quoted
from oxo_collector.decoders.values import Coded, Unreadable

CENTURY_TURNS_AT_YEAR = 70
"""Years 00-69 are 20YY, 70-99 are 19YY (ours)."""

HUNDREDTHS_DECIMALS = 2
"""Cost and deposit are told in hundredths (ours)."""

UNKNOWN = "unknown"

Body = Mapping[str, Any]
"""Values by name: text, whole number, `Decimal`, `Coded`, bool, `datetime`, `time`; None: blank."""

_DAY = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_CLOCK = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})?")
_FIGURE = re.compile(r"[0-9]+")


def read_body(
    letter: str, body: str, layouts: Mapping[str, tuple[Field, ...]] = BODIES
) -> Body | None:
    """Read a body; None where the layout does not know the letter.

    Raises:
        Unreadable: the text names every field that cannot be read.
    """
    layout = layouts.get(letter)
    if layout is None:
        return None
    found: dict[str, Any] = {}
    faults: list[str] = []
    for field in layout:
        text = body[field.first - 1 : field.last]
        try:
            found[field.name] = _value(field, text)
        except Unreadable as fault:
            faults.append(f"{field.name} {quoted(text)} {fault}")
    if not faults and "date" in found:
        _join(found, faults)
    if faults:
        raise Unreadable("; ".join(faults))
    return found


def _join(found: dict[str, Any], faults: list[str]) -> None:
    """Put `date_time` in the place of `date` and `time`."""
    day, clock = found.pop("date"), found.pop("time", None)
    if day is None or clock is None:
        faults.append(f"{'date' if day is None else 'time'} is blank")
    else:
        found["date_time"] = datetime.combine(day, clock)


def _value(field: Field, text: str) -> Any:
    plain = text.rstrip(" ") if field.side == "left" else text.lstrip(" ")
    if not plain:
        return None
    if field.coding == "code":
        return Coded(plain, CODES.get(field.name, {}).get(plain, UNKNOWN))
    return READERS[field.coding](plain)


def _text(text: str) -> str:
    return text


def _figure(text: str) -> int:
    if _FIGURE.fullmatch(text) is None:
        raise Unreadable("is no whole number")
    return int(text)


def _hundredths(text: str) -> Decimal:
    return Decimal(_figure(text)).scaleb(-HUNDREDTHS_DECIMALS)


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise Unreadable("is neither 0 nor 1")
    return text == "1"


def _date(text: str) -> date:
    found = _DAY.fullmatch(text)
    if found is None:
        raise Unreadable("is no date DDMMYY")
    day, month, year = (int(part) for part in found.groups())
    century = 2000 if year < CENTURY_TURNS_AT_YEAR else 1900
    try:
        return date(century + year, month, day)
    except ValueError:
        raise Unreadable("is a date that does not exist") from None


def _clock(text: str) -> time:
    hour, minute, second = _parts(text, "HHMMSS")
    try:
        return time(hour, minute, second)
    except ValueError:
        raise Unreadable("is a time that does not exist") from None


def _minute(text: str) -> time:
    hour, minute, _ = _parts(text, "HHMM")
    try:
        return time(hour, minute)
    except ValueError:
        raise Unreadable("is a time that does not exist") from None


def _duration(text: str) -> int:
    hours, minutes, seconds = _parts(text, "HHMMSS")
    if minutes >= 60 or seconds >= 60:  # noqa: PLR2004 - minutes and seconds
        raise Unreadable("is no duration HHMMSS")
    return (hours * 60 + minutes) * 60 + seconds


def _parts(text: str, form: str) -> tuple[int, int, int]:
    found = _CLOCK.fullmatch(text)
    if found is None or len(text) != len(form):
        raise Unreadable(f"is no time {form}")
    return int(found[1]), int(found[2]), int(found[3] or 0)


READERS: Mapping[Coding, Callable[[str], Any]] = {
    "text": _text,
    "figure": _figure,
    "hundredths": _hundredths,
    "flag": _flag,
    "date": _date,
    "clock": _clock,
    "minute": _minute,
    "duration": _duration,
}
"""Coding -> reader of a value that is not blank."""
