"""run.json: what was run and found, in exactly the shape of docs/bundle.md, version 1."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from oxo_tickets import FIELDS, Standing, carriage

from oxo_scenarios.catalogue import Case, Catalogue, Planned
from oxo_scenarios.judge.evidence import (
    Appointments,
    Confirmation,
    Evidence,
    Incident,
    Restart,
    Unreadable,
)
from oxo_scenarios.judge.finding import Finding, Judgement, TicketFate
from oxo_scenarios.known import IssueNote, Known, KnownFailure, Outcome, known_failures
from oxo_scenarios.verdict import (
    Mark,
    Played,
    Result,
    Verdict,
    of_chapter,
    of_run,
    overall_result,
)
from oxo_scenarios.wires import Claim, doors_of

SCHEMA = "urn:oxo-interop:run:1"
RUN_FILE = "run.json"
NOT_SELECTED = "not selected"
NOT_YET_PLAYED = "not yet played"


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What ran the certification."""

    name: str
    version: str
    python: str
    platform: str


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """The exchange it was run against."""

    product: str
    name: str
    release: str
    profile: str
    mode: str
    address: str
    host_name: str
    ports: Mapping[str, int]
    profile_choices: Sequence[Mapping[str, str]]


class IssueRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A reference from the subject's issues.toml; `expires` is a day, ISO.

    `mode` or `play`: the only one that it is about.
    """

    case: str
    reference: str
    summary: str
    expires: str | None = None
    mode: str | None = None
    play: str | None = None


class KnownRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a known failure came to in this run (`oxo_scenarios.known`)."""

    case: str
    reference: str
    expires: str | None
    mode: str | None = None
    play: str | None = None
    state: Known


class OperatorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered the bench's questions."""

    name: str


class SubjectRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The subject."""

    name: str
    version: str
    vendor: str | None
    contact: str | None
    folder: str
    wires: Sequence[str]
    issues: Sequence[IssueRecord]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge was told besides the evidence files, so that anyone can judge again.

    Attributes:
        demands: as the catalogue has them.
        values: field under test -> values, one of which the exchange must have made.
        prescribed: the tickets it must have made, each as field -> value in words.
        coarser: fields that the wire carries less fine -> name of the rule.
        only: fields that the wire has for `calls` or for `reminders` alone.
        blank_is_absent: its delivery, or the wire, cannot tell empty from absent.
        unreadable: lines of its delivery that are no ticket.
        appointments: what it declares to do with appointment tickets.
        failure_pattern: how it words a failed connection.
        failure_log: bytes [from, to) of subject.log written since the exchange went away.
        restarts: when it was ended and started again.
        incidents: what kept the case from being played as written.
        host_name: name that a connection by name must show.
        confirmations: what the operator did and saw.
    """

    demands: Sequence[str]
    values: Mapping[str, Sequence[str]]
    prescribed: Sequence[Mapping[str, str]] = ()
    coarser: Mapping[str, str]
    only: Mapping[str, str] = {}
    blank_is_absent: bool
    unreadable: Sequence[Unreadable]
    appointments: Appointments
    failure_pattern: str | None
    failure_log: tuple[int, int] | None
    restarts: Sequence[Restart]
    incidents: Sequence[Incident]
    host_name: str
    confirmations: Sequence[Confirmation] = ()


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """One case under one tag set, judged."""

    play: str
    case: str
    chapter: str
    tag_set: str
    wire: str
    mode: str = "business"
    extra: bool = False
    doors: Sequence[str] = ()
    title: str
    action: str
    expectation: str
    fields: Sequence[str]
    carried: Sequence[str]
    shown: Sequence[str]
    remark: str | None
    limit_seconds: float
    settle_seconds: float
    verdict: Verdict
    reason: str | None
    reference: str | None
    comment: str
    received: Mark
    processed: Mark
    displayed: Mark | None = None
    recovery_seconds: float | None = None
    standing: Standing
    started: str
    seconds: float
    findings: Sequence[Finding]
    tickets: Sequence[TicketFate]
    evidence: Sequence[str]
    unknown_operations: Sequence[Mapping[str, Any]] = ()
    facts: Facts


class ChapterRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter with the verdict over its plays; `published` is false of extra cases."""

    id: str
    title: str
    verdict: Verdict
    objective: str
    published: bool


class GapRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was not played, and why."""

    case: str
    kind: str
    reason: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The whole run."""

    schema: Literal["urn:oxo-interop:run:1"] = "urn:oxo-interop:run:1"
    run: str
    started: str
    ended: str
    seed: int
    bench: Bench
    exchange: Exchange
    subject: SubjectRecord
    verdict: Verdict
    result: Result
    counts: Mapping[str, int]
    assumed_contract: int
    incomplete: Sequence[str]
    known_failures: Sequence[KnownRecord] = ()
    operator: OperatorRecord | None = None
    chapters: Sequence[ChapterRecord]
    gaps: Sequence[GapRecord]
    plays: Sequence[Play]


def facts_of(case: Case, tag_set: str, evidence: Evidence) -> Facts:
    """Gather what the judge was told besides the evidence files."""
    through = carriage(case.wire, tag_set)
    return Facts(
        demands=case.demands,
        values=case.values,
        prescribed=case.prescribed,
        coarser=dict(through.rules),
        only=dict(through.only),
        blank_is_absent=evidence.delivery.blank_is_absent or through.blank_is_absent,
        unreadable=evidence.delivery.unreadable,
        appointments=evidence.appointments,
        failure_pattern=evidence.failure_pattern,
        failure_log=evidence.failure_log,
        restarts=evidence.restarts,
        incidents=evidence.incidents,
        host_name=evidence.host_name,
        confirmations=evidence.confirmations,
    )


def play_of(  # noqa: PLR0913 - one argument per source of the record
    planned: Planned,
    evidence: Evidence,
    judgement: Judgement,
    *,
    reference: str | None,
    started: str,
    seconds: float,
    settle_seconds: float,
    files: Sequence[str],
    unknown_operations: Sequence[Mapping[str, Any]] = (),
) -> Play:
    """Put a judged play together.

    Args:
        planned: the case, as it was played.
        evidence: what the judge saw.
        judgement: what it found.
        reference: of a known issue, quoted when the play is nok.
        started: UTC instant.
        seconds: how long it took.
        settle_seconds: how long the delivery was given to settle.
        files: names of the evidence files in the play's folder.
        unknown_operations: what the subject called and the profile does not know.
    """
    case, tag_set = planned.case, planned.tag_set
    return Play(
        play=planned.play,
        case=case.id,
        chapter=case.chapter,
        tag_set=tag_set,
        wire=case.wire,
        mode=planned.mode,
        extra=planned.extra,
        doors=doors_of(case.wire),
        title=case.title,
        action=case.action,
        expectation=case.expectation,
        fields=case.fields,
        carried=_in_order(carriage(case.wire, tag_set).standings),
        shown=_in_order(evidence.delivery.shown),
        remark=case.remark,
        limit_seconds=case.limit_seconds,
        settle_seconds=settle_seconds,
        verdict=judgement.verdict,
        reason=judgement.reason,
        reference=reference if judgement.verdict is Verdict.NOK else None,
        comment=judgement.comment,
        received=judgement.received,
        processed=judgement.processed,
        displayed=judgement.displayed,
        recovery_seconds=judgement.recovery_seconds,
        standing=judgement.standing,
        started=started,
        seconds=seconds,
        findings=judgement.findings,
        tickets=judgement.tickets,
        evidence=files,
        unknown_operations=unknown_operations,
        facts=facts_of(case, tag_set, evidence),
    )


def run_of(  # noqa: PLR0913 - one argument per part of the record
    *,
    run: str,
    started: str,
    ended: str,
    seed: int,
    bench: Bench,
    exchange: Exchange,
    subject: SubjectRecord,
    plays: Sequence[Play],
    catalogue: Catalogue,
    planned: Collection[str] = (),
    operator: str | None = None,
) -> Run:
    """Put the run together; verdicts, counts and result are derived from the published plays.

    Extra ones stand beside them: a NOK among them is told as something the run lacks.

    `planned` are the cases that were to be played: those that were not are the run's own gap.
    `operator` is who answered the bench's questions, if it asked any.
    """
    published = [play for play in plays if not play.extra]
    words = [play.verdict for play in published]
    claim = Claim(subject.wires)
    asked = {each.play for each in catalogue.plays(claim) if not each.extra}
    return Run(
        run=run,
        started=started,
        ended=ended,
        seed=seed,
        bench=bench,
        exchange=exchange,
        subject=subject,
        verdict=of_run(words),
        result=overall_result(
            [Played(play.case, play.verdict, play.processed, play.displayed) for play in published],
            complete=asked <= {play.play for play in plays},
        ),
        counts={word.value: words.count(word) for word in reversed(Verdict)},
        assumed_contract=sum(_rests_on_ours(play) for play in published),
        incomplete=[sentence for play in plays for sentence in _incomplete(play)],
        operator=OperatorRecord(name=operator) if operator else None,
        known_failures=_known_records(known_of(plays, subject.issues, started)),
        chapters=_chapters(catalogue, plays),
        gaps=_gaps(catalogue, plays, planned, claim),
        plays=plays,
    )


def write_run(folder: Path, run: Run) -> Path:
    """Write run.json into the bundle, whole or not at all; return its path."""
    path = folder / RUN_FILE
    draft = folder / (RUN_FILE + ".part")
    draft.write_bytes(msgspec.json.format(encode_run(run), indent=2) + b"\n")
    draft.replace(path)
    return path


def encode_run(run: Run) -> bytes:
    """Return the JSON of a run, unformatted."""
    return msgspec.json.encode(run)


def run_as_builtins(run: Run) -> Any:
    """Return the run as plain mappings and lists, for `--json` and the schema test."""
    return msgspec.to_builtins(run)


def _incomplete(play: Play) -> Iterator[str]:
    """Say what a play lacks before the report may be issued; its verdict stands all the same."""
    if play.verdict is Verdict.NOK and not play.reference:
        told = play.play.removeprefix(play.case.lower()).removeprefix(".").replace(".", ", ")
        name = f"{play.case} ({told})" if told else play.case
        yield f"{name}: NOK without an issue reference in the subject's issues.toml."


def outcomes(plays: Sequence[Play]) -> list[Outcome]:
    """Return cases and verdicts alone, with those of extra cases set apart."""
    return [Outcome(play.case, play.verdict, play.extra, play.mode, play.play) for play in plays]


def known_of(
    plays: Sequence[Play], issues: Sequence[IssueRecord], started: str
) -> list[KnownFailure]:
    """Hold the issues against the plays, on the day (UTC) that the run was started."""
    notes = [
        IssueNote(
            case=one.case,
            reference=one.reference,
            expires=date.fromisoformat(one.expires) if one.expires else None,
            mode=one.mode,
            play=one.play,
        )
        for one in issues
    ]
    return known_failures(outcomes(plays), notes, date.fromisoformat(started[:10]))


def _known_records(found: Sequence[KnownFailure]) -> list[KnownRecord]:
    return [
        KnownRecord(
            case=one.issue.case,
            reference=one.issue.reference,
            expires=one.issue.expires.isoformat() if one.issue.expires else None,
            mode=one.issue.mode,
            play=one.issue.play,
            state=one.state,
        )
        for one in found
    ]


def _rests_on_ours(play: Play) -> bool:
    ticked = play.verdict in (Verdict.OK, Verdict.NOK)
    return ticked and play.standing is Standing.OURS


def _chapters(catalogue: Catalogue, plays: Sequence[Play]) -> list[ChapterRecord]:
    found = []
    for chapter in catalogue.chapters:
        words = [play.verdict for play in plays if play.chapter == chapter.id]
        if words:
            verdict = of_chapter(words)
            found.append(
                ChapterRecord(
                    id=chapter.id,
                    title=chapter.title,
                    verdict=verdict,
                    objective=chapter.objective,
                    published=chapter.published,
                )
            )
    return found


def _gaps(
    catalogue: Catalogue, plays: Sequence[Play], planned: Collection[str], claim: Claim
) -> list[GapRecord]:
    played = {play.case for play in plays}
    claimed = {case.id for case in catalogue.claimed(claim)}
    declared = [
        GapRecord(case=case, kind=gap.kind, reason=gap.reason)
        for gap in catalogue.declared_gaps
        for case in gap.ids
    ]
    for case in catalogue.cases:
        if case.id not in played:
            kind, reason = NOT_SELECTED, "left out by the selection of this run"
            if case.id not in claimed:
                reason = f"played on {', '.join(case.wires)}, which the subject does not claim"
            elif case.id in planned:
                kind, reason = NOT_YET_PLAYED, "the run broke off"
            declared.append(GapRecord(case=case.id, kind=kind, reason=reason))
    return declared


def _in_order(fields: Collection[str]) -> list[str]:
    return [name for name in FIELDS if name in fields]
