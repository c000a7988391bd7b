"""The conversation on the fly as a pure machine: events in, commands out.

Theory
======
The exchange listens, we connect and say "S"; it answers "P" if it is the main one of its two
processors, we say that it may start, and from then on it sends tickets and, every 30 s, a request
for a sign of life (facts: oxe 1.2-1.6, field). No ticket is acknowledged: what was sent and did not
reach the disk is gone from this wire. So every reading is spooled, durably, before anything else
is done with it, its keep-alives are answered next, and nothing here waits for the store.

    CONNECTING ──► OPENING ──"P"──► ACTIVE ──frames──► SPOOLING ──durable──► ACTIVE
        ▲  │ lost    │ standby,        │ silent, lost, bad length  │ refused
        │  │         │ silent, no PBX  │                           ▼
        │  ▼         ▼                 └── the rest is spooled ◄── HOLDING (reads on, into memory)
        │ next address at once ◄─┐          and the end, too          │ enough is held
     RESTING ◄── all were tried ─┴──── HANGING_UP ◄──────────         ▼
                                                                  HALTED (reads no more)

* Two addresses: the other one is tried at once, then both again after a rest of 1, 2, 4, 8, 10,
  10 ... seconds (facts: oxe 1.5, ours), beginning with the one that was main last. The rests are
  short again when a ticket or a keep-alive came, not by the mere "P" of an exchange that hangs up.
* After the start a single processor takes about two minutes to the first ticket: until something
  came, silence is tolerated for `first_seconds_max`.
* Whatever takes an ordinal is counted here, once: frames of tickets, MAO, VoIP, of unknown types
  and lengths, a bad length with what came behind it, a frame that the end of the connection cut.
* The spool refuses (full disk, its limit): keep-alives are answered on and readings are held in
  memory, up to `held_bytes_max`. Then nothing is read: TCP stops the exchange, which misses its
  answers, hangs up after its own patience and buffers by itself. Unasked answers are not sent:
  nobody knows what an exchange makes of them. What was sent until then is still read afterwards.
  Before its start the exchange is left waiting: it keeps its tickets better than our memory does.
* A stop closes our writing side and reads on until the exchange has closed or is silent. That end
  is orderly: nothing of it is missing. Every other end is spooled with its reason.

The table is the whole behaviour; an event that it does not know in a state is a defect of ours.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from oxo_collector.decoders.ed52_stream import KEEP_ALIVE_ANSWER, LENGTH_BYTES
from oxo_collector.failure import Failure, Fault
from oxo_collector.report import Level, Report
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
from oxo_collector.stream.reader import (
    BadLength,
    Frame,
    FrameReader,
    KeepAlive,
    NotAnExchange,
    Role,
    Told,
)
from oxo_collector.stream.rounds import Rounds
from oxo_collector.tcp_events import Connected, Lost, Received, Silent
from oxo_collector.turns import HungUp, Started, StopAsked, TimeUp, Wait, step_of

OPEN: Final = b"\x00\x01S"
START: Final = b"\x00\x02\x00\x00"
ALIVE: Final = KEEP_ALIVE_ANSWER

ASIDE_BYTES_MAX: Final = 64 * 1024
ASIDE_BYTES_MIN: Final = 1024
ASIDES_WHOLE_COUNT_MAX: Final = 100
"""So much is kept of what cannot be divided into frames; so often, then only its beginning.

