"""What is installed for a play: the doors of its wire open, every other one closed. Pure.

The exchange of a run serves one play after the other. A play on a wire must not be swayed by
another one, so that each installation says of every wire whether it is open.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from oxo_simulator.control.messages import ArmedFault, Fault

from oxo_scenarios.bench.connect import Target
from oxo_scenarios.wires import HOME, TELLINGS, WIRES, Transport, Wire, doors_of

NMC_TICKETS = 1000
"""The smallest licence that keeps tickets for the NMC (facts: oxo 1.2); no case makes more."""
TEN = ["SUB", "TYP", "TRK", "DAT", "TIM", "DUR", "TAX", "SER", "FAC", "DNU"]
"""The default selection of a V24 statement; `FIFTEEN` are those of its headings (oxo 2.1, 6.3)."""
FIFTEEN = [*TEN, "DMO", "RIN", "CST", "ACC", "SUN"]
CALLED_AT = "v24.target"
"""The profile key of where an exchange connects to its printer."""
FIRST_FILE = "account.first_file"
"""The profile key of the five letters that the first account file is called by."""
RECONNECT_SECONDS = 0.2
"""How soon an exchange that connects to its printer tries again; its profile would take longer."""


class Opening(NamedTuple):
    """How a wire is opened for a tag set.

    Attributes:
        tags: of the taxation wire, which speaks beside every other one.
        overrides: dotted profile key -> value.
    """

    tags: Literal["observed", "extended"]
    overrides: Mapping[str, Any] = {}


OPENINGS: Mapping[tuple[str, str], Opening] = {
    ("taxation", "observed"): Opening("observed"),
    ("taxation", "extended"): Opening("extended"),
    ("nmc", "alz"): Opening("extended", {"nmc.licence_tickets": NMC_TICKETS}),
    ("v24", "ten"): Opening("extended", {"v24.mode": "listing", "v24.fields": TEN}),
    ("v24", "fifteen"): Opening("extended", {"v24.mode": "listing", "v24.fields": FIFTEEN}),
    ("ohl", "smdr"): Opening("extended"),
    ("account", "ed52"): Opening("extended"),
    ("stream", "ed52"): Opening("extended"),
}


class WireUnknown(LookupError):
    """The bench does not know how to open a wire for a tag set (bench's fault)."""


def opening(wire: str, tag_set: str) -> Opening:
    """Return how a wire is opened.

    Raises:
        WireUnknown: there is no such play; the text lists those that there are.
    """
    try:
        return OPENINGS[wire, tag_set]
    except KeyError:
        known = ", ".join("/".join(key) for key in OPENINGS)
        raise WireUnknown(f"no play is installed for {wire}/{tag_set}, only {known}") from None


def wire_overrides(
    wire: str, tag_set: str, keys: Collection[str], transport: Transport = "sftp"
) -> dict[str, Any]:
    """Return the profile keys that open the doors of a play on this wire and close the others.

    `keys` are those that the profile has; a wire that an exchange cannot speak need not be closed.
    Account files are fetched by `transport`, and by no other: an exchange in SSH mode has no FTP.
    """
    doors = doors_of(wire)
    told: dict[str, Any] = {
        f"{other}.open": other in doors
        for other in WIRES
        if other != HOME and (other in doors or f"{other}.open" in keys)
    }
    if "account" in doors:
        told["account.transfer"] = transport
    return {**told, **opening(wire, tag_set).overrides}


def first_file(day: int) -> str:
    """Return the letters of the first account file of a play, so that no two have one name."""
    letters = ""
    for _ in range(3):
        day, place = divmod(day, 26)
        letters = chr(ord("A") + place) + letters
    return letters + "AA"


Moment = Literal["offered", "acknowledged"]
"""When an armed fault strikes: as tickets leave, or as the exchange learns that they are had."""


class Transfer(NamedTuple):
    """How the middle of what a wire carries is met.

    Attributes:
        carry_bytes: so many go through to the collector, from when the transfer begins.
        ports: the ports or groups whose bytes are counted.
    """

    carry_bytes: int
    ports: Sequence[str]


TRANSFERS: Mapping[str, Transfer] = {
    "nmc": Transfer(191 + 122 + 61, ["nmc-data"]),  # header, one record, half of another (oxo 5.2)
    # Behind the header and some records of 25, compressed; SFTP says little more than the bytes.
    "account": Transfer(1600, ["account-data", "account-sftp"]),
    "stream": Transfer(3 * 774 + 387, ["stream"]),  # three frames and half of another (oxe 2.1)
}


def armed(wire: Wire, moment: Moment, fault: Fault) -> ArmedFault:
    """Return a fault that strikes at an event of this wire, by the name that it has there."""
    telling = TELLINGS[wire]
    when: Any = telling.given if moment == "acknowledged" else telling.offered
    return ArmedFault(when=when, fault=fault, wire=None if wire == HOME else wire)


def in_transfer(wire: Wire, kind: Literal["carry then cut", "carry then reset"]) -> Fault:
    """Return the fault that strikes in the middle of what this wire carries to the collector."""
    told = TRANSFERS[wire]
    return Fault(
        kind=kind, towards="collector", carry_bytes=told.carry_bytes, ports=list(told.ports)
    )


def calling(target: Target) -> dict[str, Any]:
    """Return the profile keys with which the exchange connects to a printer that listens."""
    return {
        "v24.direction": "connect",
        CALLED_AT: str(target),
        "v24.reconnect_seconds": RECONNECT_SECONDS,
    }
