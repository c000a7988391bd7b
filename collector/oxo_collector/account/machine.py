"""The collection of account files as a pure machine: events in, commands out.

Theory
======
The exchange closes a file at each full hour, or on demand, and keeps it for weeks whatever we do
(facts: oxe 3.1, 3.4). Nothing is acknowledged and nothing is deleted: what we have is told by the
marker alone, the newest file that is stored, which moves in the transaction that stores the file.

    LOGGING_IN ─► COMPRESSING ─► LISTING ─► MEASURING ─► SETTLING ─► MEASURING_AGAIN
        ▲        (if so wanted)     │           │ only the   (2 s)        │
        │                           │ nothing   ▼ marker                  ▼
     RESTING ◄── HANGING_UP ◄───────┴──────── FETCHING ◄──── next file ◄──┤
                      ▲                         │ whole                   │
                      │                         ▼                         │
                      │                 KEEPING, MARKING ─────────────────┘
                      └── a failure of the connection or the store, from anywhere

  RESTING lasts poll_seconds; after a failure less at first, and longer with each one in a row.

* What is new is decided by the marker (`choice`): what stands behind it in the index, and what was
  listed before it and is not stored. A marker that is not listed any more (its file aged out, the
  exchange was set up anew, the counter began again) is an alarm, GAP, and everything is fetched
  from the oldest name; the store knows by its content what it has. A number that is left out is
  the same alarm, with the names on both sides.
* With each start the marker's file is fetched and compared: an exchange that was set up anew may
  have come to the same name. So it is when its line in the index is another one, and where there is
  no index after a failure: a cold reset may come between two rounds.
* Where the marker says nothing any more, nor does a name that is stored: the first file of the new
  count makes all of them former ones, in its transaction. What is passed over then is not taken for
  known by the next process.
* A file whose length changes within two seconds is still being written: it waits for the next
  round, the others do not.
* Verified is: the transfer ended properly, as many bytes came as the exchange tells, they can be
  decompressed, every line is whole. What falls short moves no marker past it for good: it is set
  aside and told, the files behind it are fetched, and it is fetched again in each of the next
  rounds, since it may have been caught while it was written. What is the same the third time is
  damaged where it lies: then what can be read of it is stored, the rest set aside, and an alarm
  says so. A file that waits for ever would be lost when it ages out, with the tickets in it.
* A file that the exchange lists and does not give is asked for in each round, and told once.
* A file whose transfer broke the connection comes last in the next round: it may do so each time,
  and the others need not wait for it.
* A stop ends the collection after the file in hand.

The table is the whole behaviour; an event that it does not know in a state is a defect of ours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

from oxo_collector.account.choice import Choice, choose
from oxo_collector.account.messages import (
    Command,
    Compress,
    Compressed,
    Entry,
    Event,
    Failed,
    Fetch,
    Fetched,
    HangUp,
    Keep,
    Kept,
    Listed,
    ListFiles,
    LoggedIn,
    LogIn,
    Mark,
    Marked,
    Measure,
    Measured,
    NotWhole,
    Refused,
)
from oxo_collector.account.words import (
    NO_FILE,
    damaged,
    gap_told,
    marker_gone,
    marker_replaced,
    stored_told,
    warning,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import Marker
from oxo_collector.report import Level, Report
from oxo_collector.rests import Rests
from oxo_collector.turns import HungUp, Started, StopAsked, TimeUp, Wait, step_of
from oxo_collector.wording import clipped

TRIES_COUNT_MAX: Final = 3
"""A file that is not whole so often is damaged where it lies."""

FILES_COUNT_MAX: Final = 200
"""So many files are measured and let settle at a time; of a month's files each takes its moment."""

TOLD_COUNT_MAX: Final = 10_000
"""So many different texts are remembered as told."""


