"""The public accesses, and who occupies them.

A ticket names the access, not the channel: calls side by side on a T2 show the same line, so
identical neighbours are possible (facts: oxo 2.1 TRK). The group itself is ours.
"""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from oxo_tickets import TrunkKind

CHANNELS: Mapping[str, int] = MappingProxyType(
    {"P01": 30, "N01": 2, "N02": 2, "L01": 1, "L02": 1, "V01": 120}
)
"""Access -> how many calls it carries at once; a free one is sought in this order."""

KINDS: Mapping[str, TrunkKind] = MappingProxyType(
    {"L": TrunkKind.ANALOGUE, "N": TrunkKind.T0, "P": TrunkKind.T2, "V": TrunkKind.VOIP}
)


class TrunkUnavailable(LookupError):
    """No line for the call (the operator's fault): unknown, or every channel occupied."""


class TrunkGroup:
    """Occupation of the lines."""

    def __init__(self, channels: Mapping[str, int] = CHANNELS) -> None:
        self._channels = channels
        self._occupied: Counter[str] = Counter()

    def seize(self, wanted: str | None) -> str:
        """Occupy one channel of the wanted line, or of the first with a free one; return the line.

        Raises:
            TrunkUnavailable: the line is unknown, or no channel is free.
        """
        if wanted is not None and wanted not in self._channels:
            raise TrunkUnavailable(
                f"trunk {wanted!r} does not exist; there are {', '.join(self._channels)}"
            )
        for line in [wanted] if wanted else self._channels:
            if self._occupied[line] < self._channels[line]:
                self._occupied[line] += 1
                return line
        where = wanted or "every trunk"
        count = self._channels[wanted] if wanted else sum(self._channels.values())
        raise TrunkUnavailable(f"{where} is busy; {count} calls at once are carried")

    def release(self, line: str) -> None:
        """Free one channel."""
        if self._occupied[line] < 1:
            raise ValueError(f"{line} is not occupied")
        self._occupied[line] -= 1
