"""The conversation on one connection of the V24 wire: statements in, flow control out.

There is no acknowledgement on this wire. What was read is safe when it is stored, and lost when
the process ends before; so every reading is stored before the next, and what the peer still has
stays there while the store does not take it: XOFF, the limit of what is held, and TCP itself.

    flowing ── Received ──► keeping ── Kept ──► flowing        (XOFF while readings come full)
                               │ NotKept
                               ▼
                            holding: XOFF, rest, the same Keep again; readings are held meanwhile
    any ── Closed, StopAsked ──► the rest is told and kept ──► ended

A statement's identity is the connection and its number there. A hotel's document is an event and
takes a number, too, when it is whole, or cut. Titles, company, form feeds and day
counts are no tickets; they are not kept beside the bytes in which statements came. Whatever else
cannot be read is set aside with its bytes.

After a stop the peer is told XOFF, and a line that is under way is waited for shortly.

A peer that is gone without a word cannot be told from one that has nothing to print. So a
connection on which nothing came for `silence_seconds_max` is begun anew: our side is closed first,
and what comes nevertheless is taken, so that no line is lost by it.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.v24 import (
    Document,
    Headings,
    Layout,
    LayoutInvalid,
    Statement,
    V24Decoder,
    layout_of_headings,
    to_ticket,
)
from oxo_collector.decoders.v24 import Event as Printed
from oxo_collector.decoders.v24_block import BlockDecoder
from oxo_collector.decoders.v24_document import UNTITLED, event_of
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import Piece, Stored
from oxo_collector.report import Level, Report
from oxo_collector.turns import StopAsked, TimeUp
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

XON: Final = b"\x11"
XOFF: Final = b"\x13"

UNDECODED_BYTES_MAX: Final = 1024 * 1024
"""So many in a row without one statement are no listing: the peer is hung up."""

FURNITURE_BYTES_MAX: Final = 64 * 1024
"""So much of titles, blank lines and form feeds in a row is kept with the next statement."""

LINE_SECONDS_MAX: Final = 0.5
"""After a stop a line that is under way may be silent so long."""

LINES_COUNT_MAX_AFTER_STOP: Final = 20
"""So many readings are taken after a stop from a peer that obeys no XOFF."""

LEAVE_SECONDS: Final = 1.0
"""After our side was closed for the silence, so long is waited for what is under way."""

DRAINED_SECONDS: Final = 0.05
"""Nothing came for so long after XOFF: what was under way is there."""

_DATED: Final = re.compile(rb"[0-9]{2}/[0-9]{2}/[0-9]{2}")
"""A line with a date may be a statement of unknown columns; it does not count as no listing."""


class V24Conversation:
    """One connection, from its beginning to its end; pure.

    Args:
        decoder: for the bytes of this connection.
        zone: IANA name of the exchange's zone.
        where: the peer, for reports.
        flow: whether XOFF and XON are said.
        rest_seconds: how long to rest after so many failures in a row.
        waiting_bytes_max: so much is held while the store takes nothing.
        silence_seconds_max: a connection on which nothing came for so long is begun anew.
    """

    def __init__(  # noqa: PLR0913 - what a conversation depends on
        self,
        decoder: V24Decoder | BlockDecoder,
        *,
        zone: str,
        where: str,
        flow: bool,
        rest_seconds: Callable[[int], float],
        waiting_bytes_max: int,
        silence_seconds_max: float = 900.0,
    ) -> None:
        self.ended = False
        self._decoder = decoder
        self._zone = zone
        self._where = where
        self._flow = flow
        self._rest_seconds = rest_seconds
        self._waiting_bytes_max = waiting_bytes_max
        self._silence_seconds_max = silence_seconds_max
        self._leaving = False
        self._next = 1
        self._raw = b""
        self._held: Keep | Learn | None = None
        self._to_learn: tuple[str, ...] | None = None
        self._failures = 0
        self._backlog: list[bytes] = []
        self._stopped_peer = False
        self._full = False
        self._closing = False
        self._stopping = False
        self._readings_left = LINES_COUNT_MAX_AFTER_STOP
        self._undecoded_bytes = 0
        self._rest = False
        self._warned_titles = False
        self._warned_furniture = False

    def begin(self) -> list[Command]:
        """Tell the peer to print."""
        return [*self._xon(always=True), Await(self._silence_seconds_max)]

    def receive(self, event: Event) -> list[Command]:
        """Take an event and return what is to be done."""
        match event:
            case Received(data, full):
                return self._received(data, full=full)
            case Kept(stored) | Learned(stored):
                return self._kept(stored)
            case NotKept(why):
                return self._not_kept(why)
            case Closed():
                return self._closed(event)
            case StopAsked():
                return self._stop()
            case TimeUp():
                return self._time_up()

    # --- what came

    def _received(self, data: bytes, *, full: bool) -> list[Command]:
        self._full = full
        if self._held is not None:
            self._backlog.append(data)
            return self._hold()
        if self._stopping:
            self._readings_left -= 1
        return self._taken(data)

    def _taken(self, data: bytes) -> list[Command]:
        return self._printed(self._decoder.receive(data), data)

    def _printed(self, printed: Sequence[Printed], data: bytes) -> list[Command]:
        """Turn what was printed into pieces, and keep them with the bytes they came in."""
        reports: list[Command] = []
        pieces: list[Piece] = []
        for one in printed:
            if isinstance(one, Statement):
                self._undecoded_bytes = 0
                pieces.append(to_ticket(one, self._zone))
            elif isinstance(one, Malformed):
                self._undecoded_bytes += 0 if _DATED.search(one.raw) else len(one.raw)
                pieces.append(one)
            elif isinstance(one, Document):
                # Titles alone, or what resembles an item now and then, are no document.
                listing = one.items and (one.kind != UNTITLED or not (one.cut or one.unread))
                self._undecoded_bytes = 0 if listing else self._undecoded_bytes + len(one.raw)
                pieces.append(event_of(one))
            elif isinstance(one, Headings):
                reports += self._titles(one)
        self._raw += data
        if pieces:
            keep = Keep(self._next, tuple(pieces), self._kept_bytes())
            self._next += len(pieces)
            self._held = keep
            return [*reports, *self._xoff_if_full(), keep]
        return [*reports, *self._furniture_kept(), *self._go_on()]

    def _furniture_kept(self) -> list[Command]:
        """Let the beginning go of what is no statement, where there is too much of it."""
        if len(self._raw) <= FURNITURE_BYTES_MAX:
            return []
        self._raw = self._raw[-FURNITURE_BYTES_MAX:]
        if self._warned_furniture:
            return []
        self._warned_furniture = True
        what = f"more than {FURNITURE_BYTES_MAX} bytes of titles, form feeds and blank lines"
        return [self._wrong(f"{what} in a row; their beginning is not kept", Fault.EXCHANGE)]

    def _kept_bytes(self) -> bytes:
        """Return the bytes up to the line that is under way, which stays for the next keeping."""
        end = max(0, len(self._raw) - self._decoder.waiting_bytes)
        kept, self._raw = self._raw[:end], self._raw[end:]
        return kept

    def _titles(self, headings: Headings) -> list[Command]:
        if self._decoder.learns:
            self._to_learn = headings.rows
            return []
        try:
            told = layout_of_headings(headings.rows)
        except LayoutInvalid:
            return []  # in another language, or cut: the configuration knows better
        other = self._decoder.layout is not None and _places(self._decoder.layout) != _places(told)
        if not other or self._warned_titles:
            return []
        self._warned_titles = True
        what = "the rows of titles tell other columns than the configured layout, which holds"
        return [self._wrong(what, Fault.OPERATOR)]

    # --- what the store said

    def _kept(self, stored: Stored) -> list[Command]:
        commands: list[Command] = []
        if self._failures:
            self._failures = 0
            commands.append(Report(Level.INFO, "the store takes again what was held"))
        if isinstance(self._held, Keep):
            commands.append(_told(stored, len(self._held.raw)))
        elif stored.new or stored.quarantined:
            commands.append(_told_again(stored))
        self._held = None
        return [*commands, *self._go_on()]

    def _not_kept(self, why: str) -> list[Command]:
        self._failures += 1
        failure = Failure(why, "the collector's store", Fault.MACHINE)
        if self._stopping:
            return self._lost(str(failure))
        told = f"{failure}; what was read is held until the store takes it"
        return [Report(Level.WARNING, told), *self._xoff(), *self._hold()]

    def _hold(self) -> list[Command]:
        held = sum(len(data) for data in self._backlog)
        reading = not self._closing and held < self._waiting_bytes_max
        return [Await(self._rest_seconds(self._failures), reading=reading)]

    def _lost(self, failure: str) -> list[Command]:
        pieces = len(self._held.pieces) if isinstance(self._held, Keep) else 0
        count = sum(len(data) for data in self._backlog) + len(self._raw)
        what = f"{failure}; lost by the stop: {pieces} lines and {count} bytes that were held"
        self.ended = True
        return [Report(Level.ERROR, what), HangUp(rest=False)]

    # --- going on

    def _go_on(self) -> list[Command]:
        if self._to_learn is not None:
            self._held = Learn(self._to_learn)
            self._to_learn = None
            return [self._held]
        if self._backlog:
            return self._taken(self._backlog.pop(0))
        if self._undecoded_bytes > UNDECODED_BYTES_MAX:
            return self._no_listing()
        return self._end() if self._closing else self._next_reading()

    def _next_reading(self) -> list[Command]:
        if self._stopping:
            return self._after_stop()
        if self._leaving:
            return [Await(LEAVE_SECONDS)]
        if self._stopped_peer and self._full:
            return [Await(DRAINED_SECONDS)]
        return [*self._xon(), Await(self._silence_seconds_max)]

    def _time_up(self) -> list[Command]:
        if self._held is not None:
            return [self._held]
        if self._stopping or self._leaving:
            self._closing = True
            return self._end()
        if self._stopped_peer and self._full:
            self._full = False
            return self._go_on()
        return self._leave_off()

    def _leave_off(self) -> list[Command]:
        self._leaving = True
        seconds = self._silence_seconds_max
        what = f"nothing came for {seconds:g} seconds; connected anew, in case the peer is gone"
        return [Report(Level.INFO, what), *self._xoff(), LeaveOff(), Await(LEAVE_SECONDS)]

    def _closed(self, end: Closed) -> list[Command]:
        self._closing = True
        told: list[Command] = [
            Report(Level.INFO, "the connection is at its end", {"why": end.why})
            if end.fault is None
            else self._wrong(end.why, end.fault)
        ]
        return [*told, *(self._hold() if self._held is not None else self._end())]

    def _stop(self) -> list[Command]:
        self._stopping = True
        xoff = self._xoff()
        if self._held is not None:
            return [*xoff, self._held]  # the last try
        return [*xoff, *self._go_on()]

    def _after_stop(self) -> list[Command]:
        if self._readings_left > 0:
            return [Await(LINE_SECONDS_MAX if self._decoder.waiting_bytes else DRAINED_SECONDS)]
        self._closing = True
        return self._end()

    def _no_listing(self) -> list[Command]:
        self._undecoded_bytes = 0
        self._rest = True
        self._closing = True
        what = f"more than {UNDECODED_BYTES_MAX} bytes without one statement: this is no listing"
        return [self._wrong(what, Fault.OPERATOR), *self._end()]

    def _end(self) -> list[Command]:
        """Tell what was waiting for its end; then hang up."""
        rest = self._decoder.close()
        if rest:
            return self._printed(rest, b"")
        if self._to_learn is not None:
            return self._go_on()
        self.ended = True
        return [HangUp(rest=self._rest)]

    # --- flow control

    def _xoff_if_full(self) -> list[Command]:
        return self._xoff() if self._full else []

    def _xoff(self) -> list[Command]:
        if not self._flow or self._stopped_peer or self._closing:
            return []
        self._stopped_peer = True
        return [Send(XOFF)]

    def _xon(self, *, always: bool = False) -> list[Command]:
        if not self._flow or not (self._stopped_peer or always):
            return []
        self._stopped_peer = False
        return [Send(XON)]

    def _wrong(self, what: str, fault: Fault) -> Report:
        return Report(Level.WARNING, str(Failure(what, self._where, fault)))


def _places(layout: Layout) -> list[tuple[str, int, int]]:
    return [(column.field, column.first, column.last) for column in layout.columns]


def _told(stored: Stored, size: int) -> Report:
    level = Level.WARNING if stored.quarantined else Level.INFO
    counts = {"new": stored.new, "quarantined": stored.quarantined, "bytes": size}
    if stored.events:
        counts["documents"] = stored.events
    return Report(level, "lines stored", counts)


def _told_again(stored: Stored) -> Report:
    counts = {"new": stored.new, "quarantined": stored.quarantined}
    return Report(Level.INFO, "lines that waited for their columns were read again", counts)
