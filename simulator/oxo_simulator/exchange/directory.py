"""The directory: who can call and be called, as it was installed.

Every set has a class. Business sets and the operator's exist in every exchange, rooms and booths
in both modes (facts: oxo 1.4), a data device takes no telephone call. Groups have a number of their
own and members that are called in turn. What changes while the exchange lives (busy, diverted) is
`sets.SetStates`.

The default installation is the published report's (facts: iwr 6): operator 100, sets to 149, among
them the rooms 106 to 116, the booth 120 and the business set 128. Names come from a pool drawn once
per seed.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Literal, NamedTuple

from oxo_tickets import UserKind

from oxo_simulator.exchange.placed import quoted

OPERATOR = "100"
SETS = tuple(str(number) for number in range(100, 150))
ROOMS = ("106", *(str(number) for number in range(107, 117)))
BOOTH, DATA_DEVICE = "120", "140"
HUNTING_GROUP, HUNTING_MEMBERS = "500", ("130", "131", "132", "133")
ATTENDANT_GROUP = "9"
NAME_CHARACTERS_MAX = 16
"""Width of a name on every wire (facts: oxo 2.1 SUN, documented)."""

Monitoring = Literal["none", "all", "outgoing"]
"""Which calls of a set are ticketed (facts: oxo 1.3 Counting, documented)."""


class SetClass(StrEnum):
    """What a set is for (facts: oxo 1.4; data devices: facts iwr 6.1)."""

    OPERATOR = "operator"
    BUSINESS = "business"
    ROOM = "room"
    BOOTH = "booth"
    DATA = "data device"


class Subscriber(NamedTuple):
    """One set, the name that tickets show, its class, and its own monitoring if it has one."""

    number: str
    name: str
    set_class: SetClass = SetClass.BUSINESS
    monitoring: Monitoring | None = None

    @property
    def kind(self) -> UserKind:
        """What a ticket says of this user."""
        return UserKind.SET


class Group(NamedTuple):
    """A group: its number is called, its members answer (facts: oxo 2.1 IUS)."""

    number: str
    name: str
    kind: UserKind
    members: tuple[str, ...]


Party = Subscriber | Group


class SubscriberUnknown(LookupError):
    """Nobody has that number (the operator's fault); the text says who has one."""


class Directory:
    """The subscribers and groups of one exchange."""

    def __init__(
        self, subscribers: Mapping[str, Subscriber], groups: Mapping[str, Group] | None = None
    ) -> None:
        self.subscribers = subscribers
        self.groups: Mapping[str, Group] = groups or {}

    @classmethod
    def from_seed(cls, seed: int) -> "Directory":
        """Return the default installation, each set with a name from the seed's pool."""
        return cls(_subscribers(seed), _default_groups())

    def __getitem__(self, number: str) -> Subscriber:
        """Return the set.

        Raises:
            SubscriberUnknown: no set has that number.
        """
        try:
            return self.subscribers[number]
        except KeyError:
            raise self._unknown(number, "set") from None

    def __contains__(self, number: str) -> bool:
        """Tell whether a set or group has that number."""
        return number in self.subscribers or number in self.groups

    def party(self, number: str) -> Party:
        """Return the set or group.

        Raises:
            SubscriberUnknown: nobody has that number.
        """
        found = self.subscribers.get(number) or self.groups.get(number)
        if found is None:
            raise self._unknown(number, "set or group")
        return found

    def members(self, group: Group) -> Sequence[Subscriber]:
        """Return the sets of a group, in the order in which they are called."""
        return [self.subscribers[number] for number in group.members]

    def _unknown(self, number: str, what: str) -> SubscriberUnknown:
        numbers = sorted(self.subscribers, key=lambda each: (len(each), each))
        groups = f", groups {', '.join(self.groups)}" if what != "set" and self.groups else ""
        return SubscriberUnknown(
            f"user {quoted(number)} is no {what} of this exchange; "
            f"there are {numbers[0]} to {numbers[-1]}{groups}"
        )


def names(seed: int, count: int) -> Sequence[str]:
    """Draw names; German ones, since some have letters beyond ASCII, as a real directory does."""
    from faker import Faker  # noqa: PLC0415 - a slow import that only a running exchange needs

    pool = Faker("de_DE", use_weighting=False)
    pool.seed_instance(seed)
    drawn = (f"{pool.last_name()} {pool.first_name()}" for _ in range(count))
    return [name[:NAME_CHARACTERS_MAX].rstrip() for name in drawn]


def _set_class(number: str) -> SetClass:
    if number in ROOMS:
        return SetClass.ROOM
    special = {
        OPERATOR: SetClass.OPERATOR,
        BOOTH: SetClass.BOOTH,
        DATA_DEVICE: SetClass.DATA,
    }
    return special.get(number, SetClass.BUSINESS)


@cache
def _subscribers(seed: int) -> Mapping[str, Subscriber]:
    drawn = iter(names(seed, len(SETS) - 1))
    found = {}
    for number in SETS:
        name = "Operator" if number == OPERATOR else next(drawn)
        found[number] = Subscriber(number, name, _set_class(number))
    return MappingProxyType(found)


def _default_groups() -> Mapping[str, Group]:
    groups = (
        Group(HUNTING_GROUP, "Sales", UserKind.HUNTING_GROUP, HUNTING_MEMBERS),
        Group(ATTENDANT_GROUP, "Attendants", UserKind.ATTENDANT_GROUP, (OPERATOR,)),
    )
    return MappingProxyType({group.number: group for group in groups})
