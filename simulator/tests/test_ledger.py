"""The ledger: every line at once in the file, nothing rewritten, the old lines still readable."""

import errno
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_simulator import ledger as module
from oxo_simulator.control.messages import LedgerLine
from oxo_simulator.ledger import Ledger, LedgerBroken, read_line
from oxo_tickets import Kind, Ticket, to_json

AT = datetime(2026, 11, 22, 20, 45, 0, 123_456, tzinfo=UTC)
LOCAL = datetime(2020, 2, 24, 14)  # noqa: DTZ001
TICKET = Ticket(kind=Kind.CALL, local_time=LOCAL, charged_user="128")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(tmp_path / "ledger.ndjson", lambda: AT, lambda: LOCAL)
    yield found
    found.close()


def test_a_line_is_what_the_bundle_says(ledger: Ledger) -> None:
    ledger.append("made", {"id": 1, "ticket": TICKET, "source": "call"})
    expected = (
        b'{"n":1,"at":"2026-11-22T20:45:00.123Z","exchange_time":"2020-02-24T14:00:00",'
        b'"event":"made","id":1,"ticket":' + to_json(TICKET) + b',"source":"call"}\n'
    )
    assert ledger.file.read_bytes() == expected


@pytest.mark.parametrize("index_lines", [1, 3, 64])
def test_lines_come_back_from_wherever_they_lie_in_the_file(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index_lines: int
) -> None:
    monkeypatch.setattr(module, "INDEX_LINES", index_lines)
    ledger = Ledger(tmp_path / "other.ndjson", lambda: AT, lambda: LOCAL)
    for number in range(1, 8):
        ledger.append("buffered", {"id": number, "sequence": number})
    for since in range(9):
        for lines_max in (0, 1, 2, 100):
            found = [line.n for line in ledger.since(since, lines_max)]
            assert found == list(range(since + 1, 8))[:lines_max]
    assert ledger.since(0, 1) == [read_line(ledger.file.read_bytes().splitlines()[0])]
    ledger.close()


def test_a_page_has_the_shape_of_messages_and_says_whether_more_follow(ledger: Ledger) -> None:
    ledger.append("made", {"id": 1, "ticket": TICKET, "source": 'an "event":"made" }'})
    ledger.append("phase", {})
    page = ledger.page(0, 1)
    assert page.more
    assert msgspec.json.encode(page.lines) == (
        b'[{"n":1,"at":"2026-11-22T20:45:00.123Z","exchange_time":"2020-02-24T14:00:00",'
        b'"event":"made","detail":{"id":1,"ticket":' + to_json(TICKET) + b","
        b'"source":"an \\"event\\":\\"made\\" }"}}]'
    )
    assert ledger.page(1, 9) == ledger.page(1, 1)
    assert msgspec.json.decode(ledger.page(1, 9).lines[0], type=LedgerLine).detail == {}
    assert not ledger.page(1, 9).more
    assert ledger.page(2, 9) == ([], 2, False)


def test_a_page_is_bounded_and_never_empty_while_there_are_lines(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE_BYTES_MAX", 300)
    for length in (10, 10, 10, 1000, 10, 100_000, 10):
        ledger.append("phase", {"phase": "x" * length})
    pages, n = [], 0
    while lines := ledger.since(n, 100):
        assert ledger.page(n, 100).more == (lines[-1].n < 7)
        pages.append([line.n for line in lines])
        n = lines[-1].n
    assert pages[:2] == [[1, 2], [3]]
    assert [number for page in pages for number in page] == [1, 2, 3, 4, 5, 6, 7]
    assert len(pages) >= 4


def test_a_watcher_acts_before_append_returns(ledger: Ledger) -> None:
    def watcher(line: Any) -> None:
        if line.event == "offered":
            ledger.append("fault", {"fault": {"kind": "cut"}})

    ledger.watch(watcher)
    ledger.append("offered", {"first": 1, "last": 2, "session": "s", "connection": "c"})
    assert [line.event for line in ledger.since(0, 9)] == ["offered", "fault"]


def test_who_waits_is_told_and_who_cancelled_is_not(ledger: Ledger) -> None:
    told: list[str] = []
    ledger.next_line().addCallback(lambda _: told.append("first"))
    gone = ledger.next_line().addCallback(lambda _: told.append("cancelled"))
    gone.cancel()
    told.clear()
    ledger.append("phase", {"phase": "busy"})
    ledger.append("phase", {"phase": "serving"})
    assert told == ["first"]


def test_a_ledger_is_never_overwritten(ledger: Ledger) -> None:
    with pytest.raises(FileExistsError):
        Ledger(ledger.file, lambda: AT, lambda: LOCAL)


def test_a_line_of_another_shape_does_not_pass_as_one() -> None:
    with pytest.raises((msgspec.DecodeError, ValueError)):
        read_line(b'{"n":1}')


class _SmallDisk:
    """A ledger file on a disk with room for so many bytes."""

    def __init__(self, sink: Any, room: int) -> None:
        self._sink, self._room = sink, room
        self.truncate: Callable[[int], int] = sink.truncate
        self.seek: Callable[[int], int] = sink.seek
        self.fileno: Callable[[], int] = sink.fileno
        self.close: Callable[[], None] = sink.close

    def write(self, line: bytes) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = int(self._sink.write(line[: self._room]))
        self._room -= taken
        return taken


def test_a_full_disk_ends_the_ledger_before_the_line_wherever_it_is_full(tmp_path: Path) -> None:
    def write(ledger: Ledger) -> None:
        for number in (1, 2):
            ledger.append("buffered", {"id": number, "sequence": number})

    whole = Ledger(tmp_path / "whole", lambda: AT, lambda: LOCAL)
    write(whole)
    whole.close()
    first, second = whole.file.read_bytes().splitlines(keepends=True)
    for room in range(len(first), len(first + second)):
        told: list[LedgerBroken] = []
        ledger = Ledger(tmp_path / f"{room}", lambda: AT, lambda: LOCAL, told.append)
        ledger._lines._sink = _SmallDisk(ledger._lines._sink, room)
        seen: list[int] = []
        ledger.watch(lambda line, seen=seen: seen.append(line.n))  # type: ignore[misc]
        with pytest.raises(LedgerBroken, match=r"No space left on device; .* ends with line 1"):
            write(ledger)
        with pytest.raises(LedgerBroken):
            ledger.append("phase", {"phase": "busy"})
        ledger.close()
        assert ledger.file.read_bytes() == first
        assert (len(told), seen, ledger.last) == (1, [1], 1)
