"""Carries out the commands of the hotel link: socket, store, waiting, log."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, assert_never

from oxo_collector import receipt
from oxo_collector.failure import Failure, Fault
from oxo_collector.ohl.machine import HotelLink
from oxo_collector.ohl.messages import (
    Command,
    Connect,
    Event,
    HangUp,
    Keep,
    Kept,
    NotKept,
    Quarantine,
    Receive,
    Send,
    SetAside,
    Started,
)
from oxo_collector.receipt import Piece, Source, Stored
from oxo_collector.report import Report
from oxo_collector.store import StoreUnusable
from oxo_collector.tcp_events import Connected, Lost, Received, Sent, Silent
from oxo_collector.turns import HungUp, TimeUp, Wait, converse

LATE_SECONDS: Final = 1.0
"""No exchange sends a message again sooner; what comes after a longer keeping may be a repeat."""


class Wire(Protocol):
    """What the shell needs of a transport."""

    def connect(self) -> Failure | None:
        """Connect anew."""

    def receive(self, seconds: float, stop: threading.Event) -> bytes | Failure | None:
        """Return what came; None: nothing came in so many seconds, or a stop was asked."""

    def waiting(self) -> bytes:
        """Return what is there already."""

    def send(self, data: bytes) -> Failure | None:
        """Send an answer."""

    def close(self) -> None:
        """Close the connection."""


class Door(Protocol):
    """What the shell needs of the intake."""

    def last_raw(self, source: Source) -> bytes | None:
        """Return the message that was kept last."""

    def contact(self, source: Source) -> None:
        """Note that the exchange answered."""

    def keep_stream(
        self, source: Source, epoch: str, first: int, pieces: Sequence[Piece], raw: bytes
    ) -> Stored:
        """Make a message durable."""

    def keep_unreadable(
        self, source: Source, reason: str, place: str, body: bytes
    ) -> receipt.SetAside:
        """Make durable what is no message."""


@dataclass
class Shell:
    """Drives the conversation to its end, in the calling thread.

    Attributes:
        source: the exchange and its wire.
        link: the machine.
        wire: the transport.
        door: the intake.
        stop: set when the collection is to end; breaks waits off.
        report: takes each report, for the log.
        epoch: names a connection, unlike any other.
        clock: seconds, monotonic.
    """

    source: Source
    link: HotelLink
    wire: Wire
    door: Door
    stop: threading.Event
    report: Callable[[Report], None]
    epoch: Callable[[], str]
    clock: Callable[[], float]
    _keeping: Keep | None = field(default=None, init=False)
    _keeping_since: float = field(default=0.0, init=False)

    def run(self) -> None:
        """Converse until the conversation has ended.

        Raises:
            StoreUnusable: the store cannot be read at the beginning.
        """
        try:
            converse(self.link, self._begin(), self.stop, self._one, self.report)
        finally:
            self.wire.close()

    def _begin(self) -> Event:
        return Started(self.door.last_raw(self.source))

    def _one(self, command: Command) -> Event:  # noqa: PLR0911 - one line for each command
        match command:
            case Connect():
                failure = self.wire.connect()
                return Lost(failure) if failure else Connected(self.epoch())
            case Receive(seconds):
                return self._receive(seconds)
            case Send(data):
                failure = self.wire.send(data)
                return Lost(failure) if failure else Sent()
            case Keep():
                return self._stored(lambda: self._keep(command))
            case Quarantine(reason, raw):
                return self._stored(lambda: self._set_aside(reason, raw))
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

    def _receive(self, seconds: float) -> Event:
        came = self.wire.receive(seconds, self.stop)
        if isinstance(came, Failure):
            return Lost(came)
        if came is None:
            return Received(b"") if self.stop.is_set() else Silent()
        try:
            self.door.contact(self.source)
        except StoreUnusable as error:
            return Lost(_store_failed(error))  # nothing of it was answered: it comes again
        return Received(came)

    def _keep(self, command: Keep) -> Event:
        if command is not self._keeping:  # a second attempt is part of the first
            self._keeping, self._keeping_since = command, self.clock()
        stored = self.door.keep_stream(
            self.source, command.epoch, command.number, (command.piece,), command.raw
        )
        late = self.clock() - self._keeping_since >= LATE_SECONDS
        return Kept(stored, self.wire.waiting() if late else b"")

    def _set_aside(self, reason: str, raw: bytes) -> Event:
        aside = self.door.keep_unreadable(self.source, reason, "hotel link", raw)
        return SetAside(aside.times)

    def _stored(self, work: Callable[[], Event]) -> Event:
        try:
            return work()
        except StoreUnusable as error:
            return NotKept(_store_failed(error))


def _store_failed(error: StoreUnusable) -> Failure:
    return Failure(str(error), "the collector's store", Fault.MACHINE)
