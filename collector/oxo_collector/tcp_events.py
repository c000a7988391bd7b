"""What a conversation over TCP is told of its connection: events of the stream and the hotel link.

Their own ones stand in their folders. A print-out has others: it knows who connected.
"""

from dataclasses import dataclass

from oxo_collector.failure import Failure


@dataclass(frozen=True, slots=True)
class Connected:
    """The exchange took the connection; `epoch` names it in the store, unlike any other."""

    epoch: str


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes came."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing came in the time that was given, or the wait was broken off by a stop."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection could not be made, or is at its end."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Sent:
    """The bytes were handed to the connection, and its writing side closed where that was asked."""
