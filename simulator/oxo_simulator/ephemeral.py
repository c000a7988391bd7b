"""An exchange for one program: in a process of its own, on free ports, gone with its maker.

The process ends when its standard input does, so it ends with the program that started it, even
if that is killed; it removes its folder then. The pytest fixture `oxo` is one of these.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self, get_args

import msgspec
from oxo_tickets import Ticket, from_json

from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import CallOrder, Installation, LedgerLine, WireName

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 10.0
WAIT_SECONDS = 20.0
LOAD_AT_ONCE_MAX = 1_000
LOG_BYTES_MAX = 2_000
PATH = "/services/taxation"
PORTS = ("standard", "alternate", *get_args(WireName)[1:])
"""Held on free numbers, so that a test can open whichever wire it wants."""


class NotStarted(RuntimeError):
    """The exchange did not start, or did not in time; the text ends with what it said."""


class EventMissing(AssertionError):
    """The ledger has no such line within the time given."""


class EphemeralExchange:
    """A simulated exchange that runs until this is closed, or until this process ends.

    Attributes:
        url: of the taxation service on the standard port; `urls` has its ports by name.
        ports: name -> number of every port of every wire.
        ca_file: certificate of the authority that collectors have to trust.
        user: account of the taxation service, with its `password`.
        folder: its state folder, for `oxo-sim --state`.
        control: the whole control API.
        start_seconds: from the start of the process until everything listened.

    Args:
        options: of `oxo-sim run`, in place of free ports and the profile `certify`.

    Raises:
        NotStarted: see there.
    """

    def __init__(self, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="oxo-"))
        began = time.monotonic()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the exchange
        ports = [word for name in PORTS for word in ("--port", f"{name}=0")]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-P", "-m", "oxo_simulator", "run", "--ephemeral", "--json",
             "--state", str(self.folder), *ports, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            start_new_session=True,  # an interruption at the keyboard is its maker's
        )  # fmt: skip
        try:
            described = self._ready()
        except BaseException:
            self._end()
            raise
        self.start_seconds = time.monotonic() - began
        self.ca_file = str(described["ca_file"])
        self.user = str(described["user"])
        self.password = (self.folder / "taxation.password").read_text("utf-8").strip()
        self.urls = {
            port["name"]: f"https://{port['address']}:{port['port']}{PATH}"
            for port in described["ports"]
            if port["wire"] == "taxation"
        }
        self.ports = {str(port["name"]): int(port["port"]) for port in described["ports"]}
        self.url = self.urls["standard"]
        self.control = ControlClient.from_state(self.folder)
        self._fingerprint = str(described["fingerprint"])

    def __repr__(self) -> str:
        return f"EphemeralExchange({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; its folder goes with it."""
        self.control.close()
        self._end()

    def reusable(self) -> bool:
        """Tell whether it runs and still shows the certificate that it started with."""
        if self._process.poll() is not None:
            return False
        return self.control.state().fingerprint == self._fingerprint

    def renew(self, installation: Installation | None = None) -> None:
        """Make everything fresh: empty buffer, whole link, new ledger, manual time."""
        self.control.pace(0)
        self.control.install(installation or Installation())

    def call(self, user: str = "128", number: str = "0390670000", **order: Any) -> list[Ticket]:
        """Place a call and return its tickets.

        Args:
            user: the set that calls or is called.
            number: the other party.
            order: any other field of `CallOrder`, such as `direction="incoming"`, `units=3`.
        """
        fields = {"direction": "outgoing", "user": user, "number": number, **order}
        before = self.control.state().ledger_last
        placed = self.control.place_calls(msgspec.convert(fields, CallOrder))
        return [
            msgspec.convert(line.detail["ticket"], Ticket)
            for line in self.control.ledger(before)
            if line.event == "made" and line.detail["id"] in placed.ids
        ]

    def load(self, tickets: Path | str | Iterable[Ticket | Mapping[str, Any]]) -> list[int]:
        """Write tickets as they are and return their ledger ids.

        Args:
            tickets: `Ticket`s, mappings of their canonical JSON, or a file of them, one a line.
        """
        if isinstance(tickets, Path | str):
            lines = Path(tickets).read_bytes().splitlines()
            found = [from_json(line) for line in lines if line.strip()]
        else:
            found = [
                one if isinstance(one, Ticket) else from_json(msgspec.json.encode(one))
                for one in tickets
            ]
        batches = (
            found[begin : begin + LOAD_AT_ONCE_MAX]
            for begin in range(0, len(found), LOAD_AT_ONCE_MAX)
        )
        return [number for batch in batches for number in self.control.load(batch).ids]

    def advance(self, seconds: float) -> datetime:
        """Move exchange time and return it."""
        return self.control.advance(seconds).exchange_time

    def ledger(self, event: str | None = None) -> list[LedgerLine]:
        """Return the ledger, or its lines of one event."""
        return [line for line in self.control.ledger() if event in (None, line.event)]

    @property
    def waiting(self) -> int:
        """How many tickets wait for a collector."""
        return self.control.state().buffered

    def wait_for(self, event: str, seconds: float = WAIT_SECONDS, **detail: Any) -> LedgerLine:
        """Return the first ledger line of that event and detail; wait until it is there.

        Raises:
            EventMissing: it did not come within so many seconds.
        """
        last, latest = 0, time.monotonic() + seconds
        while True:
            left = max(0.0, latest - time.monotonic())
            for line in self.control.ledger(last, left):
                last = line.n
                if line.event == event and _has(line, detail):
                    return line
            if not left:
                break
        wanted = "".join(f", {key}={value!r}" for key, value in detail.items())
        raise EventMissing(f"no {event!r}{wanted} in the ledger within {seconds} s")

    def _ready(self) -> dict[str, Any]:
        giving_up = threading.Timer(START_SECONDS_MAX, self._process.kill)
        giving_up.start()
        assert self._process.stdout is not None  # it is a pipe
        line = self._process.stdout.readline()
        giving_up.cancel()
        if not line:
            self._process.wait()
            raise NotStarted(
                f"the exchange ended with status {self._process.returncode} before it was ready "
                f"(it has {START_SECONDS_MAX} s): {self._said()}"
            )
        described: dict[str, Any] = json.loads(line)
        return described

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read()[-LOG_BYTES_MAX:].decode("utf-8", "replace").strip()

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _has(line: LedgerLine, detail: Mapping[str, Any]) -> bool:
    return all(key in line.detail and line.detail[key] == wanted for key, wanted in detail.items())
