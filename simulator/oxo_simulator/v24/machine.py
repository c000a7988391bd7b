"""The conversation with the printer: who prints, when, and what counts as printed.

    no printer --connected--> [waiting for XON --XON-->] printing <--XON-- stopped
                                                             |--XOFF-->  ^
    any --lost, closed, reset--> no printer

The printer sends XON when it is ready and XOFF when it is nearly full or something is wrong; then
the exchange stops and tickets queue (facts: oxo 1.5, documented). Lines under way are finished, so
the exchange stops between two lines (ours). XON stands for DC1, 11h, XOFF for DC3, 13h, as in
ASCII. Where the profile does not say that the first XON is awaited, a connection stands for the
printer's ready line, which takes the place of XON where none comes (facts: oxo 1.5).

One printer is served at a time. Lines are offered, written, and are printed when the transport has
nothing left of them: at most `LINES_UNDER_WAY_MAX` are between the two, whatever the printer does.
What was offered and not printed when a connection is lost is printed again for the next.

A document stands between the lines where it was made. It goes by itself, never beside lines, so
that it is whole on paper or printed again whole; it is done when nothing of it is left, as a line.

Events in, commands out; nothing here knows a socket, a clock or the ledger.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from oxo_simulator.exchange.notices import Noticed
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.v24.page import Paper, Sheet

XON, XOFF = b"\x11", b"\x13"
LINES_UNDER_WAY_MAX = 8
"""Lines written and not known to have left: what a printer may be given beyond its XOFF."""


class Write(NamedTuple):
    """Hand bytes to the transport; `drained` is expected when it has none left."""

    data: bytes


class Offer(NamedTuple):
    """Write down that these sequences leave next."""

    first: int
    last: int


class Printed(NamedTuple):
    """Take every ticket up to this sequence out of the buffer."""

    last: int


class DocumentPrinted(NamedTuple):
    """Take every document up to this one out of the buffer."""

    number: int


class Open(NamedTuple):
    """Write down that a session begins."""

    session: str
    connection: str


class Close(NamedTuple):
    """Write down that a session is over; `hang_up` also ends its connection.

    Attributes:
        session: whose.
        connection: the link's name.
        reason: `lost`, `reset`, `operator`, or what else the ledger is to say.
        stray_bytes: how many bytes came that mean nothing to an exchange.
        hang_up: whether the connection is still there.
    """

    session: str
    connection: str
    reason: str
    stray_bytes: int
    hang_up: bool


class Refuse(NamedTuple):
    """End this connection: another printer is served, or none is."""

    connection: str
    reason: str


class Watch(NamedTuple):
    """Say `overdue` after so many seconds, unless told otherwise before."""

    seconds: float


class Unwatch(NamedTuple):
    """Say it no more."""


class NotReady(NamedTuple):
    """Write down that the printer keeps lines waiting."""

    session: str
    connection: str
    seconds: float


Command = (
    Write | Offer | Printed | DocumentPrinted | Open | Close | Refuse | Watch | Unwatch | NotReady
)


@dataclass(frozen=True, kw_only=True)
class Session:
    """One printer, as long as it is connected.

    Attributes:
        name: such as `v1`.
        connection: the link's name of the connection.
        ready: it may be printed to.
        due: bytes of a page's beginning that wait for it to be ready.
        under_way: last sequence written and not known to have left; 0 is none.
        document: number of the document that is under way; 0 is none.
        writing: whether anything is.
        paper: where the print-out has come to when all that was written has left.
        watched: whether `overdue` is to come.
        told: whether the ledger knows that it keeps lines waiting.
        stray_bytes: bytes that came and mean nothing.
    """

    name: str
    connection: str
    ready: bool
    paper: Paper
    due: bytes = b""
    under_way: int = 0
    document: int = 0
    writing: bool = False
    watched: bool = False
    told: bool = False
    stray_bytes: int = 0


@dataclass
class Printing:
    """The machine.

    Args:
        sheet: how lines become bytes.
        waiting: returns the oldest tickets of the outlet, which stay there.
        documents: returns those of the outlet, oldest first, which stay there.

    Attributes:
        paper: where the print-out has come to.
        session: the printer that is served.
        sessions: how many there were.
        printed: sequence of the last line printed.
        document: number of the last document printed.
    """

    sheet: Sheet
    waiting: Callable[[int], Sequence[Buffered]]
    documents: Callable[[], Iterable[Noticed]] = tuple
    paper: Paper = field(default_factory=Paper)
    session: Session | None = None
    sessions: int = 0
    printed: int = 0
    document: int = 0

    # Events.

    def connected(self, connection: str) -> list[Command]:
        """A printer has connected."""
        if self.session is not None:
            return [Refuse(connection, "one printer at a time")]
        self.sessions += 1
        settings = self.sheet.settings
        ready = settings.flow == "none" or settings.ready == "connected"
        due, paper = b"", self.paper
        if not paper.begun or settings.page_begins == "connection":
            due, paper = self.sheet.begin(paper)
        self.session = Session(
            name=f"v{self.sessions}", connection=connection, ready=ready, paper=paper, due=due
        )
        return [Open(self.session.name, connection), *self._go_on()]

    def received(self, data: bytes) -> list[Command]:
        """The printer has sent something: XON, XOFF, or what an exchange does not read."""
        session = self.session
        if session is None:
            return []
        signals = data.count(XON) + data.count(XOFF)
        session = replace(session, stray_bytes=session.stray_bytes + len(data) - signals)
        if signals and self.sheet.settings.flow == "xon-xoff":
            session = replace(session, ready=data.rfind(XON) > data.rfind(XOFF))
        self.session = session
        return list(self._go_on())

    def drained(self) -> list[Command]:
        """The transport has nothing left of what was written."""
        session = self.session
        if session is None or not session.writing:
            return []
        self.paper = session.paper
        self.session = replace(session, writing=False, under_way=0, document=0)
        done: list[Command] = []
        if session.document:
            self.document = session.document
            done.append(DocumentPrinted(session.document))
        if session.under_way:
            self.printed = session.under_way
            done.append(Printed(session.under_way))
        return [*done, *self._go_on()]

    def filled(self) -> list[Command]:
        """A ticket or a document was put into the outlet."""
        if self.session is None or self.session.writing:
            return []  # asked again when it is drained
        return list(self._go_on())

    def overdue(self) -> list[Command]:
        """The printer was not ready for as long as was to be watched."""
        if self.session is None or not self.session.watched:
            return []
        self.session = replace(self.session, watched=False, told=True)
        seconds = self.sheet.settings.xon_seconds_max
        return [NotReady(self.session.name, self.session.connection, seconds)]

    def lost(self, connection: str) -> list[Command]:
        """A connection is gone."""
        if self.session is None or self.session.connection != connection:
            return []
        return self._end("lost", hang_up=False)

    def close(self, reason: str) -> list[Command]:
        """The exchange ends the session."""
        return self._end(reason, hang_up=True) if self.session is not None else []

    def restart(self) -> list[Command]:
        """The exchange goes down and starts up again."""
        over = self.close("reset")
        self.paper = self.paper._replace(begun=False)
        return over

    # What follows from them.

    def _go_on(self) -> Iterator[Command]:
        session = self.session
        if session is None:
            return
        if not session.ready:
            yield from self._wait(session)
            return
        if session.watched or session.told:
            if session.watched:
                yield Unwatch()
            self.session = session = replace(session, watched=False, told=False)
        if not session.writing:
            yield from self._print(session)

    def _print(self, session: Session) -> Iterator[Command]:
        tickets, document = self._next(session)
        written, paper = session.due, session.paper
        for waiting in tickets:
            said, paper = self.sheet.ticket(paper, waiting.ticket)
            written += said
        if document is not None:
            said, paper = self.sheet.document(paper, document.notice)
            written += said
        if not written:
            return
        under_way = tickets[-1].sequence if tickets else 0
        number = 0 if document is None else document.number
        self.session = replace(
            session, due=b"", paper=paper, under_way=under_way, document=number, writing=True
        )
        if tickets:
            yield Offer(tickets[0].sequence, under_way)
        yield Write(written)

    def _next(self, session: Session) -> tuple[Sequence[Buffered], Noticed | None]:
        """Return the next lines, or the next document.

        What a `Printed` just took may still be in the outlet.
        """
        last = max(self.printed, session.under_way)
        done = max(self.document, session.document)
        document = next((each for each in self.documents() if each.number > done), None)
        oldest = self.waiting(2 * LINES_UNDER_WAY_MAX)
        lines = [each for each in oldest if each.sequence > last][:LINES_UNDER_WAY_MAX]
        if document is None:
            return lines, None
        before = [each for each in lines if each.sequence <= document.behind]
        return before, None if before else document

    def _wait(self, session: Session) -> Iterator[Command]:
        seconds = self.sheet.settings.xon_seconds_max
        if seconds and not (session.watched or session.told) and any(self._next(session)):
            self.session = replace(session, watched=True)
            yield Watch(seconds)

    def _end(self, reason: str, *, hang_up: bool) -> list[Command]:
        session, self.session = self.session, None
        assert session is not None
        over: list[Command] = [Unwatch()] if session.watched else []
        closed = Close(session.name, session.connection, reason, session.stray_bytes, hang_up)
        return [*over, closed]
