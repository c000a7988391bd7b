"""Netcat as the printer of a running exchange, in both directions, through the link."""

import json
import os
import select
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import CallOrder

pytestmark = [pytest.mark.process, pytest.mark.needs("nc")]

SECONDS_MAX = 20
V24 = ("--port", "v24=0", "--set", "v24.open=true", "--set", "v24.header=first")
HEADINGS = 2
GARBAGE_BYTES = 32_000_000


class Netcat:
    """A printer: what it was given is read line by line."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            ["nc", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._heard = b""

    def lines(self, count: int) -> list[str]:
        """Return so many lines, or fail after the limit."""
        assert self._process.stdout is not None
        latest = time.monotonic() + SECONDS_MAX
        while self._heard.count(b"\r\n") < count:
            left = latest - time.monotonic()
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, left))
            assert ready, self._heard
            data = os.read(self._process.stdout.fileno(), 65536)
            assert data, self._heard
            self._heard += data
        found = self._heard.split(b"\r\n", count)
        self._heard = found.pop()
        return [line.decode("latin-1") for line in found]

    def numbers(self, count: int) -> list[str]:
        """Return the dialled numbers of so many statements."""
        return [line[53:].strip() for line in self.lines(count)]

    def say(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def kill(self) -> None:
        with self._process as process:
            process.kill()

    def ended(self) -> bytes:
        """Return what was left to read when the connection ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()  # netcat stays as long as either side may speak
        left: list[bytes] = []
        while select.select([self._process.stdout], [], [], SECONDS_MAX)[0]:
            if not (data := os.read(self._process.stdout.fileno(), 65536)):
                self.kill()
                return self._heard + b"".join(left)
            left.append(data)
        raise AssertionError(self._heard)


@pytest.fixture
def netcat() -> Iterator[Callable[..., Netcat]]:
    """Return what starts netcat; every one is gone at the end."""
    started: list[Netcat] = []

    def start(*arguments: str) -> Netcat:
        started.append(Netcat(*arguments))
        return started[-1]

    yield start
    for each in started:
        each.kill()


class Bench:
    """The exchange, as a test steers it."""

    def __init__(self, folder: Path) -> None:
        self.client = ControlClient.from_state(folder)
        self._since = 0

    @property
    def port(self) -> str:
        (found,) = [port for port in self.client.state().ports if port.name == "v24"]
        return str(found.port)

    def call(self, *numbers: str) -> None:
        for number in numbers:
            self.client.place_calls(CallOrder(direction="outgoing", user="128", number=number))

    def event(self, name: str) -> dict[str, Any]:
        """Return the next such line of this wire's ledger, or fail after the limit."""
        latest = time.monotonic() + SECONDS_MAX
        while time.monotonic() < latest:
            for line in self.client.ledger(self._since, wait_seconds=1):
                self._since = line.n
                if line.event == name and line.detail.get("wire") == "v24":
                    return dict(line.detail)
        raise AssertionError(name)

    def heard(self, text: str) -> None:
        """Wait until the transcript has what a printer said."""
        latest = time.monotonic() + SECONDS_MAX
        last = self.client.state().ledger_last
        while time.monotonic() < latest:
            said = [line.get("text") for line in self.client.transcript()]
            if text in said:
                return
            self.client.ledger(last, wait_seconds=0.05)
        raise AssertionError(text)

    def waiting(self) -> int:
        (found,) = [wire for wire in self.client.wires() if wire.name == "v24"]
        return found.waiting


