"""A guest room as the exchange knows it, and what a stay is made of (facts: oxo 4).

Housekeeping's status survives the guest; everything else goes with the check-out.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import time
from decimal import Decimal
from typing import Any

from oxo_tickets import RoomStatus

from oxo_simulator.exchange.moment import Moment

DEPOSIT_MAX = Decimal("999999.99")
GUEST_NAME_CHARACTERS_MAX = 20
"""As the hotel link has room for; a ticket shows sixteen of them."""

_SHOWN = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]"
"""Whatever does not control a line, a page or the direction of writing: wires carry names as they
are, and readers trim them."""

_NAME_WORDS = (
    f"1 to {GUEST_NAME_CHARACTERS_MAX} characters, none for control and no blank at either end, are"
)
_RULES = (
    (
        "guest_name",
        re.compile(rf"(?! ){_SHOWN}{{1,{GUEST_NAME_CHARACTERS_MAX}}}(?<! )"),
        _NAME_WORDS,
    ),
    ("language", re.compile(r"[ -~]"), "one character is"),
    ("direct_number", re.compile(r"[0-9]{1,8}"), "1 to 8 digits are"),
    ("password", re.compile(r"[0-9]{4}([0-9]{2})?"), "four or six digits are"),
    ("barring", re.compile(r"[ -~]"), "one character is"),
)


@dataclass(frozen=True, kw_only=True)
class Stay:
    """What is told of a guest; `None` was not told.

    Attributes:
        guest_name: up to 20 characters.
        language: one character.
        direct_number: the guest's own number for direct dialling in.
        password: of the room's set, four or six digits.
        barring: class of barring, one character.
        do_not_disturb: whether the set is silent.
        deposit: money paid in advance, all of it.
        wake_up: `HH:MM`.
    """

    guest_name: str | None = None
    language: str | None = None
    direct_number: str | None = None
    password: str | None = field(default=None, repr=False)
    barring: str | None = None
    do_not_disturb: bool | None = None
    deposit: Decimal | None = None
    wake_up: str | None = None

    def wrong(self) -> str | None:
        """Say what is wrong, if anything is; a password is not quoted."""
        for name, pattern, words in _RULES:
            value = getattr(self, name)
            if value is not None and not pattern.fullmatch(value):
                found = "" if name == "password" else f" {value!r}"
                return f"{name}{found}; {words} expected"
        if self.deposit is not None and not is_money(self.deposit):
            return f"deposit {self.deposit}; 0 to {DEPOSIT_MAX} in hundredths is expected"
        return None


@dataclass(frozen=True, kw_only=True)
class Room:
    """One room as it stands; what nobody told is `None`.

    Attributes:
        room: its number.
        occupied: whether a guest is checked in.
        deposit: what the guest paid in advance; `None`: nothing is asked.
        do_not_disturb: whether its set is silent, which the set itself knows.
        reminder_time: of the next wake-up.
        since: when the guest was checked in.
        calls: outgoing calls of the stay that were answered.
        units: of all its tickets.
        cost: of all its tickets.
        room_status: as housekeeping told it last, or the check-out.
        problem: what housekeeping found, 0 to 999.
    """

    room: str
    occupied: bool = False
    guest_name: str | None = None
    language: str | None = None
    direct_number: str | None = None
    password: str | None = field(default=None, repr=False)
    barring: str | None = None
    do_not_disturb: bool | None = None
    deposit: Decimal | None = None
    reminder_time: time | None = None
    since: Moment | None = None
    calls: int = 0
    units: int = 0
    cost: Decimal = Decimal(0)
    room_status: RoomStatus = RoomStatus.CLEANED
    problem: int | None = None

    @property
    def balance(self) -> Decimal | None:
        """What is left of the deposit, never below zero; `None` where there is none."""
        return None if self.deposit is None else max(Decimal(0), self.deposit - self.cost)

    @property
    def closed(self) -> bool:
        """Whether the lines are closed: there was a deposit, and nothing is left of it."""
        return self.balance is not None and self.balance <= 0

    def taken(self, stay: Stay, since: Moment) -> "Room":
        """Return the room with a guest in it."""
        fresh = Room(
            room=self.room,
            occupied=True,
            since=since,
            room_status=self.room_status,
            problem=self.problem,
        )
        return fresh.modified(stay)

    def modified(self, stay: Stay) -> "Room":
        """Return the room with what was told anew."""
        return replace(self, **_told(stay))

    def left(self) -> "Room":
        """Return the room behind its guest: to be cleaned (facts: oxo 4, documented)."""
        status = RoomStatus.NOT_CLEANED
        return Room(room=self.room, room_status=status, problem=self.problem)

    def charged(self, calls: int, units: int, cost: Decimal) -> "Room":
        """Return the room with a ticket more on its bill."""
        return replace(
            self, calls=self.calls + calls, units=self.units + units, cost=self.cost + cost
        )


def _told(stay: Stay) -> Mapping[str, Any]:
    """Return what was told of a guest, without the wake-up: the reminders have it."""
    return {
        name: value
        for name, value in asdict(stay).items()
        if value is not None and name != "wake_up"
    }


def is_money(amount: Decimal) -> bool:
    """Tell an amount that can be paid in advance."""
    if not amount.is_finite() or amount.is_signed() or amount > DEPOSIT_MAX:
        return False
    return amount == round(amount, 2)
