"""A plain collector of NMC ticket files on the standard library, with defects to switch on.

Without `--defect` it is right: it logs in, fetches each file whole, writes its tickets down
durably, and deletes it. The record is typed from the public manual (facts: oxo 5.2).
"""

import argparse
import contextlib
import ftplib
import hashlib
import os
from typing import Any

from kept import (  # type: ignore[import-not-found]  # beside this file
    Entry,
    Kept,
    deliver,
    tell,
    until_terminated,
    without_neighbours,
)

RECORD_BYTES = 122
POLL_SECONDS = 0.1
SECONDS_MAX = 2.0
DEFECTS = (
    "none",
    "takes-broken-for-whole",
    "keeps-while-it-comes",
    "deletes-before-storing",
    "drops-identical-neighbours",
    "drops-last-record",
    "speed-dial-reads-manual",
    "reads-seconds-as-minutes",
    "loses-facilities",
    "reads-every-line-as-analogue",
    "tries-a-default-password",
    "gives-up-when-refused",
    "starts-at-now",
)
USERS = {
    0: "set", 1: "analogue line", 2: "T0", 3: "T2", 4: "hunting group", 6: "VoIP",
}  # fmt: skip
TRUNKS = {1: "analogue", 2: "T0", 3: "T2", 5: "VoIP"}
TYPES = {
    0: "outgoing", 1: "incoming", 2: "outgoing transfer", 3: "incoming transfer",
    4: "outgoing transit", 5: "incoming transit", 8: "facility request", 9: "facility cancelled",
    13: "outgoing private", 14: "incoming private", 15: "break-out", 16: "break-in",
}  # fmt: skip
MODES = {0: "manual", 1: "individual speed dial", 2: "collective speed dial"}
BITS = {
    0x01: "user-to-user signalling", 0x02: "external forwarding", 0x04: "online metering",
    0x10: "forwarding", 0x20: "transfer", 0x40: "remote substitution",
}  # fmt: skip


def digits(count: int, packed: bytes) -> str:
    """Return `count` digits of a number that is right aligned, two to a byte."""
    return packed.hex().replace("a", "*").replace("b", "#")[len(packed) * 2 - count :]


def read_record(record: bytes) -> Entry:
    """Return one record as a canonical ticket."""

    def byte(place: int) -> int:
        return record[place - 1]

    def text(first: int, last: int) -> str:
        return record[first - 1 : last].decode("iso-8859-1").strip()

    ticket: Entry = {
        "kind": "facility" if byte(10) in (8, 9) else "call",
        "charged_user": text(2, 9),
        "charged_user_kind": USERS.get(byte(1)),
        "communication_type": TYPES.get(byte(10)),
        "trunk_kind": TRUNKS.get(byte(11)),
        "trunk": text(12, 14),
        "local_time": f"{20 - (byte(17) >= 70)}{byte(17):02}-{byte(16):02}-{byte(15):02}"
        f"T{byte(20):02}:{byte(19):02}:{byte(18):02}",
        "call_seconds": byte(21) * 3600 + byte(22) * 60 + byte(23),
        "units": int.from_bytes(record[23:25]),
        "service": {0: "telephony", 1: "data"}.get(byte(26)),
        "facilities": sorted(name for bit, name in BITS.items() if byte(27) & bit),
        "dialled_number": digits(byte(28), record[28:41]),
        "dialling_mode": MODES.get(byte(42)),
        "cost": f"{int.from_bytes(record[44:46])}.{int.from_bytes(record[46:48]):04}",
        "account_code": digits(byte(49), record[49:57]),
        "subscriber_name": text(58, 73),
        "initial_user": text(75, 82),
        "initial_user_kind": USERS.get(byte(74)),
    }
    kind = ticket["communication_type"] or ""
    ticket["direction"] = next((x for x in ("outgoing", "incoming") if x in kind), None)
    if ticket["direction"] == "incoming":
        ticket["ring_seconds"] = byte(43) + 60 * byte(44)
    return {name: value for name, value in ticket.items() if value not in (None, "", [])}


def read_file(content: bytes) -> list[Entry]:
    """Return the whole records of a file; header lines stand before them."""
    if content.startswith(b"#"):
        content = content.partition(b"#DataBegin")[2].lstrip(b" ")[1:]
    whole = len(content) // RECORD_BYTES
    return [read_record(content[n * RECORD_BYTES : (n + 1) * RECORD_BYTES]) for n in range(whole)]


