"""Account files of the simulated exchange, a process of its own, by both transfers at once.

It is reached as any operator reaches it: by its command and its control API.
"""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.account.conftest import Dialled, Start

pytestmark = pytest.mark.process

SECONDS_MAX = 20
CALL = {"direction": "outgoing", "user": "101"}
RETENTION_SECONDS = 32 * 86_400


class Simulator:
    """A running `oxo-sim run` with an open account wire."""

    def __init__(self, folder: Path) -> None:
        held = ("account", "standard", "alternate")
        ports = [word for name in held for word in ("--port", f"{name}=0")]
        command = (
            sys.executable, "-m", "oxo_simulator", "run", "--state", str(folder), "--json", *ports,
            "--set", "account.open=true", "--set", "account.transfer=both",
        )  # fmt: skip
        self.folder = folder
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.told = json.loads(self.process.stdout.readline())
        self.token = (folder / "control.token").read_text().strip()
        self.made: Counter[str] = Counter()

    def port(self, name: str) -> int:
        return next(int(one["port"]) for one in self.told["ports"] if one["name"] == name)

    def post(self, path: str, **body: Any) -> Any:
        answer = requests.post(
            f"{self.told['control_url']}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=SECONDS_MAX,
        )
        assert answer.ok, answer.text
        return answer.json()

    def file(self, *numbers: str) -> str:
        """Place calls and close the file in which they are; return its name."""
        self.post("/calls", calls=[{**CALL, "number": number} for number in numbers])
        self.made.update(numbers)
        return str(self.post("/account/close")["file"])

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SECONDS_MAX) == 0
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    one = Simulator(tmp_path / "simulator")
    yield one
    one.end()


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Path:
    rest = f"""
        address = "127.0.0.1"
        password_file = "{simulator.folder / "account.password"}"
        poll_seconds = 0.05
        settle_seconds = 0.01
        rest_seconds_first = 0.02
        rest_seconds_max = 0.05
        """
    path = tmp_path / "collector.toml"
    path.write_text(
        f"""
        store = "tickets.db"
        [[exchange]]
        name = "by-sftp"
        zone = "Europe/Berlin"
        [exchange.account]
        port = {simulator.port("account-sftp")}
        host_key = "{simulator.told["host_key"]}"
        {rest}
        [[exchange]]
        name = "by-ftp"
        zone = "Europe/Berlin"
        [exchange.account]
        transfer = "ftp"
        port = {simulator.port("account-ftp")}
        {rest}
        """
    )
    return path


def test_both_transfers_lose_nothing_in_faults_kills_and_gaps(
    simulator: Simulator,
    config: Path,
    start: "Start",
    dialled: "Dialled",
) -> None:
    names = ("by-sftp", "by-ftp")
    simulator.file("0199000001", "0199000001", "0199000002")
    collector = start(config)
    for name in names:
        collector.wait_for("file stored", f"exchange={name}")
    fault = {"kind": "carry then reset", "towards": "collector", "ports": ["account"]}
    simulator.post("/link/fault", carry_bytes=1500, **fault)
    last = simulator.file("0199000003")
    for name in names:
        collector.wait_for("file stored", last, f"exchange={name}")
    collector.end(signal.SIGKILL)
    for number in range(4, 10):
        last = simulator.file(f"019900000{number}")
    collector = start(config)
    for name in names:
        collector.wait_for("file stored", last, f"exchange={name}")
    assert collector.end(signal.SIGTERM) == 0
    assert "GAP" not in collector.log
    simulator.post("/time", seconds=RETENTION_SECONDS)
    last = simulator.file("0199000010")
    simulator.post("/account/host-key")
    collector = start(config)
    collector.wait_for("host key changed", "exchange=by-sftp")
    collector.wait_for("GAP: ", "exchange=by-ftp")
    collector.wait_for("file stored", last, "exchange=by-ftp")
    assert collector.end(signal.SIGTERM) == 0
    assert dialled(config, "--exchange", "by-ftp") == simulator.made
    simulator.made.subtract(["0199000010"])
    assert dialled(config, "--exchange", "by-sftp") == +simulator.made
    password = (simulator.folder / "account.password").read_text().strip()
    assert password not in collector.log
