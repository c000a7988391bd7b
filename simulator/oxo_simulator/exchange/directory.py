"""The subscribers: who can call and be called.

Sets 100 to 149, among them the operator's 100 and the sets 106 and 128 of the published report
(facts: iwr 6). Names come from a pool drawn once per seed.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

OPERATOR = "100"
SETS = tuple(str(number) for number in range(100, 150))
NAME_CHARACTERS_MAX = 16
"""Width of a name on every wire (facts: oxo 2.1 SUN, documented)."""


class Subscriber(NamedTuple):
    """One set and the name that tickets show."""

    number: str
    name: str


class SubscriberUnknown(LookupError):
    """Nobody has that number (the operator's fault); the text says who has one."""


class Directory:
    """The subscribers of one exchange."""

    def __init__(self, subscribers: Mapping[str, Subscriber]) -> None:
        self._subscribers = subscribers

    @classmethod
    def from_seed(cls, seed: int) -> "Directory":
        """Give each set a name from the seed's pool."""
        return cls(_subscribers(seed))

    def __getitem__(self, number: str) -> Subscriber:
        """Return the subscriber.

        Raises:
            SubscriberUnknown: nobody has that number.
        """
        try:
            return self._subscribers[number]
        except KeyError:
            numbers = list(self._subscribers)
            raise SubscriberUnknown(
                f"user {number!r} is no set of this exchange; "
                f"there are {numbers[0]} to {numbers[-1]}"
            ) from None


@cache
def _subscribers(seed: int) -> Mapping[str, Subscriber]:
    from faker import Faker  # noqa: PLC0415 - a slow import that only a running exchange needs

    # German names: some have letters beyond ASCII, as a real directory does.
    pool = Faker("de_DE", use_weighting=False)
    pool.seed_instance(seed)
    found = {}
    for number in SETS:
        name = "Operator" if number == OPERATOR else f"{pool.last_name()} {pool.first_name()}"
        found[number] = Subscriber(number, name[:NAME_CHARACTERS_MAX].rstrip())
    return MappingProxyType(found)
