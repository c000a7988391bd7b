"""What stands behind the stream in one installation: outlet, notices, and what is told of them.

It lives as long as its exchange; dialogues come and go in front of it. Every step is in the ledger
before its bytes leave. What was sent is gone from the outlet: nothing acknowledges it, and nothing
of it is told again (facts: oxe 1.4).
"""

from typing import Any, Final, NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.ed52 import mao, voip
from oxo_simulator.ed52.codec import render
from oxo_simulator.ed52.mapping import Manner, accepts
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import AlarmNames, Outlet, OutletTerms
from oxo_simulator.stream.codec import Kind, ticket
from oxo_simulator.stream.machine import Told
from oxo_simulator.stream.settings import StreamSettings
from oxo_simulator.stream.words import body_words

NAME: Final = "stream"
ALARMS = AlarmNames("OTF_BUFFER_70", "OTF_BUFFER_FULL")
"""Ours, never the maker's incidents (facts: oxe 1.10)."""

_NOTICES = {"mao": Kind.MAO, "voip": Kind.VOIP}


class NoticeImpossible(ValueError):
    """A notice cannot be said; the text says why."""


class Session(NamedTuple):
    """A session's name and that of its connection."""

    name: str
    connection: str


def outlet_terms(settings: StreamSettings, manner: Manner) -> OutletTerms:
    """Return what the stream asks of its outlet (facts: oxe 1.9)."""

    def keeps(ticket: Ticket) -> str | None:
        return accepts(ticket, manner)

    def takes(notice: Notice) -> bool:
        if not getattr(settings, notice.kind, False):  # a hotel's has no place here
            return False
        try:
            notice_body(notice)
        except NoticeImpossible:
            return False
        return True

    return OutletTerms(
        wire=NAME,
        capacity=settings.capacity,
        alarm_percent=settings.alarm_percent,
        overflow=settings.overflow,
        licensed=settings.licensed,
        accepts=keeps,
        notices=takes,
        alarm_names=ALARMS,
    )


def notice_body(notice: Notice) -> bytes:
    """Return the body of a notice's frame; of a VoIP ticket all but the numbers is invented.

    Raises:
        NoticeImpossible: it has no room, or a number that is none.
    """
    try:
        if notice.call is None:
            return mao.body(dict(notice.items) or mao.INVENTED)
        return voip.invented(
            end=notice.at.local,
            local=notice.call.charged_user or "",
            distant=notice.call.dialled_number or "",
            duration_seconds=notice.call.call_seconds or 0,
        )
    except (mao.MaoImpossible, voip.VoipImpossible) as error:
        raise NoticeImpossible(str(error)) from error


class Reception:
    """The exchange's side of every dialogue.

    Args:
        outlet: tickets and notices, and the ledger.
        settings: of the profile.
        manner: what of a record's values the profile chooses.

    Attributes:
        sessions: how many there were in this ledger.
    """

    def __init__(
        self, outlet: Outlet, settings: StreamSettings, manner: Manner, sessions: int = 0
    ) -> None:
        self.outlet = outlet
        self.settings = settings
        self._manner = manner
        self._end = b"\n" if settings.line_feed else b""
        self.sessions = sessions
        self._second_told = False

    # Dialogues.

    def open(self, connection: str) -> Session:
        """Begin a session."""
        self.sessions += 1
        session = Session(f"e{self.sessions}", connection)
        self._second_told = False
        self._record("session opened", session, reason="started")
        self._alarm("OTF_LINK_UP", connection)
        return session

    def close(self, session: Session, reason: str, strange: int) -> None:
        """End a session; `strange` frames came in it."""
        detail = {"strange_frames": strange} if strange else {}
        self._record("session closed", session, reason=reason, **detail)
        self._alarm("OTF_LINK_DOWN", session.connection)

    def refuse(self, connection: str, reason: str) -> None:
        """Write down that a connection came to no session."""
        self.outlet.record("refused", connection=connection, reason=reason)

    def second_client(self, connection: str) -> None:
        """Write down that one came while another is served; the alarm comes once in a session."""
        self.refuse(connection, "second client")
        if not self._second_told:
            self._second_told = True
            self._alarm("OTF_SECOND_CLIENT", connection)

    def unanswered(self, session: Session) -> None:
        """Write down that the keep-alive was not answered."""
        self._alarm("OTF_KEEPALIVE_LOST", session.connection)

    # What is told.

    def next(self, count_max: int, session: Session) -> tuple[Told, ...]:
        """Take what is told next: one notice, or tickets up to the next notice."""
        waiting = self.outlet.waiting(count_max)
        if self.outlet.notices:
            behind = self.outlet.notices[0].behind
            if not waiting or waiting[0].sequence > behind:
                notice = self.outlet.noticed(*session)
                return (self._told(_NOTICES[notice.kind], notice_body(notice)),)
            waiting = [each for each in waiting if each.sequence <= behind]
        if not waiting:
            return ()
        records = [render(each.ticket, self._manner) for each in waiting]
        self.outlet.sent(waiting[-1].sequence, *session)
        return tuple(self._told(Kind.CDR, record + self._end) for record in records)

    def _told(self, kind: Kind, body: bytes) -> Told:
        return Told(ticket(kind, body), body_words(kind, body))

    def _alarm(self, name: str, connection: str) -> None:
        self.outlet.record("alarm", name=name, connection=connection)

    def _record(self, event: str, session: Session, **detail: Any) -> None:
        self.outlet.record(event, session=session.name, connection=session.connection, **detail)
