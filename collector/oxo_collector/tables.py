"""What the store knows, as tables for people and JSON for programs."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from oxo_tickets import Kind, Resolution, Ticket
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from oxo_collector.receipt import Source
from oxo_collector.reconciliation import PAIRED, Balance
from oxo_collector.standing import Outage, SourceStatus
from oxo_collector.store import EventRow, Reading, Row, ticket_of
from oxo_collector.told import Told
from oxo_collector.wording import counted, one_line

if TYPE_CHECKING:
    from oxo_collector.importing import Imported

PIPED_WIDTH = 160
"""Columns of a table that no terminal limits."""

WORD_CHARACTERS_MAX = 8
"""Words up to this length are not broken where the terminal is narrow, and no date is."""

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def status(
    store: Reading,
    configured: Sequence[Source],
    spools: Mapping[Source, Path] = MappingProxyType({}),
    *,
    as_json: bool,
) -> None:
    """Print the state of every source, those that were never reached too.

    Args:
        store: where it stands.
        configured: every source of the configuration.
        spools: the folders in which what streams brought waits for the store.
        as_json: for programs.
    """
    waiting = {(one.exchange, str(one.wire)): _spooled(spools[one]) for one in spools}
    known = {(one.exchange, one.wire): one for one in store.status()}
    never = [
        SourceStatus(one.exchange, one.wire)
        for one in configured
        if (one.exchange, one.wire) not in known
    ]
    rows = [*known.values(), *never]
    if as_json:
        exchanges = [
            {**asdict(row), "spool_bytes": waiting.get((row.exchange, row.wire), 0)} for row in rows
        ]
        size = store.size_bytes()
        whole = {"store": str(store.path), "size_bytes": size, "exchanges": exchanges}
        Console().print_json(json.dumps(whole))
        return
    headings = ("exchange", "wire", "last contact (UTC)", "last sequence", "tickets")
    _print(
        (*headings, "set aside", "missing", "besides"),
        [
            (row.exchange, row.wire, _instant(row.last_contact), row.last_sequence, row.tickets,
             row.quarantined, row.missing,
             _besides(row, waiting.get((row.exchange, row.wire), 0)))
            for row in rows
        ],
        f"{store.path}: {store.size_bytes() / 1e6:.1f} MB",
    )  # fmt: skip
    _print_troubles(rows)


def _instant(told: str | None) -> str | None:
    """Return an instant to the second, in words that a narrow column can break."""
    return told and told[:19].replace("T", " ")


def _spooled(folder: Path) -> int:
    """Return how many bytes lie in a spool, those that the store has already among them."""
    try:
        return sum(file.stat().st_size for file in folder.glob("*.spool"))
    except OSError:  # another process removes them while we look, or there is none yet
        return 0


def _besides(row: SourceStatus, spooled: int) -> str:
    """Name what a wire brings besides tickets."""
    counts = {"file": row.files, "event": row.events}
    told = [counted(count, what) for what, count in counts.items() if count]
    if row.marker is not None:
        told.append(f"marker {row.marker}")
    if spooled:
        told.append(f"spool {spooled / 1e6:.1f} MB")
    return ", ".join(told)


def reconciliation(found: Sequence[Balance], *, as_json: bool) -> None:
    """Print what each wire had that others had not."""
    if as_json:
        Console().print_json(json.dumps([asdict(one) for one in found]))
        return
    headings = ["exchange", "wire", "tickets", "only here", "missing here"]
    several = sum(one.only_here + one.missing_here for one in found)
    caption = "the wires agree" if not several else "`--differences` tells which tickets"
    pairs = any(one.wire in PAIRED for one in found)
    headings += ["same record", "surplus"] if pairs else []
    _print(headings, [astuple(one)[: len(headings)] for one in found], caption)
    for one in found:
        if one.surplus:
            Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(
                f"{one.exchange}: on the stream alone {counted(one.surplus, 'ticket')}, though"
                " account files go on beyond: a file is missing, or the exchange said again after a"
                " cut what it had said before; all are counted",
                markup=False,
                highlight=False,
            )


def imported(files: "Iterable[Imported]", many: int, *, as_json: bool) -> bool:
    """Print what became of each file, with progress meanwhile; tell whether all is stored."""
    from rich.progress import Progress  # noqa: PLC0415 - other tables need none

    rows = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("importing", total=many)
        for one in files:
            rows.append(one)
            progress.advance(task)
    if as_json:
        told = [{**asdict(one), "stored": one.stored and asdict(one.stored)} for one in rows]
        Console().print_json(json.dumps({"files": told}))
    else:
        headings = ("file", "records", "new", "known", "on the stream too", "set aside", "refused")
        _print(headings, [_import_row(one) for one in rows], _import_sum(rows))
    return all(one.stored is not None and not one.stored.quarantined for one in rows)


def _import_row(one: "Imported") -> tuple[str | int, ...]:
    if one.stored is None:
        return (one.name or one.file, "", "", "", "", "", one.refused or "")
    stored = one.stored
    counts = (stored.new, stored.known, stored.same, stored.quarantined)
    return (one.name or one.file, one.records, *counts, "")


def _import_sum(rows: "Sequence[Imported]") -> str:
    kept = [one.stored for one in rows if one.stored is not None]
    new = sum(one.new for one in kept)
    refused = len(rows) - len(kept)
    told = f"{counted(new, 'new ticket')} of {counted(len(kept), 'file')}"
    return told + (f", {refused} refused" if refused else "")


def events(rows: Sequence[EventRow]) -> None:
    """Print events that are no tickets, oldest first."""
    headings = ("id", "exchange", "wire", "received (UTC)", "event", "fields")
    cells = [
        (row.id, row.exchange, row.wire, _instant(row.received), row.kind, _fields(row.fields))
        for row in rows
    ]
    _print(headings, cells, counted(len(rows), "event"))


def appointments(rows: Sequence[Told]) -> None:
    """Print appointments; a state that the wire does not tell is `not told`."""
    headings = ("exchange", "user", "name", "time", "state", "told (local)", "wire")
    cells = []
    for exchange, wire, one, *_ in rows:
        clock = "not told" if one.reminder_time is None else f"{one.reminder_time:%H:%M}"
        state = one.reminder_state or "not told"
        who = (one.charged_user or "", one.subscriber_name or "")
        cells.append((exchange, *who, clock, state, _stamp(one), wire))
    _print(headings, cells, counted(len(rows), "appointment"))


def rooms(rows: Sequence[Told]) -> None:
    """Print the status of rooms."""
    headings = ("exchange", "room", "guest", "status", "problem", "told (local)", "wire")
    cells = []
    for exchange, wire, one, *_ in rows:
        who = (one.charged_user or "", one.subscriber_name or "")
        problem = "" if one.room_problem is None else one.room_problem
        status = one.room_status or "not told"
        cells.append((exchange, *who, status, problem, _stamp(one), wire))
    _print(headings, cells, counted(len(rows), "room"))


def tickets(rows: Sequence[Row]) -> None:
    """Print tickets with the exchange's own cost and currency, oldest first."""
    where = ("id", "exchange", "wire", "local time")
    headings = (*where, "what", "user", "number", "duration", "units", "cost", "currency")
    cells = [_ticket_cells(row, ticket_of(row)) for row in rows]
    _print(headings, cells, counted(len(rows), "ticket"))


