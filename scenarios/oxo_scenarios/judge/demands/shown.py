"""Whether the subject shows appointments and room states: the second mark of the published report.

A ticket in a list of calls is received; whether anybody sees that a guest was not woken is another
question. The report itself passes collectors that show nothing of it and says so, and so does this.
"""

from collections import Counter

from oxo_tickets import Carriage, Kind, Standing, Ticket, project

from oxo_scenarios.judge.demands.demand import (
    LEDGER,
    SHOWN,
    Answer,
    Demand,
    counted,
    nok,
    ok,
)
from oxo_scenarios.judge.sight import Sight
from oxo_scenarios.verdict import Verdict

NO_PLACE = "the subject's folder names no place where it shows appointments and room states"
NOT_MADE = "no appointment and no room state came to the collector"
FIELDS = {
    Kind.REMINDER: ("charged_user", "reminder_time", "reminder_state"),
    Kind.ROOM_STATUS: ("charged_user", "room_status", "room_problem"),
}
"""What is looked for, where the wire carries it."""


def shown(sight: Sight, _argument: str) -> Answer:
    """What the exchange told of appointments and rooms stands where the subject shows it.

    Decided by the tickets that the exchange kept for this wire, as a multiset: each must stand in
    what the subject shows, as often as it was made, in user, time and state of a reminder, or room,
    status and problem, as far as the wire carries them. More may stand there. A subject without
    such a place is not observable here, which spoils nothing.
    """
    made = [
        one
        for station in sight.chronicle.buffered()
        if (one := _told(station.ticket, sight.through)) is not None
    ]
    if not made:
        return Answer(Verdict.NOT_APPLICABLE, NOT_MADE)
    if sight.evidence.shown is None:
        return Answer(
            Verdict.NOT_OBSERVABLE,
            NO_PLACE,
            clause="not shown by the collector",
        )
    there = [_told(ticket, sight.through) for ticket in sight.evidence.shown]
    missing = Counter(made) - Counter(one for one in there if one is not None)
    if missing:
        named = ", ".join(" ".join(filter(None, one)) for one in list(missing)[:3])
        all_ = counted(len(made), "appointment or room state")
        return nok(f"{missing.total()} of {all_} not shown by the subject: {named}")
    return ok("shown by the collector")


def _told(ticket: Ticket, through: Carriage) -> tuple[str, ...] | None:
    """Return what is looked for of a ticket; `None` of one that is neither."""
    if ticket.kind not in FIELDS:
        return None
    seen = project(ticket, through)
    values = [
        getattr(seen, name) if through.carries(name, ticket.kind) else None
        for name in FIELDS[ticket.kind]
    ]
    return (ticket.kind.value, *("" if value is None else str(value) for value in values))


DEMANDS = (Demand("shown", shown, (LEDGER, SHOWN), Standing.OURS),)
