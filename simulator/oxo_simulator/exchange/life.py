"""The life of the exchange: serving, and through a reset back to serving.

    serving --reset--> refused --> busy --> serving
                          ^  ________|
                          |__ a reset in between begins anew

    kind        who ends the connections       epoch   what is remembered, if the profile says so
    warm        the exchange, in order         stays   all (documented: facts oxo 1.5, DIS104)
    cold        the exchange, in order         new     nothing (facts: oxo 1.5 expect lost, 7.3)
    power cut   nobody: they are dead          stays   all (facts: oxo 7.3, ours)

What is remembered are the tickets that wait, the files on their shelves, appointments and rooms.
Sessions end and calls in progress are over in any case. The phases last in real time, since it is
real sockets that wait for them; exchange time goes on.
"""

from collections.abc import Callable
from enum import StrEnum

from oxo_simulator.exchange.moment import Cancellable
from oxo_simulator.exchange.reset_settings import ResetSettings


class Phase(StrEnum):
    """What a client meets: nobody listens, HTTP 503, service."""

    REFUSED = "refused"
    BUSY = "busy"
    SERVING = "serving"


class ResetKind(StrEnum):
    """What kind of reset it is; the table above says what each does."""

    WARM = "warm"
    COLD = "cold"
    POWER_CUT = "power cut"

    @property
    def reason(self) -> str:
        """The ledger's word for what is lost by it."""
        return {"warm": "warm reset", "cold": "cold reset"}.get(self, self.value)

    def keeps(self, settings: ResetSettings) -> bool:
        """Tell whether the exchange remembers after it what it knew before."""
        kept: bool = getattr(settings, f"{self.name.lower()}_keeps")
        return kept


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

    def begin(self) -> None:
        """Begin a reset, or begin anew."""
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
