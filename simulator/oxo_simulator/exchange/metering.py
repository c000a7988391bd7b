"""From what happened to the ticket that says so.

`local_time` is the begin of the call: the sources do not say begin or end, one billing program
takes the begin (facts: oxo 2.2, inferred).
"""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Any, NamedTuple

from oxo_tickets import (
    CommunicationType,
    Direction,
    Kind,
    ReminderState,
    Service,
    Ticket,
    UserKind,
)

from oxo_simulator.exchange.directory import Subscriber
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.trunks import KINDS


class Tariff(NamedTuple):
    """What one unit costs (facts: oxo 2.2; no threshold and second value here)."""

    currency: str
    unit_value: Decimal


def call_ticket(
    order: CallOrder, subscriber: Subscriber, line: str, begin: Moment, tariff: Tariff
) -> Ticket:
    """Write the ticket of one call."""
    outgoing = order.direction == "outgoing"
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING if outgoing else Direction.INCOMING,
        communication_type=CommunicationType.OUTGOING if outgoing else CommunicationType.INCOMING,
        charged_user=subscriber.number,
        charged_user_kind=UserKind.SET,
        subscriber_name=subscriber.name,
        dialled_number=order.number,
        service=Service.TELEPHONY,
        trunk=line[1:],
        trunk_kind=KINDS[line[0]],
        # An outgoing call has no ringing of its own (facts: oxo 2.1 RIN, documented).
        ring_seconds=0 if outgoing else order.ring_seconds,
        call_seconds=order.call_seconds,
        units=order.units,
        cost=order.units * tariff.unit_value,
        currency=tariff.currency,
        account_code=order.account_code,
        **(_of_outgoing(order) if outgoing else _of_incoming(subscriber)),
        **_stamp(begin),
    )


def activation_ticket(subscriber: Subscriber, reminder: time, begin: Moment) -> Ticket:
    """Write the ticket of a reminder just programmed (facts: oxo 3.2 Activation)."""
    return Ticket(
        kind=Kind.REMINDER,
        charged_user=subscriber.number,
        charged_user_kind=UserKind.SET,
        reminder_time=reminder,
        reminder_state=ReminderState.ACTIVATION,
        **_stamp(begin),
    )


def _of_outgoing(order: CallOrder) -> Mapping[str, Any]:
    return {"dialling_mode": order.dialling_mode}


def _of_incoming(subscriber: Subscriber) -> Mapping[str, Any]:
    return {"initial_user": subscriber.number, "initial_user_kind": UserKind.SET}


def _stamp(begin: Moment) -> Mapping[str, Any]:
    return {
        "local_time": begin.local.replace(microsecond=0),
        "zone": begin.zone,
        "fold": begin.fold,
    }
