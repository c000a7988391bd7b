"""What the foreign collectors of records ED5.2 share: records, account files, and keeping both.

Typed from the facts (oxe 1 to 3), by the header of a file where there is one. Unix compress is read
by gzip, as practitioners do it.
"""

import ftplib
import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from kept import Entry, Kept, tell  # type: ignore[import-not-found]  # beside this file

RECORD_CHARACTERS = 525
SECONDS_MAX = 2.0
EXPAND_SECONDS_MAX = 10.0
COLUMNS = {
    "TicketVersion": (1, 5), "CalledNumber": (6, 35), "ChargedNumber": (36, 65),
    "ChargedUserName": (66, 85), "CallType": (167, 168), "CostType": (169, 169),
    "EndDateTime": (170, 186), "ChargeUnits": (187, 191), "CostInfo": (192, 201),
    "Duration": (202, 211), "TrunkIdentity": (212, 216), "AccessCode": (228, 243),
    "ExternalFacilities": (269, 308), "InternalFacilities": (309, 348), "ComType": (389, 389),
    "InitialDialledNumber": (396, 425), "WaitingDuration": (426, 430),
    "EffectiveCallDuration": (431, 440), "StartDateTime": (442, 458),
}  # fmt: skip
OUTGOING, INCOMING, LOCAL = (0, 1, 2, 7, 8, 11, 15), (4, 5, 9, 10, 12, 13), (3, 14)
TYPES = {0: "", 1: "", 4: "", 5: "", 15: " transit"}
INTERNAL = {
    5: "forwarding", 6: "forwarding", 7: "forwarding", 8: "transfer", 25: "remote substitution",
}  # fmt: skip
EXTERNAL = {5: "external forwarding", 10: "online metering", 14: "user-to-user signalling"}
Columns = dict[str, tuple[int, int]]


def columns_of(header: str) -> Columns:
    """Return name -> first and last character of the columns that a file's first line tells."""
    words = [word.strip() for word in header.lstrip("#").rstrip(", ").split(",")]
    return {words[n]: (int(words[n + 1]), int(words[n + 2])) for n in range(0, len(words), 4)}


def read_record(record: str, columns: Columns = COLUMNS, shift: int = 0) -> Entry:
    """Return one record as a canonical ticket; a `shift` of its columns is a defect."""

    def text(name: str) -> str:
        first, last = columns[name]
        return record[first - 1 + shift : last + shift].strip()

    def number(name: str) -> int:
        return int(text(name)) if text(name).isdigit() else 0

    def instant(name: str) -> str:
        told = text(name)
        return f"{told[:4]}-{told[4:6]}-{told[6:8]}T{told[-8:]}"

    code, com = number("CallType"), number("ComType")
    flags = {
        name: text(name).ljust(40, "0") for name in ("ExternalFacilities", "InternalFacilities")
    }
    facilities = {word for bit, word in INTERNAL.items() if flags["InternalFacilities"][bit] == "1"}
    facilities |= {
        word for bit, word in EXTERNAL.items() if flags["ExternalFacilities"][bit] == "1"
    }
    ticket: Entry = {
        "kind": "facility" if com in (3, 4) else "local call" if code in LOCAL else "call",
        "local_time": instant("StartDateTime"),
        "local_end": instant("EndDateTime"),
        "charged_user": text("ChargedNumber"),
        "dialled_number": text("CalledNumber"),
        "subscriber_name": text("ChargedUserName"),
        "account_code": text("AccessCode"),
        "units": number("ChargeUnits"),
        "cost": f"{number('CostInfo') // 100}.{number('CostInfo') % 100:02}",
        "trunk": "" if number("TrunkIdentity") == 65535 else str(number("TrunkIdentity")),
        "trunk_kind": "analogue" if number("CostType") == 1 else "",
        "service": {2: "data", 3: "", 4: ""}.get(com, "telephony"),
        "facilities": sorted(facilities),
        "call_seconds": number("Duration"),
    }
    ticket |= _called(code, com, text, number, "transfer" in facilities)
    if ticket.get("direction") == "outgoing":
        modes = {32: "collective speed dial", 33: "individual speed dial"}
        chosen = [mode for bit, mode in modes.items() if flags["InternalFacilities"][bit] == "1"]
        ticket["dialling_mode"] = [*chosen, "manual"][0]
    ticket["masked"] = {
        name: len(told) - len(told.rstrip(mark))
        for name, mark in (("dialled_number", "-"), ("initial_user", "-"), ("charged_user", "*"))
        if (told := str(ticket.get(name, ""))).endswith(mark)
    }
    return {name: value for name, value in ticket.items() if value not in (None, "", [], {})}


