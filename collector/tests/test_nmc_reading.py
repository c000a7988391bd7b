"""What a fetched file gives the store."""

from pathlib import Path

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.nmc.reading import read_file
from oxo_tickets import Ticket

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


@pytest.mark.parametrize(
    ("name", "told", "found", "tickets", "words"),
    [
        ("six-kinds", 6, 6, 6, ""),
        ("empty", 0, 0, 0, ""),
        ("without-header", None, 2, 2, ""),
        ("unknown-call-type", 3, 3, 3, ""),
        ("impossible-date", 3, 3, 2, ""),
        ("count-too-high", 5, 3, 3, "the header tells 5, 3 are there"),
        ("count-too-low", 2, 3, 3, "the header tells 2, 3 are there"),
        ("truncated-last-record", 3, 2, 2, "record 3: record truncated: 77 of 122"),
        ("ticket-size-zero", 2, 0, 0, "ticket size invalid"),
    ],
)
def test_an_alz_file(name: str, told: int | None, found: int, tickets: int, words: str) -> None:
    reading = read_file((VECTORS / "oxo-alz" / f"{name}.alz").read_bytes(), "Europe/Paris")
    assert (reading.tickets_told, reading.tickets_found) == (told, found)
    assert sum(isinstance(one, Ticket) for one in reading.pieces) == tickets
    assert words in "; ".join(reading.faults)
    assert bool(reading.faults) == bool(words)


def test_the_number_of_a_piece_is_that_of_its_record() -> None:
    reading = read_file((VECTORS / "oxo-alz" / "count-too-high.alz").read_bytes(), "UTC")
    assert [isinstance(one, Malformed) for one in reading.pieces] == [False] * 3 + [True]


def test_another_content_is_told_by_itself() -> None:
    listing = b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST       00390670000\r\n"
    assert any(isinstance(one, Ticket) for one in read_file(listing, "UTC").pieces)
    document = b"<CallAccountingList></CallAccountingList>"
    assert read_file(document, "UTC").pieces == ()


def test_what_nobody_can_read_is_kept_and_not_trusted() -> None:
    reading = read_file(b"\xff\xd8\xff\xe0 a picture", "UTC")
    (only,) = reading.pieces
    assert isinstance(only, Malformed)
    assert len(reading.faults) == 1


def test_nothing_is_nothing() -> None:
    assert read_file(b"", "UTC").pieces == ()
