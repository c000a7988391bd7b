"""`oxo-sim run` on a terminal: the screen lives, takes orders, and gives the terminal back."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.client import ControlClient

pytestmark = pytest.mark.process

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 20
AT_TERMINAL = ("sh", "-c", 'tty=$1; shift; exec "$@" <>"$tty" >&0 2>&1', "sh")
"""In a session of its own, the terminal that is opened first is the session's."""
SIZES = ("COLUMNS", "LINES")
CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
HOME = b"\x1b[H"
OTHER_SCREEN = b"\x1b[?1049h"
"""What a program sends that draws on a screen of its own."""


class Seat:
    """Somebody in front of a terminal on which an exchange runs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.ours, theirs = os.openpty()
        self.size(80, 24)
        self.before = termios.tcgetattr(theirs)
        names = ("standard", "alternate", "v24")
        ports = [word for name in names for word in ("--port", f"{name}=0")]
        elsewhere = {key: each for key, each in os.environ.items() if key not in SIZES}
        self.process = subprocess.Popen(
            [*AT_TERMINAL, os.ttyname(theirs), OXO_SIM, "run", "--state", folder, *ports, *options],
            start_new_session=True,
            env={**elsewhere, "TERM": "xterm"},
        )
        self._theirs = theirs
        self.seen = b""

    def size(self, width: int, height: int) -> None:
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    @property
    def screen(self) -> str:
        """Return what the last drawing put on the terminal."""
        return CONTROLS.sub(b"", self.seen.rpartition(HOME)[2]).decode(errors="replace")

    def sees(self, words: str) -> bool:
        """Look at the screen until these words are on it."""
        return self._until(lambda: words in self.screen)

    def _until(self, found: Any) -> bool:
        latest = time.monotonic() + SECONDS_MAX
        while not found():
            left = latest - time.monotonic()
            if left < 0 or not select.select([self.ours], [], [], left)[0]:
                return False
            self.seen += os.read(self.ours, 65_536)
        return True

    def ends(self) -> int:
        """Wait for its end; return its status."""
        latest = time.monotonic() + SECONDS_MAX
        while self.process.poll() is None and time.monotonic() < latest:
            if select.select([self.ours], [], [], 0.05)[0]:
                self.seen += os.read(self.ours, 65_536)
        status = self.process.wait(0)
        while select.select([self.ours], [], [], 0)[0]:
            self.seen += os.read(self.ours, 65_536)
        return status

    def leave(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(SECONDS_MAX)
        os.close(self.ours)
        os.close(self._theirs)

    def is_as_before(self) -> bool:
        """Tell whether the terminal was given back as it was."""
        return termios.tcgetattr(self._theirs) == self.before


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    found = Seat(tmp_path / "state")
    yield found
    found.leave()


def test_the_screen_lives_takes_orders_and_ends_in_order(seat: Seat) -> None:
    assert seat.sees("0 tickets made")
    assert seat.sees("closed by the profile")
    seat.type(b"call 128 0388112233 --duration 7\n")
    assert seat.sees("128 -> 0388112233  7 s")
    assert seat.sees("1 ticket made")
    seat.type(b"cut --kind cut --heal-after-seconds 500\n")
    assert seat.sees("f1 cut, towards both, heals in")
    seat.type(b"restore\nfrobnicate\n")
    assert seat.sees("link whole   licence open")
    assert seat.sees("frobnicate is no command")
    with ControlClient.from_state(seat.folder) as client:
        assert client.state().tickets_made == 1
    for width, height in ((20, 6), (1, 1), (120, 40)):
        seat.size(width, height)
        seat.process.send_signal(signal.SIGWINCH)
        seat.type(b"\x15")
    assert seat.sees("P01 T2 0/30, N01 T0 0/2")
    assert seat.sees("standard     https://127.0.0.1:"), "where to connect, though it hides it"
    assert seat.sees("password in")
    seat.type(b"q")
    assert seat.ends() == 0
    assert seat.is_as_before()
    after = CONTROLS.sub(b"", seat.seen.rpartition(b"\x1b[?1049l")[2])
    assert b"event=exchange.started" in after
    assert b"event=exchange.stopped" in after
    assert not (seat.folder / "exchange.json").exists()


def test_an_interrupt_ends_it_in_order_too(seat: Seat) -> None:
    assert seat.sees("0 tickets made")
    seat.type(b"call 128 03\x03")
    assert seat.ends() == 0
    assert seat.is_as_before()


def test_without_a_screen_there_is_the_plain_log(tmp_path: Path) -> None:
    seat = Seat(tmp_path / "state", "--no-screen")
    assert seat._until(lambda: b"token in" in seat.seen)
    seat.process.terminate()
    assert seat.ends() == 0
    assert OTHER_SCREEN not in seat.seen
    assert b"event=exchange.stopped" in seat.seen
    seat.leave()


def test_a_screen_needs_a_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [OXO_SIM, "run", "--screen", "--state", str(tmp_path / "state")],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert b"--screen: a terminal in the foreground is expected" in done.stderr
