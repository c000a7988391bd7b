"""What a recorded ticket must be to be written into an exchange as it is.

A recording may say anything that the model of a ticket can hold. What no wire could say is refused
before it is written: one such ticket would stand before all others. The limits lie far beyond what
an exchange writes, so that odd recordings pass and impossible ones do not.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oxo_tickets import Ticket

DURATION_SECONDS_MAX = 100 * 3600 - 1
"""HH:MM:SS carries no hundred hours."""
TEXT_CHARACTERS_MAX = 128
RECORDED_UNITS_MAX = 2**32 - 1
EARLIEST = datetime(1, 1, 2)  # noqa: DTZ001 - wall clock
LATEST = datetime(9999, 12, 30, 23, 59, 59)  # noqa: DTZ001 - wall clock
"""A day within what a calendar holds, so that every zone can say it."""

_TEXTS = (
    "charged_user",
    "initial_user",
    "dialled_number",
    "trunk",
    "currency",
    "account_code",
    "subscriber_name",
    "zone",
)


def unsayable(ticket: Ticket) -> str | None:
    """Say which field no wire could carry, and what is allowed; `None` when all can be said."""
    return _text(ticket) or _duration(ticket) or _time(ticket) or _units(ticket) or _zone(ticket)


def _text(ticket: Ticket) -> str | None:
    for name in _TEXTS:
        value = getattr(ticket, name)
        if value is not None and len(value) > TEXT_CHARACTERS_MAX:
            return f"{name} of {len(value)} characters; at most {TEXT_CHARACTERS_MAX} are expected"
    return None


def _duration(ticket: Ticket) -> str | None:
    for name in ("ring_seconds", "call_seconds"):
        value = getattr(ticket, name)
        if value is not None and value > DURATION_SECONDS_MAX:
            return (
                f"{name} {_short(value)}; less than a hundred hours is expected, "
                f"at most {DURATION_SECONDS_MAX} seconds"
            )
    return None


def _time(ticket: Ticket) -> str | None:
    for name in ("local_time", "local_end"):
        value = getattr(ticket, name)
        if value is not None and not EARLIEST <= value <= LATEST:
            return f"{name} {value.isoformat()}; {EARLIEST.date()} to {LATEST.date()} is expected"
    if ticket.local_time + timedelta(seconds=ticket.call_seconds or 0) > LATEST:
        return f"call_seconds {ticket.call_seconds}; the call would end after {LATEST.date()}"
    return None


def _units(ticket: Ticket) -> str | None:
    if ticket.units is not None and ticket.units > RECORDED_UNITS_MAX:
        return f"units {_short(ticket.units)}; at most {RECORDED_UNITS_MAX} is expected"
    return None


def _zone(ticket: Ticket) -> str | None:
    try:
        ZoneInfo(ticket.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"zone {ticket.zone!r}; an IANA zone is expected"
    return None


def _short(number: int) -> str:
    """Write a number that may have thousands of digits."""
    return str(number) if number < 10**20 else "of more than 20 digits"
