"""Carries out the conversation of the V24 wire: a socket, the store, waiting.

Either side may listen. A listener serves one peer at a time; another that knocks waits, unread,
until the first is gone, or silent for so long that it is taken for dead. One that knocked and went
again, as who looks for open ports does, costs the first nothing.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.v24 import (
    COLUMNS_UNKNOWN,
    Document,
    Layout,
    Statement,
    layout_of_headings,
    read_again,
    to_ticket,
)
from oxo_collector.failure import Fault
from oxo_collector.receipt import Piece, Source, Stored
from oxo_collector.report import Level, Report
from oxo_collector.store import StoreUnusable
from oxo_collector.turns import StopAsked, TimeUp
from oxo_collector.v24.machine import V24Conversation
from oxo_collector.v24.messages import (
    Await,
    Closed,
    Command,
    Event,
    HangUp,
    Keep,
    Kept,
    Learn,
    Learned,
    LeaveOff,
    NotKept,
    Received,
    Send,
)

READ_BYTES: Final = 64 * 1024
STOP_SECONDS: Final = 0.25
"""A stop is noticed after so long at the latest."""

GIVES_WAY_SECONDS: Final = 10.0
"""A peer that is silent for so long gives way to another that waits: it may be dead."""

SEND_SECONDS_MAX: Final = 1.0

KEEP_ALIVE: Final = (
    (socket.SO_KEEPALIVE, socket.SOL_SOCKET, 1),
    (socket.TCP_KEEPIDLE, socket.IPPROTO_TCP, 30),
    (socket.TCP_KEEPINTVL, socket.IPPROTO_TCP, 10),
    (socket.TCP_KEEPCNT, socket.IPPROTO_TCP, 3),
)
"""A peer without power does not say that it goes; its silence is told by the system in a minute."""


class Door(Protocol):
    """What the shell needs of the intake."""

    def keep_stream(
        self, source: Source, epoch: str, first: int, pieces: "tuple[Piece, ...]", raw: bytes
    ) -> Stored:
        """Make a reading durable."""

    def note_headings(self, source: Source, rows: tuple[str, ...]) -> None:
        """Note the rows of titles."""

    def read_again(
        self, source: Source, reason: str, read: Callable[[bytes], Piece | None]
    ) -> Stored:
        """Read again what was set aside."""


def read_waiting(door: Door, source: Source, layout: Layout, zone: str) -> Stored:
    """Read again the lines that waited for their columns.

    Raises:
        StoreUnusable: nothing was changed.
    """

    def read(raw: bytes) -> Piece | None:
        for one in read_again(raw, layout):
            if isinstance(one, Statement):
                return to_ticket(one, zone)
            if isinstance(one, Malformed):
                return one
            if isinstance(one, Document):
                return Malformed(f"a line of a document: {one.cut}", raw, one.place)
        return None  # a day count, a company: no ticket

    return door.read_again(source, COLUMNS_UNKNOWN, read)


class Doorstep:
    """A listener, and the first of those who wait there. For one thread."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._first: socket.socket | None = None

    def fileno(self) -> int:
        """Let a selector notice who knocks."""
        return self._listener.fileno()

    def somebody_waits(self) -> bool:
        """Tell whether a peer waits that has not gone again."""
        while self._first is not None or self._open():
            assert self._first is not None
            if _is_there(self._first):
                return True
            self.close()
        return False

    def take(self, seconds: float) -> socket.socket | None:
        """Return the first that waits; None: nobody came within so many seconds."""
        if self._first is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self, selectors.EVENT_READ)
                if not (selector.select(seconds) and self._open()):
                    return None
        peer, self._first = self._first, None
        return peer

    def close(self) -> None:
        """Turn away who waits."""
        if self._first is not None:
            self._first.close()
            self._first = None

    def _open(self) -> bool:
        self._listener.setblocking(False)
        try:
            self._first = self._listener.accept()[0]
        except OSError:  # nobody is there, or it went before it was taken
            return False
        self._first.setblocking(True)
        return True


