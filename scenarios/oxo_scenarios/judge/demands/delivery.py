"""Demands on the tickets themselves: received, kept exactly once, read field by field."""

from collections.abc import Sequence

from oxo_tickets import Difference, Kind, Standing, project

from oxo_scenarios.judge.demands.demand import (
    DELIVERY,
    DELIVERY_RAW,
    LEDGER,
    NAMED_TICKETS_MAX,
    Answer,
    Demand,
    counted,
    nok,
    ok,
    undecided,
)
from oxo_scenarios.judge.finding import Fate
from oxo_scenarios.judge.prescription import answered, worded
from oxo_scenarios.judge.sight import Destiny, Sight, through_the_wire
from oxo_scenarios.verdict import Verdict
from oxo_scenarios.wires import HOME, TELLINGS

ONLY_RECEIVED = "the subject declares to receive appointment tickets only"
LABELS = {"call_seconds": "duration", "kind": "kind of ticket", "charged_user": "charged user"}
"""Fields that people call otherwise than by their name in the model."""


def received(sight: Sight, _argument: str) -> Answer:
    """Every ticket that waited was fetched and acknowledged, or left as its wire lets it leave.

    Decided by the ledger alone: each ticket that a door of the play kept stands in the range of an
    `offered` and of an `acknowledged` or `consumed` line of that door; on account files of a
    `fetched` line, on the stream of a `sent` line. Without any such ticket it is undecided.
    """
    buffered = sight.chronicle.buffered()
    if not buffered:
        return undecided("no ticket waited in the exchange's buffer")
    telling = TELLINGS[sight.case.wire]
    never = [station for station in buffered if not station.offered]
    open_ = [station for station in buffered if station.offered and not station.given]
    reasons = []
    if never:
        all_ = counted(len(buffered), "ticket")
        reasons.append(f"{len(never)} of {all_} never {telling.lacking}")
    if open_:
        all_ = counted(len(buffered), "ticket")
        reasons.append(f"{len(open_)} of {all_} never {telling.open}")
    return nok(", ".join(reasons)) if reasons else ok(tickets=len(buffered))


def exactly_once(sight: Sight, _argument: str) -> Answer:
    """The delivery holds every ticket that the exchange made, once and unchanged, and no other.

    Decided by the fates. Tickets that the exchange itself dropped are not asked for, nor are
    appointment tickets of a subject that declares only to receive them.
    """
    wrong = [
        _named(sight.of_fate(fate), fate)
        for fate in (Fate.LOST, Fate.DUPLICATED, Fate.ALTERED)
        if sight.of_fate(fate)
    ]
    if sight.phantoms:
        places = _listed([str(place) for place in sight.phantoms])
        wrong.append(f"{len(sight.phantoms)} phantom (places {places} of the delivery)")
    fields = list(sight.comparison.fields)
    if wrong:
        return nok("; ".join(wrong), compared=fields)
    if not sight.destinies:
        return undecided("the exchange made no ticket")
    if all(destiny.fate is Fate.DROPPED for destiny in sight.destinies):
        return undecided("the exchange kept no ticket")
    if not sight.asked():
        return Answer(Verdict.NOT_APPLICABLE, ONLY_RECEIVED)
    return ok(compared=fields)


def field(sight: Sight, name: str) -> Answer:
    """The field under test reads in the delivery as the exchange wrote it.

    In this order: not observable when the wire does not carry the field, or so coarsely that the
    value is gone, or when the subject's delivery does not show it; undecided when the exchange
    made no ticket with a value of the case; not applicable when the subject declares not to show
    such tickets; nok when a ticket with a value is lost or its field differs.
    """
    told = _told(sight, name)
    asked = [destiny for destiny in told if destiny.fate is not Fate.NOT_ASKED]
    label = labelled(name)
    if unseen := _unseen(sight, told, name):
        return Answer(Verdict.NOT_OBSERVABLE, f"{label}: {unseen}", parameters={"field": name})
    if not told:
        return undecided(f"the exchange made no ticket with the {label} that the case asks for")
    if not asked:
        return Answer(Verdict.NOT_APPLICABLE, ONLY_RECEIVED)
    wrong = [words for destiny in asked if (words := _misread(sight, destiny, name))]
    answer = nok(_listed(wrong), field=name) if wrong else ok(label, field=name)
    return answer._replace(standing=sight.through.standings[name])


