"""The wire log of a play: requests, answers, disturbances and what the exchange did, in time order.

Four files tell one story: the transcript (what was said on the wire), the ledger (the exchange and
its link), the journal of the proxy, and what the bench did to the solution. Each line keeps the
order of its own file; between files the instants decide. Tickets made one after the other are told
in one line, and so are polls that find nothing new.

A transcript line with `wire` was said on a wire that has no requests (FTP, a print-out, the hotel
link): who said it, and the words. A ledger line with `wire` is about that wire; one without is of
the taxation service or of the whole exchange.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from oxo_reports.evidence import Records
from oxo_reports.exchanges import HttpExchange, http_exchange
from oxo_reports.ledger_words import EVENTS, TICKET_EVENTS, Kind
from oxo_reports.run import Facts
from oxo_reports.wires import HOME, wire_title
from oxo_reports.wording import NOTHING, clock, plain, quantity

ALIKE_MIN = 4
"""So many requests in a row that differ in nothing a reader sees are told as first and last."""
HEAD_LINES_MAX, TAIL_LINES_MAX = 200, 100
"""A longer log is shown from both ends: a failure stands at the end."""
NOT_CARRIED = "not carried by this wire"
"""A ledger's reason for a ticket whose event the wire tells in another way: nothing is lost."""
LINE_FEED = "<0x0a>"
"""As a transcript shows it; the lines of a page said at once stand below each other."""
SPOKEN = ("http", "said")
SENDERS = {"exchange": "exchange", "collector": "solution"}
"""Who spoke, as the transcript has it, and as the report calls them."""


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes:
        at: instant as the file has it, or an empty string.
        since: seconds since the first line of the log, worded.
        kind: what sort of line; troubles stand out.
        who: connection, or who acted.
        text: what happened, of all but HTTP exchanges.
        http: the exchange, of HTTP lines.
        sender: who said it, of lines of a wire without requests.
    """

    at: str
    kind: Kind
    who: str
    text: str
    http: HttpExchange | None = None
    since: str = NOTHING
    sender: str | None = None

    @property
    def time(self) -> str:
        """Time of day of the entry."""
        return clock(self.at) if self.at else NOTHING

    @property
    def troubled(self) -> bool:
        """Tell whether the line shows something out of the ordinary, on purpose or not."""
        if self.http is not None:
            return not self.http.went_well
        return self.kind in ("disturbance", "trouble", "people")


def wire_log(
    transcript: Records | None,
    ledger: Records | None,
    proxy: Records | None,
    facts: Facts | None,
    wire: str = HOME,
) -> list[Entry]:
    """Merge what the files of a play on `wire` tell into one log.

    A ticket that another wire than this one let go is told, and is no trouble of this play. Where
    the transcript was not read whole the log ends with its last line read: what came later would
    stand there without its requests.
    """
    spoken = [_transcript_entry(line) for line in transcript.rows] if transcript else []
    told = _ledger_entries(ledger.rows if ledger else [], facts, wire)
    journal = [_proxy_entry(line) for line in proxy.rows] if proxy else []
    asked = [
        Entry(one.at, "people", f"operator {one.by}", f"{one.text} Answer: {one.answer}")
        for one in (facts.confirmations if facts else [])
    ]
    entries = _merged([told, spoken, journal, asked])
    if spoken and transcript and transcript.left_out:
        last = max(place for place, entry in enumerate(entries) if entry.kind in SPOKEN)
        entries = entries[: last + 1]
    return _both_ends(_without_repetition(_timed(entries)))


def _without_repetition(entries: list[Entry]) -> list[Entry]:
    """Tell requests in a row that were answered alike as the first, how many more, and the last."""
    told: list[Entry] = []
    for _, group in groupby(enumerate(entries), key=_likeness):
        alike = [entry for _, entry in group]
        if len(alike) < ALIKE_MIN:
            told += alike
            continue
        first, *between, last = alike
        folded = replace(between[0], kind="folded", text=_more(first, len(between)))
        told += [first, replace(folded, http=None, sender=None), last]
    return told


def _more(entry: Entry, count: int) -> str:
    if entry.http is None:
        return f"{quantity(count, 'more line')}, the same"
    return f"{count} more {entry.http.operation}, answered alike"


def _likeness(numbered: tuple[int, Entry]) -> tuple[object, ...]:
    """Return what two lines must share to be told as one: those that tell nothing new."""
    place, entry = numbered
    http = entry.http
    if entry.kind == "said":
        return (entry.who, entry.sender, entry.text)
    if http is None or not http.went_well:
        return (place,)
    return (entry.who, http.operation, http.request_size, http.answer_size)


def _both_ends(entries: list[Entry]) -> list[Entry]:
    left_out = len(entries) - HEAD_LINES_MAX - TAIL_LINES_MAX
    if left_out <= 0:
        return entries
    text = f"{quantity(left_out, 'line')} left out here; the files have them"
    gap = Entry("", "folded", NOTHING, text)
    return [*entries[:HEAD_LINES_MAX], gap, *entries[-TAIL_LINES_MAX:]]


def _transcript_entry(line: dict[str, Any]) -> Entry:
    if "unreadable" in line:
        return Entry("", "trouble", "transcript", f"unreadable line: {plain(line['unreadable'])}")
    if "wire" in line:
        sender = plain(line.get("sender"))
        return Entry(
            _at(line),
            "said",
            plain(line.get("connection")),
            plain(line.get("text")).replace(LINE_FEED, f"{LINE_FEED}\n").rstrip("\n"),
            sender=SENDERS.get(sender, sender),
        )
    one = http_exchange(line)
    return Entry(one.at, "http", one.connection, "", one)


def _merged(sources: Iterable[list[Entry]]) -> list[Entry]:
    keyed = [
        (instant, order, number, entry)
        for order, source in enumerate(sources)
        for number, (instant, entry) in enumerate(_instants(source))
    ]
    return [entry for *_, entry in sorted(keyed, key=lambda item: item[:3])]


def _instants(source: list[Entry]) -> Iterable[tuple[float, Entry]]:
    """Give each line its instant; one that has none, or an earlier one, stays where it stands."""
    latest = 0.0
    for entry in source:
        latest = max(latest, _seconds(entry.at) or 0.0)
        yield latest, entry


def _timed(entries: list[Entry]) -> list[Entry]:
    """Add to each line how long after the first one it came."""
    known = [seconds for entry in entries if (seconds := _seconds(entry.at)) is not None]
    if not known:
        return entries
    first = min(known)
    return [
        entry
        if (seconds := _seconds(entry.at)) is None
        else replace(entry, since=f"+{seconds - first:.3f}")
        for entry in entries
    ]


def _seconds(at: str) -> float | None:
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError):
        return None


def _ledger_entries(ledger: list[dict[str, Any]], facts: Facts | None, wire: str) -> list[Entry]:
    restarts = {one.after_line: one.signal for one in (facts.restarts if facts else [])}
    entries: list[Entry] = []
    waiting: list[dict[str, Any]] = []
    for line in ledger:
        if line.get("event") in TICKET_EVENTS:
            waiting.append(line)
        else:
            entries += _tickets(waiting, wire)
            waiting = []
            entries.append(_ledger_entry(line))
        number = line.get("n")
        if isinstance(number, int) and number in restarts:
            entries += _tickets(waiting, wire)
            waiting = []
            text = f"ended by {restarts[number]}, to be started again"
            entries.append(Entry(_at(line), "disturbance", "solution", text))
    return [*entries, *_tickets(waiting, wire)]


def _tickets(lines: list[dict[str, Any]], wire: str) -> list[Entry]:
    """Tell a run of tickets in one line: how many were made, and what each wire did with them.

    It is a trouble when tickets were dropped on the wire of the play, unless the wire tells them
    otherwise.
    """
    if not lines:
        return []
    made = [one for one in lines if one.get("event") == "made"]
    said = [f"{quantity(len(made), 'ticket')} made{_ids(made)}"] if made else []
    for name in dict.fromkeys(_wire(one) for one in lines if one.get("event") != "made"):
        mine = [one for one in lines if one.get("event") != "made" and _wire(one) == name]
        where = "" if name == wire == HOME else f"{wire_title(name)}: "
        said += _kept(mine, where, shortly=bool(made))
    dropped = any(_is_dropped(one) and _wire(one) == wire for one in lines)
    return [Entry(_at(lines[0]), "trouble" if dropped else "tickets", "exchange", "; ".join(said))]


def _is_dropped(line: dict[str, Any]) -> bool:
    return line.get("event") == "dropped" and line.get("reason") != NOT_CARRIED


def _kept(lines: list[dict[str, Any]], where: str, *, shortly: bool) -> list[str]:
    """Word what one wire did with tickets."""
    buffered = sum(one.get("event") == "buffered" for one in lines)
    dropped = [one for one in lines if _is_dropped(one)]
    said = []
    if buffered:
        said.append(f"{buffered if shortly else quantity(buffered, 'ticket')} buffered")
    if dropped:
        reasons = ", ".join(dict.fromkeys(plain(one.get("reason")) for one in dropped))
        said.append(f"{len(dropped)} dropped: {reasons}")
    if otherwise := sum(one.get("reason") == NOT_CARRIED for one in lines):
        said.append(f"{otherwise} {NOT_CARRIED}")
    return [where + ", ".join(said)] if where else said


def _wire(line: dict[str, Any]) -> str:
    return plain(line.get("wire", HOME))


def _ids(lines: list[dict[str, Any]]) -> str:
    first, last = plain(lines[0].get("id")), plain(lines[-1].get("id"))
    return f" (id {first})" if first == last else f" (ids {first} to {last})"


def _ledger_entry(line: dict[str, Any]) -> Entry:
    if "unreadable" in line:
        text = f"unreadable line: {plain(line['unreadable'])}"
        return Entry("", "trouble", "ledger", text)
    event = line.get("event")
    known = EVENTS.get(event) if isinstance(event, str) else None
    if known is None:
        return Entry(_at(line), "exchange", "exchange", _all_words(line))
    kind, word = known
    where = f"{wire_title(_wire(line))}: " if "wire" in line else ""
    return Entry(_at(line), kind, plain(line.get("connection", "exchange")), where + word(line))


def _all_words(line: dict[str, Any]) -> str:
    """Word a line that this page does not know by all its keys."""
    common = ("n", "at", "exchange_time", "event", "connection")
    rest = [f"{key} {plain(value)}" for key, value in line.items() if key not in common]
    return ": ".join(part for part in (plain(line.get("event")), ", ".join(rest)) if part)


def _proxy_entry(line: dict[str, Any]) -> Entry:
    if "unreadable" in line:
        return Entry("", "trouble", "proxy", f"unreadable line: {plain(line['unreadable'])}")
    went = line.get("status") == _CONNECTED
    text = (
        f"{plain(line.get('method'))} {plain(line.get('target'))}: status "
        f"{plain(line.get('status'))}, login {plain(line.get('login'))}"
    )
    return Entry(_at(line), "link" if went else "trouble", "proxy", text)


def _at(line: dict[str, Any]) -> str:
    at = line.get("at")
    return at if isinstance(at, str) else ""


_CONNECTED = 200
