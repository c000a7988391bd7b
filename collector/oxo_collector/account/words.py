"""What the account collection tells the operator."""

from collections.abc import Sequence
from typing import Final

from oxo_collector.decoders.account_index import Gap
from oxo_collector.failure import Failure
from oxo_collector.receipt import Stored
from oxo_collector.report import Level, Report
from oxo_collector.wording import clipped

MISSING_COUNT_MAX: Final = 100_000
"""A wider step is no gap, the counter begins anew: these are more than ten years of hours."""

NO_FILE: Final = (
    "no account file on the exchange: nothing happened yet, or Internal Accounting is switched off"
)


def warning(failure: Failure) -> Report:
    """Return the report of a failure, as loud as it is."""
    return Report(Level.ERROR if failure.alarm else Level.WARNING, str(failure))


def gap_told(gap: Gap) -> str:
    """Return the words for names that are left out."""
    between = f"between {clipped(gap.after)} and {clipped(gap.before)}"
    if gap.count is None or gap.count > MISSING_COUNT_MAX:
        return f"GAP: {between} the numbers of the files begin anew; files may be missing"
    files = "a file is" if gap.count == 1 else f"{gap.count} files are"
    return f"GAP: {between} {files} missing on the exchange"


def marker_gone(marker: str, oldest: str) -> str:
    """Return the words for a marker that is not listed any more."""
    return (
        f"GAP: {clipped(marker)}, the last file that is stored, is not on the exchange any more:"
        " files may have aged out unread, or the exchange was set up anew; collecting begins at"
        f" the oldest file, {clipped(oldest)}"
    )


def marker_replaced(marker: str) -> str:
    """Return the words for a marker whose name has come to another file."""
    return (
        f"GAP: {clipped(marker)} is not the file that is stored under this name: the exchange was"
        " set up anew, or the file was changed; collecting begins at the oldest file"
    )


def damaged(name: str, faults: Sequence[str]) -> str:
    """Return the words for a file that is not whole where it lies."""
    return (
        f"file {clipped(name)} is damaged on the exchange: {'; '.join(faults)}; what can be read"
        " of it is stored, the rest is set aside"
    )


def stored_told(name: str, stored: Stored) -> Report:
    """Return the report of a file that is durable."""
    fields: dict[str, str | int | float] = {
        "file": clipped(name),
        "new": stored.new,
        "known": stored.known,
        "quarantined": stored.quarantined,
    }
    if stored.same:
        fields["same"] = stored.same
    return Report(Level.WARNING if stored.quarantined else Level.INFO, "file stored", fields)
