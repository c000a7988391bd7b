"""A ticket file's bytes are the same whenever, and in whichever pieces, they are read."""

import hashlib
from datetime import datetime
from typing import Any

import pytest
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.nmc import service
from oxo_simulator.nmc.codec import Header, encode, file_bytes
from oxo_simulator.nmc.content import SLICE_RECORDS, Content
from oxo_simulator.nmc.mapping import alz_record
from oxo_simulator.nmc.service import new_shelf
from oxo_simulator.nmc.settings import NmcSettings
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

AT = datetime(2020, 2, 24, 14, 32)  # noqa: DTZ001 - wall clock
HEAD = b"head;"
RECORD = 3


class Written:
    """Content of numbered records that remembers what was asked of it."""

    def __init__(self, count: int) -> None:
        self.asked: list[tuple[int, int]] = []
        self.content = Content(HEAD, count, RECORD, self._write)
        self.whole = HEAD + b"".join(b"%03d" % (number % 1000) for number in range(count))

    def _write(self, first: int, end: int) -> bytes:
        self.asked.append((first, end))
        return b"".join(b"%03d" % (number % 1000) for number in range(first, end))


@pytest.mark.parametrize("count", [0, 1, SLICE_RECORDS - 1, SLICE_RECORDS, 2 * SLICE_RECORDS + 5])
def test_the_whole_is_head_and_records(count: int) -> None:
    written = Written(count)
    assert len(written.content) == len(written.whole)
    assert written.asked == []
    assert bytes(written.content) == written.whole


@pytest.mark.parametrize("step", [1, 7, RECORD * SLICE_RECORDS, 10_000])
def test_read_in_steps_it_is_the_same(step: int) -> None:
    written = Written(2 * SLICE_RECORDS + 5)
    pieces = [written.content.read(at, step) for at in range(0, len(written.whole), step)]
    assert b"".join(pieces) == written.whole
    assert written.content.read(len(written.whole), step) == b""


def test_read_from_every_byte_it_is_the_same() -> None:
    for begin in range(len(Written(2 * SLICE_RECORDS + 5).whole) + 2):
        written = Written(2 * SLICE_RECORDS + 5)  # nothing is kept of another reading
        assert written.content.read(begin, 10) == written.whole[begin : begin + 10]


def test_only_the_slice_that_is_read_is_written_and_once() -> None:
    written = Written(3 * SLICE_RECORDS)
    place = len(HEAD) + RECORD * SLICE_RECORDS
    written.content.read(0, len(HEAD))
    assert written.asked == []
    written.content.read(place, 1)
    written.content.read(place + 5, 7)
    assert written.asked == [(SLICE_RECORDS, 2 * SLICE_RECORDS)]
    written.content.read(place - 1, 2)
    assert written.asked[1:] == [(0, SLICE_RECORDS)]


def test_the_digest_is_that_of_what_is_read() -> None:
    written = Written(2 * SLICE_RECORDS)
    for begin, count in ((0, len(written.whole)), (4, 2), (700, 900), (0, 0), (9, 10_000)):
        expected = hashlib.sha256(written.whole[begin : begin + count]).hexdigest()
        assert written.content.digest(begin, count) == expected


# As the exchange makes it.


class Store:
    """An outlet in which tickets wait."""

    def __init__(self, count: int) -> None:
        self.tickets = [Buffered(number, number, call(number)) for number in range(1, count + 1)]

    def waiting(self, count_max: int) -> list[Buffered]:
        return self.tickets[:count_max]

    def waiting_count(self) -> int:
        return len(self.tickets)


def call(number: int) -> Ticket:
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=AT,
        charged_user=str(number),
        dialled_number=f"0199{number:06}",
        call_seconds=number,
    )


def test_a_login_writes_no_record_and_a_read_only_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    count, encoded = 30_000, []

    def counted(record: Any, form: Any) -> bytes:
        encoded.append(record)
        return encode(record, form)

    monkeypatch.setattr(service, "encode", counted)
    store: Any = Store(count)
    shelf = new_shelf(NmcSettings(), store, "R3.2", lambda: AT)
    shelf.appear()
    (file,) = shelf.files
    assert encoded == []
    assert len(file.content) == len(file_bytes(Header("R3.2"), [])) + 122 * count
    file.content.read(1_000_000, 65_536)
    assert len(encoded) <= 4 * SLICE_RECORDS


def test_the_file_stays_as_it_appeared_while_tickets_come_and_go() -> None:
    store: Any = Store(SLICE_RECORDS + 1)
    shelf = new_shelf(NmcSettings(), store, "R3.2", lambda: AT)
    expected = file_bytes(
        Header("R3.2"), [encode(alz_record(each.ticket)) for each in store.tickets]
    )
    shelf.appear()
    (file,) = shelf.files
    begin = file.content.read(0, 500)
    del store.tickets[0]
    store.tickets.append(Buffered(9999, 9999, call(7)))
    shelf.appear()
    assert begin + file.content.read(500, len(file.content)) == expected
