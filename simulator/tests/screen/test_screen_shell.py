"""A screen that cannot live leaves everything as it was."""

import io
import os
import sys
from pathlib import Path

from oxo_simulator.cli import app
from oxo_simulator.screen.log_lines import LogLines
from oxo_simulator.screen.shell import Screen
from structlog.testing import capture_logs


def test_a_screen_that_breaks_says_so_and_gives_everything_back(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    keyboard, behind, quits = sys.stdin, io.StringIO(), list[bool]()
    log = LogLines(behind)
    screen = Screen(
        tmp_path,  # where no exchange runs
        app,
        log,
        keyboard=theirs,
        terminal=io.StringIO(),
        quit_=lambda: quits.append(True),
        seconds=lambda: 0.0,
    )
    with capture_logs() as logged:
        screen.start()
        assert sys.stdin is not keyboard, "no order may read the keyboard"
        screen.stop()
    assert sys.stdin is keyboard
    assert [each["event"] for each in logged] == ["screen.broken"]
    assert quits == []
    log.write("goes on\n")
    assert behind.getvalue() == "goes on\n"
    os.close(ours)
    os.close(theirs)
