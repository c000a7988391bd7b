"""Demands about disturbances: that they really struck, and what the subject says of them."""

import re

from oxo_tickets import Standing

from oxo_scenarios.judge.chronicle import Station
from oxo_scenarios.judge.demands.demand import (
    LEDGER,
    LOG,
    Answer,
    Demand,
    counted,
    nok,
    ok,
    undecided,
)
from oxo_scenarios.judge.evidence import Confirmation, Line, Restart
from oxo_scenarios.judge.faults import CUTS, RESETS, LinkFault
from oxo_scenarios.judge.sight import Sight
from oxo_scenarios.verdict import Verdict
from oxo_scenarios.wires import FAILURE_MESSAGE, TELLINGS

MOMENTS = {
    "acknowledged": "in the middle of a batch",
    "offered": "in the middle of a batch",
    "sent": "in the middle of a burst",
    "idle": "while nothing was under way",
}
"""How a `restarted` demand words the moment at which the subject was killed."""
LINE_CHARACTERS_MAX = 1024
"""The wording of a failure is looked for in so many first characters of each line."""


def link_cut(sight: Sight, _argument: str) -> Answer:
    """The link was cut while the subject used it, tickets were made meanwhile, and it came back.

    Decided by the ledger: between a `fault` that cuts, at once or after some bytes, and its end
    (`restored` or `healed`) stand a `held` and, of a ticket that was kept, a `buffered` line. Else
    undecided.
    """
    for fault in sight.chronicle.faults:
        inside = {line["event"] for line in _within(sight, fault)}
        if fault.kind in CUTS and fault.ended and {"held", "buffered"} <= inside:
            return ok("link cut and restored")
    return undecided("the link was not cut under the subject's own traffic and restored")


def _within(sight: Sight, fault: LinkFault) -> list[Line]:
    return [line for line in sight.chronicle.lines if fault.struck < line["n"] < fault.last]


def link_reset(sight: Sight, _argument: str) -> Answer:
    """The link reset the subject's connection while tickets were under way on it.

    Decided by the ledger: a `fault` that resets, tickets given away in a session that it ended, and
    another session after it. Else undecided.
    """
    resets = [each for each in sight.chronicle.faults if each.kind in RESETS and each.ended]
    opened = [line["n"] for line in sight.chronicle.events("session opened")]
    if _under_way(sight) and any(fault.last in opened for fault in resets):
        return ok("connection reset in the middle of a burst")
    return undecided("no connection was reset under tickets and opened again")


def healed(sight: Sight, _argument: str) -> Answer:
    """What was under way when the connection was lost was fetched from another door.

    Decided by the ledger: each ticket that went in a session which a fault or a death ended, and
    which no other door had given before, stands in a `fetched` line after it. Without such tickets
    it is undecided.
    """
    lost = _under_way(sight)
    if not lost:
        return undecided("no ticket was under way when the connection was lost")
    open_ = [station for station in lost if not _given_elsewhere(sight, station)]
    if open_:
        told = f"{len(open_)} of {counted(len(lost), 'ticket')}"
        return nok(f"{told} under way when the connection was lost never fetched from the files")
    told = counted(len(lost), "ticket")
    return ok(f"{told} under way when the connection was lost fetched from the files")


def _under_way(sight: Sight) -> list[Station]:
    """Return the tickets that had gone, and not yet surely arrived, when a disturbance began."""
    chronicle = sight.chronicle
    if not TELLINGS[chronicle.wire].lost_with_connection:
        return []
    return [
        station
        for station in chronicle.buffered()
        if (sent := station.stays[chronicle.wire].given) > 0
        and any(
            stretch.first <= chronicle.under_way_until(station) and sent <= stretch.last
            for stretch in chronicle.stretches
        )
    ]


def _given_elsewhere(sight: Sight, station: Station) -> bool:
    stays = station.stays
    return any(stays[door].given for door in stays if door != sight.chronicle.wire)


