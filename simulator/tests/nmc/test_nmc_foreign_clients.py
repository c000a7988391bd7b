"""curl and lftp against the NMC wire of a whole process, through the link and its faults."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.messages import ArmedFault, Fault, Installation
from oxo_simulator.ephemeral import EphemeralExchange

pytestmark = pytest.mark.process

SECONDS_MAX = 20
RECORD_BYTES = 122
OPEN = {"nmc.open": True, "nmc.licence_tickets": 1000, "nmc.close_wait_seconds": 0.2}


class Desk:
    """A management centre that has curl and lftp."""

    def __init__(self, exchange: EphemeralExchange, folder: Path) -> None:
        self.exchange = exchange
        self.folder = folder
        self.url = f"ftp://127.0.0.1:{exchange.ports['nmc']}"

    def install(self, calls: int = 2, **keys: Any) -> None:
        chosen = {**OPEN, **{f"nmc.{key}": value for key, value in keys.items()}}
        self.exchange.renew(Installation(overrides=chosen))
        for number in range(1, calls + 1):
            self.exchange.call("128", f"039067000{number}")

    @property
    def password(self) -> str:
        return (self.exchange.folder / "nmc.password").read_text("utf-8").strip()

    @property
    def waiting(self) -> int:
        (state,) = [wire for wire in self.exchange.control.wires() if wire.name == "nmc"]
        return state.waiting

    def curl(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        netrc = self.folder / "netrc"
        netrc.write_text(f"default login ftp_nmc password {self.password}\n", "utf-8")
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--netrc-file", str(netrc), *words],
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )

    def listed(self) -> list[str]:
        return self.curl("--list-only", f"{self.url}/").stdout.decode().split()

    def lftp(self, *commands: str) -> "subprocess.CompletedProcess[bytes]":
        port = self.exchange.ports["nmc"]
        script = [
            "set net:max-retries 1",
            "set net:timeout 10",
            f"open -p {port} --user ftp_nmc --env-password 127.0.0.1",
            *commands,
        ]
        return subprocess.run(
            ["lftp", "-c", "; ".join(script)],
            env={"LFTP_PASSWORD": self.password, "HOME": str(self.folder), "PATH": "/usr/bin:/bin"},
            cwd=self.folder,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )


@pytest.fixture(scope="module")
def running() -> Iterator[EphemeralExchange]:
    words = [word for key, value in OPEN.items() for word in ("--set", f"{key}={value}".lower())]
    with EphemeralExchange(*words) as exchange:
        yield exchange


@pytest.fixture
def desk(running: EphemeralExchange, tmp_path: Path) -> Desk:
    return Desk(running, tmp_path)


def test_curl_lists_fetches_and_finds_the_folder_empty(desk: Desk) -> None:
    desk.install(2)
    assert desk.listed() == ["ALZ0001.ALZ"]
    fetched = desk.curl("--disable-epsv", f"{desk.url}/ALZ0001.ALZ")
    assert fetched.returncode == 0, fetched.stderr
    begin = fetched.stdout.index(b"#DataBegin\n") + len(b"#DataBegin\n")
    assert len(fetched.stdout) == begin + 2 * RECORD_BYTES
    assert desk.listed() == []
    assert desk.waiting == 0
    offered, consumed = desk.exchange.ledger("offered")[0], desk.exchange.ledger("consumed")[0]
    assert offered.detail["wire"] == consumed.detail["wire"] == "nmc"
    assert consumed.detail["how"] == "transfer complete"
    said = [line["text"] for line in desk.exchange.control.transcript() if "text" in line]
    assert "PASS [redacted]" in said
    assert any(text.startswith("227 Entering passive mode (127,0,0,1,") for text in said)
    assert any("SHA-256" in text and text.endswith("complete") for text in said)
    assert desk.password not in str(said)


def test_curl_goes_on_where_the_link_broke(desk: Desk) -> None:
    desk.install(3)
    fault = Fault(kind="carry then reset", towards="collector", carry_bytes=300, ports=["nmc-data"])
    desk.exchange.control.strike(fault)
    name = desk.folder / "tickets.alz"
    broken = desk.curl("--output", str(name), f"{desk.url}/ALZ0001.ALZ")
    assert broken.returncode != 0
    assert desk.waiting == 3
    assert desk.exchange.ledger("consumed") == []
    rest = desk.curl("--continue-at", "-", "--output", str(name), f"{desk.url}/ALZ0001.ALZ")
    assert rest.returncode == 0, rest.stderr
    content = name.read_bytes()
    assert len(content) == content.index(b"#DataBegin\n") + 11 + 3 * RECORD_BYTES
    assert content.count(b"#TicketNumber=3 ") == 1
    assert desk.waiting == 0


@pytest.mark.parametrize("towards", ["both", "collector"])
def test_what_a_cut_link_holds_back_has_not_been_transferred(desk: Desk, towards: Any) -> None:
    desk.install(2)
    fault = Fault(kind="cut", towards=towards, ports=["nmc-data"])
    desk.exchange.control.arm(ArmedFault(when="offered", fault=fault, wire="nmc"))
    broken = desk.curl("--max-time", "1", f"{desk.url}/ALZ0001.ALZ")
    assert broken.returncode != 0
    assert desk.exchange.ledger("consumed") == []
    desk.exchange.control.restore(reset_connections=True)
    assert desk.waiting == 2
    again = desk.curl(f"{desk.url}/ALZ0001.ALZ")
    assert again.returncode == 0, again.stderr
    assert desk.waiting == 0


def test_curl_is_told_that_active_transfers_do_not_pass(desk: Desk) -> None:
    desk.install(1)
    active = desk.curl("--ftp-port", "-", f"{desk.url}/ALZ0001.ALZ")
    assert active.returncode != 0
    assert desk.waiting == 1
    assert [line.detail["command"] for line in desk.exchange.ledger("refused")] == ["EPRT", "PORT"]


def test_curl_inside_tls_fetches(desk: Desk) -> None:
    desk.install(2, tls="required")
    plain = desk.curl(f"{desk.url}/ALZ0001.ALZ")
    assert plain.returncode != 0
    secured = desk.curl("--ssl-reqd", "--cacert", desk.exchange.ca_file, f"{desk.url}/ALZ0001.ALZ")
    assert secured.returncode == 0, secured.stderr
    assert secured.stdout.endswith(b"\0" * 4)
    assert desk.waiting == 0


@pytest.mark.parametrize("tls", ["off", "required"])
def test_lftp_mirrors_everything(desk: Desk, tls: str) -> None:
    desk.install(2, tls=tls)
    secure = f"set ftp:ssl-force true; set ssl:ca-file {desk.exchange.ca_file}"
    protect = "set ftp:ssl-protect-data true; set ftp:ssl-protect-list true"
    words = [secure, protect] if tls == "required" else []
    mirrored = desk.lftp(*words, "mirror / here")
    assert mirrored.returncode == 0, mirrored.stderr
    (name,) = (desk.folder / "here").iterdir()
    assert name.name == "ALZ0001.ALZ"
    assert b"#TicketNumber=2 " in name.read_bytes()
    assert desk.waiting == 0


def test_lftp_keeps_what_it_leaves_and_deletes_what_it_has(desk: Desk) -> None:
    desk.install(2, after_transfer="keep")
    kept = desk.lftp("get ALZ0001.ALZ")
    assert kept.returncode == 0, kept.stderr
    assert desk.waiting == 2
    deleted = desk.lftp("rm ALZ0001.ALZ")
    assert deleted.returncode == 0, deleted.stderr
    assert desk.waiting == 0
    assert desk.exchange.ledger("consumed")[0].detail["how"] == "deleted"


def test_a_new_password_is_valid_after_the_warm_reset(desk: Desk) -> None:
    desk.install(1)
    before = desk.password
    desk.exchange.control.nmc_password("Another-1")
    assert desk.listed() == ["ALZ0001.ALZ"]
    desk.exchange.control.reset()
    desk.exchange.wait_for("phase", phase="serving")
    assert desk.password == "Another-1" != before
    assert desk.listed() == ["ALZ0001.ALZ"]
    assert desk.waiting == 1
