"""Known failures: what the subject's issues.toml says of its NOKs, and what follows. Pure.

A known failure stays NOK in the report. It only lets a run end with status 0, if the operator
asks for that (`--allow-known`), and only until the day that its issue names: a failure that
is known for ever is forgotten. An issue may be of one mode or of one play; what fails elsewhere is
another failure, and no excuse for it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from oxo_scenarios.verdict import ExitStatus, Verdict, exit_status, gravest, of_run
from oxo_scenarios.wires import BUSINESS

_PEACEFUL = (Verdict.OK, Verdict.NOT_OBSERVABLE, Verdict.NOT_APPLICABLE)


class Known(StrEnum):
    """What an issue means in one run."""

    KNOWN = "known"
    EXPIRED = "expired"
    NO_EXPIRY = "no expiry date"
    PASSES = "passes now"
    OTHERWISE = "neither failed nor passed"
    NOT_PLAYED = "not played"


class Outcome(NamedTuple):
    """One play: its case and verdict, whether the published report lacks the case, its mode."""

    case: str
    verdict: Verdict
    extra: bool = False
    mode: str = BUSINESS
    play: str = ""


class IssueNote(NamedTuple):
    """One issue of issues.toml.

    Attributes:
        case: the case that fails.
        reference: of the record of the failure.
        expires: the last day on which it excuses a NOK.
        mode: the only mode in which the case fails; `None` for any.
        play: the only play that fails; `None` for any.
    """

    case: str
    reference: str
    expires: date | None
    mode: str | None = None
    play: str | None = None

    def concerns(self, case: str, mode: str, play: str) -> bool:
        """Tell whether it is about that play of that case."""
        told = (self.mode in (None, mode), self.play in (None, play))
        return self.case == case and all(told)


class KnownFailure(NamedTuple):
    """An issue with what it means in this run."""

    issue: IssueNote
    state: Known

    def sentence(self) -> str:
        """Say it to the operator."""
        issue = self.issue
        where = issue.mode or issue.play
        name = f"{issue.case} ({where})" if where else issue.case
        name = f"{name} [{issue.reference}]"
        return {
            Known.KNOWN: f"{name}: a known failure, until {issue.expires}",
            Known.EXPIRED: f"{name}: known, but the issue expired on {issue.expires}",
            Known.NO_EXPIRY: f"{name}: known, but the issue has no expiry date "
            "(issues.toml: expires = YYYY-MM-DD)",
            Known.PASSES: f"{name}: passes now; take it out of issues.toml",
            Known.OTHERWISE: f"{name}: neither failed nor passed in this run",
            Known.NOT_PLAYED: f"{name}: not played in this run",
        }[self.state]


def known_failures(
    plays: Sequence[Outcome], issues: Iterable[IssueNote], today: date
) -> list[KnownFailure]:
    """Tell of each issue what it means; an issue is good through its day of expiry, UTC."""
    return [KnownFailure(issue, _state(plays, issue, today)) for issue in issues]


def status_of(plays: Sequence[Outcome]) -> ExitStatus:
    """Return the exit status of a run: published and extra cases each come to their verdict.

    The graver one decides; what none was played of says nothing.
    """
    apart = [[play.verdict for play in plays if play.extra is extra] for extra in (False, True)]
    return exit_status(gravest(of_run(words) for words in apart if words))


def allowed_status(plays: Sequence[Outcome], known: Iterable[KnownFailure]) -> ExitStatus:
    """Return the exit status under `--allow-known`.

    NOKs that are known do not weigh. What is left decides: a NOK, an error or an undecided play
    ends the run as it always does; else a run passes that has an ok or a known failure.
    """
    good = [failure.issue for failure in known if failure.state is Known.KNOWN]
    left = [play for play in plays if not _excused(play, good)]
    if len(left) == len(plays):
        return status_of(left)
    found = gravest([*(play.verdict for play in left), Verdict.OK])
    return ExitStatus.PASSED if found in _PEACEFUL else exit_status(found)


def _excused(play: Outcome, issues: Iterable[IssueNote]) -> bool:
    told = (play.case, play.mode, play.play)
    return play.verdict is Verdict.NOK and any(issue.concerns(*told) for issue in issues)


def _state(plays: Sequence[Outcome], issue: IssueNote, today: date) -> Known:
    told = (play for play in plays if issue.concerns(play.case, play.mode, play.play))
    words = {play.verdict for play in told}
    if not words:
        return Known.NOT_PLAYED
    if Verdict.NOK not in words:
        failed = words & {Verdict.ERROR, Verdict.UNDECIDED}
        return Known.PASSES if Verdict.OK in words and not failed else Known.OTHERWISE
    if issue.expires is None:
        return Known.NO_EXPIRY
    return Known.KNOWN if today <= issue.expires else Known.EXPIRED
