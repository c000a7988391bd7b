"""What goes into the collection of files and what comes out: events and commands.

Every command but `Report` is followed by exactly one event, and while one is under way no other is
given. `StopAsked` may stand before any event.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from oxo_collector.fetching import Failed, Refused
from oxo_collector.receipt import FileState, KnownFile, Stored
from oxo_collector.report import Report
from oxo_collector.turns import HungUp, Started, StopAsked, TimeUp, Wait


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as the exchange lists it.

    Attributes:
        name: as listed, without a folder.
        size_bytes: what it says about the length; None where it does not know the question.
        modified: when it was changed, as it says; None likewise.
        here: it came whole before and is not stored yet; it need not be on the exchange any more.
    """

    name: str
    size_bytes: int | None
    modified: str | None
    here: bool = False


# Events


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The exchange took our account."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The files of the folder.

    Attributes:
        entries: those whose names are of the pattern, in the order of their names.
        others_count: names that are not.
        known: what the store has, by name.
    """

    entries: tuple[Entry, ...]
    others_count: int
    known: Mapping[str, KnownFile]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file came to its end, and the exchange said that it is whole (226).

    Attributes:
        received_bytes: counted here, not by the exchange.
        resumed: it was gone on with after a cut.
        doubtful: something in it cannot be read, and these bytes were never stored.
    """

    received_bytes: int
    resumed: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """The file in hand was fetched once more; `same` tells whether its bytes were."""

    same: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """The fetched file is durable.

    Attributes:
        stored: what was new in it.
        tickets_told: by its header; None where it has none.
        tickets_found: records, readable or not.
        faults: what is wrong with the file as a whole.
    """

    stored: Stored
    tickets_told: int | None
    tickets_found: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deleted:
    """The exchange deleted the file; `gone`: and says that there is none of its name."""

    gone: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """The store knows what became of the file."""


Event = (
    Started
    | LoggedIn
    | Listed
    | Fetched
    | Compared
    | Kept
    | Deleted
    | Noted
    | HungUp
    | Refused
    | Failed
    | TimeUp
    | StopAsked
)


# Commands


@dataclass(frozen=True, slots=True)
class LogIn:
    """Connect, secure the connection if configured, and log in."""


@dataclass(frozen=True, slots=True)
class ListFiles:
    """List the folder."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch a file whole, or the rest of it where the beginning is here."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class FetchAgain:
    """Fetch the file in hand once more, and compare."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Keep:
    """Make the fetched file durable."""

    name: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a file on the exchange, which is kept as it was listed."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Note:
    """Note what became of the kept file."""

    state: FileState


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection, with a word (QUIT) where it lives."""


Command = LogIn | ListFiles | Fetch | FetchAgain | Keep | Delete | Note | HangUp | Wait | Report