def test_netcat_connects_and_prints(
    start_exchange: Callable[..., Path], netcat: Callable[..., Netcat]
) -> None:
    bench = Bench(start_exchange(*V24))
    bench.call("0199001")
    first = netcat("127.0.0.1", bench.port)
    assert first.lines(HEADINGS)[0].startswith("USER      LINE ")
    assert first.numbers(1) == ["0199001"]

    first.say(b"\x13")
    bench.heard("<XOFF>")
    bench.call("0199002", "0199003")
    assert bench.waiting() == 2
    second = netcat("127.0.0.1", bench.port)
    assert bench.event("refused")["reason"] == "one printer at a time"
    assert second.ended() == b""
    first.say(b"what is this?\x11")
    assert first.numbers(2) == ["0199002", "0199003"]

    first.kill()
    assert bench.event("session closed") == {
        "session": "v1", "connection": "c1", "reason": "lost", "stray_bytes": 13, "wire": "v24",
    }  # fmt: skip
    bench.call("0199004")
    assert bench.waiting() == 1
    third = netcat("127.0.0.1", bench.port)
    third.lines(HEADINGS)
    assert third.numbers(1) == ["0199004"]


def test_a_warm_reset_ends_the_session_and_keeps_the_lines(
    start_exchange: Callable[..., Path], netcat: Callable[..., Netcat]
) -> None:
    short = ("reset.refused_seconds=0.1", "reset.busy_seconds=0.1", "v24.ready=xon")
    more = [word for key in (*short, "v24.xon_seconds_max=0.1") for word in ("--set", key)]
    bench = Bench(start_exchange(*V24, *more))
    port = bench.port
    first = netcat("127.0.0.1", port)
    bench.event("session opened")
    bench.call("0199001")
    assert bench.event("printer not ready")["waiting"] == 1
    bench.client.reset()
    assert bench.event("session closed")["reason"] == "reset"
    assert first.ended() == b""
    while bench.client.state().phase != "serving":
        bench.client.ledger(bench.client.state().ledger_last, wait_seconds=0.05)
    second = netcat("127.0.0.1", port)
    second.say(b"\x11")
    second.lines(HEADINGS)
    assert second.numbers(1) == ["0199001"]


def test_the_exchange_connects_to_netcat(
    start_exchange: Callable[..., Path], netcat: Callable[..., Netcat]
) -> None:
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        number = str(held.getsockname()[1])
        keys = ("direction=connect", f"target=127.0.0.1:{number}", "reconnect_seconds=0.1")
        more = [word for key in keys for word in ("--set", f"v24.{key}")]
        bench = Bench(start_exchange(*V24, *more))
        bench.call("0199001")
        assert bench.waiting() == 1

        first = netcat("-l", "127.0.0.1", number)
        first.lines(HEADINGS)
        assert first.numbers(1) == ["0199001"]
        bench.event("consumed")
        first.kill()
        assert bench.event("session closed")["reason"] == "lost"
        bench.call("0199002")
        assert bench.waiting() == 1
        second = netcat("-l", "127.0.0.1", number)
        second.lines(HEADINGS)
        assert second.numbers(1) == ["0199002"]
        events = [line.event for line in bench.client.ledger() if line.detail.get("wire") == "v24"]
    assert events.count("session opened") == 2


def test_a_printer_that_sends_for_ever_and_reads_late(start_exchange: Callable[..., Path]) -> None:
    folder = start_exchange(*V24)
    bench, sent = Bench(folder), 0
    pid = json.loads((folder / "exchange.json").read_text("utf-8"))["pid"]
    before = resident_kilobytes(pid)
    with socket.create_connection(("127.0.0.1", int(bench.port)), SECONDS_MAX) as printer:
        while sent < GARBAGE_BYTES:
            printer.sendall(b"\xff" * 1_000_000)
            sent += 1_000_000
        bench.client.place_calls(
            CallOrder(direction="outgoing", user="128", number="0199", times=100)
        )
        assert resident_kilobytes(pid) - before < GARBAGE_BYTES / 1024 / 2
        heard = b""
        while heard.count(b"\r\n") < HEADINGS + 100:
            data = printer.recv(65536)
            assert data, heard
            heard += data
    assert bench.event("session closed")["stray_bytes"] == sent
    assert len(bench.client.transcript()) < 200


def resident_kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0])
