"""A narrow line: so many bytes go through in a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.shaping import Shaping

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards

BYTES_PER_SECOND_MAX = 1024**3
PORTION_SECONDS = 0.05
"""As much as the line carries in this time comes out in one go, and at least a byte."""


@dataclass(frozen=True)
class Throttle(Shaping):
    """Carry `bytes_per_second` in each direction of each connection; the rest waits its turn."""

    bytes_per_second: int = 1

    def stage(self, connection: Connection, towards: Towards) -> _Narrow:  # noqa: ARG002
        """Return what slows the bytes of one direction down."""
        return _Narrow(self.bytes_per_second)


class _Narrow:
    """A line on which each byte takes its time, from when the one before it has gone."""

    rank = 2

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._portion = max(1, int(bytes_per_second * PORTION_SECONDS))
        self._free = 0.0
        self._waiting: deque[bytes] = deque()

    def take(self, now: float, piece: bytes) -> None:
        """Queue a piece; the line begins with it when it is free."""
        if not self._waiting:
            self._free = now
        self._waiting.append(piece)

    def due(self) -> float | None:
        """Return when the next portion has gone through."""
        if not self._waiting:
            return None
        return self._free + len(self._waiting[0][: self._portion]) / self._rate

    def give(self) -> bytes:
        """Give the next portion."""
        piece = self._waiting.popleft()
        given, left = piece[: self._portion], piece[self._portion :]
        if left:
            self._waiting.appendleft(left)
        self._free += len(given) / self._rate
        return given
