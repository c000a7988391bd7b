"""The command `oxo-collect run` fetches account files: killed in a loop, refused, stopped."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from oxo_tickets import from_ndjson

if TYPE_CHECKING:
    import paramiko
    from tests.account.conftest import SftpExchange

pytestmark = pytest.mark.process

SECONDS_MAX = 20
SETTLE = "import oxo_collector.account.machine as m; m.SETTLE_SECONDS = 0.01"
"""Two seconds a round are for real exchanges."""
VECTORS = Path(__file__).resolve().parents[3] / "vectors"
HEADER, LINE = (VECTORS / "oxe-file/taxaaaaa-plain.txt").read_bytes().splitlines()[:2]
KILLS = 4


def text(*numbers: int) -> bytes:
    records = [LINE[:5] + f"{number:<30}".encode() + LINE[35:] for number in numbers]
    return b"".join(line + b"\n" for line in (HEADER, *records))


def name(number: int) -> str:
    return f"TAXAA{chr(65 + number // 676)}{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}.DAT"


class Collector:
    """A running `oxo-collect run`, with its log."""

    def __init__(self, config: Path, password: str) -> None:
        program = f"{SETTLE}; from oxo_collector.cli import main; main()"
        command = (sys.executable, "-c", program, "run", "--config", str(config))
        environment = {**os.environ, "SECRET": password}
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.log = ""
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            for line in log:
                with self._grown:
                    self.log += line
                    self._grown.notify_all()

    def wait_for(self, words: str) -> None:
        with self._grown:
            assert self._grown.wait_for(lambda: words in self.log, SECONDS_MAX), self.log

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        status = self.process.wait(SECONDS_MAX)
        self._reader.join(SECONDS_MAX)
        return status


Start = Callable[[], Collector]


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
        rest_seconds_first = 0.02
        rest_seconds_max = 0.05
        """
    )
    return path


@pytest.fixture
def start(config: Path, exchange: "SftpExchange") -> Iterator[Start]:
    begun: list[Collector] = []

    def run() -> Collector:
        begun.append(Collector(config, exchange.password))
        return begun[-1]

    yield run
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)
        assert "defect" not in one.log, one.log
        assert exchange.password not in one.log


def dialled(config: Path) -> Counter[str | None]:
    program = "from oxo_collector.cli import main; main()"
    command = (sys.executable, "-c", program, "export", "--config", str(config))
    found = subprocess.run(command, capture_output=True, timeout=SECONDS_MAX, check=True)
    return Counter(ticket.dialled_number for ticket in from_ndjson(found.stdout.splitlines()))


def test_killed_in_a_loop_while_files_appear_nothing_is_lost_or_twice(
    exchange: "SftpExchange", config: Path, start: Start
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
        collector = start()
        wanted = opened() + 2 + kill  # the first may be the marker's own
        exchange.wait_for(lambda: opened() >= wanted)  # noqa: B023 - called at once
        collector.end(signal.SIGKILL)
    exchange.reading = None
    collector = start()
    collector.wait_for(shelve())
    assert collector.end(signal.SIGTERM) == 0
    assert dialled(config) == made
    assert "GAP" not in collector.log
    assert not list(config.parent.glob("*.part"))


def test_a_changed_key_is_an_alarm_in_the_log_and_in_the_status(
    exchange: "SftpExchange",
    config: Path,
    start: Start,
    host_keys: "tuple[paramiko.PKey, ...]",
) -> None:
    exchange.shelve(name(0), text(1))
    right, exchange.key = exchange.key, host_keys[1]
    collector = start()
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
    exchange: "SftpExchange", config: Path, start: Start
) -> None:
    exchange.shelve(name(0), text(1))
    exchange.shelve(name(1), text(2))
    exchange.held = held = threading.Event()
    exchange.held_name = name(0)
    collector = start()
    exchange.wait_for(lambda: f"read {name(0)} 0" in exchange.said)
    collector.process.send_signal(signal.SIGTERM)
    held.set()
    assert collector.process.wait(SECONDS_MAX) == 0
    assert dialled(config) == Counter({"1": 1})
