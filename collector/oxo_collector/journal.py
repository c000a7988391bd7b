"""How events are printed: one line each on standard error, as text or JSON."""

import sys
from contextlib import suppress
from typing import Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from oxo_collector.wording import one_line

Form = Literal["text", "json"]


class _Lines:
    """Standard error, or what is left of it: a collection is worth more than its log.

    It may be closed, on a full disk, or a pipe whose reader is gone. A line that cannot be written
    must end no thread; what was wrong stands in the store, too (`oxo-collect status`).
    """

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if it can be."""
        with suppress(OSError, ValueError):
            if self._file is not None:
                self._file.write(text)

    def flush(self) -> None:
        """Pass on what was written, if it can be."""
        with suppress(OSError, ValueError):
            if self._file is not None:
                self._file.flush()


def start(form: Form) -> FilteringBoundLogger:
    """Return the log of this process; times are UTC."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr is not None and sys.stderr.isatty(),
            pad_event_to=0,
            # The default shows local variables, hence passwords.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if form == "json" else []),
            _in_one_line,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lines(sys.stderr))),
    )
    log: FilteringBoundLogger = structlog.get_logger()
    return log


def _in_one_line(_log: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    ours = ("exception", "timestamp", "level")
    return {
        key: one_line(value) if isinstance(value, str) and key not in ours else value
        for key, value in event.items()
    }
