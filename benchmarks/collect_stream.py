"""Tickets on the fly, from the exchange to the disk: the collector beside rsyslog, in one run.

    python benchmarks/collect_stream.py [--tickets 50000] [--runs 3] [--simulator] [--gate]

The same records of a busy site (525 characters) go over TCP on loopback to each, as fast as they
are taken: as frames of 774 bytes to the collector, as lines to rsyslog. The clock runs from the
first byte until the last record is durable. For the collector that is the spool, synchronised,
which it proves by its answer to a request for a sign of life behind the last frame; `decoded in
its store` is the same until the last ticket is there. For rsyslog it is the line in its file:
`strict` has a disk queue, synchronised, and synchronises each record; `batch` synchronises up to
1024 at once and has its queue in memory. rsyslog decodes nothing.

Then each is killed three times (SIGKILL) in the middle of a stream and started again. It gets ten
records at a time, at half of the rate that it showed before (the collector and `batch` at most
20,000 a second); nothing that was sent is sent again. What its file or store has at the end is
compared with what was sent, as multisets; `damaged` are lines that are none of those sent. The
collector gets the records once more as an account file, as an exchange keeps them, and is counted
before and after that.

`--simulator` adds how fast the same collector takes what waits in an `oxo-sim`, from the start of
the session to the last commit of its store: there the exchange sets the pace.

With `--gate` the command fails where the collector is not 20 times as fast as strict and twice as
fast as batch, or has lost or doubled anything after the account file.
"""

import argparse
import json
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from collect_v24 import OXO_COLLECT, awaited
from decode_ed52 import tickets
from oxo_collector.decoders.outcome import record_digest

SECONDS_MAX = 300.0
STRICT_PART = 20
"""Of what is synchronised record by record so many times fewer are sent."""

KILLS = 3
KILL_RECORDS = 60_000
RECORDS_AT_ONCE = 10
RATE_MAX = 20_000.0
STRICT_MIN, BATCH_MIN = 20.0, 2.0
FRAME_HEAD, FRAME_BYTES = b"\x03\x04\x01\x00\x02\x00", 774
ASK, ANSWER_BYTES = b"\x00\x08TEST_REQ", 10
RSYSLOG = """
global(workDirectory="{folder}" parser.escapeControlCharactersOnReceive="off")
module(load="imtcp")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="lines" {queue}) {{
  action(type="omfile" file="{folder}/lines.txt" template="raw" sync="on")
}}
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{folder}/port" ruleset="lines")
"""
STRICT = (
    'queue.type="Disk" queue.filename="q" queue.checkpointInterval="1" queue.syncQueueFiles="on"'
    ' queue.dequeueBatchSize="1" queue.saveOnShutdown="on"'
)
BATCH = 'queue.type="LinkedList" queue.dequeueBatchSize="1024" queue.size="200000"'
COLLECTOR = """
store = "tickets.db"
[[exchange]]
name = "bench"
zone = "Europe/Paris"
[exchange.stream]
address = "127.0.0.1:{port}"
rest_seconds_first = 0.05
rest_seconds_max = 0.2
"""
OXO_SIM = (sys.executable, "-c", "from oxo_simulator.cli import main; main()")
SIMULATOR_TICKETS = 20_000
TICKET = (
    '{{"call_seconds":50,"charged_user":"101","charged_user_kind":"set",'
    '"communication_type":"outgoing","cost":"0.00","currency":"EUR",'
    '"dialled_number":"06{number:08}","dialling_mode":"manual","direction":"outgoing","fold":0,'
    '"kind":"call","local_time":"2020-02-24T14:00:00","ring_seconds":0,"service":"telephony",'
    '"subscriber_name":"A","trunk":"01","trunk_kind":"T2","units":0,"zone":"Europe/Berlin"}}\n'
)
NAP = threading.Event()


def framed(record: bytes) -> bytes:
    """Return a record as the exchange sends it."""
    return (FRAME_HEAD + record).ljust(FRAME_BYTES, b"\0")


