"""What a call ticket means: the model, its canonical JSON, its comparison, its carriage."""

from oxo_tickets.canonical import (
    TicketUnreadable,
    from_json,
    from_ndjson,
    schema,
    to_json,
    to_ndjson,
)
from oxo_tickets.carriage import (
    ON_EVERY_WIRE,
    Carriage,
    CarriageUnknown,
    Standing,
    carriage,
    carriages,
    project,
)
from oxo_tickets.comparison import Difference, differences
from oxo_tickets.reconciliation import CoarseKey, coarse_key, numbered
from oxo_tickets.ticket import (
    FIELDS,
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    Resolution,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)
from oxo_tickets.wires import WIRE_TITLES, wire_title, wires

__all__ = [
    "FIELDS",
    "ON_EVERY_WIRE",
    "WIRE_TITLES",
    "Carriage",
    "CarriageUnknown",
    "CoarseKey",
    "CommunicationType",
    "DiallingMode",
    "Difference",
    "Direction",
    "Facility",
    "Kind",
    "ReminderState",
    "Resolution",
    "RoomStatus",
    "Service",
    "Standing",
    "Ticket",
    "TicketUnreadable",
    "TrunkKind",
    "UserKind",
    "carriage",
    "carriages",
    "coarse_key",
    "differences",
    "from_json",
    "from_ndjson",
    "numbered",
    "project",
    "schema",
    "to_json",
    "to_ndjson",
    "wire_title",
    "wires",
]
