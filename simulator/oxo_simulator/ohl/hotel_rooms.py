"""The rooms in hotel mode: the exchange's own, seen over the link and ordered over it.

There is one truth. The link remembers nothing of a room, so that it knows who is in even where a
profile opens it during a stay. A check-in into a room where the same guest is already is an order
sent again: it changes what it tells. Where another guest is, he is checked out first. A room is its
set, so a phone allocation can name no other (ours).
"""

from collections.abc import Iterable
from datetime import time
from typing import Any

from oxo_tickets import RoomStatus

from oxo_simulator.exchange import rooms as exchange_rooms
from oxo_simulator.exchange.hotel import Hotel, HotelOrderedBy
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.ohl.codec import Body
from oxo_simulator.ohl.rooms import Outcome, Result, Room, Rooms

_BY: HotelOrderedBy = "hotel system"
_TOLD = (
    "guest_name", "language", "direct_number", "password", "barring", "do_not_disturb", "deposit",
)  # fmt: skip


class HotelRooms(Rooms):
    """The exchange's guest rooms as the hotel link speaks of them.

    Args:
        hotel: where orders are carried out.
        six_digits: replies and re-initialisations have the form for six-digit passwords.
    """

    def __init__(self, hotel: Hotel, *, six_digits: bool = False) -> None:
        super().__init__(six_digits=six_digits)
        self._hotel = hotel

    def __getitem__(self, room: str) -> Room:
        found = self._hotel.room(room)
        return Room(room=room) if found is None else _seen(found)

    def __len__(self) -> int:
        return len(self._hotel.rooms)

    def told(self, letter: str, body: Body) -> None:
        """Remember nothing: what the exchange says, its rooms know."""

    def reminder(self, room: str | None, programmed: time | None) -> None:
        """Remember nothing: wake-ups are the exchange's."""

    def carry_out(self, letter: str, body: Body) -> Outcome:
        """Carry out what the hotel system ordered in a frame of that letter."""
        room = body.get("room")
        if isinstance(room, str) and self._hotel.room(room) is None:
            return self.unreadable(room)
        return super().carry_out(letter, body)

    def _every(self) -> Iterable[Room]:
        return map(_seen, self._hotel.rooms.values())

    def _change(self, letter: str, room: str, body: Body) -> Result:
        present = self._hotel.room(room)
        assert present is not None  # carry_out has looked
        if letter not in "AB" and not present.occupied:
            return Result.VACANT
        if letter == "H":
            return Result.DONE if body.get("set") in (None, room) else Result.UNREADABLE
        if letter == "I":
            return Result.DONE
        try:
            self._order(letter, present, _stay(body))
        except OrderError:
            return Result.UNREADABLE
        return Result.DONE

    def _order(self, letter: str, present: exchange_rooms.Room, stay: Stay) -> None:
        if wrong := stay.wrong():
            raise OrderError(wrong)
        if letter == "D":
            self._hotel.check_out([present.room], _BY)
        elif letter in "MN" or (present.occupied and present.guest_name == stay.guest_name):
            self._hotel.modify(present.room, stay, _BY)
        else:
            if present.occupied:
                self._hotel.check_out([present.room], _BY)
            self._hotel.check_in([present.room], stay, _BY)


def _seen(room: exchange_rooms.Room) -> Room:
    told: dict[str, Any] = {name: getattr(room, name) for name in _TOLD}
    return Room(
        room=room.room,
        occupied=room.occupied,
        reminder_time=room.reminder_time,
        room_status=int(room.room_status is RoomStatus.NOT_CLEANED),
        problem=room.problem or 0,
        **told,
    )


def _stay(body: Body) -> Stay:
    told: dict[str, Any] = {name: body.get(name) for name in _TOLD}
    wake_up = body.get("reminder_time")
    return Stay(**told, wake_up=f"{wake_up:%H:%M}" if isinstance(wake_up, time) else None)
