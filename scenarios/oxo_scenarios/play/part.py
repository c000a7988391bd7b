"""One of several stands that play side by side: a process that asks for plays and sends them back.

It has a stand, a subject and an exchange of its own and shares nothing with the others but the
bundle's folder, where each play has a folder to itself. Everything goes through one connection to
the process that keeps the record (`side_by_side`): what was played, how it goes on, what is next.
"""

import contextlib
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from oxo_scenarios import bundle
from oxo_scenarios.bench.mortal import die_with
from oxo_scenarios.bench.stand import Conditions, Stand
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed, UsageWrong
from oxo_scenarios.catalogue import Planned
from oxo_scenarios.play.record import About, Options, Performance
from oxo_scenarios.play.session import ALLURE_FOLDER, perform
from oxo_scenarios.play.writing import about, exchange_of, written
from oxo_scenarios.subject import Subject

TROUBLES = (BenchBroken, UsageWrong, SubjectFailed)


class Ready(NamedTuple):
    """The stand is there; the first of them tells what it is."""

    about: About | None


class Next(NamedTuple):
    """Which play is next? `wire` is that of the one just asked for."""

    wire: str | None


class Begins(NamedTuple):
    """A play begins."""

    play: str


class Step(NamedTuple):
    """A step of it begins."""

    name: str


class Ended(NamedTuple):
    """A play was judged."""

    play: bundle.Play
    exchange: bundle.Exchange


class Failed(NamedTuple):
    """The stand is lost: the name of the exception, which is one of `TROUBLES`, and its words."""

    kind: str
    text: str


class Done(NamedTuple):
    """Everything was played, and the stand is closed."""


class Work(NamedTuple):
    """What a part needs to know; `first` of them tells about exchange and subject.

    `bench` is the process that keeps the record.
    """

    subject: Subject
    options: Options
    conditions: Conditions
    first: bool
    bench: int


class Sender:
    """Watches a stand's plays and sends what there is to tell."""

    def __init__(self, connection: Connection, options: Options, folder: Path) -> None:
        """Send by `connection`; the evidence goes below `folder`, the bundle's."""
        self._connection = connection
        self._folder = folder
        self.stand: Stand
        self.options = options

    def evidence_folder(self, planned: Planned) -> Path:
        """Return where the evidence of a play goes."""
        return self._folder / "evidence" / planned.play

    def add(self, performance: Performance) -> bundle.Play:
        """Send a judged performance to the record."""
        play = written(performance, self.stand, self.evidence_folder(performance.planned))
        self._connection.send(Ended(play, exchange_of(self.stand)))
        return play

    def begins(self, planned: Planned) -> None:
        """Tell that a play begins."""
        self._connection.send(Begins(planned.play))

    def step(self, name: str) -> None:
        """Tell that a step of it begins."""
        self._connection.send(Step(name))

    def ended(self, play: bundle.Play) -> None:
        """The record has it already."""

    def course(self) -> Iterator[str]:
        """Ask for one play after the other, until there is none."""
        wires = {planned.play: planned.wire for planned in self.options.planned}
        wire = None
        while True:
            self._connection.send(Next(wire))
            name = self._connection.recv()
            if name is None:
                return
            wire = wires[name]
            yield name


def play_part(connection: Connection, work: Work) -> None:
    """Play on a stand of one's own what the connection names; the body of a process.

    Only SIGTERM ends it: a Ctrl-C at the terminal reaches every process there, and it is for the
    one that keeps the record to say what follows from it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    # The bench's end by force is not to leave a stand behind.
    die_with(work.bench, signal.SIGTERM)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError, EOFError):
        try:
            _play(connection, work)
            connection.send(Done())
        except TROUBLES as trouble:
            connection.send(Failed(type(trouble).__name__, str(trouble)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the bench's
            connection.send(Failed(BenchBroken.__name__, f"{type(error).__name__}: {error}"))


def _play(connection: Connection, work: Work) -> None:
    with Stand(work.subject, work.conditions) as stand:
        connection.send(Ready(about(stand) if work.first else None))
        folder = connection.recv()
        sender = Sender(connection, work.options, folder)
        sender.stand = stand
        perform(stand, sender, sender, folder / ALLURE_FOLDER, sender.course())


def _end(_number: int, _frame: object) -> None:
    # Once: what tidies up is not to be broken off by a second wish.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
