"""What the taxation wire asks of its outlet."""

from oxo_tickets import Ticket

from oxo_simulator.exchange.outlet import TAXATION, OutletTerms
from oxo_simulator.profile import Profile
from oxo_simulator.taxation.answers import can_render


def outlet_terms(profile: Profile) -> OutletTerms:
    """Return the terms that a profile gives.

    What the wire cannot say never waits: it would stand before all others.
    """

    def accepts(ticket: Ticket) -> str | None:
        return None if can_render(ticket, profile.tag_set) else "cannot be rendered"

    return OutletTerms(
        wire=TAXATION,
        capacity=profile.buffer.capacity,
        alarm_percent=profile.buffer.alarm_percent,
        # What was under way when the lines were blocked is lost like anything new.
        overflow="oldest" if profile.buffer.overflow == "oldest" else "newest",
        licensed=True,
        accepts=accepts,
    )
