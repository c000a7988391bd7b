"""The taxation session as a pure machine: events in, commands out.

Theory
======
The exchange delivers at least once: `GetTickets` starts at the oldest ticket that is not
acknowledged, and only `AckTickets` removes (docs/taxation.md, Operations; ours). So the one rule
that loses nothing is: fetch, make durable, acknowledge, in that order, and never two batches at a
time. What is counted once is decided by the store, which knows tickets by exchange, epoch and
sequence; the machine may therefore ask again after any trouble.

    LOGGING_IN ──login──► GETTING ──tickets──► KEEPING ──stored──► ACKNOWLEDGING ─┐
        ▲                  ▲  ▲ │                                                 │
        │                  │  │ └─none──► POLLING ◄──────────none remaining───────┤
        │                  │  └──time up───┘ │ ▲                                  │
        │                  └──────────────── │ │ ──────────────more remaining─────┘
        │                          half the  ▼ │ done
        │                       idle limit  RESTARTING
        └── time up ── RESTING ◄── any failure, fault or unreadable answer, from anywhere

* A failure of any kind ends the session on our side: report, rest, log in again. The rest grows
  with each failure in a row, up to a bound, and is shortened by chance so that many collectors do
  not return in step. Only a fetch that worked makes the next rest short again: a login alone does
  not (an exchange that forgets the cookie each time would be asked without end).
* A port that does not answer as an exchange is followed by the next port at once; there is a rest
  only when all were tried.
* An answer that cannot be read is kept whole, and nothing is acknowledged.
* A stop ends the session after the batch in hand: kept, acknowledged, logged out. A failure on
  the way ends it at once; what is not acknowledged will be offered again.

The table at the end of the class is the whole behaviour; an event that has no line in it is a peer
that answers something else than it was asked, and is treated as a failure of the exchange.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, TypeVar

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    DoneAnswer,
    FaultAnswer,
    LoginAnswer,
    TicketsAnswer,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.taxation.messages import (
    Answered,
    Command,
    Event,
    Failed,
    Keep,
    KeepUnreadable,
    Level,
    Report,
    SendAcknowledge,
    SendGet,
    SendLogin,
    SendLogout,
    SendRestartTimer,
    SetAside,
    Started,
    StopAsked,
    Stored,
    TimeUp,
    Wait,
)


class State(Enum):
    """Where the conversation stands; the comment says which event it waits for."""

    IDLE = auto()  # Started
    LOGGING_IN = auto()  # answer to Login
    GETTING = auto()  # answer to GetTickets
    KEEPING = auto()  # the store, about a batch
    ACKNOWLEDGING = auto()  # answer to AckTickets
    POLLING = auto()  # time, between two fetches
    RESTARTING = auto()  # answer to RestartSessionTimer
    SETTING_ASIDE = auto()  # the store, about an unreadable answer
    RESTING = auto()  # time, after a failure
    LOGGING_OUT = auto()  # answer to Logout
    ENDED = auto()  # nothing


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the session goes. All times are in seconds.

    Attributes:
        batch_tickets_max: tickets asked for at once.
        poll_seconds: wait between a fetch that emptied the buffer and the next.
        rest_seconds_first: longest rest after a first failure.
        rest_seconds_max: bound of the growing rest.
    """

    batch_tickets_max: int
    poll_seconds: float
    rest_seconds_first: float
    rest_seconds_max: float


@dataclass(frozen=True, slots=True)
class Place:
    """Which exchange is spoken to: its name and address for reports, its ports in order."""

    exchange: str
    url: Callable[[int], str]
    ports: tuple[int, ...]


_Step = Callable[["TaxationSession", Event], list[Command]]


