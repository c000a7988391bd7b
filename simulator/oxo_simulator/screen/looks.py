"""Looks at an exchange over its control API: one view after the other."""

from collections import deque
from typing import TYPE_CHECKING

from oxo_simulator.control.client import ControlClient
from oxo_simulator.screen.view import View

if TYPE_CHECKING:
    from oxo_simulator.control.messages import LedgerLine

TICKETS_MAX = 100
LINES_BACK_MAX = 500
"""At most so many lines of the ledger are read at one look; what was before them is passed over."""


class Looks:
    """Takes one look after the other, and keeps the last tickets.

    Args:
        client: of the exchange.
    """

    def __init__(self, client: ControlClient) -> None:
        self._client = client
        self._seen = 0
        self._tickets: deque[LedgerLine] = deque(maxlen=TICKETS_MAX)

    def take(self) -> View:
        """Look.

        Raises:
            ControlError: the exchange does not answer.
        """
        client = self._client
        state = client.state()
        if state.ledger_last < self._seen:  # another installation, another ledger
            self._seen = 0
            self._tickets.clear()
        since = max(self._seen, state.ledger_last - LINES_BACK_MAX)
        if state.ledger_last > since:
            lines = client.ledger(since)
            self._tickets += (line for line in lines if line.event == "made")
            self._seen = lines[-1].n if lines else state.ledger_last
        return View(
            state=state,
            wires=client.wires(),
            sets=client.sets(),
            trunks=client.trunks(),
            appointments=client.appointments(),
            link=client.link(),
            tickets=tuple(self._tickets),
        )
