"""The screen's thread: looks at the exchange, draws, and carries out what is typed.

Nothing of it runs in the exchange's own thread. Should the screen break, it gives the terminal back
and says so in the log; the exchange goes on. While it lives, the log is shown in it and goes to
standard error as well when it has ended.
"""

import io
import os
import selectors
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

import structlog
import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from oxo_simulator.control.client import ControlClient, ControlError
from oxo_simulator.screen.drawing import BAD, FAINT, HEAD, drawn
from oxo_simulator.screen.log_lines import LogLines
from oxo_simulator.screen.looks import Looks
from oxo_simulator.screen.prompt import Prompt, Quit
from oxo_simulator.screen.terminal import keys
from oxo_simulator.screen.view import Line, Said, View
from oxo_simulator.screen.words import QUIT, Answer, answered

LOOK_SECONDS = 0.5
SAID_LINES_MAX = 500
KEY_BYTES_MAX = 4096
END_SECONDS_MAX = 5.0
_WAKE = b"\0"

_log = structlog.get_logger()


class Screen:
    """A living screen.

    Args:
        folder: state folder of the exchange.
        app: the command line, whose words are the orders.
        log: what the exchange logs.
        told: what the terminal was told before, which the screen hides.
        keyboard: descriptor of the terminal that keys come from.
        terminal: where it is drawn.
        quit_: called, from another thread, when whoever sits there wants to end the exchange.
        seconds: a clock that only goes forward.
    """

    def __init__(  # noqa: PLR0913 - what a screen is made of
        self,
        folder: Path,
        app: typer.Typer,
        log: LogLines,
        *,
        told: Sequence[str] = (),
        keyboard: int,
        terminal: IO[str],
        quit_: Callable[[], None],
        seconds: Callable[[], float],
    ) -> None:
        self._folder, self._app, self._log_lines = folder, app, log
        self._keyboard, self._terminal, self._quit = keyboard, terminal, quit_
        self._seconds = seconds
        self._prompt = Prompt()
        self._said: deque[Said] = deque(map(Said, told), maxlen=SAID_LINES_MAX)
        self._answer_lines = 0
        self._view: View | None = None
        self._orders: deque[Future[Answer]] = deque()
        self._ending = threading.Event()
        self._keys_in: IO[str] = sys.stdin
        self._waked, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own; no command may read the keyboard any more."""
        sys.stdin = io.StringIO()
        self._thread.start()

    def stop(self) -> None:
        """Give the terminal back; a terminal that takes nothing is left to itself."""
        self._ending.set()
        self._wake_up()
        self._thread.join(END_SECONDS_MAX)
        sys.stdin = self._keys_in
        self._log_lines.pass_on()

    def _run(self) -> None:
        try:
            with ExitStack() as held:
                self._live(held)
        except Exception:  # noqa: BLE001 - the exchange goes on without a screen
            self._log_lines.pass_on()
            _log.exception("screen.broken")

    def _live(self, held: ExitStack) -> None:
        client = held.enter_context(ControlClient.from_state(self._folder))
        held.enter_context(keys(self._keyboard))
        orders = ThreadPoolExecutor(1, "order")
        held.callback(orders.shutdown, wait=False, cancel_futures=True)
        ready = held.enter_context(selectors.DefaultSelector())
        for each in (self._keyboard, self._waked):
            ready.register(each, selectors.EVENT_READ)
        console = Console(file=self._terminal, highlight=False)
        live = held.enter_context(
            Live(console=console, screen=True, auto_refresh=False,
                 redirect_stdout=False, redirect_stderr=False)
        )  # fmt: skip
        looks, next_look = Looks(client), self._seconds()
        while not self._ending.is_set():
            answers = self._hear_answers()
            if answers or self._seconds() >= next_look:
                self._look(looks)
                next_look = self._seconds() + LOOK_SECONDS
            live.update(self._drawn(console), refresh=True)
            self._hear_keys(ready, orders, next_look - self._seconds())

    def _look(self, looks: Looks) -> None:
        # An exchange that ends may not answer any more.
        with suppress(ControlError):
            self._view = looks.take()
        self._said += (Said(line, FAINT) for line in self._log_lines.new())

    def _hear_answers(self) -> int:
        """Show what orders were answered, in their order; return how many were."""
        count = 0
        while self._orders and self._orders[0].done():
            self._say(self._orders.popleft().result())
            count += 1
        return count

    def _say(self, answer: Answer) -> None:
        self._answer_lines = 1 + len(answer.lines)  # with the order itself
        self._said += (Said(line, BAD if answer.wrong else "") for line in answer.lines)

    def _drawn(self, console: Console) -> Text:
        busy = bool(self._orders)
        line = Line(self._prompt.text, self._prompt.cursor, busy, self._answer_lines)
        width, height = console.size
        return drawn(self._view, line, list(self._said), width, height)

    def _hear_keys(
        self, ready: selectors.BaseSelector, orders: ThreadPoolExecutor, seconds: float
    ) -> None:
        """Wait for keys, for an answer, or for the next look."""
        for key, _ in ready.select(max(0.0, seconds)):
            data = os.read(key.fd, KEY_BYTES_MAX)
            if key.fd == self._keyboard:
                self._type(data, ready, orders)

    def _type(self, data: bytes, ready: Any, orders: ThreadPoolExecutor) -> None:
        if not data:  # the terminal is gone
            ready.unregister(self._keyboard)
            return
        for decided in self._prompt.take(data):
            if isinstance(decided, Quit) or decided.text in QUIT:
                self._quit()
                return
            self._answer_lines = 0
            if decided.text:
                self._said.append(Said(f"> {decided.text}", HEAD))
                self._begin(decided.text, orders)

    def _begin(self, text: str, orders: ThreadPoolExecutor) -> None:
        order = orders.submit(answered, text, self._app, self._folder)
        self._orders.append(order)
        order.add_done_callback(lambda _done: self._wake_up())

    def _wake_up(self) -> None:
        with suppress(OSError):
            os.write(self._wake, _WAKE)
