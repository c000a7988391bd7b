"""What a profile may choose about appointment reminders (facts: oxo 3.1).

How long a set rings, how often and how many at once is documented, with the labels of the
exchange; from where the minute between two rings is counted is not, nor what becomes of a time
that the change to summer time skips, or of one that comes during a reset.
"""

from typing import Annotated, Literal

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import Section

_DOC, _INFERRED, _OURS = Standing.DOCUMENTED, Standing.INFERRED, Standing.OURS


class AppointmentSettings(Section):
    """Section `[appointments]` of a profile.

    Attributes:
        ring_seconds: how long a set rings (`TmAppAnTim`, `PmAppAnTim`).
        gap_seconds: between two attempts (`TmAppWaTim`, `PmAppWaTim`).
        gap_from: whether the gap begins with the end of a ring or with its begin.
        attempts: how often it rings (`WakeUpRetr`).
        group: so many sets begin to ring at once.
        group_gap_seconds: until the next ones do (`InAnnAppTim`).
        missing_time: a time that the change to summer time skips rings when the clock jumps, or
            not before the next day.
        due_in_reset: a reminder whose time comes while a reset keeps the exchange down rings as
            soon as it serves again, or has failed then.
    """

    ring_seconds: Annotated[int, Field(ge=1, le=600), _DOC] = 15
    gap_seconds: Annotated[int, Field(ge=0, le=3600), _DOC] = 60
    gap_from: Annotated[Literal["end", "begin"], _INFERRED] = "end"
    attempts: Annotated[int, Field(ge=1, le=10), _DOC] = 3
    group: Annotated[int, Field(ge=1, le=1000), _DOC] = 5
    group_gap_seconds: Annotated[int, Field(ge=0, le=60), _DOC] = 2
    missing_time: Annotated[Literal["at-the-jump", "next-day"], _OURS] = "at-the-jump"
    due_in_reset: Annotated[Literal["late", "failed"], _OURS] = "late"
