"""One conversation with the hotel system: what it says and what becomes due in, commands out.

The exchange sends one frame at a time, the connection message first, and waits for its answer. ACK:
the frame is told, the next one follows. NAK, or no answer in time: the same frame again, up to the
profile's attempts, then the connection is ended; what was not acknowledged is told again in the
next conversation. XOFF holds what is to be told until XON; answers to the hotel system's own frames
are given all the same, being one byte (ours).

    state     an answer is awaited   may send
    free      no                     yes
    asked     yes                    yes
    held      no                     no
    waiting   yes                    no
    refused   NAK came while held    no

Whoever answers too late answers twice, once to the frame and once to its repetition. TCP loses
nothing, so a second answer is still to come then. Nothing new is said before it is there, or its
time is over: it would be taken for an answer to the next frame and acknowledge that unread, or, let
go, it would be missing there, and a repeated frame is heard as another ticket. A late NAK brings no
further copy for the same reason: there is one on its way whose answer is awaited.

A peer that only makes noise, asks without end or says nothing at all is let go: `END` in the table
and the limits below.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from oxo_simulator.ohl.backlog import Message
from oxo_simulator.ohl.codec import ACK, NAK, XOFF, XON
from oxo_simulator.ohl.layout import CONNECTION, KEEP_ALIVE, OF_APPLICATION
from oxo_simulator.ohl.mapping import FrameWriter
from oxo_simulator.ohl.reader import BadFrame, Control, Frame, FrameReader, Read, Stray
from oxo_simulator.ohl.settings import OhlSettings

BAD_FRAMES_MAX = 20
"""So many unreadable frames one after the other end a conversation."""

NOISE_BYTES_MAX = 4_096
"""So many bytes outside of any frame, without a frame or an awaited answer between them, end it
too. Signals to which nothing is due count as well: each of them is a line of the transcript."""


class Timer(Enum):
    """What may become due."""

    ANSWER = "answer"
    KEEP_ALIVE = "keep-alive"
    SILENCE = "silence"
    FRAME_END = "frame end"


# What comes in.


class Begin(NamedTuple):
    """The connection stands."""


class Received(NamedTuple):
    """Bytes came."""

    octets: bytes


class Due(NamedTuple):
    """A timer ran out."""

    timer: Timer


class Waits(NamedTuple):
    """Something is to be told now, or may be."""


class Tell(NamedTuple):
    """The answer to `Fetch`: this is to be told."""

    message: Message


class Over(NamedTuple):
    """The conversation is ended from outside: the peer left, a reset, the operator."""

    reason: str


Input = Begin | Received | Due | Waits | Tell | Over


# What goes out.


class Send(NamedTuple):
    """Bytes leave; `message` is what they tell (None: an answer), `attempt` counts from 1."""

    octets: bytes
    message: Message | None = None
    attempt: int = 0


class Heard(NamedTuple):
    """The hotel system said this; for the transcript."""

    read: Read


class SetTimer(NamedTuple):
    """A timer runs anew."""

    timer: Timer
    seconds: float


class StopTimer(NamedTuple):
    """A timer is of no interest any more."""

    timer: Timer


class Fetch(NamedTuple):
    """What is to be told next? Answered by `Tell`, or by nothing."""


class Taken(NamedTuple):
    """The hotel system acknowledged this."""

    message: Message


class CarryOut(NamedTuple):
    """An order of the hotel system, already acknowledged."""

    frame: Frame


class Refused(NamedTuple):
    """The hotel system said what cannot be: why, and what."""

    reason: str
    read: Read


class End(NamedTuple):
    """The conversation is over; the connection goes."""

    reason: str


Command = Send | Heard | SetTimer | StopTimer | Fetch | Taken | CarryOut | Refused | End


class State(Enum):
    """See the theory above."""

    FREE = "free"
    ASKED = "asked"
    HELD = "held"
    WAITING = "waiting"
    REFUSED = "refused"
    OVER = "over"


class Sign(Enum):
    """What moves the state."""

    ACK = "ACK"
    NAK = "NAK"
    XOFF = "XOFF"
    XON = "XON"
    NO_ANSWER = "no answer"
    QUIET = "quiet"
    WAITS = "waits"


class Step(Enum):
    """What is done, and the state after it."""

    TAKE = "forget the frame, ask for the next"
    TAKE_HELD = "forget the frame"
    AGAIN = "send it once more, or end"
    HOLD = "say nothing new"
    HOLD_ASKED = "say nothing new, wait for the answer without haste"
    NOTE_NAK = "send it once more as soon as there is an XON"
    GO_ON = "ask for the next"
    RESUME = "ask for the next, and keep alive again"
    WAIT_ON = "wait for the answer in haste again"
    ALIVE = "send a keep-alive"
    UNASKED = "an answer to nothing"
    NOTHING = "nothing"


_FREE, _ASKED, _HELD = State.FREE, State.ASKED, State.HELD
_WAITING, _REFUSED = State.WAITING, State.REFUSED

TABLE: Mapping[tuple[State, Sign], tuple[Step, State]] = {
    (_FREE, Sign.ACK): (Step.UNASKED, _FREE),
    (_FREE, Sign.NAK): (Step.UNASKED, _FREE),
    (_FREE, Sign.XOFF): (Step.HOLD, _HELD),
    (_FREE, Sign.XON): (Step.NOTHING, _FREE),
    (_FREE, Sign.QUIET): (Step.ALIVE, _FREE),
    (_FREE, Sign.WAITS): (Step.GO_ON, _FREE),
    (_ASKED, Sign.ACK): (Step.TAKE, _FREE),
    (_ASKED, Sign.NAK): (Step.AGAIN, _ASKED),
    (_ASKED, Sign.XOFF): (Step.HOLD_ASKED, _WAITING),
    (_ASKED, Sign.XON): (Step.NOTHING, _ASKED),
    (_ASKED, Sign.NO_ANSWER): (Step.AGAIN, _ASKED),
    (_ASKED, Sign.WAITS): (Step.NOTHING, _ASKED),
    (_HELD, Sign.ACK): (Step.UNASKED, _HELD),
    (_HELD, Sign.NAK): (Step.UNASKED, _HELD),
    (_HELD, Sign.XOFF): (Step.NOTHING, _HELD),
    (_HELD, Sign.XON): (Step.RESUME, _FREE),
    (_HELD, Sign.WAITS): (Step.NOTHING, _HELD),
    (_WAITING, Sign.ACK): (Step.TAKE_HELD, _HELD),
    (_WAITING, Sign.NAK): (Step.NOTE_NAK, _REFUSED),
    (_WAITING, Sign.XOFF): (Step.NOTHING, _WAITING),
    (_WAITING, Sign.XON): (Step.WAIT_ON, _ASKED),
    (_WAITING, Sign.WAITS): (Step.NOTHING, _WAITING),
    (_REFUSED, Sign.ACK): (Step.UNASKED, _REFUSED),
    (_REFUSED, Sign.NAK): (Step.UNASKED, _REFUSED),
    (_REFUSED, Sign.XOFF): (Step.NOTHING, _REFUSED),
    (_REFUSED, Sign.XON): (Step.AGAIN, _ASKED),
    (_REFUSED, Sign.WAITS): (Step.NOTHING, _REFUSED),
}
"""Every sign in every state in which it can come."""

_SIGNS = {ACK: Sign.ACK, NAK: Sign.NAK, XOFF: Sign.XOFF, XON: Sign.XON}
_TIMED = {Timer.ANSWER: Sign.NO_ANSWER, Timer.KEEP_ALIVE: Sign.QUIET}


class Conversation:
    """The machine; one per connection.

    Args:
        settings: of the profile.
        writer: of frames.
    """

    def __init__(self, settings: OhlSettings, writer: FrameWriter) -> None:
        self.state = State.FREE
        self._settings = settings
        self._writer = writer
        self._reader = FrameReader(settings.lrc_range)
        self._message: Message | None = None
        self._attempts = 0
        self._answers = 0
        self._stale = 0
        self._bad_frames = 0
        self._noise_bytes = 0
        self._frame_timed = False
        self._out: list[Command] = []

    def receive(self, event: Input) -> list[Command]:
        """Take one event and return what is to be done, in this order."""
        self._out = []
        if self.state is not State.OVER:
            self._receive(event)
        return self._out

    def _receive(self, event: Input) -> None:
        match event:
            case Begin():
                self._set(Timer.SILENCE, self._settings.silence_seconds)
                self._own(CONNECTION, self._settings.connection_text)
            case Received(octets=octets):
                self._read(self._reader.feed(octets))
                self._time_the_frame()
            case Due(timer=Timer.SILENCE):
                self._end("silence")
            case Due(timer=Timer.FRAME_END):
                self._read(self._reader.give_up())
                self._time_the_frame()
            case Due(timer=Timer.ANSWER) if self._stale:
                self._stale = 0
                self._settled()
            case Due(timer=timer):
                self._sign(_TIMED[timer])
            case Waits():
                self._sign(Sign.WAITS)
            case Tell(message=message):
                self._tell(message)
            case Over(reason=reason):
                self._end(reason)

    # What the hotel system says.

    def _read(self, reads: list[Read]) -> None:
        for read in reads:
            if self.state is State.OVER:
                return
            self._out.append(Heard(read))
            match read:
                case Control(code=code):
                    self._set(Timer.SILENCE, self._settings.silence_seconds)
                    self._control(code)
                case Frame(letter=letter) if letter in OF_APPLICATION:
                    self._readable()
                    self._frame(read)
                case Frame():
                    self._refuse("not the hotel system's to send", read)
                case BadFrame(fault=fault):
                    self._refuse(fault, read)
                case Stray(raw=raw):
                    self._noise(len(raw))

    def _readable(self) -> None:
        self._bad_frames = self._noise_bytes = 0
        self._set(Timer.SILENCE, self._settings.silence_seconds)

    def _control(self, code: int) -> None:
        answers = code in (ACK, NAK)
        if answers and self._stale:
            self._stale -= 1
            self._readable()
            self._settled()
            return
        if answers and self.state in (_ASKED, _WAITING):
            self._readable()
        else:
            self._noise(1)
        if answers or self._settings.flow != "none":
            self._sign(_SIGNS[code])

    def _frame(self, frame: Frame) -> None:
        self._out.append(Send(bytes([ACK])))
        if frame.letter not in (CONNECTION, KEEP_ALIVE):
            self._out.append(CarryOut(frame))

    def _refuse(self, reason: str, read: Read) -> None:
        self._out += [Refused(reason, read), Send(bytes([NAK]))]
        self._bad_frames += 1
        if self._bad_frames >= BAD_FRAMES_MAX:
            self._end("too many bad frames")

    def _noise(self, count: int) -> None:
        self._noise_bytes += count
        if self._noise_bytes >= NOISE_BYTES_MAX:
            self._end("noise")

    def _time_the_frame(self) -> None:
        """A frame that has begun ends in time, however slowly its bytes come."""
        begun = self._reader.inside
        if self.state is State.OVER:
            return
        if begun and not self._frame_timed:
            self._set(Timer.FRAME_END, self._settings.answer_seconds)
        elif self._frame_timed and not begun:
            self._out.append(StopTimer(Timer.FRAME_END))
        self._frame_timed = begun

    # What the exchange says.

    def _sign(self, sign: Sign) -> None:
        step, self.state = TABLE.get((self.state, sign), (Step.NOTHING, self.state))
        match step:
            case Step.TAKE | Step.TAKE_HELD:
                self._take(ask=step is Step.TAKE)
            case Step.AGAIN:
                self._again(sign)
            case Step.HOLD | Step.HOLD_ASKED:
                self._out += [StopTimer(Timer.ANSWER), StopTimer(Timer.KEEP_ALIVE)]
            case Step.NOTE_NAK:
                self._note_nak()
            case Step.RESUME:
                self._go_on()
            case Step.GO_ON:
                self._fetch()
            case Step.WAIT_ON:
                self._set(Timer.ANSWER, self._settings.answer_seconds)
            case Step.ALIVE:
                self._own(KEEP_ALIVE, self._settings.keep_alive_text)
            case Step.UNASKED | Step.NOTHING:
                pass

    def _own(self, letter: str, text: str) -> None:
        self._tell(Message("own", 0, self._writer.text(letter, text)))

    def _tell(self, message: Message) -> None:
        if self.state is not State.FREE or self._stale:
            return  # held, or asked, meanwhile; it stays where it waits
        self._message, self._attempts, self._answers = message, 0, 0
        self.state = State.ASKED
        self._send()

    def _send(self) -> None:
        assert self._message is not None  # only what was told is sent
        self._attempts += 1
        self._out.append(Send(self._message.octets, self._message, self._attempts))
        self._set(Timer.ANSWER, self._settings.answer_seconds)
        self._set(Timer.KEEP_ALIVE, self._settings.keep_alive_seconds)

    def _again(self, sign: Sign) -> None:
        if sign is Sign.NAK:
            self._answers += 1
            if self._copy_on_its_way:
                return
        if self._attempts >= self._settings.attempts:
            self._end("not accepted" if sign is not Sign.NO_ANSWER else "no answer")
        else:
            self._send()

    def _note_nak(self) -> None:
        self._answers += 1
        if self._copy_on_its_way:
            self.state = State.WAITING

    @property
    def _copy_on_its_way(self) -> bool:
        """Whether a copy of what is told has not been answered yet."""
        return self._attempts > self._answers

    def _take(self, *, ask: bool) -> None:
        assert self._message is not None  # an answer was awaited
        self._stale = self._attempts - self._answers - 1
        self._out += [StopTimer(Timer.ANSWER), Taken(self._message)]
        self._message = None
        if ask:
            self._go_on()

    def _go_on(self) -> None:
        """Tell what is next, once every copy is answered."""
        self._set(Timer.KEEP_ALIVE, self._settings.keep_alive_seconds)
        if self._stale:
            self._set(Timer.ANSWER, self._settings.answer_seconds)
        self._fetch()

    def _fetch(self) -> None:
        if not self._stale:
            self._out.append(Fetch())

    def _settled(self) -> None:
        """An answer to a copy has come, or none will."""
        if not self._stale and self.state is State.FREE:
            self._out.append(StopTimer(Timer.ANSWER))
            self._go_on()

    def _set(self, timer: Timer, seconds: float) -> None:
        self._out.append(SetTimer(timer, seconds))

    def _end(self, reason: str) -> None:
        self.state = State.OVER
        self._out += [*(StopTimer(timer) for timer in Timer), End(reason)]
