"""The judge: from the evidence of one play to its verdict. Pure; docs/judge.md is its page."""

from oxo_scenarios.judge.evidence import (
    Confirmation,
    Delivery,
    Evidence,
    Incident,
    Line,
    Restart,
    Unreadable,
)
from oxo_scenarios.judge.finding import Fate, Finding, Judgement, TicketFate
from oxo_scenarios.judge.judgement import judge, not_applicable, not_carried

__all__ = [
    "Confirmation",
    "Delivery",
    "Evidence",
    "Fate",
    "Finding",
    "Incident",
    "Judgement",
    "Line",
    "Restart",
    "TicketFate",
    "Unreadable",
    "judge",
    "not_applicable",
    "not_carried",
]
