"""A plain collector of Ethernet on the fly, healed from account files; with defects to switch on.

Without `--defect` it is right: frames by their length, each kept before the next is read, every
keep-alive answered, and what the stream lost taken from the account files, counted as multisets.
"""

import argparse
import ftplib
import os
import socket
import threading
import time
from typing import Any

from ed52 import (  # type: ignore[import-not-found]  # beside this file
    RECORD_CHARACTERS,
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
)

OPEN, MAIN, START = b"\x00\x01S", b"P", b"\x00\x02\x00\x00"
REQUEST, RESPONSE = b"TEST_REQ", b"\x00\x08TEST_RSP"
TICKET_BYTES, CDR, HEADER_BYTES = 772, 2, 4
POLL_SECONDS = 0.1
SECONDS_MAX = 2.0
NOW_SECONDS = 0.5
DEFECTS = (
    "none",
    "starts-at-now",
    "frames-by-read-size",
    "keeps-in-memory",
    "drops-identical-neighbours",
    "answers-no-keep-alive",
    "reads-columns-one-off",
    "speed-dial-reads-manual",
    "loses-facilities",
    "never-heals",
    "heals-by-set",
    "heals-everything-again",
    "gives-up-when-lost",
    "gives-up-when-refused",
)


class Collector:
    """One run of the program; stream and files are kept in turn."""

    def __init__(self, defect: str) -> None:
        self.defect = defect
        self.both = Both(Kept(lazy=defect == "keeps-in-memory"))
        self.lock = threading.Lock()
        self.last = ""
        self.begun = time.monotonic()

    def ticket(self, body: bytes) -> None:
        """Keep the ticket of a frame, if it is a call's."""
        if body[2] != CDR:
            return
        record = body[HEADER_BYTES : HEADER_BYTES + RECORD_CHARACTERS].decode("latin-1")
        again, self.last = record == self.last, record
        if again and self.defect == "drops-identical-neighbours":
            return
        if self.defect == "starts-at-now" and time.monotonic() < self.begun + NOW_SECONDS:
            return
        with self.lock:
            self.both.keep("stream", "", [record], [self.read(record)])

    def read(self, record: str) -> Entry:
        """Read a record."""
        ticket: Entry = read_record(record, shift=self.defect == "reads-columns-one-off")
        if self.defect == "loses-facilities":
            ticket.pop("facilities", None)
        if self.defect == "speed-dial-reads-manual" and "dialling_mode" in ticket:
            ticket["dialling_mode"] = "manual"
        return ticket

    def heal(self) -> None:
        """Fetch the account files that are new, and keep what the stream has not told."""
        with log_in() as ftp:
            for name in names(ftp):
                if name in self.both.marks:
                    continue
                content = bytearray()
                fetch(ftp, name, content)
                records, _ = records_of(bytes(content))
                with self.lock:
                    tickets = [self.read(record) for record in records]
                    self.both.keep("file", name, records, tickets, self.defect)


class Conversation:
    """One connection with the exchange."""

    def __init__(self, line: socket.socket, collector: Collector) -> None:
        self.line, self.collector = line, collector
        self.pending, self.ready = b"", False

    def received(self, data: bytes) -> None:
        """Take bytes; answer every frame that is whole."""
        if self.collector.defect == "frames-by-read-size":
            self.frame(data[2:])
            return
        self.pending += data
        while len(self.pending) >= 2:
            length = int.from_bytes(self.pending[:2])
            if len(self.pending) < 2 + length:
                return
            body, self.pending = self.pending[2 : 2 + length], self.pending[2 + length :]
            self.frame(body)

    def frame(self, body: bytes) -> None:
        """Take one frame."""
        if not self.ready:
            if body[:1] != MAIN:
                raise ConnectionError("not the main one")
            self.ready = True
            self.line.sendall(START)
        elif body == REQUEST:
            if self.collector.defect != "answers-no-keep-alive":
                self.line.sendall(RESPONSE)
        elif len(body) == TICKET_BYTES:
            self.collector.ticket(body)


def converse(conversation: Conversation, stop: threading.Event) -> None:
    """Take what the exchange says until the connection is lost."""
    conversation.line.settimeout(POLL_SECONDS)
    conversation.line.sendall(OPEN)
    while not stop.is_set():
        try:
            data = conversation.line.recv(65536)
        except TimeoutError:
            continue
        if not data:
            raise ConnectionError("the exchange hung up")
        conversation.received(data)


def heal_on(collector: Collector, stop: threading.Event) -> None:
    """Look for new files until SIGTERM."""
    while not stop.wait(POLL_SECONDS):
        try:
            collector.heal()
        except (OSError, EOFError, ValueError, ftplib.Error) as error:
            tell(f"failed: {error!r}")


def run(defect: str) -> None:
    """Collect over as many connections as it takes, until SIGTERM."""
    stop, collector = until_terminated(), Collector(defect)
    ports = [int(os.environ[name]) for name in ("OXO_STREAM_PORT", "OXO_STREAM_SECOND_PORT")]
    tell("collecting from the stream")
    if defect != "never-heals":
        threading.Thread(target=heal_on, args=(collector, stop), daemon=True).start()
    while not stop.is_set():
        connected = False
        try:
            where = (os.environ["OXO_STREAM_HOST"], ports[0])
            with socket.create_connection(where, timeout=SECONDS_MAX) as line:
                connected = True
                converse(Conversation(line, collector), stop)
        except OSError as error:
            tell(f"failed: {error!r}")
            ports.reverse()
            if defect == ("gives-up-when-lost" if connected else "gives-up-when-refused"):
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
