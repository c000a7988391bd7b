"""The command `oxo-collect` as a process: kept before acknowledged, killed, stopped, refused."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler
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


class Collector:
    """A running `oxo-collect run`, with its log line by line."""

    def __init__(self, config: Path, before: str = "") -> None:
        environment = {**os.environ, "SECRET": PASSWORD}
        program = (*OXO_COLLECT[:2], f"{before}\n{OXO_COLLECT[2]}")
        command = (*program, "run", "--config", str(config))
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            for line in log:
                with self._grown:
                    self.lines.append(line)
                    self._grown.notify_all()

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def wait_for(self, words: str) -> None:
        with self._grown:
            assert self._grown.wait_for(lambda: words in self.log, SECONDS_MAX), self.log

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.end() == 0, self.log

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> int:
        status = self.process.wait(SECONDS_MAX)
        self._reader.join(SECONDS_MAX)
        return status


Start = Callable[..., Collector]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `oxo-collect run`; what still runs after the test is killed."""
    begun: list[Collector] = []

    def run(config: Path, before: str = "") -> Collector:
        begun.append(Collector(config, before))
        return begun[-1]

    yield run
    for collector in begun:
        assert PASSWORD not in collector.log
        collector.kill()


def charged_users(config: Path) -> Sequence[str | None]:
    lines = call("export", "--config", config).stdout.splitlines()
    return [ticket.charged_user for ticket in from_ndjson(lines)]


def numbers(last: int) -> list[str]:
    return [str(number) for number in range(1, last + 1)]


