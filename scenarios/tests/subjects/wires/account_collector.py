"""A plain collector of account files on the standard library and gzip, with defects to switch on.

Without `--defect` it is right: it reads the index, fetches each file that it has not kept, whole,
and writes its tickets and its name down in one durable line.
"""

import argparse
import ftplib
import os
from pathlib import Path
from typing import Any

from ed52 import (  # type: ignore[import-not-found]  # beside this file
    COLUMNS,
    Both,
    deliver,
    fetch,
    log_in,
    names,
    read_record,
    records_of,
)
from kept import (  # type: ignore[import-not-found]  # beside this file
    Entry,
    Kept,
    tell,
    until_terminated,
    without_neighbours,
)

POLL_SECONDS = 0.1
DEFECTS = (
    "none",
    "reads-everything-again",
    "starts-at-now",
    "marks-before-storing",
    "drops-identical-neighbours",
    "reads-columns-one-off",
    "speed-dial-reads-manual",
    "loses-facilities",
    "takes-broken-for-whole",
    "keeps-while-it-comes",
    "gives-up-when-cut",
    "gives-up-when-refused",
)


class Collector:
    """One run of the program."""

    def __init__(self, defect: str) -> None:
        self.defect = defect
        self.both = Both(Kept())
        self.begun = Path(os.environ["OXO_WORK"]) / "begun"
        self.first = True

    @property
    def done(self) -> set[str]:
        """Return the names that need not be fetched."""
        if self.defect == "reads-everything-again":
            return set()
        begun = self.begun.read_text("ascii").split() if self.begun.exists() else []
        return {*self.both.marks, *begun}

    def collect(self) -> None:
        """Log in once and collect every file that is new."""
        with log_in() as ftp:
            for name in names(ftp):
                if name not in self.done:
                    self.take(ftp, name)
        self.first = False

    def take(self, ftp: ftplib.FTP, name: str) -> None:
        """Fetch a file and keep it."""
        if self.defect == "marks-before-storing":
            with self.begun.open("a", encoding="ascii") as file:
                file.write(f"{name}\n")
        content = bytearray()
        broken = self.defect == "takes-broken-for-whole"
        try:
            if self.defect == "keeps-while-it-comes":
                self.keep_while_it_comes(ftp, name)
                return
            fetch(ftp, name, content)
        except (OSError, EOFError, ftplib.Error):
            if not broken:
                raise
            tell("failed, but something came")
        records, columns = records_of(bytes(content), broken=broken)
        if self.first and self.defect == "starts-at-now":
            records = []
        self.keep(name, records, [self.read(record, columns) for record in records])

    def keep_while_it_comes(self, ftp: ftplib.FTP, name: str) -> None:
        """Write every record down as soon as it is there, whatever becomes of the file."""
        content, known = bytearray(), [0]

        def take(data: bytes) -> None:
            content.extend(data)
            records, columns = records_of(bytes(content), broken=True)
            new = records[known[0] :]
            known[0] = len(records)
            self.both.keep("file", "part", new, [self.read(each, columns) for each in new])

        ftp.retrbinary(f"RETR {name}", take)
        self.both.keep("file", name, [], [])

    def read(self, record: str, columns: Any) -> Entry:
        """Read a record."""
        if self.defect == "reads-columns-one-off":
            return read_record(record, COLUMNS, shift=1)
        ticket: Entry = read_record(record, columns)
        if self.defect == "loses-facilities":
            ticket.pop("facilities", None)
        if self.defect == "speed-dial-reads-manual" and "dialling_mode" in ticket:
            ticket["dialling_mode"] = "manual"
        return ticket

    def keep(self, name: str, records: list[str], tickets: list[Entry]) -> None:
        """Keep a file."""
        if self.defect == "drops-identical-neighbours":
            left = without_neighbours(list(zip(records, tickets, strict=True)), None)
            records, tickets = [each[0] for each in left], [each[1] for each in left]
        self.both.keep("file", name, records, tickets)

    def gives_up(self, error: Exception) -> bool:
        """Tell whether it never tries again."""
        if self.defect == "gives-up-when-cut":
            return isinstance(error, OSError | EOFError)
        return self.defect == "gives-up-when-refused" and isinstance(error, OSError | EOFError)


def run(defect: str) -> None:
    """Collect over as many logins as it takes, until SIGTERM."""
    stop, collector = until_terminated(), Collector(defect)
    tell(f"collecting from {os.environ['OXO_ACCOUNT_HOST']}")
    while not stop.is_set():
        try:
            collector.collect()
        except (OSError, EOFError, ValueError, ftplib.Error) as error:
            tell(f"failed: {error!r}")
            if collector.gives_up(error):
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
