"""What goes into the conversation on the hotel link and what comes out: events and commands.

Every command but `Report` is followed by exactly one event, and while one is under way no other is
given. `StopAsked` may stand before any event.
"""

from dataclasses import dataclass

from oxo_collector.failure import Failure
from oxo_collector.receipt import Piece, Stored
from oxo_collector.report import Report
from oxo_collector.tcp_events import Connected, Lost, Received, Sent, Silent
from oxo_collector.turns import HungUp, StopAsked, TimeUp, Wait

# Events


@dataclass(frozen=True, slots=True)
class Started:
    """The shell is ready.

    Attributes:
        last_raw: the message that was kept last, by an earlier process; None: there was none.
    """

    last_raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The piece is durable.

    Attributes:
        stored: what was new.
        early: what came while the keeping took long, before anything was answered.
    """

    stored: Stored
    early: bytes = b""


@dataclass(frozen=True, slots=True)
class SetAside:
    """What is no message is durable in the quarantine; it was seen so many times."""

    times: int


@dataclass(frozen=True, slots=True)
class NotKept:
    """The store refused."""

    failure: Failure


Event = (
    Started
    | Connected
    | Received
    | Silent
    | Lost
    | Kept
    | SetAside
    | NotKept
    | Sent
    | HungUp
    | TimeUp
    | StopAsked
)


# Commands


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect to the exchange."""


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for bytes, so many seconds at most."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Send:
    """Send bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Keep:
    """Make a message durable.

    Attributes:
        epoch: of the connection.
        number: of the message in it.
        piece: what it is to the store.
        raw: its bytes.
    """

    epoch: str
    number: int
    piece: Piece
    raw: bytes


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Make bytes durable that are no message, or one too many."""

    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection."""


Command = Connect | Receive | Send | Keep | Quarantine | HangUp | Wait | Report