def test_tickets_are_collected_and_sigterm_ends_with_zero(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.write(250)
    config = configure(tmp_path, exchange)
    collector = start(config)
    exchange.wait_for(lambda: exchange.acknowledged == 250)
    collector.stop()
    assert exchange.operations()[-1] == "Logout"
    assert charged_users(config) == numbers(250)
    url = f"https://127.0.0.1:{exchange.port}/services/taxation"
    assert f"collecting from site-1 at {url}" in collector.log


def test_two_exchanges_share_one_store(
    start_exchange: Callable[[], "ScriptedExchange"], start: Start, tmp_path: Path
) -> None:
    exchanges = (start_exchange(), start_exchange())
    config = configure(tmp_path, *exchanges)
    collector = start(config)
    for number, exchange in enumerate(exchanges, 1):
        exchange.write(number)
    for number, exchange in enumerate(exchanges, 1):
        exchange.wait_for(lambda e=exchange, n=number: e.acknowledged == n)  # type: ignore[misc]
    collector.stop()
    both = (
        call("export", "-c", config, "-e", "site-1"),
        call("export", "-c", config, "-e", "site-2"),
    )
    assert [one.stdout.count(b"\n") for one in both] == [1, 2]


def test_killed_between_keep_and_acknowledge_nothing_is_lost_or_twice(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.write(150)
    config = configure(tmp_path, exchange)
    held = exchange.go_late("AckTickets")
    collector = start(config)
    exchange.wait_for(lambda: "AckTickets" in exchange.operations())
    collector.kill()
    assert charged_users(config) == numbers(100), "kept before the acknowledgement was sent"
    assert exchange.acknowledged == 0
    exchange.forget_session()
    held.set()
    collector = start(config)
    exchange.wait_for(lambda: exchange.acknowledged == 150)
    collector.stop()
    assert "known=100" in collector.log
    assert charged_users(config) == numbers(150)


def test_killed_before_keeping_the_batch_is_fetched_again(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.write(150)
    config = configure(tmp_path, exchange)
    held = exchange.go_late("GetTickets")
    collector = start(config)
    exchange.wait_for(lambda: "GetTickets" in exchange.operations())
    collector.kill()
    assert charged_users(config) == []
    held.set()
    collector = start(config)
    exchange.wait_for(lambda: exchange.acknowledged == 150)
    collector.stop()
    assert charged_users(config) == numbers(150)


@pytest.mark.parametrize("operation", ["GetTickets", "AckTickets"])
def test_sigterm_in_mid_batch_keeps_and_acknowledges_it(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path, operation: str
) -> None:
    exchange.write(250)
    config = configure(tmp_path, exchange)
    held = exchange.go_late(operation)
    collector = start(config)
    exchange.wait_for(lambda: operation in exchange.operations())
    collector.process.send_signal(signal.SIGTERM)
    collector.wait_for("ending after the batch in hand")
    held.set()
    assert collector.end() == 0
    assert exchange.operations() == ["Login", "GetTickets", "AckTickets", "Logout"]
    assert exchange.acknowledged == 100
    assert charged_users(config) == numbers(100)


@pytest.mark.parametrize(
    ("head", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "head", "continue"],
)
def test_sigterm_while_an_answer_drips_ends_in_time_and_says_why(
    tmp_path: Path, exchange: "ScriptedExchange", start: Start, head: bytes, again: bytes
) -> None:
    over = threading.Event()

    def drip(desk: BaseHTTPRequestHandler) -> None:
        desk.close_connection = True
        desk.wfile.write(head)
        while not over.wait(0.05):
            desk.wfile.write(again)

    exchange.go_wrong("GetTickets", drip)
    shorter = "import oxo_collector.collection as c; c.collect.__kwdefaults__.update"
    collector = start(configure(tmp_path, exchange), f"{shorter}(stop_seconds_max=0.5)")
    exchange.wait_for(lambda: "GetTickets" in exchange.operations())
    begun = time.monotonic()
    collector.stop()
    over.set()
    assert time.monotonic() - begun < 5
    assert "when the time that a stop leaves was over: broken off (GetTickets at" in collector.log
    assert "at fault: the exchange" in collector.log
    assert "Traceback" not in collector.log


def test_sigterm_while_the_exchange_cannot_be_reached_ends_at_once(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    config = configure(tmp_path, exchange, extra="rest_seconds_first = 3600")
    config.write_text(
        config.read_text("utf-8")
        .replace("rest_seconds_first = 0.05", "")
        .replace("rest_seconds_max = 0.1", "rest_seconds_max = 3600"),
        "utf-8",
    )
    exchange.answer_with("Login", b"", 503)
    collector = start(config)
    collector.wait_for("the exchange is unavailable: busy or in a reset (HTTP 503)")
    collector.stop()


def test_a_second_instance_is_refused_until_the_first_is_killed(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    config = configure(tmp_path, exchange)
    first = start(config)
    first.wait_for("collecting from")
    second = start(config)
    assert second.end() == 3
    assert f"another oxo-collect (process {first.process.pid}) collects into" in second.log
    first.kill()
    third = start(config)
    third.wait_for("collecting from")
    third.stop()


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><x>&c;</x>"""


def test_an_answer_that_cannot_be_read_is_kept_and_collection_goes_on(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.write(3)
    exchange.answer_with("GetTickets", BOMB)
    exchange.answer_with("GetTickets", BOMB)
    config = configure(tmp_path, exchange)
    collector = start(config)
    exchange.wait_for(lambda: exchange.acknowledged == 3)
    collector.stop()
    assert "the answer to GetTickets cannot be read: " in collector.log
    assert "at fault: the exchange" in collector.log
    assert charged_users(config) == numbers(3)
    (entry,) = json.loads(call("quarantine", "list", "--json", "-c", config).stdout)
    assert (entry["seen_count"], entry["raw_bytes"]) == (2, len(BOMB))
    assert call("quarantine", "show", "-c", config, str(entry["id"])).stdout == BOMB


def test_a_lost_session_is_opened_again(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    collector = start(configure(tmp_path, exchange))
    exchange.wait_for(lambda: exchange.operations().count("GetTickets") > 1)
    exchange.forget_session()
    exchange.wait_for(lambda: exchange.logins == 2)
    exchange.write(1)
    exchange.wait_for(lambda: exchange.acknowledged == 1)
    collector.stop()
    assert "the session is lost: the exchange does not know our cookie" in collector.log


def test_an_exchange_that_refuses_a_second_session_does_not_lock_the_collector_out(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.one_session = True
    exchange.write(3)
    exchange.answer_with("GetTickets", b"", 503)
    collector = start(configure(tmp_path, exchange))
    exchange.wait_for(lambda: exchange.acknowledged == 3)
    collector.stop()
    assert exchange.operations()[:7] == [
        "Login", "GetTickets", "Login", "Logout", "Login", "GetTickets", "AckTickets",
    ]  # fmt: skip
    assert "the exchange refuses a second session beside one that is open" in collector.log


def test_a_session_of_another_client_is_named_as_such(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.one_session = True
    exchange.cookie = "SESSIONID=another"
    collector = start(configure(tmp_path, exchange))
    collector.wait_for("the open session is not ours to close: of another client")
    exchange.forget_session()
    collector.wait_for("collecting from site-1")
    collector.stop()
    assert "Traceback" not in collector.log


SIGTERM_GOES_ELSEWHERE = """
import signal, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
"""


def test_sigterm_ends_it_though_the_system_gives_the_signal_to_another_thread(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    collector = start(configure(tmp_path, exchange), before=SIGTERM_GOES_ELSEWHERE)
    collector.wait_for("collecting from")
    collector.stop()


def test_the_second_port_is_used_when_the_first_is_closed(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    config = configure(tmp_path, exchange, extra=f"fallback_ports = [{exchange.port}]")
    text = config.read_text("utf-8").replace(f"port = {exchange.port}\n", "port = 1\n", 1)
    config.write_text(text, "utf-8")
    collector = start(config)
    collector.wait_for("collecting from")
    collector.stop()
    assert "connection refused: the port is closed (Login at https://127.0.0.1:1/" in collector.log


def test_a_ticket_that_cannot_be_read_is_shown_by_status_and_quarantine(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.write(3)
    exchange.tickets[1] = exchange.tickets[1].replace("2026-11-22", "22/11/2026")
    config = configure(tmp_path, exchange)
    collector = start(config)
    exchange.wait_for(lambda: exchange.acknowledged == 3)
    collector.stop()
    assert charged_users(config) == ["1", "3"]
    told = json.loads(call("status", "--json", "-c", config).stdout)
    (site,) = told["exchanges"]
    assert (site["tickets"], site["quarantined"], site["last_sequence"]) == (2, 1, 3)
    assert told["size_bytes"] > 0
    table = call("quarantine", "list", "-c", config).stdout.decode()
    assert "22/11/2026" in table
    assert b"22/11/2026" in call("quarantine", "show", "-c", config, "1").stdout
    assert call("quarantine", "show", "-c", config, "7").returncode == 2
    assert "site-1" in call("status", "-c", config).stdout.decode()


def test_a_missing_secret_ends_before_anything_begins(
    exchange: "ScriptedExchange", tmp_path: Path
) -> None:
    config = configure(tmp_path, exchange)
    ended = call("run", "--config", config)
    assert ended.returncode == 2
    assert b"the environment variable SECRET is not set" in ended.stderr
    assert not (tmp_path / "tickets.db").exists()


FILES_OF_200_KB = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000,) * 2)"


def test_a_disk_that_takes_no_more_loses_nothing_and_is_told_in_a_sentence(
    exchange: "ScriptedExchange", start: Start, tmp_path: Path
) -> None:
    exchange.write(1500)
    config = configure(tmp_path, exchange)
    collector = start(config, FILES_OF_200_KB)
    collector.wait_for("the store cannot be written: disk I/O error (the collector's store)")
    collector.stop()
    assert "at fault: this machine" in collector.log
    assert "Traceback" not in collector.log
    assert charged_users(config)[: exchange.acknowledged] == numbers(exchange.acknowledged)
    assert exchange.acknowledged < 1500
    collector = start(config)
    exchange.wait_for(lambda: exchange.acknowledged == 1500)
    collector.stop()
    assert charged_users(config) == numbers(1500)
