"""Demands about the life of the exchange and of its buffer: resets, overflow, the repeated hour.

But for `logged out` they never convict a subject: they see that the case came about as written, and
what the exchange itself lost is nobody's loss (docs/judge.md).
"""

from itertools import combinations

from msgspec.structs import replace
from oxo_tickets import Standing, Ticket

from oxo_scenarios.judge.chronicle import Station
from oxo_scenarios.judge.demands.demand import (
    LEDGER,
    Answer,
    Demand,
    counted,
    nok,
    ok,
    undecided,
)
from oxo_scenarios.judge.evidence import Line
from oxo_scenarios.judge.sight import Sight

FULL = "buffer full"
LOST = "cold reset"
"""Words of the ledger for why the exchange kept a ticket no longer."""


def warm_reset(sight: Sight, _argument: str) -> Answer:
    """The exchange was reset warm while tickets waited, and serves again.

    Decided by the ledger: a `reset` of kind `warm` with tickets not yet acknowledged, and the
    phase `serving` after it. Else undecided.
    """
    reset = _reset(sight, "warm")
    if reset is None:
        return undecided("the exchange was not reset")
    if not sight.chronicle.waiting(reset["n"]):
        return undecided("no ticket waited at the reset")
    return _served(sight, reset) or ok("exchange reset warm")


def cold_reset(sight: Sight, _argument: str) -> Answer:
    """The exchange was reset cold: it lost what waited, and makes tickets under a new epoch.

    Decided by the ledger: a `reset` of kind `cold`, after it tickets dropped for it and an `epoch`,
    the phase `serving`, and tickets kept under the new epoch. Else undecided.
    """
    reset = _reset(sight, "cold")
    if reset is None:
        return undecided("the exchange was not reset cold")
    lost = [line for line in _after(sight, reset, "dropped") if line["reason"] == LOST]
    if not lost:
        return undecided("no ticket waited at the cold reset")
    begun = _after(sight, reset, "epoch")
    if not begun or not _after(sight, begun[0], "buffered"):
        return undecided("no ticket was kept under a new epoch")
    return _served(sight, reset) or ok(
        f"exchange reset cold, {counted(len(lost), 'ticket')} lost by it", lost=len(lost)
    )


def power_cut(sight: Sight, _argument: str) -> Answer:
    """The power of the exchange failed while tickets waited, and it serves again.

    Decided by the ledger: a `reset` of kind `power cut` with tickets not yet acknowledged, and the
    phase `serving` after it. Else undecided.
    """
    reset = _reset(sight, "power cut")
    if reset is None:
        return undecided("the power of the exchange did not fail")
    if not sight.chronicle.waiting(reset["n"]):
        return undecided("no ticket waited when the power failed")
    return _served(sight, reset) or ok("power of the exchange cut")


def overflow(sight: Sight, _argument: str) -> Answer:
    """The buffer of the exchange was full, and let tickets go.

    Decided by the ledger: `dropped` lines with the reason `buffer full` at the judged door. Else
    undecided.
    """
    gone = [x for x in sight.chronicle.events("dropped") if x["reason"] == FULL]
    if not gone:
        return undecided("the buffer of the exchange was never full")
    return ok(f"{counted(len(gone), 'ticket')} let go by a full buffer", dropped=len(gone))


def repeated_hour(sight: Sight, _argument: str) -> Answer:
    """Calls were alike, to the second of the wall clock, in both passes of a repeated hour.

    Decided by the ledger: two tickets that a door kept are equal but for their pass (`fold`). Else
    undecided.
    """
    kept = sight.chronicle.buffered()
    twins = [pair for pair in combinations(kept, 2) if _twins(*pair)]
    if not twins:
        return undecided("no two tickets are alike in both passes of an hour")
    return ok("calls alike in both passes of the repeated hour", twins=len(twins))


def logged_out(sight: Sight, _argument: str) -> Answer:
    """The collector that was stopped in peace took its leave, and its session was closed by that.

    Decided by the ledger, each time that it was stopped and started again: the session before was
    closed for the reason `logout`. Where it was never stopped so, or had no session, undecided.
    """
    stops = [restart for restart in sight.evidence.restarts if restart.signal != "KILL"]
    sessions = sight.chronicle.events("session opened", "session closed")
    asked = 0
    for stop in stops:
        before = [line for line in sessions if line["n"] <= stop.after_line]
        if not before:
            continue
        asked += 1
        last = before[-1]
        if last["event"] != "session closed" or last.get("reason") != "logout":
            return nok(f"session {last['session']} was not closed by a logout")
    if not asked:
        return undecided("the collector was not stopped with a session open")
    return ok("session closed by logout")


def disconnected(sight: Sight, _argument: str) -> Answer:
    """The collector was stopped after a session, and tickets waited when it opened the next one.

    Decided by ledger and restarts. Else undecided.
    """
    opened = [line["n"] for line in sight.chronicle.events("session opened")]
    for restart in sight.evidence.restarts:
        until = next((n for n in opened if n > restart.after_line), 0)
        before = [n for n in opened if n <= restart.after_line]
        if before and [x for x in _waiting(sight, until) if x.made > restart.after_line]:
            return ok()
    return undecided("no ticket waited between two sessions of the collector")


def _waiting(sight: Sight, line: int) -> list[Station]:
    return sight.chronicle.waiting(line) if line else []


def _reset(sight: Sight, kind: str) -> Line | None:
    resets = sight.chronicle.events("reset")
    return next((line for line in resets if line["kind"] == kind), None)


def _after(sight: Sight, line: Line, event: str) -> list[Line]:
    return [each for each in sight.chronicle.events(event) if each["n"] > line["n"]]


def _served(sight: Sight, reset: Line) -> Answer | None:
    """Return the answer where the exchange did not serve again; `None` where it did."""
    if any(line["phase"] == "serving" for line in _after(sight, reset, "phase")):
        return None
    return undecided("the exchange did not come back from its reset")


def _twins(one: Station, other: Station) -> bool:
    return one.ticket.fold != other.ticket.fold and _plain(one.ticket) == _plain(other.ticket)


def _plain(ticket: Ticket) -> Ticket:
    return replace(ticket, fold=None)


DEMANDS = (
    Demand("warm reset", warm_reset, (LEDGER,), Standing.OURS),
    Demand("cold reset", cold_reset, (LEDGER,), Standing.OURS),
    Demand("power cut", power_cut, (LEDGER,), Standing.OURS),
    Demand("overflow", overflow, (LEDGER,), Standing.OURS),
    Demand("repeated hour", repeated_hour, (LEDGER,), Standing.OURS),
    Demand("logged out", logged_out, (LEDGER,), Standing.OURS),
    Demand("disconnected", disconnected, (LEDGER,), Standing.OURS),
)
