"""What goes into the conversation with a printer's peer and what comes out: events and commands.

Commands stand in a list; they are carried out in order, and the last one gives the next event.
`Send`, `LeaveOff`, `HangUp` and `Report` give none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oxo_collector.failure import Fault
from oxo_collector.receipt import Piece, Stored
from oxo_collector.report import Report
from oxo_collector.turns import StopAsked, TimeUp

# Events


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes came; `full` tells that as many as are read at once, so that more may wait."""

    data: bytes
    full: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is at its end; `why` in words, and whose fault it is where it is one's."""

    why: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The last `Keep` is durable."""

    stored: Stored


@dataclass(frozen=True, slots=True)
class Learned:
    """The titles are noted, and what waited for them was read again."""

    stored: Stored


@dataclass(frozen=True, slots=True)
class NotKept:
    """The store took nothing of the last `Keep` or `Learn`; `why` in words."""

    why: str


Event = Received | Closed | Kept | Learned | NotKept | TimeUp | StopAsked

# Commands


@dataclass(frozen=True, slots=True)
class Keep:
    """Make pieces durable; `first` is the number of the first in this connection's epoch."""

    first: int
    pieces: Sequence[Piece]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Learn:
    """Note the rows of titles, and read again what waited for them."""

    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for bytes, the end of the connection or a stop; `seconds` None: for ever.

    With `reading` False bytes and the end are left where they are: only time passes.
    """

    seconds: float | None = None
    reading: bool = True


@dataclass(frozen=True, slots=True)
class Send:
    """Send a flow control character."""

    data: bytes


@dataclass(frozen=True, slots=True)
class LeaveOff:
    """Close our side of the connection: the peer prints no more, and what is under way comes."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection, and rest where the peer is not worth another one at once."""

    rest: bool


Command = Keep | Learn | Await | Send | LeaveOff | HangUp | Report
