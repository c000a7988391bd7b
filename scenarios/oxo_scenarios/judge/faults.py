"""The faults of the link as the ledger tells them, each from what set it off to its end. Pure.

Several may be in force at once, each under its own `id`. A fault lasts to the `restored` after it,
to the `healed` line with its id, or to the end of the ledger. One that resets connections leaves
the link whole: it lasts to the next session behind its reset, which the line `spent` tells of where
so many bytes had to be carried first.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from oxo_scenarios.judge.evidence import Line

RESET = "reset"
RESETS = (RESET, "carry then reset")
"""Faults that end connections and leave the link whole."""
CUTS = ("cut", "carry then cut")
"""Faults that hold back what is said."""


class LinkFault(NamedTuple):
    """One fault.

    Attributes:
        id: its name in the ledger.
        kind: what it did.
        cause: line that set it off: its own, or the event that it was armed for.
        struck: its own line.
        last: line that ended it; the last line of all where nothing did.
        ended: whether anything did.
        whole: line from which the link carried everything again: its `restored` or `healed`, or
            the instant at which it reset what was connected; 0 where there is none.
    """

    id: str
    kind: str
    cause: int
    struck: int
    last: int
    ended: bool
    whole: int


def read_faults(lines: Sequence[Line]) -> list[LinkFault]:
    """Read every fault of these lines, in order."""
    return [
        _read(line, lines[place:]) for place, line in enumerate(lines) if line["event"] == "fault"
    ]


def _read(line: Line, since: Sequence[Line]) -> LinkFault:
    kind, name = line["fault"]["kind"], line.get("id")
    end = _end(since, name) if kind != RESET else None
    whole = _whole(line, end)
    if kind in RESETS and (end is None or end["event"] == "spent"):
        reset = line if end is None else end
        opened = (each for each in since if each["event"] == "session opened")
        end = next((each for each in opened if each["n"] > reset["n"]), None)
    last = since[-1] if end is None else end
    struck = int(line["n"])
    return LinkFault(
        str(name),
        kind,
        int(line.get("cause", struck)),
        struck,
        int(last["n"]),
        end is not None,
        0 if whole is None else int(whole["n"]),
    )


def _whole(line: Line, end: Line | None) -> Line | None:
    """Return the line behind which the link is whole; a cut that is `spent` was never made."""
    kind = line["fault"]["kind"]
    if kind == RESET:
        return line
    never_made = end is not None and end["event"] == "spent" and kind not in RESETS
    return None if never_made else end


def _end(since: Iterable[Line], name: str | None) -> Line | None:
    for line in since:
        own = line["event"] in ("healed", "spent") and line["id"] == name
        if own or line["event"] == "restored":
            return line
    return None
