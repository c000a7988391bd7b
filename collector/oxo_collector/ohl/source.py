"""The hotel link as a conversation: its transport, and a machine with each run."""

import random
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from oxo_collector.configuration import Exchange
from oxo_collector.conversation import Conversation
from oxo_collector.intake import Intake
from oxo_collector.ohl.machine import HotelLink, Plan
from oxo_collector.ohl.settings import Ohl
from oxo_collector.ohl.shell import Shell
from oxo_collector.ohl.transport import Transport
from oxo_collector.receipt import Source, Wire
from oxo_collector.report import Report
from oxo_collector.rests import Rests
from oxo_collector.secrecy import Secrets

EPOCH_CHANCE_BYTES = 4
"""Behind the instant, since a clock may be set back."""


def make(exchange: Exchange, _key: str) -> Conversation:
    """Return the conversation; there is no secret on this wire."""
    assert exchange.ohl is not None
    return _Collecting(exchange.name, exchange.zone, exchange.ohl)


class _Collecting:
    def __init__(self, name: str, zone: str, settings: Ohl) -> None:
        self.source = Source(name, Wire.OHL)
        self.secrets = Secrets()
        self.rest_seconds_max = settings.rest_seconds_max
        self._zone = zone
        self._settings = settings
        self._transport = Transport(settings.address, settings.port, settings.connect_seconds_max)

    def break_off(self) -> None:
        self._transport.break_off()

    def run(self, door: Intake, stop: threading.Event, report: Callable[[Report], None]) -> None:
        settings = self._settings
        chance = random.Random().random  # noqa: S311 - spreads returns in time, no secret
        plan = Plan(self._zone, settings.silence_seconds_max, self._transport.where)
        rests = Rests(settings.rest_seconds_first, settings.rest_seconds_max, chance)
        Shell(
            self.source,
            link=HotelLink(plan, rests),
            wire=self._transport,
            door=door,
            stop=stop,
            report=report,
            epoch=_epoch,
            clock=time.monotonic,
        ).run()


def _epoch() -> str:
    begun = datetime.now(UTC).isoformat(timespec="milliseconds")
    return f"{Wire.OHL}:{begun}:{secrets.token_hex(EPOCH_CHANCE_BYTES)}"
