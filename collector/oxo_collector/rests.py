"""How long a failure is rested upon: longer with each in a row, up to a bound."""

from collections.abc import Callable
from typing import Final

DOUBLINGS_COUNT_MAX: Final = 30


class Rests:
    """Rests that grow.

    Args:
        seconds_first: longest rest after a first failure.
        seconds_max: bound of the growing rest.
        chance: returns numbers from 0 to below 1; shortens a rest by up to half, so that many
            collectors do not return in step.
    """

    def __init__(
        self, seconds_first: float, seconds_max: float, chance: Callable[[], float]
    ) -> None:
        self._seconds_first = seconds_first
        self._seconds_max = seconds_max
        self._chance = chance
        self._failures_in_a_row = 0

    def worked(self) -> None:
        """Something worked: the next rest is short again."""
        self._failures_in_a_row = 0

    def next_seconds(self) -> float:
        """Count a failure and return how long it is rested upon, in seconds."""
        doublings = min(self._failures_in_a_row, DOUBLINGS_COUNT_MAX)
        self._failures_in_a_row += 1
        longest = min(self._seconds_first * 2.0**doublings, self._seconds_max)
        return float(longest * (1 - self._chance() / 2))