class State(Enum):
    """Where the conversation stands; the comment says which event it waits for."""

    IDLE = auto()  # Started
    LOGGING_IN = auto()  # the exchange, about key and account
    COMPRESSING = auto()  # the exchange, about the open file
    LISTING = auto()  # the list
    MEASURING = auto()  # the lengths
    SETTLING = auto()  # time
    MEASURING_AGAIN = auto()  # the lengths again
    FETCHING = auto()  # the end of a file
    KEEPING = auto()  # the store, about the file
    MARKING = auto()  # the store, about the marker
    HANGING_UP = auto()  # the end of the connection
    RESTING = auto()  # time
    ENDED = auto()  # nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """What the operator wants.

    Attributes:
        start: what of the files that are there before the first look.
        compress_first: the open file is closed before each look.
        poll_seconds: wait between two looks.
        settle_seconds: a file whose length stays so long is closed (facts: oxe 3.4, ours).
        file_bytes_max: a longer file is not fetched.
        where: the address, for reports.
    """

    start: Literal["oldest", "now"]
    compress_first: bool
    poll_seconds: float
    settle_seconds: float
    file_bytes_max: int
    where: str


Move = tuple[State, list[Command]]


class AccountCollection:
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
        self._start = plan.start
        self._pause_seconds = plan.poll_seconds
        self._marker_compared = False
        self._marker_line = ""  # of the index, when the marker's file was compared or stored
        self._void = False  # the marker's file is another one, and none of now is stored yet
        self._anew = False  # the next file that is stored is the first of a count
        self._tries: dict[str, int] = {}  # files to be had again: how often they were not whole
        self._broken: dict[str, None] = {}  # whose transfer broke the connection; last one last
        self._told: set[str] = set()
        self._listed = Listed((), None, ())
        self._choice = Choice((), (), -1, gone=False)
        self._entries: dict[str, Entry] = {}
        self._due: list[str] = []
        self._later: list[str] = []
        self._marker_at = -1

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
        """Have the open file closed, if so wanted, and look what is there."""
        if self._stopping:
            return self._hang_up()
        if self._plan.compress_first:
            return State.COMPRESSING, [Compress()]
        return State.LISTING, [ListFiles()]

    def compressed(self, _event: Event) -> Move:
        """Look what is there."""
        return State.LISTING, [ListFiles()]

    def not_compressed(self, event: Event) -> Move:
        """Do without: the exchange closes it at the full hour."""
        assert isinstance(event, Refused)
        return State.LISTING, [*self._once(warning(event.failure)), ListFiles()]

    def listed(self, event: Event) -> Move:
        """Decide what is new, and ask how long it is."""
        assert isinstance(event, Listed)
        self._listed = event
        names = set(event.names)
        self._tries = {name: count for name, count in self._tries.items() if name in names}
        self._broken = {name: None for name in self._broken if name in names}
        if not names:
            self._start = "oldest"  # what comes now was not there before the first look
            return self._hang_up(*self._once(Report(Level.INFO, NO_FILE)))
        if event.marker is None and self._start == "now":
            newest = (event.names[-1],)
            self._choice = Choice(newest, (), -1, gone=False)
            self._due, self._later = list(newest), []
            return State.MEASURING, [Measure(newest)]
        if event.marker is not None and self._line_of(event.marker.name) != self._marker_line:
            self._marker_compared = False
        return self._decide(event.marker, void=self._void)

    def measured(self, event: Event) -> Move:
        """Compare the marker's file; give the others time to grow."""
        assert isinstance(event, Measured)
        self._entries = {one.name: one for one in event.entries}
        marker = self._listed.marker
        if marker is not None and self._choice.marker_at >= 0 and marker.name in self._entries:
            size = self._entries[marker.name].size_bytes
            if size not in (None, marker.size_bytes):
                return self._replaced(marker)
        if not self._fresh():
            return self._next([])
        return State.SETTLING, [Wait(self._plan.settle_seconds)]

    def settled(self, _event: Event) -> Move:
        """See whether anything grew."""
        if self._stopping:
            return self._hang_up()
        return State.MEASURING_AGAIN, [Measure(self._fresh())]

    def measured_again(self, event: Event) -> Move:
        """Leave out what is still being written."""
        assert isinstance(event, Measured)
        reports: list[Command] = []
        for now in event.entries:
            if self._entries[now.name] != now:
                self._due.remove(now.name)
                self._tries.setdefault(now.name, 0)
                fields = {"file": clipped(now.name)}
                reports.append(Report(Level.INFO, "file still grows; left for next time", fields))
        return self._next(reports)

    def fetched(self, event: Event) -> Move:
        """Verify the length, and do with the file what it was fetched for."""
        assert isinstance(event, Fetched)
        name = self._due[0]
        told, found = self._entries[name].size_bytes, event.received_bytes
        reports: list[Command] = []
        if told not in (None, found):
            what = f"file {clipped(name)}: {found} bytes came, the exchange tells {told}"
            if not self._last_try(name):
                self._tries[name] = self._tries.get(name, 0) + 1
                return self._skip(f"{what}; fetched again next time")
            reports.append(self._alarm(f"{what}, each time; judged by its content"))
        if event.resumed:
            fields = {"file": clipped(name)}
            reports.append(Report(Level.INFO, "transfer gone on with after a cut", fields))
        marker = self._listed.marker
        if marker is None and self._start == "now":
            return State.MARKING, [*reports, Mark(name)]
        if marker is not None and self._is_comparison(name):
            if event.digest != marker.digest:
                return self._replaced(marker)
            self._compared(name)
            self._due.pop(0)
            return self._next(reports)
        return State.KEEPING, [*reports, self._keep(name)]

    def kept(self, event: Event) -> Move:
        """The file is durable, and the marker with it."""
        assert isinstance(event, Kept)
        name = self._due.pop(0)
        if self._position(name) >= self._marker_at:
            self._marker_at = self._position(name)
            self._compared(name)
        self._void = self._anew = False
        self._tries.pop(name, None)
        self._broken.pop(name, None)
        self._rests.worked()
        reports: list[Command] = [stored_told(name, event.stored)]
        if event.faults:
            reports.append(self._alarm(damaged(name, event.faults)))
        return self._next(reports)

    def not_whole(self, event: Event) -> Move:
        """Its bytes are aside; it may be whole next time."""
        assert isinstance(event, NotWhole)
        name = self._due[0]
        self._tries[name] = self._tries.get(name, 0) + 1
        return self._skip(
            f"file {clipped(name)} cannot be read to its end: {event.reason}; set aside, and"
            " fetched again next time"
        )

    def marked(self, _event: Event) -> Move:
        """Begin behind what was there."""
        name = self._due.pop(0)
        self._compared(name)
        fields = {"file": clipped(name)}
        report = Report(Level.INFO, "collecting begins behind the newest file", fields)
        return self._next([report])

    def refused(self, event: Event) -> Move:
        """One file cannot be had; the others can."""
        assert isinstance(event, Refused)
        name = self._due.pop(0)
        if self._is_comparison(name):
            # Its place in the list and its length fit; there is nothing more to compare.
            self._compared(name)
        self._tries.setdefault(name, 0)
        return self._next(self._once(warning(event.failure)))

    def failed(self, event: Event) -> Move:
        """Hang up and rest."""
        assert isinstance(event, Failed | Refused)
        if self._state is State.FETCHING:
            name = self._due[0]
            self._tries.setdefault(name, 0)
            self._broken.pop(name, None)
            self._broken[name] = None
        if not self._listed.lines:
            self._marker_compared = False  # a reset may hide behind it, and no index would tell
        return self._hang_up(warning(event.failure), rest=True)

    def hung_up(self, _event: Event) -> Move:
        """Wait for the next round."""
        if self._stopping:
            return State.ENDED, []
        return State.RESTING, [Wait(self._pause_seconds)]

    def _decide(self, marker: Marker | None, *, void: bool = False) -> Move:
        """Choose what is due; `void` takes the marker for one that is not listed."""
        listed = self._listed
        name = None if marker is None else marker.name
        names = listed.names
        if void:
            chosen = choose(names, None, (), self._tries, ())
        else:
            chosen = choose(names, name, listed.known, self._tries, listed.left)
        self._choice, self._marker_at = chosen, chosen.marker_at
        self._anew = void or chosen.gone
        listed_there = marker is not None and chosen.marker_at >= 0
        compared = (marker.name,) if marker is not None and listed_there else ()
        due = chosen.due if self._marker_compared else (*compared, *chosen.due)
        self._due, self._later = [], self._in_turn(due)
        alarms = [self._alarm(gap_told(gap)) for gap in chosen.gaps]
        reports = [report for alarm in alarms for report in self._once(alarm)]
        if chosen.gone and marker is not None:
            what = self._alarm(marker_gone(marker.name, names[0]))
            reports = [*self._once(what), *reports]
        return self._measure(compared, reports)

    def _measure(self, compared: Sequence[str], reports: list[Command]) -> Move:
        """Turn to the next files, and look at the marker's length where so wanted."""
        self._due, self._later = self._later[:FILES_COUNT_MAX], self._later[FILES_COUNT_MAX:]
        asked = tuple(dict.fromkeys((*compared, *self._due)))
        if not asked:
            return self._hang_up(*reports)
        return State.MEASURING, [*reports, Measure(asked)]

    def _fresh(self) -> tuple[str, ...]:
        """Return the files in hand that may still be written: all but the marker's."""
        return tuple(name for name in self._due if not self._is_comparison(name))

    def _in_turn(self, names: Sequence[str]) -> list[str]:
        """Put those last that broke the connection, the one that did so last behind the others."""
        broken = [name for name in self._broken if name in names]
        return [*(name for name in names if name not in self._broken), *broken]

    def _replaced(self, marker: Marker) -> Move:
        """Another file has the marker's name: nothing that was stored says what is new."""
        self._void = True
        state, commands = self._decide(marker, void=True)
        return state, [*self._once(self._alarm(marker_replaced(marker.name))), *commands]

    def _compared(self, name: str) -> None:
        """The file of this name is the marker's, as far as can be told."""
        self._marker_compared = True
        self._marker_line = self._line_of(name)

    def _line_of(self, name: str) -> str:
        return self._listed.lines.get(name, "")

    def _is_comparison(self, name: str) -> bool:
        """Tell whether the file was fetched to be compared with the marker alone."""
        marker = self._listed.marker
        compares = self._choice.marker_at >= 0 and not self._marker_compared
        return compares and marker is not None and marker.name == name

    def _keep(self, name: str) -> Keep:
        moves = self._position(name) >= self._marker_at
        return Keep(name, moves, as_it_is=self._last_try(name), anew=self._anew)

    def _last_try(self, name: str) -> bool:
        return self._tries.get(name, 0) + 1 >= TRIES_COUNT_MAX

    def _position(self, name: str) -> int:
        return self._listed.names.index(name)

    def _next(self, reports: list[Command]) -> Move:
        while self._due and not self._stopping:
            entry = self._entries[self._due[0]]
            if entry.size_bytes is None or entry.size_bytes <= self._plan.file_bytes_max:
                return State.FETCHING, [*reports, Fetch(entry)]
            what = (
                f"file {clipped(entry.name)} has {entry.size_bytes} bytes; file_bytes_max allows"
                f" {self._plan.file_bytes_max}; not fetched"
            )
            failure = Failure(what, self._plan.where, Fault.OPERATOR)
            reports = [*reports, *self._once(warning(failure))]
            self._tries.setdefault(self._due.pop(0), 0)
        if self._later and not self._stopping:
            return self._measure((), reports)
        return self._hang_up(*reports)

    def _skip(self, what: str) -> Move:
        self._tries.setdefault(self._due.pop(0), 0)
        return self._next([warning(Failure(what, self._plan.where, Fault.EXCHANGE))])

    def _hang_up(self, *reports: Command, rest: bool = False) -> Move:
        if not rest:
            self._rests.worked()
        self._pause_seconds = self._rests.next_seconds() if rest else self._plan.poll_seconds
        return State.HANGING_UP, [*reports, HangUp()]

    def _alarm(self, what: str) -> Report:
        return warning(Failure(what, self._plan.where, Fault.EXCHANGE, alarm=True))

    def _once(self, report: Report) -> list[Command]:
        """Return a report unless it was told since the start: each round would tell it again."""
        if report.text in self._told:
            return []
        if len(self._told) >= TOLD_COUNT_MAX:
            self._told.clear()
        self._told.add(report.text)
        return [report]


