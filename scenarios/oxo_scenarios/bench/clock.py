"""The bench's real time, as it is written into evidence."""

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """Return an instant as the evidence spells it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_now() -> str:
    """Return this instant as the evidence spells it."""
    return utc_text(datetime.now(UTC))
