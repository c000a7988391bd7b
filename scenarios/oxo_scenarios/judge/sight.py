"""What a demand sees: the evidence, the ledger read, and every ticket with its fate."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from oxo_tickets import (
    FIELDS,
    Carriage,
    CommunicationType,
    Difference,
    Direction,
    Kind,
    Ticket,
    TrunkKind,
    carriage,
    project,
)

from oxo_scenarios.catalogue import Case
from oxo_scenarios.judge.chronicle import Chronicle, Station, read_chronicle
from oxo_scenarios.judge.evidence import Evidence
from oxo_scenarios.judge.finding import Fate, FieldDifference, TicketFate
from oxo_scenarios.judge.pairing import Comparison, Pairing, pair
from oxo_scenarios.wires import HOME, doors_of


class Destiny(NamedTuple):
    """One made ticket and what became of it; `found` is the delivered one, where there is one."""

    station: Station
    fate: Fate
    found: Ticket | None = None
    differences: tuple[Difference, ...] = ()
    places: tuple[int, ...] = ()


class Sight(NamedTuple):
    """Everything a demand may look at."""

    case: Case
    through: Carriage
    evidence: Evidence
    chronicle: Chronicle
    comparison: Comparison
    destinies: Sequence[Destiny]
    phantoms: Sequence[int]

    def asked(self) -> list[Destiny]:
        """Return the tickets that the subject must deliver."""
        silent = (Fate.DROPPED, Fate.NOT_ASKED)
        return [destiny for destiny in self.destinies if destiny.fate not in silent]

    def of_fate(self, *fates: Fate) -> list[Destiny]:
        """Return the tickets of these fates."""
        return [destiny for destiny in self.destinies if destiny.fate in fates]

    def tickets(self) -> tuple[TicketFate, ...]:
        """Return every fate as the bundle keeps it."""
        phantoms = (
            TicketFate(id=None, sequence=None, fate=Fate.PHANTOM, delivered=(place,))
            for place in self.phantoms
        )
        return (*(_record(destiny) for destiny in self.destinies), *phantoms)


def look(case: Case, tag_set: str, evidence: Evidence) -> Sight:
    """Read the ledger and compare the delivery with it.

    Raises:
        LedgerUnreadable: the ledger is not as docs/bundle.md has it.
    """
    through = carriage(case.wire, tag_set)
    said = [one for one in evidence.transcript if (one.get("wire") or HOME) == case.wire]
    evidence = replace(evidence, transcript=said)
    chronicle = read_chronicle(evidence.ledger, evidence.restarts, case.wire, doors_of(case.wire))
    comparison = Comparison(
        [name for name in FIELDS if name in evidence.delivery.shown and _known(name, through)],
        evidence.delivery.blank_is_absent or through.blank_is_absent,
    )
    due = [station for station in chronicle.stations if station.dropped is None]
    optional = {
        place
        for place, station in enumerate(due)
        if station.ticket.kind is Kind.REMINDER and evidence.appointments == "received"
    }
    pairing = pair(
        [project(station.ticket, through) for station in due],
        [through_the_wire(ticket, evidence, through) for ticket in evidence.delivery.tickets],
        comparison,
        optional,
    )
    fated = {
        station.id: _destiny(place, station, pairing, evidence, chronicle, place in optional)
        for place, station in enumerate(due)
    }
    return Sight(
        case,
        through,
        evidence,
        chronicle,
        comparison,
        [fated.get(station.id, Destiny(station, Fate.DROPPED)) for station in chronicle.stations],
        [place + 1 for place in pairing.phantoms],
    )


def through_the_wire(ticket: Ticket, evidence: Evidence, through: Carriage) -> Ticket:
    """Return a delivered ticket as the wire can have told it.

    What a wire tells of one field may hang on another: an arrow is nothing without a direction. A
    field that the subject does not show is therefore told by those that it does.
    """
    shown, told = evidence.delivery.shown, ticket
    if "kind" not in shown:
        told = replace(told, kind=_kind_of(ticket))
    if "direction" not in shown:
        told = replace(told, direction=_direction_of(ticket.communication_type))
    if "communication_type" not in shown and ticket.direction in _TYPES:
        told = replace(told, communication_type=_TYPES[ticket.direction])
    if "trunk_kind" not in shown:
        told = replace(told, trunk_kind=TrunkKind.ANALOGUE)
    if "trunk" not in shown:
        told = replace(told, trunk="0")
    return project(told, through)


_TYPES = {
    Direction.OUTGOING: CommunicationType.OUTGOING,
    Direction.INCOMING: CommunicationType.INCOMING,
}


def _kind_of(ticket: Ticket) -> Kind:
    if ticket.room_status is not None:
        return Kind.ROOM_STATUS
    return Kind.REMINDER if ticket.reminder_time is not None else Kind.UNKNOWN


def _direction_of(kind: CommunicationType | None) -> Direction | None:
    if kind is None:
        return None
    return next((each for each in _TYPES if each.value in kind.value), None)


def _known(field: str, through: Carriage) -> bool:
    """Tell whether a field can be compared: kind and time exist on every wire."""
    return field in ("kind", "local_time") or through.carries(field)


def _destiny(  # noqa: PLR0913, PLR0917 - the judge's own working set
    place: int,
    station: Station,
    pairing: Pairing,
    evidence: Evidence,
    chronicle: Chronicle,
    optional: bool,  # noqa: FBT001
) -> Destiny:
    tickets = evidence.delivery.tickets
    if place in pairing.altered:
        at, differences = pairing.altered[place]
        return Destiny(station, Fate.ALTERED, tickets[at], differences, (at + 1,))
    if place not in pairing.equal:
        return Destiny(station, Fate.NOT_ASKED if optional else Fate.LOST)
    at = pairing.equal[place]
    copies = pairing.copies.get(place, ())
    if copies:
        places = tuple(sorted(found + 1 for found in (at, *copies)))
        return Destiny(station, Fate.DUPLICATED, tickets[at], (), places)
    fate = Fate.RECOVERED if chronicle.disturbed(station) else Fate.EXACTLY_ONCE
    return Destiny(station, fate, tickets[at], (), (at + 1,))


def _record(destiny: Destiny) -> TicketFate:
    return TicketFate(
        id=destiny.station.id,
        sequence=destiny.station.sequence,
        fate=destiny.fate,
        differences=tuple(
            FieldDifference(found.field, _plain(found.expected), _plain(found.found))
            for found in destiny.differences
        ),
        delivered=destiny.places,
    )


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)
