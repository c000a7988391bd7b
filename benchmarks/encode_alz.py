"""How fast tickets become records of the NMC file: beside joining the same bytes.

    python benchmarks/encode_alz.py [--count 30000]

`encoded` writes records of the wire's own words, `from tickets` finds those words first. `joined`
puts bytes together that are there already, which is the least that any encoder does.
"""

import argparse
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from oxo_simulator.nmc.codec import RECORD_BYTES, encode, file_bytes
from oxo_simulator.nmc.mapping import alz_record
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Kind,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

ROUNDS_COUNT = 5


def ticket(number: int) -> Ticket:
    """Return a call with everything that the record holds."""
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=datetime(2020, 2, 24, 14, number % 60),  # noqa: DTZ001 - wall clock
        charged_user=f"{100 + number % 800}",
        charged_user_kind=UserKind.SET,
        dialled_number=f"0039067{number:06}",
        dialling_mode=DiallingMode.MANUAL,
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T2,
        call_seconds=number % 3600,
        units=number % 100,
        cost=Decimal(number % 100) / 10,
        account_code="20460715",
        subscriber_name="M. ORVELLE",
    )


def best(work: Callable[[], bytes]) -> tuple[float, bytes]:
    """Return the shortest of some rounds in seconds, and what came out."""
    times, made = [], b""
    for _ in range(ROUNDS_COUNT):
        begin = time.process_time()
        made = work()
        times.append(time.process_time() - begin)
    return min(times), made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="tickets into records of 122 bytes")
    parser.add_argument("--count", type=int, default=30_000)
    count = parser.parse_args().count
    tickets = [ticket(number) for number in range(count)]
    records = [alz_record(each) for each in tickets]
    pieces = [encode(each) for each in records]
    works: dict[str, Callable[[], bytes]] = {
        "joined": lambda: file_bytes(None, pieces),
        "encoded": lambda: file_bytes(None, map(encode, records)),
        "from tickets": lambda: file_bytes(None, (encode(alz_record(each)) for each in tickets)),
    }
    least = None
    for name, work in works.items():
        seconds, made = best(work)
        if len(made) != count * RECORD_BYTES:
            raise SystemExit(f"{name}: {len(made)} bytes")
        least = least or seconds
        times = f", {seconds / least:.0f} times the joining" if name != "joined" else ""
        print(
            f"{name:13} {count / seconds:12,.0f} records/s, {seconds / count * 1e6:.2f} us{times}"
        )


if __name__ == "__main__":
    main()
