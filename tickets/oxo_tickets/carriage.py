"""The carriage table: which fields each wire carries, coarsens or leaves out.

The judge compares *projections*: what the exchange made, seen through the wire, against what a
collector delivered, seen through the same wire. A field that the wire does not carry can be
neither right nor wrong there: it is *not observable*.
"""

import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from oxo_tickets.ticket import (
    FIELDS,
    CommunicationType,
    DiallingMode,
    Direction,
    Resolution,
    Ticket,
)


class Standing(StrEnum):
    """How firm a layout or behaviour is."""

    DOCUMENTED = "documented"
    FIELD = "field"
    INFERRED = "inferred"
    OURS = "ours"


class Carriage(msgspec.Struct, frozen=True):
    """What one wire under one tag set carries.

    Attributes:
        wire: name of the wire, such as `taxation`.
        tag_set: name of the selection of tags or columns.
        title: the same in words.
        standings: field -> how firm it is that the wire carries it.
        rules: field -> name of the rule that coarsens it; a field without rule arrives whole.
    """

    wire: str
    tag_set: str
    title: str
    standings: Mapping[str, Standing]
    rules: Mapping[str, str]

    def carries(self, field: str) -> bool:
        """Tell whether the field arrives, be it coarser."""
        return field in self.standings


class CarriageUnknown(LookupError):
    """The carriage table has no such wire or tag set; the text lists those it has."""


@cache
def carriages() -> Mapping[tuple[str, str], Carriage]:
    """Return the whole table by (wire, tag set)."""
    table = tomllib.loads(files("oxo_tickets").joinpath("carriage.toml").read_text("utf-8"))
    return {
        (wire, tag_set): _carriage(wire, tag_set, entry)
        for wire, tag_sets in table.items()
        for tag_set, entry in tag_sets.items()
    }


def carriage(wire: str, tag_set: str) -> Carriage:
    """Return one row of the table.

    Raises:
        CarriageUnknown: no such row.
    """
    try:
        return carriages()[wire, tag_set]
    except KeyError:
        known = ", ".join("/".join(key) for key in carriages())
        raise CarriageUnknown(
            f"{wire}/{tag_set} is not in the carriage table; known: {known}"
        ) from None


def project(ticket: Ticket, through: Carriage) -> Ticket:
    """Return the ticket as it can be known after the wire: absent fields gone, others coarsened.

    `kind` and `local_time` exist on every wire and stay.
    """
    seen = {
        name: getattr(ticket, name)
        for name in FIELDS
        if name in ("kind", "local_time") or through.carries(name)
    }
    projected = Ticket(**seen)
    for name in sorted(through.rules):
        projected = RULES[through.rules[name]](projected)
    return projected


def _to_the_minute(ticket: Ticket) -> Ticket:
    return msgspec.structs.replace(
        ticket,
        local_time=ticket.local_time.replace(second=0, microsecond=0),
        resolution=Resolution.MINUTE,
    )


def _redial_reads_manual(ticket: Ticket) -> Ticket:
    if ticket.dialling_mode is not DiallingMode.REDIAL:
        return ticket
    return msgspec.structs.replace(ticket, dialling_mode=DiallingMode.MANUAL)


_ARROWS = {
    Direction.OUTGOING: CommunicationType.OUTGOING,
    Direction.INCOMING: CommunicationType.INCOMING,
}


def _arrow(ticket: Ticket) -> Ticket:
    """An arrow knows outgoing and incoming; `CS+` and `CS-` are facilities."""
    coarse = _ARROWS.get(ticket.direction) if ticket.direction else None
    if ticket.communication_type in (
        CommunicationType.FACILITY_REQUEST,
        CommunicationType.FACILITY_CANCELLED,
    ):
        coarse = ticket.communication_type
    return msgspec.structs.replace(ticket, communication_type=coarse)


def _public_directions(ticket: Ticket) -> Ticket:
    if ticket.direction is not Direction.LOCAL:
        return ticket
    return msgspec.structs.replace(ticket, direction=None)


def _own_tags(ticket: Ticket) -> Ticket:
    own = {wire: tags for wire, tags in ticket.extras.items() if wire == "taxation"}
    return msgspec.structs.replace(ticket, extras=own)


RULES: Mapping[str, Callable[[Ticket], Ticket]] = {
    "minute": _to_the_minute,
    "redial reads manual": _redial_reads_manual,
    "arrow": _arrow,
    "public directions": _public_directions,
    "own tags": _own_tags,
}
"""Every rule that the table may name."""


def _carriage(wire: str, tag_set: str, entry: Mapping[str, Mapping[str, object]]) -> Carriage:
    standings = {name: Standing(str(value)) for name, value in entry["carried"].items()}
    rules: dict[str, str] = {}
    for name, row in entry.get("coarser", {}).items():
        detail = msgspec.convert(row, dict[str, str])
        standings[name] = Standing(detail["standing"])
        rules[name] = detail["rule"]
    return Carriage(wire, tag_set, str(entry["title"]), standings, rules)
