"""Who answers when a number of the exchange is called.

A diversion is followed at once, whatever state the set is in, and at most `HOPS_MAX` times; an
external target leaves the exchange (facts: oxo 4 SMDR4). A group calls its members in turn and
takes the first that is free. A data device refuses a telephone call (facts: iwr 6.1). Who is in the
call already meets his own busy set, and a group passes him over (ours).
"""

from collections.abc import Collection
from typing import NamedTuple

from oxo_simulator.exchange.directory import Directory, Group, Party, SetClass, Subscriber
from oxo_simulator.exchange.orders import Outcome
from oxo_simulator.exchange.sets import SetStates

HOPS_MAX = 5
"""Diversions in a row; behind them the caller meets a busy set. Ours."""


class Reached(NamedTuple):
    """What a call to a number meets.

    Attributes:
        outcome: `answered` where somebody can answer.
        first: the set or group first called.
        party: who answers, or who would have.
        diverted: whether a diversion inside the exchange was followed.
        outside: the external number that `party` is diverted to.
    """

    outcome: Outcome
    first: Party
    party: Party
    diverted: bool = False
    outside: str | None = None


def reach(
    number: str, directory: Directory, states: SetStates, present: Collection[str] = ()
) -> Reached:
    """Follow a call to a set or group; `present` are those who are in it already.

    Raises:
        SubscriberUnknown: nobody has that number.
    """
    first = party = directory.party(number)
    hops = 0
    while (target := states[party.number].diverted_to) is not None:
        if hops == HOPS_MAX:
            return Reached("busy", first, party, diverted=True)
        if target not in directory:
            return Reached("answered", first, party, hops > 0, outside=target)
        party, hops = directory.party(target), hops + 1
    if isinstance(party, Subscriber):
        if party.number in present:
            return Reached("busy", first, first, hops > 0)
        return Reached(_answer(party, states), first, party, hops > 0)
    outcome, found = _in_turn(party, directory, states, present)
    return Reached(outcome, first, found, hops > 0)


def _in_turn(
    group: Group, directory: Directory, states: SetStates, present: Collection[str]
) -> tuple[Outcome, Party]:
    """Take the first member that is free; else the first one's reason, and the group is charged."""
    outcomes: list[tuple[Outcome, Subscriber]] = [
        ("busy" if member.number in present else _answer(member, states), member)
        for member in directory.members(group)
    ]
    for outcome, member in outcomes:
        if outcome == "answered":
            return outcome, member
    return (outcomes[0][0] if outcomes else "out of service"), group


def _answer(subscriber: Subscriber, states: SetStates) -> Outcome:
    if subscriber.set_class is SetClass.DATA:
        return "refused: data device"
    condition = states[subscriber.number].condition
    return "answered" if condition == "free" else condition
