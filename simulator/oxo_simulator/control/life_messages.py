"""What an operator orders of the life of the exchange: resets, another release, another address."""

from typing import Any, Literal

import msgspec

from oxo_simulator.control.message import Message


class Reset(Message, frozen=True):
    """Reset the exchange: refused, busy, serving, in real time.

    Attributes:
        kind: `warm` (what waits is kept), `cold` (all is lost, a new epoch begins), `power cut`
            (nothing ends in order; what waits is kept). What is kept the profile says: `[reset]`.
    """

    kind: Literal["warm", "cold", "power cut"] = "warm"


class AddressOrder(Message, frozen=True):
    """Another address for all ports, with a new certificate for it; connections die.

    Attributes:
        address: IPv4, of 127.0.0.0/8, or the one where the process started.
    """

    address: str


class FirmwareOrder(Message, frozen=True):
    """Another release, or another profile, on the same tickets, through a reset.

    Attributes:
        profile: name of a packaged profile or path of a profile file.
        overrides: dotted profile key -> value. Those of the installation are not kept.
        tag_set: `observed` or `extended`; `None` leaves it to the profile.
        reset: `warm` keeps what waits, `cold` does not; business and hotel mode change in a cold
            one alone.
    """

    profile: str
    overrides: dict[str, Any] = msgspec.field(default_factory=dict)
    tag_set: Literal["observed", "extended"] | None = None
    reset: Literal["warm", "cold"] = "warm"
