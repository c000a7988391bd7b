"""The record of one run: each performance judged, run.json brought up to date after each."""

import platform
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from oxo_tickets import Standing

from oxo_scenarios import bundle
from oxo_scenarios.bench.clock import utc_now, utc_text
from oxo_scenarios.bench.evidence import STEPS, files, write_lines
from oxo_scenarios.bench.play import Play
from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.bench.trouble import BenchBroken, NotHeld
from oxo_scenarios.catalogue import Case, Catalogue, Planned
from oxo_scenarios.judge import (
    Evidence,
    Finding,
    Incident,
    Judgement,
    judge,
    not_applicable,
    not_carried,
)
from oxo_scenarios.judge.judgement import PLAYED
from oxo_scenarios.known import KnownFailure
from oxo_scenarios.verdict import Mark, Verdict

DISTRIBUTION = "oxo-interop"


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """One Gherkin step as it went (docs/bundle.md)."""

    n: int
    keyword: str
    name: str
    outcome: str
    seconds: float
    reason: str | None = None


class Performance:
    """One play with its judgement, which is made once, when it is first asked for."""

    def __init__(self, planned: Planned, play: Play | None) -> None:
        """Perform on `play`; none when the subject declares the case not applicable."""
        self.planned = planned
        self.play = play
        self.steps: list[StepLine] = []
        self.evidence = Evidence()
        self.started = utc_now()
        self._begun = time.monotonic()
        self._judgement: Judgement | None = None

    @property
    def seconds(self) -> float:
        """Return how long it has taken so far."""
        return round(time.monotonic() - self._begun, 3)

    def holds(self, *demands: str) -> None:
        """Judge, and let the step fail that asks for a demand which is nok.

        Raises:
            NotHeld: with the judge's reason.
            BenchBroken: the case does not make such a demand; a step that asks for nothing would
                hold whatever the subject did.
        """
        case = self.planned.case
        unknown = [demand for demand in demands if demand not in case.demands]
        if unknown or not demands:
            raise BenchBroken(
                f"the step asks for {', '.join(unknown) or 'nothing'}; "
                f"case {case.id} demands {', '.join(case.demands)}"
            )
        failed = [
            finding.reason or finding.demand
            for finding in self.judged().findings
            if finding.demand in demands and finding.verdict is Verdict.NOK
        ]
        if failed:
            raise NotHeld("; ".join(failed))

    def ask_failure_message(self) -> None:
        """Ask the operator, where there is one, whether the subject shows its failed connection."""
        assert self.play is not None
        self.play.ask_failure_message()

    def judged(self) -> Judgement:
        """Conclude the play and judge it."""
        if self._judgement is None:
            assert self.play is not None
            self.evidence = self.play.conclude()
            self._judgement = judge(self.planned.case, self.planned.tag_set, self.evidence)
        return self._judgement

    def declared(self, reason: str) -> None:
        """Take it that the case does not apply: nothing is played."""
        self._judgement = not_applicable(self.planned.case, reason)

    def unseen(self, reason: str) -> None:
        """Take it that the wire carries nothing of the case: nothing is played."""
        self._judgement = not_carried(self.planned.case, reason)

    def broken(self, text: str) -> None:
        """Say that the bench broke, without asking the judge; what broke first is told first."""
        known = tuple(self.play.incidents) if self.play is not None else ()
        known += (Incident(fault="bench", text=text),)
        self.evidence = msgspec.structs.replace(self.evidence, incidents=known)
        told = [each.text for each in known if each.fault == "bench"]
        comment = "not judged: the bench broke"
        self._judgement = _unjudged(self.planned.case, Verdict.ERROR, told, comment)

    def left(self, text: str) -> None:
        """Say that the operator left the case: what lies there then convicts nobody."""
        assert self.play is not None
        self.evidence = Evidence(
            incidents=(Incident(fault="nobody", text=text),),
            confirmations=self.play.confirmations,
            host_name=self.evidence.host_name,
        )
        comment = "not judged: the case was left"
        self._judgement = _unjudged(self.planned.case, Verdict.UNDECIDED, [text], comment)


class Options(NamedTuple):
    """What a run plays, where its bundle goes, whether known failures let it pass, and with PDF."""

    catalogue: Catalogue
    planned: Sequence[Planned]
    out: Path
    allow_known: bool = False
    pdf: bool = True


