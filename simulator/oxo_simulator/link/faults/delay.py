"""A long way: everything arrives later, and not always by the same time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.shaping import Shaping

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards

LATENCY_MS_MAX = 60_000
MS_PER_SECOND = 1000


@dataclass(frozen=True)
class Delay(Shaping):
    """Let every piece arrive `latency_ms` later, give or take up to `jitter_ms`.

    A piece that would overtake the one before it arrives together with that one.
    """

    latency_ms: int = 0
    jitter_ms: int = 0
    seed: str = ""

    def stage(self, connection: Connection, towards: Towards) -> _Distance:
        """Return what delays one direction: by the same times for the same seed."""
        dice = Random(f"{self.seed}/{self.id}/{connection.name}/{towards}")  # noqa: S311 - a seed
        return _Distance(self.latency_ms, self.jitter_ms, dice)


class _Distance:
    """Holds each piece for its own time."""

    rank = 3

    def __init__(self, latency_ms: int, jitter_ms: int, dice: Random) -> None:
        self._latency_ms, self._jitter_ms, self._dice = latency_ms, jitter_ms, dice
        self._last = float("-inf")
        self._waiting: deque[tuple[float, bytes]] = deque()

    def take(self, now: float, piece: bytes) -> None:
        """Send a piece on its way."""
        varied = self._dice.uniform(-self._jitter_ms, self._jitter_ms) if self._jitter_ms else 0
        way = max(0.0, self._latency_ms + varied) / MS_PER_SECOND
        self._last = max(self._last, now + way)
        self._waiting.append((self._last, piece))

    def due(self) -> float | None:
        """Return when the next piece arrives."""
        return self._waiting[0][0] if self._waiting else None

    def give(self) -> bytes:
        """Give the next piece."""
        return self._waiting.popleft()[1]
