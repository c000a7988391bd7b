"""The collection of ticket files as a pure machine: events in, commands out.

Theory
======
The exchange shows what waits in its store as a file and keeps every ticket of it until the file was
transferred whole; whether it then empties itself, or when the file is deleted, is not known for
sure (facts: oxo 5.2, 7.3). So the rule that loses nothing is: fetch to the end, verify, make
durable, and only then delete or leave; a file at a time, in the order of their names.

    LOGGING_IN ──► LISTING ──a file is due──► FETCHING ──whole──► KEEPING ──delete──► DELETING
        ▲             │                         ▲ │ refused, or      │                   │
        │             │ nothing is due          │ │ another length   │ leave, doubtful   │
        │             ▼                         │ ▼                  ▼                   │
     RESTING ◄─── HANGING_UP ◄────────────── next file ◄─────────── NOTING ◄─────────────┘
                      ▲
                      └── a failure of the connection or the store, from anywhere

  RESTING lasts poll_seconds; after a failure less at first, and longer with each one in a row.

* Verified is: the data connection ended properly, the exchange said 226, the bytes counted here are
  as many as SIZE told. Whatever falls short is not kept, hence not deleted. A transfer that was cut
  is gone on with after the next login, where the exchange can (REST).
* A file whose transfer broke off comes last in the next round: it may do so each time, and the
  others need not wait for it.
* A file in which fewer or more records stand than its header tells is kept all the same, with what
  is there; but it is left on the exchange, so that a person can look at it.
* A file in which something cannot be read is fetched once more before it is kept. Where its bytes
  are others then, the way there damages them: it is neither kept nor deleted, but fetched in the
  next round. Where it cannot be had again (it emptied itself, the connection was cut), what is here
  may be the only copy, and is kept.
* A file that was left is not fetched again while name, size and time of change are those that it
  was left with, nor is one whose deletion was refused. An exchange that does not tell the time of
  change is asked for the file again, and the store knows it by its digest. Only so is a new file of
  the same name and size not missed. A file that was deleted, and is not there any more by the word
  of the exchange or by its next list, is gone: the very same bytes under its name are another file
  from then on.
* An exchange may empty its file as soon as it was transferred. What came whole is therefore held,
  on the disk too (`landed`), until the store has it. A file that is held and not listed as it was
  is kept first in the next round; nothing is deleted for it, and what shows its tickets again is
  known by its beginning.
* A stop ends the collection after the file in hand: kept, deleted or left, hung up.

The table is the whole behaviour; an event that it does not know in a state is a defect of ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, Refused
from oxo_collector.nmc.messages import (
    Command,
    Compared,
    Delete,
    Deleted,
    Entry,
    Event,
    Fetch,
    FetchAgain,
    Fetched,
    HangUp,
    Keep,
    Kept,
    Listed,
    ListFiles,
    LoggedIn,
    LogIn,
    Note,
    Noted,
)
from oxo_collector.receipt import FileState, KnownFile, Stored
from oxo_collector.report import Level, Report
from oxo_collector.rests import Rests
from oxo_collector.turns import HungUp, Started, StopAsked, TimeUp, Wait, step_of
from oxo_collector.wording import clipped

NO_FILE: Final = (
    "no ticket file on the exchange: nothing happened yet, or a switch is off: the licence Number"
    " of tickets for NMC (0 by default), call accounting under Centralized Management, or the"
    " metering of each subscriber"
)


NOTHING: Final = Stored(0, 0, 0)
"""Of a file without a ticket."""


class State(Enum):
    """Where the conversation stands; the comment says which event it waits for."""

    IDLE = auto()  # Started
    LOGGING_IN = auto()  # the exchange, about our account
    LISTING = auto()  # the list
    FETCHING = auto()  # the end of a file
    COMPARING = auto()  # its end, once more
    KEEPING = auto()  # the store, about the file
    DELETING = auto()  # the exchange, about the deletion
    NOTING = auto()  # the store, about what became of it
    HANGING_UP = auto()  # the end of the connection
    RESTING = auto()  # time
    ENDED = auto()  # nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """What the operator wants.

    Attributes:
        after: what becomes of a file that is kept.
        poll_seconds: wait between two looks.
        file_bytes_max: a longer file is not fetched.
        where: the address, for reports.
    """

    after: Literal["delete", "leave"]
    poll_seconds: float
    file_bytes_max: int
    where: str


Move = tuple[State, list[Command]]


class FileCollection:
    """One endless collection from one exchange.

    Args:
        plan: what the operator wants.
        rests: how long a failure is rested upon.
    """

    def __init__(self, plan: Plan, rests: Rests) -> None:
        self._plan = plan
        self._rests = rests
        self._state = State.IDLE
        self._stopping = False
        self._due: list[Entry] = []
        self._left: dict[str, Entry] = {}
        self._broken: set[str] = set()
        self._hinted = False
        self._pause_seconds = plan.poll_seconds

    @property
    def ended(self) -> bool:
        """Tell whether nothing will be commanded any more."""
        return self._state is State.ENDED

    def receive(self, event: Event) -> list[Command]:
        """Take an event and return what is to be done, in order.

        Raises:
            OutOfTurn: a defect of the collector.
        """
        if isinstance(event, StopAsked):
            return self._stop()
        self._state, commands = step_of(TABLE, self._state, event)(self, event)
        return commands

    def _stop(self) -> list[Command]:
        """End at once where nothing is in hand; else after the file."""
        self._stopping = True
        if self._state in (State.IDLE, State.RESTING):
            self._state = State.ENDED
        return []

    def log_in(self, _event: Event) -> Move:
        """Begin a round."""
        return State.LOGGING_IN, [LogIn()]

    def logged_in(self, _event: Event) -> Move:
        """Look what is there."""
        return self._hang_up() if self._stopping else (State.LISTING, [ListFiles()])

    def listed(self, event: Event) -> Move:
        """Choose what is fetched; a list is what makes the next rest short again."""
        assert isinstance(event, Listed)
        self._rests.worked()
        reports: list[Command] = []
        if not event.entries and not self._hinted:
            fields = {"other_files": event.others_count} if event.others_count else {}
            reports.append(Report(Level.INFO, NO_FILE, fields))
        self._hinted = True  # once a file came, no switch is off
        due = [one for one in event.entries if self._is_due(one, event.known.get(one.name))]
        self._due = sorted(due, key=lambda one: (not one.here, one.name in self._broken))
        return self._next(reports)

    def fetched(self, event: Event) -> Move:
        """Verify the length; what is of another is not kept."""
        assert isinstance(event, Fetched)
        told, found = self._due[0].size_bytes, event.received_bytes
        if told is not None and told != found:
            what = (
                f"file {clipped(self._due[0].name)} is not whole: {found} bytes came, the exchange"
                f" tells {told}; not kept, not deleted"
            )
            return self._skip(Failure(what, self._plan.where, Fault.EXCHANGE))
        reports: list[Command] = []
        if event.resumed:
            fields = {"file": clipped(self._due[0].name)}
            reports.append(Report(Level.INFO, "transfer gone on with after a cut", fields))
        if event.doubtful and not self._due[0].here:
            return State.COMPARING, [*reports, FetchAgain(self._due[0])]
        return State.KEEPING, [*reports, Keep(self._due[0].name)]

    def compared(self, event: Event) -> Move:
        """Keep what came the same twice; what did not was damaged on its way."""
        assert isinstance(event, Compared)
        if event.same:
            return State.KEEPING, [Keep(self._due[0].name)]
        what = (
            f"file {clipped(self._due[0].name)} came in other bytes when it was fetched again: they"
            " are damaged on their way; not kept, not deleted"
        )
        return self._skip(Failure(what, self._plan.where, Fault.NETWORK))

    def not_compared(self, event: Event) -> Move:
        """What is in hand may be all that there is."""
        assert isinstance(event, Refused | Failed)
        return State.KEEPING, [_warning(event.failure), Keep(self._due[0].name)]

    def kept(self, event: Event) -> Move:
        """The file is durable: now, and only now, it may go."""
        assert isinstance(event, Kept)
        reports: list[Command] = [self._told(event)] if event.stored != NOTHING else []
        if self._due[0].here:
            return State.NOTING, [*reports, Note(FileState.FETCHED)]
        if event.faults:
            name = clipped(self._due[0].name)
            what = f"file {name} is kept, but left on the exchange: {'; '.join(event.faults)}"
            reports.append(_warning(Failure(what, self._plan.where, Fault.EXCHANGE)))
            return State.NOTING, [*reports, Note(FileState.LEFT)]
        if self._plan.after == "leave":
            return State.NOTING, [*reports, Note(FileState.LEFT)]
        return State.DELETING, [*reports, Delete(self._due[0])]

    def deleted(self, event: Event) -> Move:
        """Note it; of what is not gone for certain the next list tells whether it is."""
        assert isinstance(event, Deleted)
        return State.NOTING, [Note(FileState.GONE if event.gone else FileState.DELETED)]

    def not_deleted(self, event: Event) -> Move:
        """The exchange keeps it, or had emptied it by itself; the next list tells which."""
        assert isinstance(event, Refused)
        return State.NOTING, [_warning(event.failure), Note(FileState.UNDELETED)]

    def noted(self, _event: Event) -> Move:
        """Go on with the next file; remember one that was left as it was listed."""
        entry = self._due.pop(0)
        self._left[entry.name] = entry
        self._broken.discard(entry.name)
        return self._next([])

    def refused(self, event: Event) -> Move:
        """One file cannot be had; the others can."""
        assert isinstance(event, Refused)
        return self._skip(event.failure)

    def failed(self, event: Event) -> Move:
        """Hang up and rest."""
        assert isinstance(event, Failed | Refused)
        if self._state is State.FETCHING:
            self._broken.add(self._due[0].name)
        return self._hang_up(_warning(event.failure), rest=True)

    def hung_up(self, _event: Event) -> Move:
        """Wait for the next round."""
        if self._stopping:
            return State.ENDED, []
        return State.RESTING, [Wait(self._pause_seconds)]

    def _is_due(self, entry: Entry, known: KnownFile | None) -> bool:
        if entry.here or known is None or known.state not in (FileState.LEFT, FileState.UNDELETED):
            return True
        return entry.modified is None or self._left.get(entry.name) != entry

    def _next(self, reports: list[Command]) -> Move:
        while self._due and not self._stopping:
            entry = self._due[0]
            if entry.size_bytes is None or entry.size_bytes <= self._plan.file_bytes_max:
                return State.FETCHING, [*reports, Fetch(entry)]
            what = (
                f"file {clipped(entry.name)} has {entry.size_bytes} bytes; file_bytes_max allows"
                f" {self._plan.file_bytes_max}; not fetched"
            )
            reports = [*reports, _warning(Failure(what, self._plan.where, Fault.OPERATOR))]
            self._due.pop(0)
        return self._hang_up(*reports)

    def _skip(self, failure: Failure) -> Move:
        self._due.pop(0)
        return self._next([_warning(failure)])

    def _hang_up(self, *reports: Command, rest: bool = False) -> Move:
        self._pause_seconds = self._rests.next_seconds() if rest else self._plan.poll_seconds
        return State.HANGING_UP, [*reports, HangUp()]

    def _told(self, event: Kept) -> Report:
        stored = event.stored
        fields: dict[str, str | int | float] = {
            "file": clipped(self._due[0].name),
            "new": stored.new,
            "known": stored.known,
            "quarantined": stored.quarantined,
        }
        level = Level.WARNING if stored.quarantined else Level.INFO
        return Report(level, "file stored", fields)


Step = Callable[[FileCollection, Event], Move]

_FAILED: Final[Mapping[type, Step]] = {Failed: FileCollection.failed}

TABLE: Final[Mapping[State, Mapping[type, Step]]] = {
    State.IDLE: {Started: FileCollection.log_in},
    State.LOGGING_IN: {
        LoggedIn: FileCollection.logged_in,
        Refused: FileCollection.failed,
        **_FAILED,
    },
    State.LISTING: {Listed: FileCollection.listed, Refused: FileCollection.failed, **_FAILED},
    State.FETCHING: {Fetched: FileCollection.fetched, Refused: FileCollection.refused, **_FAILED},
    State.COMPARING: {
        Compared: FileCollection.compared,
        Refused: FileCollection.not_compared,
        Failed: FileCollection.not_compared,
    },
    State.KEEPING: {Kept: FileCollection.kept, **_FAILED},
    State.DELETING: {
        Deleted: FileCollection.deleted,
        Refused: FileCollection.not_deleted,
        **_FAILED,
    },
    State.NOTING: {Noted: FileCollection.noted, **_FAILED},
    State.HANGING_UP: {HungUp: FileCollection.hung_up},
    State.RESTING: {TimeUp: FileCollection.log_in},
}


def _warning(failure: Failure) -> Report:
    level = Level.ERROR if failure.alarm else Level.WARNING
    return Report(level, str(failure))
