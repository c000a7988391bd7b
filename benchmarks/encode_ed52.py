"""How fast tickets become records ED5.2 of an account file: beside a bare write of the same bytes.

    python benchmarks/encode_ed52.py [--count 30000]

`written` writes the finished text to a file of the temporary folder, which is the least that any
exchange does with it. `encoded` makes records of the wire's own words, `from tickets` finds those
words first, and `kept` asks besides whether the ticket can be kept. Compression stands apart.
"""

import argparse
import tempfile
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import ncompress
from oxo_simulator.ed52 import account_file
from oxo_simulator.ed52.codec import encode, render
from oxo_simulator.ed52.mapping import accepts, record_of
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
from rounds import best_seconds

if TYPE_CHECKING:
    from collections.abc import Callable


def ticket(number: int) -> Ticket:
    """Return a call with everything that the record holds; every second one came in."""
    outgoing = number % 2 == 0
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING if outgoing else Direction.INCOMING,
        communication_type=CommunicationType.OUTGOING if outgoing else CommunicationType.INCOMING,
        local_time=datetime(2020, 2, 24, 14, number % 60, number % 59),  # noqa: DTZ001 - wall clock
        zone="Europe/Paris",
        fold=0,
        charged_user=f"{100 + number % 800}",
        charged_user_kind=UserKind.SET,
        initial_user=None if outgoing else f"{100 + number % 800}",
        dialled_number=f"0039067{number:06}",
        dialling_mode=DiallingMode.MANUAL if outgoing else None,
        service=Service.TELEPHONY,
        trunk="01",
        trunk_kind=TrunkKind.T2,
        ring_seconds=0 if outgoing else 7,
        call_seconds=number % 3600,
        units=number % 100,
        cost=Decimal(number % 100) / 10,
        account_code="20460715",
        subscriber_name="M. ORVELLE",
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="tickets into records of 525 characters")
    parser.add_argument("--count", type=int, default=30_000)
    count = parser.parse_args().count
    tickets = [ticket(number) for number in range(count)]
    words = [record_of(each) for each in tickets]
    text = account_file.text([encode(each) for each in words])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "TAXAAAAA.DAT")
        works: dict[str, Callable[[], object]] = {
            "written": lambda: path.write_bytes(text),
            "encoded": lambda: account_file.text([encode(each) for each in words]),
            "from tickets": lambda: account_file.text([render(each) for each in tickets]),
            "kept": lambda: account_file.text(
                [render(each) for each in tickets if accepts(each) is None]
            ),
            "compressed": lambda: ncompress.compress(text),
        }
        least = None
        for name, work in works.items():
            seconds = best_seconds(work, time.process_time)
            least = least or seconds
            ratio = "" if name == "written" else f", {seconds / least:.0f} times the bare write"
            rate = f"{count / seconds:12,.0f} records/s, {seconds / count * 1e6:.2f} us"
            print(f"{name:13} {rate}{ratio}")


if __name__ == "__main__":
    main()