def failure_message(sight: Sight, _argument: str) -> Answer:
    """The subject's log tells of the failed connection.

    Decided by each line of its log written since the exchange went away and the wording it
    declares, in any letter case. Where an operator was asked, by the answer. Else, without a
    declared wording, it is not observable, which spoils nothing.
    """
    told = [one for one in sight.evidence.confirmations if one.question == "failure message"]
    if told:
        return _confirmed_failure(told[-1])
    pattern = sight.evidence.failure_pattern
    if pattern is None:
        return Answer(
            Verdict.NOT_OBSERVABLE, "the subject does not declare how its log words a failure"
        )
    if sight.evidence.failure_log is None:
        return undecided("the exchange never went away, or the log was cut before")
    begin, end = sight.evidence.failure_log
    text = sight.evidence.subject_log[begin:end].decode("utf-8", "replace")
    words = re.compile(pattern, re.IGNORECASE)
    # Per line and bounded: a careless pattern may take quadratic time, or worse.
    if not any(words.search(line[:LINE_CHARACTERS_MAX]) for line in text.split("\n")):
        return nok("its log has no failure message since the exchange went away", pattern=pattern)
    return ok("failure messages seen", pattern=pattern)


def _confirmed_failure(told: Confirmation) -> Answer:
    if told.answer == "yes":
        return ok(f"failure message confirmed by {told.by}", confirmed_by=told.by)
    return nok(f"{told.by} saw no failure message", confirmed_by=told.by)


def restarted(sight: Sight, how: str) -> Answer:
    """The subject was killed at the worst moment that the wire has, and came back.

    Decided by the ledger up to the line after which it was killed. `acknowledged`: an armed
    fault was set off by an `acknowledged`, `consumed` or `fetched` line before that. `offered`:
    tickets were offered and still the exchange's when it died, and the link held bytes back.
    `sent`: tickets were under way, and the link held bytes back. `idle`, where nothing tells the
    exchange what arrived: no ticket was under way, and some were made before the next session.
    Else undecided. Nok when no session was opened after it was started again.
    """
    kills = [restart for restart in sight.evidence.restarts if restart.signal == "KILL"]
    if not kills:
        return undecided("the subject was not killed")
    caught = _CAUGHT[how]
    if not any(caught(sight, kill) for kill in kills):
        return undecided(f"the subject was not killed {MOMENTS[how]} ({how})")
    opened = sight.chronicle.events("session opened")
    if not any(line["n"] > kills[-1].after_line for line in opened):
        return nok("no session was opened after the subject was started again")
    return ok(f"killed {MOMENTS[how]} and started again")


def _caught_acknowledged(sight: Sight, kill: Restart) -> bool:
    given = {line["n"] for line in sight.chronicle.events(TELLINGS[sight.case.wire].given)}
    return any(
        fault.cause in given and fault.struck <= kill.after_line for fault in sight.chronicle.faults
    )


def _caught_offered(sight: Sight, kill: Restart) -> bool:
    pending = any(
        0 < station.offered <= kill.after_line
        for station in sight.chronicle.waiting(kill.after_line)
    )
    held = any(line["n"] <= kill.after_line for line in sight.chronicle.events("held"))
    return held and pending


def _caught_sent(sight: Sight, kill: Restart) -> bool:
    """Tell whether bytes were held while tickets were under way, and then it died.

    The exchange may see the end of the connection before the bench has noted the death.
    """
    chronicle = sight.chronicle
    held = [line["n"] for line in chronicle.events("held") if line["n"] <= kill.after_line]
    return any(
        0 < station.stays[chronicle.wire].given <= kill.after_line
        and any(line <= chronicle.under_way_until(station) for line in held)
        for station in chronicle.buffered()
    )


def _idle(sight: Sight, kill: Restart) -> bool:
    """Tell whether nothing was under way, and tickets waited when the subject came back."""
    later = [line for line in sight.chronicle.lines if line["n"] > kill.after_line]
    until = next((line["n"] for line in later if line["event"] == "session opened"), 0)
    chronicle = sight.chronicle
    return not chronicle.waiting(kill.after_line) and bool(chronicle.waiting(until))


_CAUGHT = {
    "acknowledged": _caught_acknowledged,
    "offered": _caught_offered,
    "sent": _caught_sent,
    "idle": _idle,
}


DEMANDS = (
    Demand("link cut", link_cut, (LEDGER,), Standing.OURS),
    Demand(FAILURE_MESSAGE, failure_message, (LOG,), Standing.DOCUMENTED),
    Demand("link reset", link_reset, (LEDGER,), Standing.OURS),
    Demand("healed", healed, (LEDGER,), Standing.OURS),
    Demand(
        "restarted", restarted, (LEDGER,), Standing.OURS, "acknowledged | offered | sent | idle"
    ),
)
