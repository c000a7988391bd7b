"""The stream wire as a conversation: a thread that reads into the spool, and one that stores."""

import random
import secrets
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from oxo_collector.configuration import Exchange
from oxo_collector.conversation import Conversation
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire
from oxo_collector.report import Report
from oxo_collector.secrecy import Secrets
from oxo_collector.stream.machine import OnTheFly, Plan
from oxo_collector.stream.pieces import Decoding
from oxo_collector.stream.reader import Frames
from oxo_collector.stream.rounds import Rounds
from oxo_collector.stream.settings import Stream
from oxo_collector.stream.shell import Shell
from oxo_collector.stream.spool import Spool
from oxo_collector.stream.storing import Storing
from oxo_collector.stream.transport import Transport

EPOCH_CHANCE_BYTES = 4
"""Behind the instant, since a clock may be set back."""


def make(exchange: Exchange, _key: str) -> Conversation:
    """Return the conversation; there is no secret on this wire."""
    assert exchange.stream is not None
    heals = exchange.account is not None
    return _Collecting(exchange.name, exchange.zone, exchange.stream, heals=heals)


class _Collecting:
    def __init__(self, name: str, zone: str, settings: Stream, *, heals: bool) -> None:
        self.source = Source(name, Wire.STREAM)
        self.secrets = Secrets()
        self.rest_seconds_max = settings.rest_seconds_max
        self._zone = zone
        self._settings = settings
        self._heals = heals
        self._transport = Transport(settings.places, settings.connect_seconds_max)
        self._storing: Storing | None = None

    def break_off(self) -> None:
        self._transport.break_off()
        if self._storing is not None:
            self._storing.give_up()

    def run(self, door: Intake, stop: threading.Event, report: Callable[[Report], None]) -> None:
        """Read until the stop; then store what was read, as far as the store takes it."""
        settings = self._settings
        with closing(Spool(self._folder(door), settings.spool_bytes_max)) as spool:
            spool.open()
            storing = self._storing = Storing(
                self.source,
                spool,
                door=door,
                decode=Decoding(self._zone, settings.cost_decimals).pieces,
                report=report,
                heals=self._heals,
                rest_seconds=settings.rest_seconds_first,
            )
            thread = threading.Thread(target=storing.run, name=f"{self.source}, storing")
            thread.start()
            try:
                self._shell(spool, storing, stop).run()
            finally:
                spool.end()
                storing.finish()
                thread.join()

    def _shell(self, spool: Spool, storing: Storing, stop: threading.Event) -> Shell:
        settings = self._settings
        plan = Plan(
            self._transport.wheres,
            settings.open_seconds_max,
            settings.silence_seconds_max,
            settings.first_seconds_max,
            settings.held_bytes_max,
        )
        chance = random.Random().random  # noqa: S311 - spreads returns in time, no secret
        pauses = settings.rest_seconds_first, settings.rest_seconds_max
        return Shell(
            OnTheFly(plan, Rounds(len(settings.places), *pauses, chance), Frames),
            self._transport,
            spool,
            stop=stop,
            report=storing.tell,
            heard=storing.heard,
            epoch=_epoch,
        )

    def _folder(self, door: Intake) -> Path:
        """Return the exchange's folder in the spool."""
        return self._settings.spool_of(self.source.exchange, door.store)


def _epoch() -> str:
    begun = datetime.now(UTC).isoformat(timespec="milliseconds")
    return f"{Wire.STREAM}:{begun}:{secrets.token_hex(EPOCH_CHANCE_BYTES)}"
