"""What a conversation tells the operator: a line for the log, for the status where it is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How loud a report is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the operator; no event follows."""

    level: Level
    text: str
    fields: Mapping[str, str | int | float] = field(default_factory=dict)
