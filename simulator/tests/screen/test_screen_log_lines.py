"""The log while a screen has the terminal."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from oxo_simulator.screen.log_lines import LINES_MAX, LogLines
from oxo_simulator.screen.terminal import is_ours, is_terminal, keys


class Terminal(io.StringIO):
    """Says that it is a terminal, by the descriptor of one."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """Return a terminal that nobody looks at."""
    ours, theirs = os.openpty()
    yield Terminal(theirs)
    os.close(ours)
    os.close(theirs)


def test_on_a_terminal_the_log_waits_until_the_screen_has_ended(terminal: Terminal) -> None:
    log = LogLines(terminal)
    print("one", file=log, flush=True)
    log.write("two\nthree\n")
    assert terminal.getvalue() == ""
    assert (log.new(), log.new()) == (["one", "two", "three"], [])
    log.pass_on()
    assert terminal.getvalue() == "one\ntwo\nthree\n"
    log.write("four\n")
    log.pass_on()
    assert terminal.getvalue() == "one\ntwo\nthree\nfour\n"


def test_into_a_file_the_log_goes_at_once_and_is_shown_too(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+", encoding="utf-8") as file:
        log = LogLines(file)
        print("one", file=log, flush=True)
        assert (tmp_path / "log").read_text("utf-8") == "one\n"
        assert log.new() == ["one"]
        log.pass_on()
    assert (tmp_path / "log").read_text("utf-8") == "one\n"


def test_a_log_without_end_is_bounded(terminal: Terminal) -> None:
    log = LogLines(terminal)
    for n in range(3 * LINES_MAX):
        log.write(f"{n}\n")
    assert len(log.new()) == LINES_MAX
    log.pass_on()
    kept = terminal.getvalue().splitlines()
    assert len(kept) == LINES_MAX
    assert kept[-1] == str(3 * LINES_MAX - 1)


def test_what_is_no_terminal_in_the_foreground_is_not_ours(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w", encoding="utf-8") as file:
        assert not is_terminal(file)
        assert not is_ours(file)
    assert not is_terminal(io.StringIO())
    assert not is_ours(file)  # closed
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as other, os.fdopen(ours, "wb"):
        assert is_terminal(other)
        assert not is_ours(other), "another session has it, or nobody"


def test_a_terminal_is_given_back_as_it_was() -> None:
    import termios  # noqa: PLC0415 - beside what it is for

    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    with pytest.raises(RuntimeError), keys(theirs):  # noqa: PT012 - what happens inside
        inside = termios.tcgetattr(theirs)
        assert not inside[3] & (termios.ICANON | termios.ECHO)
        assert inside[3] & termios.ISIG
        raise RuntimeError
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
