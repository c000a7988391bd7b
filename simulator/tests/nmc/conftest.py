"""An NMC wire on real sockets, the link left out, and clients for it."""

import ftplib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.identity import Identity
from oxo_simulator.link.door import reserve
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.nmc.terms import terms
from oxo_simulator.nmc.wire import build
from oxo_simulator.wire import Parts
from oxo_tickets import CommunicationType, Direction, Kind, Ticket
from twisted.internet.threads import blockingCallFromThread

SECONDS_MAX = 20
BEHIND = "127.0.0.2"
AT = datetime(2020, 2, 24, 14, 32, 7)  # noqa: DTZ001 - wall clock


def call(number: int) -> Ticket:
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        communication_type=CommunicationType.OUTGOING,
        local_time=AT,
        charged_user=str(100 + number),
        dialled_number=f"0199{number:06}",
        trunk="7",
        call_seconds=number,
    )


class Site:
    """One exchange's NMC wire, its ledger and transcript as lists."""

    seconds_max = SECONDS_MAX
    behind = BEHIND
    record_bytes = 122

    def __init__(
        self, reactor: Any, folder: Path, identity: Identity, raw: Callable[[int, str], Any]
    ) -> None:
        self.reactor = reactor
        self._raw = raw
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.transcript: list[dict[str, str]] = []
        self.seen: list[tuple[Callable[[str], bool], Future[None]]] = []
        names = ("nmc", "nmc-data-1", "nmc-data-2")
        reserved = {name: reserve(BEHIND, 0) for name in names}
        self.reserved = reserved
        self.proved: list[str] = []
        parts: Any = Parts(
            reactor=reactor,
            first=SimpleNamespace(nmc=NmcSettings()),  # type: ignore[arg-type]
            address=lambda: BEHIND,
            behind=BEHIND,
            ports={name: held.getsockname()[1] for name, held in reserved.items()},
            reserved=reserved,
            connection_name=lambda peer, _own: (f"c{peer[1]}", f"{peer[0]}:{peer[1]}"),
            led=lambda _peer, _own: None,  # type: ignore[arg-type,return-value]
            prove=self.proved.append,
            said=self._said,
            transcript=None,  # type: ignore[arg-type]
            tls=identity,
            folder=folder,
            new_password=lambda: "s3cret",
            utc_now=lambda: datetime.now(UTC),
        )
        self.port = parts.ports["nmc"]
        self.data_ports = [parts.ports[name] for name in names[1:]]
        self.wire = self.do(build, parts)
        self.outlet: Outlet | None = None
        self.folder = folder

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return blockingCallFromThread(self.reactor, function, *arguments)

    def install(self, count: int = 2, **keys: Any) -> "Site":
        keys = {"open": True, "licence_tickets": 1000, "login_delay_seconds": 0.01, **keys}
        settings = NmcSettings(**keys)
        asked = terms(settings)
        self.ledger.clear()
        self.transcript.clear()
        self.outlet = None if asked is None else Outlet(asked, self._record)
        outlets = {} if self.outlet is None else {"nmc": self.outlet}
        exchange = SimpleNamespace(
            outlets=outlets, release="R3.2", now=lambda: SimpleNamespace(local=AT)
        )
        self.do(self.wire.install, exchange, SimpleNamespace(nmc=settings))
        self.put(*range(1, count + 1))
        return self

    def put(self, *numbers: int) -> None:
        assert self.outlet is not None
        for number in numbers:
            self.do(self.outlet.put, number, call(number))

    @property
    def waiting(self) -> int:
        assert self.outlet is not None
        return self.outlet.waiting_count()

    def _record(self, event: str, detail: dict[str, Any]) -> None:
        self.ledger.append((event, detail))
        self._look(event)

    def _said(self, **line: str) -> None:
        self.transcript.append(line)

    def _look(self, event: str) -> None:
        for wanted, future in self.seen:
            if wanted(event) and not future.done():
                future.set_result(None)

    def when(self, event: str) -> "Future[None]":
        """Return what is done when the next such ledger line is written."""
        future: Future[None] = Future()
        self.seen.append((event.__eq__, future))
        return future

    def events(self, *names: str) -> list[tuple[str, dict[str, Any]]]:
        return [line for line in self.ledger if not names or line[0] in names]

    def heard(self) -> list[str]:
        return [f"{line['sender'][0]} {line['text']}" for line in self.transcript]

    def client(self, user: str = "ftp_nmc", password: str = "s3cret") -> ftplib.FTP:
        ftp = ftplib.FTP(timeout=SECONDS_MAX)  # noqa: S321 - what is tested
        try:
            ftp.connect(BEHIND, self.port)
            ftp.login(user, password)
        except BaseException:
            ftp.close()
            raise
        return ftp

    def fetched(self, ftp: ftplib.FTP, name: str, rest: int | None = None) -> bytes:
        into = io.BytesIO()
        ftp.retrbinary(f"RETR {name}", into.write, rest=rest)
        return into.getvalue()

    def raw(self) -> Any:
        return self._raw(self.port, "ftp_nmc")

    def fill(self, count: int) -> None:
        assert self.outlet is not None
        put = self.outlet.put
        self.do(lambda: [put(number, call(number % 50)) for number in range(1, count + 1)])

    def stop(self) -> None:
        self.do(self.wire.stop)
        for held in self.reserved.values():
            held.close()


@pytest.fixture
def site(
    network: Any, tmp_path: Path, identity: Identity, raw_ftp: Callable[[int, str], Any]
) -> Iterator[Site]:
    made = Site(network, tmp_path, identity, raw_ftp)
    yield made
    made.stop()
