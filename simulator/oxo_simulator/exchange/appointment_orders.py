"""What can be ordered of appointments: plain values, the same on every way in."""

from typing import Literal, NamedTuple

AppointmentKind = Literal["temporary", "permanent"]
"""Once, within a day, or every day (facts: oxo 3.1, documented)."""
OrderedBy = Literal["user", "operator"]
"""The set's own user, or reception by the Hotel key (facts: oxo 3.1)."""


class Appointment(NamedTuple):
    """An appointment reminder to program.

    Attributes:
        user: whose set rings.
        time: when, `HH:MM`.
        kind: once, or every day.
        by: who programs it.
        answered_at: the attempt, from 1, at which it is acknowledged; `None`: never.
    """

    user: str
    time: str
    kind: AppointmentKind = "temporary"
    by: OrderedBy = "user"
    answered_at: int | None = None
