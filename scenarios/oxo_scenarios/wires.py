"""The wires that a subject may claim, and which lines of a ledger concern which. Pure.

One exchange speaks several wires, and its ledger is one file. What happens to a ticket on a wire
bears that wire's name; without a name it is the taxation wire, or concerns all of them. What
happens on the link bears the ports, and a port tells its wire.

Where a wire cannot give again what a broken connection took, a play on it opens a second door, from
which it can be had: the account files beside the stream. The first door of a play is the one that
is judged.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

Wire = Literal["taxation", "nmc", "v24", "ohl", "account", "stream"]
Columns = Literal["ten", "fifteen"]
Transport = Literal["sftp", "ftp"]
Mode = Literal["business", "hotel"]
HOME: Wire = "taxation"
"""The wire of the published report; plays on it have the bare name of their case."""
WIRES: tuple[Wire, ...] = ("taxation", "nmc", "v24", "ohl", "account", "stream")
MODES: tuple[Mode, ...] = ("business", "hotel")
BUSINESS: Mode = "business"
"""The mode of the published report; plays in it bear no name of a mode."""
USUAL_TAGS = "extended"
"""The tag set of the taxation wire under which every case is played; it is not named."""
ED52 = "ed52"
FAILURE_MESSAGE = "failure message"
"""The demand that the subject's log tells of a failed connection (docs/judge.md)."""

_ON_ONE_WIRE = frozenset(
    {
        "buffered",
        "dropped",
        "offered",
        "acknowledged",
        "consumed",
        "filed",
        "fetched",
        "expired",
        "sent",
        "notice",
        "switch-over",
        "session opened",
        "session closed",
        "refused",
        "alarm",
    }
)
"""Events that always concern one wire; where none is named, it is taxation."""
_FAULTS = ("fault", "fault armed")
"""Events that concern the wires of the fault's ports; the `wire` of one is that of its event."""


class Telling(NamedTuple):
    """Which ledger lines of a wire tell what became of a ticket.

    Attributes:
        offered: it leaves.
        given: from this line on nobody says it again unasked: it is the subject's, or was lost.
        lacking: what was never done with a ticket that was not even offered.
        open: what was never done with one that was offered and not given.
        kept_unseen: nothing on the wire tells that the subject has kept what it was given.
        lost_with_connection: what was given may have gone under with its connection.
    """

    offered: str
    given: str
    lacking: str = "fetched"
    open: str = "taken"
    kept_unseen: bool = False
    lost_with_connection: bool = False


TELLINGS: Mapping[str, Telling] = {
    "taxation": Telling("offered", "acknowledged", open="acknowledged"),
    "nmc": Telling("offered", "consumed"),
    "v24": Telling("offered", "consumed"),
    "ohl": Telling("offered", "consumed", open="acknowledged"),
    "account": Telling("offered", "fetched", open="fetched whole", kept_unseen=True),
    "stream": Telling(
        "sent", "sent", lacking="sent", open="sent", kept_unseen=True, lost_with_connection=True
    ),
}
_COMPANIONS: Mapping[str, tuple[str, ...]] = {"stream": ("account",)}


def doors_of(wire: str) -> tuple[str, ...]:
    """Return the wires that are open in a play, the judged one first."""
    return (wire, *_COMPANIONS.get(wire, ()))


class Claim(NamedTuple):
    """What a subject claims.

    Attributes:
        wires: the wires it collects from.
        columns: of a V24 statement, as the subject wants it printed.
        listens: on the V24 wire the subject listens, and the exchange connects.
        transport: by which it fetches account files.
    """

    wires: Sequence[str]
    columns: Columns = "fifteen"
    listens: bool = False
    transport: Transport = "sftp"

    def is_called(self, wire: str) -> bool:
        """Tell whether the exchange connects to the subject on this wire."""
        return wire == "v24" and self.listens


EVERY_WIRE = Claim(WIRES)


def tag_set_on(wire: str, claim: Claim) -> str:
    """Return the tag set that a case of the taxation wire is played under on another wire."""
    told = {"nmc": "alz", "v24": claim.columns, "ohl": "smdr", "account": ED52, "stream": ED52}
    return told[wire]


def concerns(event: str, told: Mapping[str, Any], wire: str) -> bool:
    """Tell whether a ledger line concerns a wire; `told` are the keys that it bears."""
    if event in _FAULTS:
        ports = told["fault"].get("ports", ())
        return not ports or wire in [wire_of(port) for port in ports]
    if "wire" in told:
        return bool(told["wire"] == wire)
    ports = [told["port"]] if "port" in told else told.get("ports", ())
    if ports:
        return wire in [wire_of(port) for port in ports]
    return wire == HOME or event not in _ON_ONE_WIRE


def wire_of(port: str) -> Wire:
    """Return the wire of a port, or of the ports that a word means (`nmc`, `account-data`)."""
    name = port.partition("-")[0]
    return next((wire for wire in WIRES if wire == name), HOME)
