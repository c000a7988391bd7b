"""Which of an exchange's addresses is tried next, and after how long."""

from collections.abc import Callable
from typing import Final

DOUBLINGS_COUNT_MAX: Final = 30

JITTER: Final = 0.2
"""A rest is longer or shorter by up to this part, so that many collectors do not return in step."""


class Rounds:
    """One or two addresses, tried in rounds; pure.

    Args:
        count: how many addresses there are.
        seconds_first: rest after the first round that failed.
        seconds_max: bound of the rest, which is doubled each time (1, 2, 4, 8, 10, 10 ...).
        dice: returns numbers from 0 to below 1.
    """

    def __init__(
        self, count: int, seconds_first: float, seconds_max: float, dice: Callable[[], float]
    ) -> None:
        self.address = 0
        self._count = count
        self._seconds_first = seconds_first
        self._seconds_max = seconds_max
        self._dice = dice
        self._last_main = 0
        self._tried = 0
        self._failed = 0

    def main(self) -> None:
        """The present address said that it is the main one."""
        self._last_main = self.address

    def worked(self) -> None:
        """The present address sent something of worth: the next rest is short again."""
        self._failed = 0

    def next_seconds(self, *, again: bool) -> float | None:
        """Go on to the next attempt; return the rest before it, None: at once.

        `again`: it was a connection on which tickets could come; its end ends the round.
        """
        self._tried += 1
        if not again and self._tried < self._count:
            self.address = (self.address + 1) % self._count
            return None
        self._tried = 0
        self.address = self._last_main
        return self._rest()

    def _rest(self) -> float:
        doublings = min(self._failed, DOUBLINGS_COUNT_MAX)
        self._failed += 1
        whole = min(self._seconds_first * 2.0**doublings, self._seconds_max)
        return float(whole * (1 + JITTER * (2 * self._dice() - 1)))
