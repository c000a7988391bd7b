"""How fast the collector's store takes tickets: the intake beside a bare executemany, in one run.

    python benchmarks/collect_store.py [--batches 30] [--batch 1000]

Same rows, same folder, commit per answer, synchronous FULL. `intake` is what the collector does
between a decoded answer and its acknowledgement; `decode + intake` begins with the answer's bytes.
What counts is the ratio: absolute figures belong to the machine.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from oxo_collector.decoders.taxation_soap import TicketsAnswer, decode_answer
from oxo_collector.intake import Intake
from oxo_collector.store import open_for_writing
from oxo_tickets import Ticket, to_json
from rounds import ANSWER, CALL

ZONE = "Europe/Paris"
INSERT = "INSERT INTO ticket (source, epoch, sequence, answer, canonical) VALUES (?, ?, ?, ?, ?)"


def answer(number: int, size: int) -> bytes:
    """Return the bytes of one answer."""
    first = number * size + 1
    last = first + size - 1
    calls = "".join(CALL.format(user=100 + s % 50, sequence=s) for s in range(first, last + 1))
    return ANSWER.format(first=first, last=last, calls=calls).encode()


def decoded(body: bytes) -> TicketsAnswer:
    """Return the answer, which must be readable."""
    batch = decode_answer(body, ZONE)
    if not isinstance(batch, TicketsAnswer):
        raise SystemExit(f"the benchmark's own answer cannot be read: {batch}")
    return batch


def bare(connection: sqlite3.Connection, bodies: list[bytes]) -> Callable[[], None]:
    """Prepare a bare executemany of the same rows, one commit per answer."""
    connection.execute("INSERT INTO source (exchange, wire) VALUES ('bare', 'taxation')")
    connection.execute("INSERT INTO answer VALUES (1, 1, '', 0, x'')")
    batches = [rows(decoded(body)) for body in bodies]

    def play() -> None:
        for batch in batches:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, batch)
            connection.execute("COMMIT")

    return play


def rows(batch: TicketsAnswer) -> list[tuple[int, str, int, int, bytes]]:
    """Return the rows of a batch, ready to be inserted."""
    return [
        (1, "E1", sequence, 1, to_json(ticket))
        for sequence, ticket in enumerate(batch.tickets, batch.first)
        if isinstance(ticket, Ticket)
    ]


def intake(connection: sqlite3.Connection, bodies: list[bytes]) -> Callable[[], None]:
    """Prepare the collector's own way from a decoded answer."""
    door = Intake(connection, lambda: datetime.now(UTC))
    batches = [(decoded(body), body) for body in bodies]

    def play() -> None:
        for batch, body in batches:
            door.keep_batch("bench", "E1", batch, body)

    return play


def decode_and_intake(connection: sqlite3.Connection, bodies: list[bytes]) -> Callable[[], None]:
    """Prepare the collector's own way from the answer's bytes."""
    door = Intake(connection, lambda: datetime.now(UTC))

    def play() -> None:
        for body in bodies:
            door.keep_batch("bench", "E1", decoded(body), body)

    return play


def main() -> None:
    """Play all ways in one run and print rows per second."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--batches", type=int, default=30)
    arguments.add_argument("--batch", type=int, default=1000)
    wanted = arguments.parse_args()
    bodies = [answer(number, wanted.batch) for number in range(wanted.batches)]
    count = wanted.batches * wanted.batch
    reference = 0.0
    ways = {"bare executemany": bare, "intake": intake, "decode + intake": decode_and_intake}
    for name, prepare in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.db"
            with closing(open_for_writing(path)) as connection:
                play = prepare(connection, bodies)
                begin = time.perf_counter()
                play()
                rate = count / (time.perf_counter() - begin)
        reference = reference or rate
        print(f"{name:18} {rate:10,.0f} rows/s  {rate / reference:5.0%} of bare")


if __name__ == "__main__":
    main()
