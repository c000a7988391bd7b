"""What the screen shows, as plain data."""

from collections.abc import Sequence
from typing import NamedTuple

from oxo_simulator.control.messages import (
    AppointmentState,
    ExchangeState,
    LedgerLine,
    LinkState,
    SetState,
    TrunkState,
    WireState,
)


class Said(NamedTuple):
    """A line that the exchange's log, or an order, has said; `style` is rich's."""

    text: str
    style: str = ""


class View(NamedTuple):
    """One look at an exchange.

    Attributes:
        state: of the exchange.
        wires: all of them.
        sets: sets and groups.
        trunks: accesses.
        appointments: those programmed.
        link: faults and connections.
        tickets: the last `made` lines of the ledger, the oldest first.
    """

    state: ExchangeState
    wires: Sequence[WireState]
    sets: Sequence[SetState]
    trunks: Sequence[TrunkState]
    appointments: Sequence[AppointmentState]
    link: LinkState
    tickets: Sequence[LedgerLine] = ()


class Line(NamedTuple):
    """The line for orders: what is typed, where the cursor stands, whether an order is under way.

    `cursor` is the number of characters before it; so many `answer_lines` are to be seen.
    """

    text: str = ""
    cursor: int = 0
    busy: bool = False
    answer_lines: int = 0
