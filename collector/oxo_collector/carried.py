"""Which wires have no record for a ticket, whatever the exchange does: there it is not missing.

Most of it the carriage table says: a wire carries reminders that carries their time, and rooms that
carries their status; where a local call reads as any call, there is no record for one. Two gaps
stand there in words alone, and here as a table: call types without a code.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from oxo_tickets import CommunicationType, Direction, Kind, Ticket, carriages

from oxo_collector.receipt import Wire

OWN_FIELDS: Final[Mapping[Kind, str]] = {
    Kind.REMINDER: "reminder_time",
    Kind.ROOM_STATUS: "room_status",
}
"""Kind that is no call -> the field without which nothing is told of it."""

_JOINED = frozenset(
    {
        CommunicationType.OUTGOING_TRANSFER_PRIVATE,
        CommunicationType.INCOMING_TRANSFER_PRIVATE,
        CommunicationType.OUTGOING_TRANSFER_TRANSIT,
        CommunicationType.INCOMING_TRANSFER_TRANSIT,
    }
)
_NOT_IN_ED52 = frozenset(
    {
        CommunicationType.INCOMING_TRANSIT,
        CommunicationType.INCOMING_TRANSFER_TRANSIT,
        CommunicationType.BREAK_IN,
        CommunicationType.BREAK_OUT,
    }
)
WITHOUT_CODE: Final[Mapping[str, frozenset[CommunicationType]]] = {
    Wire.NMC: _JOINED,
    Wire.ACCOUNT: _NOT_IN_ED52,
    Wire.STREAM: _NOT_IN_ED52,
}
"""Wire -> call types that an exchange cannot say there (the comments of the carriage table)."""

_LOCAL_CALLS: Final = frozenset({Wire.TAXATION, Wire.ACCOUNT, Wire.STREAM})
"""Their row of the carriage table keeps a local call one: V24, NMC and the hotel link have none."""


def wires_without(ticket: Ticket) -> frozenset[str]:
    """Return the wires that can have no record of a ticket.

    What a setting of the exchange keeps from a wire is not among them: unanswered calls that are
    not printed, reminders that an NMC store keeps by a switch of ours.
    """
    local = ticket.kind is Kind.LOCAL_CALL or ticket.direction is Direction.LOCAL
    return _wires_without(ticket.kind, ticket.communication_type, local)


@cache
def _wires_without(
    kind: Kind,
    called: CommunicationType | None,
    local: bool,  # noqa: FBT001 - cached by it
) -> frozenset[str]:
    if kind in OWN_FIELDS:
        return frozenset(str(wire) for wire in Wire if not _tells(wire, kind))
    if local:
        return frozenset(str(wire) for wire in Wire if wire not in _LOCAL_CALLS)
    return frozenset(str(wire) for wire, types in WITHOUT_CODE.items() if called in types)


def _tells(wire: Wire, kind: Kind) -> bool:
    rows = (row for (name, _), row in carriages().items() if name == wire)
    return any(row.carries(OWN_FIELDS[kind], kind) for row in rows)
