"""How fast account files become durable: the intake beside a bare executemany, in one run.

    python benchmarks/import_account.py [--files 20] [--tickets 3000] [--gate]

Same rows, same table, same folder, one commit a file, synchronous FULL. The bare store is the
named limit: nobody who keeps these rows in this table can be faster by more than it is. `intake`
is what the collector does from the pieces of a file to its commit: canonical JSON, the digest of
the content, the file's bytes packed, the pairs, the marker; `after the stream` is the same where
the stream brought every record before, with a limit of its own: the same rows with their
references into such a store. Expanding and decoding are told apart, and the whole way from the
fetched bytes. What counts is the ratio: absolute figures belong to the machine.

With `--gate` the command fails where the intake is slower than `RATIO_MIN` of the bare store.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import ncompress
from decode_ed52 import HEADER, tickets
from oxo_collector.decoders.account_file import read_account_file
from oxo_collector.decoders.compress import expand
from oxo_collector.decoders.outcome import Recorded
from oxo_collector.intake import Intake
from oxo_collector.pairs import ticket_and_record
from oxo_collector.receipt import FetchedFile, Marker, Source, Wire
from oxo_collector.store import open_for_writing
from oxo_tickets import to_json

ROUNDS_COUNT = 7
RATIO_MIN = 0.5
ZONE = "Europe/Paris"
TEXT_BYTES_MAX = 256 * 1024 * 1024
FILES, STREAM = Source("site", Wire.ACCOUNT), Source("site", Wire.STREAM)
STREAM_TICKETS = 200
INSERT = (
    "INSERT INTO ticket (source, epoch, sequence, answer, canonical, record, same_as)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Fetched(NamedTuple):
    """A file as it lay on the exchange, and what it holds."""

    name: str
    raw: bytes
    pieces: Sequence[Recorded]


Item = TypeVar("Item")
Way = Callable[[sqlite3.Connection, list[Fetched]], Callable[[], None]]


def in_lots(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Return the items, so many at a time."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def fetched(number: int, lines: Sequence[str]) -> Fetched:
    """Make a file of these records."""
    name = f"TAXAA{chr(65 + number // 676)}{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}.DAT"
    raw = ncompress.compress((HEADER + "\n".join(lines) + "\n").encode())
    return Fetched(name, raw, decoded(name, raw))


def decoded(name: str, raw: bytes) -> Sequence[Recorded]:
    """Return the pieces of a file, which must be readable."""
    file = read_account_file(raw, name, ZONE)
    pieces = [one for one in file.pieces if isinstance(one, Recorded)]
    if file.refused is not None or len(pieces) != len(file.pieces):
        raise SystemExit(f"the benchmark's own file cannot be read: {file.refused}")
    return pieces


def rows_of(
    file: Fetched, owner: int, answer: int, twins: Iterator[int] | None
) -> Iterator[tuple[object, ...]]:
    """Return the rows of a file as the intake writes them."""
    digest = sha256(file.raw).hexdigest()
    epoch = FetchedFile(file.name, 0, digest, None, 0).epoch_on(Wire.ACCOUNT)
    for line, piece in enumerate(file.pieces, 1):
        known = ticket_and_record(piece)
        assert known is not None
        twin = None if twins is None else next(twins)
        yield owner, epoch, line, answer, to_json(known[0]), known[1], twin


def writes(
    connection: sqlite3.Connection, files: list[Fetched], twins: Iterator[int] | None = None
) -> Callable[[], None]:
    """Prepare a bare executemany of the same rows, one commit per file."""
    connection.execute("INSERT INTO source (exchange, wire) VALUES ('bare', 'account')")
    connection.execute(
        "INSERT INTO answer (source, received, raw_bytes, raw_zlib) VALUES (1, '', 0, x'')"
    )
    (owner,) = connection.execute("SELECT max(id) FROM source").fetchone()
    (answer,) = connection.execute("SELECT max(id) FROM answer").fetchone()
    rows = [list(rows_of(file, owner, answer, twins)) for file in files]

    def play() -> None:
        for some in rows:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, some)
            connection.execute("COMMIT")

    return play


def bare(connection: sqlite3.Connection, files: list[Fetched]) -> Callable[[], None]:
    """Prepare the limit of the intake."""
    return writes(connection, files)


def bare_after_the_stream(
    connection: sqlite3.Connection, files: list[Fetched]
) -> Callable[[], None]:
    """Prepare the limit where the stream was before: each row refers to one that is stored."""
    count = streamed(Intake(connection, lambda: datetime.now(UTC)), files)
    return writes(connection, files, iter(range(1, count + 1)))


def streamed(door: Intake, files: list[Fetched]) -> int:
    """Let the stream bring every record; return how many."""
    first = 1
    for file in files:
        for some in in_lots(file.pieces, STREAM_TICKETS):
            door.keep_stream(STREAM, "stream:x", first, some, b"")
            first += len(some)
    return first - 1


def keep(door: Intake, file: Fetched, pieces: Sequence[Recorded]) -> None:
    """Store one file."""
    digest = sha256(file.raw).hexdigest()
    told = FetchedFile(file.name, len(file.raw), digest, None, len(pieces))
    door.keep_account_file(FILES, told, pieces, file.raw, Marker(file.name, len(file.raw), digest))


def intake(connection: sqlite3.Connection, files: list[Fetched]) -> Callable[[], None]:
    """Prepare the collector's own way from the pieces of a file."""
    door = Intake(connection, lambda: datetime.now(UTC))

    def play() -> None:
        for file in files:
            keep(door, file, file.pieces)

    return play


