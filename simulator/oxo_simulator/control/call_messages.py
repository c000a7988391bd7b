"""Messages of the control API that concern sets, trunks and facilities; `messages` has them all."""

import msgspec
from oxo_tickets import Facility, TrunkKind

from oxo_simulator.control.message import Message
from oxo_simulator.exchange.directory import Monitoring
from oxo_simulator.exchange.sets import Condition


class SetOrder(Message, frozen=True):
    """How a set or group is to be from now on; what is left out is as when it was installed.

    Attributes:
        state: what a caller meets there; of a group it stays `free`.
        diverted_to: a set, a group or an external number that takes each call instead.
        monitoring: which of its calls are ticketed; `None` leaves it to installation and profile.
    """

    state: Condition = "free"
    diverted_to: str | None = None
    monitoring: Monitoring | None = None


class SetState(Message, frozen=True):
    """A set or group as it is right now.

    Attributes:
        number: of the set or group.
        name: as tickets show it.
        kind: `operator`, `business`, `room`, `booth`, `data device`, or of a group `hunting group`,
            `attendant group`.
        state: what a caller meets there.
        diverted_to: who takes each call instead.
        monitoring: its own, if it has any.
        talking: whether it is in a call.
        members: of a group.
    """

    number: str
    name: str
    kind: str
    state: Condition
    diverted_to: str | None = None
    monitoring: Monitoring | None = None
    talking: bool = False
    members: list[str] = msgspec.field(default_factory=list)


class TrunkState(Message, frozen=True):
    """An access: its name such as `N01`, its kind, how many calls it carries and has now."""

    name: str
    kind: TrunkKind
    channels: int
    occupied: int


class FacilityOrder(Message, frozen=True):
    """A supplementary service that a set asks the public network for, or cancels.

    `advance` moves exchange time until its ticket is written.
    """

    user: str
    facility: Facility
    cancelled: bool = False
    advance: bool = True
