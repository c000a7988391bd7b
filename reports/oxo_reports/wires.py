"""The wires of a run: their names for a person, and what was found on each of them.

The published report knows the taxation service and, in one case, the FTP access of the network
management centre. What is played on a wire besides stands apart from the published rows: it can
neither darken nor brighten them.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from oxo_reports.run import Play, Run, Verdict
from oxo_reports.verdicts import GRAVITY, WORDS, together

HOME = "taxation"
WIRE_TITLES: dict[str, str] = {
    HOME: "taxation service",
    "account": "account files",
    "stream": "Ethernet on the fly",
    "nmc": "NMC FTP",
    "v24": "V24 statement",
    "ohl": "hotel link",
}
"""Wire -> title, in the order of every table."""

TRANSPORTS: dict[str, str] = {
    HOME: "HTTPS",
    "account": "FTP, SFTP",
    "stream": "TCP 2533",
    "nmc": "FTP",
    "v24": "V24",
    "ohl": "OHL",
}
"""Wire -> what stands at its arrow in the figure."""

INTERFACES: dict[str, tuple[str, str]] = {
    HOME: ("HTTPS / SOAP, taxation service", "urn:oxo-sim:taxation:1 (assumed contract)"),
    "account": ("FTP or SFTP, account files of /usr4/account", "records ED5.2 of 525 characters"),
    "stream": (
        "Ethernet on the fly over TCP 2533",
        "frames with records ED5.2; no acknowledgement",
    ),
    "nmc": ("FTP, ticket file for the network management centre", "binary records of 122 bytes"),
    "v24": ("V24 print-out over TCP", "statement of fixed columns"),
    "ohl": ("Hotel link (OHL) over TCP", "frames of a public program; positions assumed"),
}
"""Wire -> the name of its interface and the version of its contract."""

PUBLISHED_WIRES: dict[str, str] = {"CIC6": "nmc"}
"""Published cases that are not about the taxation service."""


@dataclass(frozen=True)
class WireResult:
    """What was found on one wire."""

    name: str
    title: str
    rows: int
    totals: list[tuple[str, int]]
    verdict: Verdict
    word: str

    @property
    def passed(self) -> bool:
        """Tell whether its rows are OK and nothing graver."""
        return self.verdict == "ok"


def wire_title(wire: str) -> str:
    """Return the title of a wire; one that nobody knows keeps its name."""
    return WIRE_TITLES.get(wire, wire)


def capital(text: str) -> str:
    """Begin a title with a capital."""
    return text[:1].upper() + text[1:]


def published(play: Play) -> bool:
    """Tell whether a play stands on the wire that its case is published for."""
    return play.wire == PUBLISHED_WIRES.get(play.case, HOME)


def wires_of(run: Run) -> list[str]:
    """Return the wires that were played, else those that are claimed, in order."""
    return in_order([play.wire for play in run.plays] or run.subject.wires)


def in_order(wires: Iterable[str]) -> list[str]:
    """Name each wire once: known ones in their order, strangers behind."""
    named = dict.fromkeys(wires)
    known = [wire for wire in WIRE_TITLES if wire in named]
    return [*known, *(wire for wire in named if wire not in WIRE_TITLES)]


def wire_results(run: Run) -> list[WireResult]:
    """Count the rows of each wire."""
    return [_result(run, wire) for wire in wires_of(run)]


def _result(run: Run, wire: str) -> WireResult:
    words = [play.verdict for play in run.plays if play.wire == wire]
    seen, joined = Counter(words), together(words)
    verdict: Verdict = "undecided" if joined is None else joined
    return WireResult(
        name=wire,
        title=wire_title(wire),
        rows=len(words),
        totals=[(WORDS[word], seen[word]) for word in reversed(GRAVITY)],
        verdict=verdict,
        word=WORDS[verdict] if words else "not played",
    )
