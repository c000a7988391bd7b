"""The routes of the control API, as data: the server serves these, the description is made of them.

Each row says what an operation takes and what it answers; its name is that of the client's
method and of the `operationId` in the OpenAPI document.
"""

from typing import Any, Literal, NamedTuple

from oxo_simulator.control.messages import (
    BUFFER_TICKETS_MAX,
    LEDGER_LINES_MAX,
    AddressOrder,
    Advance,
    AppointmentOrder,
    AppointmentState,
    ArmedFault,
    BoothState,
    BufferState,
    CallRequest,
    CallsPlaced,
    CertificateOrder,
    CertificateState,
    CheckIn,
    CheckOut,
    ClosedFile,
    ExchangeState,
    FacilityOrder,
    Fault,
    FileClosing,
    FirmwareOrder,
    GuestChange,
    HostKey,
    HostKeyOrder,
    HotelEvent,
    Installation,
    LedgerLine,
    Licence,
    LinkDisturbed,
    LinkState,
    Load,
    Message,
    NewPassword,
    Pace,
    Prepayment,
    ProfileState,
    Reset,
    Restore,
    RoomState,
    RoomStatusOrder,
    SessionState,
    SetOrder,
    SetState,
    StreamNotice,
    SwitchOver,
    TrafficOrder,
    TrafficState,
    TrunkState,
    WireState,
)

WAIT_SECONDS_MAX = 60.0
NUMBER_MAX = 2**53 - 1
"""The highest whole number that every JSON reader keeps."""


class Parameter(NamedTuple):
    """A number in the query: 0 to `most`; what is more counts as `most`. Or a `text`, or none."""

    name: str
    meaning: str
    most: float = NUMBER_MAX
    default: float = 0
    whole: bool = True
    text: bool = False


