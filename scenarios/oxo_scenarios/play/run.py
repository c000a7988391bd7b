"""From a subject's folder to a finished bundle: the wiring of `oxo-certify run`."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from oxo_scenarios import bundle
from oxo_scenarios.bench.operator import AtTerminal
from oxo_scenarios.bench.stand import Conditions, Stand
from oxo_scenarios.bench.trouble import BenchBroken
from oxo_scenarios.known import allowed_status, status_of
from oxo_scenarios.play.meeting import announce, meet
from oxo_scenarios.play.progress import Progressing
from oxo_scenarios.play.record import Options, Record
from oxo_scenarios.play.session import ALLURE_FOLDER, perform
from oxo_scenarios.play.side_by_side import Parts
from oxo_scenarios.play.writing import Direct, about
from oxo_scenarios.subject import Subject
from oxo_scenarios.verdict import ExitStatus

REPORT_SECONDS_MAX = 120.0
REPORT_FILE = "report.html"
PRINT_FILE = "report.pdf"


class Outcome(NamedTuple):
    """How a run ended: its record, its exit status, what broke if anything did.

    `known` are sentences about the known failures; `remark` is what the report's program said
    though it wrote the report, such as why there is no PDF.
    """

    record: Record
    status: ExitStatus
    trouble: str | None
    known: Sequence[str] = ()
    remark: str = ""


def certify(
    subject: Subject, options: Options, conditions: Conditions, console: Console
) -> Outcome:
    """Run everything and render the report; an interrupted run leaves a valid bundle too.

    Raises:
        BenchBroken: the stand could not be set up; there is no bundle.
        UsageWrong: profile or name do not exist; likewise.
        SubjectFailed: the subject cannot tell its version; likewise.
        NoConnection: a remote subject opened no session; likewise.
    """
    remark = ""
    if options.stands > 1:
        parts = Parts(subject, options, conditions)
        with parts:
            record = Record(options, parts.about)
            trouble, status = _played(record, lambda: _side_by_side(parts, record, console))
    else:
        with Stand(subject, conditions) as stand:
            if conditions.listen is not None or stand.hands is not None:
                _introduce(stand, console)
            record = Record(options, about(stand))
            trouble, status = _played(record, lambda: _alone(stand, record, console))
    try:
        remark = render(record.folder, pdf=options.pdf)
    except KeyboardInterrupt:
        trouble, status = "interrupted; the report was not written", ExitStatus.UNDECIDED
    except BenchBroken as broken:
        trouble, status = str(broken), ExitStatus.BENCH_ERROR
    known = [failure.sentence() for failure in record.known]
    return Outcome(record, status, trouble, known, remark)


def _played(record: Record, play: Callable[[], None]) -> tuple[str | None, ExitStatus]:
    """Play; return what broke, if anything, and the exit status."""
    try:
        play()
    except KeyboardInterrupt:
        return "interrupted; the cases played so far stand", ExitStatus.UNDECIDED
    except BenchBroken as broken:
        return str(broken), ExitStatus.BENCH_ERROR
    if not record.complete:
        return "not every case was played", ExitStatus.BENCH_ERROR
    return None, _status(record)


def _alone(stand: Stand, record: Record, console: Console) -> None:
    # A bar that is drawn anew would run over the operator's line.
    barred = stand.hands is None
    with Progressing(console, len(record.options.planned), bar=barred) as progress:
        perform(stand, Direct(stand, record), progress, record.folder / ALLURE_FOLDER)


def _side_by_side(parts: Parts, record: Record, console: Console) -> None:
    with Progressing(console, len(record.options.planned)) as progress:
        parts.perform(record, progress)


def _introduce(stand: Stand, console: Console) -> None:
    hands = stand.hands
    at_terminal = hands is not None and isinstance(hands.operator, AtTerminal)
    announce(stand, console, tell_password=at_terminal)
    if hands is not None:
        meet(stand, hands, console)


def _status(record: Record) -> ExitStatus:
    if record.options.allow_known:
        return allowed_status(bundle.outcomes(record.plays), record.known)
    return status_of(bundle.outcomes(record.plays))


def render(folder: Path, *, pdf: bool) -> str:
    """Let the report be written from the bundle, by a program of its own; return its remark.

    Raises:
        BenchBroken: it was not written.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "oxo_reports", str(folder), "--pdf" if pdf else "--no-pdf"],
            capture_output=True,
            timeout=REPORT_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchBroken(f"the report was not written: {error}") from error
    if done.returncode != 0:
        told = (done.stderr or done.stdout)[-1000:].decode("utf-8", "replace").strip()
        raise BenchBroken(f"the report was not written: {told}")
    return done.stderr[-1000:].decode("utf-8", "replace").strip()
