"""What one request to the exchange set going, and what is wrong with a request."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oxo_simulator.exchange.orders import Outcome


QUOTED_CHARACTERS_MAX = 64
QUOTED_DIGITS_MAX = 20


def quoted(value: str | int) -> str:
    """Write a value of an order into a sentence, however long it is."""
    if isinstance(value, int):
        is_long = abs(value) >= 10**QUOTED_DIGITS_MAX
        return f"of more than {QUOTED_DIGITS_MAX} digits" if is_long else str(value)
    if len(value) <= QUOTED_CHARACTERS_MAX:
        return repr(value)
    return f"{value[:QUOTED_CHARACTERS_MAX]!r} and on ({len(value)} characters)"


class OrderError(ValueError):
    """The order cannot be carried out (the operator's fault): which, and what is allowed."""


class Placed:
    """What one request set going.

    Attributes:
        ids: ledger ids of the tickets written so far; grows as they are written.
        outcomes: of calls: what became of each, in the order of the request.
        seconds: exchange seconds from the request until its last ticket is written.
    """

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.outcomes: list[Outcome] = []
        self.seconds = 0.0
