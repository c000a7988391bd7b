"""Steps on appointments and rooms."""

from oxo_simulator.control.messages import RoomStatusOrder
from oxo_tickets import RoomStatus
from pytest_bdd import parsers, when

from oxo_scenarios.bench.play import Play


@when(parsers.re(r"an appointment is set for extension (?P<user>\d+) at (?P<time>[\d:]+)"))
def appointment(play: Play, user: str, time: str) -> None:
    """Its activation is written as a ticket; when it rings nobody answers."""
    play.appoint(user, time)


@when(
    parsers.parse(
        "an appointment is set for extension {user:d} at {time} and answered at ring {ring:d}"
    )
)
def appointment_answered(play: Play, user: int, time: str, ring: int) -> None:
    """Its activation is written as a ticket; that attempt is acknowledged."""
    play.appoint(str(user), time, answered_at=ring)


@when(parsers.parse("appointments are set for extensions {first:d} to {last:d} at {time}"))
def appointments(play: Play, first: int, last: int, time: str) -> None:
    """One for each of them, one after the other."""
    for user in range(first, last + 1):
        play.appoint(str(user), time)


@when(parsers.parse("the appointment of extension {user} is cancelled"))
def appointment_cancelled(play: Play, user: str) -> None:
    """Its cancellation is written as a ticket."""
    play.cancel_appointment(user)


@when(parsers.parse("the operator programs a wake-up for room {room} at {time}"))
def wake_up(play: Play, room: str, time: str) -> None:
    """By the Hotel key: only an exchange in hotel mode has it."""
    play.appoint(room, time, by="operator")


@when(parsers.parse("the operator sets room {room} to {status}"))
def room_by_operator(play: Play, room: str, status: str) -> None:
    """By the Hotel key; written as a ticket."""
    play.tell_room_status(RoomStatusOrder(room=room, status=RoomStatus(status), by="operator"))


@when(
    parsers.parse(
        "housekeeping tells on the set of room {room} that it is {status}, with problem {problem:d}"
    )
)
def room_by_housekeeping(play: Play, room: str, status: str, problem: int) -> None:
    """By the prefix on the set of the room; written as a ticket."""
    order = RoomStatusOrder(room=room, status=RoomStatus(status), problem=problem, by="room")
    play.tell_room_status(order)
