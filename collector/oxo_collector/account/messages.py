"""What goes into the collection of account files and what comes out: events and commands.

Every command but `Report` is followed by exactly one event, and while one is under way no other is
given. `StopAsked` may stand before any event.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from oxo_collector.failure import Failure
from oxo_collector.fetching import Failed, Refused
from oxo_collector.receipt import Marker, Stored
from oxo_collector.report import Report
from oxo_collector.turns import HungUp, Started, StopAsked, TimeUp, Wait


@dataclass(frozen=True, slots=True)
class Entry:
    """A file on the exchange.

    Attributes:
        name: as listed, without a folder.
        size_bytes: what the exchange says about its length; None where it does not.
    """

    name: str
    size_bytes: int | None


# Events


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The exchange showed the right key and took our account."""


@dataclass(frozen=True, slots=True)
class Compressed:
    """The exchange closed the file that was open."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The account files that the exchange tells.

    Attributes:
        names: by the index in its order, or by the folder in that of their numbers.
        marker: the newest file that is stored; None: nothing is.
        known: names of files that are stored.
        left: those of them whose tickets were not wanted, nor what stands before them.
        lines: name -> the line of the index, whatever it tells; empty where there is no index.
    """

    names: tuple[str, ...]
    marker: Marker | None
    known: Collection[str]
    left: Collection[str] = ()
    lines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """The lengths that were asked for, in the same order."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file came to its end.

    Attributes:
        received_bytes: counted here, not by the exchange.
        digest: SHA-256 of what came, in hexadecimal digits.
        resumed: it was gone on with after a cut.
    """

    received_bytes: int
    digest: str
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """The fetched file is durable.

    Attributes:
        stored: what was new in it.
        faults: what is wrong with the file as a whole; it was kept all the same.
    """

    stored: Stored
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotWhole:
    """The fetched file cannot be read to its end; its bytes are set aside, and nothing else."""

    reason: str


@dataclass(frozen=True, slots=True)
class Marked:
    """The marker stands at the fetched file, whose tickets are not wanted."""


Event = (
    Started
    | LoggedIn
    | Compressed
    | Listed
    | Measured
    | Fetched
    | Kept
    | NotWhole
    | Marked
    | HungUp
    | Refused
    | Failed
    | TimeUp
    | StopAsked
)


# Commands


@dataclass(frozen=True, slots=True)
class LogIn:
    """Connect, check who answers, and log in."""


@dataclass(frozen=True, slots=True)
class Compress:
    """Have the exchange close the file that is open (`account compress`)."""


@dataclass(frozen=True, slots=True)
class ListFiles:
    """Read the index, or list the folder where there is none."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Ask for the lengths of files."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch a file whole, or the rest of it where the beginning is here."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Keep:
    """Verify the fetched file and make it durable.

    Attributes:
        name: of the file.
        moves_marker: the marker is to stand at this file then.
        as_it_is: what can be read of it is kept, although it is not whole.
        anew: the exchange counts anew, or seems to: no name that is stored proves a file any more.
    """

    name: str
    moves_marker: bool
    as_it_is: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Set the marker to the fetched file, and note that its tickets are not wanted."""

    name: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection, with a word where it lives."""


Command = LogIn | Compress | ListFiles | Measure | Fetch | Keep | Mark | HangUp | Wait | Report

__all__ = [
    "Command",
    "Compress",
    "Compressed",
    "Entry",
    "Event",
    "Failed",
    "Failure",
    "Fetch",
    "Fetched",
    "HangUp",
    "Keep",
    "Kept",
    "ListFiles",
    "Listed",
    "LogIn",
    "LoggedIn",
    "Mark",
    "Marked",
    "Measure",
    "Measured",
    "NotWhole",
    "Refused",
]
