"""Which bytes of a file a client has read, whatever the order in which it asked for them.

Clients ask for several pieces at once, and answers may be asked for twice. What went over is what
has no gap around the first piece.
"""

from bisect import bisect_left

PIECES_MAX = 1024
"""Pieces with gaps between them that are remembered; whoever makes more has read nothing whole."""


class Reading:
    """The bytes of one opened file.

    Attributes:
        begin: the byte with which the first piece began; `None` before it.
    """

    def __init__(self) -> None:
        self.begin: int | None = None
        self._begins: list[int] = []
        self._ends: list[int] = []

    def add(self, begin: int, count: int) -> None:
        """So many bytes from the byte `begin` on were read."""
        if count <= 0:
            return
        if self.begin is None:
            self.begin = begin
        end = begin + count
        # Pieces that touch the new one are `first` up to, without, `last`.
        first = bisect_left(self._ends, begin)
        last = first
        while last < len(self._begins) and self._begins[last] <= end:
            last += 1
        if first < last:
            begin, end = min(begin, self._begins[first]), max(end, self._ends[last - 1])
        elif len(self._begins) >= PIECES_MAX:
            return
        self._begins[first:last], self._ends[first:last] = [begin], [end]

    @property
    def span(self) -> tuple[int, int]:
        """The bytes around the first piece that were read without a gap: their first, how many."""
        if self.begin is None:
            return 0, 0
        place = bisect_left(self._ends, self.begin + 1)
        if place == len(self._ends):
            return self.begin, 0
        return self._begins[place], self._ends[place] - self._begins[place]
