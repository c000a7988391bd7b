"""How each source stands, as the store tells: what came, what is missing, what was wrong."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from oxo_collector.decoders.account_index import apart, gap_between, parts_of
from oxo_collector.receipt import Wire

GAPS_COUNT_MAX: Final = 100

MISSING_FILES_COUNT_MAX: Final = 366 * 24
"""A year of hours; a wider step between two names is another count, of an exchange set up anew."""

Rows = Callable[..., Iterator[tuple[Any, ...]]]
"""Gives the rows of a query with these values."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What somebody should look into; times are UTC."""

    text: str
    seen_count: int
    seen_first: str
    seen_last: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequences between others that were never offered to this store, both ends included."""

    epoch: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FileGap:
    """Account files between two others, by the count in their names, that are not stored."""

    after: str
    before: str
    count: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A lost connection of the stream; times are UTC.

    Attributes:
        last_heard: when something last came on it.
        ended: when its end was noticed; of a collector that was killed, the last instant of
            which the spool knows.
        why: in words.
        resumed: when the next connection was made; None: not yet.
        healed_by: the account file that covers it; None: none yet.
    """

    last_heard: str
    ended: str
    why: str
    resumed: str | None
    healed_by: str | None


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What the store knows about one wire of one exchange; times are UTC.

    Attributes:
        last_warning: the last that was wrong with it, as in the log.
        missing: how many sequences lie between others and were never offered to this store.
        gaps: where, at most `GAPS_COUNT_MAX` of them.
        alarms: what somebody should look into, the latest last.
        files: fetched ones (nmc, account).
        events: that are no tickets (ohl, stream).
        outages: lost connections, the latest last (stream).
        marker: the last file that is stored, by which the next ones are found (account).
        missing_files: how many files between others are not stored (account).
        file_gaps: where, at most `GAPS_COUNT_MAX` of them, the latest.
    """

    exchange: str
    wire: str = Wire.TAXATION
    last_contact: str | None = None
    epoch: str | None = None
    last_sequence: int = 0
    tickets: int = 0
    last_id: int = 0
    quarantined: int = 0
    last_warning: str | None = None
    warned_at: str | None = None
    missing: int = 0
    gaps: tuple[Gap, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    files: int = 0
    events: int = 0
    outages: tuple[Outage, ...] = ()
    marker: str | None = None
    missing_files: int = 0
    file_gaps: tuple[FileGap, ...] = ()


def standing(rows: Rows) -> list[SourceStatus]:
    """Return the state of every source, in the order of first contact."""
    found = []
    for owner, files, events, *known in list(rows(_SOURCES)):
        # A file is stored in one step, and one that follows another of its name holds what that
        # one had not: a number that is left out in it is no ticket that is missing.
        numbered = known[1] != Wire.ACCOUNT
        missing = sum(many for (many,) in rows(_MISSING, owner, owner, owner)) if numbered else 0
        gaps = rows(_GAPS, owner, owner, owner, GAPS_COUNT_MAX) if missing else ()
        (warning,) = rows(_WARNING, owner)
        alarms = rows(_ALARMS, owner)
        whole: list[Any] = [*known, *warning, missing]
        whole += [tuple(Gap(*gap) for gap in gaps), tuple(Alarm(*alarm) for alarm in alarms)]
        whole += [files, events, tuple(Outage(*one) for one in rows(_OUTAGES, owner))]
        marker = next((name for (name,) in rows(_MARKER, owner)), None)
        absent = file_gaps(name for (name,) in rows(_NAMES, owner)) if not numbered else []
        whole += [marker, sum(one.count for one in absent), tuple(absent[-GAPS_COUNT_MAX:])]
        found.append(SourceStatus(*whole))
    return found


def file_gaps(names: Iterable[str]) -> list[FileGap]:
    """Return which account files are missing between those of these names, in order.

    Each server has its own count (facts: oxe 3.1); what lies before the first and behind the last
    is not missing.
    """
    found = []
    for own in apart(names).values():
        for one, other in pairwise(sorted(set(own), key=_number)):
            gap = gap_between(one, other)
            if gap is not None and 0 < (gap.count or 0) <= MISSING_FILES_COUNT_MAX:
                found.append(FileGap(gap.after, gap.before, gap.count or 0))
    return found


def _number(name: str) -> int:
    parts = parts_of(name)
    assert parts is not None, "`apart` gave names of account files alone"
    return parts.number


_SOURCES: Final = """
    SELECT s.id,
      (SELECT count(*) FROM file f WHERE f.source = s.id),
      (SELECT count(*) FROM event v WHERE v.source = s.id),
      s.exchange, s.wire, s.last_contact, s.epoch, s.last_sequence,
      (SELECT count(*) FROM ticket t WHERE t.source = s.id),
      (SELECT coalesce(max(t.id), 0) FROM ticket t WHERE t.source = s.id),
      (SELECT count(*) FROM quarantine q WHERE q.source = s.id)
    FROM source s ORDER BY s.id
"""

_MISSING: Final = """
    SELECT last - first + 1 - many FROM (
      SELECT min(low) AS first, max(high) AS last, sum(many) AS many FROM (
        SELECT epoch, min(sequence) AS low, max(sequence) AS high, count(*) AS many
        FROM ticket WHERE source = ? GROUP BY epoch
        UNION ALL
        SELECT epoch, sequence, sequence, 1 FROM event WHERE source = ?
        UNION ALL
        SELECT DISTINCT epoch, sequence, sequence, 1 FROM quarantine q
        WHERE source = ? AND epoch <> '' AND NOT EXISTS (
          SELECT 1 FROM ticket t
          WHERE t.source = q.source AND t.epoch = q.epoch AND t.sequence = q.sequence
        )
      ) GROUP BY epoch
    )
"""
"""Per epoch, by counting, so that a large store is not walked for nothing.

Added up in Python: the numbers are a peer's, and SQLite ends a sum that needs more than 64 bits.
"""

_GAPS: Final = """
    SELECT epoch, before + 1, sequence - 1 FROM (
      SELECT epoch, sequence, lag(sequence) OVER (PARTITION BY epoch ORDER BY sequence) AS before
      FROM (
        SELECT epoch, sequence FROM ticket WHERE source = ?
        UNION
        SELECT epoch, sequence FROM event WHERE source = ?
        UNION
        SELECT epoch, sequence FROM quarantine WHERE source = ? AND epoch <> ''
      )
    ) WHERE sequence > before + 1 ORDER BY epoch, sequence LIMIT ?
"""

_WARNING: Final = "SELECT last_warning, warned_at FROM source WHERE id = ?"

_MARKER: Final = "SELECT name FROM marker WHERE source = ?"

_NAMES: Final = "SELECT DISTINCT name FROM file WHERE source = ?"

_OUTAGES: Final = """
    SELECT last_heard, ended, why, resumed, healed_by FROM outage WHERE source = ? ORDER BY id
"""

_ALARMS: Final = """
    SELECT text, seen_count, seen_first, seen_last FROM alarm
    WHERE source = ? ORDER BY seen_last, id
"""
