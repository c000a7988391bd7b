"""How many months of a hotel an exchange lives through in a minute, beside the bare limit.

    python benchmarks/exchange_months.py [--rooms 300] [--days 30] [--rounds 3]

A hotel of so many rooms: guests come, call, are woken and go, all of it drawn from a seed, through
telephony, reminders, hotel and charging, every ticket on six outlets, every step in the ledger. No
sockets. The bare limit, in the same run: as many timers on the same clock, doing nothing, and the
ledger's own lines handed to the system one by one. CPU time counts, which other programs on the
machine hardly disturb; the median of the rounds.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from oxo_simulator.account.terms import terms as account_terms
from oxo_simulator.clock import VirtualClock
from oxo_simulator.control.messages import Installation, TrafficOrder, TrafficState
from oxo_simulator.exchange.directory import Directory, SetClass, Subscriber
from oxo_simulator.installation import Installed, profile_of
from oxo_simulator.nmc.terms import terms as nmc_terms
from oxo_simulator.ohl.reception import outlet_terms as ohl_terms
from oxo_simulator.profile import Profile
from oxo_simulator.stream.reception import outlet_terms as stream_terms
from oxo_simulator.taxation import outlet_terms as taxation_terms
from oxo_simulator.traffic_orders import TrafficOrders
from oxo_simulator.v24.wire import outlet_terms as v24_terms

OVERRIDES = {
    "mode": "hotel",
    "hotel.print_room_status": True,
    "buffer.capacity": 30_000,
    "nmc.licence_tickets": 30_000,
    **{f"{wire}.open": True for wire in ("nmc", "v24", "ohl", "account", "stream")},
}
FIRST_ROOM = 1_000
MINUTE_SECONDS = 60


@contextmanager
def installed(folder: Path, rooms: int) -> Iterator[Installed]:
    """Install a hotel of so many rooms, with six outlets and nobody in front of them."""
    numbers = [str(FIRST_ROOM + number) for number in range(rooms)]
    sets = {each: Subscriber(each, f"Room {each}", SetClass.ROOM) for each in numbers}
    order = Installation(overrides=OVERRIDES)
    profile = profile_of(order)
    with mock.patch.object(Directory, "from_seed", return_value=Directory(sets)):
        found = Installed(
            order,
            profile,
            number=1,
            token="a",  # noqa: S106 - of an epoch
            ledger_file=folder / "ledger.ndjson",
            outlets=outlets(profile),
            utc_now=lambda: datetime.now(UTC),
            broken=print,
        )
    try:
        yield found
    finally:
        found.ledger.close()


def outlets(profile: Profile) -> list[Any]:
    """Return what every wire asks of its outlet."""
    return [
        taxation_terms(profile),
        nmc_terms(profile.nmc),
        v24_terms(profile.v24),
        ohl_terms(profile.ohl),
        account_terms(profile.account, profile.ed52.manner),
        stream_terms(profile.stream, profile.ed52.manner),
    ]


def month(folder: Path, rooms: int, days: int) -> tuple[float, TrafficState]:
    """Live through it; return the CPU seconds and what happened."""
    with installed(folder, rooms) as exchange:
        traffic = TrafficOrders(lambda: exchange, lambda: True)
        began = time.process_time()
        slices = traffic.begin(TrafficOrder(day="hotel-month", hours=24 * days))
        while True:
            try:
                next(slices)
            except StopIteration as end:
                state: TrafficState = end.value
                return time.process_time() - began, state


def bare(folder: Path, timers: int) -> float:
    """Let as many timers pass, and write the ledger's lines again; return the CPU seconds."""
    lines = (folder / "ledger.ndjson").read_bytes().splitlines(keepends=True)
    clock = VirtualClock()
    again = os.open(folder / "again.ndjson", os.O_WRONLY | os.O_CREAT)
    began = time.process_time()
    for number in range(timers):
        clock.callLater(number * 10, int)
    clock.advance(timers * 10)
    for line in lines:
        os.write(again, line)
    seconds = time.process_time() - began
    os.close(again)
    return seconds


def main() -> None:
    """Measure and print a table."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--rooms", type=int, default=300)
    told.add_argument("--days", type=int, default=30)
    told.add_argument("--rounds", type=int, default=3)
    words = told.parse_args()
    months, limits = [], []
    state = TrafficState(running=False)
    size = 0
    for _ in range(words.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            seconds, state = month(folder, words.rooms, words.days)
            size = (folder / "ledger.ndjson").stat().st_size
            events = state.calls + state.appointments + state.arrivals
            limits.append(bare(folder, 3 * events + state.departures + state.room_statuses))
        months.append(seconds)
    ours, limit = statistics.median(months), statistics.median(limits)
    print(f"{words.days} days of {words.rooms} rooms: {state.calls} calls, "
          f"{state.appointments} wake-ups, {state.arrivals} arrivals, "
          f"{state.tickets_made} tickets, ledger {size / 1e6:.0f} MB")  # fmt: skip
    print(f"{'':<24}{'CPU s':>8}{'a minute':>12}{'tickets/s':>12}")
    for name, each in (("exchange", ours), ("bare limit", limit)):
        rate = state.tickets_made / each
        print(f"{name:<24}{each:>8.2f}{MINUTE_SECONDS / each:>12.1f}{rate:>12,.0f}")
    print(f"ratio {limit / ours:.2f}")


if __name__ == "__main__":
    main()
