"""Exchange time as the exchange's core needs it; `oxo_simulator.clock` provides it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from oxo_tickets import Ticket


class Moment(NamedTuple):
    """One instant: wall clock without offset, its fold, the same in UTC, and the zone's name."""

    local: datetime
    fold: int
    utc: datetime
    zone: str

    def after(self, seconds: float) -> "Moment":
        """Return the instant so many seconds later, by the wall clock of the same zone."""
        utc = self.utc + timedelta(seconds=seconds)
        local = utc.astimezone(ZoneInfo(self.zone))
        return Moment(local.replace(tzinfo=None, fold=0), local.fold, utc, self.zone)


def instant_of(ticket: Ticket, zone: ZoneInfo) -> datetime:
    """Return a ticket's own instant in UTC; `zone` is that of a ticket which names none."""
    own = ZoneInfo(ticket.zone) if ticket.zone else zone
    return ticket.local_time.replace(tzinfo=own, fold=ticket.fold or 0).astimezone(UTC)


class Cancellable(Protocol):
    """A timer that can still be stopped."""

    def active(self) -> bool:
        """Tell whether it is still to come."""

    def cancel(self) -> None:
        """Stop it."""


class ExchangeTime(Protocol):
    """The exchange's wall clock."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the exchange."""

    def now(self) -> Moment:
        """Return the present instant."""

    def later(self, seconds: float, what: Callable[[], None]) -> Cancellable:
        """Do something after so many exchange seconds, unless it is cancelled before."""
