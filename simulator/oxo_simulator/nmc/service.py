"""The NMC service: what all conversations share, whoever speaks FTP for it.

Who may log in, who is in a session, which files there are, what the ledger and the transcript are
told. It knows no socket and no FTP reply. One service lives as long as the process; what stands
behind it (outlet, shelf, settings) changes with each installation, and is nothing between them.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.nmc.codec import RECORD_BYTES, encode, header_bytes
from oxo_simulator.nmc.content import Content
from oxo_simulator.nmc.mapping import alz_record
from oxo_simulator.nmc.settings import NmcSettings, file_name
from oxo_simulator.nmc.shelf import Rendered, Shelf, Visitor
from oxo_simulator.nmc.terms import WIRE
from oxo_simulator.wire import Said, Sender

REFUSED_LINES_MAX = 50
"""So many refused commands of one connection are written down; then it is ended."""
SECRET_CHARACTERS_MIN = 4
"""A shorter password would be found in every word."""

Closing = Literal["logout", "peer left", "idle", "reset", "operator"]


class Conversation(Protocol):
    """One control connection, as the service sees it."""

    @property
    def connection(self) -> str:
        """The link's name of it."""

    @property
    def peer(self) -> str:
        """The collector's address."""

    def end(self) -> None:
        """Close it now, without a word."""


@dataclass
class Session:
    """A login."""

    name: str
    connection: str
    since: datetime
    last_call: datetime

    @property
    def visitor(self) -> Visitor:
        """Who fetches."""
        return Visitor(self.name, self.connection)


@dataclass
class _Guest:
    """What the service keeps of a connection."""

    session: Session | None = None
    refused_count: int = 0


@dataclass(frozen=True)
class Installed:
    """What stands behind the service."""

    settings: NmcSettings
    outlet: Outlet
    shelf: Shelf


@dataclass
class Password:
    """The account's password, and the one that a reset makes valid."""

    valid: str = field(repr=False)
    coming: str | None = field(default=None, repr=False)


