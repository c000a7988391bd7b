"""An invented contract between two commands that share the table alone: exchange and collector.

Everything in it differs from ours; the next request acknowledges. The collector is killed while an
answer is on its way, so that a batch has left the exchange and arrived nowhere.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import ArmedFault, CallOrder, Fault

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 30
PROFILE = ROOT / "simulator" / "oxo_simulator" / "profiles" / "certify.toml"
TABLES = re.findall(
    r"^```toml\n(.*?)^```$",
    (ROOT / "docs" / "taxation.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)
NUMBERS = [f"0199{number:06}" for number in range(1, 46)]
FOREIGN = TABLES[1]
"""The invented contract of docs/taxation.md."""

CONFIGURATION = """
store = "tickets.db"

[[exchange]]
name = "site"
address = "127.0.0.1"
port = {port}
user = "administrator"
password_file = "state/taxation.password"
ca_file = "state/ca.pem"
zone = "Europe/Berlin"
contract = "contract.toml"
poll_seconds = 0.05
rest_seconds_first = 0.05
rest_seconds_max = 0.1
"""


def command(name: str, *words: str | Path) -> list[str]:
    return [str(Path(sys.executable).with_name(name)), *map(str, words)]


@contextlib.contextmanager
def exchange(folder: Path, profile: str) -> Iterator[dict[str, Any]]:
    """Run an exchange until the block ends; give what it says of itself."""
    (folder / "profile.toml").write_text(profile, "utf-8")
    with subprocess.Popen(
        command(
            "oxo-sim", "run", "--state", folder / "state", "--profile", folder / "profile.toml",
            "--port", "standard=0", "--port", "alternate=0", "--json",
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        guard = threading.Timer(SECONDS_MAX, process.kill)
        guard.start()
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            guard.cancel()
            process.terminate()


@pytest.fixture
def collect(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Return a function that starts the collector with its log in a file."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        with (tmp_path / "collector.log").open("a") as log:
            started.append(
                subprocess.Popen(
                    command("oxo-collect", "run", "--config", tmp_path / "collector.toml"),
                    stderr=log,
                    text=True,
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                )
            )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(SECONDS_MAX)


def wait_for(control: ControlClient, event: str, last: int) -> None:
    """Wait until the ledger tells the event about the ticket of that sequence."""
    since = 0
    for _ in range(SECONDS_MAX):
        for line in control.ledger(since, wait_seconds=1):
            since = line.n
            if line.event == event and line.detail.get("last") == last:
                return
    raise AssertionError(f"no {event} up to {last}")


def test_a_wholly_different_contract_is_collected_exactly_once_over_a_kill(
    tmp_path: Path, collect: Callable[[], subprocess.Popen[str]]
) -> None:
    (tmp_path / "contract.toml").write_text(FOREIGN, "utf-8")
    with exchange(tmp_path, PROFILE.read_text("utf-8") + FOREIGN) as ready:
        port = ready["ports"][0]["port"]
        (tmp_path / "collector.toml").write_text(CONFIGURATION.format(port=port), "utf-8")
        with ControlClient.from_state(tmp_path / "state") as control:
            control.place_calls(
                *(CallOrder(direction="outgoing", user="101", number=one) for one in NUMBERS)
            )
            # The second request removes the first twenty; its answer, the next twenty, hangs.
            control.arm(ArmedFault(when="acknowledged", fault=Fault(kind="cut")))
            killed = collect()
            wait_for(control, "offered", 40)
            killed.kill()
            assert killed.wait(SECONDS_MAX) < 0
            control.restore()
            stopped = collect()
            wait_for(control, "acknowledged", 45)
            stopped.terminate()
            assert stopped.wait(SECONDS_MAX) == 0
            assert control.state().unknown_operations == []
    log = (tmp_path / "collector.log").read_text("utf-8")
    exported = subprocess.run(
        command("oxo-collect", "export", "--config", tmp_path / "collector.toml"),
        capture_output=True, check=True, timeout=SECONDS_MAX,
    ).stdout  # fmt: skip
    tickets = [json.loads(line) for line in exported.splitlines()]
    assert [ticket["dialled_number"] for ticket in tickets] == NUMBERS, log
    assert "warning" not in log