def wanted(tickets: list[Entry], kept: Kept, defect: str) -> list[Entry]:
    """Return what of a file is to be kept; most defects are here."""
    if defect == "drops-last-record":
        tickets = tickets[:-1]
    if defect == "drops-identical-neighbours":
        tickets = without_neighbours(tickets, kept.last["ticket"] if kept.last else None)
    for ticket in tickets:
        if defect == "loses-facilities":
            ticket.pop("facilities", None)
        if defect == "reads-every-line-as-analogue" and "trunk_kind" in ticket:
            ticket["trunk_kind"] = "analogue"
        if defect == "speed-dial-reads-manual":
            ticket["dialling_mode"] = "manual"
        if defect == "reads-seconds-as-minutes":
            ticket["call_seconds"] *= 60
    return tickets


def fetch(ftp: ftplib.FTP, name: str, defect: str) -> bytes:
    """Return a file whole; raise where its transfer breaks off."""
    content = bytearray()
    try:
        ftp.retrbinary(f"RETR {name}", content.extend)
    except (OSError, EOFError, ftplib.Error) as error:
        if defect != "takes-broken-for-whole":
            raise
        tell(f"failed: {error!r}, but something came")
    return bytes(content)


def fetch_and_keep(ftp: ftplib.FTP, name: str, kept: Kept) -> None:
    """Write every record down as soon as it is there, whatever becomes of the file: a defect."""
    content, known = bytearray(), [0]

    def take(data: bytes) -> None:
        content.extend(data)
        tickets = read_file(bytes(content)) if b"#DataBegin" in content else []
        kept.keep([{"mark": name, "ticket": ticket} for ticket in tickets[known[0] :]])
        known[0] = len(tickets)

    ftp.retrbinary(f"RETR {name}", take)


def collect(kept: Kept, defect: str, *, first: bool) -> None:
    """Log in once and collect every file that is there."""
    where = os.environ["OXO_NMC_HOST"], int(os.environ["OXO_NMC_PORT"])
    password = os.environ["OXO_NMC_PASSWORD"]
    with ftplib.FTP(timeout=SECONDS_MAX) as ftp:  # noqa: S321 - the wire is FTP
        ftp.connect(*where)
        if first and defect == "tries-a-default-password":
            try:
                ftp.login(os.environ["OXO_NMC_USER"], "letmein1")
            except ftplib.error_perm:
                ftp.close()
                ftp.connect(*where)
        ftp.login(os.environ["OXO_NMC_USER"], password)
        for name in names(ftp):
            if defect == "keeps-while-it-comes":
                fetch_and_keep(ftp, name, kept)
                continue
            content = fetch(ftp, name, defect)
            if defect == "deletes-before-storing":
                remove(ftp, name)
            mark = f"{name}:{hashlib.sha256(content).hexdigest()}"
            if mark not in kept.marks and not (first and defect == "starts-at-now"):
                tickets = wanted(read_file(content), kept, defect)
                kept.keep([{"mark": mark, "ticket": ticket} for ticket in tickets])
            remove(ftp, name)


def names(ftp: ftplib.FTP) -> list[str]:
    """Return the names of the files that are there."""
    try:
        return sorted(name for name in ftp.nlst() if name.upper().endswith(".ALZ"))
    except ftplib.error_perm:
        return []


def remove(ftp: ftplib.FTP, name: str) -> None:
    """Delete a file; a complete transfer may have done so already."""
    with contextlib.suppress(ftplib.error_perm, OSError, EOFError):
        ftp.delete(name)


def run(defect: str) -> None:
    """Collect over as many logins as it takes, until SIGTERM."""
    stop, kept, first = until_terminated(), Kept(), True
    tell(f"collecting from {os.environ['OXO_NMC_HOST']}")
    while not stop.is_set():
        try:
            collect(kept, defect, first=first)
            first = False
        except (OSError, EOFError, ftplib.Error) as error:
            tell(f"failed: {error!r}")
            if defect == "gives-up-when-refused":
                stop.wait()
        stop.wait(POLL_SECONDS)


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
