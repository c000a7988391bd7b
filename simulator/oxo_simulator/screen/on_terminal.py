"""The living screen as `oxo-sim run` has it: it begins when everything listens."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer
from twisted.internet.threads import deferToThreadPool

from oxo_simulator.outside import Outside
from oxo_simulator.screen.log_lines import LogLines
from oxo_simulator.screen.shell import Screen


class OnTerminal(Outside):
    """Standard input and output are a terminal.

    Args:
        orders: the command line, whose words can be typed.
    """

    def __init__(self, orders: typer.Typer) -> None:
        self._lines = LogLines(sys.stderr)
        super().__init__(self._lines)
        self._orders = orders

    def show(
        self, folder: Path, told: Sequence[str], quit_: Callable[[], None], reactor: Any
    ) -> None:
        """Begin the screen; it gives the terminal back before the exchange is gone."""
        screen = Screen(
            folder,
            self._orders,
            self._lines,
            told=told,
            keyboard=sys.stdin.fileno(),
            terminal=sys.stdout,
            quit_=lambda: reactor.callFromThread(quit_),
            seconds=time.monotonic,
        )
        screen.start()
        # In a thread: the screen may wait for an answer that the reactor is to give.
        pool = reactor.getThreadPool()
        reactor.addSystemEventTrigger(
            "before", "shutdown", lambda: deferToThreadPool(reactor, pool, screen.stop)
        )

    def leave(self) -> None:
        """Let the log out."""
        self._lines.pass_on()
