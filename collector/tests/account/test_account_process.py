"""The command `oxo-collect run` fetches account files: killed in a loop, refused, stopped."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import paramiko
    from tests.account.conftest import Dialled, SftpExchange, Start

pytestmark = pytest.mark.process

SECONDS_MAX = 20
VECTORS = Path(__file__).resolve().parents[3] / "vectors"
HEADER, LINE = (VECTORS / "oxe-file/taxaaaaa-plain.txt").read_bytes().splitlines()[:2]
KILLS = 3


def text(*numbers: int) -> bytes:
    records = [LINE[:5] + f"{number:<30}".encode() + LINE[35:] for number in numbers]
    return b"".join(line + b"\n" for line in (HEADER, *records))


def name(number: int) -> str:
    return f"TAXAA{chr(65 + number // 676)}{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}.DAT"


@pytest.fixture
def config(exchange: "SftpExchange", tmp_path: Path) -> Path:
    path = tmp_path / "collector.toml"
    path.write_text(
        f"""
        store = "tickets.db"
        [[exchange]]
        name = "site"
        zone = "Europe/Paris"
        [exchange.account]
        address = "127.0.0.1"
        port = {exchange.port}
        password_env = "SECRET"
        host_key = "{exchange.fingerprint}"
        poll_seconds = 0.02
        settle_seconds = 0.01
        rest_seconds_first = 0.02
        rest_seconds_max = 0.05
        """
    )
    return path


def test_killed_in_a_loop_while_files_appear_nothing_is_lost_or_twice(
    exchange: "SftpExchange",
    config: Path,
    start: "Start",
    dialled: "Dialled",
) -> None:
    made: Counter[str | None] = Counter()
    count = 0

    def shelve() -> str:
        nonlocal count
        numbers = (count, count, 1000 + count, 0)  # equal neighbours, and one that is everywhere
        exchange.shelve(name(count), text(*numbers))
        made.update(map(str, numbers))
        count += 1
        return name(count - 1)

    def opened() -> int:
        return sum(one.startswith("open TAX") for one in exchange.said)

    exchange.reading = lambda _: count < 40 and shelve()
    for kill in range(KILLS):
        shelve()
        collector = start(config)
        wanted = opened() + 2 + kill  # the first may be the marker's own
        exchange.wait_for(lambda: opened() >= wanted)  # noqa: B023 - called at once
        collector.end(signal.SIGKILL)
    exchange.reading = None
    collector = start(config)
    collector.wait_for(shelve())
    assert collector.end(signal.SIGTERM) == 0
    assert dialled(config) == made
    assert "GAP" not in collector.log
    assert not list(config.parent.glob("*.part"))


def test_a_changed_key_is_an_alarm_in_the_log_and_in_the_status(
    exchange: "SftpExchange",
    config: Path,
    start: "Start",
    host_keys: "tuple[paramiko.PKey, ...]",
    dialled: "Dialled",
) -> None:
    exchange.shelve(name(0), text(1))
    right, exchange.key = exchange.key, host_keys[1]
    collector = start(config)
    collector.wait_for("host key changed")
    assert exchange.passwords == []
    exchange.key = right
    collector.wait_for("file stored")
    assert collector.end(signal.SIGTERM) == 0
    program = "from oxo_collector.cli import main; main()"
    command = (sys.executable, "-c", program, "status", "--config", str(config))
    told = subprocess.run(command, capture_output=True, timeout=SECONDS_MAX, check=True, text=True)
    assert "ALARM" in told.stdout
    assert dialled(config) == Counter({"1": 1})


def test_a_stop_ends_after_the_file_in_hand(
    exchange: "SftpExchange",
    config: Path,
    start: "Start",
    dialled: "Dialled",
) -> None:
    exchange.shelve(name(0), text(1))
    exchange.shelve(name(1), text(2))
    exchange.held = held = threading.Event()
    exchange.held_name = name(0)
    collector = start(config)
    exchange.wait_for(lambda: f"read {name(0)} 0" in exchange.said)
    collector.process.send_signal(signal.SIGTERM)
    held.set()
    assert collector.process.wait(SECONDS_MAX) == 0
    assert dialled(config) == Counter({"1": 1})
