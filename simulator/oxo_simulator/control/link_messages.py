"""Messages of the control API that concern the link; `messages` has them all."""

from typing import Literal

import msgspec

from oxo_simulator.control.message import Message
from oxo_simulator.control.wire_messages import WireName


class Fault(Message, frozen=True):
    """A disturbance of the link; see docs/control.md.

    Several may be in force at once. A parameter that another kind takes is refused.

    Attributes:
        kind: `refuse` (new connections are refused, existing ones go on), `deaf` (new connections
            are taken and never answered), `cut` (silence: bytes are kept back in both or one
            direction, new connections hang), `reset` (existing connections are reset at once, new
            ones are carried), `half-open` (the other end of existing connections vanishes, and
            `towards` is not told), `carry then cut` (carry `carry_bytes` towards `towards`,
            counted over all connections from now on, then `cut` there), `carry then reset` (count
            in the same way, then reset the connection that carried the last byte; that happens
            once, and the link is whole again), `delay` (by `latency_ms`, give or take
            `jitter_ms`), `throttle` (to `bytes_per_second` a connection), `slice` (into writes of
            `slice_bytes`), `corrupt` (one byte in every `corrupt_every_bytes`).
        towards: direction of the bytes concerned: `exchange`, `collector` or `both`. For `deaf`
            who is connected to; for `half-open` the end that is left.
        carry_bytes: for the two that count.
        ports: names of the ports concerned; empty means all.
        latency_ms: of `delay`, 0 to 60,000.
        jitter_ms: of `delay`: the latency varies by up to so much; the order of bytes stays.
        bytes_per_second: of `throttle`, for each connection and direction.
        slice_bytes: of `slice`: most bytes of one write.
        corrupt_every_bytes: of `corrupt`: one byte in each so many is changed, at a place and into
            a value that the seed of the installation chooses.
        heal_after_seconds: real seconds until this fault ends by itself; 0: not before the link is
            restored.
    """

    kind: Literal[
        "refuse",
        "deaf",
        "cut",
        "reset",
        "half-open",
        "carry then cut",
        "carry then reset",
        "delay",
        "throttle",
        "slice",
        "corrupt",
    ]
    towards: Literal["exchange", "collector", "both"] = "both"
    carry_bytes: int = 0
    ports: list[str] = msgspec.field(default_factory=list)
    latency_ms: int = 0
    jitter_ms: int = 0
    bytes_per_second: int = 0
    slice_bytes: int = 0
    corrupt_every_bytes: int = 0
    heal_after_seconds: float = 0


class ArmedFault(Message, frozen=True):
    """A fault that strikes by itself at the next ledger event of that name.

    It strikes in the instant the event is written, before any byte of an answer leaves. For
    `offered` with a cut towards the exchange the answer still reaches the collector. `wire` is the
    wire of the event; events of the taxation wire have none in the ledger, and need none here.
    """

    when: Literal[
        "offered",
        "acknowledged",
        "consumed",
        "sent",
        "filed",
        "fetched",
        "notice",
        "switch-over",
        "session opened",
        "session closed",
    ]
    fault: Fault
    wire: WireName | None = None


class Restore(Message, frozen=True):
    """Make the link whole. `reset_connections` resets those that lived through the disturbance."""

    reset_connections: bool = False


class CarriedConnection(Message, frozen=True):
    """A connection through the link; `peer` is the collector's address."""

    name: str
    port: str
    peer: str


class FaultInForce(Message, frozen=True):
    """A fault that lasts; `id` is its name in the ledger, such as `f1`.

    `heals_in_seconds` is `None` where it lasts until the link is restored.
    """

    id: str
    fault: Fault
    heals_in_seconds: float | None = None


class LinkState(Message, frozen=True):
    """The link: the faults in force, those that wait for an event, and what it carries.

    `in_force` tells of the same faults as `faults`, in the same order, each with its id. `real` is
    a link with devices of its own, whose cut is that of a cable.
    """

    state: Literal["whole", "disturbed"]
    faults: list[Fault]
    armed: list[ArmedFault]
    connections: list[CarriedConnection]
    in_force: list[FaultInForce] = msgspec.field(default_factory=list)
    real: bool = False
