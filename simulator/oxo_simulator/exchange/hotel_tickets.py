"""Tickets of what is no call: an appointment reminder, a room's status.

`local_time` is the instant of the event: programmed, cancelled, acknowledged, given up, or the
status told by housekeeping (facts: oxo 3.2, 4; the names documented, the instants inferred).
"""

from datetime import time

from oxo_tickets import Kind, ReminderState, RoomStatus, Ticket, UserKind

from oxo_simulator.exchange.directory import NAME_CHARACTERS_MAX
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.prescribed import stamp


def reminder_ticket(user: str, reminder: time, state: ReminderState, at: Moment) -> Ticket:
    """Write the ticket of what happened to a reminder (facts: oxo 3.2)."""
    return Ticket(
        kind=Kind.REMINDER,
        charged_user=user,
        charged_user_kind=UserKind.SET,
        reminder_time=reminder,
        reminder_state=state,
        **stamp(at),
    )


def room_status_ticket(
    room: str, status: RoomStatus, problem: int | None, guest_name: str | None, at: Moment
) -> Ticket:
    """Write the ticket of a room's status as it was told (facts: oxo 4, documented)."""
    return Ticket(
        kind=Kind.ROOM_STATUS,
        charged_user=room,
        charged_user_kind=UserKind.SET,
        room_status=status,
        room_problem=problem,
        subscriber_name=None if guest_name is None else guest_name[:NAME_CHARACTERS_MAX].rstrip(),
        **stamp(at),
    )
