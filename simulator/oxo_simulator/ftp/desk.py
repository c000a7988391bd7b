"""The desk: what all conversations of a wire share, whoever speaks FTP (or SFTP) for it.

Who may log in, who is in a session, which files there are, what the ledger and the transcript are
told. It knows no socket and no reply to a command. One desk lives as long as the process; what
stands behind it (ledger, files, settings) changes with each installation, and is nothing between
them. It belongs to the reactor's thread.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from oxo_simulator.ftp.files import Files, Visitor
from oxo_simulator.wire import Said, Sender, Served

REFUSED_LINES_MAX = 50
"""So many refused commands of one connection are written down; then it is ended."""
SECRET_CHARACTERS_MIN = 4
"""A shorter password would be found in every word."""

Closing = Literal["logout", "peer left", "idle", "reset", "operator"]
Occasion = Literal["login", "list"]
"""At which a wire's files may have to appear."""


class Settings(Protocol):
    """What a wire's profile section says about its conversations; see the sections themselves."""

    @property
    def user(self) -> str:
        """Name of the account."""

    @property
    def folder(self) -> str:
        """Where the files lie, from the root."""

    @property
    def tls(self) -> str:
        """Whether `AUTH TLS` is `off`, `offered` or `required`."""

    @property
    def idle_seconds(self) -> int:
        """A control connection ends after so long without a command."""

    @property
    def stall_seconds(self) -> int:
        """A transfer ends after so long without progress."""

    @property
    def close_wait_seconds(self) -> float:
        """So long a client may take to close the data connection behind the file's end."""

    @property
    def login_attempts_max(self) -> int:
        """So many wrong passwords end a connection."""

    @property
    def login_delay_seconds(self) -> float:
        """So long the answer to a wrong password takes."""

    @property
    def connections_max(self) -> int:
        """Control connections at once."""


class Recorder(Protocol):
    """Writes lines with the wire's name into the ledger (`Outlet`)."""

    def record(self, event: str, **detail: Any) -> None:
        """Append one."""


class Conversation(Protocol):
    """One control connection, as the desk sees it."""

    @property
    def connection(self) -> str:
        """The link's name of it."""

    @property
    def peer(self) -> str:
        """The collector's address."""

    def end(self) -> None:
        """Close it now, without a word."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a wire calls itself.

    Attributes:
        wire: its name.
        port: name of its control port.
        session: what the names of its sessions begin with.
        banner: the greeting.
        owner: of its files, in a listing.
        refused: command -> reply, for what a logged-in client may not do.
    """

    wire: str
    port: str
    session: str
    banner: str
    owner: str
    refused: Mapping[str, str]


@dataclass
class Session:
    """A login."""

    name: str
    connection: str
    since: datetime
    last_call: datetime
    port: str

    @property
    def visitor(self) -> Visitor:
        """Who fetches."""
        return Visitor(self.name, self.connection)


@dataclass
class _Guest:
    """What the desk keeps of a connection."""

    session: Session | None = None
    refused_count: int = 0


def _nothing_appears(_occasion: Occasion) -> None:
    """The files are there by themselves."""


@dataclass(frozen=True)
class Installed:
    """What stands behind the desk.

    Attributes:
        settings: what the profile chose.
        ledger: where it is written down.
        files: what is shown.
        appear: told of a login and of a listing, before it is answered.
        start_folder: where a client is after its login: the files' folder, or one above it.
        barred: why FTP lets nobody log in, as its reply says; `None` where it does.
    """

    settings: Settings
    ledger: Recorder
    files: Files
    appear: Callable[[Occasion], None] = _nothing_appears
    start_folder: str = "/"
    barred: str | None = None


def _octets(said: str) -> bytes:
    """Return the bytes of a word; what came as no text of UTF-8 is one as well."""
    return said.encode(errors="surrogatepass")


@dataclass
class Password:
    """The account's password, and the one that a reset makes valid."""

    valid: str = field(repr=False)
    coming: str | None = field(default=None, repr=False)


class Desk:
    """See the module.

    Args:
        words: what the wire calls itself.
        default: its settings while nothing is installed.
        password: of the account.
        said: the transcript.
        utc_now: the real instant.
        prove: tells the link that a connection has shown the right password.
    """

    def __init__(  # noqa: PLR0913 - what a desk is made of
        self,
        words: Words,
        default: Settings,
        password: Password,
        *,
        said: Said,
        utc_now: Callable[[], datetime],
        prove: Callable[[str], None],
    ) -> None:
        self.words = words
        self.password = password
        self.installed: Installed | None = None
        self._default = default
        self._said = said
        self._utc_now = utc_now
        self.prove = prove
        self._guests: dict[Conversation, _Guest] = {}
        self._count = 0

    @property
    def settings(self) -> Settings:
        """What the profile chose; the defaults while nothing is installed."""
        return self._default if self.installed is None else self.installed.settings

    @property
    def served(self) -> Sequence[Served]:
        """Who is logged in."""
        user = self.settings.user
        sessions = (each.session for each in self._guests.values())
        return [
            Served(one.name, one.port, one.connection, one.since, one.last_call, user)
            for one in sessions
            if one is not None
        ]

    def install(self, installed: Installed | None, *, same_ledger: bool = False) -> None:
        """Stand in front of another exchange; old conversations end without a word.

        Sessions are counted from 1 again, unless it is the `same_ledger` that names them.
        """
        self.installed = None
        self._end_all()
        self._count = self._count if same_ledger else 0
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
        right_user = hmac.compare_digest(_octets(user), _octets(self.settings.user))
        right = hmac.compare_digest(_octets(password), _octets(self.password.valid))
        return right_user and right

    def enter(self, guest: Conversation, port: str | None = None) -> None:
        """Open a session, the password was right; what waits appears.

        A login in the middle of a transfer ends the session before it; the transfer remains its.

        Args:
            guest: who.
            port: by which it came; the control port, if nothing else is said.
        """
        known = self._guests.get(guest)
        if known is None or self.installed is None:
            return
        self._close(known, "logout")
        self.prove(guest.connection)
        self._count += 1
        now = self._utc_now()
        name = f"{self.words.session}{self._count}"
        known.session = Session(name, guest.connection, now, now, port or self.words.port)
        self.installed.ledger.record(
            "session opened", session=name, connection=guest.connection, reason="login"
        )
        self.installed.appear("login")

    def look(self) -> None:
        """Somebody lists the folder."""
        if self.installed is not None:
            self.installed.appear("list")

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
        detail = {} if command is None else {"command": self._redacted(command)}
        self._record("refused", guest, reason=reason, **detail)
        return known.refused_count < REFUSED_LINES_MAX

    def said(self, guest: Conversation, sender: Sender, text: str, port: str | None = None) -> None:
        """Write a line of the conversation down."""
        if self.installed is None:
            return
        known = self._guests.get(guest)
        if sender == "collector" and known is not None and known.session is not None:
            known.session.last_call = self._utc_now()
        self._said(
            wire=self.words.wire,
            connection=guest.connection,
            port=port or self.words.port,
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
            self.installed.ledger.record(
                "session closed",
                session=session.name,
                connection=session.connection,
                reason=reason,
            )

    def _record(self, event: str, guest: Conversation, **detail: str) -> None:
        if self.installed is not None:
            self.installed.ledger.record(event, connection=guest.connection, **detail)

    def _end_all(self) -> None:
        for guest in list(self._guests):
            guest.end()
        self._guests.clear()
