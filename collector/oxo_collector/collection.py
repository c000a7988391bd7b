"""Where everything is put together: configuration, store, intake, one thread per exchange."""

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Final

from structlog.typing import FilteringBoundLogger

from oxo_collector.configuration import Configuration, Exchange, Proxy, secret
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source
from oxo_collector.store import Ownership, StoreUnusable, open_for_writing
from oxo_collector.taxation.machine import TaxationSession
from oxo_collector.taxation.messages import Report
from oxo_collector.taxation.shell import Shell
from oxo_collector.taxation.states import Pace, Place
from oxo_collector.taxation.transport import ProxyRoute, Route, Transport, answer_bytes_max

Log = FilteringBoundLogger

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
    """Collect from every exchange until `stop` is set and each batch in hand is acknowledged.

    A batch that is not acknowledged `stop_seconds_max` after the stop is left to the exchange,
    which offers it again.

    Raises:
        ConfigurationRefused: a secret cannot be read; nothing was begun.
        StoreUnusable: the store is in use or cannot be opened or read; nothing was begun.
    """
    wires = {
        exchange.name: Transport(
            _route(exchange, f"exchange[{number}]"),
            answer_bytes_max=answer_bytes_max(exchange.batch_tickets_max),
        )
        for number, exchange in enumerate(configuration.exchange, 1)
    }
    with Ownership(configuration.store), closing(open_for_writing(configuration.store)) as store:
        scrubs = {Source(name): wire.secrets.scrubbed_bytes for name, wire in wires.items()}
        intake = Intake(store, lambda: datetime.now(UTC), scrubs)
        for exchange in configuration.exchange:
            intake.cursor(exchange.name)  # a damaged store is refused here, not in every thread
        threads = [
            threading.Thread(
                target=_until_stopped,
                name=exchange.name,
                args=(exchange, wires[exchange.name], intake, stop, log),
            )
            for exchange in configuration.exchange
        ]
        _run(threads, stop, tuple(wires.values()), stop_seconds_max)
        _fold_log_in(store)


def _run(
    threads: Sequence[threading.Thread],
    stop: threading.Event,
    wires: Sequence[Transport],
    stop_seconds_max: float,
) -> None:
    """Start the threads and wait for their end."""
    for thread in threads:
        thread.start()
    # Not in the main thread: the signal that sets `stop` would interrupt the wait for it.
    late = threading.Thread(
        target=_break_off_late, args=(stop, threads, wires, stop_seconds_max), daemon=True
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
    wires: Sequence[Transport],
    seconds_max: float,
) -> None:
    """Break off what the peers still hold so long after the stop."""
    stop.wait()
    end = time.monotonic() + seconds_max
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    for wire in wires:
        wire.break_off()


def _until_stopped(
    exchange: Exchange, wire: Transport, intake: Intake, stop: threading.Event, log: Log
) -> None:
    """Run sessions of one exchange; a defect of ours in one does not end the others."""
    bound = log.bind(exchange=exchange.name)
    while True:
        try:
            report = _reporter(exchange.name, bound, wire, intake)
            _shell(exchange, wire, intake, stop, report).run()
        except StoreUnusable as error:
            bound.warning(f"{error}; the session is begun again after a rest")
        except Exception:  # noqa: BLE001 - logged with its traceback, and rested upon
            bound.exception("defect of the collector; the session is begun again after a rest")
        else:
            return
        if stop.wait(exchange.rest_seconds_max):
            return


def _shell(
    exchange: Exchange,
    wire: Transport,
    intake: Intake,
    stop: threading.Event,
    report: Callable[[Report], None],
) -> Shell:
    epoch, last_sequence = intake.cursor(exchange.name)
    session = TaxationSession(
        Place(exchange.name, wire.url, exchange.ports, exchange.contract),
        Pace(
            batch_tickets_max=exchange.batch_tickets_max,
            poll_seconds=exchange.poll_seconds,
            rest_seconds_first=exchange.rest_seconds_first,
            rest_seconds_max=exchange.rest_seconds_max,
        ),
        chance=random.Random().random,  # noqa: S311 - spreads returns in time, no secret
        epoch=epoch,
        last_sequence=last_sequence,
    )
    return Shell(
        exchange.name,
        exchange.zone,
        session=session,
        wire=wire,
        door=intake,
        stop=stop,
        report=report,
        contract=exchange.contract,
    )


def _reporter(name: str, log: Log, wire: Transport, intake: Intake) -> Callable[[Report], None]:
    """Return what takes the reports of one exchange: to the log, what is wrong to the store too."""

    def report(one: Report) -> None:
        level = logging.getLevelNamesMapping()[one.level.upper()]
        text = wire.secrets.scrubbed(one.text)
        fields = {
            k: wire.secrets.scrubbed(v) if isinstance(v, str) else v for k, v in one.fields.items()
        }
        log.log(level, text, **fields)
        if level < logging.WARNING:
            return
        try:
            intake.warn(name, text, alarm=level >= logging.ERROR)
        except StoreUnusable as error:
            told = f"{error}; `oxo-collect status` will not show the line above"
            log.warning(told)

    return report


def _route(exchange: Exchange, key: str) -> Route:
    return Route(
        address=exchange.address,
        user=exchange.user,
        password=secret(exchange, key),
        ca_file=None if exchange.ca_file is None else str(exchange.ca_file),
        fingerprint=exchange.fingerprint,
        proxy=None if exchange.proxy is None else _proxy(exchange.proxy, f"{key}.proxy"),
        connect_seconds_max=exchange.connect_seconds_max,
        read_seconds_max=exchange.read_seconds_max,
    )


def _proxy(proxy: Proxy, key: str) -> ProxyRoute:
    password = None if proxy.user is None else secret(proxy, key)
    return ProxyRoute(proxy.address, proxy.port, proxy.user, password)


def _fold_log_in(store: sqlite3.Connection) -> None:
    """Leave one file behind rather than a file and its write-ahead log, where nothing objects.

    A reader may, or a full disk; the log is as good a place.
    """
    with suppress(sqlite3.Error):
        store.execute("PRAGMA wal_checkpoint(PASSIVE)")
