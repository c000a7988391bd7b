"""What the foreign collectors of the other wires share: one JSON line a ticket, durable at once."""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Kept:
    """Tickets with the mark of where each came from; a torn last line is cut away.

    With `lazy` it writes nothing down before it is told to end in peace: a defect.
    """

    def __init__(self, *, lazy: bool = False) -> None:
        self.path = Path(os.environ["OXO_WORK"]) / "kept.ndjson"
        self.lazy = lazy
        content = self.path.read_bytes() if self.path.exists() else b""
        self.path.write_bytes(content[: content.rfind(b"\n") + 1])
        self.entries: list[Entry] = [
            json.loads(line) for line in self.path.read_bytes().splitlines()
        ]
        self.pending: list[Entry] = []

    def keep(self, entries: list[Entry]) -> None:
        """Write entries down; when this returns they are on the disk."""
        self.entries += entries
        self.pending += entries
        if not self.lazy:
            self.flush()

    def flush(self) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in self.pending))
            file.flush()
            os.fsync(file.fileno())
        self.pending = []

    @property
    def marks(self) -> set[str]:
        return {str(entry["mark"]) for entry in self.entries}

    @property
    def last(self) -> Entry | None:
        return self.entries[-1] if self.entries else None


def deliver() -> None:
    """Print what was kept, as canonical tickets."""
    path = Path(os.environ["OXO_WORK"]) / "kept.ndjson"
    for line in path.read_bytes().splitlines() if path.exists() else []:
        sys.stdout.write(json.dumps(json.loads(line)["ticket"]) + "\n")


def until_terminated() -> threading.Event:
    """Return an event that SIGTERM sets."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return stop


def without_neighbours(tickets: list[Entry], before: Entry | None) -> list[Entry]:
    """Leave out every ticket that equals the one before it: a defect."""
    left: list[Entry] = []
    for ticket in tickets:
        if before != ticket:
            left.append(ticket)
        before = ticket
    return left
