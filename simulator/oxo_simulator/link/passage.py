"""What lies between the two ends of a lane when it is no plain wire: stages, one behind the other.

A stage takes pieces (what came in one read) and gives them on later, smaller, or changed; never in
another order. Each fault that shapes bytes adds a stage, so several faults at once compose: bytes
are corrupted, then sliced, then throttled, then delayed, whatever was ordered first. The end of the
source is an empty piece and keeps its place behind the bytes.

Pure: time is an argument. A piece passes on from stage to stage at the instant it is due, not at
the one at which somebody looks, so what comes out when does not depend on how busy the process is.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, Protocol

END = b""
"""The piece that stands for the end of the source."""


class Stage(Protocol):
    """One thing that happens to bytes under way."""

    rank: int
    """Place among the stages: those with a lower one come first."""

    def take(self, now: float, piece: bytes) -> None:
        """Take a piece; pieces come in the order of time."""

    def due(self) -> float | None:
        """Return when the next piece is to be given; `None` where none waits."""

    def give(self) -> bytes:
        """Give the next piece."""


class _Placed(NamedTuple):
    key: object
    stage: Stage


class Passage:
    """The stages of one lane, and the bytes on their way through them.

    Attributes:
        waiting_bytes: how many bytes are on their way.
    """

    def __init__(self) -> None:
        self._placed: list[_Placed] = []
        self._out: deque[bytes] = deque()
        self.waiting_bytes = 0

    @property
    def is_bare(self) -> bool:
        """Tell whether there is no stage; something may still be on its way out."""
        return not self._placed

    @property
    def is_plain(self) -> bool:
        """Tell whether there is nothing in the way and nothing under way."""
        return not self._placed and not self._out

    def add(self, key: object, stage: Stage) -> None:
        """Put a stage in its place; `key` says whose it is."""
        self._placed.append(_Placed(key, stage))
        self._placed.sort(key=lambda placed: placed.stage.rank)

    def remove(self, key: object, now: float) -> None:
        """Take a stage away; what it holds goes on to the next one now."""
        for place, placed in enumerate(self._placed):
            if placed.key is key:
                self._placed.pop(place)
                while placed.stage.due() is not None:
                    self._pass_on(placed.stage, place, now)
                return

    def take(self, now: float, piece: bytes) -> None:
        """Send a piece on its way."""
        self.waiting_bytes += len(piece)
        self._put(0, now, piece)

    def due(self) -> float | None:
        """Return when something is to happen next; in the past where pieces may come out now."""
        if self._out:
            return float("-inf")
        dues = (placed.stage.due() for placed in self._placed)
        return min((due for due in dues if due is not None), default=None)

    def give(self, now: float) -> Iterator[bytes]:
        """Give what comes out until now, piece by piece; whoever takes one may stop there."""
        while True:
            while self._out:
                piece = self._out.popleft()
                self.waiting_bytes -= len(piece)
                yield piece
            next_due = self._next()
            if next_due is None or next_due[0] > now:
                return
            due, place = next_due
            self._pass_on(self._placed[place].stage, place + 1, due)

    def clear(self) -> None:
        """Forget what is under way, and every stage."""
        self._placed.clear()
        self._out.clear()
        self.waiting_bytes = 0

    def _next(self) -> tuple[float, int] | None:
        """Find the stage whose piece is due first; of several the last, to keep the order."""
        dues = ((placed.stage.due(), -place) for place, placed in enumerate(self._placed))
        known = [(due, place) for due, place in dues if due is not None]
        if not known:
            return None
        due, place = min(known)
        return due, -place

    def _put(self, place: int, now: float, piece: bytes) -> None:
        if place < len(self._placed):
            self._placed[place].stage.take(now, piece)
        else:
            self._out.append(piece)

    def _pass_on(self, stage: Stage, place: int, now: float) -> None:
        self._put(place, now, stage.give())
