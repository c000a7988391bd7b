"""How fast V24 lines are stored durably: the collector beside rsyslog, over TCP, in one run.

    python benchmarks/collect_v24.py [--lines 50000] [--runs 3]

Both are processes of their own that listen on loopback, and get the same bytes from the same
sender as fast as they take them. The clock runs from the first byte until the last line is there:
for the collector a decoded ticket in its store (every reading synchronised before the next), for
rsyslog the raw line in its file, once as it comes (`plain`: no synchronisation at all, so a power
failure takes what the kernel held) and once with a synchronisation for each record. rsyslog
decodes nothing. `line by line` sends the collector each line when the one before is stored.
What counts is the ratio: absolute figures belong to the machine.
"""

import argparse
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

LINE = (
    "A{user}  --> N01 24/02/20 14:32 00:00:50     2 ST       00390{number:06}               "
    " M             1.70           123456 TEST\r\n"
)
POLL_SECONDS = 0.005
SLOW = ("rsyslog, each record synchronised", "collector, line by line")
SLOW_PART = 10
"""Of what synchronises each line a tenth is sent."""
START_SECONDS_MAX = 20.0
STORE_SECONDS_MAX = 300.0
RSYSLOG = """
global(workDirectory="{folder}" parser.escapeControlCharactersOnReceive="off")
module(load="imtcp")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="lines" {queue}) {{
  action(type="omfile" file="{folder}/lines.txt" template="raw" {sync})
}}
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{folder}/port" ruleset="lines")
"""
PER_RECORD = ('queue.type="LinkedList" queue.dequeueBatchSize="1" queue.size="100000"', 'sync="on"')
PLAIN = ("", 'sync="off"')
COLLECTOR = """
store = "tickets.db"
[log]
format = "json"
[[exchange]]
name = "bench"
zone = "UTC"
[exchange.v24]
listen = "127.0.0.1:0"
layout = "132"
flow = "none"
"""
OXO_COLLECT = (sys.executable, "-c", "from oxo_collector.cli import main; main()")
PAUSE = threading.Event()


def awaited(holds: Callable[[], bool], seconds_max: float, what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds_max
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {seconds_max} s")
        PAUSE.wait(POLL_SECONDS)


@contextmanager
def running(command: list[str], log: Path) -> Iterator[None]:
    """Run a process of our own; end it at the end."""
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def rsyslog(queue: str, sync: str) -> Callable[[Path, bytes, int], float]:
    """Return what measures rsyslog with a queue and a synchronisation."""

    def play(folder: Path, data: bytes, count: int) -> float:
        conf = folder / "rsyslog.conf"
        conf.write_text(RSYSLOG.format(folder=folder, queue=queue, sync=sync))
        command = ["rsyslogd", "-n", "-f", str(conf), "-i", str(folder / "pid")]
        file = folder / "lines.txt"
        size = len(data)  # CR stays, LF is written anew

        def port() -> int:
            path = folder / "port"
            return int(path.read_text()) if path.exists() and path.read_text().strip() else 0

        with running(command, folder / "log"):
            awaited(lambda: port() > 0, START_SECONDS_MAX, f"rsyslog's port ({folder / 'log'})")
            begin = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port())) as peer:
                peer.sendall(data)
                awaited(
                    lambda: file.exists() and file.stat().st_size >= size,
                    STORE_SECONDS_MAX,
                    f"{count} lines in rsyslog's file",
                )
            return time.perf_counter() - begin

    return play


def in_one_go(peer: socket.socket, data: bytes, stored: Callable[[], int]) -> None:
    """Send all lines as fast as they are taken."""
    peer.sendall(data)
    count = data.count(b"\n")
    awaited(lambda: stored() >= count, STORE_SECONDS_MAX, f"{count} tickets stored")


def line_by_line(peer: socket.socket, data: bytes, stored: Callable[[], int]) -> None:
    """Send each line when the one before is stored, as a quiet exchange prints them."""
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        peer.sendall(line)
        while stored() < number:
            pass


Sending = Callable[[socket.socket, bytes, Callable[[], int]], None]


def collector(send: Sending, folder: Path, data: bytes, _count: int) -> float:
    """Measure the collector with a way to send."""
    config, log = folder / "collector.toml", folder / "log"
    config.write_text(COLLECTOR)

    def port() -> int:
        lines = log.read_text().splitlines()
        found = [line for line in lines if "listening for the printer" in line]
        return int(found[0].partition('"port": ')[2].split(",")[0].rstrip("}")) if found else 0

    with running([*OXO_COLLECT, "run", "-c", str(config)], log):
        awaited(lambda: log.exists() and port() > 0, START_SECONDS_MAX, f"the collector ({log})")
        number = port()
        with closing(sqlite3.connect(folder / "tickets.db")) as store:

            def stored() -> int:
                return int(store.execute("SELECT coalesce(max(id), 0) FROM ticket").fetchone()[0])

            begin = time.perf_counter()
            with socket.create_connection(("127.0.0.1", number)) as peer:
                send(peer, data, stored)
            return time.perf_counter() - begin


def main() -> None:
    """Play all ways in turn, so many runs, and print lines per second by the median."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--lines", type=int, default=50_000)
    arguments.add_argument("--runs", type=int, default=3)
    wanted = arguments.parse_args()
    if shutil.which("rsyslogd") is None:
        raise SystemExit("rsyslogd is not installed (apt-get install rsyslog)")
    lines = (LINE.format(user=100 + n % 50, number=n) for n in range(wanted.lines))
    data = "".join(lines).encode("ascii")
    ways: dict[str, Callable[[Path, bytes, int], float]] = {
        "rsyslog, plain": rsyslog(*PLAIN),
        "rsyslog, each record synchronised": rsyslog(*PER_RECORD),
        "collector, each reading synchronised": partial(collector, in_one_go),
        "collector, line by line": partial(collector, line_by_line),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(wanted.runs):
        for name, play in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                part = data[: len(data) // SLOW_PART] if name in SLOW else data
                whole = part[: part.rindex(b"\n") + 1]
                count = whole.count(b"\n")
                seconds[name].append(play(Path(folder), whole, count) / count)
    rates = {name: 1 / statistics.median(taken) for name, taken in seconds.items()}
    synchronised = rates["rsyslog, each record synchronised"]
    plain = rates["rsyslog, plain"]
    for name, rate in rates.items():
        print(
            f"{name:38} {rate:10,.0f} lines/s  {rate / plain:6.1%} of plain"
            f"  {rate / synchronised:6.1f} times the synchronised"
        )


if __name__ == "__main__":
    main()
