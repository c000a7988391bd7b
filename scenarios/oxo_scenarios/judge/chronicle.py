"""The ledger as the judge reads it: tickets with their stations, and disturbed stretches.

A *stretch* is a run of ledger lines under a disturbance: from a fault of the link to its end
(`faults`), from a reset to the phase `serving`, from the death of the subject by SIGKILL to its
next session on the wire. Only lines that concern the wire are read: what another wire did with a
ticket, or what happened on its ports, says nothing about this one. A fault that was armed begins
with the line that set it off, so that an acknowledgement whose answer never left belongs to it.

A ticket is kept where any door of the play keeps it, and given where any has given it away: what
one door had no room for, or lost with a connection, may be had at the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from oxo_tickets import Ticket

from oxo_scenarios.judge.evidence import Line, Restart
from oxo_scenarios.judge.faults import LinkFault, read_faults
from oxo_scenarios.wires import HOME, TELLINGS, concerns


class LedgerUnreadable(ValueError):
    """The ledger is not as docs/bundle.md has it (bench's fault); the text names the line."""


class Stay(msgspec.Struct):
    """What one door did with one ticket; lines are ledger line numbers, 0 for never.

    `given` is the line that gave it away, by the telling of its wire; `session` that in which it
    went.
    """

    sequence: int | None = None
    dropped: str | None = None
    offered: int = 0
    given: int = 0
    session: str | None = None

    @property
    def kept(self) -> bool:
        """Tell whether the ticket waited there."""
        return self.sequence is not None and self.dropped is None


class Station(msgspec.Struct, kw_only=True):
    """One ticket that the exchange made, with its stay at each door, the judged one first."""

    id: int
    ticket: Ticket
    made: int
    stays: Mapping[str, Stay]

    @property
    def sequence(self) -> int | None:
        """Return its sequence at the judged door."""
        return next(iter(self.stays.values())).sequence

    @property
    def kept(self) -> bool:
        """Tell whether any door kept it."""
        return any(stay.kept for stay in self.stays.values())

    @property
    def dropped(self) -> str | None:
        """Return why no door kept it; `None` where one did, or none was open."""
        if self.kept:
            return None
        return next((stay.dropped for stay in self.stays.values() if stay.dropped), None)

    @property
    def offered(self) -> int:
        """Return the first line that offered it anywhere."""
        return _first(stay.offered for stay in self.stays.values())

    @property
    def given(self) -> int:
        """Return the first line that gave it away anywhere."""
        return _first(stay.given for stay in self.stays.values())


def _first(numbers: Iterable[int]) -> int:
    return min((number for number in numbers if number), default=0)


class Stretch(NamedTuple):
    """Ledger lines `first` to `last` stood under a disturbance."""

    first: int
    last: int


class Chronicle(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger tells."""

    wire: str
    lines: Sequence[Line]
    stations: Sequence[Station]
    faults: Sequence[LinkFault]
    stretches: Sequence[Stretch]

    def events(self, *names: str) -> list[Line]:
        """Return the lines of these events, in order."""
        return [line for line in self.lines if line["event"] in names]

    def buffered(self) -> list[Station]:
        """Return the tickets that waited for the client."""
        return [station for station in self.stations if station.kept]

    def waiting(self, after_line: int) -> list[Station]:
        """Return the tickets that wait after that line."""
        return [
            station
            for station in self.buffered()
            if station.made <= after_line and not 0 < station.given <= after_line
        ]

    def under_way_until(self, station: Station) -> int:
        """Return the last line at which the ticket might still have been lost.

        Where it may go under with its connection, that is the end of the session in which it went,
        or the line by which another door gave it away.
        """
        given = station.given or self.end
        stay = station.stays[self.wire]
        if not stay.given or not TELLINGS[self.wire].lost_with_connection:
            return given
        elsewhere = _first(one.given for one in station.stays.values() if one is not stay)
        closed = self._closed(stay.session) or self.end
        return min(closed, elsewhere or closed)

    def _closed(self, session: str | None) -> int:
        closed = (line["n"] for line in self.events("session closed") if line["session"] == session)
        return next(closed, 0)

    def disturbed(self, station: Station) -> bool:
        """Tell whether the ticket waited, or was under way, in a disturbed stretch."""
        end = self.under_way_until(station)
        return any(
            stretch.first <= end and station.made <= stretch.last for stretch in self.stretches
        )

    @property
    def end(self) -> int:
        """Number of the last line; 0 of an empty ledger."""
        return self.lines[-1]["n"] if self.lines else 0


def of_wire(lines: Iterable[Line], wire: str) -> list[Line]:
    """Return the lines that concern a wire."""
    return [line for line in lines if concerns(line["event"], line, wire)]


def read_stations(lines: Iterable[Line], doors: Sequence[str]) -> list[Station]:
    """Read what became of every ticket at these doors.

    Raises:
        LedgerUnreadable: a line lacks a key or contradicts those before it.
    """
    stations: dict[int, Station] = {}
    by_sequence: dict[tuple[str, int], Stay] = {}
    for line in lines:
        try:
            if line["event"] == "made":
                stations[line["id"]] = _made(line, doors)
            elif (door := line.get("wire", HOME)) in doors:
                _take(line, door, stations, by_sequence)
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerUnreadable(f"ledger line {line.get('n')}: {error!r}") from error
    return list(stations.values())


def read_chronicle(
    lines: Sequence[Line],
    restarts: Sequence[Restart] = (),
    wire: str = HOME,
    doors: Sequence[str] = (),
) -> Chronicle:
    """Read the lines of one installation that concern a wire, and its tickets at all `doors`.

    Raises:
        LedgerUnreadable: a line lacks a key or contradicts those before it.
    """
    stations = read_stations(lines, doors or (wire,))
    lines = of_wire(lines, wire)
    faults = read_faults(lines)
    disturbed = (Stretch(fault.cause, fault.last) for fault in faults)
    stretches = [*disturbed, *_resets(lines), *_deaths(lines, restarts)]
    return Chronicle(wire=wire, lines=lines, stations=stations, faults=faults, stretches=stretches)


def _made(line: Line, doors: Sequence[str]) -> Station:
    ticket = msgspec.convert(line["ticket"], Ticket)
    stays = {door: Stay() for door in doors}
    return Station(id=line["id"], ticket=ticket, made=line["n"], stays=stays)


def _take(
    line: Line,
    door: str,
    stations: Mapping[int, Station],
    by_sequence: dict[tuple[str, int], Stay],
) -> None:
    event, telling = line["event"], TELLINGS[door]
    if event == "buffered":
        stay = by_sequence[door, line["sequence"]] = stations[line["id"]].stays[door]
        stay.sequence = line["sequence"]
    elif event == "dropped":
        stations[line["id"]].stays[door].dropped = line["reason"]
    elif event in (telling.offered, telling.given):
        for sequence in range(line["first"], line["last"] + 1):
            stay = by_sequence[door, sequence]
            if event == telling.offered and not stay.offered:
                stay.offered = line["n"]
            if event == telling.given and not stay.given:
                stay.given, stay.session = line["n"], line["session"]


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
