"""When a wall clock shows a time next, over both changes of daylight saving.

On most days a time of day is one instant. In the hour that is repeated it is two: a reminder rings
at the first of them that is still to come, and once on a day. In the hour that is skipped it is
none: it rings in the instant in which the clock jumps over it, or that day not at all (ours: no
source says what an exchange does).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

MissingTime = Literal["at-the-jump", "next-day"]

_DAY = timedelta(days=1)


def next_instant(
    shown: time, after: datetime, zone: ZoneInfo, missing: MissingTime, day: date | None = None
) -> tuple[datetime, date]:
    """Return when the clock shows `shown` next, in UTC, and the date on which it does.

    Args:
        shown: time of day.
        after: an instant; the one looked for comes behind it.
        zone: of the clock.
        missing: what becomes of a time that is skipped.
        day: only on a later date than this one; `None`: on any.
    """
    today = after.astimezone(zone).date()
    # The clock can go back over midnight: a date may still be to come that was already.
    first = today - _DAY if day is None else max(today - _DAY, day + _DAY)
    while True:
        for instant in _instants(datetime.combine(first, shown), zone, missing):
            if instant > after:
                return instant, first
        first += _DAY


def _instants(local: datetime, zone: ZoneInfo, missing: MissingTime) -> Iterator[datetime]:
    """Return the instants of a wall clock time, the earlier one first."""
    passes = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [each for each in passes if each.astimezone(zone).replace(tzinfo=None, fold=0) == local]
    if real:
        yield from sorted(set(real))
    elif missing == "at-the-jump":
        yield _jump(min(passes), max(passes), zone)


def _jump(before: datetime, behind: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant between two at which the clock jumps, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while behind - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(behind - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind
