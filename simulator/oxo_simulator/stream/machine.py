"""One collector's dialogue with a CPU: events in, commands out; no socket, no clock.

    state        event               what happens                                    next
    -----------  ------------------  ----------------------------------------------  -----------
    WAIT_OPEN    `S`                 role, an empty ticket where the profile has it  WAIT_START
    WAIT_OPEN    anything else       refused                                         OVER
    WAIT_OPEN    open_seconds        refused                                         OVER
    WAIT_START   two bytes           session opened, keep-alive armed, tickets flow  ACTIVE
    WAIT_START   start_seconds       refused                                         OVER
    ACTIVE       keep_alive_seconds  request, answer awaited                         ACTIVE
    ACTIVE       answer              nothing is awaited                              ACTIVE
    ACTIVE       answer_seconds      alarm, session closed                           OVER
    any          a bad length, end   refused, or session closed                      OVER

A CPU that is not main, and answers at all, says its role and nothing more:

    WAIT_OPEN    `S`                 role                                            LEAVING
    LEAVING      the role is gone    refused                                         OVER

(facts: oxe 1.6; the limits are ours.) The connection is asked for nothing: whenever it takes more
(`Room`) it is given one write. So a collector that does not read leaves the tickets where they are
counted, in the outlet, and not in memory. A keep-alive request goes before the next ticket. A frame
that has begun is ended, whatever ends the dialogue: what was told as sent was handed over.
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from oxo_simulator.stream.codec import (
    ANSWER,
    OPEN,
    START_BYTES,
    BadLength,
    Frame,
    Kind,
    Reader,
    request,
    role,
    ticket,
)
from oxo_simulator.stream.settings import StreamSettings

JOINED_FRAMES_MAX = 64
"""So many tickets leave in one write, where length and payload need none of their own."""
STRANGE_FRAMES_MAX = 100
"""So much that no collector says may be said in a session; then it is ended."""


class State(Enum):
    """Where a dialogue stands."""

    WAIT_OPEN = auto()
    WAIT_START = auto()
    ACTIVE = auto()
    LEAVING = auto()
    OVER = auto()


class Timer(Enum):
    """Which limits run."""

    OPEN = auto()
    START = auto()
    KEEP_ALIVE = auto()
    ANSWER = auto()
    FIRST_TICKET = auto()


# Events.


class Begin(NamedTuple):
    """The connection is this CPU's one client."""


class Received(NamedTuple):
    """Bytes came."""

    data: bytes


class Due(NamedTuple):
    """A timer has run out."""

    timer: Timer


class Room(NamedTuple):
    """The connection takes another write: all before it is the system's."""


class Waits(NamedTuple):
    """Something is to be told."""


class Tell(NamedTuple):
    """What was fetched: frames, each with its words for the transcript."""

    frames: tuple["Told", ...]


class Over(NamedTuple):
    """The connection is to end, or has ended."""

    reason: str


class Told(NamedTuple):
    """A frame, and what it says."""

    frame: Frame
    words: str


Input = Begin | Received | Due | Room | Waits | Tell | Over


# Commands.


class Heard(NamedTuple):
    """The collector said this payload; `strange`: it is nothing that a collector says."""

    payload: bytes
    strange: bool = False


class Open(NamedTuple):
    """The session begins."""


class Write(NamedTuple):
    """Give these bytes to the connection; `words`: of the frames that begin with them."""

    octets: bytes
    words: tuple[str, ...]


class Fetch(NamedTuple):
    """Take at most so many tickets from the outlet, and `Tell` them; none is an answer too."""

    tickets_max: int


class SetTimer(NamedTuple):
    """Let a timer run, from now."""

    timer: Timer
    seconds: float


class StopTimer(NamedTuple):
    """Stop a timer, if it runs."""

    timer: Timer


class Unanswered(NamedTuple):
    """The keep-alive was not answered."""


class End(NamedTuple):
    """The dialogue is over: the session, if it began, or a connection that never had one."""

    reason: str
    in_session: bool


Command = Heard | Open | Write | Fetch | SetTimer | StopTimer | Unanswered | End


