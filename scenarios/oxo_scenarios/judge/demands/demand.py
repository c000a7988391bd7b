"""What a demand is: its words, the sentence that the report prints, and how it is decided."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from oxo_tickets import Standing

from oxo_scenarios.judge.sight import Sight
from oxo_scenarios.verdict import Verdict

LEDGER = "ledger.ndjson"
TRANSCRIPT = "transcript.ndjson"
DELIVERY = "delivery.ndjson"
DELIVERY_RAW = "delivery.raw"
SHOWN = "shown.ndjson"
PROXY = "proxy.ndjson"
LOG = "subject.log"
NAMED_TICKETS_MAX = 5


class DemandUnknown(LookupError):
    """The catalogue asks something that the judge has no word for (bench's fault)."""


class Answer(NamedTuple):
    """What a demand found: the reason when it is not ok, a clause for the comment when it is."""

    verdict: Verdict
    reason: str | None = None
    clause: str | None = None
    standing: Standing | None = None
    parameters: Mapping[str, object] = {}


class Demand(NamedTuple):
    """One question.

    Attributes:
        name: its words in the catalogue.
        decide: answers it; the first line of its docstring is the report's sentence.
        evidence: files that show the answer.
        standing: how firm it is that an exchange gives this evidence.
        argument: name of its argument; empty when it has none.
    """

    name: str
    decide: Callable[[Sight, str], Answer]
    evidence: tuple[str, ...]
    standing: Standing
    argument: str = ""

    @property
    def sentence(self) -> str:
        """Return what is asked, as the report prints it."""
        return (self.decide.__doc__ or "").partition("\n")[0]


class Asked(NamedTuple):
    """A demand with its argument, such as the name of the field."""

    demand: Demand
    argument: str


def ok(clause: str | None = None, **parameters: object) -> Answer:
    """Answer yes."""
    return Answer(Verdict.OK, clause=clause, parameters=parameters)


def nok(reason: str, **parameters: object) -> Answer:
    """Answer no: the subject failed."""
    return Answer(Verdict.NOK, reason, parameters=parameters)


def undecided(reason: str) -> Answer:
    """Answer that what the question needs did not come about."""
    return Answer(Verdict.UNDECIDED, reason)


def counted(number: int, noun: str) -> str:
    """Return `1 ticket` or `3 tickets`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
