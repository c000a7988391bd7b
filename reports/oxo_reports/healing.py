"""What was under way on a wire that nobody acknowledges, and by which file it came again.

A play with several doors is judged by all of them together: what the first one lost may come by
another. The ledger tells both halves. Nobody can tell which tickets of a lost connection arrived
before it was lost, so all that had gone into it stand here, and none is called lost for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from oxo_reports.run import Play
from oxo_reports.wires import wire_title
from oxo_reports.wording import NOTHING, clock, plain, quantity

DISTURBANCES = ("fault", "reset", "switch-over")
HEALED = "healed"
"""The demand that what was under way comes by another door."""
OPEN_END = float("inf")
"""A session that the ledger does not see closed."""

Line = dict[str, Any]


@dataclass(frozen=True)
class Healed:
    """Tickets that went in one session which was disturbed, and came by one file, or by none.

    Attributes:
        tickets: how many, and which, by their ids.
        sent: session and connection, and from when to when they were sent.
        disturbed: what happened to the session, and when.
        file: name of the file, and when it was closed.
        fetched: session in which it was first fetched whole after that, and when.
    """

    tickets: str
    sent: str
    disturbed: str
    file: str
    fetched: str


def healed_by(play: Play) -> str | None:
    """Name the doors that healed a play; `None` where nothing had to be healed, or was not."""
    beside = (play.doors or [])[1:]
    found = any(one.demand == HEALED and one.verdict == "ok" for one in play.findings)
    return ", ".join(map(wire_title, beside)) if beside and found else None


def healing(play: Play, ledger: list[Line]) -> list[Healed]:
    """Tell what was under way in each session that was disturbed; nothing of a play of one door."""
    beside = (play.doors or [])[1:]
    if not beside:
        return []
    lines = [line for line in ledger if isinstance(line.get("n"), int)]
    rows = []
    for session, sent in _struck(play, lines).items():
        struck = _struck_by(play, lines, session)
        keyed = [(_fetched(one, beside, lines), one) for one in sent]
        for _, group in groupby(keyed, key=lambda pair: pair[0]["n"] if pair[0] else 0):
            pairs = list(group)
            fetched = pairs[0][0]
            came = _came(fetched, lines) if fetched else (NOTHING, "never fetched whole after that")
            rows.append(Healed(*_went([one for _, one in pairs]), struck, *came))
    return rows


@dataclass(frozen=True)
class _Sent:
    """One ticket as it was sent: id, its numbers by wire, and the line."""

    id: Any
    numbers: dict[str, Any]
    line: Line


def _struck(play: Play, lines: list[Line]) -> dict[str, list[_Sent]]:
    """Return what was sent in sessions within which a disturbance stands, by session."""
    found: dict[str, list[_Sent]] = {}
    sent = [line for line in lines if line.get("event") == "sent" and line.get("wire") == play.wire]
    tickets = list(_kept(lines))
    for line in sent:
        session = plain(line.get("session"))
        if not _disturbances(play, lines, session):
            continue
        found.setdefault(session, []).extend(
            _Sent(id_, numbers, line)
            for id_, numbers in tickets
            if _within(numbers.get(play.wire), line)
        )
    return {session: tickets for session, tickets in found.items() if tickets}


def _kept(lines: list[Line]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Give each ticket its id, and the number that each wire counts it by."""
    numbers: dict[Any, dict[str, Any]] = {}
    for line in lines:
        if line.get("event") == "buffered" and isinstance(line.get("id"), int):
            numbers.setdefault(line["id"], {})[plain(line.get("wire"))] = line.get("sequence")
    yield from numbers.items()


def _within(number: Any, line: Line) -> bool:
    first, last = line.get("first"), line.get("last")
    known = all(isinstance(one, int) for one in (number, first, last))
    return known and first <= number <= last


def _disturbances(play: Play, lines: list[Line], session: str) -> list[str]:
    """Say what disturbed a session while it was open."""
    opened, closed = _span(lines, session)
    at_link = [
        f"{_what(line)} at {clock(line.get('at'))}"
        for line in lines
        if line.get("event") in DISTURBANCES and opened <= line["n"] <= closed
    ]
    ended = [
        f"solution ended by {restart.signal}"
        for restart in (play.facts.restarts if play.facts else [])
        if opened <= restart.after_line <= closed
    ]
    return at_link + ended


def _what(line: Line) -> str:
    fault = line.get("fault")
    if not isinstance(fault, dict):
        return plain(line.get("event"))
    return f"link disturbed: {plain(fault.get('kind'))}"


def _span(lines: list[Line], session: str) -> tuple[float, float]:
    """Return the numbers of the lines that open and close a session."""
    mine = {
        plain(line.get("event")): line["n"]
        for line in lines
        if plain(line.get("session")) == session
    }
    return mine.get("session opened", 0), mine.get("session closed", OPEN_END)


def _fetched(sent: _Sent, beside: list[str], lines: list[Line]) -> Line | None:
    """Find the first whole transfer, after it was sent, of a file that a ticket stands in."""
    for line in lines:
        if line.get("event") != "fetched" or line.get("wire") not in beside:
            continue
        if line["n"] > sent.line["n"] and _within(sent.numbers.get(plain(line["wire"])), line):
            return line
    return None


def _went(sent: list[_Sent]) -> tuple[str, str]:
    """Word which tickets went, and where and when."""
    first, last = sent[0], sent[-1]
    ids = plain(first.id) if first is last else f"{plain(first.id)} to {plain(last.id)}"
    begun, done = clock(first.line.get("at")), clock(last.line.get("at"))
    where = f"session {plain(first.line.get('session'))}, "
    where += f"connection {plain(first.line.get('connection'))}"
    when = begun if begun == done else f"{begun} to {done}"
    return f"{quantity(len(sent), 'ticket')} (ids {ids})", f"{where}, {when}"


def _struck_by(play: Play, lines: list[Line], session: str) -> str:
    """Word what disturbed a session, and its end."""
    closed = [
        f"session closed at {clock(line.get('at'))} ({plain(line.get('reason'))})"
        for line in lines
        if line.get("event") == "session closed" and plain(line.get("session")) == session
    ]
    return "; ".join([*_disturbances(play, lines, session), *closed])


def _came(fetched: Line, lines: list[Line]) -> tuple[str, str]:
    """Word by which file tickets came, and its transfer."""
    closed = [
        f", closed at {clock(line.get('at'))}"
        for line in lines
        if line.get("event") == "filed"
        and all(line.get(key) == fetched.get(key) for key in ("file", "wire"))
    ]
    file = "".join([plain(fetched.get("file")), *closed[:1]])
    return file, f"session {plain(fetched.get('session'))} at {clock(fetched.get('at'))}"
