"""Between the HTTP shell and the exchange: sessions carried out, tickets handed over.

A `Desk` serves one installation; a `Turn` is one authenticated request's way to it. The desk
carries out what the session machine decides: ledger lines, the idle timer, refusals.

Order matters to whoever disturbs the link (docs/control.md, armed faults): `offered` is written
(`leave`) immediately before the answer's bytes leave, so a turn only notes what it offers;
`acknowledge` and the session's lines are written while the answer is made, with nothing between
them and its bytes but rendering.
"""

from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from oxo_simulator.exchange.port import NeverOffered, TicketPort
from oxo_simulator.taxation.answers import Answers
from oxo_simulator.taxation.contract import LoginAnswer
from oxo_simulator.taxation.envelope import Asked
from oxo_simulator.taxation.faults import SoapFault, never_offered
from oxo_simulator.taxation.sessions import (
    Admitted,
    Ask,
    Closed,
    Confirmed,
    End,
    Event,
    Idle,
    Opened,
    Refused,
    Request,
    Restart,
    Session,
    Sessions,
)
from oxo_simulator.taxation.settings import TaxationSettings
from oxo_simulator.taxation.unknown import UnknownOperations


class Offer(NamedTuple):
    """Tickets rendered into an answer that has not left yet."""

    first: int
    last: int
    session: str


class Outcome(NamedTuple):
    """What became of a request: at most one of the two is a session."""

    admitted: Session | None
    opened: Session | None


class Living(NamedTuple):
    """The session that lives, and the seconds since its last call and since its beginning."""

    session: Session
    idle_seconds: float
    age_seconds: float = 0.0


class Desk:
    """The taxation service of one installation.

    Args:
        exchange: its buffer and ledger.
        settings: its profile's choices.
        clock: real time, for the idle limit.
        new_cookie: source of secret cookie values.
        sessions_before: so many there were in this ledger.
    """

    def __init__(
        self,
        exchange: TicketPort,
        settings: TaxationSettings,
        clock: IReactorTime,
        new_cookie: Callable[[], str],
        sessions_before: int = 0,
    ) -> None:
        self.exchange = exchange
        self.settings = settings
        self.answers = Answers(settings.tag_set, settings.contract)
        self.unknown = UnknownOperations(settings.contract)
        self._given: Offer | None = None
        self._sessions = Sessions(settings, new_cookie, sessions_before)
        self._clock = clock
        self._timer: IDelayedCall | None = None
        self._opened_seconds = 0.0

    @property
    def session_count(self) -> int:
        """How many sessions live."""
        return 0 if self._sessions.living is None else 1

    @property
    def sessions_total(self) -> int:
        """How many sessions there have been in this ledger."""
        return self._sessions.count

    @property
    def living(self) -> Living | None:
        """The session that lives, if one does."""
        session, timer = self._sessions.living, self._timer
        if session is None or timer is None:
            return None
        left = timer.getTime() - self._clock.seconds()
        idle = max(0.0, self.settings.idle_seconds - left)
        return Living(session, idle, max(0.0, self._clock.seconds() - self._opened_seconds))

    def end_sessions(self, reason: str) -> None:
        """End every session, in the ledger with this reason."""
        self._carry_out(End(reason))

    def close(self) -> None:
        """Stop timing: another installation takes over, and this one's ledger is finished."""
        self._stop_timer()

    def ask(self, request: Request) -> Outcome:
        """Let the session machine decide about a request.

        Raises:
            SoapFault: the request is refused.
        """
        return self._carry_out(request)

    def leave(self, offer: Offer, connection: str) -> None:
        """Write down tickets whose answer leaves next, and remove what is removed thereby."""
        self.exchange.offered(offer.first, offer.last, offer.session, connection)
        acknowledgement = self.settings.contract.acknowledgement
        if acknowledgement == "next-request":
            self._given = offer
        elif acknowledgement == "on-read":
            self._remove(offer, connection)

    def _carry_out(self, event: Event) -> Outcome:
        admitted = opened = None
        for decision in self._sessions.receive(event):
            match decision:
                case Opened(session, reason):
                    opened = session
                    self._opened_seconds = self._clock.seconds()
                    self._record("session opened", session, session.connection, reason)
                case Closed(session, reason, connection):
                    self._stop_timer()
                    self._record("session closed", session, connection, reason)
                case Restart():
                    self._restart_timer()
                case Confirmed(session, connection):
                    given, self._given = self._given, None
                    if given is not None and given.session == session.name:
                        self._remove(given, connection)
                case Admitted(session):
                    admitted = session
                case Refused(fault):
                    raise fault
        return Outcome(admitted, opened)

    def _remove(self, offer: Offer, connection: str) -> None:
        self.exchange.acknowledge(offer.last, offer.session, connection)
        self.answers.forget(offer.last)

    def _record(self, event: str, session: Session, connection: str, reason: str) -> None:
        self.exchange.record(event, session=session.name, connection=connection, reason=reason)

    def _restart_timer(self) -> None:
        self._stop_timer()
        self._timer = self._clock.callLater(self.settings.idle_seconds, self._idle)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _idle(self) -> None:
        self._timer = None
        self._carry_out(Idle())


