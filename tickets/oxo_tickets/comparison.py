"""Are two tickets the same, and if not, in which fields?"""

from collections.abc import Iterable

import msgspec

from oxo_tickets.ticket import FIELDS, Ticket


class Difference(msgspec.Struct, frozen=True):
    """One field that differs: its name, what was expected, what was found."""

    field: str
    expected: object
    found: object

    def __str__(self) -> str:
        """Say it as a person would."""
        return f"{self.field}: expected {_words(self.expected)}, found {_words(self.found)}"


def differences(
    expected: Ticket, found: Ticket, fields: Iterable[str] = FIELDS
) -> tuple[Difference, ...]:
    """Name every field of `fields` in which two tickets differ, in the order of the model.

    Money compares by value, so that 1.7 equals 1.70.
    """
    wanted = frozenset(fields)
    if unknown := wanted - frozenset(FIELDS):
        raise ValueError(f"no such ticket field: {', '.join(sorted(unknown))}")
    return tuple(
        Difference(name, getattr(expected, name), getattr(found, name))
        for name in FIELDS
        if name in wanted and getattr(expected, name) != getattr(found, name)
    )


def _words(value: object) -> str:
    if value is None or value == ():
        return "nothing"
    if isinstance(value, tuple):
        return repr(", ".join(str(each) for each in value))
    return repr(str(value))
