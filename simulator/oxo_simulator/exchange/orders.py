"""What an operator can order of the telephony: plain values, the same on every way in."""

from typing import Literal, NamedTuple

import msgspec
from oxo_tickets import DiallingMode, Facility

CallDirection = Literal["outgoing", "incoming", "internal"]
Outcome = Literal[
    "answered",
    "unanswered",
    "busy",
    "out of service",
    "do not disturb",
    "refused: data device",
    "barred",
    "cut off",
]
"""What became of a call; a party that cannot be reached is an outcome and not an error."""


class CallOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call to place. All orders of one request begin at the same exchange instant.

    Attributes:
        direction: `outgoing`, `incoming`, or `internal` (from set to set).
        user: the set that calls (outgoing, internal) or the set or group that is called (incoming);
            with `break_in` the line that the call comes in on, e.g. `N01`.
        number: the other party as it is to stand in the ticket; internal: the set or group called.
        dialling_mode: of an outgoing call.
        ring_seconds: until answered or given up.
        call_seconds: conversation; 0 is a call that nobody answered. Above 24 hours the ticket
            goes on in further ones (`metering.long_calls`).
        units: metering units that the network advises; `None` leaves them to the tariff
            (`[charging]`), as those of parties brought in always are.
        account_code: up to 16 characters.
        trunk: line to use, e.g. `N01`; `None` lets the exchange take a free one.
        times: how many such calls are placed at once, identical neighbours.
        transfer_to: the set or group that the user hands the conversation to.
        transfer_after_seconds: conversation of the user before that.
        conference_with: further parties whom the user brings in, external numbers or sets.
        conference_after_seconds: conversation before they are there.
        network: over the private network; such a call is not public and costs nothing of itself.
        break_in: from line to line: comes in on the line `user` and leaves for `number`.
        operator_made: the operator dialled for a guest or booth, which may cost a surcharge.
        services: supplementary services of the call, which cost what `[charging]` says.
    """

    direction: CallDirection
    user: str
    number: str
    dialling_mode: DiallingMode = DiallingMode.MANUAL
    ring_seconds: int = 0
    call_seconds: int = 50
    units: int | None = None
    account_code: str | None = None
    trunk: str | None = None
    times: int = 1
    transfer_to: str | None = None
    transfer_after_seconds: int = 0
    conference_with: list[str] = []
    conference_after_seconds: int = 0
    network: bool = False
    break_in: bool = False
    operator_made: bool = False
    services: list[Facility] = []


class FacilityRequest(NamedTuple):
    """A supplementary service that a set asks the public network for, or cancels."""

    user: str
    facility: Facility
    cancelled: bool = False
