"""What an operator orders of the exchange's life: resets, another release or address, traffic."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from oxo_simulator.control.message import Message


class Reset(Message, frozen=True):
    """Reset the exchange: refused, busy, serving, in real time.

    Attributes:
        kind: `warm` (what waits is kept), `cold` (all is lost, a new epoch begins), `power cut`
            (nothing ends in order; what waits is kept). What is kept the profile says: `[reset]`.
    """

    kind: Literal["warm", "cold", "power cut"] = "warm"


class AddressOrder(Message, frozen=True):
    """Another address for all ports, with a new certificate for it; connections die.

    Attributes:
        address: IPv4, of 127.0.0.0/8, or the one where the process started.
    """

    address: str


class FirmwareOrder(Message, frozen=True):
    """Another release, or another profile, on the same tickets, through a reset.

    Attributes:
        profile: name of a packaged profile or path of a profile file.
        overrides: dotted profile key -> value. Those of the installation are not kept.
        tag_set: `observed` or `extended`; `None` leaves it to the profile.
        reset: `warm` keeps what waits, `cold` does not; business and hotel mode change in a cold
            one alone.
    """

    profile: str
    overrides: dict[str, Any] = msgspec.field(default_factory=dict)
    tag_set: Literal["observed", "extended"] | None = None
    reset: Literal["warm", "cold"] = "warm"


class TrafficOrder(Message, frozen=True):
    """A day or a month of people who call, are woken, come and go, drawn from a seed.

    Attributes:
        day: `office`, `hotel-morning` (each room is woken at 07:00), or `hotel-month` (guests come
            and go; in hotel mode only).
        rooms: so many guest rooms take part, of an office so many sets; `None`: all that there are.
        busy_hour_calls: calls of the busy hour.
        erlang: the same said as offered load; neither leaves it to the number of sets.
        holding_seconds: how long an answered call lasts on average.
        seed: of every choice; `None` takes that of the installation.
        hours: of exchange time; `None`: a day, or 30 days.
        advance: in manual time, move exchange time to the end at once. Where time is real or
            scaled it goes there by itself.
    """

    day: Literal["office", "hotel-morning", "hotel-month"] = "office"
    rooms: int | None = None
    busy_hour_calls: float | None = None
    erlang: float | None = None
    holding_seconds: float = 120
    seed: int | None = None
    hours: float | None = None
    advance: bool = True


class TrafficState(Message, frozen=True):
    """Traffic that goes on, or went on last; without `day` there was none.

    Attributes:
        begins: its first instant, wall clock of the exchange; `ends` is its last one.
        calls: that people wanted to make; of these and of all other events `no_line` found no free
            line, `no_service` came while a reset kept the exchange down, and `refused` were orders
            that could not be carried out as things were.
        arrivals: of guests and groups; `departures` are of rooms.
        tickets_made: by the exchange so far, of whatever origin.
    """

    running: bool
    day: str | None = None
    sets: int = 0
    erlang: float = 0
    busy_hour_calls: float = 0
    begins: datetime | None = None
    ends: datetime | None = None
    exchange_time: datetime | None = None
    calls: int = 0
    no_line: int = 0
    no_service: int = 0
    refused: int = 0
    appointments: int = 0
    arrivals: int = 0
    departures: int = 0
    room_statuses: int = 0
    tickets_made: int = 0
