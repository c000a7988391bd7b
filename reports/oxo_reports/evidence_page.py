"""The evidence page of one play before it is HTML: tickets, findings, and each file as a table.

The page is a reading aid. It shows the first lines of each file and links the file itself, which
alone is the evidence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from oxo_reports.document import Row
from oxo_reports.evidence import (
    LINES_SHOWN_MAX,
    Records,
    Text,
    absence,
    read_records,
    read_text,
    size_bytes,
)
from oxo_reports.healing import Healed, healed_by, healing
from oxo_reports.run import Play, Run, TicketFate
from oxo_reports.wire_log import Entry, wire_log
from oxo_reports.wires import wire_title
from oxo_reports.wording import NOTHING, clock, plain, size, uncoloured

EXCHANGES_READ_MAX = 1_000
TICKETS_SHOWN_MAX = 200
LEDGER_LINES_READ_MAX = 5_000
"""Enough of the ledger to say what each of the tickets was; the table shows fewer lines."""

KNOWN_FILES: dict[str, str] = {
    "ledger.ndjson": "what the exchange made, buffered, offered and was told",
    "transcript.ndjson": "what was said on the wire, credentials redacted",
    "delivery.ndjson": "what the solution delivered, as canonical tickets, in its order",
    "delivery.raw": "the same, as the solution gave it",
    "proxy.ndjson": "journal of the bench's HTTP CONNECT proxy",
    "subject.log": "standard output and error of the solution",
    "steps.ndjson": "steps of the case with outcome and duration",
}
SAID: dict[str, str] = {
    "taxation": "requests and answers as the exchange saw them inside TLS (credentials redacted)",
    "account": (
        "commands and replies of FTP, or what was asked for by SFTP (passwords redacted), each "
        "transfer as one line with its size and SHA-256"
    ),
    "stream": "handshake, frames and keep-alives of both sides, a ticket frame as one line",
    "nmc": (
        "commands and replies of FTP (passwords redacted), each transfer as one line with its size "
        "and SHA-256"
    ),
    "v24": "the print-out line by line as the exchange sent it, and what the solution sent back",
    "ohl": "the frames of both sides, control characters by their names",
}
"""Wire -> what the transcript of a play on it holds."""
TICKET_COLUMNS: dict[str, str] = {
    "kind": "Kind",
    "communication_type": "Call type",
    "local_time": "Local time",
    "charged_user": "Charged user",
    "subscriber_name": "Subscriber",
    "dialled_number": "Dialled number",
    "dialling_mode": "Dialling mode",
    "ring_seconds": "Ring (s)",
    "call_seconds": "Call (s)",
    "units": "Units",
    "cost": "Cost",
    "currency": "Currency",
    "account_code": "Account code",
    "reminder_time": "Reminder",
    "reminder_state": "State",
}
NO_BREAK = "\N{NO-BREAK SPACE}"
NUMERIC = ("ring_seconds", "call_seconds", "units", "cost")
PEACEFUL = ("exactly once", "recovered", "not asked")


@dataclass(frozen=True)
class FileLine:
    """One file of the play: what it is, its size, or why it is not there."""

    name: str
    meaning: str
    named: bool
    size: str | None
    missing: str | None


@dataclass(frozen=True)
class LedgerRow:
    """One ledger line: instants, event, and its own keys in words."""

    n: str
    at: str
    exchange_time: str
    event: str
    detail: list[tuple[str, str]]


@dataclass(frozen=True)
class TicketTable:
    """Tickets side by side, with only the columns that one of them fills.

    `heads` are titles with the style of their column; `common` words what is the same in all
    tickets and has no column of its own.
    """

    heads: list[tuple[str, str]]
    rows: list[tuple[str, list[str]]]
    common: str


@dataclass(frozen=True)
class FateRow:
    """What became of a ticket, beside what the exchange had written."""

    fate: TicketFate
    made: str
    peaceful: bool


@dataclass(frozen=True)
class EvidencePage:
    """Everything the template of a play prints. A `None` part is no part of this play."""

    run: Run
    row: Row
    before: Play | None
    after: Play | None
    files: list[FileLine]
    fates: list[FateRow]
    fates_total: int
    steps: Records | None
    wire: list[Entry]
    wire_title: str
    doors: list[str]
    healed_by: str | None
    healing: list[Healed]
    said: str
    transcript: Records | None
    ledger_rows: list[LedgerRow]
    ledger: Records | None
    deliveries: TicketTable
    delivery: Records | None
    delivery_raw: Text | None
    proxy: Records | None
    log: Text | None


def missing_evidence(folder: Path, play: Play) -> dict[str, str]:
    """Find the evidence that a play or one of its findings names and that is not there."""
    return {name: why for name in _named(play) if (why := absence(folder, name))}


def evidence_page(run: Run, row: Row, folder: Path) -> EvidencePage:
    """Read the evidence of a play, within limits."""
    play = row.play
    ledger = _records(folder, play, "ledger.ndjson", LEDGER_LINES_READ_MAX)
    transcript = _records(folder, play, "transcript.ndjson", EXCHANGES_READ_MAX)
    delivery = _records(folder, play, "delivery.ndjson", TICKETS_SHOWN_MAX)
    proxy = _records(folder, play, "proxy.ndjson", LINES_SHOWN_MAX)
    return EvidencePage(
        run=run,
        row=row,
        before=next((one for one, other in pairwise(run.plays) if other is play), None),
        after=next((other for one, other in pairwise(run.plays) if one is play), None),
        files=[_file(folder, play, name) for name in _files(folder, play)],
        fates=_fates(play.tickets, ledger.rows if ledger else []),
        fates_total=len(play.tickets),
        steps=_records(folder, play, "steps.ndjson", LINES_SHOWN_MAX),
        wire=wire_log(transcript, ledger, proxy, play.facts, play.wire),
        wire_title=wire_title(play.wire),
        doors=[wire_title(door) for door in play.doors or []],
        healed_by=healed_by(play),
        healing=healing(play, ledger.rows if ledger else []),
        said=SAID.get(play.wire, "what was said on the wire"),
        transcript=transcript,
        ledger_rows=[_ledger_row(line) for line in ledger.rows[:LINES_SHOWN_MAX]] if ledger else [],
        ledger=ledger,
        deliveries=_ticket_table(delivery.rows if delivery else []),
        delivery=delivery,
        delivery_raw=_text(folder, play, "delivery.raw"),
        proxy=proxy,
        log=_text(folder, play, "subject.log"),
    )


def _named(play: Play) -> list[str]:
    by_findings = (name for finding in play.findings for name in finding.evidence)
    return list(dict.fromkeys([*play.evidence, *by_findings]))


def _files(folder: Path, play: Play) -> list[str]:
    """List the known files and the play's own, known ones first."""
    here = [name for name in KNOWN_FILES if name in _named(play) or not absence(folder, name)]
    return list(dict.fromkeys([*here, *_named(play)]))