An exchange that does it with each connection shall not fill the disk.
"""

RETRY_SECONDS: Final = 1.0
"""A spool that refused is asked again after so long at the latest."""

DRAIN_SECONDS: Final = 0.5
"""After a stop: so long a silence means that the exchange has nothing more under way."""

DRAIN_COUNT_MAX: Final = 200
"""After a stop so many readings are taken from an exchange that does not heed it."""

UNKNOWN_COUNT_MAX: Final = 20
"""So many kinds of unknown frames are told, each once; all are kept."""


TOLD_COUNT_MAX: Final = 20
"""So many different failures in a row are remembered, so that each is told once."""


class State(Enum):
    """Where the conversation stands; the comment says which event it waits for."""

    IDLE = auto()  # Started
    CONNECTING = auto()  # the connection
    OPENING = auto()  # the role
    ACTIVE = auto()  # bytes
    SPOOLING = auto()  # the disk
    HOLDING = auto()  # bytes, while the disk refuses
    HALTED = auto()  # time, while the disk refuses and enough is held
    HANGING_UP = auto()  # the end of the connection
    RESTING = auto()  # time
    ENDED = auto()  # nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """What the operator wants; times are in seconds.

    Attributes:
        wheres: the addresses, for reports; one or two.
        open_seconds_max: so long the exchange may take for its role.
        silence_seconds_max: a connection that is silent so long is taken for dead.
        first_seconds_max: likewise until the first ticket or keep-alive, where that is longer.
        held_bytes_max: so much is held in memory while the spool refuses.
    """

    wheres: Sequence[str]
    open_seconds_max: float
    silence_seconds_max: float
    first_seconds_max: float
    held_bytes_max: int


Move = tuple[State, list[Command]]


class OnTheFly:
    """One endless conversation with one exchange, over as many connections as it takes.

    Args:
        plan: what the operator wants.
        rounds: which address is next, and after how long.
        reader: makes what divides the bytes of one connection into frames.
    """

    def __init__(self, plan: Plan, rounds: Rounds, reader: Callable[[], FrameReader]) -> None:
        self._plan = plan
        self._rounds = rounds
        self._new_reader = reader
        self._state = State.IDLE
        self._stopping = False
        self._told: set[str] = set()
        self._unknown_told: set[str] = set()
        self._refused_told = False
        self._spool: deque[Spooling] = deque()
        self._held_bytes = self._asides = 0
        self._begin()

    def _begin(self) -> None:
        """Begin a connection."""
        self._reader = self._new_reader()
        self._main = False
        self._replies = b""
        self._start_owed = False
        self._next = 1
        self._heard = False
        self._silent_seconds = 0.0
        self._closing = False
        self._draining = 0

    @property
    def ended(self) -> bool:
        """Tell whether nothing will be commanded any more."""
        return self._state is State.ENDED

    def receive(self, event: Event | StopAsked) -> list[Command]:
        """Take an event and return what is to be done, in order.

        Raises:
            OutOfTurn: a defect of the collector.
        """
        if isinstance(event, StopAsked):
            self._stopping = True
            if self._state in (State.IDLE, State.RESTING):
                self._state = State.ENDED
            return []
        self._state, commands = step_of(TABLE, self._state, event)(self, event)
        return commands

    # --- to the role

    def connect(self, _event: Event) -> Move:
        """Connect to the address whose turn it is."""
        return State.CONNECTING, [Connect(self._rounds.address)]

    def connected(self, _event: Event) -> Move:
        """Ask for the role."""
        self._begin()
        if self._stopping:
            return self._hang_up()
        return State.OPENING, [Send(OPEN), Receive(self._plan.open_seconds_max)]

    def not_connected(self, event: Event) -> Move:
        """Try the other address, or rest."""
        assert isinstance(event, Lost)
        return self._hang_up(*self._once(Level.WARNING, event.failure))

    def opened(self, event: Event) -> Move:
        """Take the role, and what came with it."""
        assert isinstance(event, Received)
        return self._taken(event.data)

    def not_opened(self, event: Event) -> Move:
        """Whoever took the connection says no role, or hung up."""
        self._closing = True
        reports: list[Command] = []
        if isinstance(event, Lost):
            reports += self._once(Level.WARNING, event.failure)
        elif not self._stopping:
            seconds = self._plan.open_seconds_max
            what = f"no role was told within {seconds:g} seconds: a standby, or no exchange"
            reports += self._once(Level.WARNING, self._failure(what, Fault.EXCHANGE))
        rest, _ = self._reader.unfinished()
        if rest:
            self._spool.append(SetAside(0, f"{len(rest)} bytes and no role", rest))
        return self._go_on(*reports)

    # --- tickets

    def received(self, event: Event) -> Move:
        """Take what came."""
        assert isinstance(event, Received)
        return self._taken(event.data)

    def silent(self, event: Event) -> Move:
        """Nothing came: a peer that is gone without a word cannot be told otherwise."""
        del event
        if self._stopping:
            return self._stop() if not self._draining else self._ended(None)
        return self._ended(f"nothing came for {self._silence_max():g} seconds")

    def lost(self, event: Event) -> Move:
        """The connection is at its end; after a stop this is what was waited for."""
        assert isinstance(event, Lost)
        orderly = self._draining and event.failure.fault is not Fault.MACHINE
        return self._ended(None if orderly else event.failure.what)

    def _taken(self, data: bytes) -> Move:
        self._silent_seconds = 0.0
        frames: list[bytes] = []
        reports: list[Command] = []
        for told in self._reader.receive(data):
            self._one(told, frames, reports)
            if self._closing:
                break
        self._keep(frames)
        if self._closing or self._spool or self._main:
            return self._go_on(*reports)
        left = self._plan.open_seconds_max  # a role in pieces
        return State.OPENING, [*reports, Receive(left)]

    def _one(self, told: Told, frames: list[bytes], reports: list[Command]) -> None:
        match told:
            case Frame(raw, unknown):
                frames.append(raw)
                reports += self._unknown(unknown) if unknown else []
                self._works()
            case KeepAlive():
                self._replies += ALIVE
                self._works()
            case Role(main, byte):
                self._role(byte, reports, main=main)
            case BadLength(length, raw):
                self._keep(frames)
                frames.clear()
                self._closing = True
                reason = f"length {length} is none of a frame; the connection is begun anew"
                self._aside(reason, raw)
                self._end(reason)
            case NotAnExchange(raw):
                self._closing = True
                what = "whoever listens there is no exchange, or speaks something else"
                failure = self._failure(what, Fault.OPERATOR)
                alarm = self._once(Level.ERROR, failure)
                if alarm:  # who answers so again and again shall not fill the disk
                    self._spool.append(SetAside(0, what, raw[:ASIDE_BYTES_MAX]))
                reports += alarm

    def _role(self, byte: int, reports: list[Command], *, main: bool) -> None:
        if main:
            self._main = self._start_owed = True
            self._rounds.main()
            self._spool.append(Begin())
            return
        self._closing = True
        what = f"the exchange answers, but not as the main one (role {byte:02X})"
        reports += self._once(Level.WARNING, self._failure(what, Fault.EXCHANGE))

    def _keep(self, frames: list[bytes]) -> None:
        if frames:
            self._spool.append(Keep(self._next, tuple(frames)))
            self._next += len(frames)
            self._held_bytes += sum(map(len, frames))

    def _aside(self, reason: str, raw: bytes) -> None:
        self._asides += 1
        whole = self._asides <= ASIDES_WHOLE_COUNT_MAX
        kept = raw[: ASIDE_BYTES_MAX if whole else ASIDE_BYTES_MIN]
        more = "" if kept == raw else f"; of {len(raw)} bytes the first {len(kept)} are kept"
        self._spool.append(SetAside(self._next, reason + more, kept))
        self._next += 1
        self._held_bytes += len(kept)

    def _end(self, why: str | None) -> None:
        """Note the end of a connection on which tickets came, or could.

        Who stores tells of it, together with what may be missing.
        """
        if self._main:
            where = self._plan.wheres[self._rounds.address]
            self._spool.append(End(self._next, why and f"{why} ({where})"))

    def _ended(self, why: str | None) -> Move:
        self._closing = True
        rest, length = self._reader.unfinished()
        if rest:
            whole = f" of {length + LENGTH_BYTES}" if length else ""
            self._aside(f"the connection ended after {len(rest)} bytes{whole} of a frame", rest)
        self._end(why)
        return self._go_on()

    def _works(self) -> None:
        if not self._heard:
            self._heard = True
            self._told.clear()
            self._rounds.worked()

    # --- the spool

    def spooled(self, _event: Event) -> Move:
        """It is durable: the next, and then the answers."""
        done = self._spool.popleft()
        if isinstance(done, Keep):
            self._held_bytes -= sum(map(len, done.frames))
        elif isinstance(done, SetAside) and done.ordinal:
            self._held_bytes -= len(done.raw)
        reports: list[Command] = []
        if self._refused_told:
            self._refused_told = False
            reports.append(Report(Level.INFO, "the spool takes again what was held"))
        return self._go_on(*reports)

    def not_spooled(self, event: Event) -> Move:
        """Hold it, and answer on as long as there is room in memory."""
        assert isinstance(event, NotSpooled)
        reports: list[Command] = []
        if self._stopping:
            return self._given_up(event.why)
        if not self._refused_told:
            self._refused_told = True
            what = f"{event.why}; what came is held in memory, and at stake until there is room"
            failure = Failure(what, "the collector's spool", Fault.MACHINE)
            reports.append(Report(Level.ERROR, str(failure)))
        room = self._held_bytes < self._plan.held_bytes_max
        if self._closing or self._start_owed or not room:
            return State.HALTED, [*reports, *self._answers(), Wait(RETRY_SECONDS)]
        return State.HOLDING, [*reports, *self._answers(), Receive(RETRY_SECONDS)]

    def still_silent(self, _event: Event) -> Move:
        """Nothing came while something is held: ask the spool again."""
        self._silent_seconds += RETRY_SECONDS
        if self._silent_seconds >= self._silence_max() and not self._stopping:
            return self._ended(f"nothing came for {self._silence_max():g} seconds")
        return State.SPOOLING, [self._spool[0]]

    def again(self, _event: Event) -> Move:
        """Ask the spool again."""
        return State.SPOOLING, [self._spool[0]]

    def _given_up(self, why: str) -> Move:
        """A stop, and the spool refuses still: say what is lost by it."""
        frames = sum(len(one.frames) for one in self._spool if isinstance(one, Keep))
        self._spool.clear()
        self._held_bytes = 0
        what = f"{why}; lost by the stop: {frames} frames that were held in memory"
        failure = Failure(what, "the collector's spool", Fault.MACHINE)
        return self._hang_up(Report(Level.ERROR, str(failure)))

    # --- going on

    def _go_on(self, *reports: Command) -> Move:
        """Spool what waits; then answer; then read on, or hang up."""
        if self._spool:
            return State.SPOOLING, [*reports, self._spool[0]]
        answers = self._answers(start=not self._stopping)
        if self._closing:
            return self._hang_up(*reports, *answers)
        if self._stopping:
            state, commands = self._stop()
            return state, [*reports, *answers, *commands]
        left = self._silence_max() - self._silent_seconds
        return State.ACTIVE, [*reports, *answers, Receive(max(left, 0.0))]

    def _answers(self, *, start: bool = False) -> list[Command]:
        """Return the answers that are owed; the start only when its connection is spooled."""
        told = START if start and self._start_owed else b""
        if told:
            self._start_owed = False
        elif self._start_owed:
            return []
        data, self._replies = told + self._replies, b""
        return [Send(data), Heard()] if data else []

    def _stop(self) -> Move:
        """Close our side and read on; the last of what was sent is under way."""
        begun, self._draining = self._draining, self._draining + 1
        if begun >= DRAIN_COUNT_MAX:
            return self._ended("stopped while the exchange went on sending")
        close: list[Command] = [] if begun else [Send(b"", last=True)]
        return State.ACTIVE, [*close, Receive(DRAIN_SECONDS, through=True)]

    def _hang_up(self, *reports: Command) -> Move:
        return State.HANGING_UP, [*reports, HangUp()]

    def hung_up(self, _event: Event) -> Move:
        """Try the other address, or rest."""
        if self._stopping:
            return State.ENDED, []
        again, self._main = self._main, False
        seconds = self._rounds.next_seconds(again=again)
        if seconds is None:
            return State.CONNECTING, [Connect(self._rounds.address)]
        return State.RESTING, [Wait(seconds)]

    def _silence_max(self) -> float:
        plan = self._plan
        if self._heard:
            return plan.silence_seconds_max
        return max(plan.silence_seconds_max, plan.first_seconds_max)

    # --- what is told

    def _unknown(self, kind: str) -> list[Command]:
        if kind in self._unknown_told or len(self._unknown_told) >= UNKNOWN_COUNT_MAX:
            return []
        self._unknown_told.add(kind)
        what = f"{kind} came, which no source knows; they are kept as they came"
        return [Report(Level.ERROR, str(self._failure(what, Fault.EXCHANGE)))]

    def _once(self, level: Level, failure: Failure) -> list[Command]:
        """Tell what went wrong, once as long as it stays the same."""
        text = str(failure)
        if text in self._told:
            return []
        if len(self._told) >= TOLD_COUNT_MAX:
            self._told.clear()
        self._told.add(text)
        return [Report(level, text)]

    def _failure(self, what: str, fault: Fault) -> Failure:
        return Failure(what, self._plan.wheres[self._rounds.address], fault)


Step = Callable[[OnTheFly, Event], Move]

TABLE: Final[Mapping[State, Mapping[type, Step]]] = {
    State.IDLE: {Started: OnTheFly.connect},
    State.CONNECTING: {Connected: OnTheFly.connected, Lost: OnTheFly.not_connected},
    State.OPENING: {
        Received: OnTheFly.opened,
        Silent: OnTheFly.not_opened,
        Lost: OnTheFly.not_opened,
    },
    State.ACTIVE: {
        Received: OnTheFly.received,
        Silent: OnTheFly.silent,
        Lost: OnTheFly.lost,
    },
    State.SPOOLING: {Spooled: OnTheFly.spooled, NotSpooled: OnTheFly.not_spooled},
    State.HOLDING: {
        Received: OnTheFly.received,
        Silent: OnTheFly.still_silent,
        Lost: OnTheFly.lost,
    },
    State.HALTED: {TimeUp: OnTheFly.again},
    State.HANGING_UP: {HungUp: OnTheFly.hung_up},
    State.RESTING: {TimeUp: OnTheFly.connect},
}
