"""The words of a verdict, their order of gravity, and what follows from them.

Three levels, three rules (docs/bundle.md):

* A *play* is the gravest of its findings. Two words of a finding do not weigh: `not applicable`
  (the subject declared it, or it was not asked), and `not observable` unless the finding is about
  a field under test. A failure wording that the subject never declared spoils nothing; a
  dialling mode that the wire does not carry does.
* A *chapter* is the gravest of its plays, except that `not observable` and `not applicable` do not
  outweigh an `ok`.
* A *run* is the same over all plays, and without any `ok` it is `undecided`.

The four-box result of the cover and the exit status are derived, never chosen.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

from oxo_tickets import Standing


class Verdict(StrEnum):
    """Verdict words, gravest first."""

    ERROR = "error"
    NOK = "nok"
    UNDECIDED = "undecided"
    NOT_OBSERVABLE = "not observable"
    NOT_APPLICABLE = "not applicable"
    OK = "ok"


class Mark(StrEnum):
    """What one of the two marks of a play (received, processed) may say.

    `in part` is for the second alone: what was asked is processed, and of other tickets the subject
    declares that it only receives them.
    """

    YES = "yes"
    IN_PART = "in part"
    NO = "no"
    NOT_OBSERVABLE = "not observable"
    NOT_ASKED = "not asked"


class Result(StrEnum):
    """The four boxes of the published report's cover (facts: iwr 1.1)."""

    PASSED = "Passed"
    RESTRICTED = "Passed with restriction"
    POSTPONED = "Postponed"
    REFUSED = "Refused"


class ExitStatus(IntEnum):
    """Exit status of `oxo-certify run`."""

    PASSED = 0
    SUBJECT_FAILED = 1
    USAGE = 2
    BENCH_ERROR = 3
    UNDECIDED = 4


class Played(NamedTuple):
    """What the cover needs to know of one play."""

    case: str
    verdict: Verdict
    processed: Mark
    displayed: Mark | None = None


GRAVITY: tuple[Verdict, ...] = tuple(Verdict)
_SILENT = (Verdict.NOT_OBSERVABLE, Verdict.NOT_APPLICABLE)
_WEAKEST_LAST = (Standing.DOCUMENTED, Standing.FIELD, Standing.INFERRED, Standing.OURS)


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the gravest word; of nothing at all, `undecided`."""
    return min(verdicts, key=GRAVITY.index, default=Verdict.UNDECIDED)


def of_play(findings: Iterable[tuple[str, Verdict]]) -> Verdict:
    """Return the verdict of a play from (demand, verdict) of its findings."""
    return gravest(verdict for demand, verdict in findings if _weighs(demand, verdict))


def of_chapter(plays: Collection[Verdict]) -> Verdict:
    """Return the verdict of a chapter: silent words do not outweigh an `ok`."""
    if Verdict.OK in plays:
        return gravest(verdict for verdict in plays if verdict not in _SILENT)
    return gravest(plays)


def of_run(plays: Collection[Verdict]) -> Verdict:
    """Return the verdict of a run: as of a chapter, but `undecided` where nothing is `ok`."""
    found = of_chapter(plays)
    return Verdict.UNDECIDED if found in _SILENT else found


def exit_status(run: Verdict) -> ExitStatus:
    """Return the exit status that tells the run's verdict to a shell."""
    return {
        Verdict.OK: ExitStatus.PASSED,
        Verdict.NOK: ExitStatus.SUBJECT_FAILED,
        Verdict.ERROR: ExitStatus.BENCH_ERROR,
    }.get(run, ExitStatus.UNDECIDED)


def overall_result(plays: Sequence[Played], *, complete: bool) -> Result:
    """Return the box to tick on the cover.

    `Refused`: a case is nok. `Postponed`: the bench broke, a case is undecided, or the run is not
    `complete`: not all was played that the subject claims; tests are to be resumed. `Passed with
    restriction`: a case is ok in no play, or its tickets are received without being processed, or
    appointments and room states without being shown.
    Else `Passed`.
    The published report names the boxes and does not define them (facts: iwr 1.1, inferred).
    """
    words = {play.verdict for play in plays}
    ok_cases = {play.case for play in plays if play.verdict is Verdict.OK}
    cases = {play.case for play in plays}
    if Verdict.ERROR in words:
        return Result.POSTPONED
    if Verdict.NOK in words:
        return Result.REFUSED
    if Verdict.UNDECIDED in words or not complete or not ok_cases:
        return Result.POSTPONED
    only_received = any(
        play.verdict is Verdict.OK
        and (play.processed is not Mark.YES or play.displayed not in (None, Mark.YES))
        for play in plays
    )
    return Result.RESTRICTED if cases - ok_cases or only_received else Result.PASSED


def weakest(standings: Iterable[Standing]) -> Standing:
    """Return the least firm standing; of nothing at all, `ours`."""
    return max(standings, key=_WEAKEST_LAST.index, default=Standing.OURS)


def _weighs(demand: str, verdict: Verdict) -> bool:
    if verdict is Verdict.NOT_APPLICABLE:
        return False
    return verdict is not Verdict.NOT_OBSERVABLE or demand.startswith("field ")
