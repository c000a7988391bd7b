"""What an operator orders of the life of the exchange: resets."""

from typing import Literal

from oxo_simulator.control.message import Message


class Reset(Message, frozen=True):
    """Reset the exchange: refused, busy, serving, in real time.

    Attributes:
        kind: `warm` (what waits is kept), `cold` (all is lost, a new epoch begins), `power cut`
            (nothing ends in order; what waits is kept). What is kept the profile says: `[reset]`.
    """

    kind: Literal["warm", "cold", "power cut"] = "warm"
