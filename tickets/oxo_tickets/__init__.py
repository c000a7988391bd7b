"""What a call ticket means: the model, its canonical JSON, its comparison, its carriage."""

from oxo_tickets.canonical import (
    TicketUnreadable,
    from_json,
    from_ndjson,
    schema,
    to_json,
    to_ndjson,
)
from oxo_tickets.carriage import Carriage, CarriageUnknown, Standing, carriage, carriages, project
from oxo_tickets.comparison import Difference, differences
from oxo_tickets.ticket import (
    FIELDS,
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    Resolution,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
)

__all__ = [
    "FIELDS",
    "Carriage",
    "CarriageUnknown",
    "CommunicationType",
    "DiallingMode",
    "Difference",
    "Direction",
    "Facility",
    "Kind",
    "ReminderState",
    "Resolution",
    "Service",
    "Standing",
    "Ticket",
    "TicketUnreadable",
    "TrunkKind",
    "UserKind",
    "carriage",
    "carriages",
    "differences",
    "from_json",
    "from_ndjson",
    "project",
    "schema",
    "to_json",
    "to_ndjson",
]
