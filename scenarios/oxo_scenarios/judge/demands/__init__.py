"""Every question the judge can ask, by its words in the catalogue."""

from collections.abc import Mapping

from oxo_scenarios.judge.demands import (
    buffer,
    connection,
    delivery,
    disruption,
    files,
    life,
    prescribed,
    shown,
    stream,
)
from oxo_scenarios.judge.demands.demand import Answer, Asked, Demand, DemandUnknown

ALL: Mapping[str, Demand] = {
    demand.name: demand
    for room in (delivery, prescribed, shown, connection, files, stream, buffer, disruption, life)
    for demand in room.DEMANDS
}


def demand_of(words: str) -> Asked:
    """Return the demand that the catalogue words, with its argument.

    Raises:
        DemandUnknown: the judge has no such question; the text lists those it has.
    """
    if words in ALL and not ALL[words].argument:
        return Asked(ALL[words], "")
    for name, demand in ALL.items():
        argument = words.removeprefix(f"{name} ")
        if demand.argument and argument not in (words, ""):
            return Asked(demand, argument)
    known = ", ".join(f"{demand.name} {demand.argument}".strip() for demand in ALL.values())
    raise DemandUnknown(f"no demand {words!r}; there are: {known}")


__all__ = ["ALL", "Answer", "Asked", "Demand", "DemandUnknown", "demand_of"]
