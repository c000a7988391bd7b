"""kill -9, again and again, while an exchange sends without a pause: what is lost, what is not.

What was spooled is in the store exactly once. Lost is only what was in the sockets at a kill, and
an account file brings it back: none lost, none twice.
"""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from oxo_collector.receipt import Wire
from oxo_collector.store import Reading
from oxo_collector.stream.chunk import Chunk, Kind, read
from oxo_tickets import from_json

pytestmark = pytest.mark.process

OXO_COLLECT = (sys.executable, "-c", "from oxo_collector.cli import main; main()")
SECONDS_MAX = 20.0
KILLS = 3
FRAMES_AT_ONCE = 50
FRAMES_BEFORE_KILL = 1500
PAUSE_SECONDS = 0.004
FRAME_BYTES = 774
SOCKETS_BYTES_MAX = 16 * 1024 * 1024
RECORD = slice(6, 531)
CALLED = slice(5, 35)

Frame = Callable[[int], bytes]


class Sending:
    """An exchange that sends numbered tickets as long as it is let, on one connection at a time."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sent = 0
        self.connections = 0
        self._quiet = threading.Event()
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer, suppress(OSError):
                self._send(peer)

    def _send(self, peer: socket.socket) -> None:
        peer.settimeout(SECONDS_MAX)
        assert peer.recv(3, socket.MSG_WAITALL) == b"\0\1S"
        peer.sendall(b"\0\1P")
        assert peer.recv(4, socket.MSG_WAITALL) == b"\0\2\0\0"
        self.connections += 1
        while not self._quiet.is_set():
            some = range(self.sent, self.sent + FRAMES_AT_ONCE)
            with self._changed:
                # Also what a broken connection took only a part of counts as sent.
                self.sent = some.stop
                self._changed.notify_all()
            peer.sendall(b"".join(map(self._frame, some)))
            self._closed.wait(PAUSE_SECONDS)
        peer.recv(1)  # the collector's end of it

    def await_more(self, count: int) -> None:
        """Wait until so many more are sent on a connection of its own."""
        with self._changed:
            begin, before = self.sent, self.connections
            assert self._changed.wait_for(
                lambda: self.sent >= begin + count and self.connections >= max(1, before),
                SECONDS_MAX,
            )

    def send_no_more(self) -> None:
        self._quiet.set()

    def close(self) -> None:
        self._quiet.set()
        self._closed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(SECONDS_MAX)


@pytest.fixture
def sending(frame: Frame) -> Iterator[Sending]:
    one = Sending(frame)
    yield one
    one.close()


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [*OXO_COLLECT, "run", "-c", str(config)]
    with (
        (config.parent / "log").open("ab") as log,
        subprocess.Popen(command, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def spooled(folder: Path) -> set[tuple[str, int, int]]:
    """Return epoch, ordinal and number of every frame in the spool, as a crash left it."""
    found = set()
    for path in folder.glob("*.spool"):
        for _, chunk in read(path.read_bytes()):
            if isinstance(chunk, Chunk) and chunk.kind is Kind.FRAMES:
                for place in range(chunk.count):
                    record = chunk.payload[place * FRAME_BYTES :][RECORD]
                    found.add((chunk.epoch, chunk.first + place, int(record[CALLED])))
    return found


def stored(store: Path) -> list[tuple[str, int, int]]:
    with Reading(store) as found:
        rows = list(found.tickets(wire=Wire.STREAM))
    return [
        (row.epoch, row.sequence, int(from_json(row.canonical).dialled_number or -1))
        for row in rows
    ]


def asked(*words: str) -> str:
    done = subprocess.run([*OXO_COLLECT, *words], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done
    return done.stdout.decode()


def test_killed_again_and_again_it_loses_what_was_in_the_sockets_and_an_account_file_heals_it(
    sending: Sending, tmp_path: Path, frame: Frame
) -> None:
    config = tmp_path / "collector.toml"
    config.write_text(
        f"""
        store = "tickets.db"
        [[exchange]]
        name = "site"
        zone = "UTC"
        [exchange.stream]
        address = "127.0.0.1:{sending.port}"
        rest_seconds_first = 0.01
        rest_seconds_max = 0.05
        """,
        "utf-8",
    )
    safe: set[tuple[str, int, int]] = set()
    for _ in range(KILLS):
        with running(config) as process:
            sending.await_more(FRAMES_BEFORE_KILL)
            process.send_signal(signal.SIGKILL)
            process.wait(SECONDS_MAX)
        safe |= spooled(tmp_path / "tickets.db.spool" / "site")
    with running(config) as process:
        sending.await_more(FRAMES_AT_ONCE)
        sending.send_no_more()
        process.terminate()
        assert process.wait(SECONDS_MAX) == 0

    assert list((tmp_path / "tickets.db.spool" / "site").glob("*.spool")) == []
    rows = stored(tmp_path / "tickets.db")
    numbers = [number for _, _, number in rows]
    assert safe <= set(rows)
    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers)
    lost = set(range(sending.sent)) - set(numbers)
    # Of each connection only its end is missing: as many runs as kills, at most.
    runs = [number for number in sorted(lost) if number - 1 not in lost]
    assert len(runs) <= KILLS
    assert len(lost) * FRAME_BYTES < KILLS * SOCKETS_BYTES_MAX

    records = [frame(number)[RECORD] for number in range(sending.sent)]
    (tmp_path / "TAXAAAAA.DAT").write_bytes(b"".join(record + b"\n" for record in records))
    asked("import", str(tmp_path / "TAXAAAAA.DAT"), "-c", str(config), "--exchange", "site")
    lines = asked("export", "-c", str(config)).splitlines()
    exported = sorted(int(json.loads(line)["dialled_number"]) for line in lines)
    assert exported == list(range(sending.sent))
    status = json.loads(asked("status", "-c", str(config), "--json"))
    (stream,) = (one for one in status["exchanges"] if one["wire"] == "stream")
    assert [one["healed_by"] for one in stream["outages"]] == ["TAXAAAAA.DAT"] * KILLS
