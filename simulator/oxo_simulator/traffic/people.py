"""Pools that traffic draws from: numbers of the world outside and names of guests, by Faker."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

NUMBERS = 400
"""So many different numbers are called: people call the same ones again."""
NAMES = 500
GUEST_NAME_CHARACTERS_MAX = 16


class Pools(NamedTuple):
    """What traffic is drawn from."""

    numbers: Sequence[str]
    guests: Sequence[str]

    def number(self, dice: Random) -> str:
        """Draw a number as it is dialled, the trunk prefix before it."""
        return dice.choice(self.numbers)

    def guest(self, dice: Random) -> str:
        """Draw a guest's name."""
        return dice.choice(self.guests)


def pools(seed: int) -> Pools:
    """Return the pools of a seed."""
    from faker import Faker  # noqa: PLC0415 - a slow import that only traffic needs

    faker = Faker("de_DE", use_weighting=False)
    faker.seed_instance(seed)
    numbers = [faker.numerify("00%%########") for _ in range(NUMBERS)]
    guests = [faker.last_name()[:GUEST_NAME_CHARACTERS_MAX].strip() for _ in range(NAMES)]
    return Pools(numbers, guests)
