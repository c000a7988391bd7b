"""What a million tickets cost the exchange: its memory, and the longest it keeps others waiting.

    python benchmarks/million.py [--tickets 1000000] [--batch 1000] [--settled 100000]

The exchange as `oxo-sim run` puts it together makes, offers and is told of every ticket: orders of
10,000 tickets over the control API, a client that gets and acknowledges them through the link over
TLS, and an operator who reads pages of ledger and transcript meanwhile. Two figures count:

* resident memory at the end beside that after the first 100,000 tickets; aim: less than 1.2 times;
* the longest callback in CPU time of its thread, with its name; aim: less than 50 ms.
"""

import argparse
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import Installation
from oxo_tickets import CommunicationType, Direction, Kind, Ticket
from serve_tickets import (
    Client,
    Server,
    get,
    request,
)

ORDER_TICKETS = 10_000
WORST_SHOWN = 6
PASSWORD = "benchmark"  # noqa: S105 - of an exchange that lives for minutes


# The exchange's process, with a watch on every callback.


def serve(folder: Path) -> None:
    """Run an exchange whose reactor times each callback; the worst are told at the end."""
    from twisted.internet.main import installReactor  # noqa: PLC0415 - this is a command line

    watch = Watch()
    reactor = watched_reactor(watch)
    installReactor(reactor)  # type: ignore[no-untyped-call]
    from oxo_simulator.running import settle_memory  # noqa: PLC0415 - it needs the reactor
    from oxo_simulator.wiring import RunOptions, start  # noqa: PLC0415

    options = RunOptions(
        folder=folder,
        installation=Installation(
            overrides={
                "buffer.capacity": 30_000,
                "batch_tickets_max": 1000,
                "user": "collector",
            }
        ),
        password=PASSWORD,
        ports={"standard": 0, "alternate": 0},
    )

    def begin() -> None:
        running = start(options, reactor, lambda failure: print(failure, file=sys.stderr))
        reactor.addSystemEventTrigger("before", "shutdown", running.stop)
        settle_memory()
        reactor.callLater(0, watch.clear)  # the start is none of an exchange's callbacks
        print("ready", flush=True)

    reactor.callWhenRunning(begin)
    reactor.run()
    print(json.dumps(watch.worst()), flush=True)


class Watch:
    """Times callbacks in CPU time of this thread; the longest of each name is kept."""

    def __init__(self) -> None:
        self._longest: dict[str, float] = {}

    def timed(self, name: str, callback: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Call back and take the time."""
        begin = time.thread_time()
        try:
            return callback(*args, **more)
        finally:
            passed = time.thread_time() - begin
            if passed > self._longest.get(name, 0):
                self._longest[name] = passed

    def clear(self) -> None:
        """Begin anew."""
        self._longest.clear()

    def worst(self) -> list[tuple[str, float]]:
        """Return the longest, the worst first."""
        return sorted(self._longest.items(), key=lambda entry: -entry[1])[:WORST_SHOWN]


def watched_reactor(watch: Watch) -> Any:
    """Return a reactor that times what it calls: readers, writers and delayed calls."""
    from twisted.internet.epollreactor import EPollReactor  # noqa: PLC0415

    class Watched(EPollReactor):
        def _doReadOrWrite(self, selectable: Any, fd: Any, event: Any) -> None:  # noqa: N802
            name = f"socket of {_what(selectable)}"
            watch.timed(name, super()._doReadOrWrite, selectable, fd, event)

        def callLater(  # type: ignore[override]  # noqa: N802
            self, delay: Any, called: Any, *args: Any, **more: Any
        ) -> Any:
            name = f"delayed {getattr(called, '__qualname__', repr(called))}"
            return super().callLater(delay, watch.timed, name, called, *args, **more)

    return Watched()  # type: ignore[no-untyped-call]


def _what(selectable: Any) -> str:
    protocol = getattr(selectable, "protocol", selectable)
    return type(getattr(protocol, "wrappedProtocol", protocol)).__qualname__


# The one who orders, collects and measures.


def tickets(first: int) -> list[Ticket]:
    """Return an order's tickets."""
    begin = datetime(2026, 11, 22)  # noqa: DTZ001 - wall clock
    return [
        Ticket(
            kind=Kind.CALL, direction=Direction.OUTGOING,
            communication_type=CommunicationType.OUTGOING,
            local_time=begin + timedelta(seconds=number), charged_user=str(100 + number % 300),
            dialled_number=f"0019900{number:07}", ring_seconds=0, call_seconds=number % 3600,
            subscriber_name="M. ORVELLE", trunk="01", units=3, currency="EUR",
            account_code="123456",
        )
        for number in range(first, first + ORDER_TICKETS)
    ]  # fmt: skip


def collect(client: Client, cookie: str, batch: int) -> int:
    """Get and acknowledge until nothing waits; return how many there were."""
    taken = 0
    while last := int(between(body := client.ask(get(batch, cookie))[1], b"lastSequence")):
        taken += last - int(between(body, b"firstSequence")) + 1
        inside = f"<AckTickets><lastSequence>{last}</lastSequence></AckTickets>"
        client.ask(request("/services/taxation", inside, cookie))
    return taken


def between(body: bytes, tag: bytes) -> bytes:
    """Return the text of an element."""
    return body.partition(b"<%b>" % tag)[2].partition(b"<")[0]


def resident_bytes(pid: int) -> int:
    """Return what of a process lies in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def play(process: "subprocess.Popen[str]", folder: Path, wanted: argparse.Namespace) -> float:
    """Make, offer and acknowledge; return how many times the memory has grown."""
    done, settled, at_start = 0, 0, resident_bytes(process.pid)
    print(f"{'at start':>12}: {at_start / 2**20:6.1f} MiB resident")
    with ControlClient.from_state(folder) as operator:
        state = operator.state()
        server = Server(process, process.pid, ssl.create_default_context(cafile=state.ca_file))
        with closing(Client(server, state.ports[0].port)) as client:
            head, _ = client.ask(request("/services/taxation", "<Login/>"))
            cookie = head.decode().split("Set-Cookie: ")[1].split(";")[0]
            while done < wanted.tickets:
                operator.load(tickets(done))
                operator._get("/ledger", {"since": done}, list[Any])  # noqa: SLF001 - one page
                operator._get("/transcript", {"since": 0}, list[Any])  # noqa: SLF001
                done += collect(client, cookie, wanted.batch)
                if done % wanted.settled == 0:
                    now = resident_bytes(process.pid)
                    settled = settled or now
                    print(f"{done:12,}: {now / 2**20:6.1f} MiB, {now / settled:5.3f} times")
    return now / settled


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--tickets", type=int, default=1_000_000)
    arguments.add_argument("--batch", type=int, default=1000)
    arguments.add_argument("--settled", type=int, default=100_000)
    arguments.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    wanted = arguments.parse_args()
    if wanted.serve:
        serve(wanted.serve)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "state"
        command = [sys.executable, __file__, "--serve", str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            begin = time.perf_counter()
            grown = play(process, folder, wanted)
            passed = time.perf_counter() - begin
            process.terminate()
            worst = json.loads(process.stdout.readline())
    print(f"memory: {grown:.3f} times that after {wanted.settled:,} tickets (aim: under 1.2)")
    print("longest callbacks, CPU time of the thread (aim: under 50 ms):")
    for callback, seconds in worst:
        print(f"  {seconds * 1000:7.1f} ms  {callback}")
    print(f"{wanted.tickets:,} tickets in {passed:.0f} s")


if __name__ == "__main__":
    main()
