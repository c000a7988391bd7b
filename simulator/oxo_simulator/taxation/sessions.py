"""Who may ask the exchange for tickets: a pure machine, requests in, decisions out.

The exchange holds one session at a time (docs/taxation.md, ours). A request finds it in one
of three situations:

* `NONE`: no session lives;
* `OWN`: the request shows the cookie of the living session and the account that opened it;
* `OTHER`: a session lives, but not this request's: no cookie, an old one, or another account's.

and asks one of three things: to log in, to log out, or anything else (`CALL`). `TABLE` holds
a line for every situation and ask, with the profile's two choices where they matter; its
decision is a tuple of steps, carried out in order. There is no rule outside it:

* A login opens a session. While one lives, the profile lets the new one take it over, so that
  a killed collector can come back at once, or refuses the login.
* A call in the own session restarts its timer. A call without one is a fault, or opens a
  session by itself where the profile says `new-session`, under the rule for second logins.
* Where the contract has no login, a call that shows no cookie opens a session in any case, as
  under `new-session`; the choice is left for calls with the cookie of a session that is over.
* A logout ends the own session. It never opens one: opening a session in order to end it could
  only take another collector's session away.

Time runs outside: `Restart` tells the shell to set the idle timer anew, and `Idle` comes back
when it has run out. A session has a name for the ledger (`s1`, `s2`, ...) and a secret cookie
that only its collector sees; cookies come from an injected source of randomness.
"""

from collections.abc import Callable
from enum import Enum
from typing import Literal, NamedTuple

from oxo_simulator.taxation.faults import SoapFault, no_session, second_login
from oxo_simulator.taxation.settings import TaxationSettings


class Session(NamedTuple):
    """One living session; `connection` is the link's name of the connection that opened it.

    `port` is the name of the port on which that came.
    """

    name: str
    cookie: str
    user: str
    connection: str
    port: str = ""

    def __repr__(self) -> str:
        """Name the session; its cookie is a secret."""
        return f"Session({self.name}, user={self.user}, connection={self.connection})"


class Ask(Enum):
    """What a request wants of the session."""

    LOGIN = "login"
    CALL = "call"
    LOGOUT = "logout"


class Request(NamedTuple):
    """Event: an authenticated request.

    Attributes:
        cookie: `None` when none was sent.
        confirms: under `next-request`, what the session was given before has thereby arrived.
        port: name of the port on which it came.
    """

    ask: Ask
    cookie: str | None
    user: str
    connection: str
    confirms: bool = False
    port: str = ""


class Idle(NamedTuple):
    """Event: the idle timer has run out."""


class End(NamedTuple):
    """Event: the exchange ends its sessions, with the ledger's word for it."""

    reason: str


Event = Request | Idle | End


class Opened(NamedTuple):
    """Decision: a session begins; its collector is to be given the cookie."""

    session: Session
    reason: str


class Closed(NamedTuple):
    """Decision: a session is over; `connection` is the one whose request ended it."""

    session: Session
    reason: str
    connection: str


class Restart(NamedTuple):
    """Decision: the idle timer begins anew."""

    session: Session


class Confirmed(NamedTuple):
    """Decision: what this session was given before is to be removed."""

    session: Session
    connection: str


class Admitted(NamedTuple):
    """Decision: the request is served in this session."""

    session: Session


class Refused(NamedTuple):
    """Decision: the request is answered by this fault."""

    fault: SoapFault


Decision = Opened | Closed | Restart | Confirmed | Admitted | Refused


class Situation(Enum):
    """How a request finds the exchange; see the theory above."""

    NONE = "no session"
    OWN = "own session"
    OTHER = "another session"


class Step(Enum):
    """One part of a decision."""

    OPEN = "open by login"
    OPEN_UNASKED = "open without login"
    TAKE_OVER = "close the living session"
    LOG_OUT = "close the own session"
    ADMIT = "admit, restart the timer"
    REFUSE_SECOND = "refuse: second login"
    REFUSE = "refuse: no session"


class Line(NamedTuple):
    """One line of the table; `None` in a choice means that the choice does not matter."""

    situation: Situation
    ask: Ask
    without_cookie: Literal["fault", "new-session"] | None
    second_login: Literal["take-over", "refuse"] | None
    steps: tuple[Step, ...]


_OPEN = (Step.OPEN, Step.ADMIT)
_TAKE_OVER = (Step.TAKE_OVER, Step.OPEN, Step.ADMIT)
_TAKE_OVER_UNASKED = (Step.TAKE_OVER, Step.OPEN_UNASKED, Step.ADMIT)

