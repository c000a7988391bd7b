"""Who guesses passwords, and how long such a peer waits for each answer.

A wrong password counts against the address that it came from. After a few, every login from there
waits before it is looked at, the longer the more there were; the right password waits as long as
a wrong one, or its quick answer would tell it. Nobody is ever locked out: the wait has an upper
limit, it concerns one address alone, and a connection or session that has shown the right password
before does not wait at all.
"""

from collections import OrderedDict
from typing import NamedTuple

GUESSES_FREE = 3
"""So many wrong passwords are answered at once: people mistype."""

DELAY_SECONDS_FIRST = 0.5
DELAY_SECONDS_MAX = 5.0
"""The wait after the first wrong password that is not free, doubled by each further one."""

FORGET_SECONDS = 600
"""An address that brought no wrong password for so long begins anew."""

ADDRESSES_MAX = 10_000
"""Addresses that are remembered; the one that was quiet longest is forgotten first."""


class _Guesser(NamedTuple):
    wrong: int
    last: float


class Guesses:
    """Wrong passwords by address. Seconds are those of any clock that only goes forward."""

    def __init__(self) -> None:
        self._guessers: OrderedDict[str, _Guesser] = OrderedDict()

    def delay_seconds(self, address: str, now: float) -> float:
        """Return how long a login from there waits."""
        extra = self._wrong(address, now) - GUESSES_FREE
        if extra < 0:
            return 0.0
        return float(min(DELAY_SECONDS_FIRST * 2 ** min(extra, 16), DELAY_SECONDS_MAX))

    def wrong(self, address: str, now: float) -> int:
        """Count a wrong password against an address; return how many there were."""
        count = self._wrong(address, now) + 1
        self._guessers[address] = _Guesser(count, now)
        self._guessers.move_to_end(address)
        if len(self._guessers) > ADDRESSES_MAX:
            self._guessers.popitem(last=False)
        return count

    def _wrong(self, address: str, now: float) -> int:
        guesser = self._guessers.get(address)
        if guesser is None or now - guesser.last >= FORGET_SECONDS:
            return 0
        return guesser.wrong
