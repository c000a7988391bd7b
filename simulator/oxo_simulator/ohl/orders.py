"""What the hotel system orders, carried out by the exchange's own rooms in hotel mode.

A check-in into a room where the same guest is already is an order sent again: it changes what it
tells. Where another guest is, he is checked out first (ours).
"""

from datetime import time
from typing import Any

from oxo_simulator.exchange.hotel import Hotel, HotelOrderedBy
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.ohl.codec import Body

ORDERS = frozenset("ABMND")
"""Letters of what the exchange's rooms have a word for."""

_BY: HotelOrderedBy = "hotel system"
_TOLD = (
    "guest_name", "language", "direct_number", "password", "barring", "do_not_disturb", "deposit",
)  # fmt: skip


def carry_out(hotel: Hotel, letter: str, room: str, body: Body) -> bool:
    """Carry out an order in a frame of that letter; tell whether the exchange's rooms allow it."""
    try:
        _carry_out(hotel, letter, room, body)
    except OrderError:
        return False
    return True


def _carry_out(hotel: Hotel, letter: str, room: str, body: Body) -> None:
    stay = _stay(body)
    if wrong := stay.wrong():
        raise OrderError(wrong)
    present = hotel.rooms.get(room)
    if letter == "D":
        hotel.check_out([room], _BY)
    elif letter in "MN" or (
        present is not None and present.occupied and present.guest_name == stay.guest_name
    ):
        hotel.modify(room, stay, _BY)
    else:
        if present is not None and present.occupied:
            hotel.check_out([room], _BY)
        hotel.check_in([room], stay, _BY)


def _stay(body: Body) -> Stay:
    told: dict[str, Any] = {name: body.get(name) for name in _TOLD}
    wake_up = body.get("reminder_time")
    return Stay(**told, wake_up=f"{wake_up:%H:%M}" if isinstance(wake_up, time) else None)
