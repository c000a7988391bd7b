"""What the store knows, as tables for people and JSON for programs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, astuple

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from oxo_collector.standing import SourceStatus
from oxo_collector.store import Reading
from oxo_collector.wording import one_line

PIPED_WIDTH = 160
"""Columns of a table that no terminal limits."""


def status(store: Reading, configured: Sequence[str], *, as_json: bool) -> None:
    """Print the state of every exchange, those that were never reached too."""
    known = {one.exchange: one for one in store.status()}
    never = [SourceStatus(name) for name in configured if name not in known]
    rows = [*known.values(), *never]
    if as_json:
        exchanges = [asdict(row) for row in rows]
        whole = {"store": str(store.path), "size_bytes": store.size_bytes(), "exchanges": exchanges}
        Console().print_json(json.dumps(whole))
        return
    headings = ("exchange", "last contact (UTC)", "epoch", "last sequence", "tickets", "last id")
    _print(
        (*headings, "quarantined", "missing"),
        [(*astuple(row)[:7], row.missing) for row in rows],
        f"{store.path}: {store.size_bytes() / 1e6:.1f} MB",
    )
    _print_troubles(rows)


def _print_troubles(rows: Sequence[SourceStatus]) -> None:
    """Print what was wrong, where anything was: gaps, the last warning, alarms."""
    troubles: list[tuple[str | int | None, ...]] = []
    for row in rows:
        for gap in row.gaps:
            text = f"sequence {gap.first} to {gap.last} of epoch {gap.epoch} was never offered"
            troubles.append((row.exchange, "gap", "", text))
        if row.last_warning is not None:
            troubles.append((row.exchange, "last warning", row.warned_at, row.last_warning))
        for alarm in row.alarms:
            seen = "once" if alarm.seen_count == 1 else f"{alarm.seen_count} times"
            times = f"{alarm.text} (seen {seen} since {alarm.seen_first})"
            troubles.append((row.exchange, "ALARM", alarm.seen_last, times))
    if troubles:
        _print(("exchange", "what", "when (UTC)", "text"), troubles, "what was wrong")


def quarantine(store: Reading, exchange: str | None, *, as_json: bool) -> None:
    """Print the quarantine, oldest entry first."""
    rows = [asdict(row) for row in store.quarantine(exchange)]
    if as_json:
        Console().print_json(json.dumps(rows))
        return
    columns = ("id", "exchange", "epoch", "sequence", "place", "reason", "seen_count", "seen_last")
    cells = [tuple(row[column] for column in columns) for row in rows]
    _print(tuple(c.replace("_", " ") for c in columns), cells, f"{len(rows)} entries")


def _print(
    headings: Sequence[str], rows: Sequence[Sequence[str | int | None]], caption: str
) -> None:
    table = Table(*(Column(heading, overflow="fold") for heading in headings), caption=caption)
    for row in rows:
        table.add_row(*(Text("never" if cell is None else one_line(str(cell))) for cell in row))
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    Console(width=width).print(table)
