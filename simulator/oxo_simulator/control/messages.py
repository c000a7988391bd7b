"""What goes over the control API, for both ends. Plain data; JSON by msgspec.

Times are real seconds unless a name says exchange time. Unknown keys are refused, so that a
misspelt order is an error and not a default.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec
from oxo_tickets import Ticket

from oxo_simulator.control.call_messages import (
    FacilityOrder,
    SetOrder,
    SetState,
    TrunkState,
)
from oxo_simulator.control.hotel_messages import (
    AppointmentOrder,
    AppointmentState,
    BoothState,
    CheckIn,
    CheckOut,
    GuestChange,
    Prepayment,
    RoomState,
    RoomStatusOrder,
)
from oxo_simulator.control.life_messages import (
    AddressOrder,
    FirmwareOrder,
    Reset,
    TrafficOrder,
    TrafficState,
)
from oxo_simulator.control.link_messages import (
    ArmedFault,
    CarriedConnection,
    Fault,
    FaultInForce,
    LinkState,
    Restore,
)
from oxo_simulator.control.message import Message
from oxo_simulator.control.wire_messages import (
    ClosedFile,
    FileClosing,
    HostKey,
    HostKeyOrder,
    HotelEvent,
    NewPassword,
    StreamNotice,
    SwitchOver,
    WireName,
)
from oxo_simulator.exchange.orders import CallOrder, Outcome

__all__ = [
    "AddressOrder",
    "Advance",
    "AppointmentOrder",
    "AppointmentState",
    "ArmedFault",
    "BoothState",
    "BufferState",
    "CallOrder",
    "CallRequest",
    "CallsPlaced",
    "CarriedConnection",
    "CertificateOrder",
    "CertificateState",
    "CheckIn",
    "CheckOut",
    "ClosedFile",
    "ExchangeState",
    "FacilityOrder",
    "Fault",
    "FaultInForce",
    "FileClosing",
    "FirmwareOrder",
    "GuestChange",
    "HostKey",
    "HostKeyOrder",
    "HotelEvent",
    "Installation",
    "LedgerLine",
    "Licence",
    "LinkDisturbed",
    "LinkState",
    "Load",
    "Message",
    "NewPassword",
    "Pace",
    "PortState",
    "Prepayment",
    "Problem",
    "ProfileKey",
    "ProfileState",
    "Reset",
    "Restore",
    "RoomState",
    "RoomStatusOrder",
    "SessionState",
    "SetOrder",
    "SetState",
    "StreamNotice",
    "SwitchOver",
    "TrafficOrder",
    "TrafficState",
    "TrunkState",
    "WaitingTicket",
    "WireName",
    "WireState",
]

LEDGER_LINES_MAX = 10_000
"""Most lines of one answer; the client asks on until it has them all."""
BUFFER_TICKETS_MAX = 1_000
"""Most tickets of one page of the buffer."""


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
    overrides: dict[str, Any] = msgspec.field(default_factory=dict)
    tag_set: Literal["observed", "extended"] | None = None
    seed: int = 1
    start: datetime | None = None


class CallsPlaced(Message, frozen=True):
    """Answer to placing calls or appointments: the tickets written so far, by ledger id.

    `outcomes` has one per call: `answered`, `unanswered`, `busy`, `out of service`,
    `do not disturb`, `refused: data device`, `barred`, `cut off`.
    """

    ids: list[int]
    exchange_time: datetime
    outcomes: list[Outcome] = msgspec.field(default_factory=list)


class CallRequest(Message, frozen=True):
    """Calls to place at once; `advance` moves exchange time until their tickets are written.

    Where exchange time is real or scaled it moves by itself, and the answer names no ticket yet.
    """

    calls: list[CallOrder]
    advance: bool = True


class Advance(Message, frozen=True):
    """Move exchange time by so many seconds."""

    seconds: float


class Pace(Message, frozen=True):
    """How exchange time goes from now on, in exchange seconds per real second.

    0 leaves it to the operator (manual), 1 goes with real time, anything else is scaled.
    """

    factor: float


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


class UnreadLoad(Message, frozen=True):
    """A `Load` as the exchange takes it: many tickets are read a few at a time."""

    tickets: list[msgspec.Raw]
    pace: float = 0
    continues: bool = False


class CertificateOrder(Message, frozen=True):
    """A new certificate with a new key, as an exchange makes it when its address changes.

    New connections meet it; those that live keep the old one. It lasts as long as the process; a
    new authority lasts longer: it replaces `ca.pem` in the state folder.

    Attributes:
        names: host names and addresses that it is good for, the first is the subject's; `None`
            keeps those of the present one.
        authority: `kept` signs with the authority that collectors trust, `new` makes another.
        expired: it ended a day ago. Not together with `not_after`.
        not_before: from when it is good, with offset; `None` is long ago.
        not_after: until when it is good, with offset; `None` is far away.
    """

    names: list[str] | None = None
    authority: Literal["kept", "new"] = "kept"
    expired: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None


class CertificateState(Message, frozen=True):
    """The certificate that new connections meet; fingerprints are SHA-256, lower-case hex."""

    names: list[str]
    fingerprint: str
    not_before: datetime
    not_after: datetime
    authority_fingerprint: str
    ca_file: str


class ProfileKey(Message, frozen=True):
    """One key of the profile: dotted name, value as text, and where the value comes from."""

    key: str
    value: str
    standing: str


class ProfileState(Message, frozen=True):
    """The whole profile of the present installation, overrides laid over it.

    An installation gets the same profile by naming `source`, `overrides` and `tag_set`. Overrides
    of what belongs to the process, such as its ports, are not among them: they stay anyway.
    """

    name: str
    source: str
    keys: list[ProfileKey]
    overrides: dict[str, Any] = msgspec.field(default_factory=dict)
    tag_set: Literal["observed", "extended"] | None = None


class WaitingTicket(Message, frozen=True):
    """A ticket that waits for the taxation client; `id` is its ledger id."""

    sequence: int
    id: int
    ticket: Ticket


class BufferState(Message, frozen=True):
    """What waits: `alarm_percent` of `capacity` raises the alarm; one page of the tickets.

    `oldest` and `newest` are sequences, `None` when nothing waits.
    """

    count: int
    capacity: int
    alarm_percent: int
    alarm: bool
    oldest: int | None
    newest: int | None
    tickets: list[WaitingTicket]


class SessionState(Message, frozen=True):
    """A session of a wire: who logged in where, and when it last asked (UTC).

    `connection` is the link's name of the connection that opened it, `idle_seconds` how long the
    session has been silent. The cookie is the collector's secret and not told. `user` is empty on
    a wire without accounts.
    """

    name: str
    user: str
    port: str
    connection: str
    since: datetime
    last_call: datetime
    idle_seconds: float
    wire: WireName = "taxation"


class PortState(Message, frozen=True):
    """One port of a wire as a collector reaches it; `open` is the profile's word."""

    name: str
    address: str
    port: int
    open: bool
    wire: WireName = "taxation"