def _ticket_cells(row: Row, one: Ticket) -> tuple[str | int, ...]:
    told = (one.charged_user, _number(one), _duration(one.call_seconds), one.units)
    money = (one.cost, one.currency)
    cells = ["" if cell is None else str(cell) for cell in (*told, *money)]
    what = one.communication_type or one.direction or one.kind
    return (row.id, row.exchange, row.wire, _stamp(one), str(what), *cells)


def _number(one: Ticket) -> str | None:
    """Return the number; of what is no call, what it tells instead."""
    if one.kind is Kind.REMINDER and one.reminder_time is not None:
        return f"{one.reminder_time:%H:%M} {one.reminder_state or ''}".strip()
    if one.kind is Kind.ROOM_STATUS and one.room_status is not None:
        problem = "" if one.room_problem is None else f", problem {one.room_problem}"
        return f"{one.room_status}{problem}"
    return one.dialled_number


def _duration(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _stamp(one: Ticket) -> str:
    """Return the wall clock, as fine as the wire told it."""
    fine = "%Y-%m-%d %H:%M" if one.resolution is Resolution.MINUTE else "%Y-%m-%d %H:%M:%S"
    return f"{one.local_time:{fine}}"


def _fields(fields: Mapping[str, str | int | None]) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items() if value is not None)