TABLE: tuple[Line, ...] = (
    Line(Situation.NONE, Ask.LOGIN, None, None, _OPEN),
    Line(Situation.OWN, Ask.LOGIN, None, "take-over", _TAKE_OVER),
    Line(Situation.OWN, Ask.LOGIN, None, "refuse", (Step.REFUSE_SECOND,)),
    Line(Situation.OTHER, Ask.LOGIN, None, "take-over", _TAKE_OVER),
    Line(Situation.OTHER, Ask.LOGIN, None, "refuse", (Step.REFUSE_SECOND,)),
    Line(Situation.NONE, Ask.CALL, "fault", None, (Step.REFUSE,)),
    Line(Situation.NONE, Ask.CALL, "new-session", None, (Step.OPEN_UNASKED, Step.ADMIT)),
    Line(Situation.OWN, Ask.CALL, None, None, (Step.ADMIT,)),
    Line(Situation.OTHER, Ask.CALL, "fault", None, (Step.REFUSE,)),
    Line(Situation.OTHER, Ask.CALL, "new-session", "take-over", _TAKE_OVER_UNASKED),
    Line(Situation.OTHER, Ask.CALL, "new-session", "refuse", (Step.REFUSE_SECOND,)),
    Line(Situation.NONE, Ask.LOGOUT, None, None, (Step.REFUSE,)),
    Line(Situation.OWN, Ask.LOGOUT, None, None, (Step.ADMIT, Step.LOG_OUT)),
    Line(Situation.OTHER, Ask.LOGOUT, None, None, (Step.REFUSE,)),
)


def steps(
    situation: Situation, ask: Ask, settings: TaxationSettings, *, cookie: bool = True
) -> tuple[Step, ...]:
    """Return the steps of the one line that applies; `cookie`: the request shows one."""
    opens = settings.contract.login == "none" and not cookie
    without_cookie = "new-session" if opens else settings.without_cookie
    for line in TABLE:
        if (line.situation, line.ask) == (situation, ask) and (
            line.without_cookie in (None, without_cookie)
            and line.second_login in (None, settings.second_login)
        ):
            return line.steps
    raise AssertionError(f"no line of the table for {situation}, {ask}")  # a test counts them


class Sessions:
    """The machine. One per installation: a fresh exchange counts its sessions from 1 again.

    Attributes:
        count: how many there were, before this machine too.
    """

    def __init__(
        self, settings: TaxationSettings, new_cookie: Callable[[], str], count: int = 0
    ) -> None:
        self._settings = settings
        self._new_cookie = new_cookie
        self.count = count
        self.living: Session | None = None

    def receive(self, event: Event) -> list[Decision]:
        """Decide about one event."""
        match event:
            case Request():
                situation, cookie = self._situation(event), event.cookie is not None
                chosen = steps(situation, event.ask, self._settings, cookie=cookie)
                return [decision for step in chosen for decision in self._carry_out(step, event)]
            case Idle():
                return self._close("idle", None)
            case End(reason=reason):
                return self._close(reason, None)

    def _situation(self, request: Request) -> Situation:
        if self.living is None:
            return Situation.NONE
        if (request.cookie, request.user) == (self.living.cookie, self.living.user):
            return Situation.OWN
        return Situation.OTHER

    def _carry_out(self, step: Step, request: Request) -> list[Decision]:  # noqa: PLR0911
        match step:
            case Step.OPEN:
                return self._open(request, "login")
            case Step.OPEN_UNASKED:
                return self._open(request, "no cookie")
            case Step.TAKE_OVER:
                return self._close("taken over", request.connection)
            case Step.LOG_OUT:
                return self._close("logout", request.connection)
            case Step.ADMIT:
                living = self.living
                assert living is not None  # every line that admits has one or has opened one
                implied = self._settings.contract.acknowledgement == "next-request"
                confirmed = [Confirmed(living, request.connection)] if implied else []
                return [Restart(living), *(confirmed if request.confirms else []), Admitted(living)]
            case Step.REFUSE_SECOND:
                return [Refused(second_login())]
            case Step.REFUSE:
                return [Refused(no_session(_why(request, self._settings)))]

    def _open(self, request: Request, reason: str) -> list[Decision]:
        self.count += 1
        name = f"s{self.count}"
        cookie = self._new_cookie()
        self.living = Session(name, cookie, request.user, request.connection, request.port)
        return [Opened(self.living, reason)]

    def _close(self, reason: str, connection: str | None) -> list[Decision]:
        closed, self.living = self.living, None
        if closed is None:
            return []
        return [Closed(closed, reason, connection or closed.connection)]


def _why(request: Request, settings: TaxationSettings) -> str:
    names = settings.contract.operations
    without_login = settings.contract.login == "none"
    if request.cookie is None:
        given = "an answer sets it" if without_login else f"{names.login} gives one"
        return f"the request carries no session cookie; {given}, later requests return it"
    opens = "a request without cookie" if without_login else names.login
    return f"the session of this cookie is unknown or has ended; {opens} opens a new one"
