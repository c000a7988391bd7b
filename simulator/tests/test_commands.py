"""The command where no exchange runs: what it loads, and which it is."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from oxo_simulator.control.client import ControlClient, ControlError
from oxo_simulator.ledger import read_line
from oxo_tickets import from_json

pytestmark = pytest.mark.process

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 30


def test_small_commands_load_neither_network_nor_soap() -> None:
    program = (
        "import sys, oxo_simulator.cli, oxo_simulator.control.client\n"
        "slow = ('twisted', 'spyne', 'klein', 'faker', 'pydantic', 'requests', 'rich')\n"
        "print([name for name in slow if name in sys.modules])"
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


def _run(state: Path, *words: str) -> tuple[int, str]:
    ports = ["--port", "standard=0", "--port", "alternate=0"]
    done = subprocess.run(
        [OXO_SIM, "run", "--state", str(state), *ports, *words],
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
        text=True,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "bad name!"], "--name 'bad name!': a host name is expected"),
        (
            ["--port", "standard=5000", "--port", "alternate=5000"],
            "port 5000 is to be standard and alternate; each needs a number of its own",
        ),
    ],
)
def test_what_is_wrongly_typed_ends_the_process(
    tmp_path: Path, words: list[str], said: str
) -> None:
    status, log = _run(tmp_path / "state", *words)
    assert status == 2
    assert log.startswith(f"oxo-sim: {said}")
    assert len(log.splitlines()) == 1


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("file", "--state {}: File exists"),
        ("password", "{}/taxation.password: a file of mode 0600 is expected"),
        ("file/below", "--state {}: Not a directory"),
        ("certificate", "{}/server.pem is no file; remove it"),
        ("token", "{}/control.token: Is a directory"),
        ("description", "{}/exchange.json: Is a directory"),
    ],
)
def test_a_folder_that_cannot_be_used_ends_the_process(
    tmp_path: Path, folder: str, said: str
) -> None:
    (tmp_path / "file").touch()
    for name in ("certificate/server.pem", "token/control.token", "description/exchange.json"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "password").mkdir()
    (tmp_path / "password" / "taxation.password").write_text("secret")
    (tmp_path / "password" / "taxation.password").chmod(0o644)
    status, log = _run(tmp_path / folder)
    assert status == 1
    assert log.startswith("oxo-sim: " + said.format(tmp_path / folder))
    assert len(log.splitlines()) == 1


def test_what_nobody_expected_at_the_start_ends_the_process_with_its_trace(
    tmp_path: Path,
) -> None:
    program = (
        "import sys\n"
        "from oxo_simulator import wiring\n"
        "from oxo_simulator.cli import main\n"
        "def breaks(*_): raise KeyError('odd')\n"
        "wiring._describe = breaks\n"
        f"sys.argv = ['oxo-sim', 'run', '--state', {str(tmp_path)!r},"
        " '--port', 'standard=0', '--port', 'alternate=0']\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=SECONDS_MAX, check=False
    )
    log = done.stderr.decode()
    assert done.returncode == 1, log
    assert "event=exchange.broken" in log
    assert "Traceback" in log
    assert "did not start, by a fault of its own: KeyError('odd')" in log


def test_a_ledger_that_the_disk_does_not_take_ends_the_process_with_whole_lines(
    tmp_path: Path,
) -> None:
    ports = ["--port", "standard=0", "--port", "alternate=0"]
    with subprocess.Popen(
        [OXO_SIM, "run", "--state", str(tmp_path), *ports],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while b"token in" not in (said := process.stdout.readline()):
            assert said
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2000, 2000))
        tickets = [from_json('{"kind":"call","local_time":"2020-02-24T14:00:00"}')] * 100
        with ControlClient.from_state(tmp_path) as client, pytest.raises(ControlError):
            client.load(tickets, 0)
        _, log = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 1, log
    assert log.splitlines()[-1].startswith(f"oxo-sim: {tmp_path}/ledger.ndjson: ".encode())
    lines = (tmp_path / "ledger.ndjson").read_bytes().splitlines(keepends=True)
    assert [read_line(line).n for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1].endswith(b"}\n")
