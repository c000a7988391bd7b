"""Which port is tried next, and how long a failure is rested upon."""

from collections.abc import Callable
from typing import Final

from oxo_collector.taxation.states import Pace

DOUBLINGS_COUNT_MAX: Final = 30


class Attempts:
    """Ports in turn, and rests that grow with each failure in a row.

    Args:
        ports: in the order in which they are tried.
        pace: the bounds of a rest.
        chance: returns numbers from 0 to below 1; shortens a rest by up to half.
    """

    def __init__(self, ports: tuple[int, ...], pace: Pace, chance: Callable[[], float]) -> None:
        self._ports = ports
        self._pace = pace
        self._chance = chance
        self._failures_in_a_row = 0
        self._port_index = 0
        self._ports_tried = 0

    @property
    def port(self) -> int:
        """The port of this attempt."""
        return self._ports[self._port_index]

    def answered(self) -> None:
        """An exchange answered on this port: the round of ports begins here."""
        self._ports_tried = 0

    def worked(self) -> None:
        """A fetch worked: the next rest is short again."""
        self._failures_in_a_row = 0

    def next_port(self) -> bool:
        """Turn to the next port; False when this was the last of the round."""
        self._port_index = (self._port_index + 1) % len(self._ports)
        self._ports_tried += 1
        if self._ports_tried < len(self._ports):
            return True
        self._ports_tried = 0
        return False

    def rest_seconds(self) -> float:
        """Count a failure and return how long it is rested upon, in seconds."""
        doublings = min(self._failures_in_a_row, DOUBLINGS_COUNT_MAX)
        self._failures_in_a_row += 1
        longest = min(self._pace.rest_seconds_first * 2.0**doublings, self._pace.rest_seconds_max)
        return longest * (1 - self._chance() / 2)
