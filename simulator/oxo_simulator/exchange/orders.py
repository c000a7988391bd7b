"""What an operator can order of the telephony: plain values, the same on every way in."""

from typing import Literal, NamedTuple

import msgspec
from oxo_tickets import DiallingMode


class CallOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call to place. All orders of one request begin at the same exchange instant.

    Attributes:
        direction: `outgoing` or `incoming`.
        user: the set that calls or is called.
        number: the other party as it is to stand in the ticket.
        dialling_mode: of an outgoing call.
        ring_seconds: until answered or given up.
        call_seconds: conversation; 0 is a call that nobody answered.
        units: metering units that the network advises; cost follows from the profile's unit value.
        account_code: up to 16 characters.
        trunk: line to use, e.g. `N01`; `None` lets the exchange take a free one.
        times: how many such calls are placed at once, identical neighbours.
    """

    direction: Literal["outgoing", "incoming"]
    user: str
    number: str
    dialling_mode: DiallingMode = DiallingMode.MANUAL
    ring_seconds: int = 0
    call_seconds: int = 50
    units: int = 0
    account_code: str | None = None
    trunk: str | None = None
    times: int = 1


class Appointment(NamedTuple):
    """An appointment reminder to program: whose set rings, and when (`HH:MM`)."""

    user: str
    time: str