class Route(NamedTuple):
    """One operation.

    Attributes:
        place: name of the part of the path that is a value, where there is one.
        paged: an answer may be a page of a list, and then names the next one in a `Link` header.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    name: str
    meaning: str
    answer: Any
    body: type[Message] | None = None
    query: tuple[Parameter, ...] = ()
    place: str | None = None
    paged: bool = False


_SINCE = Parameter("since", "Only lines with a number above this one.")
_WAIT = Parameter("wait_seconds", "Wait so long for the first line.", WAIT_SECONDS_MAX, whole=False)
_AFTER = Parameter("after", "Only tickets with a sequence above this one.")
_COUNT = Parameter(
    "count", "At most so many tickets; 0 asks for none.", BUFFER_TICKETS_MAX, BUFFER_TICKETS_MAX
)

_TIME = Parameter("time", "Only those for HH:MM.", text=True)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/state", "state", "Who and how the exchange is.", ExchangeState),
    Route("POST", "/installation", "install",
          "Put a fresh exchange behind the same ports and certificate.",
          ExchangeState, Installation),
    Route("GET", "/profile", "profile",
          "Every key of the profile with its value and its standing.", ProfileState),
    Route("POST", "/calls", "place_calls", "Place calls, all at the same instant.",
          CallsPlaced, CallRequest),
    Route("GET", "/sets", "sets", "Every set and group as it is.", list[SetState]),
    Route("POST", "/sets/{number}", "set_up",
          "Let a set or group be busy, diverted or otherwise from now on.",
          SetState, SetOrder, place="number"),
    Route("GET", "/trunks", "trunks", "Every access, and how many calls it has.",
          list[TrunkState]),
    Route("POST", "/facilities", "request_facility",
          "Ask the public network for a supplementary service, or cancel it.",
          CallsPlaced, FacilityOrder),
    Route("POST", "/appointments", "program_appointment", "Program an appointment.",
          CallsPlaced, AppointmentOrder),
    Route("GET", "/appointments", "appointments",
          "The appointments, in the order in which they ring.", list[AppointmentState]),
    Route("DELETE", "/appointments/{user}", "cancel_appointment",
          "Cancel a user's appointments, or those for a time.",
          CallsPlaced, query=(_TIME,), place="user"),
    Route("POST", "/tickets", "load", "Write tickets as they are.", CallsPlaced, Load),
    Route("GET", "/buffer", "buffer", "What waits for the taxation client, and a page of it.",
          BufferState, query=(_AFTER, _COUNT)),
    Route("GET", "/wires", "wires", "Every wire: how it is reached, and what waits there.",
          list[WireState]),
    Route("POST", "/nmc/password", "nmc_password",
          "Another password for the account of the NMC wire, valid when the profile says.",
          ExchangeState, NewPassword),
    Route("POST", "/account/password", "account_password",
          "Another password for the account of the account files, valid when the profile says.",
          ExchangeState, NewPassword),
    Route("POST", "/account/close", "close_account_file",
          "Close the open account file now.", ClosedFile, FileClosing),
    Route("GET", "/account/host-key", "account_host_key",
          "The SSH host key that new connections meet.", HostKey),
    Route("POST", "/account/host-key", "renew_account_host_key",
          "A new SSH host key for new connections.", HostKey, HostKeyOrder),
    Route("POST", "/stream/switch-over", "switch_over",
          "Make the other CPU main, in order or by a failure of the present one.",
          ExchangeState, SwitchOver),
    Route("POST", "/stream/say", "stream_say", "Say a notice on the stream.",
          ExchangeState, StreamNotice),
    Route("POST", "/hotel", "hotel",
          "Let an event happen that the hotel link tells; in hotel mode to the rooms.",
          ExchangeState, HotelEvent),
    Route("POST", "/hotel/check-in", "check_in", "Check a guest in, or a group.",
          CallsPlaced, CheckIn),
    Route("POST", "/hotel/modification", "modify_guest", "Change what is known of a guest.",
          CallsPlaced, GuestChange),
    Route("POST", "/hotel/check-out", "check_out", "Check guests out.", CallsPlaced, CheckOut),
    Route("POST", "/hotel/room-status", "room_status", "Tell a room's status.",
          CallsPlaced, RoomStatusOrder),
    Route("GET", "/hotel/rooms", "rooms", "The guest rooms.", list[RoomState]),
    Route("DELETE", "/hotel/alarms/{room}", "acknowledge_alarm",
          "Take notice, at the reception, of a room's wake-up that failed.",
          ExchangeState, place="room"),
    Route("POST", "/hotel/prepayment", "prepay",
          "Take money in advance at a phone booth, or pay back what is left.",
          list[BoothState], Prepayment),
    Route("GET", "/hotel/booths", "booths", "The phone booths.", list[BoothState]),
    Route("GET", "/sessions", "sessions", "Who is in a session, on any wire.",
          list[SessionState]),
    Route("DELETE", "/sessions/{session}", "end_session", "End a session.",
          ExchangeState, place="session"),
    Route("POST", "/traffic", "begin_traffic",
          "A day or a month of people who call, are woken, come and go.",
          TrafficState, TrafficOrder),
    Route("GET", "/traffic", "traffic", "The traffic that goes on, or went on last.",
          TrafficState),
    Route("DELETE", "/traffic", "end_traffic", "End the traffic; calls in progress go on.",
          TrafficState),
    Route("POST", "/time", "advance", "Move exchange time.", ExchangeState, Advance),
    Route("POST", "/time/pace", "pace", "Let exchange time stand, go on, or hurry.",
          ExchangeState, Pace),
    Route("GET", "/link", "link", "The link: faults in force, armed ones, connections.",
          LinkState),
    Route("POST", "/link/fault", "strike", "Disturb the link now.", LinkDisturbed, Fault),
    Route("POST", "/link/armed", "arm", "Disturb it at the next such ledger event.",
          ExchangeState, ArmedFault),
    Route("POST", "/link/restore", "restore", "Make the link whole.", ExchangeState, Restore),
    Route("POST", "/reset", "reset",
          "Reset: warm, cold or a power cut; its phases in real time by profile.",
          ExchangeState, Reset),
    Route("POST", "/firmware", "upgrade",
          "Another release or profile on the same tickets, through a reset.",
          ExchangeState, FirmwareOrder),
    Route("POST", "/licence", "licence", "Open or close Call Accounting over IP.",
          ExchangeState, Licence),
    Route("GET", "/certificate", "certificate", "The certificate that new connections meet.",
          CertificateState),
    Route("POST", "/certificate", "renew_certificate",
          "A new certificate for new connections, as after a change of address.",
          CertificateState, CertificateOrder),
    Route("POST", "/address", "move",
          "Another address for all ports, with a certificate for it; connections die.",
          ExchangeState, AddressOrder),
    Route("GET", "/ledger", "ledger", f"Lines of the ledger, at most {LEDGER_LINES_MAX}.",
          list[LedgerLine], query=(_SINCE, _WAIT), paged=True),
    Route("GET", "/transcript", "transcript", "What was said on every wire.",
          list[dict[str, Any]], query=(_SINCE,), paged=True),
    Route("GET", "/openapi.json", "openapi", "This API as an OpenAPI 3.1 document.",
          dict[str, Any]),
)  # fmt: skip
