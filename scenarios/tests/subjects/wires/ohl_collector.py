"""A plain hotel system that collects call and wake-up tickets, with defects to switch on.

Without `--defect` it is right: it keeps a frame, then acknowledges it; the first frame of a new
connection that equals the last one kept is that one again, because its answer may have been lost.
Letters and lengths are those of a public program, positions those of this project (facts: oxo 4.1).
"""

import argparse
import os
import socket
import threading
from functools import reduce
from operator import xor
from typing import Any

from kept import (  # type: ignore[import-not-found]  # beside this file
    Entry,
    Kept,
    deliver,
    tell,
    until_terminated,
)

STX, ETX, ACK, NAK = b"\x02", b"\x03", b"\x06", b"\x15"
LENGTHS = {"@": 7, "$": 7, "J": 74, "P": 49}
POLL_SECONDS = 0.1
DEFECTS = (
    "none",
    "acknowledges-before-storing",
    "drops-identical-neighbours",
    "stores-twice",
    "ignores-wake-ups",
    "reads-every-wake-up-as-activation",
    "reads-seconds-as-minutes",
    "gives-up-when-lost",
    "never-acknowledges",
)
STATES = {"A": "activation", "C": "cancellation", "F": "failed", "D": "complete"}


def read_frame(frame: bytes) -> Entry | None:
    """Return the ticket of a frame, letter and body; `None` where it is none."""
    text = frame.decode("iso-8859-1")
    kind, body = text[0], text[1:]

    def cell(first: int, last: int) -> str:
        return body[first - 1 : last].strip()

    def day(first: int) -> str:
        told = body[first - 1 : first + 5]
        return f"20{told[4:]}-{told[2:4]}-{told[:2]}"

    if kind == "J":
        clock, lasted = cell(22, 27), cell(28, 33)
        ticket: Entry = {
            "kind": "call",
            "local_time": f"{day(16)}T{clock[:2]}:{clock[2:4]}:{clock[4:]}",
            "charged_user": cell(1, 8),
            "direction": {"O": "outgoing", "I": "incoming"}.get(cell(9, 9)),
            "units": int(cell(10, 15)),
            "call_seconds": int(lasted[:2]) * 3600 + int(lasted[2:4]) * 60 + int(lasted[4:]),
            "dialled_number": cell(34, 59),
            "cost": f"{int(cell(60, 69)[:-2])}.{cell(60, 69)[-2:]}",
        }
    elif kind == "P":
        clock, wake = cell(16, 19), cell(20, 23)
        ticket = {
            "kind": "reminder",
            "resolution": "minute",
            "local_time": f"{day(10)}T{clock[:2]}:{clock[2:]}:00",
            "charged_user": cell(1, 8),
            "reminder_state": STATES.get(cell(9, 9)),
            "reminder_time": f"{wake[:2]}:{wake[2:]}:00",
            "subscriber_name": cell(25, 44),
        }
    else:
        return None
    return {name: value for name, value in ticket.items() if value not in (None, "")}


class Conversation:
    """One connection with the exchange."""

    def __init__(self, line: socket.socket, kept: Kept, defect: str) -> None:
        self.line, self.kept, self.defect = line, kept, defect
        self.pending, self.first = b"", True

    def received(self, data: bytes) -> None:
        """Take bytes; answer every frame that is whole."""
        self.pending += data
        while (begin := self.pending.find(STX)) >= 0:
            self.pending = self.pending[begin:]
            length = LENGTHS.get(self.pending[1:2].decode("iso-8859-1"), 0)
            if len(self.pending) < max(length, 2):
                return
            if not length:
                self.pending = self.pending[1:]
                continue
            frame, self.pending = self.pending[:length], self.pending[length:]
            self.answer(frame)

    def answer(self, frame: bytes) -> None:
        """Keep a frame, then acknowledge it."""
        content, told = frame[1:-3], frame[-3:-1]
        if frame[1:2] in (b"@", b"$"):
            self.line.sendall(ACK)
            return
        if frame[-1:] != ETX or f"{reduce(xor, content):02X}".encode() != told:
            self.line.sendall(NAK)
            return
        if self.defect == "acknowledges-before-storing":
            self.line.sendall(ACK)
            threading.Event().wait(0.2)
        self.keep(content)
        self.first = False
        if self.defect not in ("acknowledges-before-storing", "never-acknowledges"):
            self.line.sendall(ACK)

    def keep(self, content: bytes) -> None:
        """Keep a ticket, unless it is the last one again; most defects are here."""
        ticket, mark = read_frame(content), content.hex()
        again = self.kept.last is not None and self.kept.last["mark"] == mark
        if self.defect == "drops-identical-neighbours":
            known = again
        else:
            known = again and self.first and self.defect != "stores-twice"
        silent = self.defect == "ignores-wake-ups" and content[:1] == b"P"
        if ticket is not None and self.defect == "reads-seconds-as-minutes":
            ticket["call_seconds"] *= 60
        if self.defect == "reads-every-wake-up-as-activation" and ticket is not None:
            ticket |= {"reminder_state": "activation"} if "reminder_state" in ticket else {}
        if ticket is not None and not known and not silent:
            self.kept.keep([{"mark": mark, "ticket": ticket}])


def run(defect: str) -> None:
    """Collect over as many connections as it takes, until SIGTERM."""
    stop, kept = until_terminated(), Kept()
    where = os.environ["OXO_OHL_HOST"], int(os.environ["OXO_OHL_PORT"])
    tell(f"collecting from {where[0]}:{where[1]}")
    while not stop.is_set():
        try:
            with socket.create_connection(where, timeout=2) as line:
                converse(Conversation(line, kept, defect), stop)
        except OSError as error:
            tell(f"failed: {error!r}")
            if defect == "gives-up-when-lost":
                stop.wait()
        stop.wait(POLL_SECONDS)


def converse(conversation: Conversation, stop: threading.Event) -> None:
    """Take what the exchange says until the connection is lost."""
    conversation.line.settimeout(POLL_SECONDS)
    while not stop.is_set():
        try:
            data = conversation.line.recv(4096)
        except TimeoutError:
            continue
        if not data:
            raise ConnectionError("the exchange hung up")
        conversation.received(data)


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
