"""An account wire on real sockets, the link left out, with an exchange's clock, and clients."""

import ftplib
import io
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import ncompress
import paramiko
import pytest
from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.terms import terms
from oxo_simulator.account.wire import build
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.ed52.mapping import MANNER
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.identity import Identity
from oxo_simulator.link.door import reserve
from oxo_simulator.wire import Parts
from oxo_tickets import CommunicationType, Direction, Kind, Ticket
from twisted.internet.threads import blockingCallFromThread

SECONDS_MAX = 20
BEHIND = "127.0.0.2"
START = datetime(2020, 2, 24, 9, 10)  # noqa: DTZ001 - wall clock
PORTS = ("account-ftp", "account-sftp", "account-data-1", "account-data-2")


def call(number: int) -> Ticket:
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=START,
        charged_user=str(100 + number % 100),
        dialled_number=f"0199{number:06}",
        trunk="7",
        call_seconds=number,
    )


class Site:
    """One exchange's account wire, its ledger and transcript as lists."""

    seconds_max = SECONDS_MAX
    behind = BEHIND
    folder = "/usr4/account"

    def __init__(
        self, reactor: Any, state: Path, identity: Identity, raw: Callable[[int, str], Any]
    ) -> None:
        self.reactor = reactor
        self._raw = raw
        self.state = state
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.transcript: list[dict[str, str]] = []
        self.seen: list[tuple[str, Future[None]]] = []
        self.proved: list[str] = []
        self.taken_bytes = sys.maxsize
        self.reserved = {name: reserve(BEHIND, 0) for name in PORTS}
        self.ports = {name: held.getsockname()[1] for name, held in self.reserved.items()}
        parts: Any = Parts(
            reactor=reactor,
            first=SimpleNamespace(account=AccountSettings()),  # type: ignore[arg-type]
            address=lambda: BEHIND,
            behind=BEHIND,
            ports=self.ports,
            reserved=self.reserved,
            connection_name=lambda peer, _own: (f"c{peer[1]}", f"{peer[0]}:{peer[1]}"),
            led=lambda _peer, _own: None,  # type: ignore[arg-type,return-value]
            prove=self.proved.append,
            said=self._said,
            transcript=None,  # type: ignore[arg-type]
            tls=identity,
            folder=state,
            new_password=lambda: "s3cret",
            utc_now=lambda: datetime.now(UTC),
            taken_bytes=lambda _connection: self.taken_bytes,
        )
        self.wire = self.do(build, parts)
        self.outlet: Outlet | None = None
        self.clock = VirtualClock()

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return blockingCallFromThread(self.reactor, function, *arguments)

    def profile(self, **keys: Any) -> Any:
        settings = AccountSettings(**{"open": True, "login_delay_seconds": 0.01, **keys})
        return SimpleNamespace(account=settings, ed52=SimpleNamespace(manner=MANNER))

    def install(self, count: int = 2, **keys: Any) -> "Site":
        """Install a fresh exchange whose first file has so many tickets and is closed."""
        profile = self.profile(**keys)
        self.ledger.clear()
        self.transcript.clear()
        self.clock = VirtualClock()
        wall = WallClock(self.clock, START, ZoneInfo("Europe/Paris"))
        asked = terms(profile.account, MANNER)
        self.outlet = None if asked is None else Outlet(asked, self._record)
        outlets = {} if self.outlet is None else {"account": self.outlet}
        exchange = SimpleNamespace(
            outlets=outlets, release="R3.2", now=wall.now, later=wall.later, profile=profile
        )
        self.do(self.wire.install, exchange, profile)
        if count:
            self.put(*range(1, count + 1))
            self.close()
        return self

    def put(self, *numbers: int) -> None:
        assert self.outlet is not None
        for number in numbers:
            self.do(self.outlet.put, number, call(number))

    def close(self) -> Any:
        return self.do(self.wire.close_file)

    def advance(self, seconds: float) -> None:
        self.do(self.clock.advance, seconds)

    def _record(self, event: str, detail: dict[str, Any]) -> None:
        self.ledger.append((event, detail))
        for wanted, future in self.seen:
            if wanted == event and not future.done():
                future.set_result(None)

    def _said(self, **line: str) -> None:
        self.transcript.append(line)

    def when(self, event: str) -> "Future[None]":
        """Return what is done when the next such ledger line is written."""
        future: Future[None] = Future()
        self.seen.append((event, future))
        return future

    def events(self, *names: str) -> list[dict[str, Any]]:
        return [detail for event, detail in self.ledger if event in names]

    def heard(self) -> list[str]:
        return [f"{line['sender'][0]} {line['text']}" for line in self.transcript]

    def client(self, user: str = "adfexc", password: str = "s3cret") -> ftplib.FTP:
        ftp = ftplib.FTP(timeout=SECONDS_MAX)  # noqa: S321 - what is tested
        try:
            ftp.connect(BEHIND, self.ports["account-ftp"])
            ftp.login(user, password)
            ftp.cwd(self.folder)
        except BaseException:
            ftp.close()
            raise
        return ftp

    def fetched(self, ftp: ftplib.FTP, name: str, rest: int | None = None) -> bytes:
        into = io.BytesIO()
        ftp.retrbinary(f"RETR {name}", into.write, rest=rest)
        return into.getvalue()

    def records(self, data: bytes) -> list[bytes]:
        """Return the records of a closed file, its header left out."""
        plain: bytes = ncompress.decompress(data)
        return plain.splitlines()[1:]

    def raw(self) -> Any:
        return self._raw(self.ports["account-ftp"], "adfexc")

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something holds; the reactor asks itself now and then."""
        found = threading.Event()

        def look() -> None:
            if reached():
                found.set()
            else:
                self.reactor.callLater(0.01, look)

        self.do(look)
        assert found.wait(SECONDS_MAX)

    def until_gone(self) -> None:
        """Wait until no SSH connection is left."""
        self.until(lambda: self.wire._sftp.visits_count == 0)

    def stop(self) -> None:
        self.do(self.wire.stop)
        for held in self.reserved.values():
            held.close()


class SshClient:
    """A collector that knows SSH."""

    def __init__(self, site: Any, password: str = "s3cret", user: str = "adfexc") -> None:
        self.socket = socket.create_connection(
            (site.behind, site.ports["account-sftp"]), SECONDS_MAX
        )
        self.transport = paramiko.Transport(self.socket)
        try:
            self.transport.connect(username=user, password=password)
        except BaseException:
            self.close()
            raise
        self.connection = f"c{self.socket.getsockname()[1]}"

    @property
    def shown(self) -> str:
        """The host key's fingerprint."""
        return str(self.transport.get_remote_server_key().fingerprint)

    def sftp(self) -> paramiko.SFTPClient:
        made = paramiko.SFTPClient.from_transport(self.transport)
        assert made is not None
        channel = made.get_channel()
        assert channel is not None
        channel.settimeout(SECONDS_MAX)
        return made

    def run(self, command: str) -> tuple[int, bytes]:
        """Return the exit status and what it said."""
        channel = self.transport.open_session(timeout=SECONDS_MAX)
        channel.settimeout(SECONDS_MAX)
        channel.exec_command(command)
        said = channel.makefile("rb").read()
        return channel.recv_exit_status(), said

    def close(self) -> None:
        self.transport.close()


@pytest.fixture
def site(
    network: Any, tmp_path: Path, identity: Identity, raw_ftp: Callable[[int, str], Any]
) -> Iterator[Site]:
    made = Site(network, tmp_path, identity, raw_ftp)
    yield made
    made.stop()


@pytest.fixture
def connect(site: Any) -> Iterator[Callable[..., SshClient]]:
    made: list[SshClient] = []

    def new(*words: Any, **more: Any) -> SshClient:
        made.append(SshClient(site, *words, **more))
        return made[-1]

    yield new
    for client in made:
        client.close()