class Record:
    """The run as it grows."""

    def __init__(self, stand: Stand, options: Options) -> None:
        """Name the run and make its folder."""
        now = datetime.now(UTC)
        self.name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self.options = options
        self.folder = options.out / self.name
        self.folder.mkdir(parents=True)
        self.plays: list[bundle.Play] = []
        self._stand = stand
        self._started = utc_text(now)
        self._subject = self._subject_record()
        self.run = self._written()

    @property
    def complete(self) -> bool:
        """Tell whether every play was recorded."""
        return len(self.plays) == len(self.options.planned)

    @property
    def known(self) -> list[KnownFailure]:
        """Return what the subject's issues mean for the plays so far."""
        return bundle.known_of(self.plays, self._subject.issues, self._started)

    def evidence_folder(self, planned: Planned) -> Path:
        """Return where the evidence of a play goes."""
        return self.folder / "evidence" / planned.play

    def add(self, performance: Performance) -> bundle.Play:
        """Record a judged performance and write run.json."""
        planned = performance.planned
        folder = self.evidence_folder(planned)
        if performance.play is not None:
            write_lines(folder / STEPS, [msgspec.to_builtins(step) for step in performance.steps])
        subject = self._stand.subject
        if performance.play is not None:
            limit = {"limit_seconds": performance.play.limit_seconds}
            planned = planned._replace(case=msgspec.structs.replace(planned.case, **limit))
        play = bundle.play_of(
            planned,
            performance.evidence,
            performance.judged(),
            reference=subject.reference(planned.case.id),
            started=performance.started,
            seconds=performance.seconds,
            settle_seconds=subject.settings.delivery.settle_seconds,
            files=files(folder),
            unknown_operations=performance.play.unknown_operations if performance.play else (),
        )
        self.plays.append(play)
        self.run = self._written()
        return play

    def _written(self) -> bundle.Run:
        run = bundle.run_of(
            run=self.name,
            started=self._started,
            ended=utc_now(),
            seed=self._stand.conditions.seed,
            bench=_bench(),
            exchange=self._exchange(),
            subject=self._subject,
            plays=self.plays,
            catalogue=self.options.catalogue,
            planned=[planned.case.id for planned in self.options.planned],
            operator=self._stand.hands.operator.name if self._stand.hands else None,
        )
        bundle.write_run(self.folder, run)
        return run

    def _exchange(self) -> bundle.Exchange:
        state = self._stand.state
        return bundle.Exchange(
            product="OXO Connect (simulated)",
            name=state.name,
            release=state.release,
            profile=state.profile,
            mode=state.mode,
            address=self._stand.address,
            host_name=self._stand.host_name or self._stand.address,
            ports=self._stand.ports,
            profile_choices=self._stand.profile_choices,
        )

    def _subject_record(self) -> bundle.SubjectRecord:
        subject = self._stand.subject
        identity = subject.settings.subject
        return bundle.SubjectRecord(
            name=identity.name,
            version=self._stand.subject_version(),
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
                )
                for issue in subject.issues
            ],
        )


def _unjudged(case: Case, verdict: Verdict, told: Sequence[str], comment: str) -> Judgement:
    """Return the judgement of a play whose evidence cannot be judged, or says nothing."""
    findings = tuple(
        Finding(
            demand=PLAYED,
            verdict=verdict,
            reason=text,
            evidence=(STEPS,),
            parameters={"asks": "The case could be played as it is written."},
            standing=Standing.DOCUMENTED,
        )
        for text in told
    )
    return Judgement(
        verdict=verdict,
        reason="; ".join(dict.fromkeys(told)),
        comment=comment,
        received=Mark.NOT_OBSERVABLE,
        processed=Mark.NOT_OBSERVABLE,
        standing=case.standing,
        findings=findings,
        tickets=(),
    )


def _bench() -> bundle.Bench:
    return bundle.Bench(
        name=DISTRIBUTION,
        version=version(DISTRIBUTION),
        python=platform.python_version(),
        platform=platform.platform(),
    )


def as_json(run: bundle.Run) -> Any:
    """Return the run as plain values."""
    return bundle.run_as_builtins(run)
