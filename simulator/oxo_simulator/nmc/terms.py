"""What the NMC wire keeps of the tickets that the exchange makes (facts: oxo 1.2, 1.3, 1.5)."""

from typing import Final

from oxo_tickets import Direction, Kind, Ticket

from oxo_simulator.exchange.outlet import AlarmNames, OutletTerms
from oxo_simulator.nmc.mapping import unrenderable
from oxo_simulator.nmc.settings import NmcSettings

WIRE: Final = "nmc"
NO_LICENCE = "no licence"
NOT_ACCOUNTED = "not accounted"
UNRENDERABLE = "cannot be rendered"
ALARMS = AlarmNames("NMC_THRESHOLD_METERING_TBL")
"""The maker's own (facts: oxo 1.5, documented); of a full store no alarm is known."""


def terms(settings: NmcSettings) -> OutletTerms | None:
    """Return what the wire asks of its outlet; `None` where the profile closes it."""
    if not settings.open:
        return None

    def accepts(ticket: Ticket) -> str | None:
        if not settings.licence_tickets:
            return NO_LICENCE
        if not _accounted(ticket, settings.accounting):
            return NOT_ACCOUNTED
        return UNRENDERABLE if unrenderable(ticket, settings.manner) else None

    return OutletTerms(
        wire=WIRE,
        capacity=settings.licence_tickets,
        alarm_percent=settings.alarm_percent,
        overflow=settings.overflow,
        accepts=accepts,
        alarm_names=ALARMS,
    )


def _accounted(ticket: Ticket, accounting: str) -> bool:
    """Calls of the other direction stay out; what has none is asked for by a user, so goes out."""
    if accounting in ("both", "none"):
        return accounting == "both"
    incoming = ticket.direction is Direction.INCOMING and ticket.kind is not Kind.REMINDER
    return incoming == (accounting == "incoming")
