"""What the account wire keeps of the tickets that the exchange makes (facts: oxe 2.2, 3.1)."""

from typing import Final

from oxo_tickets import Ticket

from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.shelf import FILE_TICKETS_MAX
from oxo_simulator.ed52.layout import LAYOUTS
from oxo_simulator.ed52.mapping import Manner, accepts
from oxo_simulator.exchange.outlet import OutletTerms

WIRE: Final = "account"


def terms(settings: AccountSettings, manner: Manner) -> OutletTerms | None:
    """Return what the wire asks of its outlet; `None` where the profile closes it.

    What waits at the outlet is the open file's. It is closed when it is full, so nothing is ever
    dropped for want of room, and there is no threshold to raise an alarm at.
    """
    if not settings.open:
        return None
    layout = LAYOUTS[settings.layout]

    def kept(ticket: Ticket) -> str | None:
        return accepts(ticket, manner, layout)

    return OutletTerms(wire=WIRE, capacity=FILE_TICKETS_MAX, alarm_percent=0, accepts=kept)
