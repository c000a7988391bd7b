"""Going on with a transfer that was cut: every offset, and what does not belong together."""

from collections.abc import Callable

import pytest
from oxo_collector.fetching import OVERLAP_BYTES, InMemory, NoRest, TooLong, Unfit, fetch

FILE = bytes(range(256)) * 10
STEP = 700


class Line:
    """A file on the other side, and how the connection behaves."""

    def __init__(self, data: bytes = FILE, *, knows_rest: bool = True) -> None:
        self.data = data
        self.knows_rest = knows_rest
        self.cut_bytes: int | None = None
        self.rests: list[int | None] = []

    def receive(self, rest: int | None, take: Callable[[bytes], None]) -> None:
        self.rests.append(rest)
        if rest is not None and not self.knows_rest:
            raise NoRest
        end = len(self.data) if self.cut_bytes is None else (rest or 0) + self.cut_bytes
        for at in range(rest or 0, end, STEP):
            take(self.data[at : min(at + STEP, end)])
        if self.cut_bytes is not None:
            raise ConnectionError


def fetched(line: Line, beginning: InMemory, limit: int = len(FILE)) -> bool:
    return fetch("A.DAT", beginning, limit, "SIZE", line.receive)


@pytest.mark.parametrize("at", [0, 1, 1023, 1024, 1025, 1300, 2047, 2048, 2049, len(FILE)])
@pytest.mark.parametrize("then", [None, 0, 1, 1023, 1024, 1025])
def test_a_transfer_is_gone_on_with_from_any_offset(at: int, then: int | None) -> None:
    line, beginning = Line(), InMemory(bytearray())
    for line.cut_bytes in (at, *(() if then is None else (then,))):
        with pytest.raises(ConnectionError):
            fetched(line, beginning)
        assert FILE.startswith(bytes(beginning.data))
    line.cut_bytes = None
    resumed = fetched(line, beginning)
    assert bytes(beginning.data) == FILE
    assert resumed == (line.rests[-1] is not None)


def test_the_rest_of_another_file_is_noticed_and_nothing_stays() -> None:
    line, beginning = Line(bytes(reversed(FILE))), InMemory(bytearray(FILE[:2000]))
    with pytest.raises(Unfit, match="does not belong"):
        fetched(line, beginning)
    assert not beginning.data
    assert not fetched(line, beginning)
    assert bytes(beginning.data) == line.data


def test_without_rest_the_file_is_fetched_anew() -> None:
    line, beginning = Line(knows_rest=False), InMemory(bytearray(FILE[:2000]))
    assert not fetched(line, beginning)
    assert line.rests == [2000 - OVERLAP_BYTES, None]
    assert bytes(beginning.data) == FILE


@pytest.mark.parametrize("before", [0, 2000])
def test_what_is_longer_than_the_limit_is_broken_off(before: int) -> None:
    beginning = InMemory(bytearray(FILE[:before]))
    with pytest.raises(TooLong, match="longer than the 2559 bytes of SIZE"):
        fetched(Line(), beginning, len(FILE) - 1)
    assert not beginning.data
