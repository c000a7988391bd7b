"""Demands on what the exchange made of the calls of a case: no more and no less than prescribed.

They never convict a subject: what the exchange did not make leaves the case undecided. That a
subject invents no ticket for a call that leads to none is `exactly once`, which knows phantoms.
"""

from oxo_tickets import Standing

from oxo_scenarios.judge.demands.demand import LEDGER, Answer, Demand, counted, ok, undecided
from oxo_scenarios.judge.finding import Fate
from oxo_scenarios.judge.prescription import answered
from oxo_scenarios.judge.sight import Sight


def prescribed(sight: Sight, _argument: str) -> Answer:
    """The exchange made the tickets that the case prescribes, and no others.

    Decided by the ledger: each ticket that a door kept answers to one prescription of the case, and
    each prescription is answered. Else undecided.
    """
    wanted = sight.case.prescribed
    made = [one.station for one in sight.destinies if one.fate is not Fate.DROPPED]
    found = answered(wanted, [station.ticket for station in made])
    missing = [wanted[place] for place in range(len(wanted)) if place not in found]
    if missing:
        words = ", ".join(f"{name} {value!r}" for name, value in missing[0].items())
        return undecided(f"the exchange made no ticket with {words}")
    if len(made) > len(wanted):
        told = counted(len(made), "ticket")
        return undecided(f"the exchange made {told}, {len(wanted)} are prescribed")
    return ok(tickets=len(made))


def outcome(sight: Sight, word: str) -> Answer:
    """A call of the case had this outcome.

    Decided by the ledger: a `call` line with it. Else undecided.
    """
    calls = sight.chronicle.events("call")
    if any(line.get("outcome") == word for line in calls):
        return ok(outcome=word)
    return undecided(f"no call was {word}")


DEMANDS = (
    Demand("prescribed", prescribed, (LEDGER,), Standing.OURS),
    Demand("outcome", outcome, (LEDGER,), Standing.OURS, "WORD"),
)