def _print_troubles(rows: Sequence[SourceStatus]) -> None:
    """Print what was wrong, where anything was: gaps, the last warning, alarms."""
    troubles: list[tuple[str | int | None, ...]] = []
    for row in rows:
        for gap in row.gaps:
            text = f"sequence {gap.first} to {gap.last} of epoch {gap.epoch} was never offered"
            troubles.append((row.exchange, row.wire, "gap", "", text))
        for hole in row.file_gaps:
            files = counted(hole.count, "account file")
            text = f"{files} between {hole.after} and {hole.before} not stored"
            troubles.append((row.exchange, row.wire, "gap", "", text))
        for lost in row.outages:
            text = f"connection lost: {lost.why}; {_healing(lost)}"
            troubles.append((row.exchange, row.wire, "outage", _instant(lost.ended), text))
        if row.last_warning is not None:
            troubles.append(
                (row.exchange, row.wire, "last warning", _instant(row.warned_at), row.last_warning)
            )
        for alarm in row.alarms:
            seen = "once" if alarm.seen_count == 1 else f"{alarm.seen_count} times"
            times = f"{alarm.text} (seen {seen} since {_instant(alarm.seen_first)})"
            troubles.append((row.exchange, row.wire, "ALARM", _instant(alarm.seen_last), times))
    if troubles:
        _print(("exchange", "wire", "what", "when (UTC)", "text"), troubles, "what was wrong")


def _healing(lost: Outage) -> str:
    """Say whether an account file brought what may have been lost."""
    if lost.healed_by is not None:
        return f"healed by {lost.healed_by}"
    since = f"nothing came after {_instant(lost.last_heard)} (UTC)"
    if lost.resumed is None:
        return f"{since}, and it is not connected again"
    return f"{since}, and no account file that is stored covers that time"


def quarantine(store: Reading, exchange: str | None, *, as_json: bool) -> None:
    """Print the quarantine, oldest entry first."""
    rows = [asdict(row) for row in store.quarantine(exchange)]
    if as_json:
        Console().print_json(json.dumps(rows))
        return
    where = ("id", "exchange", "wire", "epoch", "sequence", "place")
    columns = (*where, "reason", "seen_count", "seen_last")
    cells = [(*(row[each] for each in columns[:-1]), _instant(row["seen_last"])) for row in rows]
    _print(
        tuple(c.replace("_", " ") for c in columns), cells, counted(len(rows), "entry", "entries")
    )


def _print(
    headings: Sequence[str], rows: Sequence[Sequence[str | int | None]], caption: str
) -> None:
    cells = [["never" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
    table = Table(box=SIMPLE_HEAD, caption=caption, pad_edge=False, collapse_padding=True)
    for heading, *column in zip(headings, *cells, strict=True):
        words = [word for text in (heading, *column) for word in text.split()]
        widest = max((_unbroken(word) for word in words), default=0)
        table.add_column(heading, overflow="fold", min_width=widest)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    Console(width=width).print(table)


def _unbroken(word: str) -> int:
    """Return how many characters of a word stay together."""
    return len(word) if DATE.fullmatch(word) else min(len(word), WORD_CHARACTERS_MAX)
