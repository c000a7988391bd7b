"""Slices: what was sent in one write arrives in many."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oxo_simulator.link.faults.shaping import Shaping

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards

SLICE_BYTES_MAX = 65_536


@dataclass(frozen=True)
class Slice(Shaping):
    """Write at most `slice_bytes` at a time; each write is a segment of its own.

    A reader that is slower than the writes finds several together, as on any network; together
    with `throttle` they come one by one.
    """

    slice_bytes: int = 1

    def stage(self, connection: Connection, towards: Towards) -> _Slicer:  # noqa: ARG002
        """Return what slices the bytes of one direction."""
        return _Slicer(self.slice_bytes)


class _Slicer:
    """Gives at most so many bytes at a time."""

    rank = 1

    def __init__(self, slice_bytes: int) -> None:
        self._slice_bytes = slice_bytes
        self._waiting: deque[tuple[float, bytes]] = deque()

    def take(self, now: float, piece: bytes) -> None:
        """Queue a piece."""
        self._waiting.append((now, piece))

    def due(self) -> float | None:
        """At once."""
        return self._waiting[0][0] if self._waiting else None

    def give(self) -> bytes:
        """Give the next slice."""
        came, piece = self._waiting.popleft()
        if left := piece[self._slice_bytes :]:
            self._waiting.appendleft((came, left))
        return piece[: self._slice_bytes]
