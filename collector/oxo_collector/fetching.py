"""Files on an exchange, and how one is fetched although the connection is cut in the middle.

What came before a cut stays here, so that the transfer can be gone on with; whether the rest
belongs to it is told by a stretch that is fetched twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from oxo_collector.failure import Failure
from oxo_collector.wording import clipped

OVERLAP_BYTES: Final = 1024
"""So much of what came before a cut is fetched again, and must be the same."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange said no; the connection lives."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Failed:
    """The last command did not work, and the connection is not to be trusted any more."""

    failure: Failure


class TooLong(Exception):
    """The exchange sends more than it may; the text says what and how much."""


class TooSlow(Exception):
    """The operation took longer than it may in all."""


class Unfit(Exception):
    """What came after a cut is not the rest of what came before it."""


class NoRest(Exception):
    """The exchange cannot begin in the middle of a file."""


class NoPlace(Exception):
    """What comes cannot be put down on this machine; the text says where and why."""


class Beginning(Protocol):
    """What came of a file so far; in memory or on a disk."""

    @property
    def length_bytes(self) -> int:
        """How much came."""

    def stretch(self, begin: int, end: int) -> bytes:
        """Return bytes of it."""

    def add(self, piece: bytes) -> None:
        """Append what came next."""

    def drop(self) -> None:
        """Let go of all of it."""


@dataclass(slots=True)
class InMemory:
    """The beginning of a file in memory.

    Attributes:
        data: what came.
    """

    data: bytearray

    @property
    def length_bytes(self) -> int:
        """How much came."""
        return len(self.data)

    def stretch(self, begin: int, end: int) -> bytes:
        """Return bytes of it."""
        return bytes(self.data[begin:end])

    def add(self, piece: bytes) -> None:
        """Append what came next."""
        self.data += piece

    def drop(self) -> None:
        """Let go of all of it."""
        self.data.clear()


Receive = Callable[[int | None, Callable[[bytes], None]], None]
"""Carries out a transfer from an offset (None: from the beginning) and gives its pieces.

Raises NoRest where the exchange knows no offsets.
"""


def fetch(name: str, beginning: Beginning, limit_bytes: int, told: str, receive: Receive) -> bool:
    """Fetch a file whole, or the rest of it; return whether it was gone on with.

    Args:
        name: of the file, for errors.
        beginning: what came of this very file before, to which the rest is added.
        limit_bytes: a longer file is broken off.
        told: where the limit comes from, for the error.
        receive: does the transfer.

    Raises:
        TooLong: the file is longer than the limit; nothing of it stays.
        Unfit: the rest does not belong to the beginning; nothing of it stays.
    """
    if beginning.length_bytes > OVERLAP_BYTES:
        try:
            _rest(name, beginning, limit_bytes, told, receive)
        except NoRest:
            pass
        else:
            return True
    beginning.drop()

    def take(piece: bytes) -> None:
        beginning.add(piece)
        _within(beginning, limit_bytes, told)

    receive(None, take)
    return False


def _rest(name: str, beginning: Beginning, limit_bytes: int, told: str, receive: Receive) -> None:
    """Fetch the rest, a stretch of the beginning with it."""
    begin = beginning.length_bytes - OVERLAP_BYTES
    expected = beginning.stretch(begin, begin + OVERLAP_BYTES)
    again = bytearray()

    def take(piece: bytes) -> None:
        if len(again) >= OVERLAP_BYTES:
            beginning.add(piece)
        else:
            again.extend(piece)
            if bytes(again[:OVERLAP_BYTES]) != expected[: len(again)]:
                beginning.drop()
                raise Unfit(
                    f"the rest of file {clipped(name)} does not belong to its beginning; the file"
                    " is fetched anew"
                )
            beginning.add(bytes(again[OVERLAP_BYTES:]))
        _within(beginning, limit_bytes, told)

    receive(begin, take)


def _within(beginning: Beginning, limit_bytes: int, told: str) -> None:
    if beginning.length_bytes > limit_bytes:
        beginning.drop()
        raise TooLong(f"the file is longer than the {limit_bytes} bytes of {told}")
