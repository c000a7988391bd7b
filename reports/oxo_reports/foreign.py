"""Operations that the solution called and the exchange's profile does not know, over a whole run.

They were answered by a fault. Seen together, with the lines of a profile that would map them, they
are what a site needs to teach the exchange the contract that its collector speaks.
"""

from dataclasses import dataclass

from oxo_reports.run import Run, UnknownOperation
from oxo_reports.summary import Item, label


@dataclass(frozen=True)
class ForeignOperation:
    """One unknown operation: how often it was called, in which plays, and what would map it."""

    operation: UnknownOperation
    count: int
    plays: list[Item]


def foreign_operations(run: Run) -> list[ForeignOperation]:
    """Gather the unknown operations of all plays, each once, in the order of their first call."""
    found: dict[tuple[str, str | None, str | None], ForeignOperation] = {}
    for play in run.plays:
        for one in play.unknown_operations:
            key = (one.operation, one.namespace, one.soap_action)
            known = found.get(key, ForeignOperation(one, 0, []))
            found[key] = ForeignOperation(
                known.operation,
                known.count + one.count,
                [*known.plays, Item(label(play), "", play.play)],
            )
    return list(found.values())
