"""Carries out the commands of the file collection: FTP, store, waiting, log."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, assert_never

from oxo_collector.decoders.outcome import Malformed
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, Refused
from oxo_collector.nmc.machine import FileCollection
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
from oxo_collector.nmc.reading import Reading, known_of, read_file
from oxo_collector.receipt import FetchedFile, FileState, KnownFile, Piece, Source, Stored
from oxo_collector.report import Report
from oxo_collector.store import StoreUnusable
from oxo_collector.turns import HungUp, Started, TimeUp, Wait, converse

UNLISTED: Final = (FileState.DELETED, FileState.UNDELETED)
"""A file in such a state that is not listed any more is gone."""


NOTHING: Final = Reading((), None, 0, ())
"""No file is in hand."""


class Wire(Protocol):
    """What the shell needs of a transport."""

    def log_in(self) -> Refused | Failed | None:
        """Connect and log in."""

    def list_files(self) -> tuple[list[Entry], int] | Refused | Failed:
        """Return the files of the pattern, and how many are not."""

    def fetch(self, entry: Entry) -> tuple[bytes, bool] | Refused | Failed:
        """Return a whole file, and whether it was gone on with."""

    def lists(self, name: str) -> bool | None:
        """Tell whether the last list had a name; None: the exchange gave no list."""

    def let_go(self, name: str) -> None:
        """A file that came whole is stored, or not wanted: hold it no longer."""

    def delete(self, entry: Entry) -> bool | Refused | Failed:
        """Delete a file, unless it grew since it was listed; True: it is gone for certain."""

    def hang_up(self) -> None:
        """Close the connection."""


class Door(Protocol):
    """What the shell needs of the intake."""

    def files(self, source: Source) -> Mapping[str, KnownFile]:
        """Return the files that are stored, by name."""

    def contact(self, source: Source) -> None:
        """Note that the exchange answered."""

    def file_before(self, source: Source, name: str) -> bytes | None:
        """Return the file that one of this name may go on with."""

    def keep_file(
        self,
        source: Source,
        file: FetchedFile,
        pieces: Sequence[Piece],
        raw: bytes,
        known: int,
    ) -> Stored:
        """Make a file durable, of which so many pieces are stored from the one before."""

    def note_file(self, source: Source, file: FetchedFile, state: FileState) -> None:
        """Note what became of a file on the exchange."""

    def note_gone(self, source: Source, names: Sequence[str]) -> None:
        """Note that files which were deleted are not listed any more."""


@dataclass
class Shell:
    """Drives the collection to its end, in the calling thread.

    Attributes:
        source: the exchange and its wire.
        zone: its IANA time zone, given to every ticket.
        collection: the machine.
        wire: the transport.
        door: the intake.
        stop: set when the collection is to end; breaks waits off.
        report: takes each report, for the log.
    """

    source: Source
    zone: str
    collection: FileCollection
    wire: Wire
    door: Door
    stop: threading.Event
    report: Callable[[Report], None]
    _raw: bytes = field(default=b"", init=False, repr=False)
    _reading: Reading = field(default=NOTHING, init=False, repr=False)
    _file: FetchedFile | None = field(default=None, init=False)

    def run(self) -> None:
        """Collect until the collection has ended."""
        try:
            converse(self.collection, self._begin(), self.stop, self._one, self.report)
        finally:
            self.wire.hang_up()

    def _begin(self) -> Event:
        return Started()

    def _one(self, command: Command) -> Event:  # noqa: C901, PLR0911 - one line for each command
        match command:
            case LogIn():
                return self.wire.log_in() or LoggedIn()
            case ListFiles():
                return self._kept(self._list)
            case Fetch(entry):
                return self._fetch(entry)
            case FetchAgain(entry):
                return self._fetch_again(entry)
            case Keep(name):
                return self._kept(lambda: self._keep(name))
            case Delete(entry):
                told = self.wire.delete(entry)
                return Deleted(told) if isinstance(told, bool) else told
            case Note(state):
                return self._kept(lambda: self._note(state))
            case HangUp():
                self.wire.hang_up()
                return HungUp()
            case Wait(seconds):
                self.stop.wait(seconds)
                return TimeUp()
            case Report():
                raise AssertionError("reports give no event")
            case _:
                assert_never(command)

    def _list(self) -> Event:
        listed = self.wire.list_files()
        if not isinstance(listed, tuple):
            return listed
        self.door.contact(self.source)
        entries, others = listed
        known = self.door.files(self.source)
        gone = [name for name, one in known.items() if self._is_gone(name, one.state)]
        if gone:
            self.door.note_gone(self.source, gone)
            known = {name: one for name, one in known.items() if name not in gone}
        return Listed(tuple(entries), others, known)

    def _is_gone(self, name: str, state: FileState) -> bool:
        """Tell whether a file of this state is not on the exchange, by the list it gave.

        Where it gave none, because there is nothing or for any other reason, its word of the
        deletion counts; what it refused to delete may be there still.
        """
        there = self.wire.lists(name)
        if there is None:
            return state is FileState.DELETED
        return not there and state in UNLISTED

    def _fetch_again(self, entry: Entry) -> Event:
        again = self.wire.fetch(entry)
        if not isinstance(again, tuple):
            return again
        if again[0] != self._raw:
            self.wire.let_go(entry.name)
        return Compared(again[0] == self._raw)

    def _fetch(self, entry: Entry) -> Event:
        fetched = self.wire.fetch(entry)
        if not isinstance(fetched, tuple):
            return fetched
        self._raw, resumed = fetched
        self._reading = read_file(self._raw, self.zone)
        unreadable = any(isinstance(one, Malformed) for one in self._reading.pieces)
        doubtful = unreadable and not self._is_stored(entry.name)
        return Fetched(len(self._raw), resumed, doubtful)

    def _is_stored(self, name: str) -> bool:
        """Tell whether the file in hand is stored already; a store that cannot say has it not."""
        try:
            known = self.door.files(self.source).get(name)
        except StoreUnusable:
            return False
        return known is not None and known.digest == hashlib.sha256(self._raw).hexdigest()

    def _keep(self, name: str) -> Event:
        raw, self._raw = self._raw, b""
        reading, self._reading = self._reading, NOTHING
        digest = hashlib.sha256(raw).hexdigest()
        self._file = FetchedFile(
            name, len(raw), digest, reading.tickets_told, reading.tickets_found
        )
        if not reading.pieces:  # an empty file in every round shall not fill the store
            self.wire.let_go(name)
            return Kept(Stored(0, 0, 0), reading.tickets_told, 0)
        before = self.door.file_before(self.source, name)
        known = 0 if before is None else known_of(read_file(before, self.zone), reading)
        stored = self.door.keep_file(self.source, self._file, reading.pieces, raw, known)
        # A crash before this line leaves the file here, too; its name and bytes are known then.
        self.wire.let_go(name)
        return Kept(stored, reading.tickets_told, reading.tickets_found, reading.faults)

    def _note(self, state: FileState) -> Event:
        assert self._file is not None
        self.door.note_file(self.source, self._file, state)
        return Noted()

    def _kept(self, work: Callable[[], Event]) -> Event:
        try:
            return work()
        except StoreUnusable as error:
            return Failed(Failure(str(error), "the collector's store", Fault.MACHINE))
