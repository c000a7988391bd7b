"""Tickets that an operator hands in: NDJSON from a file or the input, a thousand at a time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

from oxo_tickets import Ticket, TicketUnreadable, from_json
from oxo_tickets.canonical import LINE_BYTES_MAX

from oxo_simulator.commands.console import fail
from oxo_simulator.exchange.recorded import unsayable

BATCH_TICKETS_MAX = 1_000
LINE_END_BYTES_MAX = 2

Lines = Iterator[tuple[int, bytes]]


@contextmanager
def opened(file: Path) -> Iterator[Lines]:
    """Open a file of lines, or the input for `-`; one that cannot be opened ends the command."""
    if str(file) == "-":
        yield numbered(sys.stdin.buffer)
        return
    try:
        found = file.open("rb")
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    with found:
        yield numbered(found)


def numbered(source: BinaryIO) -> Lines:
    """Read lines that are not blank; of one that is too long, enough for the refusal."""
    for number in count(1):
        line = source.readline(LINE_BYTES_MAX + LINE_END_BYTES_MAX)
        if not line:
            return
        content = line.rstrip(b"\r\n")
        if content.strip() or len(content) > LINE_BYTES_MAX:
            yield number, content


def batch(lines: Lines) -> tuple[list[Ticket], str | None]:
    """Read the next tickets, at most `BATCH_TICKETS_MAX`, and what ended them too early, if so."""
    found: list[Ticket] = []
    for number, line in lines:
        try:
            ticket = from_json(line)
        except TicketUnreadable as error:
            return found, f"line {number}: {error}"
        if wrong := unsayable(ticket):
            return found, f"line {number}: {wrong}"
        found.append(ticket)
        if len(found) == BATCH_TICKETS_MAX:
            break
    return found, None
