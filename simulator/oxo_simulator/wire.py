"""What a wire is to the process that runs it, and what it is built of.

Each wire lives in a package of its own, `oxo_simulator.<wire>`, whose module `wire` has a function
`build(parts: Parts) -> Wire`; `wiring.WIRES` lists them all, and names them nowhere else. The
package itself (`__init__`) imports nothing: the profile reads its `settings`.

    collector --> link's door (parts.address()) --> wire (parts.behind, same number) --> outlet

A wire is built once, before the first installation, if the process holds its ports. It listens
behind for as long as it likes: the link's door decides who comes through. The order of what it is
told is: check, terms, install, serve, and then any number of (reset, serve) or of the whole.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

from oxo_simulator.control.messages import (
    ClosedFile,
    HostKey,
    HotelEvent,
    SessionState,
    StreamNotice,
    WireName,
)
from oxo_simulator.exchange.life import Phase
from oxo_simulator.exchange.outlet import OutletTerms

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from oxo_simulator.exchange.core import Exchange
    from oxo_simulator.identity import Identity
    from oxo_simulator.profile import Profile
    from oxo_simulator.transcript import Transcript

Sender = Literal["exchange", "collector"]


class Said(Protocol):
    """Appends what one side said to the transcript (`Transcript.said`)."""

    def __call__(  # noqa: PLR0913 - a line of the transcript
        self, *, wire: str, connection: str, port: str, peer: str, sender: Sender, text: str
    ) -> None:
        """Append one line; `text` is printable, control bytes are `<STX>` or `<0x1f>`."""


class Place(NamedTuple):
    """An end of a connection, as sockets name it."""

    host: str
    port: int


class Target(NamedTuple):
    """Where the link dials, for an exchange that connects outwards."""

    host: str
    port: int


class Served(NamedTuple):
    """A session that lives, as the shell of its wire knows it.

    Attributes:
        name: such as `n1`.
        port: name of the port by which it came.
        connection: the link's name of the connection that opened it.
        since: when it was opened (UTC).
        last_call: when there was last something of it (UTC).
        user: of the account; empty on a wire without accounts.
    """

    name: str
    port: str
    connection: str
    since: datetime
    last_call: datetime
    user: str = ""

    def state(self, wire: WireName, now: datetime) -> SessionState:
        """Return it as an operator sees it; `now` is the real instant."""
        idle = now - self.last_call
        return SessionState(
            **self._asdict(), idle_seconds=round(idle.total_seconds(), 3), wire=wire
        )


ConnectionName = Callable[[tuple[str, int], tuple[str, int]], tuple[str, str]]
"""From a connection's two ends as the exchange sees them (peer, own): the link's name of it, such
as `c7`, and the collector's address as text. Known from the instant in which the exchange accepts;
of a connection that it makes itself, when `Parts.led` says so."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a wire is built of.

    Attributes:
        reactor: network and real time; never imported by the wire.
        first: the profile that the process starts with, for what belongs to the process.
        address: the link's address now: what a collector is told (FTP's answer 227, URLs). It may
            move; conversations die by themselves then. Not to be asked while the wire is built.
        behind: where the exchange itself listens, and where it dials the link's outward door.
        ports: name -> number of this wire's ports, the same on both sides of the link.
        reserved: name -> a socket that is bound behind and does not listen, so that nobody else is
            given the number; it stays as it is. Listen beside it (SO_REUSEADDR is set on it).
        connection_name: the link's name of a connection.
        led: of a connection that the exchange makes (`Wire.outward`; peer, own): fires with its
            name when the collector behind the link has answered. Where none does the link resets
            the connection. What is written before is lost with it.
        door: opens the link's door of a port towards collectors, or closes it, besides what profile
            and life of the exchange say.
        delivered: of a connection by its name: whether the collector's system has all that the
            exchange sent, and its end. Where there is no link: yes.
        taken_bytes: of a connection by its name: how many bytes of what the exchange sent the
            collector's system had taken when the collector last said something. Where there is no
            link: all.
        prove: tells the link that a connection has shown the right password.
        said: the transcript, for lines of words.
        transcript: the transcript, for lines of another shape.
        tls: the certificate that new connections meet; a context factory of Twisted's.
        folder: the state folder; secrets lie there in files of mode 0600 (`files`).
        new_password: makes a random one.
        utc_now: the real instant.
    """

    reactor: Any
    first: "Profile"
    address: Callable[[], str]
    behind: str
    ports: Mapping[str, int]
    reserved: Mapping[str, socket]
    connection_name: ConnectionName
    led: Callable[[tuple[str, int], tuple[str, int]], "Deferred[tuple[str, str]]"]
    prove: Callable[[str], None]
    said: Said
    transcript: "Transcript"
    tls: "Identity"
    folder: Path
    new_password: Callable[[], str]
    utc_now: Callable[[], datetime]
    delivered: Callable[[str], bool] = lambda _connection: True
    taken_bytes: Callable[[str], int] = lambda _connection: sys.maxsize
    door: Callable[[str, bool], None] = lambda _port, _open: None


class Wire(Protocol):
    """One wire of the process, in front of whichever exchange is installed.

    Attributes:
        name: such as `nmc`; that of its outlet, its profile section and its lines in the ledger.
        admitted_from: phase of a reset from which its doors are open again: `BUSY` where the wire
            has a word for it (HTTP 503), else `SERVING`.
    """

    name: str
    admitted_from: Phase

    def check(self, profile: "Profile") -> None:
        """Look for what this wire cannot do, before anything of the old installation goes.

        Raises:
            ProfileError: names key and what is allowed.
        """

    def terms(self, profile: "Profile") -> OutletTerms | None:
        """Return what the wire asks of its outlet; `None` where the profile closes the wire."""

    def open_ports(self, profile: "Profile") -> Collection[str]:
        """Return the ports whose doors towards collectors are open."""

    def outward(self, profile: "Profile") -> Mapping[str, Target]:
        """Return port -> where the link dials, where the exchange is the one that connects.

        The exchange dials (`behind`, the port's number), where the link listens then.
        """

    def install(self, exchange: "Exchange", profile: "Profile") -> None:
        """Stand in front of a fresh exchange; old conversations are gone without a word.

        Where the profile closes the wire, `exchange.outlets` has nothing of its name.
        """

    def restart(self, exchange: "Exchange", profile: "Profile", *, lost: bool) -> None:
        """Stand in front of the outlet that the exchange has after a reset; nobody is connected.

        The ledger is the same: sessions and files go on being counted. `lost`: what the exchange
        remembered is gone, and so are the files that the wire had made of it. Without that the
        exchange is another release of itself, with the tickets that waited.
        """

    def serve(self) -> None:
        """The doors are open: after an installation, and after a reset. Not told when closed."""

    def reset(self) -> None:
        """A reset begins: conversations end (`session closed`, reason `reset`)."""

    def sessions(self) -> Sequence[SessionState]:
        """Return who is in a session."""

    def end_session(self, name: str) -> bool:
        """End a session because the operator wants it; tell whether it lived here."""

    def shown(self, port: str) -> str | None:
        """Return the URL or address by which a person knows a port; `None`: not worth a line."""

    def stop(self) -> "Deferred[Any] | None":
        """Let go of sockets and timers: the process ends."""


@runtime_checkable
class MeetsUnknown(Protocol):
    """A wire that keeps what it was asked for and does not know (taxation)."""

    @property
    def unknown_operations(self) -> list[dict[str, str | int]]:
        """Return what was asked for (`ExchangeState.unknown_operations`)."""


@runtime_checkable
class TakesPassword(Protocol):
    """A wire whose password the operator changes while it runs (nmc, account)."""

    def change_password(self, password: str) -> None:
        """Take another password, valid when the profile says.

        Raises:
            OrderError: it cannot be one.
        """


@runtime_checkable
class SaysHotelEvents(Protocol):
    """A wire that says hotel events (ohl)."""

    def say(self, event: HotelEvent) -> None:
        """Say an event in its turn.

        Raises:
            OrderError: the wire is closed or cannot say it.
        """


@runtime_checkable
class ClosesFiles(Protocol):
    """A wire that writes tickets into files, and closes the open one when told (account)."""

    def close_file(self) -> ClosedFile:
        """Close the open file now, and say which; where nothing waits there is none."""

    def kept_files(self) -> "KeptFiles":
        """Say how many closed files there are, and how large they are together."""


class KeptFiles(NamedTuple):
    """What lies on a wire's shelf: how many files, and their bytes together."""

    files: int
    total_bytes: int


@runtime_checkable
class ChangesHostKey(Protocol):
    """A wire that shows an SSH host key, and changes it when told (account).

    Both may be asked while the wire is closed: the key belongs to the process.
    """

    def host_key(self) -> HostKey:
        """Say which key new connections meet."""

    def change_host_key(self) -> HostKey:
        """Make another key, which new connections meet from now on.

        Raises:
            OSError: it cannot be kept; the present one stays.
        """


@runtime_checkable
class SwitchesOver(Protocol):
    """A wire of an exchange with two CPUs, one of which is main (stream)."""

    @property
    def main_port(self) -> str:
        """The port of the main CPU."""

    def switch_over(self, *, ordered: bool) -> None:
        """Make the other CPU main: ordered, or because the present one failed."""


@runtime_checkable
class SaysNotices(Protocol):
    """A wire that says notices on demand (stream)."""

    def say_notice(self, notice: StreamNotice) -> None:
        """Say a notice in its turn.

        Raises:
            OrderError: the profile has none of that kind.
        """
