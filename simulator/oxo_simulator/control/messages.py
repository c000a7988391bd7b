"""What goes over the control API, for both ends. Plain data; JSON by msgspec.

Times are real seconds unless a name says exchange time. Unknown keys are refused, so that a
misspelt order is an error and not a default.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec
from oxo_tickets import Ticket

from oxo_simulator.exchange.orders import CallOrder

__all__ = [
    "Advance",
    "AppointmentOrder",
    "ArmedFault",
    "CallOrder",
    "CallRequest",
    "CallsPlaced",
    "ExchangeState",
    "Fault",
    "Installation",
    "LedgerLine",
    "Licence",
    "Load",
    "Message",
    "PortState",
    "Problem",
    "Reset",
    "Restore",
]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every message."""


class Installation(Message, frozen=True):
    """A fresh exchange: empty buffer, new epoch, new ledger, ports and certificate kept.

    Attributes:
        profile: name of a packaged profile or path of a profile file.
        overrides: dotted profile key -> value, e.g. ``{"session.idle_seconds": 5}``.
        tag_set: `observed` or `extended`; `None` leaves it to the profile.
        seed: of every random choice.
        start: exchange wall clock to start at, without offset; `None` is a fixed instant of the
            profile.
    """

    profile: str = "certify"
    overrides: dict[str, Any] = {}
    tag_set: Literal["observed", "extended"] | None = None
    seed: int = 1
    start: datetime | None = None


class CallsPlaced(Message, frozen=True):
    """Answer to placing calls or appointments: the tickets written so far, by ledger id."""

    ids: list[int]
    exchange_time: datetime


class CallRequest(Message, frozen=True):
    """Calls to place at once; `advance` moves exchange time until their tickets are written.

    Where exchange time is real or scaled it moves by itself, and the answer names no ticket yet.
    """

    calls: list[CallOrder]
    advance: bool = True


class AppointmentOrder(Message, frozen=True):
    """Program an appointment reminder (`time` as HH:MM): its activation ticket is written."""

    user: str
    time: str
    advance: bool = True


class Advance(Message, frozen=True):
    """Move exchange time by so many seconds."""

    seconds: float


class Fault(Message, frozen=True):
    """A disturbance of the link; see docs/control.md.

    Attributes:
        kind: `refuse` (new connections are refused, existing ones go on), `cut` (silence: bytes are
            kept back in both or one direction, new connections hang), `reset` (existing connections
            are reset at once, new ones are carried), `carry then cut` (carry `carry_bytes` towards
            `towards`, counted over all connections from now on, then `cut` there), `carry then
            reset` (count in the same way, then reset the connection that carried the last byte;
            that happens once, and the link is whole again).
        towards: direction that a cut or a count concerns: `exchange`, `collector` or `both`.
        carry_bytes: for the two that count.
        ports: names of the ports concerned; empty means all.
    """

    kind: Literal["refuse", "cut", "reset", "carry then cut", "carry then reset"]
    towards: Literal["exchange", "collector", "both"] = "both"
    carry_bytes: int = 0
    ports: list[str] = []


class ArmedFault(Message, frozen=True):
    """A fault that strikes by itself at the next ledger event of that name.

    It strikes in the instant the event is written, before any byte of an answer leaves. For
    `offered` with a cut towards the exchange the answer still reaches the collector.
    """

    when: Literal["offered", "acknowledged", "session opened"]
    fault: Fault


class Restore(Message, frozen=True):
    """Make the link whole. `reset_connections` resets those that lived through the disturbance."""

    reset_connections: bool = False


class Reset(Message, frozen=True):
    """Reset the exchange: refused, busy, serving; tickets kept (warm)."""

    kind: Literal["warm"] = "warm"


class Licence(Message, frozen=True):
    """Open or close the licence Call Accounting over IP."""

    call_accounting_over_ip: bool


class Load(Message, frozen=True):
    """Tickets to write as they are, in order.

    `pace` 0 writes them at once, 1 in their original spacing, N times as fast, in exchange time.
    With `continues` the first one keeps its spacing to the last one of the load before, so that
    any number of tickets can be loaded in several orders.
    """

    tickets: list[Ticket]
    pace: float = 0
    continues: bool = False


class PortState(Message, frozen=True):
    """One port of the taxation wire as a collector reaches it; `open` is the profile's word."""

    name: str
    address: str
    port: int
    open: bool


class ExchangeState(Message, frozen=True):
    """Who and how the exchange is right now; `ledger_last` numbers the ledger's last line."""

    name: str
    release: str
    profile: str
    tag_set: str
    mode: str
    zone: str
    epoch: str
    seed: int
    exchange_time: datetime
    phase: Literal["refused", "busy", "serving"]
    licence: bool
    link: Literal["whole", "disturbed"]
    buffered: int
    capacity: int
    alarm: bool
    sessions: int
    tickets_made: int
    ledger_last: int
    ports: list[PortState]
    user: str
    ca_file: str
    fingerprint: str
    profile_choices: list[dict[str, str]]


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger line (docs/bundle.md): the common keys, and the event's own in `detail`."""

    n: int
    at: str
    exchange_time: str
    event: str
    detail: dict[str, Any]


class Problem(Message, frozen=True):
    """Answer to a request that cannot be obeyed: what, and what would be allowed."""

    error: str
