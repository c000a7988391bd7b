"""The FTP library's loop with the reactor's timers, and its log as lines of ours."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from oxo_simulator.ftp.library import Epoll

_log = structlog.get_logger()


class _ToStructlog(logging.Handler):
    """The library's own log, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        _log.error("ftp.library", said=self.format(record))


_library_log = logging.getLogger("pyftpdlib")
_library_log.handlers[:] = [_ToStructlog(logging.ERROR)]
_library_log.setLevel(logging.ERROR)
_library_log.propagate = False


class _Timer:
    """One of the library's timers, kept by the reactor."""

    __slots__ = ("_again", "_call", "_delayed", "_failed", "_loop", "_seconds", "cancelled")

    def __init__(
        self, loop: "Loop", seconds: float, call: Callable[[], Any], failed: Any, *, again: bool
    ) -> None:
        self.cancelled = False
        self._loop = loop
        self._seconds = seconds
        self._call = call
        self._failed = failed
        self._again = again
        self._delayed = loop.reactor.callLater(seconds, self._due)
        loop.timers.add(self)

    def cancel(self) -> None:
        """Forget it."""
        if not self.cancelled:
            self.cancelled = True
            self._loop.timers.discard(self)
            if self._delayed.active():
                self._delayed.cancel()

    def reset(self) -> None:
        """Begin to count anew."""
        if self._delayed.active():
            self._delayed.reset(self._seconds)

    def _due(self) -> None:
        if self._again:
            self._delayed = self._loop.reactor.callLater(self._seconds, self._due)
        else:
            self.cancelled = True
            self._loop.timers.discard(self)
        try:
            self._call()
        except Exception:  # noqa: BLE001 - as the library's own timers do
            _log.exception("ftp.timer_failed")
            if self._failed is not None:
                self._failed()


class Loop(Epoll):  # type: ignore[misc]  # untyped
    """The library's loop with the reactor's timers."""

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self.reactor = reactor
        self.timers: set[_Timer] = set()

    def turn(self) -> None:
        """Do what is to be done now."""
        self.poll(0)

    def call_later(self, seconds: float, target: Any, *args: Any, **keywords: Any) -> _Timer:
        """Call once."""
        return self._timer(seconds, target, args, keywords, again=False)

    def call_every(self, seconds: float, target: Any, *args: Any, **keywords: Any) -> _Timer:
        """Call again and again."""
        return self._timer(seconds, target, args, keywords, again=True)

    def close(self) -> None:
        """Close every conversation, and forget every timer."""
        super().close()
        for timer in list(self.timers):
            timer.cancel()
        self._poller.close()

    def _timer(
        self, seconds: float, target: Any, args: Any, keywords: dict[str, Any], *, again: bool
    ) -> _Timer:
        failed = keywords.pop("_errback", None)
        call = partial(target, *args, **keywords) if args or keywords else target
        return _Timer(self, seconds, call, failed, again=again)