class Dialogue:
    """One collector's dialogue.

    Args:
        settings: of the profile.
        main: whether the CPU is main.
    """

    def __init__(self, settings: StreamSettings, *, main: bool = True) -> None:
        self._main = main
        self.state = State.WAIT_OPEN
        self._settings = settings
        self._reader = Reader()
        self._queue: deque[Told] = deque()
        self._rest = b""
        self._room = False
        self._flows = False
        self._awaits_answer = False
        self._strange = 0
        count = 1 if settings.separate_writes else JOINED_FRAMES_MAX
        self._fetch = Fetch(count)

    def receive(self, event: Input) -> Iterator[Command]:
        """Say what is to be done; the commands are to be carried out as they come."""
        if self.state is State.OVER:
            return
        match event:
            case Begin():
                yield SetTimer(Timer.OPEN, self._settings.open_seconds)
            case Received(data=data):
                yield from self._read(data)
            case Due(timer=timer):
                yield from self._due(timer)
            case Room():
                self._room = True
                yield from self._push()
            case Waits():
                yield from self._push()
            case Tell(frames=frames):
                self._queue.extend(frames)
                if frames:
                    yield from self._push()
            case Over(reason=reason):
                yield from self._end(reason)
            case _:
                raise AssertionError(event)

    # What the collector says.

    def _read(self, data: bytes) -> Iterator[Command]:
        for payload in self._reader.read(data):
            if self.state is State.OVER:
                return
            if isinstance(payload, BadLength):
                yield from self._end(f"no frame has length {payload.length}")
            elif self.state is State.WAIT_OPEN:
                yield from self._opened(payload)
            elif self.state is State.WAIT_START:
                yield from self._started(payload)
            elif self.state is State.ACTIVE:
                yield from self._answered(payload)

    def _opened(self, payload: bytes) -> Iterator[Command]:
        yield Heard(payload, strange=payload != OPEN)
        if payload != OPEN:
            yield from self._end("no collector")
            return
        yield StopTimer(Timer.OPEN)
        if not self._main:
            self.state = State.LEAVING
            octet = bytes((self._settings.standby_role,))
            self._queue.append(Told(role(octet), f"role {octet!r}: not main"))
            yield from self._push()
            return
        self.state = State.WAIT_START
        yield SetTimer(Timer.START, self._settings.start_seconds)
        self._queue.append(Told(role(), "role P: main"))
        if self._settings.empty_first:
            self._queue.append(Told(ticket(Kind.EMPTY), "empty ticket"))
        yield from self._push()

    def _started(self, payload: bytes) -> Iterator[Command]:
        strange = len(payload) != START_BYTES
        yield Heard(payload, strange=strange)
        if strange:
            yield from self._end("no collector")
            return
        yield StopTimer(Timer.START)
        self.state = State.ACTIVE
        yield Open()
        yield SetTimer(Timer.KEEP_ALIVE, self._settings.keep_alive_seconds)
        if self._settings.first_ticket_seconds:
            yield SetTimer(Timer.FIRST_TICKET, self._settings.first_ticket_seconds)
        else:
            self._flows = True
        yield from self._push()

    def _answered(self, payload: bytes) -> Iterator[Command]:
        if payload == ANSWER and self._awaits_answer:
            self._awaits_answer = False
            yield Heard(payload)
            yield StopTimer(Timer.ANSWER)
            return
        yield Heard(payload, strange=True)
        self._strange += 1
        if self._strange > STRANGE_FRAMES_MAX:
            yield from self._end("no collector")

    # Time.

    def _due(self, timer: Timer) -> Iterator[Command]:
        match timer:
            case Timer.OPEN:
                yield from self._end("not opened")
            case Timer.START:
                yield from self._end("not started")
            case Timer.ANSWER:
                yield Unanswered()
                yield from self._end("no answer")
            case Timer.FIRST_TICKET:
                self._flows = True
                yield from self._push()
            case Timer.KEEP_ALIVE:
                yield from self._keep_alive()

    def _keep_alive(self) -> Iterator[Command]:
        yield SetTimer(Timer.KEEP_ALIVE, self._settings.keep_alive_seconds)
        if not self._awaits_answer:
            self._awaits_answer = True
            yield SetTimer(Timer.ANSWER, self._settings.answer_seconds)
            self._queue.appendleft(Told(request(), "TEST_REQ"))
            yield from self._push()

    # What is told.

    def _push(self) -> Iterator[Command]:
        """Write one piece, if the connection takes one and there is one."""
        if not self._room:
            return
        if self._rest or self._queue:
            self._room = False
            yield self._piece()
        elif self._flows:
            yield self._fetch
        elif self.state is State.LEAVING:
            yield from self._end("standby")

    def _piece(self) -> Write:
        if self._rest:
            rest, self._rest = self._rest, b""
            return Write(rest, ())
        if self._settings.separate_writes:
            told = self._queue.popleft()
            self._rest = told.frame.payload
            return Write(told.frame.length, (told.words,))
        told_all, self._queue = self._queue, deque()
        octets = b"".join(told.frame.octets for told in told_all)
        return Write(octets, tuple(told.words for told in told_all))

    def _end(self, reason: str) -> Iterator[Command]:
        in_session = self.state is State.ACTIVE
        self.state = State.OVER
        for timer in Timer:
            yield StopTimer(timer)
        if self._rest:
            # Its ticket is told as sent, so where the end is in order it goes over whole.
            yield self._piece()
        yield End(reason, in_session)
