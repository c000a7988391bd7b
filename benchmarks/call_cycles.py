"""How many call life cycles a second the exchange carries, beside SIPp or a bare loop.

    python benchmarks/call_cycles.py [--calls 20000] [--rounds 3]

A life cycle is a call placed, its line seized, its end, its ticket written to ledger and buffer,
and the line freed, in exchange time and one process. Plain outgoing calls, and a mix of what the
exchange can do: transfers, diversions, internal calls, conferences.

Where `sipp` is installed, its own scenario (INVITE to BYE, caller and called on loopback, over one
TCP connection: by UDP it loses messages and waits for repeats) stands beside it: a call over the
wire, without tickets, as far as one caller and one called get. Beside both stands a bare loop: for
each call two timers of the same clock, one ticket made anew, and three lines of the ledger encoded
and written, which no exchange could leave out.
"""

import argparse
import itertools
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.sets import SetState
from oxo_simulator.ledger import Ledger, LedgerBroken
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_tickets import Ticket

TOGETHER = 100
"""Calls that begin at one instant."""
SIPP_SECONDS_MAX = 120
PLAIN = (CallOrder(direction="outgoing", user="128", number="00390670000"),)
MIX = (
    *PLAIN,
    CallOrder(direction="incoming", user="101", number="0346057124", ring_seconds=9),
    CallOrder(direction="incoming", user="102", number="0346057124"),  # diverted outside
    CallOrder(direction="internal", user="101", number="104"),
    CallOrder(
        direction="outgoing", user="120", number="0390", transfer_to="106",
        transfer_after_seconds=20,
    ),
    CallOrder(direction="outgoing", user="105", number="0390", conference_with=["0199"]),
)  # fmt: skip


class Measured(NamedTuple):
    """One way through: calls a second by the clock, and tickets that came of a call."""

    rate: float
    tickets: float


def exchange_rate(orders: Sequence[CallOrder], calls: int, folder: Path) -> Measured:
    """Let an exchange live through so many calls."""
    profile = load_profile("certify", {"buffer.overflow": "oldest"})
    clock = VirtualClock()
    wall = WallClock(clock, profile.start, ZoneInfo(profile.zone))
    with closing(_ledger(folder, wall)) as ledger:
        exchange = Exchange(
            profile=profile, seed=1, epoch="e", clock=wall, record=ledger.append,
            outlets=[outlet_terms(profile)],
        )  # fmt: skip
        exchange.calls.set_up("102", SetState(diverted_to="0199"))
        placed = [order for order, _ in zip(itertools.cycle(orders), range(TOGETHER), strict=False)]
        begin = time.perf_counter()
        for _ in range(calls // TOGETHER):
            clock.advance(exchange.place(placed).seconds)
        seconds = time.perf_counter() - begin
        rounded = calls // TOGETHER * TOGETHER
        return Measured(rounded / seconds, exchange.tickets_made / rounded)


def bare_rate(calls: int, folder: Path) -> Measured:
    """Do what no exchange could leave out, and nothing else."""
    profile = load_profile("certify")
    clock = VirtualClock()
    wall = WallClock(clock, profile.start, ZoneInfo(profile.zone))
    with closing(_ledger(folder, wall)) as ledger:
        template = _ticket(folder)

        def write() -> None:
            ticket = msgspec.structs.replace(template, call_seconds=50)
            ledger.append("made", {"id": 1, "ticket": ticket, "source": "call"})
            ledger.append("buffered", {"id": 1, "sequence": 1})
            ledger.append("call ended", {"call": "c1", "tickets": [1]})

        begin = time.perf_counter()
        for _ in range(calls // TOGETHER):
            for _ in range(TOGETHER):
                clock.callLater(50, lambda: None)
                clock.callLater(51, write)
            clock.advance(51)
        return Measured(calls // TOGETHER * TOGETHER / (time.perf_counter() - begin), 1)


def sipp_rate(sipp: str, calls: int) -> float | None:
    """Return SIPp's calls a second, called and caller on loopback; `None` where it cannot."""
    called = subprocess.Popen(
        [sipp, "-sn", "uas", "-t", "t1", "-i", "127.0.0.1", "-p", "5070", "-nostdin"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        begin = time.perf_counter()
        caller = subprocess.run(
            [sipp, "-sn", "uac", "-t", "t1", "-i", "127.0.0.1", "-d", "0", "-r", "100000",
             "-l", "500", "-m", str(calls), "-nostdin", "127.0.0.1:5070"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=SIPP_SECONDS_MAX,
        )  # fmt: skip
        seconds = time.perf_counter() - begin
        if caller.returncode:
            return None
        found = re.search(r"Successful call\s*\|[^|]*\|\s*(\d+)", caller.stdout)
        return (int(found[1]) if found else calls) / seconds
    except subprocess.TimeoutExpired:
        return None
    finally:
        called.terminate()
        called.wait()


def _ledger(folder: Path, wall: WallClock) -> Ledger:
    file = folder / f"ledger-{time.perf_counter_ns()}.ndjson"
    return Ledger(file, lambda: datetime.now(UTC), lambda: wall.now().local, _broken)


def _broken(error: LedgerBroken) -> None:
    sys.exit(str(error))


def _ticket(folder: Path) -> Ticket:
    """Return the ticket of a plain call, as an exchange makes it."""
    profile = load_profile("certify")
    clock = VirtualClock()
    wall = WallClock(clock, profile.start, ZoneInfo(profile.zone))
    with closing(_ledger(folder, wall)) as ledger:
        exchange = Exchange(
            profile=profile, seed=1, epoch="e", clock=wall, record=ledger.append,
            outlets=[outlet_terms(profile)],
        )  # fmt: skip
        clock.advance(exchange.place(PLAIN).seconds)
        return exchange.waiting(1)[0].ticket


def _middle(measure: Callable[[], Measured], rounds: int) -> Measured:
    found = [measure() for _ in range(rounds)]
    return Measured(median(one.rate for one in found), found[0].tickets)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    sipp = shutil.which("sipp")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = _middle(lambda: bare_rate(asked.calls, folder), asked.rounds).rate
        told = sipp_rate(sipp, asked.calls) if sipp else None
        for words, orders in (("plain", PLAIN), ("mix", MIX)):
            found = _middle(lambda o=orders: exchange_rate(o, asked.calls, folder), asked.rounds)  # type: ignore[misc]
            line = f"{words:6} {found.rate:9.0f} calls/s, {found.tickets:.2f} tickets a call"
            print(f"{line}, {found.rate / bare:.2f} of the bare loop", end="")
            print(f", {found.rate / told:.2f} of SIPp" if told else "")
        print(f"{'bare':6} {bare:9.0f} calls/s")
        print(f"SIPp   {told:9.0f} calls/s" if told else _without(sipp))


def _without(sipp: str | None) -> str:
    if sipp is None:
        return "SIPp is not installed: the bare loop alone stands beside"
    return "SIPp could not call itself here"


if __name__ == "__main__":
    main()
