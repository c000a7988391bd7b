"""What a subject is told of each door, and what a play with two of them waits for."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from oxo_scenarios.bench.connect import Account, Target
from oxo_scenarios.bench.doors import Doors
from oxo_scenarios.bench.exchange import SshKey
from oxo_scenarios.bench.hands import Setting
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed
from oxo_scenarios.bench.waits import Waits
from oxo_scenarios.judge import Delivery
from oxo_scenarios.subject import DeliveryDoor, Identity, Settings, Start
from oxo_scenarios.wires import Wire
from oxo_simulator.control.messages import LedgerLine
from oxo_tickets import Kind, Ticket

PORTS = {
    "standard": 10443, "nmc": 30021, "ohl": 5010, "account-ftp": 30121, "account-sftp": 30122,
    "stream-a": 2533, "stream-b": 2534,
}  # fmt: skip
KEY = SshKey("ssh-ed25519 AAAAC3Nz", "SHA256:abc")
HERE = "127.0.0.1"


class Told:
    """An exchange that knows its accounts, its key and two keys of its profile."""

    def account(self) -> Account:
        return Account("administrator", "sesame")

    def wire_account(self, wire: str) -> Account | None:
        return Account("adfexc", "open") if wire == "account" else None

    def profile_value(self, key: str) -> str:
        return {"account.directory": "/usr4/account", "nmc.tls": "off"}[key]

    def host_key(self) -> SshKey:
        return KEY


def settings(*wires: Wire, transfer: str = "sftp") -> Settings:
    told: dict[str, Any] = {"account": {"transfer": transfer}} if transfer != "sftp" else {}
    return Settings(
        subject=Identity(name="x", version="1", wires=list(wires)),
        start=Start(command=["x"]),
        delivery=DeliveryDoor(format="ndjson", file="x"),
        **told,
    )


def doors(folder: Path, *wires: Wire, transfer: str = "sftp") -> Doors:
    exchange: Any = Told()
    chosen = settings(*wires, transfer=transfer)
    return Doors(exchange, chosen, folder / "contract.toml", folder / "known_hosts")


def test_on_the_stream_both_doors_are_told_to_who_claims_the_stream_alone(tmp_path: Path) -> None:
    found = doors(tmp_path, "stream")
    told = found.told("stream", found.target("stream", HERE, PORTS), PORTS)
    assert (told["OXO_WIRE"], told["OXO_DOORS"]) == ("stream", "stream account")
    assert (told["OXO_STREAM_PORT"], told["OXO_STREAM_SECOND_PORT"]) == ("2533", "2534")
    assert (told["OXO_ACCOUNT_PORT"], told["OXO_ACCOUNT_USER"]) == ("30122", "adfexc")
    assert told["OXO_ACCOUNT_HOST_KEY"] == "SHA256:abc"
    known = Path(told["OXO_ACCOUNT_KNOWN_HOSTS"]).read_text("ascii")
    assert known == "[127.0.0.1]:30122 ssh-ed25519 AAAAC3Nz\n"


def test_who_sets_a_collector_up_by_hand_is_told_of_both_doors(tmp_path: Path) -> None:
    found = doors(tmp_path, "stream")
    beside = found.beside("stream", HERE, PORTS)
    assert Setting(Target(HERE, 2533), None, "stream", beside=beside).words() == (
        "Set the collector to connect to 127.0.0.1:2533, Ethernet on the fly, "
        "and to 127.0.0.1:30122, account files."
    )
    assert found.beside("account", HERE, PORTS) == ()


def test_by_ftp_account_files_have_another_port_and_no_host_key(tmp_path: Path) -> None:
    found = doors(tmp_path, "account", transfer="ftp")
    told = found.told("account", found.target("account", HERE, PORTS), PORTS)
    assert (told["OXO_DOORS"], told["OXO_ACCOUNT_PORT"]) == ("account", "30121")
    assert told["OXO_ACCOUNT_TRANSFER"] == "ftp"
    assert not {"OXO_ACCOUNT_HOST_KEY", "OXO_STREAM_HOST"} & set(told)


def test_a_port_or_an_account_that_is_missing_is_the_benchs_fault(tmp_path: Path) -> None:
    found = doors(tmp_path, "account", "nmc")
    with pytest.raises(BenchBroken, match="no port account-sftp for the account wire"):
        found.target("account", HERE, {"standard": 10443})
    with pytest.raises(BenchBroken, match="no account for the nmc wire"):
        found.told("nmc", Target(HERE, 30021), PORTS)


def test_how_account_files_are_fetched_is_asked_of_who_has_them() -> None:
    with pytest.raises(ValueError, match=r"table \[account\] is for a subject whose 'wires'"):
        settings("taxation", transfer="ftp")
    assert settings("stream", transfer="ftp").claim.transport == "ftp"


# --- Waits ---


def line(n: int, event: str, **detail: Any) -> LedgerLine:
    return LedgerLine(n=n, at="2026-01-01T00:00:00Z", exchange_time="", event=event, detail=detail)


NOON = datetime(2026, 1, 1)  # noqa: DTZ001 - wall clock
BATCH = {"first": 1, "last": 1, "session": "x", "connection": "c"}
TICKET = {"kind": "call", "local_time": "2026-01-01T00:00:00"}
MADE = [
    line(1, "made", id=1, ticket=TICKET, source="call"),
    line(2, "buffered", id=1, sequence=1, wire="account"),
    line(3, "buffered", id=1, sequence=1, wire="stream"),
]
SENT = line(4, "sent", **BATCH, wire="stream")
FETCHED = line(5, "fetched", **BATCH, file="T", wire="account")


class Waiting(Waits):
    """A play that is only waited in; its subject shows so many tickets at each look."""

    def __init__(self, wire: Wire, lines: list[LedgerLine], *shown: int) -> None:
        self.wire = wire
        self._ledger = Ledger(self, wire)
        self._lines = lines
        self.shown = list(shown)
        self.looks = 0
        self.back = False
        self._reset_seconds = 0.0

    limit_seconds = 0.0

    def ledger(self, since: int, wait_seconds: float) -> list[LedgerLine]:
        del wait_seconds
        return [one for one in self._lines if one.n > since]

    def delivery_now(self) -> Delivery:
        self.looks += 1
        count = self.shown.pop(0) if self.shown else 0
        if count < 0:
            raise SubjectFailed("nothing to read yet")
        ticket = Ticket(kind=Kind.CALL, local_time=NOON)
        return Delivery(tickets=(ticket,) * count)

    def _gone(self) -> bool:
        return False

    def _ending(self) -> str:
        return ""

    def _came_back(self) -> None:
        self.back = True


def test_what_was_sent_is_collected_and_looked_for_until_it_shows() -> None:
    play = Waiting("stream", [*MADE, SENT], -1, 0, 1)
    play.await_collected()
    assert (play.looks, play.back) == (3, True)


def test_on_a_wire_that_tells_what_is_kept_nobody_looks() -> None:
    own = [line(1, "made", id=1, ticket=TICKET), line(2, "buffered", id=1, sequence=1),
           line(3, "acknowledged", **BATCH)]  # fmt: skip
    play = Waiting("taxation", own)
    play.await_collected()
    assert play.looks == 0


def test_a_sent_ticket_is_not_healed_before_its_file_was_fetched() -> None:
    with pytest.raises(SubjectFailed, match="1 tickets, the first with sequence 1, are not fetch"):
        Waiting("stream", [*MADE, SENT]).await_files()
    play = Waiting("stream", [*MADE, SENT, FETCHED], 1)
    play.await_files()
    assert play.back


def test_a_filed_ticket_is_not_collected_before_its_file_was_fetched() -> None:
    filed = line(4, "filed", first=1, last=1, file="T", wire="account")
    with pytest.raises(SubjectFailed, match="are not fetched whole after 0 s"):
        Waiting("account", [*MADE[:2], filed]).await_collected()
    Waiting("account", [*MADE[:2], filed, FETCHED], 1).await_collected()
