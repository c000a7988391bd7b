"""What people do: the events that traffic is made of, each with its seconds from the beginning."""

from typing import NamedTuple

from oxo_simulator.exchange.orders import CallOrder


class WakeUp(NamedTuple):
    """An appointment is programmed, `HH:MM`; `answered_at` is the attempt that is acknowledged."""

    user: str
    time: str
    answered_at: int | None


class Arrival(NamedTuple):
    """A guest, or a group, is checked in."""

    rooms: tuple[str, ...]
    guest_name: str
    deposit: str | None = None


class Departure(NamedTuple):
    """Guests are checked out."""

    rooms: tuple[str, ...]


class Housekeeping(NamedTuple):
    """A room's status is told from its set; the problem is 0 to 999, `None` tells none."""

    room: str
    cleaned: bool
    problem: int | None


Happening = CallOrder | WakeUp | Arrival | Departure | Housekeeping


class Timed(NamedTuple):
    """What happens, and how many seconds after the beginning."""

    seconds: float
    what: Happening
