"""The public accesses, and who occupies them.

A ticket names the access, not the channel: calls side by side on a T2 show the same line, so
identical neighbours are possible (facts: oxo 2.1 TRK). The group itself is ours.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from oxo_tickets import TrunkKind, UserKind

from oxo_simulator.exchange.placed import quoted

CHANNELS: Mapping[str, int] = MappingProxyType(
    {"P01": 30, "N01": 2, "N02": 2, "L01": 1, "L02": 1, "V01": 120}
)
"""Access -> how many calls it carries at once; a free one is sought in this order."""

KINDS: Mapping[str, TrunkKind] = MappingProxyType(
    {"L": TrunkKind.ANALOGUE, "N": TrunkKind.T0, "P": TrunkKind.T2, "V": TrunkKind.VOIP}
)
USER_KINDS: Mapping[str, UserKind] = MappingProxyType(
    {"L": UserKind.ANALOGUE_LINE, "N": UserKind.T0, "P": UserKind.T2, "V": UserKind.VOIP}
)
"""What a ticket says of an access that is charged itself (facts: oxo 2.1 SUB)."""
LINE_USERS = frozenset(USER_KINDS.values())


class TrunkUnavailable(LookupError):
    """No line for the call (the operator's fault): unknown, or every channel occupied."""


class Trunk(NamedTuple):
    """One access: its name such as `N01`, its kind, its channels and how many are in use."""

    name: str
    kind: TrunkKind
    channels: int
    occupied: int


class TrunkGroup:
    """Occupation of the lines."""

    def __init__(self, channels: Mapping[str, int] = CHANNELS) -> None:
        self._channels = channels
        self._occupied: Counter[str] = Counter()

    def __contains__(self, line: str) -> bool:
        """Tell whether there is such a line."""
        return line in self._channels

    def seize(self, wanted: str | None) -> str:
        """Occupy one channel of the wanted line, or of the first with a free one; return the line.

        Raises:
            TrunkUnavailable: the line is unknown, or no channel is free.
        """
        if wanted is not None:
            self.known(wanted)
        for line in [wanted] if wanted else self._channels:
            if self._occupied[line] < self._channels[line]:
                self._occupied[line] += 1
                return line
        where = wanted or "every trunk"
        count = self._channels[wanted] if wanted else sum(self._channels.values())
        raise TrunkUnavailable(f"{where} is busy; {count} calls at once are carried")

    def seize_all(self, wanted: Sequence[str | None]) -> list[str]:
        """Occupy a channel for each, or none at all.

        Raises:
            TrunkUnavailable: nothing was occupied.
        """
        lines: list[str] = []
        try:
            for each in wanted:
                lines.append(self.seize(each))  # noqa: PERF401 - those before are freed
        except TrunkUnavailable:
            for line in lines:
                self.release(line)
            raise
        return lines

    def known(self, line: str) -> None:
        """Look whether there is such a line.

        Raises:
            TrunkUnavailable: there is none.
        """
        if line not in self._channels:
            raise TrunkUnavailable(
                f"trunk {quoted(line)} does not exist; there are {', '.join(self._channels)}"
            )

    def release(self, line: str) -> None:
        """Free one channel."""
        if self._occupied[line] < 1:
            raise ValueError(f"{line} is not occupied")
        self._occupied[line] -= 1

    def occupation(self) -> Sequence[Trunk]:
        """Return every access with what it carries now."""
        return [
            Trunk(name, KINDS[name[0]], channels, self._occupied[name])
            for name, channels in self._channels.items()
        ]