Step = Callable[[AccountCollection, Event], Move]

_FAILED: Final[Mapping[type, Step]] = {Failed: AccountCollection.failed}
_NEITHER: Final[Mapping[type, Step]] = {**_FAILED, Refused: AccountCollection.failed}

TABLE: Final[Mapping[State, Mapping[type, Step]]] = {
    State.IDLE: {Started: AccountCollection.log_in},
    State.LOGGING_IN: {LoggedIn: AccountCollection.logged_in, **_NEITHER},
    State.COMPRESSING: {
        Compressed: AccountCollection.compressed,
        Refused: AccountCollection.not_compressed,
        **_FAILED,
    },
    State.LISTING: {Listed: AccountCollection.listed, **_NEITHER},
    State.MEASURING: {Measured: AccountCollection.measured, **_NEITHER},
    State.SETTLING: {TimeUp: AccountCollection.settled},
    State.MEASURING_AGAIN: {Measured: AccountCollection.measured_again, **_NEITHER},
    State.FETCHING: {
        Fetched: AccountCollection.fetched,
        Refused: AccountCollection.refused,
        **_FAILED,
    },
    State.KEEPING: {
        Kept: AccountCollection.kept,
        NotWhole: AccountCollection.not_whole,
        **_FAILED,
    },
    State.MARKING: {Marked: AccountCollection.marked, **_FAILED},
    State.HANGING_UP: {HungUp: AccountCollection.hung_up},
    State.RESTING: {TimeUp: AccountCollection.log_in},
}
