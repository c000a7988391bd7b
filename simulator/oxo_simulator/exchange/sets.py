"""How each set is right now: free, busy, out of service, not to be disturbed, diverted.

A set has several lines: a call in progress does not make it busy, an order does. That is ours; it
lets any number of calls begin at one instant.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from oxo_simulator.exchange.directory import Monitoring

Condition = Literal["free", "busy", "out of service", "do not disturb"]


class SetState(NamedTuple):
    """How a set or group is.

    Attributes:
        condition: what a caller meets there.
        diverted_to: where each call goes at once instead: a set, a group, or an external number.
        monitoring: which of its calls are ticketed; `None` leaves it to the installation.
    """

    condition: Condition = "free"
    diverted_to: str | None = None
    monitoring: Monitoring | None = None


INITIAL = SetState()


class SetStates:
    """The states of all sets and groups of one exchange."""

    def __init__(self) -> None:
        self._states: dict[str, SetState] = {}

    def __getitem__(self, number: str) -> SetState:
        """Return how a set or group is."""
        return self._states.get(number, INITIAL)

    def changed(self) -> Mapping[str, SetState]:
        """Return those that have been otherwise than at first, and how they are."""
        return dict(self._states)

    def change(self, number: str, state: SetState) -> None:
        """Let a set or group be otherwise from now on; calls in progress go on."""
        self._states[number] = state