class TaxationSession:
    """One collector's conversation with one exchange.

    Args:
        place: the exchange.
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
        self.state = State.IDLE
        self._place = place
        self._pace = pace
        self._chance = chance
        self._epoch = epoch
        self._last_sequence = last_sequence
        self._stopping = False
        self._failures_in_a_row = 0
        self._port_index = 0
        self._ports_tried = 0
        self._idle_seconds_max = 0.0
        self._poll_seconds_left = 0.0
        self._batch: TicketsAnswer | None = None
        self._remaining = 0
        self._acknowledged_last = 0
        self._unread = Failure("", "", Fault.EXCHANGE)

    @property
    def ended(self) -> bool:
        """Tell whether the conversation is over; no event is welcome any more."""
        return self.state is State.ENDED

    def receive(self, event: Event) -> list[Command]:
        """Take one event and return what is to be done, in order.

        Never raises for anything a peer did.
        """
        if self.ended:
            return []
        kind = type(event.answer) if isinstance(event, Answered) else type(event)
        step = self.TABLE.get((self.state, kind)) or self.ANYWHERE.get(
            kind, TaxationSession._unasked
        )
        return step(self, event)

    # --- beginning

    def _log_in(self, _event: Event) -> list[Command]:
        self.state = State.LOGGING_IN
        return [SendLogin(self._port)]

    def _logged_in(self, event: Event) -> list[Command]:
        answer = _answer(event, LoginAnswer)
        self._ports_tried = 0
        self._acknowledged_last = 0
        self._idle_seconds_max = float(answer.session_seconds)
        reports: list[Command] = [
            self._info(
                f"collecting from {self._place.exchange} at {self._url}",
                release=answer.release,
                epoch=answer.epoch,
            )
        ]
        if self._epoch not in (None, answer.epoch):
            reports.append(self._new_epoch(answer.epoch))
        if self._epoch != answer.epoch:
            self._epoch, self._last_sequence = answer.epoch, 0
        return [*reports, *self._get(event)]

    def _new_epoch(self, epoch: str) -> Report:
        return self._warning(
            f"new epoch {epoch}: the exchange counts its tickets anew (new installation or cold"
            f" reset); tickets it had not delivered under epoch {self._epoch} are gone there",
            epoch_before=self._epoch or "",
            last_sequence_before=self._last_sequence,
        )

    # --- fetching

    def _get(self, _event: Event) -> list[Command]:
        if self._stopping:
            return self._log_out()
        self.state = State.GETTING
        return [SendGet(self._pace.batch_tickets_max)]

    def _tickets(self, event: Event) -> list[Command]:
        batch = _answer(event, TicketsAnswer)
        if contradiction := _contradiction(batch):
            return self._set_aside(contradiction, "GetTicketsResult", _body(event))
        if not batch.tickets:
            return self._nothing_left()
        if batch.first <= self._acknowledged_last:
            return self._rest(self._offered_again(batch.first))
        self.state = State.KEEPING
        self._batch = batch
        keep = Keep(self._epoch or "", batch, _body(event))
        return [*self._gap(batch.first), keep]

    def _offered_again(self, first: int) -> Failure:
        """Without this an exchange that never removes would be asked without a pause."""
        what = (
            f"sequence {first} is offered again although the exchange took the acknowledgement"
            f" up to {self._acknowledged_last}"
        )
        return Failure(what, self._url, Fault.EXCHANGE)

    def _gap(self, first: int) -> list[Command]:
        missing = first - self._last_sequence - 1
        if self._last_sequence == 0 or missing <= 0:
            return []
        return [
            self._warning(
                f"the exchange went on at sequence {first} after {self._last_sequence}:"
                f" {missing} tickets were never offered to this store",
                first_missing=self._last_sequence + 1,
                last_missing=first - 1,
            )
        ]

    def _stored(self, event: Event) -> list[Command]:
        assert isinstance(event, Stored)
        assert self._batch is not None
        batch, self._batch = self._batch, None
        self._last_sequence = max(self._last_sequence, batch.last)
        self.state = State.ACKNOWLEDGING
        self._remaining = batch.remaining
        loud = self._warning if event.quarantined else self._info
        report = loud(
            "batch stored",
            first=batch.first,
            last=batch.last,
            new=event.new,
            known=event.known,
            quarantined=event.quarantined,
            remaining=batch.remaining,
        )
        return [report, SendAcknowledge(batch.last)]

    def _acknowledged(self, event: Event) -> list[Command]:
        self._acknowledged_last = self._last_sequence
        if self._remaining > 0:
            self._failures_in_a_row = 0
            return self._get(event)
        return self._nothing_left()

    # --- waiting

    def _nothing_left(self) -> list[Command]:
        self._failures_in_a_row = 0
        if self._stopping:
            return self._log_out()
        self._poll_seconds_left = self._pace.poll_seconds
        return self._poll()

    def _poll(self) -> list[Command]:
        """Wait for the next fetch, but never longer than half the exchange's idle limit."""
        self.state = State.POLLING
        longest = self._idle_seconds_max / 2 if self._idle_seconds_max > 0 else float("inf")
        seconds = min(self._poll_seconds_left, longest)
        self._poll_seconds_left -= seconds
        return [Wait(seconds)]

    def _polled(self, event: Event) -> list[Command]:
        if self._poll_seconds_left <= 0:
            return self._get(event)
        self.state = State.RESTARTING
        return [SendRestartTimer()]

    def _restarted(self, _event: Event) -> list[Command]:
        return self._log_out() if self._stopping else self._poll()

    # --- trouble

    def _set_aside_malformed(self, event: Event) -> list[Command]:
        malformed = _answer(event, Malformed)
        return self._set_aside(malformed.reason, str(malformed.place), _body(event))

    def _set_aside(self, reason: str, place: str, body: bytes) -> list[Command]:
        what = f"the answer to {self._asked} cannot be read: {reason}, {place}"
        self._unread = Failure(what, self._url, Fault.EXCHANGE)
        self.state = State.SETTING_ASIDE
        return [KeepUnreadable(reason, place, body)]

    def _was_set_aside(self, event: Event) -> list[Command]:
        assert isinstance(event, SetAside)
        seen = "" if event.times == 1 else f" (the same answer, seen {event.times} times)"
        kept = self._warning(f"unreadable answer kept in the quarantine{seen}")
        return [kept, *self._rest(self._unread)]

    def _fault(self, event: Event) -> list[Command]:
        answer = _answer(event, FaultAnswer)
        meaning = _FAULTS.get(answer.code, "the exchange refused the request")
        what = f"{meaning} (fault {answer.code}: {answer.text})"
        return self._rest(Failure(what, f"{self._asked} at {self._url}", Fault.EXCHANGE))

    def _failed(self, event: Event) -> list[Command]:
        assert isinstance(event, Failed)
        return self._rest(event.failure)

    def _unasked(self, event: Event) -> list[Command]:
        name = type(event.answer if isinstance(event, Answered) else event).__name__
        what = f"the answer to {self._asked} is one to another question ({name})"
        return self._rest(Failure(what, self._url, Fault.EXCHANGE))

    def _rest(self, failure: Failure) -> list[Command]:
        report = self._warning(str(failure))
        self._batch = None
        if self._stopping or self.state is State.LOGGING_OUT:
            return [report, *self._end()]
        if failure.other_port_may_help and self._next_port():
            return [report, *self._log_in(Started())]
        self.state = State.RESTING
        return [report, Wait(self._rest_seconds())]

    def _next_port(self) -> bool:
        """Turn to the next port; False when this was the last of the round."""
        self._port_index = (self._port_index + 1) % len(self._place.ports)
        self._ports_tried += 1
        if self._ports_tried < len(self._place.ports):
            return True
        self._ports_tried = 0
        return False

    def _rest_seconds(self) -> float:
        doublings = min(self._failures_in_a_row, 30)
        self._failures_in_a_row += 1
        longest = min(self._pace.rest_seconds_first * 2.0**doublings, self._pace.rest_seconds_max)
        return longest * (1 - self._chance() / 2)

    # --- ending

    def _stop_later(self, _event: Event) -> list[Command]:
        self._stopping = True
        return []

    def _stop_now(self, _event: Event) -> list[Command]:
        self._stopping = True
        return self._log_out()

    def _log_out(self) -> list[Command]:
        self.state = State.LOGGING_OUT
        return [SendLogout()]

    def _logged_out(self, _event: Event) -> list[Command]:
        return self._end()

    def _stop_resting(self, _event: Event) -> list[Command]:
        return self._end()

    def _end(self) -> list[Command]:
        self.state = State.ENDED
        return [self._info(f"collection from {self._place.exchange} ended")]

    # --- words

    @property
    def _port(self) -> int:
        return self._place.ports[self._port_index]

    @property
    def _url(self) -> str:
        return self._place.url(self._port)

    @property
    def _asked(self) -> str:
        return _OPERATIONS.get(self.state, "nothing")

    def _info(self, text: str, **fields: str | float) -> Report:
        return Report(Level.INFO, text, fields)

    def _warning(self, text: str, **fields: str | float) -> Report:
        return Report(Level.WARNING, text, fields)

    # --- the table

    TABLE: ClassVar[Mapping[tuple[State, type], _Step]] = {
        (State.IDLE, Started): _log_in,
        (State.LOGGING_IN, LoginAnswer): _logged_in,
        (State.GETTING, TicketsAnswer): _tickets,
        (State.KEEPING, Stored): _stored,
        (State.ACKNOWLEDGING, AcknowledgeAnswer): _acknowledged,
        (State.POLLING, TimeUp): _polled,
        (State.IDLE, StopAsked): _stop_resting,
        (State.POLLING, StopAsked): _stop_now,
        (State.RESTARTING, LoginAnswer): _restarted,
        (State.RESTARTING, DoneAnswer): _restarted,
        (State.SETTING_ASIDE, SetAside): _was_set_aside,
        (State.RESTING, TimeUp): _log_in,
        (State.RESTING, StopAsked): _stop_resting,
        (State.LOGGING_OUT, DoneAnswer): _logged_out,
    }
    """The expected: (state, what arrives) -> step."""

    ANYWHERE: ClassVar[Mapping[type, _Step]] = {
        StopAsked: _stop_later,
        Failed: _failed,
        FaultAnswer: _fault,
        Malformed: _set_aside_malformed,
    }
    """What may arrive in every other state."""


