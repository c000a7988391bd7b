"""A plain collector of V24 statements over TCP, with defects to switch on.

Without `--defect` it is right: it connects, reads line by line, writes each statement down, and
connects again when the line is lost. Columns are those of the manual (facts: oxo 6.3).
"""

import argparse
import os
import re
import socket
import threading
from typing import Any

from kept import (  # type: ignore[import-not-found]  # beside this file
    Entry,
    Kept,
    deliver,
    tell,
    until_terminated,
    without_neighbours,
)

STATEMENT = re.compile(r"^.{14}(\d\d)/(\d\d)/(\d\d) (\d\d):(\d\d) ")
POLL_SECONDS = 0.1
DEFECTS = (
    "none",
    "drops-identical-neighbours",
    "speed-dial-reads-manual",
    "reads-seconds-as-minutes",
    "loses-facilities",
    "reads-every-line-as-analogue",
    "starts-at-now",
    "keeps-in-memory",
    "ignores-wake-up-lines",
    "reads-every-room-as-cleaned",
    "gives-up-when-lost",
    "loses-the-line-behind-a-heading",
)
LETTERS = {"L": "analogue", "N": "T0", "P": "T2", "V": "VoIP"}
USERS = {
    "A": "set", "G": "hunting group", "L": "analogue line", "N": "T0", "P": "T2", "V": "VoIP",
}  # fmt: skip
ARROWS = {"-->": "outgoing", "<--": "incoming"}
FACILITIES = {
    "X": "transfer", "R": "external forwarding", "N": "forwarding", "S": "remote substitution",
    "T": "online metering", "I": "user-to-user signalling",
}  # fmt: skip
MODES = {"M": "manual", "I": "individual speed dial", "R": "collective speed dial"}
ROOM_STATUSES = {"0": "cleaned", "1": "not cleaned"}
SECONDS = (3600, 60, 1)


def seconds(clock: str) -> int | None:
    parts = [int(part) for part in clock.split(":")] if clock else []
    return (
        sum(n * each for n, each in zip(parts, SECONDS[-len(parts) :], strict=True))
        if parts
        else None
    )


def read_line(line: str) -> Entry | None:
    """Return a statement as a canonical ticket; `None` of a heading."""
    found = STATEMENT.match(line)
    if found is None:
        return None

    def cell(first: int, last: int) -> str:
        return line[first - 1 : last].strip()

    day, month, year, hour, minute = found.groups()
    ticket: Entry = {
        "kind": "call",
        "local_time": f"20{year}-{month}-{day}T{hour}:{minute}:00",
        "resolution": "minute",
        "charged_user_kind": USERS.get(cell(1, 1)),
        "charged_user": cell(2, 5),
    }
    if line[10:13] == "RST":
        return ticket | read_room(cell(54, 79), cell(117, 132))
    if line[10] == "R":
        number = cell(54, 79)
        return ticket | {"kind": "reminder", "reminder_time": f"{number[:2]}:{number[2:]}:00"}
    arrow = ARROWS.get(cell(7, 9))
    ticket |= {
        "direction": arrow,
        "communication_type": arrow,
        "trunk_kind": LETTERS.get(cell(11, 11)),
        "trunk": cell(12, 13),
        "call_seconds": seconds(cell(30, 37)),
        "units": int(cell(39, 43) or 0),
        "service": "telephony" if cell(45, 46) == "ST" else None,
        "facilities": sorted(FACILITIES[letter] for letter in cell(48, 52)),
        "dialled_number": cell(54, 79),
        "dialling_mode": MODES.get(cell(81, 81)),
        "ring_seconds": seconds(cell(83, 87)),
        "cost": cell(89, 98),
        "account_code": cell(100, 115),
        "subscriber_name": cell(117, 132),
    }
    return {name: value for name, value in ticket.items() if value not in (None, "", [])}


def read_room(number: str, guest: str) -> Entry:
    """Return the status of a room: one digit, and three more where a problem is told."""
    told: Entry = {"kind": "room status", "room_status": ROOM_STATUSES[number[:1]]}
    if number[1:]:
        told["room_problem"] = int(number[1:])
    return told | ({"subscriber_name": guest} if guest else {})


def wanted(lines: list[str], kept: Kept, defect: str) -> list[Entry]:
    """Return what of some lines is to be kept; most defects are here."""
    if defect == "loses-the-line-behind-a-heading":
        before = [True, *(read_line(line) is None for line in lines)]
        lines = [line for line, heading in zip(lines, before, strict=False) if not heading]
    tickets = [ticket for line in lines if (ticket := read_line(line)) is not None]
    if defect == "drops-identical-neighbours":
        tickets = without_neighbours(tickets, kept.last["ticket"] if kept.last else None)
    if defect == "ignores-wake-up-lines":
        tickets = [ticket for ticket in tickets if ticket["kind"] != "reminder"]
    for ticket in tickets:
        if defect == "reads-every-room-as-cleaned" and "room_status" in ticket:
            ticket["room_status"] = "cleaned"
        if defect == "loses-facilities":
            ticket.pop("facilities", None)
        if defect == "reads-every-line-as-analogue" and "trunk_kind" in ticket:
            ticket["trunk_kind"] = "analogue"
        if defect == "speed-dial-reads-manual":
            ticket["dialling_mode"] = "manual"
        if defect == "reads-seconds-as-minutes":
            ticket["call_seconds"] *= 60
    return tickets


def read(line: socket.socket, kept: Kept, defect: str, stop: threading.Event) -> None:
    """Keep what is printed until the connection is lost."""
    pending, begun = b"", False
    line.settimeout(POLL_SECONDS)
    while not stop.is_set():
        try:
            data = line.recv(4096)
        except TimeoutError:
            continue
        if not data:
            raise ConnectionError("the exchange hung up")
        if defect == "starts-at-now" and not begun:
            begun = True
            continue
        *lines, pending = (pending + data).split(b"\n")
        tickets = wanted([each.decode("iso-8859-1").rstrip("\r") for each in lines], kept, defect)
        kept.keep([{"mark": "", "ticket": ticket} for ticket in tickets])


def run(defect: str) -> None:
    """Collect over as many connections as it takes, until SIGTERM."""
    stop, kept = until_terminated(), Kept(lazy=defect == "keeps-in-memory")
    where = os.environ["OXO_V24_HOST"], int(os.environ["OXO_V24_PORT"])
    tell(f"collecting from {where[0]}:{where[1]}")
    while not stop.is_set():
        try:
            with socket.create_connection(where, timeout=2) as line:
                read(line, kept, defect, stop)
        except OSError as error:
            tell(f"failed: {error!r}")
            if defect == "gives-up-when-lost":
                stop.wait()
        stop.wait(POLL_SECONDS)
    kept.flush()


def main() -> None:
    """Collect, or with `--deliver` print what was kept."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--defect", choices=DEFECTS, default="none")
    parser.add_argument("--deliver", action="store_true")
    arguments: Any = parser.parse_args()
    if arguments.deliver:
        deliver()
    else:
        run(arguments.defect)


if __name__ == "__main__":
    main()
