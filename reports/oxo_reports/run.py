"""run.json as objects: what a certification run played and found.

The schema (`schema/run-1.schema.json`) is the law and is checked first; these classes only give
its keys types. Meanings: docs/bundle.md.
"""

from typing import Any, Literal

import msgspec

Verdict = Literal["error", "nok", "undecided", "not observable", "not applicable", "ok"]
Standing = Literal["documented", "field", "inferred", "ours"]
Mark = Literal["yes", "in part", "no", "not observable", "not asked"]
Mode = Literal["business", "hotel"]
Result = Literal["Passed", "Passed with restriction", "Postponed", "Refused"]
Fate = Literal[
    "exactly once",
    "lost",
    "duplicated",
    "altered",
    "phantom",
    "dropped by the exchange",
    "recovered",
    "not asked",
]


class Bench(msgspec.Struct, frozen=True):
    """The program that played the cases."""

    name: str
    version: str
    python: str
    platform: str


class ProfileChoice(msgspec.Struct, frozen=True):
    """One behaviour of the exchange that the profile chose, and how well it is known."""

    key: str
    value: str | int | float | bool | None
    standing: Standing


class Exchange(msgspec.Struct, frozen=True):
    """The simulated exchange: identity, mode and where it listened."""

    product: str
    name: str
    release: str
    profile: str
    mode: str
    address: str
    host_name: str
    ports: dict[str, int]
    profile_choices: list[ProfileChoice]


class Issue(msgspec.Struct, frozen=True):
    """A reference that the subject's `issues.toml` gives for a case."""

    case: str
    reference: str
    summary: str | None
    expires: str | None = None
    mode: Literal["business", "hotel"] | None = None
    play: str | None = None


class Subject(msgspec.Struct, frozen=True):
    """The collector under certification."""

    name: str
    version: str | None
    vendor: str | None
    contact: str | None
    folder: str | None
    wires: list[str]
    issues: list[Issue]


class Chapter(msgspec.Struct, frozen=True):
    """One group of cases with its own verdict."""

    id: str
    title: str
    verdict: Verdict
    objective: str | None = None
    published: bool = True


class Finding(msgspec.Struct, frozen=True):
    """One demand of a case, its verdict, and the evidence that it rests on."""

    demand: str
    verdict: Verdict
    reason: str | None
    evidence: list[str]
    parameters: dict[str, Any]
    standing: Standing


class Difference(msgspec.Struct, frozen=True):
    """A field that the delivery shows otherwise than the exchange made it."""

    field: str
    expected: Any
    found: Any


class TicketFate(msgspec.Struct, frozen=True):
    """What became of one ticket; `id` is its number in the ledger."""

    id: int | None
    sequence: int | None
    fate: Fate
    differences: list[Difference]
    delivered: list[int] = []


class Unreadable(msgspec.Struct, frozen=True):
    """A line of the delivery that is no ticket."""

    line: int
    reason: str


class Restart(msgspec.Struct, frozen=True):
    """The subject was ended, after this ledger line, and started again."""

    after_line: int
    signal: str
    started: str | None = None


class Incident(msgspec.Struct, frozen=True):
    """What kept the case from being played as written, and whose fault it was."""

    fault: Literal["subject", "bench", "nobody"]
    text: str


class Confirmation(msgspec.Struct, frozen=True):
    """What the bench asked the operator, what the operator answered, who and when."""

    question: str
    text: str
    answer: Literal["yes", "no"]
    by: str
    at: str


class UnknownOperation(msgspec.Struct, frozen=True):
    """An operation that the solution called and the profile does not know."""

    operation: str
    namespace: str | None
    soap_action: str | None
    count: int
    profile_lines: list[str]


class KnownFailure(msgspec.Struct, frozen=True):
    """What an issue of the subject's issues.toml came to in this run."""

    case: str
    reference: str
    expires: str | None
    state: Literal[
        "known",
        "expired",
        "no expiry date",
        "passes now",
        "neither failed nor passed",
        "not played",
    ]
    mode: Literal["business", "hotel"] | None = None
    play: str | None = None

    @property
    def where(self) -> str:
        """Return the case, with the only mode or play that the issue is about."""
        only = self.mode or self.play
        return f"{self.case} ({only})" if only else self.case


class Operator(msgspec.Struct, frozen=True):
    """Who answered the bench's questions."""

    name: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge was told besides the evidence files."""

    demands: list[str]
    values: dict[str, list[str]]
    coarser: dict[str, str]
    blank_is_absent: bool
    unreadable: list[Unreadable]
    appointments: Literal["processed", "received"]
    failure_pattern: str | None
    failure_log: list[int] | None
    restarts: list[Restart]
    incidents: list[Incident]
    host_name: str
    confirmations: list[Confirmation] = []
    prescribed: list[dict[str, str]] = []
    only: dict[str, Literal["calls", "reminders", "rooms"]] = {}


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """One case played once, with one tag set, in one mode of the exchange.

    `displayed` is the second mark of appointments and room status: whether the subject shows them.
    """

    play: str
    case: str
    chapter: str
    tag_set: str | None
    wire: str
    doors: list[str] | None = None
    title: str
    action: str
    expectation: str
    fields: list[str]
    carried: list[str] | None = None
    shown: list[str] | None = None
    remark: str | None
    limit_seconds: float
    settle_seconds: float
    verdict: Verdict
    reason: str | None
    reference: str | None
    comment: str | None
    received: Mark
    processed: Mark
    standing: Standing
    started: str
    seconds: float
    findings: list[Finding]
    tickets: list[TicketFate]
    evidence: list[str]
    unknown_operations: list[UnknownOperation] = []
    facts: Facts | None = None
    mode: Mode = "business"
    extra: bool = False
    displayed: Mark | None = None
    recovery_seconds: float | None = None


class Gap(msgspec.Struct, frozen=True):
    """A case that was not played, and why."""

    case: str
    reason: str
    kind: Literal["never published", "not yet played", "not selected"] | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of run.json."""

    schema: str
    run: str
    started: str
    ended: str
    seed: int
    bench: Bench
    exchange: Exchange
    subject: Subject
    verdict: Verdict
    result: Result
    counts: dict[Verdict, int]
    assumed_contract: int
    chapters: list[Chapter]
    plays: list[Play]
    gaps: list[Gap] | None = None
    incomplete: list[str] | None = None
    known_failures: list[KnownFailure] = []
    operator: Operator | None = None
