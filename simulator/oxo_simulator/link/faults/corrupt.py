"""Noise: now and then a byte arrives as another one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from oxo_simulator.link.faults.shaping import Shaping

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards

CORRUPT_EVERY_BYTES_MAX = 1024**3
TOLD_MAX = 100
"""So many changed bytes of one fault are told to the ledger one by one; the others are counted."""
BYTE_VALUES = 256


@dataclass
class Tally:
    """What a fault has done so far, on all connections."""

    changed_bytes: int = 0


@dataclass(frozen=True)
class Corrupt(Shaping):
    """Change one byte in each `corrupt_every_bytes` of a direction, never into itself."""

    corrupt_every_bytes: int = 1
    seed: str = ""
    tally: Tally = field(default_factory=Tally)

    def stage(self, connection: Connection, towards: Towards) -> _Noise:
        """Return what changes the bytes of one direction: the same ones for the same seed."""

        def tell(offset: int, was: int, became: int) -> None:
            self.tally.changed_bytes += 1
            if self.tally.changed_bytes <= TOLD_MAX:
                told = {"offset": offset, "was": f"{was:02x}", "became": f"{became:02x}"}
                connection.tell("corrupted", towards=towards, fault=self.id, **told)

        dice = Random(f"{self.seed}/{self.id}/{connection.name}/{towards}")  # noqa: S311 - a seed
        begun = connection.lanes[towards].source_bytes
        return _Noise(self.corrupt_every_bytes, dice, begun, tell)

    def account(self) -> dict[str, Any]:
        """Say how many bytes it changed."""
        return {"corrupted_bytes": self.tally.changed_bytes}


class _Noise:
    """Changes a byte in each block of so many.

    Args:
        every_bytes: length of a block, counted from the first byte it sees.
        dice: choose which byte, and what it becomes.
        begun: how many bytes of the direction went before.
        tell: told offset in the direction, old value, and new value.
    """

    rank = 0

    def __init__(
        self, every_bytes: int, dice: Random, begun: int, tell: Callable[[int, int, int], None]
    ) -> None:
        self._every_bytes, self._dice, self._tell = every_bytes, dice, tell
        self._offset = self._block = begun
        self._next = begun + dice.randrange(every_bytes)
        self._waiting: deque[tuple[float, bytes]] = deque()

    def take(self, now: float, piece: bytes) -> None:
        """Change what is to be changed."""
        changed, end = bytearray(piece), self._offset + len(piece)
        while self._next < end:
            place = self._next - self._offset
            was = changed[place]
            changed[place] = (was + self._dice.randrange(1, BYTE_VALUES)) % BYTE_VALUES
            self._tell(self._next, was, changed[place])
            self._block += self._every_bytes
            self._next = self._block + self._dice.randrange(self._every_bytes)
        self._offset = end
        self._waiting.append((now, bytes(changed)))

    def due(self) -> float | None:
        """At once."""
        return self._waiting[0][0] if self._waiting else None

    def give(self) -> bytes:
        """Give the next piece."""
        return self._waiting.popleft()[1]
