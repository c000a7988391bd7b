"""How a call goes: from an order, and who can be reached, to the legs that somebody is charged for.

A leg is the part of a call that belongs to one user on one line: it becomes one ticket (or several,
beyond 24 hours). Times are whole seconds of conversation, 0 where it begins.

    order                   legs (facts: oxo 2.2, 4; where the sources are silent, ours)
    outgoing                one
    incoming                one: who answered, with the number first called
    incoming, diverted out  two: the incoming one, and the outgoing one on another line, both of the
                            set that is diverted, both with external forwarding
    internal                two local ones, one per party
    internal, diverted out  one outgoing of the set that is diverted
    transfer                each leg of the one who transfers ends; the other's goes on from there
    conference              one more per party brought in, until the end
    line to line            two: break-in and break-out, both of the line that the call came in on
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from oxo_tickets import CommunicationType, DiallingMode, Direction, Facility, UserKind

from oxo_simulator.exchange.directory import Directory, Monitoring, Party, SetClass, Subscriber
from oxo_simulator.exchange.orders import CallOrder, Outcome
from oxo_simulator.exchange.reaching import Reached, reach
from oxo_simulator.exchange.sets import SetStates
from oxo_simulator.exchange.trunks import USER_KINDS

_PRIVATE = {
    CommunicationType.OUTGOING: CommunicationType.OUTGOING_PRIVATE,
    CommunicationType.INCOMING: CommunicationType.INCOMING_PRIVATE,
}
_TRANSFER = {
    CommunicationType.OUTGOING: CommunicationType.OUTGOING_TRANSFER,
    CommunicationType.INCOMING: CommunicationType.INCOMING_TRANSFER,
    CommunicationType.OUTGOING_PRIVATE: CommunicationType.OUTGOING_TRANSFER_PRIVATE,
    CommunicationType.INCOMING_PRIVATE: CommunicationType.INCOMING_TRANSFER_PRIVATE,
}


class User(NamedTuple):
    """Who is charged: a set, a group, or a line; its class and its own monitoring if it has any."""

    number: str
    kind: UserKind
    name: str | None = None
    set_class: SetClass | None = None
    monitoring: Monitoring | None = None


class Leg(NamedTuple):
    """One user's part of a call, on one line or inside the exchange.

    Attributes:
        user: who is charged.
        direction: as the ticket says it; `LOCAL` is a row of an internal call.
        number: the other party.
        since: seconds of conversation when it begins.
        until: seconds of conversation when it ends.
        line: index of the line that it occupies; `None` inside the exchange.
        communication: type of the call; `None` of a local one.
        first_called: of an incoming leg.
        rings: whether the ringing of the call is part of it.
        facilities: that took part.
        dialling_mode: where the user dialled.
        metered: whether the public network meters it.
        basic: whether what a call costs besides its time is this user's.
        advised: whether the units that the order names, if it names any, come on this leg.
    """

    user: User
    direction: Direction
    number: str | None
    since: int
    until: int
    line: int | None = None
    communication: CommunicationType | None = None
    first_called: User | None = None
    rings: bool = True
    facilities: tuple[Facility, ...] = ()
    dialling_mode: DiallingMode | None = None
    metered: bool = False
    basic: bool = False
    advised: bool = False


class Course(NamedTuple):
    """How a call goes if nothing cuts it off.

    Attributes:
        outcome: what becomes of it.
        legs: in the order of their tickets where those are written at one instant.
        lines: the line wanted for each index that a leg names; `None` is any.
        talk_seconds: length of the conversation.
    """

    outcome: Outcome
    legs: tuple[Leg, ...] = ()
    lines: tuple[str | None, ...] = ()
    talk_seconds: int = 0

    @property
    def brought_in(self) -> tuple[Leg, ...]:
        """The legs of parties outside who join a conference."""
        return tuple(leg for leg in self.legs if leg.basic and not leg.advised)

    def without_brought_in(self) -> "Course":
        """Return the course without those legs and their lines, which are the last."""
        out = self.brought_in
        legs = tuple(leg for leg in self.legs if leg not in out)
        return self._replace(legs=legs, lines=self.lines[: len(self.lines) - len(out)])


def course(order: CallOrder, directory: Directory, states: SetStates) -> Course:
    """Say how a call goes.

    Raises:
        SubscriberUnknown: a set that the order names does not exist.
    """
    if order.break_in:
        return _line_to_line(order)
    if order.direction == "outgoing":
        plain, user = _calling(order, directory, states)
    else:
        plain, user = _called(order, directory, states)
    if plain.outcome != "answered" or user is None:
        return plain
    if order.transfer_to is not None:
        met = reach(order.transfer_to, directory, states, _present(plain.legs))
        return _transferred(plain, order.transfer_after_seconds, user, met, states)
    return _joined(plain, order, user, directory, states)


def line_user(line: str) -> User:
    """Say who is charged when it is a line (facts: oxo 2.1 SUB)."""
    return User(line[1:], USER_KINDS[line[0]])


def _calling(
    order: CallOrder, directory: Directory, states: SetStates
) -> tuple[Course, User | None]:
    """Say how a call to the outside goes, and who may transfer it."""
    user = _user(directory[order.user], states)
    if _is_dead(order.user, states):
        return Course("out of service"), None
    leg = _outgoing(order, user, order.number, order.call_seconds, line=0)
    return Course(_talked(order), (leg,), (order.trunk,), order.call_seconds), user


def _called(
    order: CallOrder, directory: Directory, states: SetStates
) -> tuple[Course, User | None]:
    """Say how a call to somebody inside goes, and who may transfer it."""
    internal = order.direction == "internal"
    caller = _user(directory[order.user], states) if internal else None
    if internal and _is_dead(order.user, states):
        return Course("out of service"), None
    called, present = (order.number, (order.user,)) if internal else (order.user, ())
    met = reach(called, directory, states, present)
    if met.outcome == "refused: data device":
        return Course(met.outcome), None
    outcome = _talked(order) if met.outcome == "answered" else met.outcome
    seconds = order.call_seconds if outcome == "answered" else 0
    party = _user(met.party, states)
    if met.outside is not None:
        return _outside(order, met, party, states, seconds), None
    if caller is not None:
        rows = _local_rows(caller, party, 0, seconds, _forwarded(met))
        return Course(outcome, rows, (), seconds), caller
    leg = _incoming(order, met, party, states, seconds)
    return Course(outcome, (leg,), (order.trunk,), seconds), party


def _outside(order: CallOrder, met: Reached, user: User, states: SetStates, seconds: int) -> Course:
    """Leave the exchange again: the set that is diverted is charged (facts: oxo 2.2 break-out)."""
    forwarded = (Facility.EXTERNAL_FORWARDING,)
    number = met.outside or ""
    if order.direction == "internal":
        leg = _outgoing(order, user, number, seconds, line=0)
        legs: tuple[Leg, ...] = (leg._replace(facilities=forwarded, dialling_mode=None),)
        return Course(_talked(order), legs, (order.trunk,), seconds)
    came = _incoming(order, met, user, states, seconds)
    came = came._replace(facilities=forwarded, advised=False)
    went = _outgoing(order, user, number, seconds, line=1)
    went = went._replace(facilities=forwarded, dialling_mode=None)
    # The line that the operator wants is the one that the call comes in on.
    return Course(_talked(order), (came, went), (order.trunk, None), seconds)


def _line_to_line(order: CallOrder) -> Course:
    user, seconds = line_user(order.user), order.call_seconds
    came = Leg(
        user, Direction.INCOMING, None, 0, seconds, 0, CommunicationType.BREAK_IN
    )  # fmt: skip
    went = Leg(
        user,
        Direction.OUTGOING,
        order.number,
        0,
        seconds,
        1,
        CommunicationType.BREAK_OUT,
        metered=not order.network,
        basic=True,
        advised=True,
    )
    return Course(_talked(order), (came, went), (order.user, order.trunk), seconds)


def _outgoing(order: CallOrder, user: User, number: str, until: int, *, line: int) -> Leg:
    communication = CommunicationType.OUTGOING
    return Leg(
        user=user,
        direction=Direction.OUTGOING,
        number=number,
        since=0,
        until=until,
        line=line,
        communication=_PRIVATE[communication] if order.network else communication,
        facilities=tuple(sorted(set(order.services))),
        dialling_mode=order.dialling_mode,
        metered=not order.network,
        basic=True,
        advised=True,
    )


def _incoming(order: CallOrder, met: Reached, user: User, states: SetStates, until: int) -> Leg:
    communication = CommunicationType.INCOMING
    return Leg(
        user=user,
        direction=Direction.INCOMING,
        number=order.number,
        since=0,
        until=until,
        line=0,
        communication=_PRIVATE[communication] if order.network else communication,
        first_called=_user(met.first, states),
        facilities=_forwarded(met),
        advised=True,
    )


def _forwarded(met: Reached) -> tuple[Facility, ...]:
    return (Facility.FORWARDING,) if met.diverted else ()


def _local_rows(
    caller: User, called: User, since: int, until: int, facilities: tuple[Facility, ...] = ()
) -> tuple[Leg, ...]:
    """Two rows, one per party, alike but for who is first (facts: iwr 7.3)."""
    rows = tuple(
        Leg(user, Direction.LOCAL, other.number, since, until, facilities=facilities)
        for user, other in ((caller, called), (called, caller))
    )
    return rows[:1] if caller.number == called.number else rows


def _transferred(plain: Course, at: int, user: User, met: Reached, states: SetStates) -> Course:
    """Hand the conversation over; one who cannot be reached leaves it where it was."""
    if met.outcome != "answered" or met.outside is not None:
        return plain
    other = _user(met.party, states)
    before = [leg._replace(until=at) for leg in plain.legs]
    after = [_handed_over(leg, user, other, at) for leg in plain.legs]
    return plain._replace(legs=(*before, *after))


def _handed_over(leg: Leg, user: User, other: User, at: int) -> Leg:
    communication = leg.communication and _TRANSFER[leg.communication]
    later = leg._replace(
        since=at,
        rings=False,
        communication=communication,
        facilities=tuple(sorted({*leg.facilities, Facility.TRANSFER})),
        dialling_mode=None,
        basic=False,
    )
    if leg.user.number == user.number:
        return later._replace(user=other)
    return later._replace(number=other.number)


def _joined(
    plain: Course, order: CallOrder, user: User, directory: Directory, states: SetStates
) -> Course:
    """Bring further parties in; one inside who cannot be reached stays out."""
    since, until = order.conference_after_seconds, plain.talk_seconds
    legs, lines = list(plain.legs), list(plain.lines)
    for number in order.conference_with:
        if number not in directory:
            leg = _outgoing(order, user, number, until, line=len(lines))
            legs.append(leg._replace(since=since, rings=False, facilities=(), advised=False))
            lines.append(None)
            continue
        met = reach(number, directory, states, _present(legs))
        if met.outcome == "answered" and met.outside is None:
            rows = _local_rows(user, _user(met.party, states), since, until, _forwarded(met))
            legs += [row._replace(rings=False) for row in rows]
    return plain._replace(legs=tuple(legs), lines=tuple(lines))


def _present(legs: Sequence[Leg]) -> Collection[str]:
    """Return the sets that are in a call."""
    return {leg.user.number for leg in legs if leg.user.kind is UserKind.SET}


def _is_dead(number: str, states: SetStates) -> bool:
    return states[number].condition == "out of service"


def _talked(order: CallOrder) -> Outcome:
    return "answered" if order.call_seconds else "unanswered"


def _user(party: Party, states: SetStates) -> User:
    own = states[party.number].monitoring
    if isinstance(party, Subscriber):
        monitoring = own or party.monitoring
        return User(party.number, party.kind, party.name, party.set_class, monitoring)
    return User(party.number, party.kind, party.name, None, own)
