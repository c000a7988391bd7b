"""What stands behind the hotel link in one installation: outlet, rooms, and what is to be told.

It lives as long as its exchange; conversations come and go in front of it. Every step is in the
ledger before its bytes leave.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from oxo_tickets import Kind, ReminderState, Ticket

from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.exchange.hotel import Hotel
from oxo_simulator.exchange.notices import Notice
from oxo_simulator.exchange.outlet import Outlet, OutletTerms
from oxo_simulator.ohl.attempts import Attempts
from oxo_simulator.ohl.backlog import Backlog, Message
from oxo_simulator.ohl.codec import BodyUnreadable, CannotSay, body_values
from oxo_simulator.ohl.hotel_rooms import HotelRooms
from oxo_simulator.ohl.layout import WORDS, laid_over
from oxo_simulator.ohl.mapping import FrameWriter, bill_body, event_body, is_told, notice_body
from oxo_simulator.ohl.reader import BadFrame, Control, Frame, Read
from oxo_simulator.ohl.rooms import Outcome, Rooms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.ohl.words import has_password, words

NAME: Final = "ohl"
TOLD_OTHERWISE: Final = "not carried by this wire"
"""Why the ticket of a room status is not kept: its event is told in a frame `C` already."""
_QUESTIONS = frozenset("IZ")


class Session(NamedTuple):
    """A conversation's name and that of its connection."""

    name: str
    connection: str


def frame_writer(settings: OhlSettings) -> FrameWriter:
    """Return what writes frames as a profile has them."""
    return FrameWriter(laid_over(settings.layouts), settings.lrc_range)


def outlet_terms(settings: OhlSettings) -> OutletTerms:
    """Return what the hotel link asks of its outlet (facts: oxo 1.2, the IP licence is needed)."""
    writer = frame_writer(settings)

    def accepts(ticket: Ticket) -> str | None:
        if ticket.kind is Kind.ROOM_STATUS:
            return TOLD_OTHERWISE
        try:
            writer.ticket(ticket)
        except CannotSay:
            return "cannot be rendered"
        return None

    return OutletTerms(
        wire=NAME,
        capacity=settings.capacity,
        alarm_percent=settings.alarm_percent,
        overflow=settings.overflow,
        licensed=True,
        accepts=accepts,
        notices=is_told,
    )


