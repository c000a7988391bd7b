"""From case and evidence to the judgement of one play."""

from collections.abc import Sequence

from oxo_tickets import Standing

from oxo_scenarios.catalogue import Case
from oxo_scenarios.judge.comment import comment
from oxo_scenarios.judge.demands import Answer, Asked, demand_of
from oxo_scenarios.judge.evidence import Evidence, Incident
from oxo_scenarios.judge.finding import Fate, Finding, Judgement
from oxo_scenarios.judge.recovery import recovery_seconds
from oxo_scenarios.judge.sight import Sight, look
from oxo_scenarios.verdict import Mark, Verdict, of_play, weakest

PLAYED = "played as written"
"""Words of the finding that an incident becomes; no case asks for it, every case needs it."""

_FAULTS = {
    "subject": Verdict.NOK,
    "bench": Verdict.ERROR,
    "nobody": Verdict.UNDECIDED,
}
_MARKS = {Verdict.OK: Mark.YES, Verdict.NOK: Mark.NO, Verdict.NOT_APPLICABLE: Mark.NOT_ASKED}


def judge(case: Case, tag_set: str, evidence: Evidence) -> Judgement:
    """Judge one play from its evidence.

    Raises:
        DemandUnknown: the catalogue asks something the judge has no word for (bench's fault).
        LedgerUnreadable: the ledger is not as docs/bundle.md has it (bench's fault).
    """
    asked = [demand_of(words) for words in case.demands]
    if evidence.delivery.unreadable:
        asked.append(demand_of("readable delivery"))
    sight = look(case, tag_set, evidence)
    answers = [(demand, demand.demand.decide(sight, demand.argument)) for demand in asked]
    findings = [
        *(_incident(incident) for incident in evidence.incidents),
        *(_finding(demand, answer) for demand, answer in answers),
    ]
    verdict = of_play((finding.demand, finding.verdict) for finding in findings)
    return Judgement(
        verdict=verdict,
        reason=_reason(verdict, findings),
        comment=comment(sight, answers),
        received=_mark("received", findings),
        processed=_processed(sight, findings),
        displayed=_displayed(findings),
        recovery_seconds=recovery_seconds(sight),
        standing=weakest([case.standing, *(finding.standing for finding in findings)]),
        findings=tuple(findings),
        tickets=sight.tickets(),
    )


def not_applicable(case: Case, reason: str) -> Judgement:
    """Return the judgement of a case that does not apply; nothing is played."""
    return _not_played(case, Verdict.NOT_APPLICABLE, reason)


def not_carried(case: Case, reason: str) -> Judgement:
    """Return the judgement of a case of which the wire carries nothing; nothing is played."""
    return _not_played(case, Verdict.NOT_OBSERVABLE, reason)


def _not_played(case: Case, verdict: Verdict, reason: str) -> Judgement:
    return Judgement(
        verdict=verdict,
        reason=reason,
        comment=reason,
        received=Mark.NOT_ASKED,
        processed=Mark.NOT_ASKED,
        standing=case.standing,
        findings=(),
        tickets=(),
    )


def _finding(asked: Asked, answer: Answer) -> Finding:
    return Finding(
        demand=f"{asked.demand.name} {asked.argument}".strip(),
        verdict=answer.verdict,
        reason=answer.reason,
        evidence=asked.demand.evidence,
        parameters={"asks": asked.demand.sentence, **answer.parameters},
        standing=answer.standing or asked.demand.standing,
    )


def _incident(incident: Incident) -> Finding:
    return Finding(
        demand=PLAYED,
        verdict=_FAULTS[incident.fault],
        reason=incident.text,
        evidence=("steps.ndjson",),
        parameters={"asks": "The case could be played as it is written."},
        standing=Standing.DOCUMENTED,
    )


def _reason(verdict: Verdict, findings: Sequence[Finding]) -> str | None:
    """Return why the play is not ok: the reasons of every finding as grave as the play."""
    if verdict is Verdict.OK:
        return None
    reasons = [found.reason for found in findings if found.verdict is verdict and found.reason]
    return "; ".join(dict.fromkeys(reasons)) or "no finding weighs"


def _mark(demand: str, findings: Sequence[Finding]) -> Mark:
    for finding in findings:
        if finding.demand == demand:
            return _MARKS.get(finding.verdict, Mark.NOT_OBSERVABLE)
    return Mark.NOT_ASKED


def _displayed(findings: Sequence[Finding]) -> Mark | None:
    """Return the mark of what is shown; `None` where nothing is asked, or nothing was to be shown.

    A subject that names no place to look is not asked, as in the published report.
    """
    words = {found.demand: found.verdict for found in findings}
    verdict = words.get("shown", Verdict.NOT_APPLICABLE)
    if verdict is Verdict.NOT_APPLICABLE:
        return None
    return Mark.NOT_ASKED if verdict is Verdict.NOT_OBSERVABLE else _MARKS[verdict]


def _processed(sight: Sight, findings: Sequence[Finding]) -> Mark:
    """Return the second mark: tickets that the subject only receives are never called processed."""
    if sight.destinies and all(d.fate is Fate.NOT_ASKED for d in sight.destinies):
        return Mark.NOT_ASKED
    mark = _mark("exactly once", findings)
    return Mark.IN_PART if mark is Mark.YES and sight.of_fate(Fate.NOT_ASKED) else mark
