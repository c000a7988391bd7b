"""The NMC wire as a conversation: its transport, and a collection with each run."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

from oxo_collector.configuration import Exchange
from oxo_collector.conversation import Conversation
from oxo_collector.intake import Intake
from oxo_collector.nmc.landed import Landed
from oxo_collector.nmc.machine import FileCollection, Plan
from oxo_collector.nmc.settings import Nmc
from oxo_collector.nmc.shell import Shell
from oxo_collector.nmc.transport import Route, Transport
from oxo_collector.receipt import Source, Wire
from oxo_collector.report import Report
from oxo_collector.rests import Rests
from oxo_collector.secrecy import Secrets
from oxo_collector.section import secret


def make(exchange: Exchange, key: str) -> Conversation:
    """Return the conversation; `key` names the table in the configuration, for errors.

    Raises:
        ConfigurationRefused: a secret cannot be read.
    """
    assert exchange.nmc is not None
    return _Collecting(exchange.name, exchange.zone, exchange.nmc, key)


class _Collecting:
    def __init__(self, name: str, zone: str, settings: Nmc, key: str) -> None:
        self.source = Source(name, Wire.NMC)
        self.rest_seconds_max = settings.rest_seconds_max
        self._zone = zone
        self._settings = settings
        self._route = _route(settings, key)
        self._transport = Transport(self._route)

    @property
    def secrets(self) -> Secrets:
        return self._transport.secrets

    def break_off(self) -> None:
        self._transport.break_off()

    def run(self, door: Intake, stop: threading.Event, report: Callable[[Report], None]) -> None:
        settings = self._settings
        self._transport.landed = Landed(self._place(door.store), settings.file_bytes_max)
        chance = random.Random().random  # noqa: S311 - spreads returns in time, no secret
        plan = Plan(
            settings.after, settings.poll_seconds, settings.file_bytes_max, self._route.where
        )
        rests = Rests(settings.rest_seconds_first, settings.rest_seconds_max, chance)
        Shell(
            self.source,
            self._zone,
            collection=FileCollection(plan, rests),
            wire=self._transport,
            door=door,
            stop=stop,
            report=report,
        ).run()

    def _place(self, store: Path) -> Path:
        """Return where a file lies that is not stored yet; no other source has the name."""
        return store.with_name(f"{store.name}.{self.source.exchange}.nmc.part")


def _route(settings: Nmc, key: str) -> Route:
    return Route(
        address=settings.address,
        port=settings.port,
        user=settings.user,
        password=secret(settings, key),
        tls=settings.tls == "explicit",
        ca_file=None if settings.ca_file is None else str(settings.ca_file),
        fingerprint=settings.fingerprint,
        folder=settings.folder,
        pattern=settings.pattern,
        file_bytes_max=settings.file_bytes_max,
        connect_seconds_max=settings.connect_seconds_max,
        read_seconds_max=settings.read_seconds_max,
    )
