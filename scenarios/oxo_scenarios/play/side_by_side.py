"""Several stands that play side by side, and the one record that they fill.

A process a stand (`part`). Plays are handed out one by one: a stand gets the next of the wire that
it is on, so that its subject may be kept running; else the first of the wire on which most are
left. Who is done early so takes over from the others. run.json is in the catalogue's order
whoever played what.
"""

import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Self

from oxo_scenarios.bench.stand import Conditions
from oxo_scenarios.bench.trouble import BenchBroken
from oxo_scenarios.catalogue import Planned
from oxo_scenarios.play.part import (
    TROUBLES,
    Begins,
    Done,
    Ended,
    Failed,
    Next,
    Step,
    Work,
    play_part,
)
from oxo_scenarios.play.plugin import Watcher
from oxo_scenarios.play.record import About, Options, Record
from oxo_scenarios.subject import Subject

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

END_SECONDS_MAX = 30.0
"""How long a stand may take to end its play and its exchange when the run is broken off."""
LOOK_SECONDS = 0.5


class Hand:
    """The plays that nobody has yet. Pure."""

    def __init__(self, planned: Sequence[Planned]) -> None:
        """Hold all of them."""
        self._left = list(planned)

    def take(self, wire: str | None) -> str | None:
        """Return the next play for a stand that is on this wire; `None` when all are handed out."""
        if not self._left:
            return None
        wires = Counter(planned.wire for planned in self._left)
        if wire not in wires:
            wire = wires.most_common(1)[0][0]
        found = next(planned for planned in self._left if planned.wire == wire)
        self._left.remove(found)
        return found.play


class Parts:
    """The stands of one run; use it as a context manager."""

    about: About

    def __init__(self, subject: Subject, options: Options, conditions: Conditions) -> None:
        """Prepare nothing yet."""
        self._works = [
            Work(subject, options, conditions, first=number == 0, bench=os.getpid())
            for number in range(options.stands)
        ]
        self._planned = {planned.play: planned for planned in options.planned}
        self._hand = Hand(options.planned)
        self._processes: dict[Connection, BaseProcess] = {}

    def __enter__(self) -> Self:
        """Start the stands and wait until each has its exchange.

        Raises:
            BenchBroken: one could not be set up; the others are ended.
            UsageWrong, SubjectFailed: likewise.
        """
        try:
            for work in self._works:
                self._start(work)
            for connection in self._processes:
                told = self._received(connection)
                if told.about is not None:
                    self.about = told.about
        except BaseException:
            self._end(None)
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        """End what still plays."""
        self._end(None)

    def perform(self, record: Record, watcher: Watcher) -> None:
        """Let all be played, and record it as it comes.

        Raises:
            BenchBroken: a stand broke; the others were ended, what they had played stands.
            KeyboardInterrupt: the operator ended the run; likewise.
        """
        try:
            for connection in self._processes:
                _tell(connection, record.folder)
            playing = set(self._processes)
            while playing:
                for ready in wait(list(playing), LOOK_SECONDS):
                    connection = _connection(ready)
                    if not self._take(connection, record, watcher):
                        playing.discard(connection)
        except BaseException:
            self._end(record)
            raise

    def _start(self, work: Work) -> None:
        # Forked where that is safe, so that no stand has to load everything again.
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=play_part, args=(theirs, work), name="stand")
        process.start()
        theirs.close()
        self._processes[ours] = process

    def _received(self, connection: Connection) -> Any:
        """Return what a stand has to tell.

        Raises:
            BenchBroken: it ended, or says that it is lost.
            UsageWrong, SubjectFailed: likewise.
        """
        try:
            told = connection.recv()
        except (EOFError, ConnectionError) as error:
            process = self._processes[connection]
            process.join(END_SECONDS_MAX)
            raise BenchBroken(f"a stand ended with status {process.exitcode}") from error
        if isinstance(told, Failed):
            kinds = {each.__name__: each for each in TROUBLES}
            raise kinds[told.kind](told.text)
        return told

    def _take(self, connection: Connection, record: Record, watcher: Watcher) -> bool:
        """Take what a stand tells, and answer it; False when it is done."""
        told = self._received(connection)
        if isinstance(told, Next):
            _tell(connection, self._hand.take(told.wire))
            return True
        if isinstance(told, Begins):
            watcher.begins(self._planned[told.play])
        elif isinstance(told, Step):
            watcher.step(told.name)
        elif isinstance(told, Ended):
            record.add(told.play, told.exchange)
            watcher.ended(told.play)
        return not isinstance(told, Done)

    def _end(self, record: Record | None) -> None:
        """End what still plays; what was judged meanwhile is recorded all the same."""
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + END_SECONDS_MAX
        left = dict(self._processes)
        while left and time.monotonic() < deadline:
            for ready in wait(list(left), LOOK_SECONDS):
                connection = _connection(ready)
                try:
                    told = connection.recv()
                except (EOFError, OSError):
                    left.pop(connection).join(END_SECONDS_MAX)
                    continue
                if isinstance(told, Ended) and record is not None:
                    record.add(told.play, told.exchange)
        for process in left.values():
            process.kill()
        for connection in self._processes:
            connection.close()
        self._processes.clear()


def _tell(connection: Connection, what: object) -> None:
    """Send to a stand; of one that has ended, the next reading tells."""
    with suppress(ConnectionError):
        connection.send(what)


def _connection(ready: object) -> Connection:
    assert isinstance(ready, Connection)
    return ready