def _file(folder: Path, play: Play, name: str) -> FileLine:
    why = absence(folder, name)
    return FileLine(
        name=name,
        meaning=KNOWN_FILES.get(name, ""),
        named=name in _named(play),
        size=None if why else size(size_bytes(folder, name)),
        missing=why,
    )


def _records(folder: Path, play: Play, name: str, shown_max: int) -> Records | None:
    records = read_records(folder, name, shown_max)
    return None if records.missing and name not in _named(play) else records


def _text(folder: Path, play: Play, name: str) -> Text | None:
    text = read_text(folder, name)
    if text.missing and name not in _named(play):
        return None
    return Text(
        text.name,
        [uncoloured(line) for line in text.head],
        [uncoloured(line) for line in text.tail],
        text.total,
        text.missing,
        text.whole,
    )


def _ledger_row(line: dict[str, Any]) -> LedgerRow:
    common = ("n", "at", "exchange_time", "event")
    return LedgerRow(
        n=plain(line.get("n")),
        at=clock(line["at"]) if "at" in line else NOTHING,
        exchange_time=plain(line.get("exchange_time")).replace("T", " "),
        event=plain(line.get("event")) if "unreadable" not in line else "unreadable line",
        detail=[
            (key, _ticket_words(value) if key == "ticket" else plain(value))
            for key, value in line.items()
            if key not in common
        ],
    )


def _fates(tickets: list[TicketFate], ledger: list[dict[str, Any]]) -> list[FateRow]:
    """Show every ticket in order; when there are too many, those that went wrong come first."""
    made = {line.get("id"): line.get("ticket") for line in ledger if line.get("event") == "made"}
    rows = [
        FateRow(ticket, _ticket_words(made.get(ticket.id)), ticket.fate in PEACEFUL)
        for ticket in tickets
    ]
    if len(rows) > TICKETS_SHOWN_MAX:
        rows.sort(key=lambda row: row.peaceful)
    return rows[:TICKETS_SHOWN_MAX]


def _ticket_words(ticket: Any) -> str:
    """Say in one line what a ticket is about."""
    if not isinstance(ticket, dict):
        return plain(ticket)
    words = [
        plain(ticket.get("communication_type") or ticket.get("kind")),
        plain(ticket.get("local_time")).replace("T", " "),
        f"{plain(ticket.get('charged_user'))} / {plain(ticket.get('dialled_number'))}",
    ]
    if "call_seconds" in ticket:
        words.append(f"{plain(ticket['call_seconds'])}\N{NO-BREAK SPACE}s")
    words += [plain(ticket[key]) for key in ("dialling_mode", "reminder_state") if key in ticket]
    return ", ".join(words)


def _ticket_table(tickets: list[dict[str, Any]]) -> TicketTable:
    filled = {key for ticket in tickets for key in ticket}
    keys = [key for key in TICKET_COLUMNS if key in filled]
    heads = [(TICKET_COLUMNS[key], _style(key)) for key in keys]
    others = filled - set(keys)
    same = {key for key in others if _is_common(tickets, key)}
    others -= same
    if others:
        heads.append(("Other fields", ""))
    rows = []
    for number, ticket in enumerate(tickets, 1):
        cells = [_cell(key, ticket.get(key)) for key in keys]
        rows.append((str(number), cells + ([_others(ticket, others)] if others else [])))
    return TicketTable(heads, rows, _others(tickets[0], same) if same else "")


def _is_common(tickets: list[dict[str, Any]], key: str) -> bool:
    """Tell whether several tickets, and all of them, have the same value."""
    first = tickets[0].get(key)
    return len(tickets) > 1 and all(key in one and one[key] == first for one in tickets)


def _style(key: str) -> str:
    if key in NUMERIC:
        return "number-cell"
    return "nowrap" if key == "local_time" else ""


def _cell(key: str, value: Any) -> str:
    text = plain(value)
    return text.replace("T", NO_BREAK) if key == "local_time" else text


def _others(ticket: dict[str, Any], keys: Iterable[str]) -> str:
    return (
        "; ".join(f"{key}: {plain(ticket[key])}" for key in sorted(keys) if key in ticket)
        or NOTHING
    )
