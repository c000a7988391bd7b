"""Text as a reader gets it: dates, durations, and strangers' strings made harmless to look at.

Escaping for HTML is the template's work (autoescape). Here is what escaping does not do: control
characters and marks that turn the writing direction are shown, not obeyed; numbers and instants
are put in the words of a document.
"""

import json
import re
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NOTHING = "\N{EN DASH}"
VALUE_CHARACTERS_MAX = 400
SHORT_SECONDS = 0.1
"""Below, a duration is shown with a third decimal."""
KILOBYTE = 1000
MEGABYTE = 1000 * KILOBYTE
TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def visible(value: Any) -> Any:
    """Show unseen characters of a plain string as `<U+001B>`; leave all other values alone."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return UNSEEN.sub(lambda found: f"<U+{ord(found.group()):04X}>", value)
    return value


def uncoloured(line: str) -> str:
    """Take a terminal's colour sequences out of a line of a log."""
    return TERMINAL_COLOUR.sub("", line)


def plain(value: Any) -> str:
    """Word any JSON value, shortened: strings as they are, the rest as JSON."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(isinstance(one, str | int) for one in value):
        value = ", ".join(map(str, value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= VALUE_CHARACTERS_MAX:
        return text
    return f"{text[:VALUE_CHARACTERS_MAX]}… ({len(text) - VALUE_CHARACTERS_MAX} more characters)"


def sentence(value: str) -> str:
    """Begin with a capital and end with a full stop, unless it begins with a field's name."""
    first = value.split(" ", 1)[0]
    begun = value if "_" in first else value[:1].upper() + value[1:]
    return begun if begun.endswith((".", "!", "?", "…")) else f"{begun}."


def titled(name: str, version: str | None) -> str:
    """Join a product's name and version; a version that repeats the name says it once."""
    if not version:
        return name
    return version if version.startswith(f"{name} ") else f"{name} {version}"


def released(version: str | None) -> str:
    """Word a version that stands alone, as in a figure: a bare number is called a release."""
    if not version:
        return "release not stated"
    return f"release {version}" if version[:1].isdigit() else version


def day(value: str | date) -> str:
    """Write a day out: 22 November 2026."""
    moment = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def month(value: str) -> str:
    """Write a month out: November 2026."""
    return day(value).split(" ", 1)[1]


def clock(value: Any) -> str:
    """Take the time of day out of an instant: 20:45:00.123."""
    found = re.search(r"T([0-9:]+(\.[0-9]{1,3})?)", str(value))
    return found.group(1) if found else plain(value)


def instant(value: str) -> str:
    """Write an instant out: 22 November 2026, 20:45:00 UTC."""
    return f"{day(value)}, {clock(value).split('.')[0]} UTC"


def between(start: str, end: str) -> float:
    """Return the seconds from one instant to another."""
    return (_moment(end) - _moment(start)).total_seconds()


def seconds(value: float) -> str:
    """Write a number of seconds with its unit: 0.004 s, 1.9 s, 20 s."""
    return (
        f"{value:.{2 if value >= SHORT_SECONDS else 3}f}".rstrip("0").rstrip(".")
        + "\N{NO-BREAK SPACE}s"
    )


def duration(value: Any) -> str:
    """Write what should be a number of seconds; anything else is shown as it came."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return seconds(value) if number else plain(value)


def quantity(number: int, one: str, several: str | None = None) -> str:
    """Write a number with its noun: 1 case, 3 cases."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def size(number_bytes: int) -> str:
    """Write a number of bytes: 812 bytes, 1.4 MB."""
    if number_bytes < KILOBYTE:
        return quantity(number_bytes, "byte")
    if number_bytes < MEGABYTE:
        return f"{number_bytes / KILOBYTE:.1f} kB"
    return f"{number_bytes / MEGABYTE:.1f} MB"


def css_text(value: str) -> Markup:
    """Write a string for CSS, every character that is no letter or digit escaped.

    A subject's name stands in the running title of the printed page, hence inside a style sheet,
    where HTML escaping does not apply.
    """
    shown = str(visible(value))
    safe = (c if c.isascii() and c.isalnum() else f"\\{ord(c):06X}" for c in shown)
    return Markup('"' + "".join(safe) + '"')  # noqa: S704 - only ASCII letters, digits, hex escapes


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)