def lined(record: bytes) -> bytes:
    """Return a record as rsyslog takes it."""
    return record + b"\n"


class Rsyslog:
    """rsyslog with one of its queues."""

    spelled = staticmethod(lined)

    def __init__(self, folder: Path, queue: str) -> None:
        self._folder = folder
        self._conf = folder / "rsyslog.conf"
        self._conf.write_text(RSYSLOG.format(folder=folder, queue=queue))
        self._file = folder / "lines.txt"
        self._port = folder / "port"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        self._port.unlink(missing_ok=True)
        (self._folder / "pid").unlink(missing_ok=True)
        command = ["rsyslogd", "-n", "-f", str(self._conf), "-i", str(self._folder / "pid")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def connected(self) -> socket.socket:
        """Return a connection on which records can be sent."""
        port = self._port
        awaited(lambda: port.exists() and bool(port.read_text().strip()), 20.0, "rsyslog's port")
        return socket.create_connection(("127.0.0.1", int(port.read_text())))

    def await_durable(self, peer: socket.socket, count: int) -> None:
        """Wait until so many records are durable, the last ones just sent."""
        del peer
        size = count * len(lined(b" " * 525))
        file = self._file
        awaited(lambda: file.exists() and file.stat().st_size >= size, SECONDS_MAX, "lines")

    def kill(self) -> None:
        """End the process at once."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def close(self) -> None:
        """End the process in order, with all that is under way."""
        assert self._process is not None
        self._settle()
        self._process.terminate()
        self._process.wait(60)

    def _settle(self) -> None:
        """Let it write what it has; its file does not grow any more then."""
        before = -1
        while before != (before := self._file.stat().st_size if self._file.exists() else 0):
            NAP.wait(1.0)

    def had(self) -> Counter[bytes]:
        """Return the records in its file."""
        return Counter(self._file.read_bytes().split(b"\n")[:-1])


class Collector:
    """The collector, and the exchange that it connects to."""

    spelled = staticmethod(framed)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._config = folder / "collector.toml"
        port = self._listener.getsockname()[1]
        self._config.write_text(COLLECTOR.format(port=port))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        command = [*OXO_COLLECT, "run", "-c", str(self._config)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def connected(self) -> socket.socket:
        """Return a connection on which records can be sent."""
        peer, _ = self._listener.accept()
        peer.recv(3, socket.MSG_WAITALL)
        peer.sendall(b"\0\1P")
        peer.recv(4, socket.MSG_WAITALL)
        return peer

    def await_durable(self, peer: socket.socket, count: int) -> None:
        """Wait until so many records are durable, the last ones just sent."""
        del count
        peer.sendall(ASK)
        peer.recv(ANSWER_BYTES, socket.MSG_WAITALL)

    def kill(self) -> None:
        """End the process at once."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def close(self) -> None:
        """End the process in order, with all that is under way."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)
        self._listener.close()

    def heal(self, records: Sequence[bytes]) -> None:
        """Bring an account file with all that was sent."""
        file = self._folder / "TAXAAAAA.DAT"
        file.write_bytes(b"".join(map(lined, records)))
        command = [*OXO_COLLECT, "import", str(file), "-c", str(self._config), "-e", "bench"]
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=quiet, stderr=quiet, timeout=SECONDS_MAX)

    def count(self) -> int:
        """Return how many tickets are in the store."""
        return int(self._asked("SELECT coalesce(max(id), 0) FROM ticket")[0][0])

    def had(self) -> Counter[bytes]:
        """Return the digests of the tickets that count."""
        rows = self._asked("SELECT substr(record, 5) FROM ticket WHERE same_as IS NULL")
        return Counter(digest for (digest,) in rows)

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._folder / "tickets.db")) as store:
            return store.execute(query).fetchall()


Side = Rsyslog | Collector


def rates(make: Callable[[Path], Side], records: Sequence[bytes]) -> list[float]:
    """Return the records a second until they are durable, and until they are stored."""
    with tempfile.TemporaryDirectory() as folder:
        side = make(Path(folder))
        data = b"".join(map(side.spelled, records))
        side.start()
        with side.connected() as peer:
            begin = time.perf_counter()
            peer.sendall(data)
            side.await_durable(peer, len(records))
            found = [len(records) / (time.perf_counter() - begin)]
            if isinstance(side, Collector):
                awaited(lambda: side.count() >= len(records), SECONDS_MAX, "tickets stored")
                found.append(len(records) / (time.perf_counter() - begin))
        side.close()
    return found


def killed(side: Side, records: Sequence[bytes], rate: float) -> None:
    """Send records at a rate, and kill the process three times meanwhile."""
    side.start()
    peer = side.connected()
    at = [len(records) * number // (KILLS + 1) for number in range(1, KILLS + 1)]
    due = time.perf_counter()
    for begin in range(0, len(records), RECORDS_AT_ONCE):
        if at and begin >= at[0]:
            at.pop(0)
            side.kill()
            side.start()
            due = time.perf_counter()
        some = b"".join(map(side.spelled, records[begin : begin + RECORDS_AT_ONCE]))
        try:
            peer.sendall(some)
        except OSError:  # the system says that these ten did not go
            peer.close()
            peer = side.connected()
            peer.sendall(some)
            due = time.perf_counter()
        due += RECORDS_AT_ONCE / rate
        NAP.wait(max(0.0, due - time.perf_counter()))
    if isinstance(side, Collector):
        side.await_durable(peer, 0)
    peer.close()
    side.close()


def compared(had: Counter[bytes], sent: Counter[bytes]) -> str:
    """Return how many are lost, doubled and damaged."""
    more = had - sent
    doubled = sum(count for one, count in more.items() if one in sent)
    return f"{(sent - had).total():8,} {doubled:8,} {more.total() - doubled:8,}"


def losses(
    name: str, make: Callable[[Path], Side], records: Sequence[bytes], rate: float
) -> list[str]:
    """Return a line of the table; two for the collector."""
    head = f"{len(records):8,}"
    with tempfile.TemporaryDirectory() as folder:
        side = make(Path(folder))
        killed(side, records, rate)
        if isinstance(side, Rsyslog):
            return [f"{name:40} {head} {compared(side.had(), Counter(records))}"]
        digests = Counter(map(record_digest, records))
        before = compared(side.had(), digests)
        side.heal(records)
        healed = f"{name}, healed by the account file"
        return [
            f"{name:40} {head} {before}",
            f"{healed:40} {head} {compared(side.had(), digests)}",
        ]


WAYS: dict[str, Callable[[Path], Side]] = {
    "rsyslog, strict": lambda folder: Rsyslog(folder, STRICT),
    "rsyslog, batch": lambda folder: Rsyslog(folder, BATCH),
    "collector": Collector,
}


def part(name: str, count: int) -> int:
    """Return how many records are sent that way."""
    return count // STRICT_PART if "strict" in name else count


def speed(records: Sequence[bytes], runs: int) -> dict[str, float]:
    """Print the rates by their medians, and return those until durable."""
    found: dict[str, list[list[float]]] = {name: [] for name in WAYS}
    for _ in range(runs):
        for name, make in WAYS.items():
            found[name].append(rates(make, records[: part(name, len(records))]))
    medians = {
        name: [statistics.median(of) for of in zip(*each, strict=True)]
        for name, each in found.items()
    }
    strict, batch = medians["rsyslog, strict"][0], medians["rsyslog, batch"][0]
    print(f"{'durable, records/s':40} {'':8} {'of strict':>10} {'of batch':>10}")
    for name, each in medians.items():
        for what, rate in zip((name, f"{name}, decoded in its store"), each, strict=False):
            print(f"{what:40} {rate:8,.0f} {rate / strict:10.1f} {rate / batch:10.2f}")
    return {name: each[0] for name, each in medians.items()}


def from_simulator(count: int) -> float:
    """Return the tickets a second that go from a simulated exchange into the store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = folder / "exchange"
        ports = [f"--port={each}=0" for each in ("standard", "alternate", "stream")]
        sets = ["--set=stream.open=true", f"--set=stream.capacity={count}"]
        command = [*OXO_SIM, "run", f"--state={state}", *ports, *sets]
        lines = (TICKET.format(number=number) for number in range(count))
        (folder / "tickets.ndjson").write_text("".join(lines))
        log = (folder / "log").open("ab")
        with log, subprocess.Popen(command, stdout=log, stderr=log) as exchange:
            try:
                awaited((state / "exchange.json").exists, 20.0, f"oxo-sim ({folder / 'log'})")
                load = [*OXO_SIM, "load", f"--state={state}", str(folder / "tickets.ndjson")]
                subprocess.run(load, check=True, stdout=log, stderr=log, timeout=SECONDS_MAX)
                return _taken(folder, state, count)
            finally:
                exchange.terminate()


def _taken(folder: Path, state: Path, count: int) -> float:
    told = json.loads((state / "exchange.json").read_text())["ports"]
    port = next(one["port"] for one in told if one["name"] == "stream-a")
    config, store = folder / "collector.toml", folder / "tickets.db"
    config.write_text(COLLECTOR.format(port=port))
    command = [*OXO_COLLECT, "run", "-c", str(config)]
    with (folder / "log").open("ab") as log, subprocess.Popen(command, stderr=log) as process:

        def rows(query: str) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(store)) as found:
                return found.execute(query).fetchall()

        try:
            awaited(store.exists, 20.0, "the collector's store")
            awaited(lambda: bool(rows("SELECT 1 FROM sqlite_schema")), 20.0, "its tables")
            stored = "SELECT count(*) FROM ticket"
            awaited(lambda: rows(stored)[0][0] >= count, SECONDS_MAX, f"{count} tickets stored")
        finally:
            process.terminate()
        ((epoch, last),) = rows(
            "SELECT (SELECT epoch FROM ticket LIMIT 1), (SELECT max(received) FROM answer)"
        )
    begun = datetime.fromisoformat(epoch.removeprefix("stream:").rpartition(":")[0])
    return count / (datetime.fromisoformat(last) - begun).total_seconds()


