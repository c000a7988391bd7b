"""Exchange time as long as one exchange lives: what it had planned does not outlive it."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from oxo_simulator.exchange.moment import Cancellable, ExchangeTime, Moment


class Era:
    """A stretch of exchange time that ends.

    Args:
        time: goes on behind it.
    """

    def __init__(self, time: ExchangeTime) -> None:
        self._time = time
        self._over = False

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the exchange."""
        return self._time.zone

    def now(self) -> Moment:
        """Return the present instant."""
        return self._time.now()

    def later(self, seconds: float, what: Callable[[], None]) -> Cancellable:
        """Do something after so many exchange seconds, unless it is over by then."""
        return self._time.later(seconds, lambda: None if self._over else what())

    def end(self) -> None:
        """Do nothing of what is planned."""
        self._over = True
