"""How each exchange stands, as the store tells: what came, what is missing, what was wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

WARNINGS_SINCE_VERSION: Final = 2
GAPS_COUNT_MAX: Final = 100

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
class ExchangeStatus:
    """What the store knows about one exchange; times are UTC.

    Attributes:
        last_warning: the last that was wrong with it, as in the log.
        missing: how many sequences lie between others and were never offered to this store.
        gaps: where, at most `GAPS_COUNT_MAX` of them.
        alarms: what somebody should look into, the latest last.
    """

    exchange: str
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


def standing(rows: Rows, version: int) -> list[ExchangeStatus]:
    """Return the state of every exchange, in the order of first contact."""
    warned = version >= WARNINGS_SINCE_VERSION
    found = []
    for owner, *known in list(rows(_EXCHANGES)):
        missing = sum(many for (many,) in rows(_MISSING, owner, owner))
        gaps = rows(_GAPS, owner, owner, GAPS_COUNT_MAX) if missing else ()
        (warning,) = rows(_WARNING, owner) if warned else ((None, None),)
        alarms = rows(_ALARMS, owner) if warned else ()
        whole: list[Any] = [*known, *warning, missing]
        whole += [tuple(Gap(*gap) for gap in gaps), tuple(Alarm(*alarm) for alarm in alarms)]
        found.append(ExchangeStatus(*whole))
    return found


_EXCHANGES: Final = """
    SELECT e.id, e.name, e.last_contact, e.epoch, e.last_sequence,
      (SELECT count(*) FROM ticket t WHERE t.exchange = e.id),
      (SELECT coalesce(max(t.id), 0) FROM ticket t WHERE t.exchange = e.id),
      (SELECT count(*) FROM quarantine q WHERE q.exchange = e.id)
    FROM exchange e ORDER BY e.id
"""

_MISSING: Final = """
    SELECT last - first + 1 - many FROM (
      SELECT min(low) AS first, max(high) AS last, sum(many) AS many FROM (
        SELECT epoch, min(sequence) AS low, max(sequence) AS high, count(*) AS many
        FROM ticket WHERE exchange = ? GROUP BY epoch
        UNION ALL
        SELECT DISTINCT epoch, sequence, sequence, 1 FROM quarantine q
        WHERE exchange = ? AND epoch <> '' AND NOT EXISTS (
          SELECT 1 FROM ticket t
          WHERE t.exchange = q.exchange AND t.epoch = q.epoch AND t.sequence = q.sequence
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
        SELECT epoch, sequence FROM ticket WHERE exchange = ?
        UNION
        SELECT epoch, sequence FROM quarantine WHERE exchange = ? AND epoch <> ''
      )
    ) WHERE sequence > before + 1 ORDER BY epoch, sequence LIMIT ?
"""

_WARNING: Final = "SELECT last_warning, warned_at FROM exchange WHERE id = ?"

_ALARMS: Final = """
    SELECT text, seen_count, seen_first, seen_last FROM alarm
    WHERE exchange = ? ORDER BY seen_last, id
"""
