"""How events are printed: one line each on standard error, as text or JSON."""

import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from oxo_collector.wording import one_line


def start(form: Literal["text", "json"]) -> FilteringBoundLogger:
    """Return the log of this process; times are UTC."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    log: FilteringBoundLogger = structlog.get_logger()
    return log


def _in_one_line(_log: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    ours = ("exception", "timestamp", "level")
    return {
        key: one_line(value) if isinstance(value, str) and key not in ours else value
        for key, value in event.items()
    }
