"""The comment of a play, written from its evidence and never by hand.

It says how many tickets were received and what became of them, which fields were read, and what
else the demands have to tell.
"""

from collections.abc import Sequence

from oxo_scenarios.judge.demands import Answer, Asked
from oxo_scenarios.judge.demands.delivery import labelled
from oxo_scenarios.judge.demands.demand import counted
from oxo_scenarios.judge.finding import Fate
from oxo_scenarios.judge.sight import Sight
from oxo_scenarios.verdict import Verdict

NOT_CARRIED = "not carried by this wire"
"""A ledger's reason for a ticket whose event the wire tells in another way: nothing is lost."""


def comment(sight: Sight, answers: Sequence[tuple[Asked, Answer]]) -> str:
    """Return the comment."""
    read = [answer.clause for asked, answer in answers if _is_field(asked) and answer.clause]
    unseen = [
        labelled(asked.argument)
        for asked, answer in answers
        if _is_field(asked) and answer.verdict is Verdict.NOT_OBSERVABLE
    ]
    others = [answer.clause for asked, answer in answers if not _is_field(asked) and answer.clause]
    clauses = [*others, *_tickets(sight), *_by_hand(sight)]
    if read:
        clauses.append(f"{_and(read)} read")
    if unseen:
        clauses.append(f"{_and(unseen)} not observable")
    return "; ".join(clauses)


def _tickets(sight: Sight) -> list[str]:
    """Say what became of the tickets."""
    buffered = sight.chronicle.buffered()
    if not sight.chronicle.stations:
        return ["no ticket was made"]
    got = sum(station.given > 0 for station in buffered)
    asked, silent = sight.asked(), sight.of_fate(Fate.NOT_ASKED)
    if got < len(buffered):
        return [f"{got} of {counted(len(buffered), 'ticket')} received"]
    clauses = []
    if asked:
        clauses.append(_processed(sight, len(asked)))
    if silent:
        what = counted(len(silent), "appointment ticket")
        clauses.append(f"{what} received, not processed (declared by the subject)")
    return [*clauses, *_dropped(sight)]


def _dropped(sight: Sight) -> list[str]:
    """Say what the exchange let go, apart from what the wire tells otherwise."""
    reasons = [destiny.station.dropped for destiny in sight.of_fate(Fate.DROPPED)]
    otherwise = reasons.count(NOT_CARRIED)
    dropped, clauses = len(reasons) - otherwise, []
    if dropped:
        clauses.append(f"{counted(dropped, 'ticket')} dropped by the exchange itself")
    if otherwise:
        clauses.append(f"{counted(otherwise, 'ticket')} {NOT_CARRIED}")
    return clauses


def _by_hand(sight: Sight) -> list[str]:
    """Say whose word it rests on that the power was cut."""
    cut = [
        f"power cut by hand, confirmed by {one.by} at {one.at}"
        for one in sight.evidence.confirmations
        if (one.question, one.answer) == ("power off", "yes")
    ]
    return cut[:1]


def _processed(sight: Sight, asked: int) -> str:
    recovered = len(sight.of_fate(Fate.RECOVERED))
    right = recovered + len(sight.of_fate(Fate.EXACTLY_ONCE))
    if right < asked or sight.phantoms:
        return f"{counted(asked, 'ticket')} received, {right} of them processed rightly"
    words = f"{counted(asked, 'ticket')} received and processed"
    if not recovered:
        return words
    which = f"{recovered} of them " if recovered < asked else "all " if asked > 1 else ""
    return f"{words}, {which}recovered after the disturbance"


def _is_field(asked: Asked) -> bool:
    return asked.demand.name == "field"


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
