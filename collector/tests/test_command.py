"""The command `oxo-collect` as a process: kept before acknowledged, killed, stopped, refused."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from oxo_tickets import from_ndjson

if TYPE_CHECKING:
    from tests.conftest import ScriptedExchange

pytestmark = pytest.mark.process

OXO_COLLECT = (sys.executable, "-c", "from oxo_collector.cli import main; main()")
PASSWORD = "pässword with blank"
SECONDS_MAX = 20


def configure(folder: Path, *exchanges: "ScriptedExchange", extra: str = "") -> Path:
    text = 'store = "tickets.db"\n'
    for number, exchange in enumerate(exchanges, 1):
        text += f"""
            [[exchange]]
            name = "site-{number}"
            address = "127.0.0.1"
            port = {exchange.port}
            user = "administrator"
            password_env = "SECRET"
            ca_file = "{exchange.ca_file}"
            zone = "Europe/Paris"
            batch_tickets_max = 100
            poll_seconds = 0.05
            rest_seconds_first = 0.05
            rest_seconds_max = 0.1
            {extra}
        """
    path = folder / "collector.toml"
    path.write_text(text, "utf-8")
    return path


def call(*words: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        (*OXO_COLLECT, *map(str, words)),
        input=data, capture_output=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Start `oxo-collect run`; its log is `log` in the test's folder."""
    begun: list[subprocess.Popen[bytes]] = []

    def run(config: Path) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "SECRET": PASSWORD}
        with (tmp_path / "log").open("ab") as log:
            command = (*OXO_COLLECT, "run", "--config", str(config))
            begun.append(subprocess.Popen(command, env=environment, stderr=log))
        return begun[-1]

    yield run
    for process in begun:
        process.kill()
        process.wait(SECONDS_MAX)


def charged_users(config: Path) -> Sequence[str | None]:
    lines = call("export", "--config", config).stdout.splitlines()
    return [ticket.charged_user for ticket in from_ndjson(lines)]


def test_tickets_are_collected_and_sigterm_ends_with_zero(
    exchange: "ScriptedExchange", start: Callable[[Path], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    exchange.write(250)
    config = configure(tmp_path, exchange)
    process = start(config)
    exchange.wait_for(lambda: exchange.acknowledged == 250)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS_MAX) == 0
    assert exchange.operations()[-1] == "Logout"
    assert charged_users(config) == [str(n) for n in range(1, 251)]
    log = (tmp_path / "log").read_text("utf-8")
    assert f"collecting from site-1 at https://127.0.0.1:{exchange.port}/services/taxation" in log
    assert PASSWORD not in log
