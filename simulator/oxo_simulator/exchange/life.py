"""The life of the exchange: serving, and through a warm reset back to serving.

    serving --warm reset--> refused --> busy --> serving
                              ^  ^________|
                              |__ a reset in between begins anew

Tickets and the sequence are kept; sessions end (facts: oxo 1.5 DIS104, documented; the phases 7.3,
ours). The phases last in real time, since it is real sockets that wait for them.
"""

from collections.abc import Callable
from enum import StrEnum

from oxo_simulator.exchange.moment import Cancellable


class Phase(StrEnum):
    """What a client meets: nobody listens, HTTP 503, service."""

    REFUSED = "refused"
    BUSY = "busy"
    SERVING = "serving"


NEXT = {Phase.REFUSED: Phase.BUSY, Phase.BUSY: Phase.SERVING}


class Life:
    """Goes through the phases; which one it is now, the exchange knows (`entered` tells it).

    Args:
        seconds: phase -> how long it lasts.
        later: real timer.
        entered: told of each phase as it begins.
    """

    def __init__(
        self,
        seconds: dict[Phase, float],
        later: Callable[[float, Callable[[], None]], Cancellable],
        entered: Callable[[Phase], None],
    ) -> None:
        self._seconds = seconds
        self._later = later
        self._entered = entered
        self._timer: Cancellable | None = None

    def warm_reset(self) -> None:
        """Begin, or begin anew."""
        self.stop()
        self._enter(Phase.REFUSED)

    def stop(self) -> None:
        """Stand still in the present phase."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _enter(self, phase: Phase) -> None:
        self._entered(phase)
        if phase in NEXT:
            self._timer = self._later(self._seconds[phase], lambda: self._enter(NEXT[phase]))
