"""Carries out the commands of the account collection: transfer, disk, store, waiting, log."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from oxo_collector.account.choice import account_files, by_number
from oxo_collector.account.landing import Landing
from oxo_collector.account.machine import AccountCollection
from oxo_collector.account.messages import (
    Command,
    Compress,
    Compressed,
    Entry,
    Event,
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
)
from oxo_collector.account.reading import Reading
from oxo_collector.decoders.account_index import read_index, spelled
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Beginning, Failed, NoPlace, Refused
from oxo_collector.receipt import (
    FetchedFile,
    FileState,
    KnownFile,
    Marker,
    Piece,
    SetAside,
    Source,
    Stored,
)
from oxo_collector.report import Report
from oxo_collector.store import StoreUnusable
from oxo_collector.turns import HungUp, Started, TimeUp, Wait, converse


class Wire(Protocol):
    """What the shell needs of a transport."""

    def log_in(self) -> Refused | Failed | None:
        """Connect, check who answers, and log in."""

    def compress(self) -> Refused | Failed | None:
        """Have the exchange close the file that is open."""

    def index(self) -> bytes | Refused | Failed | None:
        """Return the index; None where there is none."""

    def names(self) -> list[str] | Refused | Failed:
        """Return the names of the folder."""

    def measure(self, names: Sequence[str]) -> list[Entry] | Refused | Failed:
        """Return how long the files are."""

    def fetch(self, entry: Entry, beginning: Beginning) -> bool | Refused | Failed:
        """Fetch a whole file, or the rest of it; return whether it was gone on with."""

    def hang_up(self) -> None:
        """Close the connection."""


class Door(Protocol):
    """What the shell needs of the intake."""

    def contact(self, source: Source) -> None:
        """Note that the exchange answered."""

    def files(self, source: Source) -> Mapping[str, KnownFile]:
        """Return the files that are stored, by name."""

    def marker(self, source: Source) -> Marker | None:
        """Return the newest file that is stored."""

    def note_file(self, source: Source, file: FetchedFile, state: FileState) -> None:
        """Note what became of a file."""

    def keep_account_file(
        self,
        source: Source,
        file: FetchedFile,
        pieces: Sequence[Piece],
        raw: bytes,
        marker: Marker | None,
    ) -> Stored:
        """Make a file durable and move the marker, in one step."""

    def keep_unreadable(self, source: Source, reason: str, place: str, body: bytes) -> SetAside:
        """Set a whole file aside."""


@dataclass
class Shell:
    """Drives the collection to its end, in the calling thread.

    Attributes:
        source: the exchange and its wire.
        server: whose files are wanted of a folder without an index; "" of the exchange itself.
        collection: the machine.
        wire: the transport.
        door: the intake.
        landing: where a file comes to.
        read: tells what a file holds, by its bytes; its name is for errors.
        stop: set when the collection is to end; breaks waits off.
        report: takes each report, for the log.
    """

    source: Source
    server: str
    collection: AccountCollection
    wire: Wire
    door: Door
    landing: Landing
    read: Callable[[bytes, str], Reading]
    stop: threading.Event
    report: Callable[[Report], None]

    def run(self) -> None:
        """Collect until the collection has ended."""
        try:
            converse(self.collection, self._begin(), self.stop, self._one, self.report)
        finally:
            self.wire.hang_up()

    def _begin(self) -> Event:
        return Started()

    def _one(self, command: Command) -> Event:  # noqa: PLR0911, C901 - one line for each command
        match command:
            case LogIn():
                return self.wire.log_in() or LoggedIn()
            case Compress():
                return self.wire.compress() or Compressed()
            case ListFiles():
                return self._here(self._list)
            case Measure(names):
                found = self.wire.measure(names)
                return Measured(tuple(found)) if isinstance(found, list) else found
            case Fetch(entry):
                return self._here(lambda: self._fetch(entry))
            case Keep():
                return self._here(lambda: self._keep(command))
            case Mark(name):
                return self._here(lambda: self._mark(name))
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
        index = self.wire.index()
        if isinstance(index, Refused | Failed):
            return index
        lines = {} if index is None else read_index(index)
        names = account_files(lines)
        if not names:  # no index, or one in which nothing stands: the folder knows
            listed = self.wire.names()
            if not isinstance(listed, list):
                return listed
            names = by_number(listed, self.server)
        self.door.contact(self.source)
        known = self.door.files(self.source)
        states = {name: known[spelled(name)].state for name in names if spelled(name) in known}
        stored = [name for name, state in states.items() if state is not FileState.FORMER]
        left = [name for name in stored if states[name] is FileState.LEFT]
        return Listed(names, self.door.marker(self.source), stored, left, lines)

    def _fetch(self, entry: Entry) -> Event:
        self.landing.expect(entry)
        fetched = self.wire.fetch(entry, self.landing)
        if not isinstance(fetched, bool):
            return fetched
        self.landing.came_whole()
        return Fetched(self.landing.length_bytes, self.landing.digest(), fetched)

    def _keep(self, command: Keep) -> Event:
        name = command.name
        raw = self.landing.read()
        reading = self.read(raw, name)
        faults: tuple[str, ...] = ()
        if reading.refused is not None:
            reason = reading.refused.reason
            self.door.keep_unreadable(self.source, reason, f"file {name}", raw)
            if not command.as_it_is:
                return NotWhole(reason)
            faults = (reason,)
        digest = hashlib.sha256(raw).hexdigest()
        file = FetchedFile(name, len(raw), digest, None, len(reading.pieces))
        marker = Marker(name, len(raw), digest, command.anew) if command.moves_marker else None
        stored = self.door.keep_account_file(self.source, file, reading.pieces, raw, marker)
        self.landing.drop()
        return Kept(stored, faults)

    def _mark(self, name: str) -> Event:
        raw = self.landing.read()
        digest = hashlib.sha256(raw).hexdigest()
        file = FetchedFile(name, len(raw), digest, None, 0)
        marker = Marker(name, len(raw), digest)
        self.door.keep_account_file(self.source, file, (), raw, marker)
        # A crash here leaves a marker, and no word that the files before it are not wanted: they
        # are fetched then, which loses nothing.
        own = spelled(name)
        stored = replace(file, name=own, digest=self.door.files(self.source)[own].digest)
        self.door.note_file(self.source, stored, FileState.LEFT)
        self.landing.drop()
        return Marked()

    def _here(self, work: Callable[[], Event]) -> Event:
        """Tell what this machine refuses as a failure."""
        try:
            return work()
        except StoreUnusable as error:
            return Failed(Failure(str(error), "the collector's store", Fault.MACHINE))
        except NoPlace as error:
            return Failed(Failure(str(error), "the collector's disk", Fault.MACHINE))
