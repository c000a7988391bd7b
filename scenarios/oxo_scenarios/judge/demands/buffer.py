"""Demands that guard the buffer cases: tickets and session came in the order the case says.

They never convict a subject: what did not come about leaves the case undecided.
"""

from oxo_tickets import Standing

from oxo_scenarios.judge.demands.demand import LEDGER, Answer, Demand, ok, undecided
from oxo_scenarios.judge.sight import Sight


def buffered_first(sight: Sight, _argument: str) -> Answer:
    """Tickets waited before the collector opened its first session."""
    first = next(iter(sight.chronicle.events("buffered", "session opened")), None)
    if first is None or first["event"] != "buffered":
        return undecided("no ticket waited before the first session")
    return ok()


def session_first(sight: Sight, _argument: str) -> Answer:
    """A session of the collector was open before the exchange kept the first ticket."""
    first = next(iter(sight.chronicle.events("buffered", "session opened")), None)
    if first is None or first["event"] != "session opened":
        return undecided("no session was open before the calls")
    return ok()


DEMANDS = (
    Demand("buffered first", buffered_first, (LEDGER,), Standing.OURS),
    Demand("session first", session_first, (LEDGER,), Standing.OURS),
)
