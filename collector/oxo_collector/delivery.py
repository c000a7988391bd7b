"""Tickets on their way out: canonical NDJSON, or CSV with one column per field."""

import csv
import io
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import IO, Any

import msgspec
from oxo_tickets import FIELDS, Ticket, to_json

from oxo_collector.decoders.outcome import Malformed, Recorded
from oxo_collector.receipt import Piece, WireEvent
from oxo_collector.reconciliation import differences
from oxo_collector.store import EventRow, Reading, Row, ticket_of
from oxo_collector.told import Told
from oxo_collector.wording import one_line

IDENTITY = ("id", "exchange", "wire", "epoch", "sequence")
"""CSV columns before those of the ticket; `id` is what `--since` takes."""

_WHO = ("charged_user", "subscriber_name")
_WHEN = ("local_time", "zone")
APPOINTMENT = (*_WHO, "reminder_time", "reminder_state", *_WHEN)
ROOM = (*_WHO, "room_status", "room_problem", *_WHEN)
"""Fields of the ticket by which it is told how an appointment or a room stands."""


def write_ndjson(rows: Iterable[Row], file: IO[bytes]) -> tuple[int, int]:
    """Write one canonical ticket a line; return how many, and the id of the last (0: none)."""
    count = last = 0
    for row in rows:
        file.write(row.canonical + b"\n")
        count, last = count + 1, row.id
    return count, last


def write_csv(rows: Iterable[Row], file: IO[bytes]) -> tuple[int, int]:
    """Write a header and one ticket a line; return how many, and the id of the last (0: none).

    Raises:
        StoreUnusable: a stored ticket is damaged.

    UTF-8, comma, RFC 4180. An absent value and an empty one look alike here: CSV knows no
    difference. `masked` and `extras` are JSON, `facilities` stand with `;` between them.
    """
    count = last = 0
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    try:
        out = csv.writer(text)
        out.writerow((*IDENTITY, *FIELDS))
        for row in rows:
            identity = (row.id, row.exchange, row.wire, row.epoch, row.sequence)
            out.writerow((*identity, *_cells(ticket_of(row))))
            count, last = count + 1, row.id
    finally:
        text.detach()
    return count, last


def write_differences(store: Reading, exchanges: Collection[str], file: IO[bytes]) -> int:
    """Write what not every wire of its exchange had, one JSON object a line; return how many.

    Raises:
        StoreUnusable: a stored ticket is damaged.
    """
    count = 0
    for one in differences(store.seen(exchanges)):
        row = store.ticket(one.id)
        assert row is not None
        told = {
            "exchange": one.exchange,
            "on": one.on,
            "missing_on": one.missing_on,
            "id": one.id,
            "ticket": msgspec.Raw(row.canonical),
        }
        file.write(msgspec.json.encode(told) + b"\n")
        count += 1
    return count


def write_events(rows: Iterable[EventRow], file: IO[bytes]) -> int:
    """Write events that are no tickets, one JSON object a line; return how many."""
    count = 0
    for row in rows:
        file.write(msgspec.json.encode(asdict(row)) + b"\n")
        count += 1
    return count


def write_told(changes: Iterable[Told], file: IO[bytes]) -> None:
    """Write changes as they came, one canonical ticket a line."""
    for one in changes:
        file.write(to_json(one.ticket) + b"\n")


def write_states(states: Iterable[Told], fields: Sequence[str], file: IO[bytes]) -> None:
    """Write how things stand, one JSON object a line, in the field names of the ticket.

    A field that no wire told is null.
    """
    for one in states:
        told = {name: getattr(one.ticket, name) for name in fields}
        file.write(
            msgspec.json.encode({"exchange": one.exchange, "wire": one.wire, **told}) + b"\n"
        )


def _cells(ticket: Ticket) -> Iterator[Any]:
    for name in FIELDS:
        value = msgspec.to_builtins(getattr(ticket, name))
        if isinstance(value, dict):
            yield msgspec.json.encode(value, order="sorted").decode() if value else None
        elif isinstance(value, (list, tuple)):
            yield ";".join(value)
        else:
            yield value


def write_decoded(pieces: Iterable[Piece], name: str, out: IO[bytes]) -> int:
    """Write tickets to `out`; what cannot be read of the file `name`, and events, to stderr.

    Returns how many pieces could not be read.
    """
    malformed = 0
    for piece in pieces:
        if isinstance(piece, Malformed):
            malformed += 1
            sys.stderr.write(one_line(f"{name}: {piece.place}: {piece.reason}") + "\n")
        elif isinstance(piece, WireEvent):
            told = msgspec.json.encode(dict(piece.fields)).decode()
            sys.stderr.write(one_line(f"{name}: {piece.kind}, no ticket: {told}") + "\n")
        else:
            ticket = piece.ticket if isinstance(piece, Recorded) else piece
            out.write(to_json(ticket) + b"\n")
    out.flush()
    return malformed