_Kind = TypeVar("_Kind")


def _answer(event: Event, kind: type[_Kind]) -> _Kind:
    """Return the answer that the table promised to this step."""
    assert isinstance(event, Answered)
    assert isinstance(event.answer, kind)
    return event.answer


def _body(event: Event) -> bytes:
    assert isinstance(event, Answered)
    return event.body


def _contradiction(batch: TicketsAnswer) -> str:
    """Say where the numbers of an answer contradict its tickets; empty when they agree.

    docs/taxation.md: the i-th ticket has sequence first + i, both ends are 0 when there is none.
    """
    count = len(batch.tickets)
    if count == 0 and (batch.first, batch.last) == (0, 0):
        return ""
    if count and batch.first >= 1 and batch.last - batch.first + 1 == count:
        return ""
    return f"firstSequence {batch.first} and lastSequence {batch.last} with {count} tickets"


_OPERATIONS: Mapping[State, str] = {
    State.LOGGING_IN: "Login",
    State.GETTING: "GetTickets",
    State.ACKNOWLEDGING: "AckTickets",
    State.RESTARTING: "RestartSessionTimer",
    State.LOGGING_OUT: "Logout",
}

_FAULTS: Mapping[str, str] = {
    "Client.Session": "the session is lost: the exchange does not know our cookie (any more)",
    "Client.Acknowledgement": "the exchange says that it never offered what we acknowledge",
    "Client.Request": "the exchange does not understand the request",
    "Server.Busy": "the exchange is unavailable: busy",
    "Server": "the exchange has an error of its own",
}
"""docs/taxation.md, Faults (ours)."""
