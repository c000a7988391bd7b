"""From case and evidence to the judgement of one play."""

from oxo_scenarios.catalogue import Case
from oxo_scenarios.judge.evidence import Evidence
from oxo_scenarios.judge.finding import Judgement
from oxo_scenarios.verdict import Mark, Verdict


def judge(case: Case, tag_set: str, evidence: Evidence) -> Judgement:
    """Judge one play from its evidence.

    Raises:
        DemandUnknown: the catalogue asks something the judge has no word for (bench's fault).
        LedgerUnreadable: the ledger is not as docs/bundle.md has it (bench's fault).
    """
    raise NotImplementedError


def not_applicable(case: Case, reason: str) -> Judgement:
    """Return the judgement of a case that the subject declares not to apply; nothing is played."""
    return Judgement(
        verdict=Verdict.NOT_APPLICABLE,
        reason=reason,
        comment=reason,
        received=Mark.NOT_ASKED,
        processed=Mark.NOT_ASKED,
        standing=case.standing,
        findings=(),
        tickets=(),
    )
