"""The rooms, as far as they were told."""

from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from oxo_simulator.ohl.rooms import ROOMS_MAX, Outcome, Result, Room, Rooms

GUEST: dict[str, Any] = {
    "room": "217", "guest_name": "LÜDELING", "language": "2", "direct_number": "8540",
    "password": "0417", "barring": "3", "do_not_disturb": True, "deposit": Decimal("123.45"),
    "reminder_time": time(6, 45),
}  # fmt: skip


def replied(outcome: Outcome) -> list[tuple[str, Any, Any, Any]]:
    """Return of each reply its letter, room, password and result."""
    keys = ("room", "password", "result")
    return [
        (letter, *(body.get(key) for key in keys))  # type: ignore[misc]
        for letter, body in outcome.replies
    ]


def checked_in(**changed: Any) -> Rooms:
    rooms = Rooms()
    rooms.carry_out("A", {**GUEST, **changed})
    return rooms


def test_a_stay() -> None:
    rooms = Rooms()
    assert replied(rooms.carry_out("A", GUEST)) == [("R", "217", "0417", 0)]
    assert rooms["217"] == Room(occupied=True, **GUEST)
    modified = rooms.carry_out("M", {"room": "217", "barring": "5", "guest_name": None})
    assert modified.result is Result.DONE
    assert (rooms["217"].barring, rooms["217"].guest_name) == ("5", "LÜDELING")
    rooms.carry_out("H", {"room": "217", "set": "31217"})
    assert rooms["217"].set == "31217"
    assert replied(rooms.carry_out("I", {"room": "217"})) == [("R", "217", "0417", 0)]
    assert replied(rooms.carry_out("D", {"room": "217"})) == [("R", "217", None, 0)]
    assert rooms["217"] == Room(room="217")


def test_an_order_repeated_changes_nothing_more() -> None:
    rooms = checked_in()
    before = rooms["217"]
    assert rooms.carry_out("A", GUEST).result is Result.DONE
    assert rooms["217"] == before
    rooms.carry_out("D", {"room": "217"})
    assert rooms.carry_out("D", {"room": "217"}).result is Result.VACANT


def test_a_new_guest_inherits_nothing() -> None:
    rooms = checked_in()
    rooms.carry_out("A", {"room": "217", "guest_name": "TROSTAVEL"})
    assert rooms["217"] == Room(room="217", occupied=True, guest_name="TROSTAVEL")


def test_a_vacant_room_cannot_be_modified_or_asked_for() -> None:
    for letter in "MNHID":
        outcome = Rooms().carry_out(letter, {"room": "217"})
        assert replied(outcome) == [("R", "217", None, 1)]


def test_housekeeping_survives_the_guest() -> None:
    rooms = checked_in()
    rooms.told("C", {"room": "217", "room_status": 1, "problem": 42})
    rooms.carry_out("D", {"room": "217"})
    assert rooms["217"] == Room(room="217", room_status=1, problem=42)
    rooms.carry_out("A", {"room": "217"})
    assert (rooms["217"].room_status, rooms["217"].problem) == (1, 42)
    rooms.told("C", {"room": "217", "room_status": 0, "problem": 0})
    rooms.carry_out("D", {"room": "217"})
    assert len(rooms) == 0


def test_what_the_exchange_says_itself_is_remembered_too() -> None:
    rooms = Rooms()
    rooms.told("A", GUEST)
    assert rooms["217"] == Room(occupied=True, **GUEST)
    rooms.told("U", {"room": "217", "guest_name": "NOBODY"})
    assert rooms["217"].guest_name == "LÜDELING"
    rooms.told("D", {"room": "217"})
    assert rooms["217"] == Room(room="217")


@pytest.mark.parametrize("programmed", [time(7, 30), None])
def test_a_wake_up_ticket_programs_or_forgets(programmed: time | None) -> None:
    rooms = checked_in()
    rooms.reminder("217", programmed)
    assert rooms["217"].reminder_time == programmed
    rooms.reminder("999", time(7, 30))
    rooms.reminder(None, time(7, 30))
    assert len(rooms) == 1


def test_a_re_initialisation_tells_every_guest_and_then_its_result() -> None:
    rooms = checked_in()
    rooms.carry_out("A", {"room": "301", "password": "1122"})
    rooms.told("C", {"room": "104", "room_status": 1, "problem": 0})
    outcome = rooms.carry_out("Z", {"room": None, "scope": "F"})
    assert replied(outcome) == [
        ("U", "217", "0417", None), ("U", "301", "1122", None), ("R", None, None, 0)
    ]  # fmt: skip
    assert outcome.replies[0][1]["deposit"] == Decimal("123.45")


def test_a_re_initialisation_may_be_partial_or_of_one_room() -> None:
    rooms = checked_in()
    rooms.carry_out("A", {"room": "301"})
    part = rooms.carry_out("Z", {"room": "301", "scope": "P"})
    assert [letter for letter, _ in part.replies] == ["u", "R"]
    vacant = rooms.carry_out("Z", {"room": "104", "scope": None})
    assert replied(vacant) == [("R", "104", None, 1)]
    assert replied(rooms.carry_out("Z", {"room": "301", "scope": "X"})) == [("R", "301", None, 2)]
    assert replied(Rooms().carry_out("Z", {"room": None, "scope": None})) == [("R", None, None, 0)]


def test_six_digits_have_letters_of_their_own() -> None:
    rooms = Rooms(six_digits=True)
    assert replied(rooms.carry_out("B", {"room": "217", "password": "041783"})) == [
        ("S", "217", "041783", 0)
    ]
    for scope, letter in (("F", "V"), ("P", "v")):
        assert rooms.carry_out("Z", {"room": None, "scope": scope}).replies[0][0] == letter


def test_an_order_without_a_room_cannot_be_carried_out() -> None:
    assert replied(Rooms().carry_out("A", {"room": None})) == [("R", None, None, 2)]
    assert replied(Rooms().unreadable("217")) == [("R", "217", None, 2)]


def test_there_is_an_end_of_rooms() -> None:
    rooms = Rooms()
    for number in range(ROOMS_MAX):
        assert rooms.carry_out("A", {"room": str(number)}).result is Result.DONE
    assert rooms.carry_out("A", {"room": "one more"}).result is Result.NO_PLACE
    assert rooms.carry_out("A", {"room": "7", "barring": "1"}).result is Result.DONE


def test_a_password_is_shown_by_no_repr() -> None:
    assert "0417" not in repr(checked_in()["217"])
