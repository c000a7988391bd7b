"""From a performance on a stand to the play that is recorded, and who takes it.

Where several stands play side by side, each sends its plays to the one record (`part`); with one
stand they go there directly.
"""

from pathlib import Path
from typing import Protocol

import msgspec

from oxo_scenarios import bundle
from oxo_scenarios.bench.evidence import STEPS, files, write_lines
from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.catalogue import Planned
from oxo_scenarios.play.record import About, Options, Performance, Record


class Writing(Protocol):
    """Who takes what was played."""

    @property
    def options(self) -> Options:
        """What the run plays."""

    def evidence_folder(self, planned: Planned) -> Path:
        """Return where the evidence of a play goes."""

    def add(self, performance: Performance) -> bundle.Play:
        """Record a judged performance."""


class Direct:
    """Writes into the record of this process."""

    def __init__(self, stand: Stand, record: Record) -> None:
        """Write what is played on `stand` into `record`."""
        self._stand = stand
        self._record = record
        self.options = record.options

    def evidence_folder(self, planned: Planned) -> Path:
        """Return where the evidence of a play goes."""
        return self._record.evidence_folder(planned)

    def add(self, performance: Performance) -> bundle.Play:
        """Record a judged performance and write run.json."""
        play = written(performance, self._stand, self.evidence_folder(performance.planned))
        self._record.add(play, exchange_of(self._stand))
        return play


def written(performance: Performance, stand: Stand, folder: Path) -> bundle.Play:
    """Write down the steps of a judged performance, and return it as run.json has it."""
    planned = performance.planned
    if performance.play is not None:
        write_lines(folder / STEPS, [msgspec.to_builtins(step) for step in performance.steps])
        limit = {"limit_seconds": performance.play.limit_seconds}
        planned = planned._replace(case=msgspec.structs.replace(planned.case, **limit))
    return bundle.play_of(
        planned,
        performance.evidence,
        performance.judged(),
        reference=stand.subject.reference(planned.case.id, planned.mode, planned.play),
        started=performance.started,
        seconds=performance.seconds,
        settle_seconds=stand.subject.settings.delivery.settle_seconds,
        files=files(folder),
        unknown_operations=performance.play.unknown_operations if performance.play else (),
    )


def about(stand: Stand) -> About:
    """Return what is told of a run besides its plays.

    Raises:
        SubjectFailed: the subject cannot tell its version.
    """
    operator = stand.hands.operator.name if stand.hands else None
    return About(exchange_of(stand), _subject_of(stand), stand.conditions.seed, operator)


def exchange_of(stand: Stand) -> bundle.Exchange:
    """Return what is told of the exchange of a stand, with the choices known so far."""
    state = stand.state
    return bundle.Exchange(
        product="OXO Connect (simulated)",
        name=state.name,
        release=state.release,
        profile=state.profile,
        mode=state.mode,
        address=stand.first_address,
        host_name=stand.host_name or stand.first_address,
        ports=stand.ports,
        profile_choices=stand.profile_choices,
    )


def _subject_of(stand: Stand) -> bundle.SubjectRecord:
    subject = stand.subject
    identity = subject.settings.subject
    return bundle.SubjectRecord(
        name=identity.name,
        version=stand.subject_version(),
        vendor=identity.vendor,
        contact=identity.contact,
        folder=subject.folder.name,
        wires=identity.wires,
        issues=[
            bundle.IssueRecord(
                case=issue.case,
                reference=issue.reference,
                summary=issue.summary,
                expires=issue.expires.isoformat() if issue.expires else None,
                mode=issue.mode,
                play=issue.play,
            )
            for issue in subject.issues
        ],
    )
