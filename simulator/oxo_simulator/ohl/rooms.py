"""The rooms as far as they were told: by the hotel system over the link, or by the operator.

So it is in business mode; in hotel mode the exchange has rooms of its own (`hotel_rooms`). Nothing
here is published; what an order changes and which result answers it is ours (facts: oxo 4, 4.1).
Housekeeping's status survives the guest; everything else goes with the check-out. An order repeated
(its acknowledgement was lost) changes nothing more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import time
from decimal import Decimal
from enum import IntEnum
from typing import Any

from oxo_simulator.ohl.codec import Body, Value
from oxo_simulator.ohl.layout import FULL, FULL_SIX, PARTIAL, PARTIAL_SIX

ROOMS_MAX = 1_000
"""Rooms with anything to remember; a hotel has 300 sets (facts: oxo 1.4)."""


class Result(IntEnum):
    """How an order ended; the two digits of a reply (ours)."""

    DONE = 0
    VACANT = 1
    UNREADABLE = 2
    NO_PLACE = 3


@dataclass(frozen=True, kw_only=True)
class Room:
    """One room; `None` was never told. Nobody sees the password by accident."""

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
    set: str | None = None
    room_status: int = 0
    problem: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of an order.

    Attributes:
        result: how it ended.
        replies: letter and values of the frames that answer it, in their order.
    """

    result: Result
    replies: tuple[tuple[str, Body], ...] = ()


_OF_GUEST = {each.name for each in fields(Room)} - {"room", "occupied", "room_status", "problem"}
_SCOPES: Mapping[Value, bool] = {None: False, "F": False, "P": True}
"""Whether a re-initialisation is partial."""


class Rooms:
    """The rooms of one exchange.

    Args:
        six_digits: replies and re-initialisations have the form for six-digit passwords.
    """

    def __init__(self, *, six_digits: bool = False) -> None:
        self._six_digits = six_digits
        self._rooms: dict[str, Room] = {}

    def __getitem__(self, room: str) -> Room:
        return self._rooms.get(room) or Room(room=room)

    def __len__(self) -> int:
        return len(self._rooms)

    def carry_out(self, letter: str, body: Body) -> Outcome:
        """Carry out what the hotel system ordered in a frame of that letter."""
        if letter == "Z":
            return self._re_initialise(body)
        room = body.get("room")
        if not isinstance(room, str):
            return self._answered(Result.UNREADABLE, None)
        return self._answered(self._change(letter, room, body), room)

    def unreadable(self, room: str | None) -> Outcome:
        """Answer an order whose body could not be read."""
        return self._answered(Result.UNREADABLE, room)

    def told(self, letter: str, body: Body) -> None:
        """Remember what the exchange itself says in a frame of that letter."""
        room = body.get("room")
        if letter == "C" and isinstance(room, str):
            state = {key: body[key] for key in ("room_status", "problem")}
            self._put(_changed(self[room], state))
        elif letter in "ABDHMN" and isinstance(room, str):
            self._change(letter, room, body)

    def reminder(self, room: str | None, programmed: time | None) -> None:
        """Remember the wake-up that a ticket programs, or that none is programmed any more."""
        if room in self._rooms and room is not None:
            self._put(replace(self._rooms[room], reminder_time=programmed))

    def _change(self, letter: str, room: str, body: Body) -> Result:
        present = self[room]
        if letter in "AB":
            state = {"room_status": present.room_status, "problem": present.problem}
            return self._put(_changed(Room(room=room, occupied=True), {**_told(body), **state}))
        if not present.occupied:
            return Result.VACANT
        if letter == "D":
            return self._vacate(present)
        if letter in "MNH":
            return self._put(_changed(present, _told(body)))
        return Result.DONE

    def _vacate(self, present: Room) -> Result:
        left = Room(room=present.room, room_status=present.room_status, problem=present.problem)
        return self._put(left)

    def _put(self, room: Room) -> Result:
        if room == Room(room=room.room):
            self._rooms.pop(room.room, None)
            return Result.DONE
        if room.room not in self._rooms and len(self._rooms) >= ROOMS_MAX:
            return Result.NO_PLACE
        self._rooms[room.room] = room
        return Result.DONE

    def _re_initialise(self, body: Body) -> Outcome:
        room, scope = body.get("room"), body.get("scope")
        if scope not in _SCOPES or not (room is None or isinstance(room, str)):
            return self._answered(Result.UNREADABLE, room if isinstance(room, str) else None)
        letter = self._letter(partial=_SCOPES[scope])
        chosen = [each for each in self._every() if each.occupied]
        if room is not None:
            chosen = [each for each in chosen if each.room == room]
        done = self._answered(Result.DONE if chosen or room is None else Result.VACANT, room)
        return Outcome(done.result, (*((letter, asdict(each)) for each in chosen), *done.replies))

    def _every(self) -> Iterable[Room]:
        return self._rooms.values()

    def _letter(self, *, partial: bool) -> str:
        if self._six_digits:
            return PARTIAL_SIX if partial else FULL_SIX
        return PARTIAL if partial else FULL

    def _answered(self, result: Result, room: str | None) -> Outcome:
        password = self[room].password if room is not None else None
        reply = {"room": room, "password": password, "result": int(result)}
        return Outcome(result, (("S" if self._six_digits else "R", reply),))


def _told(body: Body) -> Mapping[str, Any]:
    """Return what a body tells of a guest; what is blank there is left as it was."""
    return {name: body[name] for name in _OF_GUEST if body.get(name) is not None}


def _changed(room: Room, changes: Mapping[str, Any]) -> Room:
    return replace(room, **{name: value for name, value in changes.items() if value is not None})