def main() -> None:
    """Measure all in turn, so many runs, and print the medians; then kill each three times."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--tickets", type=int, default=50_000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--simulator", action="store_true")
    arguments.add_argument("--gate", action="store_true")
    wanted = arguments.parse_args()
    if shutil.which("rsyslogd") is None:
        raise SystemExit("rsyslogd is not installed (apt-get install rsyslog)")
    records = [record.encode("ascii") for record in tickets(max(wanted.tickets, KILL_RECORDS))]
    found = speed(records[: wanted.tickets], wanted.runs)
    if wanted.simulator:
        rate = statistics.median(from_simulator(SIMULATOR_TICKETS) for _ in range(wanted.runs))
        print(f"{'collector, from oxo-sim to its store':40} {rate:8,.0f}")
    print(f"\n{'killed three times':40} {'sent':>8} {'lost':>8} {'doubled':>8} {'damaged':>8}")
    last = ""
    for name, make in WAYS.items():
        rate = min(found[name] / 2, RATE_MAX)
        for line in losses(name, make, records[: part(name, KILL_RECORDS)], rate):
            last = line
            print(line, flush=True)
    ours = found["collector"]
    fast = (
        ours >= STRICT_MIN * found["rsyslog, strict"]
        and ours >= BATCH_MIN * found["rsyslog, batch"]
    )
    if wanted.gate and not (fast and last.split()[-3:] == ["0", "0", "0"]):
        raise SystemExit("slower than the aim, or something is lost or doubled")


if __name__ == "__main__":
    main()
