"""What the taxation session does at each event; which step is taken when is the table's affair.

A step returns the state in which it ends and what is to be done. The theory and the table are in
`machine`.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    LoginAnswer,
    RestartAnswer,
    TicketsAnswer,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Level, Report
from oxo_collector.taxation.attempts import Attempts
from oxo_collector.taxation.messages import (
    Answered,
    Command,
    Event,
    Failed,
    Keep,
    KeepUnreadable,
    SendAcknowledge,
    SendFirstGet,
    SendGet,
    SendLogin,
    SendLogout,
    SendLogoutLeft,
    SendRestartTimer,
)
from oxo_collector.taxation.states import (
    CONTRACT_FAULTS,
    FAULTS,
    OPERATIONS,
    Move,
    Pace,
    Place,
    State,
)
from oxo_collector.turns import Wait
from oxo_collector.wording import clipped, counted

UNREADABLE_COUNT_MAX: Final = 2
"""After so many unreadable batches in a row their tickets are asked for one by one."""

TEXT_TICKETS_COUNT_MAX: Final = 1000
"""Of a list that comes as text no more are asked for: the parser takes some 10 MB in one piece.

Where reading removes, a longer one would leave its tickets in the quarantine alone.
"""

SESSION_SECONDS: Final = 300.0
"""Idle limit where no login tells it (docs/taxation.md, Operations; ours)."""

READ_IS_GONE: Final = (
    "this exchange removes what it answered (contract: acknowledgement on-read): a crash, or an"
    " answer that is cut, may lose the tickets that were under way"
)


class Steps:
    """The steps and what they remember from one to the next; `state` is set by the machine."""

    def __init__(
        self,
        place: Place,
        pace: Pace,
        chance: Callable[[], float],
        epoch: str | None,
        last_sequence: int,
    ) -> None:
        self.state = State.IDLE
        self._contract = place.contract
        self._place = place
        self._pace = pace
        self._attempts = Attempts(place.ports, pace, chance)
        self._epoch = epoch
        self._last_sequence = last_sequence
        self._stopping = False
        self._left_since_rest = False
        self._idle_seconds_max = 0.0
        self._poll_seconds_left = 0.0
        self._batch: TicketsAnswer | None = None
        self._acknowledged_last = 0
        self._owed = False
        self._held: Keep | KeepUnreadable | None = None
        self._loss_told = False
        self._unreadable_in_a_row = 0
        self._singles_left = 0
        self._unread = Failure("", "", Fault.EXCHANGE)

    # --- beginning

    def log_in(self, _event: Event) -> Move:
        """Open a session."""
        if self._contract.login == "none":
            return Move(State.OPENING, [SendFirstGet(self._port, self._tickets_max)])
        return Move(State.LOGGING_IN, [SendLogin(self._port)])

    def logged_in(self, event: Event) -> Move:
        """The session is open; its epoch says how tickets are numbered."""
        answer = _answer(event, LoginAnswer)
        self._owed = False
        reports = self._opened(float(answer.session_seconds), answer.epoch, answer.release)
        return self._get().after(*reports)

    def opened(self, event: Event) -> Move:
        """The session is open, and its first tickets are there."""
        reports = self._opened(SESSION_SECONDS, _answer(event, TicketsAnswer).epoch)
        return self.tickets(event).after(*reports)

    def _opened(self, idle_seconds_max: float, epoch: str, release: str = "") -> list[Command]:
        self._attempts.answered()
        self._acknowledged_last = 0
        self._idle_seconds_max = idle_seconds_max
        told = {"release": clipped(release)} if release else {}
        reports: list[Command] = [
            _info(
                f"collecting from {self._place.exchange} at {self._url}",
                **told,
                epoch=clipped(epoch),
            )
        ]
        if self._contract.acknowledgement == "on-read" and not self._loss_told:
            self._loss_told = True
            reports.append(_warning(READ_IS_GONE))
        return [*reports, *self._numbered_by(epoch)]

    def _numbered_by(self, epoch: str) -> list[Command]:
        """Take note of an epoch; a new one is told, and its numbers begin anew."""
        before = self._epoch
        if before == epoch:
            return []
        told = [] if before is None else [self._new_epoch(epoch)]
        self._epoch, self._last_sequence, self._acknowledged_last = epoch, 0, 0
        return list(told)

    def _new_epoch(self, epoch: str) -> Report:
        before = self._epoch or ""
        return _warning(
            f"new epoch {clipped(epoch)}: the exchange counts its tickets anew (new installation or"
            f" cold reset); tickets it had not delivered under epoch {clipped(before)} are gone"
            " there",
            epoch_before=clipped(before),
            last_sequence_before=self._last_sequence,
        )

    def login_refused(self, event: Event) -> Move:
        """Close the session left behind, if that may be the reason; once per rest."""
        answer = _answer(event, FaultAnswer)
        if answer.code != "Client.Session":
            return self.fault(event)
        what = (
            "the exchange refuses a second session beside one that is open"
            f" (fault {clipped(answer.code)}: {clipped(answer.text)})"
        )
        if self._owed and self._contract.acknowledgement == "next-request":
            what += (
                "; its end would acknowledge tickets that are not stored: its idle limit ends it"
            )
            return self._rest(Failure(what, f"{self._asked} at {self._url}", Fault.EXCHANGE))
        failure = Failure(what, f"{self._asked} at {self._url}", Fault.EXCHANGE)
        if self._stopping or self._left_since_rest:
            return self._rest(failure)
        self._left_since_rest = True
        return Move(State.LEAVING, [_warning(str(failure)), SendLogoutLeft()])

    def left(self, event: Event) -> Move:
        """The session left behind is closed."""
        return self.end(event) if self._stopping else self.log_in(event)

    # --- fetching

    def _get(self) -> Move:
        if self._stopping:
            return self._log_out()
        return Move(State.GETTING, [SendGet(self._tickets_max)])

    @property
    def _tickets_max(self) -> int:
        if self._singles_left:
            return 1
        most = self._pace.batch_tickets_max
        text = self._contract.ticket_list == "text"
        return min(most, TEXT_TICKETS_COUNT_MAX) if text else most

    def tickets(self, event: Event) -> Move:
        """Have a batch kept; the decoder has seen that its numbers fit its tickets."""
        assert isinstance(event, Answered)
        batch = _answer(event, TicketsAnswer)
        told = self._numbered_by(batch.epoch) if self._contract.login == "none" else []
        return self._taken(batch, event.body).after(*told)

    def _taken(self, batch: TicketsAnswer, body: bytes) -> Move:
        self._unreadable_in_a_row = 0
        self._owed = bool(batch.tickets)
        if not batch.tickets:
            return self._nothing_left()
        again = batch.first <= self._acknowledged_last
        if again and self._contract.acknowledgement != "on-read":
            return self._rest(self._offered_again(batch.first))
        if self._acknowledged_last and not again:  # the exchange went on
            self._attempts.worked()
        self._batch = batch
        self._held = Keep(self._epoch or "", batch, body)
        return Move(State.KEEPING, [*self._gap(batch.first), self._held])

    def _offered_again(self, first: int) -> Failure:
        """Without this an exchange that never removes would be asked without a pause."""
        what = (
            f"sequence {first} is offered again although the exchange took the acknowledgement"
            f" up to {self._acknowledged_last}"
            f" (contract: acknowledgement {self._contract.acknowledgement})"
        )
        return Failure(what, self._url, Fault.EXCHANGE)

    def _gap(self, first: int) -> list[Command]:
        missing = first - self._last_sequence - 1
        if self._last_sequence == 0 or missing <= 0:
            return []
        return [
            _warning(
                f"the exchange went on at sequence {first} after {self._last_sequence}:"
                f" {counted(missing, 'ticket was', 'tickets were')} never offered to this store",
                first_missing=self._last_sequence + 1,
                last_missing=first - 1,
            )
        ]

    def stored(self, event: Event) -> Move:
        """The batch is durable: only now anything is sent that acknowledges it."""
        assert isinstance(event, Stored)
        batch = self._in_hand
        self._last_sequence = max(self._last_sequence, batch.last)
        report = (_warning if event.quarantined else _info)(
            "batch stored",
            first=batch.first,
            last=batch.last,
            new=event.new,
            known=event.known,
            quarantined=event.quarantined,
            remaining=batch.remaining,
        )
        self._owed = False
        if self._contract.acknowledgement == "explicit":
            return Move(State.ACKNOWLEDGING, [report, SendAcknowledge(batch.last)])
        return self._passed(batch).after(report)

    def _passed(self, batch: TicketsAnswer) -> Move:
        """Go on where no operation acknowledges.

        Where the next request does, it is sent at once, be it the last: until then a crash of
        the exchange is no loss, but its buffer is as full as before.
        """
        again = batch.first <= self._acknowledged_last
        failure = self._offered_again(batch.first)
        self._done_with(batch)
        if again:
            return self._rest(failure)
        if self._contract.acknowledgement == "on-read" and not batch.remaining:
            return self._nothing_left()
        return self._get()

    def _done_with(self, batch: TicketsAnswer) -> None:
        # Of this batch, not of the store: a smaller batch may end before what is stored already.
        self._acknowledged_last = batch.last
        self._singles_left = max(0, self._singles_left - len(batch.tickets))
        self._batch = self._held = None

    def acknowledged(self, event: Event) -> Move:
        """The exchange took the acknowledgement of the batch in hand."""
        batch = self._in_hand
        self._done_with(batch)
        reports = self._other_count(_answer(event, AcknowledgeAnswer).acknowledged, batch)
        if batch.remaining > 0:
            self._attempts.worked()
            return self._get().after(*reports)
        return self._nothing_left().after(*reports)

    def _other_count(self, told: int, batch: TicketsAnswer) -> list[Command]:
        """docs/taxation.md: the answer tells how many tickets left the buffer."""
        if told == len(batch.tickets):
            return []
        return [
            _warning(
                f"{len(batch.tickets)} tickets were acknowledged, {told} left the exchange's"
                " buffer by its own count",
                first=batch.first,
                last=batch.last,
            )
        ]

    # --- waiting

    def _nothing_left(self) -> Move:
        self._attempts.worked()
        self._singles_left = 0
        if self._stopping:
            return self._log_out()
        self._poll_seconds_left = self._pace.poll_seconds
        return self._poll()

    def _poll(self) -> Move:
        """Wait for the next fetch, but never longer than half the exchange's idle limit."""
        longest = self._idle_seconds_max / 2 if self._idle_seconds_max > 0 else float("inf")
        seconds = min(self._poll_seconds_left, longest)
        self._poll_seconds_left -= seconds
        return Move(State.POLLING, [Wait(seconds)])

    def polled(self, _event: Event) -> Move:
        """Fetch, or keep the session open where the poll is longer than its idle limit."""
        if self._poll_seconds_left <= 0:
            return self._get()
        return Move(State.RESTARTING, [SendRestartTimer()])

    def restarted(self, event: Event) -> Move:
        """Wait on; the idle limit counts anew."""
        self._idle_seconds_max = float(_answer(event, RestartAnswer).session_seconds)
        return self._log_out() if self._stopping else self._poll()

    # --- trouble

    def set_aside(self, event: Event) -> Move:
        """Keep an unreadable answer."""
        malformed = _answer(event, Malformed)
        reason, place = malformed.reason, malformed.place
        what = f"the answer to {self._asked} cannot be read: {clipped(reason)}, {place}"
        if self._fetching:
            self._owed = True
            what += self._alone_if_again()
        self._unread = Failure(what, self._url, Fault.EXCHANGE)
        self._held = KeepUnreadable(reason, place, malformed.raw)
        return Move(State.SETTING_ASIDE, [self._held])

    @property
    def _fetching(self) -> bool:
        return self.state in (State.GETTING, State.OPENING)

    def _alone_if_again(self) -> str:
        """Ask for single tickets after the second time; name the one that is unreadable alone."""
        if self._contract.acknowledgement == "on-read":
            return "; its tickets are gone from the exchange, and stand in the quarantine alone"
        self._unreadable_in_a_row += 1
        if self._tickets_max == 1:
            after = f"after sequence {self._last_sequence}" if self._last_sequence else "first"
            return f"; it is the one ticket that comes {after}: it stays unacknowledged and blocks"
        if self._unreadable_in_a_row < UNREADABLE_COUNT_MAX:
            return ""
        self._singles_left = self._pace.batch_tickets_max
        return "; its tickets are asked for one by one"

    def was_set_aside(self, event: Event) -> Move:
        """The unreadable answer is durable."""
        assert isinstance(event, SetAside)
        seen = "" if event.times == 1 else f" (the same answer, seen {event.times} times)"
        kept = _warning(f"unreadable answer kept in the quarantine{seen}")
        return self._rest(self._unread).after(kept)

    def fault(self, event: Event) -> Move:
        """The exchange refused."""
        answer = _answer(event, FaultAnswer)
        meaning = FAULTS.get(answer.code, "the exchange refused the request")
        what = f"{meaning} (fault {clipped(answer.code)}: {clipped(answer.text)})"
        whose = Fault.OPERATOR if answer.code in CONTRACT_FAULTS else Fault.EXCHANGE
        return self._rest(Failure(what, f"{self._asked} at {self._url}", whose))

    def failed(self, event: Event) -> Move:
        """No answer came; where nothing answered as an exchange, the next port may."""
        assert isinstance(event, Failed)
        if self._fetching and not event.failure.other_port_may_help:
            self._owed = True  # it may have answered
        if not self._stopping and event.failure.other_port_may_help and self._attempts.next_port():
            return self.log_in(event).after(_warning(str(event.failure)))
        return self._rest(event.failure)

    def not_stored(self, event: Event) -> Move:
        """The store failed: nothing is acknowledged; what the exchange has not, is kept again."""
        assert isinstance(event, Failed)
        if self._contract.acknowledgement != "on-read" or self._held is None:
            return self._rest(event.failure)
        if self._stopping:
            lost = Report(Level.ERROR, f"lost by the stop: {self._what_held}")
            return self._rest(event.failure).after(lost)
        report = _warning(f"{event.failure}; {self._what_held}, held until the store takes it")
        return Move(State.HOLDING, [report, Wait(self._attempts.rest_seconds())])

    @property
    def _what_held(self) -> str:
        if isinstance(self._held, Keep):
            batch = self._held.batch
            return f"the only copy of the tickets {batch.first} to {batch.last}"
        return "the only copy of an unreadable answer"

    def keep_again(self, _event: Event) -> Move:
        """Try the store again."""
        held = self._held
        assert held is not None
        return Move(State.KEEPING if isinstance(held, Keep) else State.SETTING_ASIDE, [held])

    def keep_at_last(self, event: Event) -> Move:
        """Try the store for the last time before the end."""
        self._stopping = True
        return self.keep_again(event)

    def unasked(self, event: Event) -> Move:
        """The exchange answered another question."""
        assert isinstance(event, Answered)
        self._owed = self._owed or self._fetching
        name = type(event.answer).__name__
        what = f"the answer to {self._asked} is one to another question ({name})"
        return self._rest(Failure(what, self._url, Fault.EXCHANGE))

    def _rest(self, failure: Failure) -> Move:
        report = Report(Level.ERROR if failure.alarm else Level.WARNING, str(failure))
        self._batch = self._held = None
        if self._stopping:
            return self._ended().after(report)
        return Move(State.RESTING, [report, Wait(self._attempts.rest_seconds())])

    def rested(self, event: Event) -> Move:
        """Begin again."""
        self._left_since_rest = False
        return self.log_in(event)

    # --- ending

    def stop_later(self, _event: Event) -> Move:
        """Remember the stop; the command under way is waited for."""
        self._stopping = True
        return Move(self.state, [])

    def stop_now(self, _event: Event) -> Move:
        """Nothing is in hand."""
        self._stopping = True
        return self._log_out()

    def _log_out(self) -> Move:
        return Move(State.LOGGING_OUT, [SendLogout()])

    def end(self, _event: Event) -> Move:
        """The conversation is over."""
        return self._ended()

    def _ended(self) -> Move:
        return Move(State.ENDED, [_info(f"collection from {self._place.exchange} ended")])

    # --- words

    @property
    def _in_hand(self) -> TicketsAnswer:
        """The batch that is being kept or acknowledged."""
        assert self._batch is not None
        return self._batch

    @property
    def _port(self) -> int:
        return self._attempts.port

    @property
    def _url(self) -> str:
        return self._place.url(self._port)

    @property
    def _asked(self) -> str:
        return self._contract.name(OPERATIONS[self.state])


_Kind = TypeVar("_Kind")


def _answer(event: Event, kind: type[_Kind]) -> _Kind:
    """Return the answer that the table promised to this step."""
    assert isinstance(event, Answered)
    assert isinstance(event.answer, kind)
    return event.answer


def _info(text: str, **fields: str | float) -> Report:
    return Report(Level.INFO, text, fields)


def _warning(text: str, **fields: str | float) -> Report:
    return Report(Level.WARNING, text, fields)
