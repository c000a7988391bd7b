"""The operator's side of the control API: synchronous, typed, one method per row of its page.

It depends on requests and on the messages alone: whoever steers an exchange from outside loads
neither Twisted nor the exchange. Requests too is loaded with the first client only, since a command
that has none starts faster without it.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

import msgspec
from oxo_tickets import Ticket

from oxo_simulator.control.messages import (
    BUFFER_TICKETS_MAX,
    AddressOrder,
    Advance,
    AppointmentOrder,
    AppointmentState,
    ArmedFault,
    BoothState,
    BufferState,
    CallOrder,
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
    Problem,
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

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS_MAX = 5.0
ANSWER_SECONDS_MAX = 60.0
TRAFFIC_SECONDS_MAX = 1_800.0
"""A year of a full hotel at full speed takes minutes."""

_Answer = TypeVar("_Answer")


class ControlError(Exception):
    """The operator's order could not be carried out; the text says what, and what is allowed."""


class OrderRefused(ControlError):
    """The exchange understood the order and refuses it (the operator's fault)."""


class ExchangeUnreachable(ControlError):
    """No exchange answers at the control address (not running, or the wrong state folder)."""


class _Bearer:
    """Adds the token to each request and keeps it out of every repr."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: "requests.PreparedRequest") -> "requests.PreparedRequest":
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def __repr__(self) -> str:
        return "<bearer token>"


class ControlClient:
    """Steers one exchange over its loopback control port.

    Args:
        url: base address, such as `http://127.0.0.1:41234`.
        token: content of `control.token`.
    """

    def __init__(self, url: str, token: str) -> None:
        import requests  # noqa: PLC0415 - see above

        self.url = url.rstrip("/")
        self._session = requests.Session()
        # A proxy or trust store named in the environment must not come between.
        self._session.trust_env = False
        self._session.auth = _Bearer(token)

    @classmethod
    def from_state(cls, folder: Path | str) -> "ControlClient":
        """Find the exchange by its state folder (`oxo-sim run --state`).

        Raises:
            ExchangeUnreachable: no exchange has written its files there.
        """
        place = Path(folder)
        try:
            described = json.loads((place / "exchange.json").read_text("utf-8"))
            token = (place / "control.token").read_text("ascii").strip()
            return cls(described["control_url"], token)
        except FileNotFoundError as error:
            raise ExchangeUnreachable(
                f"no exchange runs in {place} ({Path(error.filename).name} is missing); "
                "start one with `oxo-sim run --state` and the same folder"
            ) from error
        except (KeyError, ValueError) as error:
            raise ExchangeUnreachable(
                f"{place / 'exchange.json'} cannot be read: {error}"
            ) from error

    def __repr__(self) -> str:
        return f"ControlClient({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the exchange."""
        self._session.close()

    def state(self) -> ExchangeState:
        """Return who and how the exchange is."""
        return self._get("/state", {}, ExchangeState)

    def install(self, installation: Installation) -> ExchangeState:
        """Put a fresh exchange behind the same ports."""
        return self._post("/installation", installation, ExchangeState)

    def profile(self) -> ProfileState:
        """Return every key of the profile with its value and standing."""
        return self._get("/profile", {}, ProfileState)

    def place_calls(self, *calls: CallOrder, advance: bool = True) -> CallsPlaced:
        """Place calls, all at the same exchange instant."""
        return self._post("/calls", CallRequest(calls=list(calls), advance=advance), CallsPlaced)

    def sets(self) -> list[SetState]:
        """Return every set and group as it is."""
        return self._get("/sets", {}, list[SetState])

    def set_up(self, number: str, order: SetOrder) -> SetState:
        """Let a set or group be busy, diverted or otherwise from now on."""
        return self._post(f"/sets/{quote(number, safe='')}", order, SetState)

    def trunks(self) -> list[TrunkState]:
        """Return every access, and how many calls it has."""
        return self._get("/trunks", {}, list[TrunkState])

    def request_facility(self, order: FacilityOrder) -> CallsPlaced:
        """Ask the public network for a supplementary service, or cancel it."""
        return self._post("/facilities", order, CallsPlaced)

    def program_appointment(self, order: AppointmentOrder) -> CallsPlaced:
        """Program an appointment; its activation ticket is written."""
        return self._post("/appointments", order, CallsPlaced)

    def appointments(self) -> list[AppointmentState]:
        """Return the appointments, in the order in which they ring."""
        return self._get("/appointments", {}, list[AppointmentState])

    def cancel_appointment(self, user: str, time: str | None = None) -> CallsPlaced:
        """Cancel a user's appointments, or those for a time (HH:MM); the tickets are written."""
        path = f"/appointments/{quote(user, safe='')}"
        asked = {} if time is None else {"time": time}
        return self._exchange("DELETE", path, CallsPlaced, ANSWER_SECONDS_MAX, params=asked)

    def load(
        self, tickets: list[Ticket], pace: float = 0, *, continues: bool = False
    ) -> CallsPlaced:
        """Write tickets as they are; `continues` keeps the spacing to the load before."""
        order = Load(tickets=tickets, pace=pace, continues=continues)
        return self._post("/tickets", order, CallsPlaced)

    def buffer(self, after: int = 0, count: int = BUFFER_TICKETS_MAX) -> BufferState:
        """Return what waits, with at most `count` of the tickets behind the sequence `after`."""
        return self._get("/buffer", {"after": after, "count": count}, BufferState)

    def wires(self) -> list[WireState]:
        """Return how every wire is reached, and what waits there."""
        return self._get("/wires", {}, list[WireState])

    def nmc_password(self, password: str) -> ExchangeState:
        """Give the account of the NMC wire another password; the profile says when it is valid."""
        return self._post("/nmc/password", NewPassword(password=password), ExchangeState)

    def account_password(self, password: str) -> ExchangeState:
        """Give the account of the account files another password."""
        return self._post("/account/password", NewPassword(password=password), ExchangeState)

    def close_account_file(self) -> ClosedFile:
        """Close the open account file now; the answer says which it was."""
        return self._post("/account/close", FileClosing(), ClosedFile)

    def account_host_key(self) -> HostKey:
        """Return the SSH host key that new connections meet."""
        return self._get("/account/host-key", {}, HostKey)

    def renew_account_host_key(self) -> HostKey:
        """Show another SSH host key to new connections."""
        return self._post("/account/host-key", HostKeyOrder(), HostKey)

    def switch_over(self, *, ordered: bool = True) -> ExchangeState:
        """Make the other CPU main, in order or by a failure of the present one."""
        return self._post("/stream/switch-over", SwitchOver(ordered=ordered), ExchangeState)

    def stream_say(self, notice: StreamNotice) -> ExchangeState:
        """Say a notice on the stream, in its turn."""
        return self._post("/stream/say", notice, ExchangeState)

    def hotel(self, event: HotelEvent) -> ExchangeState:
        """Let an event happen that the hotel link tells; in hotel mode to the rooms."""
        return self._post("/hotel", event, ExchangeState)

    def check_in(self, order: CheckIn) -> CallsPlaced:
        """Check a guest in, or a group."""
        return self._post("/hotel/check-in", order, CallsPlaced)

    def modify_guest(self, order: GuestChange) -> CallsPlaced:
        """Change what is known of a guest."""
        return self._post("/hotel/modification", order, CallsPlaced)

    def check_out(self, order: CheckOut) -> CallsPlaced:
        """Check guests out."""
        return self._post("/hotel/check-out", order, CallsPlaced)

    def room_status(self, order: RoomStatusOrder) -> CallsPlaced:
        """Tell a room's status."""
        return self._post("/hotel/room-status", order, CallsPlaced)

    def rooms(self) -> list[RoomState]:
        """Return the guest rooms."""
        return self._get("/hotel/rooms", {}, list[RoomState])

    def acknowledge_alarm(self, room: str) -> ExchangeState:
        """Take notice, at the reception, of a room's wake-up that failed."""
        path = f"/hotel/alarms/{quote(room, safe='')}"
        return self._exchange("DELETE", path, ExchangeState, ANSWER_SECONDS_MAX)

    def prepay(self, order: Prepayment) -> list[BoothState]:
        """Take money in advance at a phone booth, or pay back what is left."""
        return self._post("/hotel/prepayment", order, list[BoothState])

    def booths(self) -> list[BoothState]:
        """Return the phone booths."""
        return self._get("/hotel/booths", {}, list[BoothState])

    def sessions(self) -> list[SessionState]:
        """Return who is in a session, on any wire."""
        return self._get("/sessions", {}, list[SessionState])

    def end_session(self, name: str) -> ExchangeState:
        """End a session, on whichever wire it lives."""
        path = f"/sessions/{quote(name, safe='')}"
        return self._exchange("DELETE", path, ExchangeState, ANSWER_SECONDS_MAX)

    def begin_traffic(self, order: TrafficOrder) -> TrafficState:
        """Begin traffic; in manual time the answer comes when exchange time is at its end."""
        body = _encoded(order)
        headers = {"Content-Type": "application/json"}
        seconds = TRAFFIC_SECONDS_MAX
        return self._exchange("POST", "/traffic", TrafficState, seconds, data=body, headers=headers)

    def traffic(self) -> TrafficState:
        """Return the traffic that goes on, or went on last."""
        return self._get("/traffic", {}, TrafficState)

    def end_traffic(self) -> TrafficState:
        """End the traffic; calls in progress go on."""
        return self._exchange("DELETE", "/traffic", TrafficState, ANSWER_SECONDS_MAX)

    def advance(self, seconds: float) -> ExchangeState:
        """Move exchange time by so many seconds."""
        return self._post("/time", Advance(seconds=seconds), ExchangeState)

    def pace(self, factor: float) -> ExchangeState:
        """Let exchange time stand (0), go with real time (1), or go so many times as fast."""
        return self._post("/time/pace", Pace(factor=factor), ExchangeState)

    def link(self) -> LinkState:
        """Return the faults in force, the armed ones, and the connections."""
        return self._get("/link", {}, LinkState)

    def strike(self, fault: Fault) -> LinkDisturbed:
        """Disturb the link now."""
        return self._post("/link/fault", fault, LinkDisturbed)

    def arm(self, armed: ArmedFault) -> ExchangeState:
        """Disturb the link at the next such ledger event."""
        return self._post("/link/armed", armed, ExchangeState)

    def restore(self, *, reset_connections: bool = False) -> ExchangeState:
        """Make the link whole."""
        order = Restore(reset_connections=reset_connections)
        return self._post("/link/restore", order, ExchangeState)

    def reset(self, order: Reset | None = None) -> ExchangeState:
        """Reset the exchange; the answer comes when the first phase has begun."""
        return self._post("/reset", order or Reset(), ExchangeState)

    def upgrade(self, order: FirmwareOrder) -> ExchangeState:
        """Reset the exchange; it comes back with another profile and the same tickets."""
        return self._post("/firmware", order, ExchangeState)

    def licence(self, *, call_accounting_over_ip: bool) -> ExchangeState:
        """Open or close the licence Call Accounting over IP."""
        order = Licence(call_accounting_over_ip=call_accounting_over_ip)
        return self._post("/licence", order, ExchangeState)

    def certificate(self) -> CertificateState:
        """Return the certificate that new connections meet."""
        return self._get("/certificate", {}, CertificateState)

    def renew_certificate(self, order: CertificateOrder | None = None) -> CertificateState:
        """Show another certificate to new connections."""
        return self._post("/certificate", order or CertificateOrder(), CertificateState)

    def move(self, address: str) -> ExchangeState:
        """Move all ports to another address, with a new certificate; connections die."""
        return self._post("/address", AddressOrder(address=address), ExchangeState)

    def ledger(self, since: int = 0, wait_seconds: float = 0) -> list[LedgerLine]:
        """Return every ledger line after number `since`; wait up to so long for the first."""
        return self._pages("/ledger", since, LedgerLine, wait_seconds)

    def transcript(self, since: int = 0) -> list[dict[str, Any]]:
        """Return what was said on every wire after number `since`."""
        return self._pages("/transcript", since, dict[str, Any])

    def openapi(self) -> dict[str, Any]:
        """Return the description of this API (OpenAPI 3.1)."""
        return self._get("/openapi.json", {}, dict[str, Any])

    def _get(self, path: str, query: Mapping[str, float], answer: type[_Answer]) -> _Answer:
        seconds = ANSWER_SECONDS_MAX + query.get("wait_seconds", 0)
        return self._exchange("GET", path, answer, seconds, params=dict(query))

    def _pages(
        self, path: str, since: int, line: type[_Answer], wait_seconds: float = 0
    ) -> list[_Answer]:
        """Ask on until an answer names no page behind it."""
        found: list[_Answer] = []
        place, seconds = path, ANSWER_SECONDS_MAX + wait_seconds
        query = {"since": since, "wait_seconds": wait_seconds}
        asked: dict[str, Any] = {"params": {name: value for name, value in query.items() if value}}
        while True:
            response = self._ask("GET", place, seconds, **asked)
            found += _decoded(path, response, list[line])  # type: ignore[valid-type]
            if "next" not in response.links:
                return found
            place, asked = response.links["next"]["url"], {}

    def _post(self, path: str, message: Message, answer: type[_Answer]) -> _Answer:
        body = _encoded(message)
        headers = {"Content-Type": "application/json"}
        return self._exchange("POST", path, answer, ANSWER_SECONDS_MAX, data=body, headers=headers)

    def _exchange(
        self, method: str, path: str, answer: type[_Answer], seconds: float, **request: Any
    ) -> _Answer:
        return _decoded(path, self._ask(method, path, seconds, **request), answer)

    def _ask(self, method: str, path: str, seconds: float, **request: Any) -> "requests.Response":
        import requests  # noqa: PLC0415 - see above

        try:
            response = self._session.request(
                method, self.url + path, timeout=(CONNECT_SECONDS_MAX, seconds), **request
            )
        except requests.RequestException as error:
            raise ExchangeUnreachable(
                f"no exchange answers at {self.url}{path}: {error}"
            ) from error
        if response.status_code != requests.codes.ok:
            raise OrderRefused(_reason(path, response))
        return response


def _encoded(message: Message) -> bytes:
    """Write a message as JSON, which would write a number that is none as nothing said.

    Raises:
        OrderRefused: names the field.
    """
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise OrderRefused(f"{name} {value}; a number is expected")
    return msgspec.json.encode(message)


def _decoded(path: str, response: "requests.Response", answer: type[_Answer]) -> _Answer:
    try:
        return msgspec.json.decode(response.content, type=answer)
    except msgspec.DecodeError as error:
        raise ControlError(f"{path}: the answer cannot be read: {error}") from error


def _reason(path: str, response: "requests.Response") -> str:
    try:
        return msgspec.json.decode(response.content, type=Problem).error
    except msgspec.DecodeError:
        return f"{path}: HTTP {response.status_code} {response.reason}"
