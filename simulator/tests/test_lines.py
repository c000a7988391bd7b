"""Numbered lines in a file: whatever page is asked for, it is what a list would have given."""

import random
from pathlib import Path

import pytest
from oxo_simulator.lines import Lines


@pytest.mark.parametrize("index_lines", [1, 2, 7])
def test_every_page_is_that_of_a_list(tmp_path: Path, index_lines: int) -> None:
    draw = random.Random(7)  # noqa: S311 - lengths of lines
    kept = [bytes(draw.choices(b"abc", k=draw.choice((0, 1, 9, 60)))) for _ in range(30)]
    lines = Lines((tmp_path / "lines").open("xb+", buffering=0), index_lines)
    for count, line in enumerate(kept, 1):
        lines.append(line + b"\n")
        assert lines.page(count - 1, 9, 1) == [line]
        assert lines.page(count, 9, 1000) == []
    for skip in range(31):
        for lines_max in (1, 3, 8, 99):
            assert lines.page(skip, lines_max, 10_000) == kept[skip : skip + lines_max]
            for bytes_max in (1, 10, 100):
                found = lines.page(skip, lines_max, bytes_max)
                assert found == kept[skip : skip + len(found)]
                assert bool(found) == (skip < 30)
    assert (lines.count, lines.bytes) == (30, sum(map(len, kept)) + 30)
    lines.close()


def test_a_page_before_the_first_line_or_of_no_lines_is_empty(tmp_path: Path) -> None:
    lines = Lines((tmp_path / "lines").open("xb+", buffering=0), 4)
    assert lines.page(0, 9, 100) == []
    lines.append(b"one\n")
    assert lines.page(-1, 9, 100) == lines.page(0, 0, 100) == []
    lines.close()
