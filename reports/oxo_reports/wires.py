"""The wires of a run: their names for a person, and what was found on each of them.

The published report knows the taxation service and, in one case, the FTP access of the network
management centre, in business mode. What is played on another wire, or in hotel mode, stands apart
from the published rows, as do extra cases: they can neither darken nor brighten them.

A *place* is where a row stands: a wire, or the wires of the published report in hotel mode.
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

HOTEL = "hotel"
PLACE_TITLES: dict[str, str] = {HOME: WIRE_TITLES[HOME], HOTEL: "hotel mode", **WIRE_TITLES}
"""Place -> title, in the order of every table: the published wires in hotel mode behind them."""

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
class PlaceResult:
    """What was found at one place."""

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


def place_title(place: str) -> str:
    """Return the title of a place."""
    return PLACE_TITLES.get(place, place)


def at_home(play: Play) -> bool:
    """Tell whether a play stands on the wire that its case is published for, in either mode."""
    return not play.extra and play.wire == PUBLISHED_WIRES.get(play.case, HOME)


def published(play: Play) -> bool:
    """Tell whether a play is a row of the published report."""
    return at_home(play) and play.mode == "business"


def place_of(play: Play) -> str:
    """Return where the play stands."""
    return HOTEL if at_home(play) and play.mode == "hotel" else play.wire


def wires_of(run: Run) -> list[str]:
    """Return the wires that were played, else those that are claimed, in order."""
    return in_order([play.wire for play in run.plays] or run.subject.wires)


def places_of(run: Run) -> list[str]:
    """Return the places that were played, else the wires that are claimed, in order."""
    return in_order(map(place_of, run.plays) if run.plays else run.subject.wires)


def in_order(places: Iterable[str]) -> list[str]:
    """Name each place once: known ones in their order, strangers behind."""
    named = dict.fromkeys(places)
    known = [place for place in PLACE_TITLES if place in named]
    return [*known, *(place for place in named if place not in PLACE_TITLES)]


def place_results(run: Run) -> list[PlaceResult]:
    """Count the rows of each place; extra cases are counted apart."""
    return [
        _result(place, [play.verdict for play in run.plays if _counts(play, place)])
        for place in places_of(run)
    ]


def extra_result(run: Run) -> PlaceResult | None:
    """Count the rows of extra cases, if any was played."""
    words = [play.verdict for play in run.plays if play.extra]
    return _result(EXTRA, words) if words else None


EXTRA = "extra cases"


def _counts(play: Play, place: str) -> bool:
    return not play.extra and place_of(play) == place


def _result(place: str, words: list[Verdict]) -> PlaceResult:
    seen, joined = Counter(words), together(words)
    verdict: Verdict = "undecided" if joined is None else joined
    return PlaceResult(
        name=place,
        title=place_title(place),
        rows=len(words),
        totals=[(WORDS[word], seen[word]) for word in reversed(GRAVITY)],
        verdict=verdict,
        word=WORDS[verdict] if words else "not played",
    )
