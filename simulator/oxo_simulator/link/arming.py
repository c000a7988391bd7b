"""For which events a fault can be armed: those that the ledger may have of a wire."""

from collections.abc import Mapping
from types import MappingProxyType

from oxo_simulator.control.messages import ArmedFault
from oxo_simulator.link.faults import FaultUnknown
from oxo_simulator.link.places import TAXATION

_SESSIONS = ("session opened", "session closed")

EVENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        TAXATION: (*_SESSIONS, "offered", "acknowledged"),
        "nmc": (*_SESSIONS, "offered", "consumed"),
        "v24": (*_SESSIONS, "offered", "consumed", "notice"),
        "ohl": (*_SESSIONS, "offered", "consumed"),
        "account": (*_SESSIONS, "offered", "filed", "fetched"),
        "stream": (*_SESSIONS, "sent", "notice", "switch-over"),
    }
)
"""What happens on each wire to what it delivers, in the ledger's words."""


def wire_of(armed: ArmedFault) -> str:
    """Return the wire whose event it waits for."""
    return armed.wire or TAXATION


def check(armed: ArmedFault) -> None:
    """Refuse to wait for what never comes.

    Raises:
        FaultUnknown: names the event, the wire, and the events that there are.
    """
    wire = wire_of(armed)
    if armed.when not in EVENTS[wire]:
        raise FaultUnknown(
            f"{armed.when!r} never happens on the wire {wire}; there are {', '.join(EVENTS[wire])}"
        )
