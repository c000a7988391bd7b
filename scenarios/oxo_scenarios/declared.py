"""What the owner of a subject says beforehand: what does not apply, and what is known to fail."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from oxo_scenarios.known import IssueNote
from oxo_scenarios.wires import MODES, Mode

Text = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """A table of the owner's files: no other keys than these."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _reasons(value: object) -> object:
    told = value if isinstance(value, Mapping) else dict.fromkeys(MODES, value)
    reasons = [isinstance(reason, str) and bool(reason) for reason in told.values()]
    if not reasons or not all(reasons) or not set(told) <= set(MODES):
        raise ValueError(f"a reason, or mode = reason ({', '.join(MODES)}), is expected")
    return value


Reasons = Annotated[str | Mapping[str, str], BeforeValidator(_reasons)]
"""Why a case does not apply: in every mode, or mode -> reason."""


def why_not(declared: Mapping[str, Reasons], case: str, mode: str) -> str | None:
    """Return why a case does not apply in a mode, by the subject's own word."""
    told = declared.get(case)
    return told.get(mode) if isinstance(told, Mapping) else told


class Issue(Table):
    """Reference to the record of a known failure; good through the day `expires`.

    It is about every play of the case, or about those in one mode, or about one alone.
    """

    case: Text
    reference: Text
    summary: Text
    expires: date | None = None
    mode: Mode | None = None
    play: Text | None = None

    @model_validator(mode="after")
    def _of_its_case(self) -> Self:
        if self.mode is not None and self.play is not None:
            raise ValueError("give at most one of 'mode' and 'play'")
        if self.play is not None and self.play.partition(".")[0] != self.case.lower():
            raise ValueError(f"the play {self.play!r} is none of {self.case}")
        return self

    def note(self) -> IssueNote:
        """Return what it says of plays."""
        return IssueNote(self.case, self.reference, self.expires, self.mode, self.play)

    @field_validator("expires", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if type(value) is not date:
            raise ValueError("is a day, written without quotes as in 2027-03-31")
        return value


class Issues(Table):
    """The whole of issues.toml."""

    issue: list[Issue] = []
