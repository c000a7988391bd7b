"""Everything the judge may look at. What is not here cannot sway a verdict.

Lines of ledger, transcript and proxy journal are mappings in exactly the shape in which the
bundle keeps them (docs/bundle.md), the event's own keys beside the common ones. What the bench
knows besides those files goes into the bundle as the play's `facts`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from oxo_tickets import FIELDS, Ticket

Line = Mapping[str, Any]

Appointments = Literal["processed", "received"]


class Unreadable(msgspec.Struct, frozen=True):
    """A line of the subject's delivery that is no ticket: its number from 1, and why."""

    line: int
    reason: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What the subject delivered, in its order.

    Attributes:
        tickets: the readable ones.
        lines: line of the raw delivery that each of `tickets` stands in.
        shown: fields that the subject shows; the others are neither right nor wrong.
        blank_is_absent: true where the format cannot tell an empty value from an absent one (CSV).
        unreadable: the other lines.
    """

    tickets: tuple[Ticket, ...] = ()
    lines: tuple[int, ...] = ()
    shown: frozenset[str] = frozenset(FIELDS)
    blank_is_absent: bool = False
    unreadable: tuple[Unreadable, ...] = ()


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """The subject was ended and started again.

    Attributes:
        after_line: number `n` of the last ledger line when the subject was gone; 0 for none.
        signal: `KILL` (also a power cut by hand), `TERM`, `command`, or `hand`.
        started: UTC instant at which it was started again.
    """

    after_line: int
    signal: str
    started: str | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Something that kept the case from being played as written.

    Attributes:
        fault: whose: `subject` (it did not start, did not act within its limit) is nok, `bench`
            is an error, `nobody` (what the case needs did not come about) is undecided.
        text: what happened, as a person should read it.
    """

    fault: Literal["subject", "bench", "nobody"]
    text: str


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator did or saw.

    Attributes:
        question: what was asked for: `start`, `stop`, `power off`, `failure message`.
        text: the words of the question.
        answer: `yes`, done or seen, or `no`.
        by: name of the operator.
        at: UTC instant of the answer.
    """

    question: str
    text: str
    answer: Literal["yes", "no"]
    by: str
    at: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence of one play.

    Attributes:
        ledger: what the exchange made, buffered, offered, was told.
        transcript: HTTP exchanges inside TLS.
        proxy: journal of the bench's proxy.
        delivery: what the subject delivered.
        subject_log: its standard output and error.
        failure_log: bytes [from, to) of `subject_log` written since the exchange went away; `None`
            when it never did.
        failure_pattern: how the subject says it words a failed connection; a regular expression.
        appointments: what the subject says it does with appointment tickets.
        restarts: every time it was ended and started again, in order.
        incidents: what went wrong in playing.
        host_name: the name of the exchange that a connection by name must show.
        confirmations: what the operator of a remote subject did and saw, in order.
        shown: what the subject shows of appointments and rooms; `None` where it names no place to
            look, or where no case asks.
    """

    ledger: Sequence[Line] = ()
    transcript: Sequence[Line] = ()
    proxy: Sequence[Line] = ()
    delivery: Delivery = Delivery()
    subject_log: bytes = b""
    failure_log: tuple[int, int] | None = None
    failure_pattern: str | None = None
    appointments: Appointments = "processed"
    restarts: Sequence[Restart] = ()
    incidents: Sequence[Incident] = ()
    host_name: str = "localhost"
    confirmations: Sequence[Confirmation] = ()
    shown: Sequence[Ticket] | None = None
