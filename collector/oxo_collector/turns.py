"""The turns of a conversation of ours: what every machine is told and commands, and who drives it.

    machine: event in, commands out        shell: command in, event out

A machine's commands are carried out in order, reports give no event, and the last command gives
the next one. The wires' own words stand in their folders; these are the ones they share.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from oxo_collector.report import Report


class OutOfTurn(AssertionError):
    """An event came in a state in which nothing can bring it: a defect of the collector."""


@dataclass(frozen=True, slots=True)
class Started:
    """The shell is ready."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The connection is closed."""


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The seconds that were to be waited are over."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The operator wants the collection to end; told once, and a wait is broken off by it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Let real time pass, in seconds; broken off when a stop is asked."""

    seconds: float


E = TypeVar("E")
C = TypeVar("C")
E_contra = TypeVar("E_contra", contravariant=True)


S = TypeVar("S", bound=Enum)
Step = TypeVar("Step")


def step_of(table: Mapping[S, Mapping[type, Step]], state: S, event: object) -> Step:
    """Return what a machine's table has for an event in a state.

    Raises:
        OutOfTurn: it has nothing.
    """
    step = table.get(state, {}).get(type(event))
    if step is None:
        raise OutOfTurn(f"{type(event).__name__} in {state.name}")
    return step


class Machine(Protocol[E_contra, C]):
    """A conversation without socket, file and clock."""

    @property
    def ended(self) -> bool:
        """Tell whether nothing will be commanded any more."""

    def receive(self, event: "E_contra | StopAsked") -> list[C]:
        """Take an event and return what is to be done, in order."""


def converse(
    machine: Machine[E, C],
    started: E,
    stop: threading.Event,
    one: Callable[[C], E],
    report: Callable[[Report], None],
) -> None:
    """Drive a machine to its end, in the calling thread.

    Args:
        machine: which.
        started: its first event.
        stop: set when the collection is to end; the machine is told so before its next event.
        one: carries out a command and returns the event that follows.
        report: takes each report.
    """
    event, stop_told = started, False
    while not machine.ended:
        if stop.is_set() and not stop_told:
            stop_told = True
            machine.receive(StopAsked())
            continue
        event = carry_out(machine.receive(event), event, one, report)


def carry_out(
    commands: list[C],
    event: E,
    one: Callable[[C], E],
    report: Callable[[Report], None],
) -> E:
    """Do what is commanded and return the last command's event; `event` where there is none."""
    for command in commands:
        if isinstance(command, Report):
            report(command)
        else:
            event = one(command)
    return event