def after_the_stream(connection: sqlite3.Connection, files: list[Fetched]) -> Callable[[], None]:
    """Prepare the same where the stream brought every record before."""
    door = Intake(connection, lambda: datetime.now(UTC))
    count = streamed(door, files)

    def play() -> None:
        for file in files:
            keep(door, file, file.pieces)
        many = connection.execute("SELECT count(same_as) FROM ticket").fetchone()[0]
        assert many == count, "every record is paired"

    return play


def whole(connection: sqlite3.Connection, files: list[Fetched]) -> Callable[[], None]:
    """Prepare the way from the bytes as they were fetched."""
    door = Intake(connection, lambda: datetime.now(UTC))

    def play() -> None:
        for file in files:
            keep(door, file, decoded(file.name, file.raw))

    return play


def expanding(_connection: sqlite3.Connection, files: list[Fetched]) -> Callable[[], None]:
    """Prepare the decompression alone."""

    def play() -> None:
        for file in files:
            expand(file.raw, TEXT_BYTES_MAX)

    return play


def decoding(_connection: sqlite3.Connection, files: list[Fetched]) -> Callable[[], None]:
    """Prepare the decoding of the plain text alone."""
    texts = [(file.name, expand(file.raw, TEXT_BYTES_MAX)) for file in files]

    def play() -> None:
        for name, text in texts:
            assert isinstance(text, bytes)
            decoded(name, text)

    return play


WAYS: dict[str, tuple[Way, str]] = {
    "bare": (bare, "bare"),
    "intake": (intake, "bare"),
    "bare after the stream": (bare_after_the_stream, "bare after the stream"),
    "intake after the stream": (after_the_stream, "bare after the stream"),
    "expanding": (expanding, "bare"),
    "decoding": (decoding, "bare"),
    "fetched bytes to commit": (whole, "bare"),
}
"""What is measured, and beside what."""


def seconds(way: Way, files: list[Fetched]) -> float:
    """Return how long one way takes, in a store of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_for_writing(Path(folder) / "bench.db")) as connection,
    ):
        play = way(connection, files)
        begin = time.perf_counter()
        play()
        return time.perf_counter() - begin


def main() -> None:
    """Play all ways in turn, some rounds, and print the best of each."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--files", type=int, default=20)
    arguments.add_argument("--tickets", type=int, default=3000, help="of each file")
    arguments.add_argument("--gate", action="store_true")
    wanted = arguments.parse_args()
    count = wanted.files * wanted.tickets
    chunks = in_lots(tickets(count), wanted.tickets)
    files = [fetched(number, lines) for number, lines in enumerate(chunks)]
    best = dict.fromkeys(WAYS, float("inf"))
    for _ in range(ROUNDS_COUNT):
        for name, (way, _limit) in WAYS.items():
            best[name] = min(best[name], seconds(way, files))
    print(f"{wanted.files} files of {wanted.tickets} tickets, {len(files[0].raw):,} bytes each")
    ratios = {name: best[limit] / best[name] for name, (_way, limit) in WAYS.items()}
    for name, (_way, limit) in WAYS.items():
        print(f"{name:24} {count / best[name]:10,.0f} tickets/s  {ratios[name]:5.2f} of {limit}")
    if wanted.gate and ratios["intake"] < RATIO_MIN:
        sys.exit(f"the intake writes at {ratios['intake']:.2f} of bare, less than {RATIO_MIN}")


if __name__ == "__main__":
    main()
