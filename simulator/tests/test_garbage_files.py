"""Rubbish from the collector's side in every state of the ticket files: FTP of two wires, SFTP.

FTP's control connection stands on a socket in memory; of SFTP it is what the library's threads ask
that is said here, names above all. Nothing crashes; what was wrong is answered, and in ledger or
transcript; the files stay, and the next one who speaks rightly is served.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.account import service as account_service
from oxo_simulator.account.filing import Filing
from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.sftp import visit_terms
from oxo_simulator.account.terms import terms as account_terms
from oxo_simulator.account.visit import Over, Visit
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.ed52.mapping import MANNER
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.ftp.control import Control
from oxo_simulator.ftp.desk import Desk, Password
from oxo_simulator.ftp.loop import Loop
from oxo_simulator.ftp.surroundings import Surroundings
from oxo_simulator.nmc import service as nmc_service
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.nmc.terms import terms as nmc_terms
from oxo_tickets import CommunicationType, Direction, Kind, Ticket
from twisted.internet.task import Clock

NOON = datetime(2020, 2, 24, 12)  # noqa: DTZ001 - wall clock
CALL = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=NOON,
    charged_user="128",
    dialled_number="0390",
    trunk="7",
    call_seconds=6,
)
FILES = {"nmc": "/ALZ0001.ALZ", "account": "/usr4/account/TAXAAAAA.DAT"}
USERS = {"nmc": b"ftp_nmc", "account": b"adfexc"}
READS_MAX = 10_000


@dataclass
class MemorySocket:
    """A connected socket in memory."""

    number: int
    coming: bytes = b""
    gone: bytes = b""
    closed: bool = False
    family: int = field(default=2, init=False)

    def fileno(self) -> int:
        return self.number

    def recv(self, count: int) -> bytes:
        if not self.coming:
            raise BlockingIOError
        taken, self.coming = self.coming[:count], self.coming[count:]
        return taken

    def send(self, data: bytes) -> int:
        self.gone += data
        return len(data)

    def getpeername(self) -> tuple[str, int]:
        return "127.0.0.1", 4_000

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.2", 30_021

    def setblocking(self, _blocking: bool) -> None:  # noqa: FBT001
        """It never blocks."""

    def setsockopt(self, *_option: Any) -> None:
        """It has none."""

    def shutdown(self, _how: int) -> None:
        """`close` follows."""

    def close(self) -> None:
        self.closed = True


class MemoryLoop(Loop):
    """The loop without a system behind it."""

    socket_map: dict[int, Any]

    def register(self, number: int, instance: Any, _events: int) -> None:
        self.socket_map[number] = instance

    def unregister(self, number: int) -> None:
        self.socket_map.pop(number, None)

    def modify(self, number: int, _events: int) -> None:
        assert number in self.socket_map


class Site:
    """The files of a wire, and whoever comes for them."""

    def __init__(self, wire: str) -> None:
        self.wire = wire
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.transcript: list[tuple[str, str]] = []
        self.clock: Any = Clock()
        self.loop = MemoryLoop(self.clock)
        self.count = 100
        settings, words, installed = getattr(self, f"_{wire}")()
        self.settings = settings
        self.desk = Desk(
            words,
            settings,
            Password("s3cret"),
            said=lambda **line: self.transcript.append((line["sender"], line["text"])),
            utc_now=lambda: datetime.now(UTC),
            prove=lambda _connection: None,
        )
        self.desk.install(installed)
        self.around = Surroundings(
            address=lambda: "127.0.0.1",
            behind="127.0.0.2",
            data_ports={},
            name_of=lambda peer, _own: (f"c{self.count}", peer.host),
            delivered=lambda _connection: True,
            tls_context=lambda: None,
        )

    def _outlet(self, terms: Any) -> Outlet:
        self.outlet = Outlet(terms, lambda event, detail: self.ledger.append((event, detail)))
        return self.outlet

    def _nmc(self) -> tuple[Any, ...]:
        settings = NmcSettings(open=True, licence_tickets=1_000)
        outlet = self._outlet(nmc_terms(settings))
        outlet.put(1, CALL)
        standing = nmc_service.stand(settings, outlet, "R3.2", lambda: NOON)
        return settings, nmc_service.WORDS, standing

    def _account(self) -> tuple[Any, ...]:
        settings = AccountSettings(open=True)
        outlet = self._outlet(account_terms(settings, MANNER))
        clock = WallClock(VirtualClock(), NOON, ZoneInfo("Europe/Berlin"))
        filing = Filing(outlet, clock, settings, MANNER)
        outlet.put(1, CALL)
        filing.close()
        standing = account_service.stand(settings, outlet, filing.shelf)
        return settings, account_service.WORDS, standing

    def connect(self) -> "Client":
        self.count += 1
        return Client(self, self.count)

    def wrong(self) -> str:
        told = [each["reason"] for event, each in self.ledger if event == "refused"]
        replies = [text for sender, text in self.transcript if sender == "exchange"]
        return "\n".join([*told, *(text for text in replies if text[:1] in "45")])

    def heard(self) -> str:
        return "\n".join(text for sender, text in self.transcript if sender == "collector")

    def close(self) -> None:
        self.loop.close()


class Client:
    """One control connection."""

    def __init__(self, site: Site, number: int) -> None:
        self.socket = MemorySocket(number)
        server = SimpleNamespace(desk=site.desk, surroundings=site.around, ip_map=[])
        self.control: Any = Control(self.socket, server, site.loop)  # type: ignore[arg-type]
        self.control.handle()

    def ended(self) -> bool:
        return self.socket.closed

    def say(self, octets: bytes) -> str:
        """Say bytes, as far as the exchange listens, and return what it replies."""
        self.socket.coming += octets
        for _ in range(READS_MAX):
            listens = self.socket.number in self.control.ioloop.socket_map
            if self.ended() or not (listens and self.socket.coming):
                break
            self.control.handle_read_event()
            if not self.ended() and self.control.writable():
                self.control.handle_write_event()
        replied, self.socket.gone = self.socket.gone, b""
        return replied.decode("latin-1")


def log_in(client: Client, wire: str, password: bytes = b"s3cret") -> None:
    client.say(b"USER " + USERS[wire] + b"\r\n")
    client.say(b"PASS " + password + b"\r\n")


def _greeted(_site: Site, _client: Client) -> None:
    """Nothing is said yet."""


def _user_given(site: Site, client: Client) -> None:
    client.say(b"USER " + USERS[site.wire] + b"\r\n")


def _awaits(site: Site, client: Client) -> None:
    log_in(client, site.wire, b"another")


def _was_wrong(site: Site, client: Client) -> None:
    log_in(client, site.wire, b"another")
    site.clock.advance(2)


def _logged_in(site: Site, client: Client) -> None:
    log_in(client, site.wire)


def _offset_given(site: Site, client: Client) -> None:
    log_in(client, site.wire)
    client.say(b"REST 100\r\n")


def _in_a_command(site: Site, client: Client) -> None:
    log_in(client, site.wire)
    client.say(b"RET")


STATES: Mapping[str, Callable[[Site, Client], None]] = {
    "greeted": _greeted,
    "user given": _user_given,
    "the answer to a wrong password is awaited": _awaits,
    "the password was wrong": _was_wrong,
    "logged in": _logged_in,
    "an offset given": _offset_given,
    "in a command": _in_a_command,
}


def lines(*commands: bytes) -> bytes:
    return b"".join(command + b"\r\n" for command in commands)


RUBBISH: Mapping[str, tuple[bytes, str]] = {
    **{
        f"random bytes, seed {seed}": (Random(seed).randbytes(3_000), "too long|50[0-9]")  # noqa: S311
        for seed in range(3)
    },
    "random lines": (
        b"\r\n".join(Random(5).randbytes(40) for _ in range(60)),  # noqa: S311
        "50[0-9]|530",
    ),
    "a line without end": (b"A" * 70_000 + b"\r\n", "too long"),
    "NULs": (bytes(5_000), "too long"),
    "NULs in commands": (lines(b"US\0ER x", b"SIZE \0", b"CWD /\0/x"), "50[0-9]|530|550"),
    "blank lines": (b"\r\n" * 500, "50[0-9]|530"),
    "another protocol": (b"GET / HTTP/1.1\r\nHost: oxo\r\n\r\n", "500|530"),
    "telnet's own": (b"\xff\xf4\xff\xf2ABOR\r\n\xff\xfb\x01\r\n", "500|530|225"),
    "commands out of their turn": (
        lines(b"PASS x", b"RNTO x", b"RETR x", b"REST 5", b"LIST", b"PASS y"),
        "503|530|425|550",
    ),
    "commands without a word behind": (
        lines(b"USER", b"PASS", b"RETR", b"SIZE", b"REST", b"DELE", b"CWD", b"TYPE", b"OPTS"),
        "501|530|503",
    ),
    "offsets that cannot be": (lines(b"REST -1", b"REST 1e9", b"REST " + b"9" * 400), "501|530"),
    "names that lead elsewhere": (
        lines(b"SIZE ../../etc/passwd", b"CWD ....//", b"MDTM /etc/shadow", b"DELE ../x"),
        "outside the folder|550|530",
    ),
    "names of rubbish": (
        lines(b"SIZE \xff\xfe\x07", b"SIZE " + b"n" * 900, b"DELE *", b"SIZE ALZ0001.ALZ;rm -rf"),
        "550|501|530|50[0-9]",
    ),
    "storing and active transfers": (
        lines(b"STOR x", b"PORT 1,2,3,4,5", b"EPRT |9|x|y|", b"SITE CHMOD 777 x", b"MKD x"),
        "not allowed|530",
    ),
}
ENDS = "too many commands|421"


@pytest.mark.parametrize("name", RUBBISH)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("wire", FILES)
def test_rubbish_on_a_control_connection(wire: str, state: str, name: str) -> None:
    site = Site(wire)
    client = site.connect()
    STATES[state](site, client)
    rubbish, expected = RUBBISH[name]
    client.say(rubbish)
    site.clock.advance(3)
    client.say(b"\r\n")
    assert re.search(f"{expected}|{ENDS}|wrong credentials", site.wrong()), site.wrong()
    assert site.heard() or "too long" in site.wrong()
    assert "s3cret" not in str(site.transcript)
    site.clock.advance(site.settings.idle_seconds + 60)
    assert client.socket.closed, "nobody is waited for without end"
    other = site.connect()
    log_in(other, wire)
    assert other.say(lines(b"SIZE " + FILES[wire].encode())).startswith("213 ")
    assert not [event for event, _ in site.ledger if event in ("consumed", "dropped", "expired")]
    site.close()


# SFTP: what the library's threads ask.

NAMES = {
    "NULs": "\0\0\0",
    "a name that leads elsewhere": "../../../etc/passwd",
    "a name of rubbish": "\ufffd\x07\u202e\U0001f4a9",
    "half a surrogate": "\udcff",
    "the other half": "\ud800",
    "an endless name": "n" * 70_000,
    "a folder as a file": "/usr4/account",
    "a file as a folder": "/usr4/account/TAXAAAAA.DAT/x",
    "nothing": "",
    "slashes": "/" * 5_000,
    "another letter case": "/usr4/account/taxaaaaa.dat",
    "a command": "/usr4/account/$(reboot).DAT",
}


class Inline:
    """A crossing that is crossed at once."""

    def ask(self, what: Callable[[], Any]) -> Any:
        return what()

    def tell(self, what: Callable[[], object]) -> None:
        what()


def visit(site: Site) -> Visit:
    site.count += 1
    sock: Any = MemorySocket(site.count)
    crossing: Any = Inline()
    return Visit(
        sock,
        f"c{site.count}",
        "127.0.0.1",
        desk=site.desk,
        crossing=crossing,
        terms=visit_terms(site.settings),
        close_file=lambda: SimpleNamespace(file=None),  # type: ignore[arg-type,return-value]
        seconds=lambda: 0.0,
        taken_bytes=lambda _connection: 10**9,
    )


def entered(site: Site) -> Visit:
    found = visit(site)
    assert site.desk.admit(found)
    assert found.enter("adfexc", "s3cret")
    return found


def fetched(found: Visit) -> int:
    """Fetch the file as a right client does."""
    names = {each.name for each in found.list("/usr4/account") or ()}
    assert names == {"ACCOUNT.LIS", "TAXAAAAA.DAT"}
    opened = found.open(FILES["account"])
    assert opened is not None
    size = 0
    while piece := opened.read(size, 32_768):
        size += len(piece)
    opened.close(in_order=True)
    return size


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", ["logged in", "a file open"])
def test_rubbish_names_by_sftp(state: str, name: str) -> None:
    site = Site("account")
    found = entered(site)
    opened = found.open(FILES["account"]) if state == "a file open" else None
    if opened is not None:
        assert opened.read(0, 10)
    lines_before = len(site.transcript)
    asked = NAMES[name]
    assert found.open(asked) is None
    entry = found.entry(asked)
    assert entry is None or entry.is_folder
    listed = found.list(asked)
    assert listed is None or [each.is_folder for each in listed] or name == "a folder as a file"
    said = [text for _, text in site.transcript[lines_before:]]
    assert said[0].startswith("open /")
    assert said[1] == "there is none"
    assert max(map(len, said)) < 1_000
    assert all(text.isprintable() and text.isascii() for text in said)
    if opened is not None:
        opened.close(in_order=False)
    assert fetched(found) == fetched(entered(site)) > 0
    assert [event for event, _ in site.ledger].count("fetched") == 2


@pytest.mark.parametrize("name", NAMES)
def test_rubbish_as_user_and_password_by_sftp(name: str) -> None:
    site = Site("account")
    found = visit(site)
    assert site.desk.admit(found)
    assert not found.enter(NAMES[name], NAMES[name])
    assert not found.enter("adfexc", NAMES[name])
    assert [each["reason"] for event, each in site.ledger if event == "refused"] == [
        "wrong credentials",
        "wrong credentials",
    ]
    assert found.enter("adfexc", "s3cret")
    assert fetched(found) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_visit_that_is_over_answers_nobody(name: str) -> None:
    site = Site("account")
    found = entered(site)
    found.leave("operator")
    for ask in (found.open, found.list, found.refuse):
        with pytest.raises(Over):
            ask(NAMES[name])
    assert fetched(entered(site)) > 0


def test_whoever_asks_for_nothing_but_what_is_refused_is_sent_away() -> None:
    site = Site("account")
    found = entered(site)
    for name in (list(NAMES.values()) * 10)[:50]:
        found.refuse(f"write {name}")
    with pytest.raises(Over):
        found.refuse("write more")
    refused = [each["command"] for event, each in site.ledger if event == "refused"]
    assert len(refused) == 50
    assert fetched(entered(site)) > 0
