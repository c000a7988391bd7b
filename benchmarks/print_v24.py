"""How fast the exchange prints statements, beside a bare Twisted transport.write of the same bytes.

    python benchmarks/print_v24.py [--lines 20000] [--rounds 3]

One process, one reactor, one connection over loopback, the link out of the path; another process
reads and throws away. `bare` writes the same lines, already rendered, as many at a time as the
exchange has under way, and waits until the transport has taken them, as the exchange does.
`printing` renders them from an outlet full of tickets; `with ledger` also writes ledger and
transcript, as a running exchange does. What counts is the ratio of CPU time, which other
programs on the machine hardly disturb; the lines by the clock stand behind it.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.ledger import Ledger
from oxo_simulator.transcript import Transcript
from oxo_simulator.v24.machine import LINES_UNDER_WAY_MAX, Printing
from oxo_simulator.v24.page import Paper, sheet
from oxo_simulator.v24.settings import V24Settings
from oxo_simulator.v24.shell import Print, PrinterEnd
from oxo_simulator.v24.wire import outlet_terms
from oxo_tickets import CommunicationType, Direction, Kind, Ticket, TrunkKind, UserKind
from twisted.internet.defer import succeed
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IPullProducer
from twisted.internet.protocol import ClientFactory, Protocol
from zope.interface import implementer

READER = (
    "import socket; s = socket.create_server(('127.0.0.1', 0))\n"
    "print(s.getsockname()[1], flush=True)\n"
    "while True:\n c = s.accept()[0]\n while c.recv(1 << 20): pass\n c.close()"
)
SETTINGS = V24Settings(open=True, capacity=30_000, header="none")


class Measured(NamedTuple):
    """What one way took."""

    seconds: float
    cpu_seconds: float


def ticket(number: int) -> Ticket:
    """Return a plain call."""
    return Ticket(
        kind=Kind.CALL, direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2026, 11, 22) + timedelta(seconds=number),  # noqa: DTZ001
        charged_user=str(100 + number % 300), charged_user_kind=UserKind.SET,
        dialled_number=f"0019900{number:06}", call_seconds=number % 3600, units=3,
        trunk="01", trunk_kind=TrunkKind.T0,
    )  # fmt: skip


@implementer(IPullProducer)
class Bare(Protocol):
    """Writes lines that are ready, so many at a time."""

    def __init__(self, pieces: Sequence[bytes], done: Callable[[], None]) -> None:
        self._pieces = iter(pieces)
        self._done = done

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's interface
        """Begin."""
        assert self.transport is not None
        transport: Any = self.transport
        transport.setTcpNoDelay(True)
        transport.registerProducer(self, False)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's interface
        """Write the next, or end."""
        transport: Any = self.transport
        for piece in self._pieces:
            transport.write(piece)
            return
        self._done()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's interface
        """Nothing is left to do."""


def rendered(tickets: Sequence[Ticket]) -> list[bytes]:
    """Return what the exchange prints, in the pieces in which it writes."""
    page, paper, lines = sheet(SETTINGS), Paper(), []
    for each in tickets:
        said, paper = page.ticket(paper, each)
        lines.append(said)
    size = LINES_UNDER_WAY_MAX
    return [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]


def bare(tickets: Sequence[Ticket], _folder: Path, done: Callable[[], None], _: Any) -> Protocol:
    """Prepare the bare way."""
    return Bare(rendered(tickets), done)


def printing(
    tickets: Sequence[Ticket], _folder: Path, done: Callable[[], None], reactor: Any
) -> Protocol:
    """Prepare the exchange's printer, with a ledger and a transcript that keep nothing."""
    return _print(tickets, done, reactor, lambda _event, _detail: None, lambda **_line: None)


def with_ledger(
    tickets: Sequence[Ticket], folder: Path, done: Callable[[], None], reactor: Any
) -> Protocol:
    """Prepare the exchange's printer as it runs."""
    now = lambda: datetime.now(UTC)  # noqa: E731
    ledger = Ledger(folder / "ledger.ndjson", now, lambda: datetime(2026, 11, 22))  # noqa: DTZ001
    transcript = Transcript(now=now, folder=folder)
    return _print(tickets, done, reactor, ledger.append, transcript.said)


def _print(
    tickets: Sequence[Ticket], done: Callable[[], None], reactor: Any, record: Any, tell: Any
) -> Protocol:
    outlet = Outlet(outlet_terms(SETTINGS), record)
    for number, each in enumerate(tickets, 1):
        outlet.put(number, each)

    class End(PrinterEnd):
        def resumeProducing(self) -> None:  # noqa: N802 - Twisted's interface
            super().resumeProducing()
            if not outlet.waiting_count():
                done()

    desk = Print(
        outlet=outlet,
        printing=Printing(sheet(SETTINGS), outlet.waiting),
        clock=reactor,
        tell=tell,
        utc_now=lambda: datetime.now(UTC),
        named=lambda _end: succeed(("c1", "127.0.0.1:1")),
        prove=lambda _connection: None,
    )
    return End(desk)


def play(way: Callable[..., Protocol], tickets: Sequence[Ticket], port: int) -> Measured:
    """Print once over a connection of its own."""
    reactor: Any = EPollReactor()  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder:
        end = way(tickets, Path(folder), reactor.stop, reactor)

        class Factory(ClientFactory):
            def buildProtocol(self, addr: Any) -> Protocol:  # noqa: ARG002, N802
                return end

        reactor.connectTCP("127.0.0.1", port, Factory())
        began, cpu = time.perf_counter(), time.process_time()
        reactor.run(installSignalHandlers=False)
        return Measured(time.perf_counter() - began, time.process_time() - cpu)


def main() -> None:
    """Play all ways in turn and print lines a second, the best round of each."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--lines", type=int, default=20_000, help="at most 30000")
    arguments.add_argument("--rounds", type=int, default=3)
    wanted = arguments.parse_args()
    tickets = [ticket(number) for number in range(min(wanted.lines, SETTINGS.capacity))]
    ways = {"bare transport.write": bare, "printing": printing, "with ledger": with_ledger}
    with subprocess.Popen([sys.executable, "-c", READER], stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        port = int(reader.stdout.readline())
        best: dict[str, Measured] = {}
        for _ in range(wanted.rounds):
            for name, way in ways.items():
                measured = play(way, tickets, port)
                best[name] = min(best.get(name, measured), measured, key=lambda m: m.cpu_seconds)
        reader.terminate()
    reference = best["bare transport.write"]
    for name, measured in best.items():
        print(
            f"{name:20} {len(tickets) / measured.cpu_seconds:10,.0f} lines per CPU second "
            f"{reference.cpu_seconds / measured.cpu_seconds:5.0%} of bare"
            f"   ({len(tickets) / measured.seconds:,.0f} lines/s by the clock)"
        )


if __name__ == "__main__":
    main()
