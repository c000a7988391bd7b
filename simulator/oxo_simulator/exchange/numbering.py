"""A numbering plan of one's own: sets, groups and trunks as a table, checked as a whole.

Numbers have three to eight digits (facts: oxo 2.1, 8-digit plans), a group's may have fewer, such
as the attendants' 9; none begins another, or nobody could dial the longer one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from oxo_tickets import UserKind
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from oxo_simulator.exchange.directory import (
    NAME_CHARACTERS_MAX,
    Directory,
    Group,
    Monitoring,
    SetClass,
    Subscriber,
    names,
)
from oxo_simulator.exchange.trunks import CHANNELS

SETS_MAX = 2_000
GROUPS_MAX = 100
TRUNKS_MAX = 100
CHANNELS_OF: Mapping[str, int] = {"L": 1, "N": 2, "P": 30, "V": 120}
"""Calls that an access carries at once where the plan does not say."""

_TEXT = r"^[^\x00-\x1f\x7f-\x9f\ufffe\uffff]*$"
"""What XML and a printed line can carry."""
_SET_NUMBER, _GROUP_NUMBER = r"^[0-9]{3,8}$", r"^[0-9]{1,8}$"
_TRUNK_NAME = r"^[LNPV][0-9]{1,3}$"
_EXPECTED = {
    _TEXT: "printable characters are",
    _SET_NUMBER: "3 to 8 digits are",
    _GROUP_NUMBER: "1 to 8 digits are",
    _TRUNK_NAME: "L, N, P or V and 1 to 3 digits are",
}
_NAME = Field(min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=_TEXT)


class PlanUnusable(ValueError):
    """The plan cannot be installed (the operator's fault): which entry, and what is allowed."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class PlannedSet(_Entry):
    """One set; without a name it gets one of the seed's."""

    number: Annotated[str, Field(pattern=_SET_NUMBER)]
    name: Annotated[str | None, _NAME] = None
    set_class: Annotated[SetClass, Field(alias="class")] = SetClass.BUSINESS
    monitoring: Monitoring | None = None


class PlannedGroup(_Entry):
    """One group; without a name it is called by its class and number."""

    number: Annotated[str, Field(pattern=_GROUP_NUMBER)]
    name: Annotated[str | None, _NAME] = None
    group_class: Annotated[Literal["hunting group", "attendant group"], Field(alias="class")]
    members: Annotated[tuple[str, ...], Field(min_length=1, max_length=SETS_MAX)]


class PlannedTrunk(_Entry):
    """One access; its first letter says its kind."""

    name: Annotated[str, Field(pattern=_TRUNK_NAME)]
    channels: Annotated[int | None, Field(ge=1, le=1_000)] = None


class NumberingPlan(_Entry):
    """Everything that can be called, and the lines; without trunks there are the default ones."""

    sets: Annotated[tuple[PlannedSet, ...], Field(alias="set", min_length=1, max_length=SETS_MAX)]
    groups: Annotated[tuple[PlannedGroup, ...], Field(alias="group", max_length=GROUPS_MAX)] = ()
    trunks: Annotated[tuple[PlannedTrunk, ...], Field(alias="trunk", max_length=TRUNKS_MAX)] = ()

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        """Read a plan.

        Raises:
            PlanUnusable: it says why.
        """
        try:
            return cls.model_validate(table)
        except ValidationError as error:
            raise PlanUnusable("; ".join(_sentences(error))) from None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        numbers = [*(each.number for each in self.sets), *(each.number for each in self.groups)]
        lines = [each.name for each in self.trunks]
        for what, found in (("number", numbers), ("trunk", lines)):
            if twice := _twice(found):
                raise ValueError(f"{what} {twice} stands there twice")
        for shorter, longer in pairwise(sorted(numbers)):
            if longer.startswith(shorter):
                raise ValueError(f"number {longer} begins with {shorter}; nobody could dial it")
        known = {each.number for each in self.sets}
        for group in self.groups:
            if strangers := [member for member in group.members if member not in known]:
                raise ValueError(f"group {group.number}: member {strangers[0]} is no set")
            if twice := _twice(group.members):
                raise ValueError(f"group {group.number}: member {twice} stands there twice")
        return self

    def directory(self, seed: int) -> Directory:
        """Return who can be called."""
        drawn = names(seed, len(self.sets))
        subscribers = {
            each.number: Subscriber(each.number, each.name or name, each.set_class, each.monitoring)
            for each, name in zip(self.sets, drawn, strict=True)
        }
        return Directory(subscribers, {each.number: _group(each) for each in self.groups})

    def channels(self) -> Mapping[str, int]:
        """Return the lines, each with the calls that it carries at once."""
        own = {each.name: each.channels or CHANNELS_OF[each.name[0]] for each in self.trunks}
        return own or CHANNELS


def _twice(found: Sequence[str]) -> str | None:
    return next((each for each, count in Counter(found).items() if count > 1), None)


def _group(planned: PlannedGroup) -> Group:
    kind = UserKind(planned.group_class)
    words = f"{kind.value.capitalize().removesuffix(' group')} {planned.number}"
    return Group(planned.number, planned.name or words[:NAME_CHARACTERS_MAX], kind, planned.members)


def _sentences(error: ValidationError) -> Iterator[str]:
    for wrong in error.errors(include_url=False):
        if wrong["type"] == "too_short" and wrong["ctx"]["actual_length"] == 0 and wrong["input"]:
            continue  # entries are there; what is wrong with each is told
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in wrong["loc"])
        words = wrong["msg"].removeprefix("Value error, ")
        if wrong["type"] == "string_pattern_mismatch":
            words = f"{wrong['input']!r}; {_EXPECTED[wrong['ctx']['pattern']]} expected"
        yield f"{where}: {words}" if where else words
