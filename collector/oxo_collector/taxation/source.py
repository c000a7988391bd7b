"""The taxation wire as a conversation: its transport, and a session with each run."""

import random
import threading
from collections.abc import Callable

from oxo_collector.configuration import Exchange, Proxy, secret
from oxo_collector.conversation import Conversation
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire
from oxo_collector.report import Report
from oxo_collector.secrecy import Secrets
from oxo_collector.taxation.machine import TaxationSession
from oxo_collector.taxation.settings import Taxation
from oxo_collector.taxation.shell import Shell
from oxo_collector.taxation.states import Pace, Place
from oxo_collector.taxation.transport import ProxyRoute, Route, Transport, answer_bytes_max


def make(exchange: Exchange, key: str) -> Conversation:
    """Return the conversation; `key` names the exchange in the configuration, for errors.

    Raises:
        ConfigurationRefused: a secret cannot be read.
    """
    assert exchange.taxation is not None
    return _Collecting(exchange.name, exchange.zone, exchange.taxation, key)


class _Collecting:
    def __init__(self, name: str, zone: str, settings: Taxation, key: str) -> None:
        self.source = Source(name, Wire.TAXATION)
        self.rest_seconds_max = settings.rest_seconds_max
        self._zone = zone
        self._settings = settings
        self._transport = Transport(
            _route(settings, key), answer_bytes_max=answer_bytes_max(settings.batch_tickets_max)
        )

    @property
    def secrets(self) -> Secrets:
        return self._transport.secrets

    def break_off(self) -> None:
        self._transport.break_off()

    def run(self, door: Intake, stop: threading.Event, report: Callable[[Report], None]) -> None:
        settings = self._settings
        epoch, last_sequence = door.cursor(self.source)
        session = TaxationSession(
            Place(self.source.exchange, self._transport.url, settings.ports, settings.contract),
            Pace(
                batch_tickets_max=settings.batch_tickets_max,
                poll_seconds=settings.poll_seconds,
                rest_seconds_first=settings.rest_seconds_first,
                rest_seconds_max=settings.rest_seconds_max,
            ),
            chance=random.Random().random,  # noqa: S311 - spreads returns in time, no secret
            epoch=epoch,
            last_sequence=last_sequence,
        )
        Shell(
            self.source.exchange,
            self._zone,
            session=session,
            wire=self._transport,
            door=door,
            stop=stop,
            report=report,
            contract=settings.contract,
        ).run()


def _route(settings: Taxation, key: str) -> Route:
    return Route(
        address=settings.address,
        user=settings.user,
        password=secret(settings, key),
        ca_file=None if settings.ca_file is None else str(settings.ca_file),
        fingerprint=settings.fingerprint,
        proxy=None if settings.proxy is None else _proxy(settings.proxy, f"{key}.proxy"),
        connect_seconds_max=settings.connect_seconds_max,
        read_seconds_max=settings.read_seconds_max,
    )


def _proxy(proxy: Proxy, key: str) -> ProxyRoute:
    password = None if proxy.user is None else secret(proxy, key)
    return ProxyRoute(proxy.address, proxy.port, proxy.user, password)
