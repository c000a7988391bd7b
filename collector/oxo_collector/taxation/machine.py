"""The taxation session as a pure machine: events in, commands out.

Theory
======
The exchange delivers at least once: `GetTickets` starts at the oldest ticket that is not
acknowledged, and only `AckTickets` removes (docs/taxation.md, Operations; ours). So the one rule
that loses nothing is: fetch, make durable, acknowledge, in that order, and never two batches at a
time. What is counted once is decided by the store, which knows tickets by exchange, epoch and
sequence; the machine may therefore ask again after any trouble.

    LOGGING_IN ──login──► GETTING ──tickets──► KEEPING ──stored──► ACKNOWLEDGING ─┐
      ▲  ▲ │               ▲  ▲ │                                                 │
      │  │ │ second        │  │ └─none──► POLLING ◄──────────none remaining───────┤
      │  │ ▼ refused       │  └──time up───┘ │ ▲                                  │
      │ LEAVING            └──────────────── │ │ ──────────────more remaining─────┘
      │                              half the▼ │ done
      │                           idle limit  RESTARTING
      └──── time up ── RESTING ◄── any failure, fault or unreadable answer, from anywhere

* After a failure of any kind: report, rest, log in again. The rest grows with each failure in a
  row, up to a bound, and is shortened by chance so that many collectors do not return in step.
  Only a fetch that worked makes the next rest short again: a login alone does not (an exchange
  that forgets the cookie each time would be asked without end).
* The old session is not gone on with, although a failed connection does not end it: the epoch is
  told at login only, and behind any failure a cold reset may hide. An exchange takes a second
  login for the first, as a rule. Where it refuses one, the session left behind is closed by a
  `Logout` with its own cookie, once per rest, and the login is tried again at once. A session
  whose cookie is not known (another client's, or one of a process that was killed) ends by the
  exchange's idle limit only.
* A port that does not answer as an exchange is followed by the next port at once; there is a rest
  only when all were tried.
* An answer that cannot be read is kept whole, and nothing is acknowledged. When a batch cannot be
  read twice in a row, its tickets are asked for one by one: those in front of the bad one pass, and
  the bad one is named. It stays unacknowledged, and so it blocks what is behind it: nothing is
  given up that a person might still read.
* A stop ends the session after the batch in hand: kept, acknowledged, logged out. A failure on
  the way ends it at once; what is not acknowledged will be offered again.

Under a foreign contract (docs/taxation.md, Foreign contracts) two things may differ:

    LOGGING_IN ──► OPENING           login none: the first GetTickets opens, each answer tells the
                                     epoch, and a new one is taken note of as at a login
    ACKNOWLEDGING ──► GETTING        next-request: KEEPING ──stored──► GETTING, at once, until
                                     nothing is there: what is polled in between is acknowledged
    ACKNOWLEDGING ──► (nothing)      on-read: KEEPING ──stored──► GETTING or POLLING

* Where the next request acknowledges, nothing may be sent in a session whose last answer is not
  durable, not even a `Logout`: after a failure the old session is never ended by one, unless all
  it gave is stored. A new session has nothing to acknowledge, and is given the same tickets again.
* Where reading removes, the answer in hand is the only copy. It is given up only by a stop that
  finds the store still refusing it: KEEPING ──not stored──► HOLDING ──time up──► KEEPING (and the
  same from SETTING_ASIDE). What a crash or the network lost is told by the gap in the sequence.

The table is the whole behaviour: which step is taken, and in which states it may end. A step that
ends elsewhere, and an event without a line, are defects of the collector itself and are raised. An
answer to another question is the exchange's fault; it has the line of `Answered`.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    LoginAnswer,
    LogoutAnswer,
    RestartAnswer,
    TicketsAnswer,
)
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.taxation.messages import Answered, Command, Event, Failed
from oxo_collector.taxation.states import Move, Pace, Place, State
from oxo_collector.taxation.steps import Steps
from oxo_collector.turns import OutOfTurn, Started, StopAsked, TimeUp


class Line(NamedTuple):
    """What follows an event in a state: the step, and every state in which it may end."""

    step: Callable[[Steps, Event], Move]
    ends: frozenset[State]


def _line(step: Callable[[Steps, Event], Move], *ends: State) -> Line:
    return Line(step, frozenset(ends))


_REST_OR_END = (State.RESTING, State.ENDED)
"""After a failure; the end where a stop was asked."""

_LOGIN = (State.LOGGING_IN, State.OPENING)
"""The beginning of a session; which of them, the contract says."""

_FAILED = _line(Steps.failed, *_LOGIN, *_REST_OR_END)  # another port first, if any
_FAULT = _line(Steps.fault, *_REST_OR_END)
_UNREADABLE = _line(Steps.set_aside, State.SETTING_ASIDE)
_UNASKED = _line(Steps.unasked, *_REST_OR_END)
_NOT_STORED = _line(Steps.not_stored, State.HOLDING, *_REST_OR_END)

TABLE: Final[Mapping[State, Mapping[type, Line]]] = {
    State.IDLE: {
        Started: _line(Steps.log_in, *_LOGIN),
        StopAsked: _line(Steps.end, State.ENDED),
    },
    State.LOGGING_IN: {
        LoginAnswer: _line(Steps.logged_in, State.GETTING, State.LOGGING_OUT),
        FaultAnswer: _line(Steps.login_refused, State.LEAVING, *_REST_OR_END),
        Malformed: _UNREADABLE,
        Answered: _UNASKED,
        Failed: _line(Steps.failed, State.LOGGING_IN, *_REST_OR_END),
        StopAsked: _line(Steps.stop_later, State.LOGGING_IN),
    },
    State.OPENING: {
        TicketsAnswer: _line(Steps.opened, State.KEEPING, State.POLLING, State.LOGGING_OUT),
        FaultAnswer: _line(Steps.login_refused, State.LEAVING, *_REST_OR_END),
        Malformed: _UNREADABLE,
        Answered: _UNASKED,
        Failed: _line(Steps.failed, State.OPENING, *_REST_OR_END),
        StopAsked: _line(Steps.stop_later, State.OPENING),
    },
    State.LEAVING: {
        LogoutAnswer: _line(Steps.left, *_LOGIN, State.ENDED),
        FaultAnswer: _line(Steps.left, *_LOGIN, State.ENDED),  # it is gone already
        Malformed: _UNREADABLE,
        Answered: _UNASKED,
        Failed: _FAILED,
        StopAsked: _line(Steps.stop_later, State.LEAVING),
    },
    State.GETTING: {
        TicketsAnswer: _line(
            Steps.tickets, State.KEEPING, State.POLLING, State.LOGGING_OUT, *_REST_OR_END
        ),
        FaultAnswer: _FAULT,
        Malformed: _UNREADABLE,
        Answered: _UNASKED,
        Failed: _FAILED,
        StopAsked: _line(Steps.stop_later, State.GETTING),
    },
    State.KEEPING: {
        Stored: _line(
            Steps.stored,
            *(State.ACKNOWLEDGING, State.GETTING, State.POLLING, State.LOGGING_OUT),
            *_REST_OR_END,
        ),
        Failed: _NOT_STORED,
        StopAsked: _line(Steps.stop_later, State.KEEPING),
    },
    State.ACKNOWLEDGING: {
        AcknowledgeAnswer: _line(
            Steps.acknowledged, State.GETTING, State.POLLING, State.LOGGING_OUT
        ),
        FaultAnswer: _FAULT,
        Malformed: _UNREADABLE,
        Answered: _UNASKED,
        Failed: _FAILED,
        StopAsked: _line(Steps.stop_later, State.ACKNOWLEDGING),
    },
    State.POLLING: {
        TimeUp: _line(Steps.polled, State.GETTING, State.RESTARTING),
        StopAsked: _line(Steps.stop_now, State.LOGGING_OUT),
    },
    State.RESTARTING: {
        RestartAnswer: _line(Steps.restarted, State.POLLING, State.LOGGING_OUT),
        FaultAnswer: _FAULT,
        Malformed: _UNREADABLE,
        Answered: _UNASKED,
        Failed: _FAILED,
        StopAsked: _line(Steps.stop_later, State.RESTARTING),
    },
    State.SETTING_ASIDE: {
        SetAside: _line(Steps.was_set_aside, *_REST_OR_END),
        Failed: _NOT_STORED,
        StopAsked: _line(Steps.stop_later, State.SETTING_ASIDE),
    },
    State.HOLDING: {
        TimeUp: _line(Steps.keep_again, State.KEEPING, State.SETTING_ASIDE),
        StopAsked: _line(Steps.keep_at_last, State.KEEPING, State.SETTING_ASIDE),
    },
    State.RESTING: {
        TimeUp: _line(Steps.rested, *_LOGIN),
        StopAsked: _line(Steps.end, State.ENDED),
    },
    State.LOGGING_OUT: {
        LogoutAnswer: _line(Steps.end, State.ENDED),
        FaultAnswer: _line(Steps.fault, State.ENDED),
        Malformed: _UNREADABLE,
        Answered: _line(Steps.unasked, State.ENDED),
        Failed: _line(Steps.failed, State.ENDED),
    },
    State.ENDED: {},
}
"""State -> what arrives -> step and the states in which it may end."""


class TaxationSession:
    """One collector's conversation with one exchange.

    Args:
        place: the exchange; its contract says how a session begins and what acknowledges.
        pace: times and batch size.
        chance: returns numbers from 0 to below 1; shortens a rest by up to half.
        epoch: epoch of the last stored ticket, None for a store that never saw this exchange.
        last_sequence: sequence of the last stored ticket of that epoch.
    """

    def __init__(
        self,
        place: Place,
        pace: Pace,
        *,
        chance: Callable[[], float],
        epoch: str | None = None,
        last_sequence: int = 0,
    ) -> None:
        self._steps = Steps(place, pace, chance, epoch, last_sequence)

    @property
    def state(self) -> State:
        """Where the conversation stands."""
        return self._steps.state

    @property
    def ended(self) -> bool:
        """Tell whether the conversation is over; no event is welcome any more."""
        return self.state is State.ENDED

    def receive(self, event: Event) -> list[Command]:
        """Take one event and return what is to be done, in order.

        Never raises for anything a peer did.

        Raises:
            OutOfTurn: only a defect of the collector brings this event in this state.
        """
        if self.ended:
            return []
        line = self._line(event)
        state, commands = line.step(self._steps, event)
        if state not in line.ends:
            raise OutOfTurn(f"{line.step.__name__} ended {self.state.name} in {state.name}")
        self._steps.state = state
        return commands

    def _line(self, event: Event) -> Line:
        lines = TABLE[self.state]
        kind = type(event.answer) if isinstance(event, Answered) else type(event)
        line = lines.get(kind) or lines.get(type(event))
        if line is None:
            raise OutOfTurn(f"nothing in the state {self.state.name} can bring {kind.__name__}")
        return line
