"""OpenSSH and lftp against the account wire of a whole process, through its link and its faults."""

import hashlib
import io
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from oxo_simulator.control.messages import ArmedFault, Fault, Installation
from oxo_simulator.ephemeral import EphemeralExchange

pytestmark = pytest.mark.process

SECONDS_MAX = 20
FOLDER = "/usr4/account"
NAME = "TAXAAAAA.DAT"
OPEN = {"account.open": True, "account.transfer": "sftp", "account.login_delay_seconds": 0.01}


class Desk:
    """A collector that has OpenSSH's client, lftp and gzip."""

    def __init__(self, exchange: EphemeralExchange, folder: Path) -> None:
        self.exchange = exchange
        self.folder = folder
        self.port = exchange.ports["account-sftp"]
        self.known = folder / "known_hosts"
        exchange.renew(Installation(overrides=OPEN))
        secret = shlex.quote(str(exchange.folder / "account.password"))
        self.asked = folder / "askpass"
        self.asked.write_text(f"#!/bin/sh\nexec cat {secret}\n", "utf-8")
        self.asked.chmod(0o700)
        self.options = [
            word
            for option in (
                f"UserKnownHostsFile={self.known}",
                "GlobalKnownHostsFile=/dev/null",
                "StrictHostKeyChecking=accept-new",
                "BatchMode=no",
                "NumberOfPasswordPrompts=1",
                "PreferredAuthentications=password",
            )
            for word in ("-o", option)
        ]

    def call(self, count: int) -> None:
        for number in range(1, count + 1):
            self.exchange.call("128", f"039067000{number}")

    def close(self) -> None:
        self.exchange.control.close_account_file()

    @property
    def password(self) -> str:
        return (self.exchange.folder / "account.password").read_text("utf-8").strip()

    def run(self, *command: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            command,
            input=given,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "SSH_ASKPASS": str(self.asked),
                "SSH_ASKPASS_REQUIRE": "force",
                "LFTP_PASSWORD": self.password,
            },
            cwd=self.folder,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )

    def sftp(self, *commands: str) -> "subprocess.CompletedProcess[bytes]":
        target = f"adfexc@127.0.0.1:{FOLDER}"
        line = ["sftp", *self.options, "-P", str(self.port), "-b", "-", target]
        return self.run(*line, given="\n".join(commands).encode())

    def ssh(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        line = ["ssh", *self.options, "-p", str(self.port), "adfexc@127.0.0.1", *words]
        return self.run(*line)

    def expanded(self, name: str = NAME) -> bytes:
        return self.run("gzip", "-dc", given=(self.folder / name).read_bytes()).stdout


@pytest.fixture(scope="module")
def running() -> Iterator[EphemeralExchange]:
    with EphemeralExchange("--port", "account=0") as exchange:
        yield exchange


@pytest.fixture
def desk(running: EphemeralExchange, tmp_path: Path) -> Desk:
    return Desk(running, tmp_path)


def test_openssh_closes_lists_and_fetches_and_gzip_expands(desk: Desk) -> None:
    desk.call(3)
    closed = desk.ssh("account", "compress")
    assert (closed.returncode, closed.stdout) == (0, b"TAXAAAAA.DAT closed\n"), closed.stderr
    fetched = desk.sftp("ls -ln", "get ACCOUNT.LIS", f"get -p {NAME}")
    assert fetched.returncode == 0, fetched.stderr
    size = (desk.folder / NAME).stat().st_size
    (listed,) = [
        line.split()
        for line in fetched.stdout.splitlines()
        if line.startswith(b"-r") and b"TAX" in line
    ]
    assert (listed[0], listed[4]) == (b"-r--r-----", str(size).encode())
    assert (desk.folder / "ACCOUNT.LIS").read_bytes().split()[0] == NAME.encode()
    begin, *records = desk.expanded().splitlines()
    assert begin.startswith(b"#TicketVersion,1,5,L,CalledNumber,6,35,L,")
    assert [len(record) for record in records] == [525] * 3
    (line,) = desk.exchange.ledger("fetched")
    assert (line.detail["first"], line.detail["last"], line.detail["file"]) == (1, 3, NAME)
    said = [str(line.get("text")) for line in desk.exchange.control.transcript()]
    digest = hashlib.sha256((desk.folder / NAME).read_bytes()).hexdigest()
    told = f"{NAME}: {size} bytes from 0 of {size}, SHA-256 {digest}, complete"
    assert "exec account compress" in said
    assert told in said
    assert desk.password not in str(said)


def test_openssh_is_let_in_nowhere_else(desk: Desk) -> None:
    desk.call(1)
    desk.close()
    assert b"Permission denied" in desk.sftp(f"rm {NAME}").stderr
    assert b"not found" in desk.sftp("get ../../etc/passwd").stderr
    assert b"shell request failed" in desk.ssh().stderr
    assert desk.ssh("cat", "/etc/passwd").returncode == 255
    assert desk.ssh("-N", "-R", "0:127.0.0.1:1", "-o", "ExitOnForwardFailure=yes").returncode == 255
    refused = [line.detail["command"] for line in desk.exchange.ledger("refused")]
    assert refused[0] == f"remove {FOLDER}/{NAME}"
    assert {"shell", "exec cat /etc/passwd"} < set(refused)
    desk.asked.write_text("#!/bin/sh\necho wrong\n", "utf-8")
    assert b"Permission denied (password)" in desk.ssh("account", "compress").stderr


def test_lftp_mirrors_the_folder(desk: Desk) -> None:
    for _ in range(2):
        desk.call(1)
        desk.close()
    connect = shlex.join(["ssh", "-a", "-x", *desk.options])
    script = (
        f'set sftp:connect-program "{connect}"; set net:max-retries 1; set net:timeout 10; '
        f"open -p {desk.port} --user adfexc --env-password sftp://127.0.0.1; "
        f"mirror --parallel=2 {FOLDER} here"
    )
    mirrored = desk.run("lftp", "-c", script)
    assert mirrored.returncode == 0, mirrored.stderr
    names = sorted(path.name for path in (desk.folder / "here").iterdir())
    assert names == ["ACCOUNT.LIS", NAME, "TAXAAAAB.DAT"]
    fetched = {line.detail["file"] for line in desk.exchange.ledger("fetched")}
    assert fetched == {NAME, "TAXAAAAB.DAT"}


def test_openssh_notices_another_host_key(desk: Desk) -> None:
    desk.call(1)
    desk.close()
    assert desk.sftp(f"get {NAME}").returncode == 0
    changed = desk.exchange.control.renew_account_host_key()
    refused = desk.sftp(f"get {NAME}")
    assert refused.returncode == 255
    assert b"REMOTE HOST IDENTIFICATION HAS CHANGED" in refused.stderr
    assert changed.fingerprint.encode() in refused.stderr
    assert len(desk.exchange.ledger("session opened")) == 1
    desk.known.unlink()
    assert desk.sftp(f"get {NAME}").returncode == 0


def test_a_transfer_that_the_link_broke_was_no_fetching(desk: Desk) -> None:
    desk.call(3)
    desk.close()
    fault = Fault(
        kind="carry then reset", towards="collector", carry_bytes=300, ports=["account-sftp"]
    )
    desk.exchange.control.arm(ArmedFault(when="offered", wire="account", fault=fault))
    assert desk.sftp(f"get {NAME}").returncode == 255
    desk.exchange.wait_for("session closed", reason="peer left")
    assert len(desk.exchange.ledger("offered")) == 1
    assert desk.exchange.ledger("fetched") == []
    fetched = desk.sftp(f"reget {NAME}")
    assert fetched.returncode == 0, fetched.stderr
    assert desk.expanded().count(b"\nED5.2") == 3
    assert len(desk.exchange.ledger("fetched")) == 1


def test_a_file_that_a_client_gave_up_behind_a_cut_link_was_no_fetching(desk: Desk) -> None:
    """The library asks for all of a file at once, and closes it in any case."""
    desk.call(20)
    desk.close()
    with paramiko.Transport(("127.0.0.1", desk.port)) as transport:
        transport.connect(username="adfexc", password=desk.password)
        folder = paramiko.SFTPClient.from_transport(transport)
        assert folder is not None
        channel = folder.get_channel()
        assert channel is not None
        channel.settimeout(0.5)
        fault = Fault(
            kind="carry then cut", towards="collector", carry_bytes=800, ports=["account-sftp"]
        )
        desk.exchange.control.arm(ArmedFault(when="offered", wire="account", fault=fault))
        with pytest.raises(TimeoutError):
            folder.getfo(f"{FOLDER}/{NAME}", io.BytesIO())
        desk.exchange.control.restore(reset_connections=True)
    desk.exchange.wait_for("session closed", reason="peer left")
    assert desk.exchange.ledger("fetched") == []


def test_a_warm_reset_ends_a_session_and_leaves_files_and_key(desk: Desk) -> None:
    desk.call(1)
    desk.close()
    desk.sftp("ls")
    desk.exchange.control.reset()
    desk.exchange.wait_for("phase", phase="serving")
    assert desk.sftp(f"get {NAME}").returncode == 0


def test_without_ssh_mode_the_port_is_closed(desk: Desk) -> None:
    desk.exchange.renew(Installation(overrides={**OPEN, "account.transfer": "ftp"}))
    assert b"Connection refused" in desk.ssh("account", "compress").stderr
