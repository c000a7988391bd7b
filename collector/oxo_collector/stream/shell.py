"""The thread that reads: carries out the conversation on the socket and the spool.

It never waits for the store. What is to be told goes to the thread that stores, which has the time
to write it down.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from oxo_collector.failure import Failure
from oxo_collector.report import Report
from oxo_collector.stream.chunk import Chunk, Kind
from oxo_collector.stream.machine import OnTheFly
from oxo_collector.stream.messages import (
    Begin,
    Command,
    Connect,
    End,
    Event,
    HangUp,
    Heard,
    Keep,
    NotSpooled,
    Receive,
    Send,
    SetAside,
    Spooled,
    Spooling,
)
from oxo_collector.stream.spool import SpoolRefused
from oxo_collector.tcp_events import Connected, Lost, Received, Sent, Silent
from oxo_collector.turns import HungUp, Started, TimeUp, Wait, converse


class Wire(Protocol):
    """What the shell needs of a transport."""

    @property
    def wheres(self) -> tuple[str, ...]:
        """The addresses for reports."""

    def connect(self, address: int) -> Failure | None:
        """Connect anew."""

    def receive(self, seconds: float, stop: threading.Event | None) -> bytes | Failure | None:
        """Return what came; None: nothing came in so many seconds, or a stop was asked."""

    def send(self, data: bytes, *, last: bool) -> Failure | None:
        """Send."""

    def close(self) -> None:
        """Close the connection."""


class Spooler(Protocol):
    """What the shell needs of the spool."""

    def append(self, chunk: Chunk) -> None:
        """Make a chunk durable."""


@dataclass
class Shell:
    """Drives the conversation to its end, in the calling thread.

    Attributes:
        machine: the conversation.
        wire: the transport.
        spool: where everything goes first.
        stop: set when the collection is to end; breaks waits off.
        report: takes each report; returns at once.
        heard: is told that the exchange answered; returns at once.
        epoch: names a connection, unlike any other.
        now: seconds since 1970, for the spool.
    """

    machine: OnTheFly
    wire: Wire
    spool: Spooler
    stop: threading.Event
    report: Callable[[Report], None]
    heard: Callable[[], None]
    epoch: Callable[[], str]
    now: Callable[[], float] = time.time
    _epoch: str = field(default="", init=False)
    _peer: str = field(default="", init=False)

    def run(self) -> None:
        """Converse until the conversation has ended."""
        try:
            begun: Event = Started()
            converse(self.machine, begun, self.stop, self._one, self.report)
        finally:
            self.wire.close()

    def _one(self, command: Command) -> Event:  # noqa: PLR0911 - one line for each command
        match command:
            case Connect(address):
                return self._connect(address)
            case Receive(seconds, through):
                return self._receive(seconds, through=through)
            case Send(data, last):
                failure = self.wire.send(data, last=last)
                return Lost(failure) if failure else Sent()
            case Begin() | Keep() | SetAside() | End():
                return self._spooled(command)
            case Heard():
                self.heard()
                return Sent()
            case HangUp():
                self.wire.close()
                return HungUp()
            case Wait(seconds):
                self.stop.wait(seconds)
                return TimeUp()
            case Report():
                raise AssertionError("reports give no event")
            case _:
                assert_never(command)

    def _connect(self, address: int) -> Event:
        failure = self.wire.connect(address)
        if failure:
            return Lost(failure)
        self._epoch, self._peer = self.epoch(), self.wire.wheres[address]
        return Connected(self._epoch)

    def _receive(self, seconds: float, *, through: bool) -> Event:
        came = self.wire.receive(seconds, None if through else self.stop)
        if isinstance(came, Failure):
            return Lost(came)
        return Silent() if came is None else Received(came)

    def _spooled(self, command: Spooling) -> Event:
        try:
            self.spool.append(self._chunk(command))
        except SpoolRefused as error:
            return NotSpooled(str(error))
        return Spooled()

    def _chunk(self, command: Spooling) -> Chunk:
        match command:
            case Begin():
                return self._new(Kind.BEGUN, 1, 0, self._peer.encode())
            case Keep(first, frames):
                return self._new(Kind.FRAMES, first, len(frames), b"".join(frames))
            case SetAside(ordinal, reason, raw):
                payload = reason.encode() + b"\0" + raw
                return self._new(Kind.ASIDE, ordinal, 1 if ordinal else 0, payload)
            case End(ordinal, why):
                kind = Kind.ENDED if why is None else Kind.BROKEN
                return self._new(kind, ordinal, 0, (why or "").encode())
            case _:
                assert_never(command)

    def _new(self, kind: Kind, first: int, count: int, payload: bytes) -> Chunk:
        return Chunk(kind, self._epoch, first, count, int(self.now() * 1000), payload)
