"""From what happened to a reminder to the ticket that says so."""

from datetime import time

from oxo_tickets import Kind, ReminderState, Ticket, UserKind

from oxo_simulator.exchange.directory import Subscriber
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.prescribed import stamp


def activation_ticket(subscriber: Subscriber, reminder: time, begin: Moment) -> Ticket:
    """Write the ticket of a reminder just programmed (facts: oxo 3.2 Activation)."""
    return Ticket(
        kind=Kind.REMINDER,
        charged_user=subscriber.number,
        charged_user_kind=UserKind.SET,
        reminder_time=reminder,
        reminder_state=ReminderState.ACTIVATION,
        **stamp(begin),
    )
