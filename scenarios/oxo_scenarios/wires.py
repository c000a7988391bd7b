"""The wires that a subject may claim, and which lines of a ledger concern which. Pure.

One exchange speaks several wires, and its ledger is one file. What happens to a ticket on a wire
bears that wire's name; without a name it is the taxation wire, or concerns all of them.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Wire = Literal["taxation", "nmc", "v24", "ohl"]
Columns = Literal["ten", "fifteen"]
HOME: Wire = "taxation"
"""The wire of the published report; plays on it have the bare name of their case."""
WIRES: tuple[Wire, ...] = ("taxation", "nmc", "v24", "ohl")
FAILURE_MESSAGE = "failure message"
"""The demand that the subject's log tells of a failed connection (docs/judge.md)."""

_ON_ONE_WIRE = frozenset(
    {
        "buffered",
        "dropped",
        "offered",
        "acknowledged",
        "consumed",
        "session opened",
        "session closed",
        "alarm",
    }
)
"""Events that always concern one wire; where none is named, it is taxation."""


class Claim(NamedTuple):
    """What a subject claims.

    Attributes:
        wires: the wires it collects from.
        columns: of a V24 statement, as the subject wants it printed.
        listens: on the V24 wire the subject listens, and the exchange connects.
    """

    wires: Sequence[str]
    columns: Columns = "fifteen"
    listens: bool = False

    def is_called(self, wire: str) -> bool:
        """Tell whether the exchange connects to the subject on this wire."""
        return wire == "v24" and self.listens


EVERY_WIRE = Claim(WIRES)


def tag_set_on(wire: str, claim: Claim) -> str:
    """Return the tag set that a case of the taxation wire is played under on another wire."""
    return {"nmc": "alz", "v24": claim.columns, "ohl": "smdr"}[wire]


def concerns(event: str, named: str | None, wire: str) -> bool:
    """Tell whether a ledger line concerns a wire; `named` is the wire that it bears, if any."""
    if named is None:
        return wire == HOME or event not in _ON_ONE_WIRE
    return named == wire
