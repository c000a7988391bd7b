"""Strict readers of single values: a value in another spelling is refused, never guessed.

`int` and `fromisoformat` accept more than any wire sends (blanks, signs, other scripts' digits,
week dates), so each form is matched first. The same few texts come again and again in a list,
hence the caches; their size is a limit, not a tuning.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

import msgspec
from oxo_tickets.ticket import COST_DIGITS_MAX, ROOM_PROBLEM_MAX

CACHED_COUNT_MAX = 4096

_DURATION = re.compile(r"([0-9]{2}):([0-5][0-9]):([0-5][0-9])")
_MINUTES = re.compile(r"([0-9]{2}):([0-5][0-9])")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}")
_PRINTED_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{2})")
_COUNT = re.compile(r"[0-9]{1,18}")
_PROBLEM = re.compile(r"[0-9]{1,3}")
_MONEY = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")


class Unreadable(ValueError):
    """A value is not in the form that the wire prescribes; the text completes "<value> ..."."""


class Coded(msgspec.Struct, frozen=True):
    """A code of the wire and the word for it; the word of an unknown code is `unknown`."""

    code: str
    word: str


@lru_cache(CACHED_COUNT_MAX)
def duration_seconds(text: str) -> int:
    """Read `HH:MM:SS`, hours 00-99, as seconds."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Unreadable("is no duration HH:MM:SS")
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])


@lru_cache(CACHED_COUNT_MAX)
def ring_seconds(text: str) -> int:
    """Read `mm:ss`, minutes 00-99, as seconds."""
    found = _MINUTES.fullmatch(text)
    if found is None:
        raise Unreadable("is no duration mm:ss")
    return int(found[1]) * 60 + int(found[2])


@lru_cache(CACHED_COUNT_MAX)
def iso_date(text: str) -> date:
    """Read `YYYY-MM-DD`."""
    if _ISO_DATE.fullmatch(text) is None:
        raise Unreadable("is no date YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable("is a date that does not exist") from None


@lru_cache(CACHED_COUNT_MAX)
def iso_time(text: str) -> time:
    """Read `HH:MM:SS` as a time of day."""
    if _ISO_TIME.fullmatch(text) is None:
        raise Unreadable("is no time HH:MM:SS")
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Unreadable("is a time that does not exist") from None


@lru_cache(CACHED_COUNT_MAX)
def clock_time(text: str) -> time:
    """Read `HH:MM` as a time of day."""
    if _CLOCK.fullmatch(text) is None:
        raise Unreadable("is no time HH:MM")
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Unreadable("is a time that does not exist") from None


def iso_date_time(text: str) -> datetime:
    """Read `YYYY-MM-DDTHH:MM:SS`, without zone."""
    day, mark, clock = text.partition("T")
    if not mark:
        raise Unreadable("is no date and time YYYY-MM-DDTHH:MM:SS")
    return datetime.combine(iso_date(day), iso_time(clock))


@lru_cache(CACHED_COUNT_MAX)
def printed_date(text: str) -> date:
    """Read `DD/MM/YY`; 00-69 are 20YY, 70-99 are 19YY (ours)."""
    found = _PRINTED_DATE.fullmatch(text)
    if found is None:
        raise Unreadable("is no date DD/MM/YY")
    year = int(found[3])
    try:
        return date(year + (2000 if year < 70 else 1900), int(found[2]), int(found[1]))  # noqa: PLR2004
    except ValueError:
        raise Unreadable("is a date that does not exist") from None


def count(text: str) -> int:
    """Read a whole number without sign, at most 18 digits."""
    if _COUNT.fullmatch(text) is None:
        raise Unreadable("is no whole number")
    return int(text)


def room_problem(text: str) -> int:
    """Read the number of what housekeeping found in a room, up to three digits."""
    if _PROBLEM.fullmatch(text) is None:
        raise Unreadable(f"is no problem from 0 to {ROOM_PROBLEM_MAX}")
    return int(text)


def money(text: str) -> Decimal:
    """Read an amount without sign and with a decimal point; its decimals are kept.

    One with more digits than the model of a ticket takes is refused here, where it spoils one
    ticket; the model would refuse it where it spoils the answer.
    """
    if _MONEY.fullmatch(text) is None:
        raise Unreadable("is no amount with a decimal point")
    amount = Decimal(text)
    if amount.adjusted() >= COST_DIGITS_MAX:
        raise Unreadable(f"has more than {COST_DIGITS_MAX} digits before the point")
    return amount
