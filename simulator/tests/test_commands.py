"""The command where no exchange runs: what it loads, and which it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 30


def test_small_commands_load_neither_network_nor_soap() -> None:
    program = (
        "import sys, oxo_simulator.cli, oxo_simulator.control.client\n"
        "print([m for m in ('twisted', 'spyne', 'klein', 'faker', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=SECONDS_MAX, check=True
    )
    assert done.stdout == b"[]\n"


def test_the_version_is_shown() -> None:
    done = subprocess.run(
        [OXO_SIM, "--version"], capture_output=True, timeout=SECONDS_MAX, check=True,
        env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    assert done.stdout.startswith(b"oxo-sim 0.")


def test_exchange_time_that_breaks_ends_the_process_loudly(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from oxo_simulator.cli import main\n"
        "from oxo_simulator.clock import VirtualClock\n"
        "def breaks(self, seconds): raise RuntimeError('an event broke')\n"
        "VirtualClock.advance = breaks\n"
        f"sys.argv = ['oxo-sim', 'run', '--state', {str(tmp_path)!r}, '--time', 'real',"
        " '--port', 'standard=0', '--port', 'alternate=0']\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=SECONDS_MAX, check=False
    )
    log = done.stderr.decode()
    assert done.returncode == 1, log
    assert "event=exchange.broken" in log
    assert "oxo-sim: exchange time cannot go on: RuntimeError('an event broke')" in log
    assert not (tmp_path / "exchange.json").exists()