class WireState(Message, frozen=True):
    """One wire: how it is reached, and what waits at its outlet.

    `open` is the profile's word; `port` is the number of its first port, `None` where the process
    holds none; `ports` are all of them, each open or not by the profile. A wire that is closed
    keeps nothing: `waiting` and `capacity` are 0 then. Of a wire with files `files` and
    `file_bytes` are those that are closed, together; of one with two CPUs `main` is the port of the
    main one. They are `None` on other wires. `alarm` says whether the buffer is at its threshold,
    `alarm_name` what that alarm is called, `None` where it has no name.
    """

    name: WireName
    open: bool
    port: int | None
    waiting: int
    capacity: int
    alarm_percent: int
    alarm: bool
    sessions: int
    alarm_name: str | None = None
    files: int | None = None
    file_bytes: int | None = None
    main: str | None = None
    ports: list[PortState] = msgspec.field(default_factory=list)


class ExchangeState(Message, frozen=True):
    """Who and how the exchange is right now.

    Attributes:
        ledger_last: number of the ledger's last line.
        alarms: wires whose buffer is at its threshold, each with the name of its alarm behind it
            where it has one, as `nmc NMC_THRESHOLD_METERING_TBL`; gone when there is room again.
        time_factor: exchange seconds per real second; 0 is manual.
        unknown_operations: what was asked for and the profile does not know, each with
            `operation`, `namespace`, `soap_action`, `count`, and `profile_lines` that would map it.
    """

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
    time_factor: float = 0
    alarms: list[str] = msgspec.field(default_factory=list)
    unknown_operations: list[dict[str, str | int]] = msgspec.field(default_factory=list)


class LinkDisturbed(ExchangeState, frozen=True):
    """Answer to a disturbance of the link: the state, and what the fault met.

    Attributes:
        struck: connections of its ports when it struck; those that come later are not counted.
            `None` for a fault that concerns new connections alone (`refuse`, `deaf`).
    """

    struck: int | None = None


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
