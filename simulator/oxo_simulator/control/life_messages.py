"""What an operator orders of the life of the exchange: resets, another address."""

from typing import Literal

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
