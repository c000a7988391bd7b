"""The ledger as the judge reads it: tickets with their stations, and disturbed stretches.

A *stretch* is a run of ledger lines under a disturbance: from a fault to the restoring of the
link, from a reset to the phase `serving`, from the death of the subject by SIGKILL to its next
session on the wire. Only lines that concern the wire of the play are read: what another wire did
with a ticket says nothing about this one. A fault that was armed begins with the line that set
it off, so that an acknowledgement whose answer never left belongs to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from oxo_tickets import Ticket

from oxo_scenarios.judge.evidence import Line, Restart
from oxo_scenarios.wires import HOME, concerns

GIVEN = ("acknowledged", "consumed")
"""Events after which a ticket is the subject's; which of them it is depends on the wire."""


class LedgerUnreadable(ValueError):
    """The ledger is not as docs/bundle.md has it (bench's fault); the text names the line."""


class Station(msgspec.Struct, kw_only=True):
    """One ticket that the exchange made; lines are ledger line numbers, 0 for never.

    `acknowledged` is the line that gave it away, whatever the wire calls it.
    """

    id: int
    ticket: Ticket
    made: int
    sequence: int | None = None
    dropped: str | None = None
    offered: int = 0
    acknowledged: int = 0


class Stretch(NamedTuple):
    """Ledger lines `first` to `last` stood under a disturbance."""

    first: int
    last: int


class Chronicle(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger tells."""

    lines: Sequence[Line]
    stations: Sequence[Station]
    stretches: Sequence[Stretch]

    def events(self, *names: str) -> list[Line]:
        """Return the lines of these events, in order."""
        return [line for line in self.lines if line["event"] in names]

    def buffered(self) -> list[Station]:
        """Return the tickets that waited for the client."""
        return [station for station in self.stations if station.sequence is not None]

    def waiting(self, after_line: int) -> list[Station]:
        """Return the tickets that wait after that line."""
        waiting = waiting_sequences(line for line in self.lines if line["n"] <= after_line)
        return [station for station in self.buffered() if station.sequence in waiting]

    def disturbed(self, station: Station) -> bool:
        """Tell whether the ticket waited in a disturbed stretch."""
        end = station.acknowledged or self.end
        return any(
            stretch.first <= end and station.made <= stretch.last for stretch in self.stretches
        )

    @property
    def end(self) -> int:
        """Number of the last line; 0 of an empty ledger."""
        return self.lines[-1]["n"] if self.lines else 0


def waiting_sequences(lines: Iterable[Line]) -> frozenset[int]:
    """Return the sequences that are buffered and not given away after these lines, of one wire."""
    waiting: set[int] = set()
    for line in lines:
        if line["event"] == "buffered":
            waiting.add(line["sequence"])
        elif line["event"] in GIVEN:
            waiting.difference_update(range(line["first"], line["last"] + 1))
    return frozenset(waiting)


def of_wire(lines: Iterable[Line], wire: str) -> list[Line]:
    """Return the lines that concern a wire."""
    return [line for line in lines if concerns(line["event"], line.get("wire"), wire)]


def read_chronicle(
    lines: Sequence[Line], restarts: Sequence[Restart] = (), wire: str = HOME
) -> Chronicle:
    """Read the lines of one installation that concern a wire.

    Raises:
        LedgerUnreadable: a line lacks a key or contradicts those before it.
    """
    stations: dict[int, Station] = {}
    by_sequence: dict[int, Station] = {}
    lines = of_wire(lines, wire)
    for line in lines:
        try:
            _take(line, stations, by_sequence)
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerUnreadable(f"ledger line {line.get('n')}: {error!r}") from error
    stretches = [*_faults(lines), *_resets(lines), *_deaths(lines, restarts)]
    return Chronicle(lines=lines, stations=list(stations.values()), stretches=stretches)


def _take(line: Line, stations: dict[int, Station], by_sequence: dict[int, Station]) -> None:
    event = line["event"]
    if event == "made":
        ticket = msgspec.convert(line["ticket"], Ticket)
        stations[line["id"]] = Station(id=line["id"], ticket=ticket, made=line["n"])
    elif event == "buffered":
        by_sequence[line["sequence"]] = stations[line["id"]]
        stations[line["id"]].sequence = line["sequence"]
    elif event == "dropped":
        stations[line["id"]].dropped = line["reason"]
    elif event == "offered" or event in GIVEN:
        name = "offered" if event == "offered" else "acknowledged"
        for sequence in range(line["first"], line["last"] + 1):
            station = by_sequence[sequence]
            if not getattr(station, name):
                setattr(station, name, line["n"])


def _faults(lines: Sequence[Line]) -> Iterator[Stretch]:
    armed: Mapping[str, Any] | None = None
    for place, line in enumerate(lines):
        if line["event"] == "fault armed":
            armed = line
        elif line["event"] == "fault":
            cause = _cause(lines[:place], armed) if armed else line["n"]
            armed = None
            yield Stretch(cause, _next(lines[place:], "restored"))


def _cause(before: Sequence[Line], armed: Mapping[str, Any]) -> int:
    """Return the line that set an armed fault off: the last such event before it."""
    for line in reversed(before):
        if line["event"] == armed["when"]:
            return int(line["n"])
    return int(armed["n"])


def _resets(lines: Sequence[Line]) -> Iterator[Stretch]:
    for place, line in enumerate(lines):
        if line["event"] == "reset":
            yield Stretch(line["n"], _next(lines[place:], "phase", phase="serving"))


def _deaths(lines: Sequence[Line], restarts: Sequence[Restart]) -> Iterator[Stretch]:
    for restart in restarts:
        if restart.signal == "KILL":
            after = [line for line in lines if line["n"] > restart.after_line]
            yield Stretch(restart.after_line, _next(after, "session opened"))


def _next(lines: Sequence[Line], event: str, **keys: str) -> int:
    """Return the number of the first such line, or of the last line of all."""
    for line in lines:
        if line["event"] == event and all(line.get(key) == keys[key] for key in keys):
            return int(line["n"])
    return int(lines[-1]["n"]) if lines else 0
