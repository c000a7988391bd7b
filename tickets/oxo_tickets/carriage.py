"""The carriage table: which fields each wire carries, coarsens or leaves out.

The judge compares *projections*: what the exchange made, seen through the wire, against what a
collector delivered, seen through the same wire. A field that the wire does not carry can be
neither right nor wrong there: it is *not observable*.

The figures and texts of a fixed-column wire are always there: a blank is no text, a zero may be
no figure. Both sides of a comparison are projected, so that whichever of the two a reader says
counts as the same.

Hotel events (check-in and check-out, a guest's data, the hotel link's word for a room's status)
travel on the hotel link beside the tickets and are none: they bear no instant, they say what a
hotel wants of the exchange and not what the exchange wrote down. They have no row here and no
place in `Ticket`. The room status *ticket* that the exchange prints is one.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from oxo_tickets import rules, rules_ed52
from oxo_tickets.rules import Rule
from oxo_tickets.ticket import (
    FIELDS,
    Kind,
    Ticket,
)

ON_EVERY_WIRE = ("kind", "local_time")
"""Fields that no wire may lack: a record without them is no ticket.

The taxation list, the NMC record (call type, bytes 15-20), a statement (its line, DAT and TIM) and
the hotel link (message letter, date and time) all have both.
"""

CALLS = "calls"
REMINDERS = "reminders"
ROOMS = "rooms"
_SORTS: Mapping[Kind, str] = {Kind.REMINDER: REMINDERS, Kind.ROOM_STATUS: ROOMS}


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
        only: field -> `calls` (facilities among them), `reminders` or `rooms`, where the
            wire has it for those alone.
        blank_is_absent: an empty text and none at all look alike on the wire.
    """

    wire: str
    tag_set: str
    title: str
    standings: Mapping[str, Standing]
    rules: Mapping[str, str]
    only: Mapping[str, str] = {}
    blank_is_absent: bool = False

    def carries(self, field: str, kind: Kind | None = None) -> bool:
        """Tell whether the field arrives, be it coarser; with `kind`, in tickets of that kind."""
        if field not in self.standings:
            return False
        if kind is None or field not in self.only:
            return True
        return self.only[field] == _SORTS.get(kind, CALLS)


class CarriageUnknown(LookupError):
    """The carriage table has no such wire or tag set; the text lists those it has."""


@cache
def carriages() -> Mapping[tuple[str, str], Carriage]:
    """Return the whole table by (wire, tag set)."""
    table = tomllib.loads(files("oxo_tickets").joinpath("carriage.toml").read_text("utf-8"))
    return {
        (wire, tag_set): _carriage(wire, tag_set, _whole(entry, table))
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

    `kind` and `local_time` exist on every wire and stay, be it coarser. Projecting twice through
    one wire is projecting once.
    """
    seen = {
        name: _told(getattr(ticket, name), through)
        for name in FIELDS
        if name in ON_EVERY_WIRE or through.carries(name, ticket.kind)
    }
    projected = Ticket(**seen)
    for name in sorted(through.rules):
        if name in seen:
            projected = RULES[through.rules[name]](projected, through, name)
    return projected


def _told(value: Any, through: Carriage) -> Any:
    return None if through.blank_is_absent and value == "" else value


RULES: Mapping[str, Rule] = {**rules.RULES, **rules_ed52.RULES}
"""Every rule that the table may name. They run in the order of the field names."""


def _whole(entry: Mapping[str, Any], table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row with what it has from the row that it is like."""
    if "like" not in entry:
        return entry
    wire, _, tag_set = str(entry["like"]).partition(".")
    return {**table[wire][tag_set], **entry}


def _carriage(wire: str, tag_set: str, entry: Mapping[str, Any]) -> Carriage:
    standings = {name: Standing(value) for name, value in entry["carried"].items()}
    rules: dict[str, str] = {}
    for name, row in entry.get("coarser", {}).items():
        detail = msgspec.convert(row, dict[str, str])
        standings[name] = Standing(detail["standing"])
        rules[name] = detail["rule"]
    return Carriage(
        wire,
        tag_set,
        str(entry["title"]),
        standings,
        rules,
        msgspec.convert(entry.get("only", {}), dict[str, str]),
        bool(entry.get("blank_is_absent", False)),
    )