class Reception:
    """The exchange's side of every conversation.

    Args:
        outlet: the tickets, and the ledger.
        settings: of the profile.
        hotel: the exchange's rooms, in hotel mode; orders are carried out there.
    """

    def __init__(self, outlet: Outlet, settings: OhlSettings, hotel: Hotel | None = None) -> None:
        self._hotel = hotel
        self.outlet = outlet
        self.settings = settings
        self.layouts = laid_over(settings.layouts)
        self.writer = frame_writer(settings)
        six = settings.six_digit_passwords
        self.rooms = Rooms(six_digits=six) if hotel is None else HotelRooms(hotel, six_digits=six)
        self._attempts = Attempts(settings.capacity)
        self.backlog = Backlog(outlet, settings.events_max)
        self._sessions = 0
        outlet.take_notices(self.hear)

    def follow(self, before: "Reception", *, lost: bool) -> None:
        """Go on where another one of the same ledger ended; `lost`: rooms and events are not.

        In hotel mode the rooms are the exchange's, whatever becomes of them.
        """
        self._sessions = before._sessions  # noqa: SLF001 - of our own
        for number in self.backlog.follow(before.backlog, lost=lost):
            self.outlet.record("hotel event lost", reason="reset", number=number)
        if lost:
            return
        self._attempts = before._attempts  # noqa: SLF001 - of our own
        if self._hotel is None and before._hotel is None:  # noqa: SLF001 - of our own
            self.rooms = before.rooms

    # Conversations.

    def open(self, connection: str) -> Session:
        """Begin a session."""
        self._sessions += 1
        session = Session(f"o{self._sessions}", connection)
        self._record("session opened", session, reason="connected")
        return session

    def close(self, session: Session, reason: str) -> None:
        """End a session; what it asked for is not told to the next one."""
        self.backlog.forget_replies()
        self._record("session closed", session, reason=reason)

    def refuse(self, connection: str, reason: str) -> None:
        """Write down that a connection was not let in."""
        self.outlet.record("refused", connection=connection, reason=reason)

    # What is told.

    def say(self, event: HotelEvent) -> None:
        """Let an event wait for its turn.

        Raises:
            CannotSay: names what has no place in its frame.
            OrderError: there is no account of that room.
        """
        if event.event == "guest account" and self._hotel is not None:
            letter, body = "T", bill_body(dict(self._hotel.account(event.room)))
        else:
            letter, body = event_body(event, six_digits=self.settings.six_digit_passwords)
        octets = self.writer.body(letter, body)
        if self._wait(octets, event.event, event.room):
            self.rooms.told(letter, body)

    def hear(self, notice: Notice) -> None:
        """Let what happened to a room wait for its turn; what the hotel system ordered it knows.

        What has no room in the frame is left blank there, and said in the ledger: a guest is in,
        however long his number is.
        """
        if notice.kind == "reminder":
            self._attempts.put(notice, self.outlet.buffer)
            return
        room = notice.item("room") or ""
        try:
            letter, body = notice_body(notice, six_digits=self.settings.six_digit_passwords)
            octets, left_out = self.writer.fitting(letter, body)
        except CannotSay as cannot:
            self._lost(str(cannot), notice.kind, room)
            return
        self.rooms.told(letter, body)
        if notice.item("by") != "hotel system":
            self._wait(octets, notice.kind, room, left_out)

    def _wait(
        self, octets: bytes, happened: str, room: str, left_out: Mapping[str, str] | None = None
    ) -> bool:
        number = self.backlog.put_event(octets)
        if number is None:
            self._lost("queue full", happened, room)
            return False
        told = {"left_out": dict(left_out)} if left_out else {}
        self.outlet.record("hotel event", number=number, happened=happened, room=room, **told)
        return True

    def _lost(self, reason: str, happened: str, room: str) -> None:
        self.outlet.record("hotel event lost", reason=reason, happened=happened, room=room)

    def next(self) -> Message | None:
        """Return what is to be told now."""
        return self.backlog.next(
            lambda ticket: self.writer.ticket(ticket, self._attempts.of(ticket))
        )

    def leaves(self, message: Message, session: Session) -> None:
        """Write down that a frame leaves next."""
        if message.origin == "ticket":
            self.outlet.offered(message.number, message.number, *session)

    def taken(self, message: Message, session: Session) -> None:
        """Forget what was acknowledged."""
        if message.origin == "ticket":
            self._ticket_taken(message.number, session)
        elif message.origin == "event":
            self._record("hotel event told", session, number=message.number)
        self.backlog.taken(message)

    def _ticket_taken(self, sequence: int, session: Session) -> None:
        for buffered in self.outlet.waiting(1):
            if buffered.sequence == sequence:
                self._remember(buffered.ticket)
        self.outlet.consumed(sequence, *session, how="acknowledged")

    def _remember(self, ticket: Ticket) -> None:
        if ticket.kind is Kind.REMINDER:
            active = ticket.reminder_state is ReminderState.ACTIVATION
            self.rooms.reminder(ticket.charged_user, ticket.reminder_time if active else None)
            self._attempts.forget(ticket)

    # What the hotel system orders.

    def carry_out(self, frame: Frame, session: Session) -> bool:
        """Carry out an order; tell whether its replies had room."""
        outcome, room = self._outcome(frame)
        self._record(
            "hotel order",
            session,
            letter=frame.letter,
            order=WORDS[frame.letter],
            room=room,
            result=outcome.result.name.lower().replace("_", " "),
        )
        if frame.letter not in _QUESTIONS and self.settings.replies == "questions":
            return True
        return all(self._reply(letter, body) for letter, body in outcome.replies)

    def _outcome(self, frame: Frame) -> tuple[Outcome, str | None]:
        try:
            body = body_values(frame.body, self.layouts[frame.letter])
        except BodyUnreadable:
            return self.rooms.unreadable(None), None
        room = body.get("room")
        named = room if isinstance(room, str) else None
        return self.rooms.carry_out(frame.letter, body), named

    def _reply(self, letter: str, body: Any) -> bool:
        try:
            octets, left_out = self.writer.fitting(letter, body)
        except CannotSay as cannot:
            self.outlet.record("hotel reply lost", letter=letter.upper(), reason=str(cannot))
            return True
        if left_out:
            self.outlet.record("hotel reply shortened", letter=letter.upper(), left_out=left_out)
        return self.backlog.put_reply(octets)

    def unreadable(self, reason: str, read: Read, session: Session) -> None:
        """Write down what the hotel system said and nobody can read."""
        detail: dict[str, Any] = {} if isinstance(read, Control) else {"bytes": len(read.raw)}
        if isinstance(read, BadFrame) and read.lrc_found and not has_password(read.raw):
            detail |= {"lrc_found": read.lrc_found, "lrc_expected": read.lrc_expected}
        self._record("refused", session, reason=reason, **detail)

    def words(self, read: Read) -> str:
        """Return what came, as the transcript may show it."""
        return words(read, self.layouts)

    def _record(self, event: str, session: Session, **detail: Any) -> None:
        self.outlet.record(event, session=session.name, connection=session.connection, **detail)