def _is_there(peer: socket.socket) -> bool:
    """Tell a connection that lives, or has something to say, from one that ended."""
    try:
        return peer.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class Connection:
    """One connection and its conversation, driven to its end in the calling thread."""

    def __init__(  # noqa: PLR0913 - what a connection depends on
        self,
        peer: socket.socket,
        conversation: V24Conversation,
        *,
        source: Source,
        epoch: str,
        zone: str,
        door: Door,
        stop: threading.Event,
        broken_off: threading.Event,
        report: Callable[[Report], None],
        doorstep: Doorstep | None = None,
    ) -> None:
        self._peer = peer
        self._conversation = conversation
        self._source = source
        self._epoch = epoch
        self._zone = zone
        self._door = door
        self._stop = stop
        self._broken_off = broken_off
        self._report = report
        self._doorstep = doorstep
        self._stop_told = False
        self._other_waits = False
        self._knock_told = False
        self._heard_at = time.monotonic()
        self.rest_wanted = False

    def run(self) -> None:
        """Carry out what the conversation wants until it has ended."""
        commands = self._conversation.begin()
        while True:
            event = self._carry_out(commands)
            if event is None or self._conversation.ended or self._broken_off.is_set():
                return
            commands = self._conversation.receive(event)

    def _carry_out(self, commands: list[Command]) -> Event | None:
        event: Event | None = None
        for command in commands:
            event = self._one(command) or event
        return event

    def _one(self, command: Command) -> Event | None:
        match command:
            case Report():
                self._report(command)
            case Send(data):
                self._send(data)
            case LeaveOff():
                with suppress(OSError):
                    self._peer.shutdown(socket.SHUT_WR)
            case HangUp(rest):
                self.rest_wanted = rest
            case Await(seconds, reading):
                return self._await(seconds, reading=reading)
            case Keep(first, pieces, raw):
                return self._kept(first, tuple(pieces), raw)
            case Learn(headings):
                return self._learned(headings)
        return None

    def _kept(self, first: int, pieces: tuple[Piece, ...], raw: bytes) -> Event:
        try:
            stored = self._door.keep_stream(self._source, self._epoch, first, pieces, raw)
        except StoreUnusable as error:
            return NotKept(str(error))
        return Kept(stored)

    def _learned(self, headings: tuple[str, ...]) -> Event:
        try:
            self._door.note_headings(self._source, headings)
            layout = layout_of_headings(headings)
            return Learned(read_waiting(self._door, self._source, layout, self._zone))
        except StoreUnusable as error:
            return NotKept(str(error))

    def _send(self, data: bytes) -> None:
        """Say a flow control character; a peer that takes none is not waited for."""
        self._peer.settimeout(SEND_SECONDS_MAX)
        with suppress(OSError):
            self._peer.sendall(data)

    def _await(self, seconds: float | None, *, reading: bool) -> Event:
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            if self._stop.is_set() and not self._stop_told:
                self._stop_told = True
                return StopAsked()
            if self._broken_off.is_set():
                return Closed("broken off by the stop", Fault.MACHINE)
            left = STOP_SECONDS if end is None else end - time.monotonic()
            event = self._within(min(STOP_SECONDS, max(0.0, left)), reading=reading)
            if event is not None:
                return event
            if end is not None and time.monotonic() >= end:
                return TimeUp()

    def _within(self, seconds: float, *, reading: bool) -> Event | None:
        """Return what happens to the connection within a short time."""
        if not reading:
            self._broken_off.wait(seconds)
            return None
        if self._ready(seconds):
            return self._read()
        if self._gives_way():
            return Closed("silent while another peer waited, which is served now", Fault.NETWORK)
        return None

    def _ready(self, seconds: float) -> bool:
        """Wait for bytes, or the end, of the peer; notice another that knocks."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._peer, selectors.EVENT_READ)
            if self._doorstep is not None and not self._other_waits:
                selector.register(self._doorstep, selectors.EVENT_READ)
            found = [key.fileobj for key, _ in selector.select(seconds)]
        if self._doorstep is not None and self._doorstep in found:
            self._other_waits = self._doorstep.somebody_waits()
            self._tell_of_knocks()
        return self._peer in found

    def _tell_of_knocks(self) -> None:
        if self._other_waits and not self._knock_told:
            self._knock_told = True
            text = "another peer knocks while one is served; it waits until that one is gone"
            self._report(Report(Level.WARNING, text))

    def _gives_way(self) -> bool:
        if not self._other_waits or time.monotonic() - self._heard_at <= GIVES_WAY_SECONDS:
            return False
        assert self._doorstep is not None
        self._other_waits = self._doorstep.somebody_waits()
        return self._other_waits

    def _read(self) -> Event:
        try:
            data = self._peer.recv(READ_BYTES)
        except OSError as error:
            return Closed(f"the connection broke: {error.strerror or error}", Fault.NETWORK)
        if not data:
            return Closed("the peer closed the connection")
        self._heard_at = time.monotonic()
        return Received(data, full=len(data) == READ_BYTES)


@contextmanager
def alive(peer: socket.socket) -> Iterator[socket.socket]:
    """Close a connection at the end, and notice meanwhile when its peer is dead."""
    with peer:
        for option, level, value in KEEP_ALIVE:
            peer.setsockopt(level, option, value)
        yield peer