def _called(code: int, com: int, text: Any, number: Any, transferred: bool) -> Entry:  # noqa: FBT001
    """Return what a record says by its call type."""
    if com in (3, 4):
        told = {3: "facility request", 4: "facility cancelled"}[com]
        return {"communication_type": told, "direction": "outgoing"}
    if code in LOCAL:
        return {"direction": "local", "trunk": "", "subscriber_name": ""}
    if code not in (*OUTGOING, *INCOMING):
        return {"communication_type": "unknown"}
    way = "outgoing" if code in OUTGOING else "incoming"
    moved = " transfer" if transferred else ""
    found: Entry = {"direction": way}
    found["communication_type"] = f"{way}{moved}{TYPES.get(code, ' private')}"
    if way == "incoming":
        found["initial_user"] = text("InitialDialledNumber")
        found["ring_seconds"] = number("WaitingDuration")
        found["call_seconds"] = number("EffectiveCallDuration")
    return found


def expand(content: bytes) -> bytes:
    """Return what is compressed; of a broken file as much as gzip makes of it."""
    done = subprocess.run(
        ["gzip", "-dc"],
        input=content, capture_output=True, check=False, timeout=EXPAND_SECONDS_MAX,
    )  # fmt: skip
    return done.stdout


def records_of(content: bytes, *, broken: bool = False) -> tuple[list[str], Columns]:
    """Return records and columns of a file.

    Raises:
        ValueError: it is not whole, and `broken` does not allow that.
    """
    text = expand(content).decode("latin-1")
    lines = text.split("\n")
    whole, rest = lines[:-1], lines[-1]
    if not broken and (rest or not whole):
        raise ValueError("the file ends within a line")
    columns = columns_of(whole[0]) if whole and whole[0].startswith("#") else COLUMNS
    records = [line for line in whole if not line.startswith("#")]
    by_header = max(last for _, last in columns.values())
    length = RECORD_CHARACTERS if columns is COLUMNS else by_header
    if not broken and any(len(line) != length for line in records):
        raise ValueError(f"a line has not {length} characters")
    return [line for line in records if len(line) == length], columns


class Both:
    """Tickets of stream and files, told apart by where they came from, equal ones counted.

    The k-th equal record of a file is the k-th of the stream: what the other has already told is
    noted, and not shown again.
    """

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.told: dict[str, Counter[str]] = {"stream": Counter(), "file": Counter()}
        for entry in kept.entries:
            self.told[entry["source"]].update(entry["records"])

    @property
    def marks(self) -> set[str]:
        """Return the names of the files that were kept."""
        return {str(entry["mark"]) for entry in self.kept.entries}

    def keep(
        self, source: str, mark: str, records: list[str], tickets: list[Entry], heal: str = ""
    ) -> None:
        """Keep records of a file or a frame, in one durable line; `heal` is a defect of healing."""
        mine, other = self.told[source], self.told["file" if source == "stream" else "stream"]
        shown = []
        for record, ticket in zip(records, tickets, strict=True):
            mine[record] += 1
            new = mine[record] > other[record]
            if heal == "heals-by-set":
                new = not other[record]
            if new or heal == "heals-everything-again":
                shown.append(ticket)
        entry = {"mark": mark, "source": source, "records": records, "tickets": shown}
        self.kept.keep([entry])


def deliver() -> None:
    """Print what was kept, as canonical tickets."""
    path = Path(os.environ["OXO_WORK"]) / "kept.ndjson"
    for line in path.read_bytes().splitlines() if path.exists() else []:
        for ticket in json.loads(line)["tickets"]:
            tell(json.dumps(ticket))


def log_in() -> ftplib.FTP:
    """Return a connection to the account files, in their folder."""
    ftp = ftplib.FTP(timeout=SECONDS_MAX)  # noqa: S321 - the wire is FTP
    ftp.connect(os.environ["OXO_ACCOUNT_HOST"], int(os.environ["OXO_ACCOUNT_PORT"]))
    ftp.login(os.environ["OXO_ACCOUNT_USER"], os.environ["OXO_ACCOUNT_PASSWORD"])
    ftp.cwd(os.environ["OXO_ACCOUNT_FOLDER"])
    return ftp


def names(ftp: ftplib.FTP) -> list[str]:
    """Return the names of the closed files, by the index or, where there is none, a listing."""
    lines: list[str] = []
    try:
        ftp.retrlines("RETR ACCOUNT.LIS", lines.append)
    except ftplib.error_perm:
        lines = ftp.nlst()
    found = [line.split()[0] for line in lines if line.strip()]
    return [name for name in found if name.startswith("TAX") and name.endswith(".DAT")]


def fetch(ftp: ftplib.FTP, name: str, content: bytearray) -> None:
    """Fetch a file into `content`; raises where its transfer breaks off."""
    ftp.retrbinary(f"RETR {name}", content.extend)