class Service:
    """See the module.

    Args:
        password: of the account.
        said: the transcript.
        utc_now: the real instant.
        prove: tells the link that a connection has shown the right password.
    """

    def __init__(
        self,
        password: Password,
        said: Said,
        utc_now: Callable[[], datetime],
        prove: Callable[[str], None],
    ) -> None:
        self.password = password
        self.installed: Installed | None = None
        self._said = said
        self._utc_now = utc_now
        self.prove = prove
        self._guests: dict[Conversation, _Guest] = {}
        self._count = 0

    @property
    def settings(self) -> NmcSettings:
        """What the profile chose; the defaults while nothing is installed."""
        return NmcSettings() if self.installed is None else self.installed.settings

    @property
    def sessions(self) -> Sequence[Session]:
        """Who is logged in."""
        return [each.session for each in self._guests.values() if each.session is not None]

    def install(self, installed: Installed | None) -> None:
        """Stand in front of another exchange; old conversations end without a word."""
        self.installed = None
        self._end_all()
        self._count = 0
        self.installed = installed

    def reset(self) -> None:
        """End every conversation, and make the coming password valid."""
        for guest, known in list(self._guests.items()):
            self._close(known, "reset")
            guest.end()
        if self.password.coming is not None:
            self.password = Password(self.password.coming)

    def end_session(self, name: str) -> bool:
        """End a session because the operator wants it; tell whether it lived."""
        for guest, known in list(self._guests.items()):
            if known.session is not None and known.session.name == name:
                self._close(known, "operator")
                guest.end()
                return True
        return False

    # What a conversation asks.

    def admit(self, guest: Conversation) -> bool:
        """Know a new connection; tell whether there is room for it."""
        if self.installed is None:
            return False
        if len(self._guests) >= self.settings.connections_max:
            # Whoever has not logged in goes first, so that nobody is kept out by idle strangers.
            strangers = (each for each, known in self._guests.items() if known.session is None)
            crowded = next(strangers, guest)
            self._record("refused", crowded, reason="too many connections", peer=crowded.peer)
            if crowded is guest:
                return False
            crowded.end()
        self._guests[guest] = _Guest()
        return True

    def knows(self, user: str, password: str) -> bool:
        """Tell whether these are the account's user and password."""
        right_user = hmac.compare_digest(user.encode(), self.settings.user.encode())
        right = hmac.compare_digest(password.encode(), self.password.valid.encode())
        return right_user and right

    def enter(self, guest: Conversation) -> None:
        """Open a session, the password was right; what waits appears.

        A login in the middle of a transfer ends the session before it; the transfer remains its.
        """
        known = self._guests.get(guest)
        if known is None or self.installed is None:
            return
        self._close(known, "logout")
        self.prove(guest.connection)
        self._count += 1
        now = self._utc_now()
        known.session = Session(f"n{self._count}", guest.connection, now, now)
        self.installed.outlet.record(
            "session opened",
            session=known.session.name,
            connection=guest.connection,
            reason="login",
        )
        if self.settings.file_appears == "login":
            self.installed.shelf.appear()

    def look(self) -> None:
        """Somebody lists the folder."""
        if self.installed is not None and self.settings.file_appears == "list":
            self.installed.shelf.appear()

    def leave(self, guest: Conversation, reason: Closing) -> None:
        """End the session of a connection that goes on without one."""
        if known := self._guests.get(guest):
            self._close(known, reason)

    def gone(self, guest: Conversation, reason: Closing) -> None:
        """Forget a connection."""
        self.leave(guest, reason)
        self._guests.pop(guest, None)

    def visitor(self, guest: Conversation) -> Visitor:
        """Say who fetches."""
        session = self._guests[guest].session
        assert session is not None  # nobody fetches before the login
        return session.visitor

    def refuse(self, guest: Conversation, reason: str, command: str | None = None) -> bool:
        """Write down what a connection was refused; tell whether it may go on."""
        known = self._guests.get(guest)
        if known is None:
            return False
        known.refused_count += 1
        detail = {} if command is None else {"command": command}
        self._record("refused", guest, reason=reason, **detail)
        return known.refused_count < REFUSED_LINES_MAX

    def said(self, guest: Conversation, sender: Sender, text: str, port: str = WIRE) -> None:
        """Write a line of the conversation down."""
        if self.installed is None:
            return
        known = self._guests.get(guest)
        if sender == "collector" and known is not None and known.session is not None:
            known.session.last_call = self._utc_now()
        self._said(
            wire=WIRE,
            connection=guest.connection,
            port=port,
            peer=guest.peer,
            sender=sender,
            text=self._redacted(text),
        )

    def _redacted(self, text: str) -> str:
        """Keep the password out, wherever a client has put it."""
        for secret in (self.password.valid, self.password.coming):
            if secret is not None and len(secret) >= SECRET_CHARACTERS_MIN:
                text = text.replace(secret, "[redacted]")
        return text

    def _close(self, known: _Guest, reason: Closing) -> None:
        session, known.session = known.session, None
        if session is not None and self.installed is not None:
            self.installed.outlet.record(
                "session closed",
                session=session.name,
                connection=session.connection,
                reason=reason,
            )

    def _record(self, event: str, guest: Conversation, **detail: str) -> None:
        if self.installed is not None:
            self.installed.outlet.record(event, connection=guest.connection, **detail)

    def _end_all(self) -> None:
        for guest in list(self._guests):
            guest.end()
        self._guests.clear()


def new_shelf(
    settings: NmcSettings, outlet: Outlet, release: str, now: Callable[[], datetime]
) -> Shelf:
    """Return the empty shelf of a fresh exchange.

    Args:
        settings: what the profile chose.
        outlet: what waits.
        release: of the exchange, for the header.
        now: wall clock of the exchange.
    """
    head, form, manner = settings.head(release), settings.form, settings.manner

    def render(counter: int, tickets: Sequence[Buffered]) -> Rendered:
        def write(first: int, end: int) -> bytes:
            return b"".join(
                encode(alz_record(each.ticket, manner), form) for each in tickets[first:end]
            )

        at, count = now(), len(tickets)
        begin = b"" if head is None else header_bytes(head, count)
        content = Content(begin, count, RECORD_BYTES, write)
        return Rendered(file_name(settings.file_name, counter, at), content, at)

    return Shelf(
        outlet,
        render,
        emptied_by="transfer" if settings.after_transfer == "delete" else "deletion",
        empty_file=settings.empty_file,
    )
