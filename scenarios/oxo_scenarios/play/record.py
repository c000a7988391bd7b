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
from oxo_scenarios.bench.evidence import STEPS
from oxo_scenarios.bench.play import Play
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
from oxo_scenarios.wires import MODES

GONE_ON = (Verdict.OK, Verdict.NOT_OBSERVABLE)
"""Behind such a play nothing is owed: the subject may go on into the next one."""
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
            self._judgement = self._judged(self.play)
        return self._judgement

    def _judged(self, play: Play) -> Judgement:
        """Judge while the subject runs, if the next play may take it over; it then goes on.

        Where anything is not as it should be it is stopped, and what it delivered last counts.
        """
        case, tag_set = self.planned.case, self.planned.tag_set
        if play.may_go_on:
            self.evidence = play.conclude(running=True)
            judgement = judge(case, tag_set, self.evidence)
            if judgement.verdict in GONE_ON and play.may_go_on:
                play.go_on()
                return judgement
        self.evidence = play.conclude()
        return judge(case, tag_set, self.evidence)

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
    """What a run plays, where its bundle goes, whether known failures let it pass, and with PDF.

    `stands` are how many play side by side.
    """

    catalogue: Catalogue
    planned: Sequence[Planned]
    out: Path
    allow_known: bool = False
    pdf: bool = True
    stands: int = 1


class About(NamedTuple):
    """What is told of a run besides its plays."""

    exchange: bundle.Exchange
    subject: bundle.SubjectRecord
    seed: int
    operator: str | None = None


class Record:
    """The run as it grows."""

    def __init__(self, options: Options, about: About) -> None:
        """Name the run and make its folder."""
        now = datetime.now(UTC)
        self.name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self.options = options
        self.folder = options.out / self.name
        self.folder.mkdir(parents=True)
        self.plays: list[bundle.Play] = []
        self._order = {planned.play: place for place, planned in enumerate(options.planned)}
        self._about = about
        self._started = utc_text(now)
        self.run = self._written()

    @property
    def complete(self) -> bool:
        """Tell whether every play was recorded."""
        return len(self.plays) == len(self.options.planned)

    @property
    def known(self) -> list[KnownFailure]:
        """Return what the subject's issues mean for the plays so far."""
        return bundle.known_of(self.plays, self._about.subject.issues, self._started)

    def evidence_folder(self, planned: Planned) -> Path:
        """Return where the evidence of a play goes."""
        return self.folder / "evidence" / planned.play

    def add(self, play: bundle.Play, exchange: bundle.Exchange) -> None:
        """Record a judged play in the catalogue's place, and write run.json.

        `exchange` is as the play left it: each one may show choices of its profile that no
        other did.
        """
        self.plays.append(play)
        self.plays.sort(key=lambda each: self._order[each.play])
        known = {choice["key"]: choice for choice in self._about.exchange.profile_choices}
        for choice in exchange.profile_choices:
            known.setdefault(choice["key"], choice)
        told = msgspec.structs.replace(
            self._about.exchange,
            profile_choices=list(known.values()),
            mode=", ".join(mode for mode in MODES if mode in {one.mode for one in self.plays}),
        )
        self._about = self._about._replace(exchange=told)
        self.run = self._written()

    def _written(self) -> bundle.Run:
        run = bundle.run_of(
            run=self.name,
            started=self._started,
            ended=utc_now(),
            seed=self._about.seed,
            bench=_bench(),
            exchange=self._about.exchange,
            subject=self._about.subject,
            plays=self.plays,
            catalogue=self.options.catalogue,
            planned=[planned.case.id for planned in self.options.planned],
            operator=self._about.operator,
        )
        bundle.write_run(self.folder, run)
        return run


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
