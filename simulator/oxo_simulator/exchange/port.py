"""The exchange's edges: ledger, path of a ticket, and what the taxation wire may ask.

Other wires have an `Outlet` (outlet.py).
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

from oxo_tickets import Ticket

from oxo_simulator.exchange.moment import Moment

Source = Literal["call", "facility", "appointment", "room status", "loaded"]
"""What a ticket was made of."""


class Record(Protocol):
    """Where the exchange writes down what happens: the ledger."""

    def __call__(self, event: str, detail: dict[str, Any]) -> None:
        """Append one event."""


class Part(NamedTuple):
    """What of a call a ticket is of.

    Attributes:
        call: its name in the ledger.
        ended: when this part of it did, or a day of it was over.
    """

    call: str
    ended: Moment


class Write(Protocol):
    """Takes each ticket when it is written."""

    def __call__(self, ticket: Ticket, source: Source, part: Part | None = None, /) -> int:
        """Return its ledger id; `part` where it is one of a call."""


class Buffered(NamedTuple):
    """A ticket that waits at an outlet, with its place in the outlet's sequence."""

    sequence: int
    id: int
    ticket: Ticket


class NeverOffered(ValueError):
    """A wire wants to remove what no answer ever contained (the collector's fault).

    Attributes:
        last: the sequence that the wire named.
        highest: the highest sequence ever offered in this epoch; 0 when none was.
    """

    def __init__(self, last: int, highest: int) -> None:
        super().__init__(f"sequence {last} was never offered; the highest offered is {highest}")
        self.last = last
        self.highest = highest


class TicketPort(Protocol):
    """The taxation buffer as a wire sees it."""

    @property
    def epoch(self) -> str:
        """Name of the count that sequences belong to."""

    @property
    def release(self) -> str:
        """Software release of the exchange, shown at login."""

    @property
    def serving(self) -> bool:
        """False while a reset keeps the exchange busy: every request is answered 503."""

    def waiting(self, count_max: int) -> Sequence[Buffered]:
        """Return the oldest tickets not acknowledged, at most `count_max`; they stay."""

    def waiting_count(self) -> int:
        """Return how many tickets wait."""

    def offered(self, first: int, last: int, session: str, connection: str) -> None:
        """Write into the ledger that these sequences were rendered into an answer."""

    def acknowledge(self, last: int, session: str, connection: str) -> int:
        """Remove every ticket up to `last`, write it into the ledger, return how many left.

        What is gone already counts nothing. The sequence belongs to the exchange, so it alone
        knows what was offered, in this session or one before it.

        Raises:
            NeverOffered: `last` was never offered in this epoch; nothing was removed.
        """

    def record(self, event: str, **detail: Any) -> None:
        """Append any other line of docs/bundle.md to the ledger."""
