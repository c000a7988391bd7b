"""When the open file is closed, and when a closed one ages out (facts: oxe 3.1).

    first ticket --> open --+-- the exchange's own clock reads a full hour  --> closed
                            +-- so many minutes without a ticket            --> closed
                            +-- on demand, or full                          --> closed
    closed -- so many days --> aged out

Documented: every hour, after 90 minutes without a ticket, by command. An hour without a ticket has
no open file, hence no file. Where every full hour closes, the 90 minutes never pass: they are for
an exchange whose hourly closing is off.

Hours are the wall clock's and waiting is measured in seconds that pass. Where daylight saving
repeats an hour, each of its two passes has a file of its own (names go on, so they tell the order);
where an hour is missing, the file of the hour before is closed in the instant of the change.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from oxo_simulator.exchange.moment import Moment

HOUR = timedelta(hours=1)
ROUNDING = timedelta(milliseconds=1)
"""A clock that counts in binary fractions may show an instant so much too early."""


class Rules(NamedTuple):
    """What a profile says about it.

    Attributes:
        hourly: whether a full hour closes the file.
        idle: so long without a ticket closes it.
        retention: so long a closed file stays.
    """

    hourly: bool
    idle: timedelta
    retention: timedelta


def to_the_hour(local: datetime) -> timedelta:
    """Return how long it is until that wall clock reads its next full hour; never nothing."""
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return HOUR - past


def closes_at(opened: Moment, last: Moment, rules: Rules) -> datetime:
    """Return the instant (UTC) at which an open file is to be closed.

    Args:
        opened: when its first ticket came.
        last: when its last one came.
        rules: of the profile.
    """
    idle = last.utc + rules.idle
    return min(idle, opened.utc + to_the_hour(opened.local)) if rules.hourly else idle


def ages_out_at(closed: Moment, rules: Rules) -> datetime:
    """Return the instant (UTC) at which a file that was closed then leaves the folder."""
    return closed.utc + rules.retention


def reached(due: datetime, now: Moment) -> bool:
    """Tell whether an instant has come."""
    return now.utc + ROUNDING >= due


def stamp(now: Moment) -> datetime:
    """Return the wall clock as files are dated, in whole seconds."""
    return (now.local + ROUNDING).replace(microsecond=0)
