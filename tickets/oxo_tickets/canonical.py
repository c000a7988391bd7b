"""Canonical JSON: one ticket, one line, one spelling.

Two tickets that mean the same have the same bytes, so that bytes may be compared, counted and
hashed. Keys are sorted, absent fields are left out, money is a string, times are ISO 8601
without offset. A file of tickets is NDJSON: one canonical line each.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from oxo_tickets.ticket import Ticket

LINE_BYTES_MAX = 64 * 1024
"""A longer line is refused: no ticket of any wire comes near it."""

SCHEMA_ID = "urn:oxo-interop:ticket:1"

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Ticket)


class TicketUnreadable(ValueError):
    """A line is not a canonical ticket; the text says which line, which field and why."""


def to_json(ticket: Ticket) -> bytes:
    """Return the canonical bytes of one ticket, without line end."""
    return _encoder.encode(ticket)


def from_json(line: bytes | str) -> Ticket:
    """Read one ticket from JSON; the order of keys does not matter.

    Raises:
        TicketUnreadable: the line is too long, no JSON, or no ticket.
    """
    if len(line) > LINE_BYTES_MAX:
        raise TicketUnreadable(f"line of {len(line)} bytes; at most {LINE_BYTES_MAX} are read")
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError as error:
        raise TicketUnreadable(str(error)) from error
    except UnicodeDecodeError as error:
        raise TicketUnreadable(f"not UTF-8: {error.reason} at byte {error.start}") from error


def to_ndjson(tickets: Iterable[Ticket]) -> bytes:
    """Return the tickets as NDJSON."""
    return b"".join(to_json(ticket) + b"\n" for ticket in tickets)


def from_ndjson(lines: Iterable[bytes]) -> Iterator[Ticket]:
    """Read tickets line by line; blank lines are passed over.

    Raises:
        TicketUnreadable: names the line, counted from 1.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield from_json(line.strip())
            except TicketUnreadable as error:
                raise TicketUnreadable(f"line {number}: {error}") from error


def schema() -> dict[str, Any]:
    """Return the published JSON schema (2020-12) of one canonical line."""
    found = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Ticket)))
    for definition in found["$defs"].values():
        # Interpreters differ in whether they keep the indentation of a docstring.
        definition["description"] = inspect.cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **found}
