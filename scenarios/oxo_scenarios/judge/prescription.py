"""What a case prescribes of its tickets, and which of those made answers to it. Pure.

A prescription is a list of tickets in words: field -> value as text, so `charged_user` 128 and
`facilities` external forwarding. Of a field that holds several values (facilities) it names one
that must be among them; an empty text stands for none. Two prescriptions may be alike: each is
answered by a ticket of its own, whatever their order.
"""

from collections.abc import Mapping, Sequence
from datetime import time

from oxo_tickets import Ticket

Prescribed = Mapping[str, str]


def worded(value: object) -> frozenset[str]:
    """Return the texts by which a value may be asked for; several only of several values."""
    if value is None or value == ():
        return frozenset({""})
    if isinstance(value, tuple):
        return frozenset(str(each) for each in value)
    if isinstance(value, time):
        return frozenset({value.isoformat("minutes"), value.isoformat("seconds")})
    return frozenset({str(value)})


def answers(ticket: Ticket, prescribed: Prescribed) -> bool:
    """Tell whether a ticket is as this prescription has it."""
    return all(wanted in worded(getattr(ticket, name)) for name, wanted in prescribed.items())


def answered(prescribed: Sequence[Prescribed], made: Sequence[Ticket]) -> dict[int, int]:
    """Return which prescription is answered by which ticket, by place; as many as can be."""
    by_ticket: dict[int, int] = {}
    for place in range(len(prescribed)):
        _find(place, prescribed, made, by_ticket, set())
    return {place: ticket for ticket, place in sorted(by_ticket.items(), key=lambda x: x[1])}


def _find(
    place: int,
    prescribed: Sequence[Prescribed],
    made: Sequence[Ticket],
    by_ticket: dict[int, int],
    tried: set[int],
) -> bool:
    """Give this prescription a ticket; one that is taken goes on if its owner finds another."""
    for at, ticket in enumerate(made):
        if at in tried or not answers(ticket, prescribed[place]):
            continue
        tried.add(at)
        if at not in by_ticket or _find(by_ticket[at], prescribed, made, by_ticket, tried):
            by_ticket[at] = place
            return True
    return False
