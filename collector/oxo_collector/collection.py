"""Where everything is put together: configuration, store, intake, one thread per source."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Final

from structlog.typing import FilteringBoundLogger

from oxo_collector.account import source as account
from oxo_collector.configuration import Configuration
from oxo_collector.conversation import Conversation, Maker
from oxo_collector.intake import Intake
from oxo_collector.nmc import source as nmc
from oxo_collector.ohl import source as ohl
from oxo_collector.receipt import Wire
from oxo_collector.report import Report
from oxo_collector.store import Ownership, StoreUnusable, open_for_writing
from oxo_collector.stream import source as stream
from oxo_collector.taxation import source as taxation
from oxo_collector.v24 import source as v24

Log = FilteringBoundLogger

MAKERS: Final[Mapping[Wire, Maker]] = {
    Wire.TAXATION: taxation.make,
    Wire.ACCOUNT: account.make,
    Wire.STREAM: stream.make,
    Wire.NMC: nmc.make,
    Wire.V24: v24.make,
    Wire.OHL: ohl.make,
}
"""Wire -> what makes its conversation; the table of the wire in `[[exchange]]` has its name."""

STOP_SECONDS_MAX: Final = 8.0
"""What a stop leaves to the batches in hand; a peer that is slower is broken off."""

SIGNAL_SECONDS_MAX: Final = 0.25
"""A signal is noticed after so long at the latest."""


def collect(
    configuration: Configuration,
    stop: threading.Event,
    log: Log,
    *,
    stop_seconds_max: float = STOP_SECONDS_MAX,
) -> None:
    """Collect from every source until `stop` is set and each batch in hand is acknowledged.

    A batch that is not acknowledged `stop_seconds_max` after the stop is left to the exchange,
    which offers it again.

    Raises:
        ConfigurationRefused: a secret cannot be read; nothing was begun.
        StoreUnusable: the store is in use or cannot be opened or read; nothing was begun.
    """
    conversations = list(_conversations(configuration))
    with Ownership(configuration.store), closing(open_for_writing(configuration.store)) as store:
        scrubs = {one.source: one.secrets.scrubbed_bytes for one in conversations}
        intake = Intake(store, lambda: datetime.now(UTC), scrubs)
        for one in conversations:
            intake.cursor(one.source)  # a damaged store is refused here, not in every thread
        threads = [
            threading.Thread(
                target=_until_stopped, name=str(one.source), args=(one, intake, stop, log)
            )
            for one in conversations
        ]
        _run(threads, stop, conversations, stop_seconds_max)
        _fold_log_in(store)


def _conversations(configuration: Configuration) -> Iterator[Conversation]:
    """Make what each exchange is collected by, in the order of the wires."""
    for number, exchange in enumerate(configuration.exchange, 1):
        for wire in Wire:
            if getattr(exchange, wire) is None:
                continue
            key = f"exchange[{number}]" + ("" if wire == Wire.TAXATION else f".{wire}")
            yield MAKERS[wire](exchange, key)


def _run(
    threads: Sequence[threading.Thread],
    stop: threading.Event,
    conversations: Sequence[Conversation],
    stop_seconds_max: float,
) -> None:
    """Start the threads and wait for their end."""
    for thread in threads:
        thread.start()
    # Not in the main thread: the signal that sets `stop` would interrupt the wait for it.
    late = threading.Thread(
        target=_break_off_late, args=(stop, threads, conversations, stop_seconds_max), daemon=True
    )
    late.start()
    for thread in threads:
        _await_end(thread)


def _await_end(thread: threading.Thread) -> None:
    """Wait for the end, and let the interpreter look for signals meanwhile.

    It runs their functions in the main thread alone. A signal that another thread was given, or
    that came just before the main thread fell asleep, does not wake it.
    """
    while thread.is_alive():
        thread.join(SIGNAL_SECONDS_MAX)


def _break_off_late(
    stop: threading.Event,
    threads: Sequence[threading.Thread],
    conversations: Sequence[Conversation],
    seconds_max: float,
) -> None:
    """Break off what the peers still hold so long after the stop."""
    stop.wait()
    end = time.monotonic() + seconds_max
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    for one in conversations:
        one.break_off()


def _until_stopped(
    conversation: Conversation, intake: Intake, stop: threading.Event, log: Log
) -> None:
    """Run one conversation; a defect of ours in it does not end the others."""
    source = conversation.source
    wire = {} if source.wire == Wire.TAXATION else {"wire": str(source.wire)}
    bound = log.bind(exchange=source.exchange, **wire)
    while True:
        try:
            conversation.run(intake, stop, _reporter(conversation, bound, intake))
        except StoreUnusable as error:
            bound.warning(f"{error}; the session is begun again after a rest")
        except Exception:  # noqa: BLE001 - logged with its traceback, and rested upon
            bound.exception("defect of the collector; the session is begun again after a rest")
        else:
            return
        if stop.wait(conversation.rest_seconds_max):
            return


def _reporter(conversation: Conversation, log: Log, intake: Intake) -> Callable[[Report], None]:
    """Return what takes the reports of one source: to the log, what is wrong to the store too."""
    secrets = conversation.secrets

    def report(one: Report) -> None:
        level = logging.getLevelNamesMapping()[one.level.upper()]
        text = secrets.scrubbed(one.text)
        fields = {
            k: secrets.scrubbed(v) if isinstance(v, str) else v for k, v in one.fields.items()
        }
        log.log(level, text, **fields)
        if level < logging.WARNING:
            return
        try:
            intake.warn(conversation.source, text, alarm=level >= logging.ERROR)
        except StoreUnusable as error:
            told = f"{error}; `oxo-collect status` will not show the line above"
            log.warning(told)

    return report


def _fold_log_in(store: sqlite3.Connection) -> None:
    """Leave one file behind rather than a file and its write-ahead log, where nothing objects.

    A reader may, or a full disk; the log is as good a place.
    """
    with suppress(sqlite3.Error):
        store.execute("PRAGMA wal_checkpoint(PASSIVE)")