def readable(sight: Sight, _argument: str) -> Answer:
    """Every line of the delivery can be read as a ticket."""
    unreadable = sight.evidence.delivery.unreadable
    if not unreadable:
        return ok()
    named = _listed([f"line {found.line}: {found.reason}" for found in unreadable])
    return nok(f"unreadable in the delivery: {named}")


def labelled(field_name: str) -> str:
    """Return a field's name as people say it."""
    return LABELS.get(field_name, field_name.replace("_", " "))


def _told(sight: Sight, name: str) -> list[Destiny]:
    """Return the tickets in which the field is looked for; none where one of them is missing."""
    wanted = [one for one in sight.case.prescribed if name in one]
    if not wanted:
        return [destiny for destiny in sight.destinies if _bears(sight, destiny, name)]
    made = [destiny for destiny in sight.destinies if destiny.fate is not Fate.DROPPED]
    found = answered(wanted, [destiny.station.ticket for destiny in made])
    return [made[at] for at in found.values()] if len(found) == len(wanted) else []


def _bears(sight: Sight, destiny: Destiny, name: str) -> bool:
    """Tell whether the ticket was to be collected and bears a value that the case asks for."""
    value = getattr(destiny.station.ticket, name)
    if destiny.fate is Fate.DROPPED or value in (None, ()):
        return False
    if "kind" in sight.case.values and name != "kind":
        wanted_kinds = sight.case.values["kind"]
        if destiny.station.ticket.kind not in wanted_kinds:
            return False
    wanted = sight.case.values.get(name)
    return wanted is None or not worded(value).isdisjoint(wanted)


def _unseen(sight: Sight, told: Sequence[Destiny], name: str) -> str | None:
    """Return why the field cannot be seen; `None` when it can, or when nobody is asked for it."""
    if not sight.through.carries(name):
        if sight.case.wire != HOME:
            return f"the {sight.case.wire} wire does not carry it ({sight.through.tag_set})"
        return f"the wire does not carry it with the {sight.through.tag_set} tags"
    made = [destiny.station.ticket for destiny in told]
    if any(getattr(project(one, sight.through), name) != getattr(one, name) for one in made):
        return "the wire carries it too coarsely to tell"
    asked = any(destiny.fate is not Fate.NOT_ASKED for destiny in told)
    if asked and name not in sight.evidence.delivery.shown:
        return "the subject's delivery does not show it"
    return None


def _misread(sight: Sight, destiny: Destiny, name: str) -> str | None:
    """Return what is wrong with the field of this ticket; `None` when nothing is."""
    made = destiny.station
    if destiny.found is None:
        return f"ticket {made.id} is lost, its {labelled(name)} unread"
    expected = sight.comparison.value(project(made.ticket, sight.through), name)
    seen = through_the_wire(destiny.found, sight.evidence, sight.through)
    found = sight.comparison.value(seen, name)
    if expected == found:
        return None
    return f"ticket {made.id}: {Difference(name, expected, found)}"


def _named(destinies: Sequence[Destiny], fate: Fate) -> str:
    words = []
    for destiny in destinies:
        detail = ", ".join(str(difference) for difference in destiny.differences)
        words.append(f"{destiny.station.id}: {detail}" if detail else str(destiny.station.id))
    reminders = sum(destiny.station.ticket.kind is Kind.REMINDER for destiny in destinies)
    what = f", {counted(reminders, 'appointment ticket')} among them" if reminders else ""
    return f"{len(destinies)} {fate} (ticket {_listed(words)}{what})"


def _listed(words: Sequence[str]) -> str:
    more = len(words) - NAMED_TICKETS_MAX
    listed = "; ".join(words[:NAMED_TICKETS_MAX])
    return f"{listed}; and {more} more" if more > 0 else listed


DEMANDS = (
    Demand("received", received, (LEDGER,), Standing.OURS),
    Demand("exactly once", exactly_once, (LEDGER, DELIVERY), Standing.OURS),
    Demand("field", field, (LEDGER, DELIVERY), Standing.OURS, "NAME"),
    Demand("readable delivery", readable, (DELIVERY_RAW,), Standing.OURS),
)
