"""What goes into the conversation on the fly and what comes out: events and commands.

Commands are carried out in order; a `Report` gives no event, and the event of the last command is
what the machine is told next.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oxo_collector.report import Report
from oxo_collector.tcp_events import Connected, Lost, Received, Sent, Silent
from oxo_collector.turns import HungUp, Started, TimeUp, Wait

# Events


@dataclass(frozen=True, slots=True)
class Spooled:
    """The last spooling is durable."""


@dataclass(frozen=True, slots=True)
class NotSpooled:
    """The last spooling is not; `why` in words: the disk, or the spool's limit."""

    why: str


Event = (
    Started | Connected | Received | Silent | Lost | Sent | Spooled | NotSpooled | HungUp | TimeUp
)

# Commands


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect to the exchange's address of this number, from 0."""

    address: int


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for bytes; a stop breaks the wait off, unless it is gone `through`."""

    seconds: float
    through: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Send bytes; `last`: and nothing more, ever."""

    data: bytes
    last: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """Spool that tickets come on this connection."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Spool whole frames; the first has the ordinal `first`."""

    first: int
    frames: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class SetAside:
    """Spool what is no frame; `ordinal` 0: it came before any ticket could."""

    ordinal: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class End:
    """Spool that the connection ended; `why` None: by our own orderly stop."""

    ordinal: int
    why: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """Tell the store, when it has time, that the exchange answered; no event follows."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection."""


Spooling = Begin | Keep | SetAside | End
Command = Connect | Receive | Send | Spooling | Heard | HangUp | Wait | Report
