"""What every fault of the link has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from oxo_simulator.link.connection import Connection
    from oxo_simulator.link.lane import Towards
    from oxo_simulator.link.relay import Link


class Disturbance:
    """A fault.

    Attributes:
        lasting: it stays in force until the link is restored or it is spent.
    """

    lasting = True

    def strike(self, link: Link) -> None:
        """Begin."""

    def can_end(self, link: Link) -> bool:  # noqa: ARG002
        """Tell whether it can be lifted."""
        return True

    def lift(self, link: Link) -> None:
        """End, and undo what it did."""

    def account(self) -> dict[str, Any]:
        """Say what the ledger is to know of it when it ends."""
        return {}

    def join(self, connection: Connection) -> None:
        """Concern a connection that is opened while the fault is in force."""

    def left_bytes(self, connection: Connection, towards: Towards) -> int | None:  # noqa: ARG002
        """Return how many bytes more it lets arrive there; `None` where it counts none."""
        return None

    def count(self, link: Link, connection: Connection, towards: Towards, carried: int) -> None:
        """Take note of so many bytes, at most those left, and strike behind the last of them."""


def directions(towards: Literal["exchange", "collector", "both"]) -> tuple[Towards, ...]:
    """Spell out `both`."""
    return ("exchange", "collector") if towards == "both" else (towards,)
