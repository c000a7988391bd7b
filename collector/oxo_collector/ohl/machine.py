"""The conversation on the hotel link as a pure machine: events in, commands out.

Theory
======
The exchange sends one message at a time and waits for ACK; without one it keeps the message and
sends it again, after a NAK, after some time, or on the next connection (facts: oxo 4.1, field; its
author expects it so). So the rule that loses nothing is: keep, then ACK.

    CONNECTING ──► LISTENING ──message──► KEEPING ──kept──► ANSWERING ──more in hand──┐
        ▲           │  ▲ ▲ │ bad frame, stray bytes, repeat     ▲                     │
        │           │  │ │ └──────────► SETTING_ASIDE ──────────┤ (stray: no answer)  │
        │           │  │ └────────────────────────────────────── ◄────────────────────┘
        │   silent, │  └─ the rest of a frame does not come: NAK
        │   lost    ▼
     RESTING ◄── HANGING_UP ◄── the store refuses twice (once: XOFF, HOLDING, and again)

* A connection that was lost may have taken our last ACK with it. Then the exchange sends the same
  message again, as the first on the next connection. So the first message of a connection that
  is the last kept one, byte for byte, is taken for its repeat, unless a message after it has
  proved that the ACK arrived: it is acknowledged, set aside with that reason, and not counted.
  Two equal messages in a row on one connection are two: the second proves the first's ACK.
* What came while a keeping took long was sent before the answer. A message in it that is the one
  in hand is its repeat likewise; it gets no answer of its own, since the exchange would take a
  second ACK for that of its next message.
* A message whose check value is right and whose body cannot be read is kept aside and answered by
  ACK: sent again it would be the same.
* A frame whose check value is right and whose letter or length nobody knows is answered by NAK, but
  not for ever, or no message behind it would come: set aside, it is acknowledged when it comes for
  the third time.
* A silent link is connected anew: a peer that is gone without a word cannot be told otherwise.
* A stop ends the conversation after the message in hand; what is not acknowledged is sent again.

The table is the whole behaviour; an event that it does not know in a state is a defect of ours.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from oxo_collector.decoders.ohl import (
    ACK,
    NAK,
    BadFrame,
    Control,
    Frame,
    OhlDecoder,
    StrayBytes,
)
from oxo_collector.decoders.ohl import Event as Heard
from oxo_collector.decoders.ohl_layout import XOFF, XON
from oxo_collector.decoders.ohl_ticket import CONNECTION, KEEP_ALIVE, piece_of
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.failure import Failure, Fault
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
from oxo_collector.report import Level, Report
from oxo_collector.rests import Rests
from oxo_collector.tcp_events import Connected, Lost, Received, Sent, Silent
from oxo_collector.turns import HungUp, StopAsked, TimeUp, Wait, step_of

FRAME_SECONDS_MAX: Final = 5.0
"""The rest of a frame comes in this time, or it is answered by NAK."""

HOLD_SECONDS: Final = 1.0
"""So long the store is given before the message is left to the exchange."""

BAD_COUNT_MAX: Final = 50
"""So many bad frames and stray pieces without one message are no hotel link."""

REFUSED_COUNT_MAX: Final = 2
"""So many times a frame that is sound and unknown is answered by NAK; then by ACK."""

REPEAT: Final = (
    "sent again after a lost connection: the message is stored already, and nothing proves that"
    " its acknowledgement arrived; counted once"
)
SENT_EARLY: Final = "sent again before it was answered; counted once"


class State(Enum):
    """Where the conversation stands; the comment says which event it waits for."""

    IDLE = auto()  # Started
    CONNECTING = auto()  # the connection
    LISTENING = auto()  # bytes
    KEEPING = auto()  # the store, about a message
    SETTING_ASIDE = auto()  # the store, about what is none
    STOPPING_PEER = auto()  # XOFF is sent
    HOLDING = auto()  # time, until the store is asked again
    ANSWERING = auto()  # the answer is sent
    HANGING_UP = auto()  # the end of the connection
    RESTING = auto()  # time
    ENDED = auto()  # nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """What the operator wants.

    Attributes:
        zone: IANA time zone of the exchange, for the tickets.
        silence_seconds_max: a link that is silent so long is connected anew.
        where: the address, for reports.
    """

    zone: str
    silence_seconds_max: float
    where: str


Move = tuple[State, list[Command]]


class HotelLink:
    """One endless conversation with one exchange, over as many connections as it takes.

    Args:
        plan: what the operator wants.
        rests: how long a failure is rested upon.
    """

    def __init__(self, plan: Plan, rests: Rests) -> None:
        self._plan = plan
        self._rests = rests
        self._state = State.IDLE
        self._stopping = False
        self._unproved: bytes | None = None
        self._refused = b""
        self._refused_count = 0
        self._silence_told = False
        self._rest = True
        self._begin("")

    def _begin(self, epoch: str) -> None:
        """Begin a connection."""
        self._epoch = epoch
        self._decoder = OhlDecoder()
        self._heard: deque[Heard] = deque()
        self._number = 0
        self._first = True
        self._bad_count = 0
        self._answer = b""
        self._keep: Keep | None = None
        self._held = False
        self._ending = False

    @property
    def ended(self) -> bool:
        """Tell whether nothing will be commanded any more."""
        return self._state is State.ENDED

    def receive(self, event: Event) -> list[Command]:
        """Take an event and return what is to be done, in order.

        Raises:
            OutOfTurn: a defect of the collector.
        """
        if isinstance(event, StopAsked):
            return self._stop()
        self._state, commands = step_of(TABLE, self._state, event)(self, event)
        return commands

    def _stop(self) -> list[Command]:
        self._stopping = True
        if self._state in (State.IDLE, State.RESTING):
            self._state = State.ENDED
        return []

    def started(self, event: Event) -> Move:
        """Connect; of an earlier process nobody knows whether its last ACK arrived."""
        assert isinstance(event, Started)
        self._unproved = event.last_raw
        return State.CONNECTING, [Connect()]

    def connect(self, _event: Event) -> Move:
        """Connect anew."""
        return State.CONNECTING, [Connect()]

    def connected(self, event: Event) -> Move:
        """Listen."""
        assert isinstance(event, Connected)
        self._begin(event.epoch)
        return self._go_on()

    def received(self, event: Event) -> Move:
        """Take what came."""
        assert isinstance(event, Received)
        self._heard += self._decoder.receive(event.data)
        return self._go_on()

    def silent(self, _event: Event) -> Move:
        """The rest of a frame does not come, or nothing at all does."""
        if self._decoder.pending:
            self._heard += self._decoder.give_up()
            return self._go_on()
        reports: list[Command] = []
        if not self._silence_told:
            self._silence_told = True
            seconds = self._plan.silence_seconds_max
            what = f"the hotel link was silent for {seconds:g} seconds; connected anew"
            reports.append(_warning(Failure(what, self._plan.where, Fault.NETWORK)))
        return self._hang_up(*reports, rest=False)

    def lost(self, event: Event) -> Move:
        """The connection is gone; what was under way is set aside, the exchange has it whole."""
        assert isinstance(event, Lost)
        return self._hang_up(_warning(event.failure))

    def cut_off(self, event: Event) -> Move:
        """The connection is gone while it was listened to: half a frame may be here."""
        pending = self._decoder.pending
        if not pending:
            return self.lost(event)
        assert isinstance(event, Lost)
        self._ending = True
        reason = f"connection lost after {len(pending)} bytes of a message"
        return State.SETTING_ASIDE, [_warning(event.failure), Quarantine(reason, pending)]

    def kept(self, event: Event) -> Move:
        """The message is durable: now, and only now, it is acknowledged."""
        assert isinstance(event, Kept)
        assert self._keep is not None
        self._rests.worked()
        self._unproved = self._keep.raw
        self._bad_count = 0
        answer = ACK + (XON if self._held else b"")
        reports = self._told(event)
        early = self._decoder.receive(event.early) if event.early else []
        for heard in early:
            if isinstance(heard, Frame) and heard.raw == self._keep.raw:
                reports.append(Report(Level.WARNING, f"message {heard.letter} was {SENT_EARLY}"))
            else:
                self._heard.append(heard)
        self._keep, self._held = None, False
        return State.ANSWERING, [*reports, Send(answer)]

    def not_kept(self, event: Event) -> Move:
        """Stop the peer and ask the store once more; then leave the message to the exchange."""
        assert isinstance(event, NotKept)
        if self._held or self._stopping:
            return self._hang_up(_warning(event.failure))
        self._held = True
        return State.STOPPING_PEER, [Send(XOFF)]

    def not_set_aside(self, event: Event) -> Move:
        """Nothing was answered, hence the exchange sends it again."""
        assert isinstance(event, NotKept)
        return self._hang_up(_warning(event.failure))

    def hold(self, _event: Event) -> Move:
        """Give the store some time."""
        return State.HOLDING, [Wait(HOLD_SECONDS)]

    def keep_again(self, _event: Event) -> Move:
        """Ask the store once more."""
        assert self._keep is not None
        return State.KEEPING, [self._keep]

    def set_aside(self, event: Event) -> Move:
        """What is no message is durable: answer it, or go on where there is no answer."""
        assert isinstance(event, SetAside)
        if self._ending:
            return self._hang_up()
        answer, self._answer = self._answer, b""
        if answer:
            return State.ANSWERING, [Send(answer)]
        return self._go_on()

    def answered(self, _event: Event) -> Move:
        """Go on."""
        return self._go_on()

    def hung_up(self, _event: Event) -> Move:
        """Rest, or connect anew at once."""
        if self._stopping:
            return State.ENDED, []
        if not self._rest:
            return State.CONNECTING, [Connect()]
        return State.RESTING, [Wait(self._rests.next_seconds())]

    def _go_on(self) -> Move:
        """Take the next of what was heard; listen when there is none."""
        while self._heard and not self._stopping:
            heard = self._heard.popleft()
            if isinstance(heard, Frame):
                return self._frame(heard)
            if isinstance(heard, Control):
                continue
            return self._bad(heard)
        if self._stopping:
            return self._hang_up(rest=False)
        pending = bool(self._decoder.pending)
        seconds = FRAME_SECONDS_MAX if pending else self._plan.silence_seconds_max
        return State.LISTENING, [Receive(min(seconds, self._plan.silence_seconds_max))]

    def _frame(self, frame: Frame) -> Move:
        # The message that opens a connection follows each silence, and so it ends none.
        self._silence_told = self._silence_told and frame.letter == CONNECTION
        if frame.letter in (CONNECTION, KEEP_ALIVE):
            return State.ANSWERING, [Send(ACK)]
        first, self._first = self._first, False
        if first and frame.raw == self._unproved:
            self._answer = ACK
            report = Report(Level.WARNING, f"message {frame.letter} was {REPEAT}")
            return State.SETTING_ASIDE, [report, Quarantine(REPEAT, frame.raw)]
        piece = piece_of(frame, self._plan.zone)
        assert piece is not None
        self._number += 1
        self._keep = Keep(self._epoch, self._number, piece, frame.raw)
        return State.KEEPING, [self._keep]

    def _bad(self, heard: StrayBytes | BadFrame) -> Move:
        self._bad_count += 1
        if self._bad_count > BAD_COUNT_MAX:
            what = f"{BAD_COUNT_MAX} bad frames without one message: this is no hotel link"
            return self._hang_up(_warning(Failure(what, self._plan.where, Fault.OPERATOR)))
        if isinstance(heard, StrayBytes):
            self._answer = b""
            reason = f"{len(heard.raw)} bytes that belong to no frame"
        else:
            self._answer = self._answer_to(heard)
            reason = f"{heard.fault}: {heard.detail}"
        report = _warning(Failure(reason, self._plan.where, Fault.EXCHANGE))
        return State.SETTING_ASIDE, [report, Quarantine(reason, heard.raw)]

    def _answer_to(self, bad: BadFrame) -> bytes:
        """Refuse what may be damaged; what is said so again and again comes no other way."""
        if not bad.sound:
            return NAK
        same = bad.raw == self._refused
        self._refused, self._refused_count = bad.raw, self._refused_count + 1 if same else 1
        if self._refused_count <= REFUSED_COUNT_MAX:
            return NAK
        # The exchange goes on to a message when the one before was acknowledged.
        self._first, self._bad_count = False, 0
        return ACK

    def _hang_up(self, *reports: Command, rest: bool = True) -> Move:
        self._rest = rest
        return State.HANGING_UP, [*reports, HangUp()]

    def _told(self, event: Kept) -> list[Command]:
        assert self._keep is not None
        stored, piece = event.stored, self._keep.piece
        if isinstance(piece, Malformed):
            fields: dict[str, str | int | float] = {"reason": piece.reason}
            return [Report(Level.WARNING, "message kept aside", fields)]
        fields = {"new": stored.new, "events": stored.events, "number": self._keep.number}
        return [Report(Level.INFO, "message stored", fields)]


Step = Callable[[HotelLink, Event], Move]

TABLE: Final[Mapping[State, Mapping[type, Step]]] = {
    State.IDLE: {Started: HotelLink.started},
    State.CONNECTING: {Connected: HotelLink.connected, Lost: HotelLink.lost},
    State.LISTENING: {
        Received: HotelLink.received,
        Silent: HotelLink.silent,
        Lost: HotelLink.cut_off,
    },
    State.KEEPING: {Kept: HotelLink.kept, NotKept: HotelLink.not_kept},
    State.SETTING_ASIDE: {SetAside: HotelLink.set_aside, NotKept: HotelLink.not_set_aside},
    State.STOPPING_PEER: {Sent: HotelLink.hold, Lost: HotelLink.lost},
    State.HOLDING: {TimeUp: HotelLink.keep_again},
    State.ANSWERING: {Sent: HotelLink.answered, Lost: HotelLink.lost},
    State.HANGING_UP: {HungUp: HotelLink.hung_up},
    State.RESTING: {TimeUp: HotelLink.connect},
}


def _warning(failure: Failure) -> Report:
    return Report(Level.WARNING, str(failure))
