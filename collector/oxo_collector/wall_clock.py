"""An exchange's wall clock as instants: it goes back once a year and shows one hour twice.

No wire tells which pass of a repeated hour a stamp is of. So a stamp has two instants there, the
earliest and the latest that it can mean; everywhere else they are the same. The order of receipt
tells the passes apart as far as anything does, which is why nothing here sorts by stamps.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def earliest(local: datetime, zone: str | None) -> datetime:
    """Return the first instant (UTC) at which the clock of a zone showed this.

    Args:
        local: wall clock, without offset.
        zone: IANA name; None: this machine's.
    """
    return min(_passes(local, zone))


def latest(local: datetime, zone: str | None) -> datetime:
    """Return the last instant (UTC) at which the clock of a zone showed this."""
    return max(_passes(local, zone))


def shortest(begin: datetime, end: datetime, zone: str) -> timedelta:
    """Return the shortest time from one stamp to a later one; negative where there is none."""
    spans = [to - since for since in _passes(begin, zone) for to in _passes(end, zone)]
    return min((span for span in spans if span >= timedelta(0)), default=max(spans))


def _passes(local: datetime, zone: str | None) -> tuple[datetime, datetime]:
    if not date.min < local.date() < date.max:
        only = local.replace(tzinfo=UTC)  # elsewhere it would be in a year that does not exist
        return only, only
    here = None if zone is None else ZoneInfo(zone)
    first, second = (local.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
