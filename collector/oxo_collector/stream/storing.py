"""The thread that stores: carries from the spool into the store, in batches.

What it does is done again after a crash, and is the same: the store knows what it has by epoch and
ordinal, an outage by its epoch. Only then is a segment of the spool removed.

While the store is locked, full or damaged, the spool grows and nothing is lost; that is told once.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

from oxo_collector import receipt
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import Piece, Source, Stored
from oxo_collector.report import Level, Report
from oxo_collector.store import StoreUnusable
from oxo_collector.stream.chunk import Chunk, Kind
from oxo_collector.stream.spool import Place, Spool, Torn

LOOK_SECONDS: Final = 5.0
"""Without anything to do it looks around after so long."""

UNHEALED: Final = (
    "a connection was lost, and without a table [exchange.account] what was lost with it cannot be"
    " fetched again"
)
KILLED: Final = "the collector ended without a word: killed, or without power"


class Door(Protocol):
    """What is needed of the intake."""

    def cursor(self, source: Source) -> tuple[str | None, int]:
        """Return epoch and ordinal of the last piece that is stored."""

    def contact(self, source: Source) -> None:
        """Note that the exchange answered."""

    def keep_stream(
        self, source: Source, epoch: str, first: int, pieces: Sequence[Piece], raw: bytes
    ) -> Stored:
        """Make pieces durable."""

    def keep_unreadable(
        self, source: Source, reason: str, place: str, body: bytes
    ) -> receipt.SetAside:
        """Make durable what is no frame."""

    def note_outage(
        self, source: Source, epoch: str, last: datetime, ended: datetime, why: str
    ) -> bool:
        """Note that tickets may be missing after the last of an epoch; False: it is known."""

    def note_resumed(self, source: Source, epoch: str, begun: datetime) -> None:
        """Note from when on tickets came again."""


@dataclass
class Storing:
    """Carries until it is told to finish.

    Attributes:
        source: the exchange and its wire.
        spool: open, with what an earlier process left.
        door: the intake.
        decode: reads whole frames; the number is the ordinal of the first.
        report: takes each report, for the log and the store.
        heals: whether account files bring what was lost.
        rest_seconds: the pause after the store refused.
    """

    source: Source
    spool: Spool
    door: Door
    decode: Callable[[bytes, int], Iterable[Piece]]
    report: Callable[[Report], None]
    heals: bool
    rest_seconds: float
    _reports: deque[Report] = field(default_factory=deque, init=False)
    _heard: threading.Event = field(default_factory=threading.Event, init=False)
    _finish: threading.Event = field(default_factory=threading.Event, init=False)
    _give_up: threading.Event = field(default_factory=threading.Event, init=False)
    _refused_told: bool = field(default=False, init=False)
    _unhealed_told: bool = field(default=False, init=False)
    _open: Chunk | None = field(default=None, init=False)
    _resumed: str | None = field(default=None, init=False)
    _others_done: bool = field(default=False, init=False)

    # --- from the thread that reads

    def tell(self, report: Report) -> None:
        """Take a report; it is told by the thread that stores."""
        self._reports.append(report)
        self.spool.wake()

    def heard(self) -> None:
        """Take that the exchange answered."""
        if not self._heard.is_set():
            self._heard.set()
            self.spool.wake()

    def finish(self) -> None:
        """Store what is there, as far as the store takes it, and end."""
        self._finish.set()
        self.spool.wake()

    def give_up(self) -> None:
        """End after the batch in hand; the rest stays in the spool."""
        self._give_up.set()
        self.finish()

    # --- the thread

    def run(self) -> None:
        """Carry until all is stored after `finish`, or until `give_up`."""
        place, left_by_others = self.spool.start(), self.spool.last
        while not self._give_up.is_set():
            self._pass_on()
            try:
                place = self._carry(place, left_by_others)
            except StoreUnusable as error:
                self._refused(str(error), Level.WARNING)
            except Exception as error:  # noqa: BLE001 - the thread that reads must go on
                self._refused(f"defect of the collector in storing: {error!r}", Level.ERROR)
            else:
                if self._wait(place):
                    break
                continue
            if self._finish.wait(self.rest_seconds):
                break
        self._pass_on()

    def _wait(self, place: Place) -> bool:
        """Wait for more; tell whether all is done."""
        if self._finish.is_set() and not self.spool.more(place):
            self.spool.release(place)
            return True
        self.spool.wait(place, self._something_to_do, LOOK_SECONDS)
        return False

    def _something_to_do(self) -> bool:
        return bool(self._reports) or self._heard.is_set() or self._finish.is_set()

    def _pass_on(self) -> None:
        while self._reports:
            self.report(self._reports.popleft())

    def _carry(self, place: Place, left_by_others: int) -> Place:
        """Carry one batch and return the place behind it.

        A crash before the store's commit leaves the batch in the spool; after it, the batch in
        both, and the store knows it. The segment is removed when all of it was carried.
        """
        if self._heard.is_set():
            self._heard.clear()
            self.door.contact(self.source)
        found, after = self.spool.read(place)
        before = self._open
        try:
            self._batch(found)
            if not self._others_done and not self.spool.more(after, left_by_others):
                self._left_open()
        except StoreUnusable:
            self._open = before
            raise
        if found and self._refused_told:
            self._refused_told = False
            self.report(Report(Level.INFO, "the store takes again what the spool holds"))
        self.spool.release(after)
        return after

    def _refused(self, why: str, level: Level) -> None:
        if self._refused_told:
            return
        self._refused_told = True
        what = f"{why}; what came is safe in the spool, which grows meanwhile"
        self.report(Report(level, str(Failure(what, str(self.source), Fault.MACHINE))))

    def _batch(self, found: Sequence[Chunk | Torn]) -> None:
        """Store what was read; consecutive frames of one connection in one transaction."""
        run: list[Chunk] = []
        for one in found:
            follows = isinstance(one, Chunk) and one.count > 0 and _follows(run, one)
            if not follows:
                self._keep(run)
                run = []
            if isinstance(one, Torn):
                self._torn(one)
            elif one.count:
                self._begun(one)
                run.append(one)
            else:
                self._connection(one)
        self._keep(run)

    def _keep(self, run: Sequence[Chunk]) -> None:
        if not run:
            return
        epoch, first, after = run[0].epoch, run[0].first, run[-1].after
        known, ordinal = self.door.cursor(self.source)
        if known == epoch and after - 1 <= ordinal:
            return
        pieces = [piece for chunk in run for piece in self._pieces(chunk)]
        raw = b"".join(_bytes_of(chunk) for chunk in run)
        stored = self.door.keep_stream(self.source, epoch, first, pieces, raw)
        level = Level.WARNING if stored.quarantined else Level.INFO
        counts = {"new": stored.new, "known": stored.known, "same": stored.same}
        more = {"events": stored.events, "quarantined": stored.quarantined}
        self.report(Report(level, "frames stored", {**counts, **more}))

    def _pieces(self, chunk: Chunk) -> Iterator[Piece]:
        if chunk.kind is Kind.ASIDE:
            reason, _, raw = chunk.payload.partition(b"\0")
            yield Malformed(reason.decode(), raw, f"frame {chunk.first}")
            return
        yield from self.decode(chunk.payload, chunk.first)

    # --- connections, from their beginning to their end

    def _connection(self, chunk: Chunk) -> None:
        match chunk.kind:
            case Kind.BEGUN:
                self._begun(chunk)
            case Kind.BROKEN:
                self._outage(self._open or chunk, chunk.milliseconds, chunk.payload.decode())
                self._open = None
            case Kind.ENDED:
                self._open = None
            case Kind.ASIDE:
                reason, _, raw = chunk.payload.partition(b"\0")
                self.door.keep_unreadable(self.source, reason.decode(), "connection", raw)
            case Kind.FRAMES:
                pass  # none of them

    def _begun(self, chunk: Chunk) -> None:
        """Something came on a connection; where it is another one, the one before was left open."""
        before, self._open = self._open, chunk
        if before is not None and before.epoch != chunk.epoch:
            self._outage(before, chunk.milliseconds, KILLED)
        if self._resumed != chunk.epoch:
            self.door.note_resumed(self.source, chunk.epoch, _instant(chunk.milliseconds))
            self._resumed = chunk.epoch

    def _left_open(self) -> None:
        """All that earlier processes spooled is read: what they left open was not ended by them."""
        if self._open is not None:
            self._outage(self._open, self._open.milliseconds, KILLED)
        self._open = None
        self._others_done = True

    def _outage(self, last: Chunk, ended: int, why: str) -> None:
        when = _instant(last.milliseconds)
        new = self.door.note_outage(self.source, last.epoch, when, _instant(ended), why)
        if not new:
            return
        told = f"connection lost ({why}); what was sent after {when:%H:%M:%S} (UTC) may be missing"
        fields: dict[str, str | int | float] = {"epoch": last.epoch, "after": last.after - 1}
        self.report(Report(Level.WARNING, told, fields))
        if not self.heals and not self._unhealed_told:
            self._unhealed_told = True
            self.report(Report(Level.ERROR, UNHEALED))

    def _torn(self, torn: Torn) -> None:
        if torn.copy is None:
            what = f"a part of the spool was removed, and {torn.size} bytes with it, not yet stored"
            failure = Failure(what, "the collector's spool", Fault.MACHINE)
            self.report(Report(Level.ERROR, str(failure)))
            return
        if torn.end:
            what = f"a write of {torn.size} bytes was broken off; they are kept in {torn.copy}"
            self.report(Report(Level.WARNING, what))
            return
        what = f"{torn.size} bytes of the spool are damaged; they are kept in {torn.copy}"
        failure = Failure(what, "the collector's spool", Fault.MACHINE)
        self.report(Report(Level.ERROR, str(failure)))


def _follows(run: Sequence[Chunk], one: Chunk) -> bool:
    return bool(run) and run[-1].epoch == one.epoch and run[-1].after == one.first


def _bytes_of(chunk: Chunk) -> bytes:
    if chunk.kind is Kind.ASIDE:
        return chunk.payload.partition(b"\0")[2]
    return chunk.payload


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
