"""What whoever started `oxo-sim run` sees of it: a log, and nothing else."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO


class Outside:
    """Where the log goes.

    Args:
        log: is written, line by line, as long as the process lives.
    """

    def __init__(self, log: TextIO) -> None:
        self.log = log

    def show(
        self, folder: Path, told: Sequence[str], quit_: Callable[[], None], reactor: Any
    ) -> None:
        """Everything listens now, and standard output was `told` where.

        `quit_` ends the exchange, in the reactor's thread.
        """

    def leave(self) -> None:
        """Everything has ended."""
