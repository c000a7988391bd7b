"""What a demand comes to: a finding for the bundle, and a clause for the comment."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from oxo_tickets import Standing

from oxo_scenarios.verdict import Mark, Verdict


class Fate(StrEnum):
    """What became of one ticket (docs/bundle.md)."""

    EXACTLY_ONCE = "exactly once"
    RECOVERED = "recovered"
    LOST = "lost"
    DUPLICATED = "duplicated"
    ALTERED = "altered"
    PHANTOM = "phantom"
    DROPPED = "dropped by the exchange"
    NOT_ASKED = "not asked"


class FieldDifference(msgspec.Struct, frozen=True):
    """One field that differs, in plain JSON values."""

    field: str
    expected: object
    found: object


class TicketFate(msgspec.Struct, frozen=True, kw_only=True):
    """The fate of one ticket.

    Attributes:
        id: ledger id; `None` of a phantom.
        sequence: its place in the exchange's sequence; `None` when it was never buffered.
        fate: what became of it.
        differences: of an altered one, field by field.
        delivered: places in the delivery, from 1, where it was found.
    """

    id: int | None
    sequence: int | None
    fate: Fate
    differences: tuple[FieldDifference, ...] = ()
    delivered: tuple[int, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one demand.

    Attributes:
        demand: its words, such as `field currency`.
        verdict: the answer.
        reason: why it is not ok; `None` when it is.
        evidence: files that show it.
        parameters: what the answer depends on, such as the field or the port.
        standing: the weakest standing it rests on.
    """

    demand: str
    verdict: Verdict
    reason: str | None
    evidence: tuple[str, ...]
    parameters: Mapping[str, object] = {}
    standing: Standing = Standing.OURS


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on a play with everything it rests on; the words are those of docs/bundle.md.

    Attributes:
        displayed: whether the subject shows the appointments and room states of the play; `None`
            where the case asks for none.
        recovery_seconds: from the end of the last disturbance to the last ticket given away after
            it; `None` without one, or where a ticket was never had.
    """

    verdict: Verdict
    reason: str | None
    comment: str
    received: Mark
    processed: Mark
    displayed: Mark | None = None
    recovery_seconds: float | None = None
    standing: Standing
    findings: tuple[Finding, ...]
    tickets: tuple[TicketFate, ...]
