"""curl, lftp, gzip and compress against the account wire of a whole process, through its link."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from oxo_simulator.control.messages import ArmedFault, ClosedFile, Fault, Installation
from oxo_simulator.ephemeral import EphemeralExchange

pytestmark = pytest.mark.process

SECONDS_MAX = 20
FOLDER = "usr4/account"
NAME = "TAXAAAAA.DAT"
OPEN = {
    "account.open": True,
    "account.transfer": "ftp",
    "account.close_wait_seconds": 0.2,
    "account.open_file": "shown",
}


class Desk:
    """A collector that has curl, lftp, gzip and compress."""

    def __init__(self, exchange: EphemeralExchange, folder: Path) -> None:
        self.exchange = exchange
        self.folder = folder
        self.port = exchange.ports["account-ftp"]
        self.url = f"ftp://127.0.0.1:{self.port}/{FOLDER}"
        exchange.renew(Installation(overrides=OPEN))

    def call(self, count: int) -> None:
        for number in range(1, count + 1):
            self.exchange.call("128", f"039067000{number}")

    def close(self) -> ClosedFile:
        return self.exchange.control.close_account_file()

    @property
    def password(self) -> str:
        return (self.exchange.folder / "account.password").read_text("utf-8").strip()

    def run(self, *command: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            command,
            input=given,
            env={"LFTP_PASSWORD": self.password, "HOME": str(self.folder), "PATH": "/usr/bin:/bin"},
            cwd=self.folder,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )

    def curl(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        netrc = self.folder / "netrc"
        netrc.write_text(f"default login adfexc password {self.password}\n", "utf-8")
        return self.run("curl", "--silent", "--show-error", "--netrc-file", str(netrc), *words)

    def lftp(self, *commands: str) -> "subprocess.CompletedProcess[bytes]":
        opening = f"open -p {self.port} --user adfexc --env-password 127.0.0.1"
        script = ["set net:max-retries 1", "set net:timeout 10", opening, *commands]
        return self.run("lftp", "-c", "; ".join(script))


@pytest.fixture(scope="module")
def running() -> Iterator[EphemeralExchange]:
    with EphemeralExchange("--port", "account=0") as exchange:
        yield exchange


@pytest.fixture
def desk(running: EphemeralExchange, tmp_path: Path) -> Desk:
    return Desk(running, tmp_path)


def test_what_is_fetched_gzip_and_compress_expand_to_the_text_of_the_open_file(desk: Desk) -> None:
    """`tax.tmp`, shown whole, is the text that becomes the file."""
    desk.call(3)
    plain = desk.curl(f"{desk.url}/tax.tmp").stdout
    closed = desk.close()
    assert (closed.file, closed.first, closed.last) == (NAME, 1, 3)
    assert desk.curl("--list-only", f"{desk.url}/").stdout.split() == [
        b"ACCOUNT.LIS", NAME.encode(),
    ]  # fmt: skip
    fetched = desk.curl("--disable-epsv", f"{desk.url}/{NAME}").stdout
    assert desk.run("gzip", "-dc", given=fetched).stdout == plain
    assert desk.run("compress", "-dc", given=fetched).stdout == plain
    begin, *records = plain.splitlines()
    assert begin.startswith(b"#TicketVersion,1,5,L,CalledNumber,6,35,L,")
    assert [len(record) for record in records] == [525] * 3
    (line,) = desk.exchange.ledger("fetched")
    assert (line.detail["first"], line.detail["last"], line.detail["file"]) == (1, 3, NAME)
    (state,) = [each for each in desk.exchange.control.wires() if each.name == "account"]
    assert (state.files, state.file_bytes, state.waiting) == (1, len(fetched), 0)
    said = [line["text"] for line in desk.exchange.control.transcript() if "text" in line]
    assert "PASS [redacted]" in said
    assert desk.password not in str(said)


def test_lftp_mirrors_the_folder_and_the_next_time_only_what_is_new(desk: Desk) -> None:
    desk.call(2)
    desk.close()
    first = desk.lftp(f"mirror /{FOLDER} here")
    assert first.returncode == 0, first.stderr
    names = sorted(path.name for path in (desk.folder / "here").iterdir())
    assert names == ["ACCOUNT.LIS", NAME]
    desk.call(1)
    desk.close()
    again = desk.lftp(f"mirror --only-newer /{FOLDER} here")
    assert again.returncode == 0, again.stderr
    assert [line.detail["file"] for line in desk.exchange.ledger("fetched")] == [
        NAME, "TAXAAAAB.DAT",
    ]  # fmt: skip
    assert desk.lftp(f"rm /{FOLDER}/{NAME}").returncode != 0
    assert desk.lftp(f"put -O /{FOLDER} here/ACCOUNT.LIS").returncode != 0
    refused = {line.detail["command"] for line in desk.exchange.ledger("refused")}
    assert refused >= {"DELE", "STOR"}


def test_curl_goes_on_where_the_link_broke(desk: Desk) -> None:
    desk.call(3)
    desk.close()
    fault = Fault(
        kind="carry then reset", towards="collector", carry_bytes=300, ports=["account-data"]
    )
    desk.exchange.control.arm(ArmedFault(when="session opened", wire="account", fault=fault))
    file = desk.folder / NAME
    assert desk.curl("--output", str(file), f"{desk.url}/{NAME}").returncode != 0
    assert desk.exchange.ledger("fetched") == []
    rest = desk.curl("--continue-at", "-", "--output", str(file), f"{desk.url}/{NAME}")
    assert rest.returncode == 0, rest.stderr
    assert desk.run("gzip", "-dc", given=file.read_bytes()).stdout.count(b"\nED5.2") == 3
    assert len(desk.exchange.ledger("fetched")) == 1


def test_what_a_cut_link_holds_back_has_not_been_fetched(desk: Desk) -> None:
    desk.call(2)
    desk.close()
    desk.exchange.control.strike(Fault(kind="cut", towards="collector", ports=["account-data"]))
    assert desk.curl("--max-time", "1", f"{desk.url}/{NAME}").returncode != 0
    assert desk.exchange.ledger("fetched") == []
    desk.exchange.control.restore(reset_connections=True)
    assert desk.curl(f"{desk.url}/{NAME}").returncode == 0
    assert len(desk.exchange.ledger("fetched")) == 1


def test_exchange_time_closes_the_file_and_a_month_ages_it_out(desk: Desk) -> None:
    desk.call(1)
    desk.exchange.advance(3600)
    (filed,) = desk.exchange.ledger("filed")
    assert filed.detail["file"] == NAME
    desk.exchange.advance(31 * 24 * 3600)
    (expired,) = desk.exchange.ledger("expired")
    assert (expired.detail["file"], expired.detail["fetched"]) == (NAME, False)
    assert desk.curl("--list-only", f"{desk.url}/").stdout.split() == [b"ACCOUNT.LIS"]


def test_a_warm_reset_leaves_the_files(desk: Desk) -> None:
    desk.call(1)
    desk.close()
    desk.call(1)
    desk.exchange.control.reset()
    desk.exchange.wait_for("phase", phase="serving")
    closed = desk.close()
    assert (closed.file, closed.first) == ("TAXAAAAB.DAT", 2)
    assert desk.curl(f"{desk.url}/{NAME}").returncode == 0


def test_another_password_is_valid_at_once(desk: Desk) -> None:
    before = desk.password
    desk.exchange.control.account_password("Another-1")
    assert desk.password == "Another-1" != before
    assert desk.curl("--list-only", f"{desk.url}/").returncode == 0
