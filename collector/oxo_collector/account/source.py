"""The account wire as a conversation: its transport, and a collection with each run."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

from oxo_collector.account.by_ftp import FtpFiles
from oxo_collector.account.by_sftp import SftpFiles
from oxo_collector.account.choice import server_of
from oxo_collector.account.landing import Landing
from oxo_collector.account.machine import AccountCollection, Plan
from oxo_collector.account.reading import Reader
from oxo_collector.account.route import Route as SftpRoute
from oxo_collector.account.settings import AccountFiles
from oxo_collector.account.shell import Shell
from oxo_collector.configuration import Exchange
from oxo_collector.conversation import Conversation
from oxo_collector.fetching import NoPlace
from oxo_collector.ftp.connection import Route as FtpRoute
from oxo_collector.intake import Intake
from oxo_collector.receipt import Source, Wire
from oxo_collector.report import Report
from oxo_collector.rests import Rests
from oxo_collector.secrecy import Secrets
from oxo_collector.section import secret
from oxo_collector.store import StoreUnusable


def make(exchange: Exchange, key: str) -> Conversation:
    """Return the conversation; `key` names the table in the configuration, for errors.

    Raises:
        ConfigurationRefused: a secret cannot be read.
    """
    assert exchange.account is not None
    return _Collecting(exchange.name, exchange.zone, exchange.account, key)


class _Collecting:
    def __init__(self, name: str, zone: str, settings: AccountFiles, key: str) -> None:
        self.source = Source(name, Wire.ACCOUNT)
        self.rest_seconds_max = settings.rest_seconds_max
        self._reader = Reader(zone, settings.cost_decimals)
        self._settings = settings
        self._wire, self._where = _transport(settings, key)

    @property
    def secrets(self) -> Secrets:
        return self._wire.secrets

    def break_off(self) -> None:
        self._wire.break_off()

    def run(self, door: Intake, stop: threading.Event, report: Callable[[Report], None]) -> None:
        settings = self._settings
        chance = random.Random().random  # noqa: S311 - spreads returns in time, no secret
        plan = Plan(
            settings.start,
            settings.compress_first,
            settings.poll_seconds,
            settings.settle_seconds,
            settings.file_bytes_max,
            self._where,
        )
        rests = Rests(settings.rest_seconds_first, settings.rest_seconds_max, chance)
        try:
            with Landing(self._place(door.store)) as landing:
                Shell(
                    self.source,
                    server_of(settings.index),
                    collection=AccountCollection(plan, rests),
                    wire=self._wire,
                    door=door,
                    landing=landing,
                    read=self._reader.read,
                    stop=stop,
                    report=report,
                ).run()
        except NoPlace as error:
            raise StoreUnusable(str(error)) from None

    def _place(self, store: Path) -> Path:
        """Return the name under which a file comes, beside the store; no other source has it."""
        return store.with_name(f"{store.name}.{self.source.exchange}.account.part")


def _transport(settings: AccountFiles, key: str) -> tuple[FtpFiles | SftpFiles, str]:
    """Return the transport and how its address is told."""
    if settings.transfer == "ftp":
        ftp = FtpRoute(
            address=settings.address,
            port=settings.transfer_port,
            user=settings.user,
            password=secret(settings, key),
            tls=settings.tls == "explicit",
            ca_file=None if settings.ca_file is None else str(settings.ca_file),
            fingerprint=settings.fingerprint,
            folder=settings.folder,
            file_bytes_max=settings.file_bytes_max,
            connect_seconds_max=settings.connect_seconds_max,
            read_seconds_max=settings.read_seconds_max,
        )
        return FtpFiles(ftp, settings.index), ftp.where
    file = settings.host_key_file
    sftp = SftpRoute(
        address=settings.address,
        port=settings.transfer_port,
        user=settings.user,
        password=secret(settings, key),
        host_key=settings.host_key,
        host_key_file=None if file is None else str(file),
        folder=settings.folder,
        index=settings.index,
        file_bytes_max=settings.file_bytes_max,
        connect_seconds_max=settings.connect_seconds_max,
        read_seconds_max=settings.read_seconds_max,
    )
    return SftpFiles(sftp), sftp.where