class Turn:
    """One request at the desk; an `Operations` of the contract.

    Attributes:
        cookie_to_set: secret of a session opened on the way, for `Set-Cookie`.
        offer: tickets rendered into the answer, for the ledger when it leaves.
    """

    def __init__(
        self, desk: Desk, cookie: str | None, user: str, connection: str, port: str = ""
    ) -> None:
        self._desk = desk
        self._cookie = cookie
        self._user = user
        self._connection = connection
        self._port = port
        self.cookie_to_set: str | None = None
        self.offer: Offer | None = None

    def login(self) -> LoginAnswer:
        """Open a session."""
        self._ask(Ask.LOGIN)
        exchange = self._desk.exchange
        return LoginAnswer(exchange.epoch, exchange.release, self._desk.settings.idle_seconds)

    def get_tickets(self, tickets_max: int) -> bytes:
        """Render the oldest tickets that wait, as many as asked and as the profile allows."""
        session = self._ask(Ask.CALL, confirms=True)
        exchange = self._desk.exchange
        tickets = exchange.waiting(min(tickets_max, self._desk.settings.batch_tickets_max))
        if tickets:
            self.offer = Offer(tickets[0].sequence, tickets[-1].sequence, session.name)
        remaining = exchange.waiting_count() - len(tickets)
        return self._desk.answers.get_tickets(tickets, remaining, exchange.epoch)

    def acknowledge(self, last: int) -> int:
        """Remove what was offered up to `last`; what is gone already counts nothing."""
        session = self._ask(Ask.CALL)
        exchange = self._desk.exchange
        try:
            removed = exchange.acknowledge(last, session.name, self._connection)
        except NeverOffered as wrong:
            raise never_offered(wrong.last, wrong.highest) from wrong
        self._desk.answers.forget(last)
        return removed

    def restart_timer(self) -> int:
        """Restart the timer, as every call does."""
        self._ask(Ask.CALL)
        return self._desk.settings.idle_seconds

    def logout(self) -> None:
        """End the session."""
        self._ask(Ask.LOGOUT, confirms=True)

    def unknown(self, asked: Asked, action: str | None) -> None:
        """Keep what the contract does not have."""
        self._desk.unknown.keep(asked.soap, asked.operation, asked.namespace, action)

    def _ask(self, ask: Ask, *, confirms: bool = False) -> Session:
        request = Request(ask, self._cookie, self._user, self._connection, confirms, self._port)
        outcome = self._desk.ask(request)
        if outcome.opened is not None:
            self.cookie_to_set = outcome.opened.cookie
        if outcome.admitted is None:
            raise SoapFault("Server", "the request was neither admitted nor refused")
        return outcome.admitted
