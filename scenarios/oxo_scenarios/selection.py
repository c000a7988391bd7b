"""Which plays a run plays: by id, tag, chapter, or what failed last time. Pure but for one file."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from oxo_scenarios.bundle import RUN_FILE
from oxo_scenarios.catalogue import Catalogue, Planned
from oxo_scenarios.verdict import Verdict
from oxo_scenarios.wires import EVERY_WIRE, MODES, WIRES, Claim

FAILURES = (Verdict.ERROR, Verdict.NOK, Verdict.UNDECIDED)
RUN_BYTES_MAX = 64 * 1024 * 1024


class NothingSelected(ValueError):
    """The selection leaves no play (the operator's); the text says why and what there is."""


class Selection(NamedTuple):
    """What was asked for. Within one of them any may match; of several, all must."""

    cases: Sequence[str] = ()
    tags: Sequence[str] = ()
    chapters: Sequence[str] = ()
    wires: Sequence[str] = ()
    modes: Sequence[str] = ()
    plays: Collection[str] | None = None


def select(catalogue: Catalogue, asked: Selection, claim: Claim = EVERY_WIRE) -> list[Planned]:
    """Return the plays that match on the wires that the subject claims, wire by wire.

    Raises:
        NothingSelected: a case, tag, chapter, wire or mode is unknown, a wire is not claimed, or
            nothing matches.
    """
    try:
        ids = {catalogue.case(case).id for case in asked.cases}
        chapters = {catalogue.chapter(chapter).id for chapter in asked.chapters}
    except LookupError as error:
        raise NothingSelected(str(error.args[0])) from error
    known = {tag for case in catalogue.cases for tag in case.tags}
    if unknown := sorted(set(asked.tags) - known):
        raise NothingSelected(f"no tag {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    if wrong := sorted(set(asked.modes) - set(MODES)):
        raise NothingSelected(f"no mode {', '.join(wrong)}; there are {', '.join(MODES)}")
    wires = _wires(asked.wires, claim)
    chosen = [
        planned
        for planned in catalogue.plays(claim)
        if (not ids or planned.case.id in ids)
        and (not chapters or planned.case.chapter in chapters)
        and (not asked.tags or set(asked.tags) & set(planned.case.tags))
        and planned.wire in wires
        and (not asked.modes or planned.mode in asked.modes)
        and (asked.plays is None or planned.play in asked.plays)
    ]
    if not chosen:
        raise NothingSelected("no case matches all of what was asked for")
    return chosen


def _wires(asked: Sequence[str], claim: Claim) -> Collection[str]:
    """Return the wires to play: those asked for, else all that the subject claims."""
    if unknown := sorted(set(asked) - set(WIRES)):
        raise NothingSelected(f"no wire {', '.join(unknown)}; there are {', '.join(WIRES)}")
    if missing := sorted(set(asked) - set(claim.wires)):
        claimed = ", ".join(claim.wires)
        raise NothingSelected(f"the subject does not claim {', '.join(missing)}, only {claimed}")
    return asked or claim.wires


def last_failures(out: Path) -> list[str]:
    """Return the plays of the newest run below `out` that were not passed.

    Raises:
        NothingSelected: there is no run yet, it cannot be read, or nothing failed in it.
    """
    runs = sorted(out.glob(f"*/{RUN_FILE}"), key=lambda path: path.parent.name)
    if not runs:
        raise NothingSelected(f"there is no run below {out} yet")
    try:
        with runs[-1].open("rb") as file:
            run = json.loads(file.read(RUN_BYTES_MAX))
        failed = [play["play"] for play in run["plays"] if play["verdict"] in FAILURES]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NothingSelected(f"{runs[-1]} cannot be read: {error}") from error
    if not failed:
        raise NothingSelected(f"nothing failed in {runs[-1].parent}")
    return failed
