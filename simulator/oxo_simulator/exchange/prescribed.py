"""Which tickets a call leads to, and when.

A ticket is written when its leg ends: at a transfer the first user's, at the end of the call the
others' (facts: oxo 2.2 "counters are reset when the line is released or the call is transferred",
documented; the number of tickets inferred). The profile's delay is added by whoever writes them.
A leg of more than 24 hours goes on in further tickets, since no duration is longer than 23:59:59
(facts: oxo 7.3, ours). Settings keep tickets back (facts: oxo 1.3): then there is none at all, and
the reason is told where the whole call leads to none.

`local_time` is the begin of the call, of a later leg the begin of the leg: the sources do not say
begin or end, one billing program takes the begin (facts: oxo 2.2, inferred).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from oxo_tickets import CommunicationType, Direction, Kind, Service, Ticket, UserKind

from oxo_simulator.exchange.charging import Charge, Pulses, Tariff, advised, pulses
from oxo_simulator.exchange.charging_settings import Charging
from oxo_simulator.exchange.course import Course, Leg
from oxo_simulator.exchange.directory import Subscriber
from oxo_simulator.exchange.metering_settings import Metering
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.orders import CallOrder, FacilityRequest
from oxo_simulator.exchange.trunks import KINDS

TICKET_SECONDS_MAX = 24 * 3600 - 1
"""The longest duration that a ticket shows (facts: oxo 2.2 ALZ, 7.3)."""
MASKED_DIGITS = 4
MASK = "*"
FREE = Charge(0, Decimal(0))


class CallSettings(NamedTuple):
    """What decides about tickets of calls.

    Attributes:
        metering: which calls are ticketed.
        charging: what they cost.
        local_calls: licence for tickets of internal calls (facts: oxo 1.2).
    """

    metering: Metering
    charging: Charging
    local_calls: bool = True


class Due(NamedTuple):
    """A ticket and when its leg ends, in seconds after the begin of the call."""

    seconds: int
    ticket: Ticket


class Prescription(NamedTuple):
    """The tickets of one call, earliest first; `why` there are none, where there are none."""

    due: tuple[Due, ...]
    why: str | None = None


class Call(NamedTuple):
    """A call with everything that its tickets depend on.

    Attributes:
        order: what was ordered.
        course: how it goes.
        lines: those that were seized, in the order in which the course wants them.
        begin: its first instant.
    """

    order: CallOrder
    course: Course
    lines: Sequence[str]
    begin: Moment

    @property
    def ring_seconds(self) -> int:
        """How long it rings; a set that is not free does not."""
        return self.order.ring_seconds if self.course.outcome in ("answered", "unanswered",
                                                                   "cut off") else 0  # fmt: skip

    @property
    def seconds(self) -> int:
        """From its begin to its end."""
        return self.ring_seconds + self.course.talk_seconds

    def legs_at(self, instant: datetime) -> Iterator[Leg]:
        """Yield the legs of those who take part at an instant (with offset), or are rung."""
        passed = (instant - self.begin.utc).total_seconds()
        talked = max(0.0, passed - self.ring_seconds)
        for leg in self.course.legs:
            if leg.since <= talked < leg.until or leg.since == talked == 0:
                yield leg


def prescribed(call: Call, settings: CallSettings) -> Prescription:
    """Say which tickets a call leads to."""
    found: list[Due] = []
    reasons: list[str] = []
    for leg in call.course.legs:
        for due in _tickets(call, leg, settings):
            if reason := _kept_back(due.ticket, leg, settings):
                reasons.append(reason)
            else:
                found.append(due)
    if found:
        return Prescription(tuple(sorted(found, key=lambda due: due.seconds)))
    return Prescription((), reasons[0] if reasons else call.course.outcome)


def facility_ticket(order: FacilityRequest, subscriber: Subscriber, at: Moment) -> Ticket:
    """Write the ticket of a service asked for or cancelled: no number, no duration (oxo 2.3)."""
    requested, cancelled = CommunicationType.FACILITY_REQUEST, CommunicationType.FACILITY_CANCELLED
    return Ticket(
        kind=Kind.FACILITY,
        direction=Direction.OUTGOING,
        communication_type=cancelled if order.cancelled else requested,
        charged_user=subscriber.number,
        charged_user_kind=subscriber.kind,
        subscriber_name=subscriber.name,
        service=Service.TELEPHONY,
        ring_seconds=0,
        call_seconds=0,
        facilities=(order.facility,),
        **stamp(at),
    )


def spent(call: Call, settings: CallSettings) -> Mapping[str, Decimal]:
    """Return the money that each set owes for a call, tickets or none."""
    owed: dict[str, Decimal] = {}
    for leg in call.course.legs:
        # A line has no money, though it may be called as a set is.
        if leg.user.kind is UserKind.SET:
            cost = _charge(call, leg, leg.until, settings).cost
            owed[leg.user.number] = owed.get(leg.user.number, Decimal(0)) + cost
    return owed


def _tickets(call: Call, leg: Leg, settings: CallSettings) -> Iterator[Due]:
    """Write the tickets of one leg, each with what was added since the one before."""
    before, since = FREE, leg.since
    while True:
        until = leg.until
        if settings.metering.long_calls == "continue":
            until = min(until, since + TICKET_SECONDS_MAX)
        charge = _charge(call, leg, until, settings)
        part = Charge(charge.units - before.units, charge.cost - before.cost)
        yield Due(call.ring_seconds + until, _ticket(call, leg, (since, until), part, settings))
        if until >= leg.until:
            return
        before, since = charge, until


def _ticket(
    call: Call, leg: Leg, span: tuple[int, int], charge: Charge, settings: CallSettings
) -> Ticket:
    since, until = span
    first = leg.rings and since == leg.since
    begin = call.begin if first else call.begin.after(call.ring_seconds + since)
    common = {
        "direction": leg.direction,
        "charged_user": leg.user.number,
        "charged_user_kind": leg.user.kind,
        "subscriber_name": leg.user.name,
        "service": Service.TELEPHONY,
        "call_seconds": until - since,
        "facilities": tuple(sorted(leg.facilities)),
        "account_code": call.order.account_code,
        **stamp(begin),
    }
    if leg.line is None:
        end = call.begin.after(call.ring_seconds + until).local.replace(microsecond=0)
        return Ticket(kind=Kind.LOCAL_CALL, dialled_number=leg.number, local_end=end, **common)
    line = call.lines[leg.line]
    return Ticket(
        kind=Kind.CALL,
        communication_type=leg.communication,
        trunk=line[1:],
        trunk_kind=KINDS[line[0]],
        # An outgoing call has no ringing of its own (facts: oxo 2.1 RIN, documented).
        ring_seconds=call.ring_seconds if first and leg.direction is Direction.INCOMING else 0,
        units=charge.units,
        cost=charge.cost,
        currency=settings.charging.currency,
        dialling_mode=leg.dialling_mode,
        **_first_called(leg),
        **_number(leg, settings.metering),
        **common,
    )


def _first_called(leg: Leg) -> Mapping[str, Any]:
    if leg.first_called is None:
        return {}
    return {
        "initial_user": leg.first_called.number,
        "initial_user_kind": leg.first_called.kind,
    }


def _number(leg: Leg, metering: Metering) -> Mapping[str, Any]:
    """Say the other party; dialled digits alone are masked (facts: oxo 1.3 MASK)."""
    number = leg.number
    if not (metering.mask_last_four and number and leg.direction is Direction.OUTGOING):
        return {"dialled_number": number}
    hidden = min(MASKED_DIGITS, len(number))
    shown = number[: len(number) - hidden] + MASK * hidden
    return {"dialled_number": shown, "masked": {"dialled_number": hidden}}


def stamp(begin: Moment) -> Mapping[str, Any]:
    """Return the instant of a ticket in the fields that say it."""
    return {
        "local_time": begin.local.replace(microsecond=0),
        "zone": begin.zone,
        "fold": begin.fold,
    }


def _charge(call: Call, leg: Leg, until: int, settings: CallSettings) -> Charge:
    """Return what a leg costs from its begin until then."""
    fall = _pulses(call, leg, settings.charging)
    # The first to talk on a line has the unit of its begin; who is handed a call goes on counting.
    connected = leg.since if leg.basic else 0
    begun = fall.until(leg.since - connected)
    charged_beside = leg.basic and leg.metered and call.course.talk_seconds > 0
    return Tariff(settings.charging).charge(
        fall.until(until - connected) - begun,
        set_class=leg.user.set_class,
        basic=charged_beside,
        services=leg.facilities if charged_beside else (),
        # Whom the user brings in himself, the operator did not call.
        operator_made=leg.advised and call.order.operator_made and call.course.talk_seconds > 0,
    )


def _pulses(call: Call, leg: Leg, charging: Charging) -> Pulses:
    # Counting by time switches advice off (facts: oxo 1.3, documented).
    if call.order.units is not None and leg.advised and charging.units_by == "advice":
        return advised(call.order.units, call.order.call_seconds)
    return pulses(charging, leg.number or "") if leg.metered else Pulses()


def _kept_back(ticket: Ticket, leg: Leg, settings: CallSettings) -> str | None:
    """Say which setting keeps a ticket back, if one does."""
    metering = settings.metering
    if leg.line is None and not settings.local_calls:
        return "local calls not licensed"
    missed = ticket.call_seconds == 0 and leg.direction is not Direction.OUTGOING
    if missed and not metering.unanswered_incoming:
        return "unanswered call not ticketed"
    monitoring = leg.user.monitoring or metering.monitoring
    if monitoring == "all" or (monitoring == "outgoing" and _meets(ticket, leg, metering)):
        return None
    return f"monitoring {monitoring}"


def _meets(ticket: Ticket, leg: Leg, metering: Metering) -> bool:
    """Tell whether a call meets a criterion that is set, or is outgoing where none is set."""
    if not (leg.direction is Direction.OUTGOING and leg.metered):
        return False
    minutes, prefix = metering.duration_minutes, metering.international_prefix
    criteria = [
        (bool(minutes), leg.until - leg.since >= minutes * 60),
        (bool(metering.cost), (ticket.cost or Decimal(0)) >= metering.cost),
        (bool(prefix), (leg.number or "").startswith(prefix)),
    ]
    met = [holds for is_set, holds in criteria if is_set]
    return any(met) or not met
