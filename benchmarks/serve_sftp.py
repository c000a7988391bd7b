"""How fast the exchange hands out 2 kB account files by SFTP: beside OpenSSH's own server.

    python benchmarks/serve_sftp.py [--files 300]

The client is OpenSSH's `sftp`, which fetches the same file again and again over one connection;
the login is out of it. The exchange is asked behind its link, its ledger and transcript are written
as always. `sshd` (Debian: openssh-server) runs unprivileged on a high port, with a configuration
and keys of its own and its built-in SFTP server. Where it is not installed, it says so.

The first ratio is that of the servers' CPU time for one file, all their processes together; that
of the rates by the clock, in which the client's own time is, stands behind it.

By the clock the aim of 0.4 is reached; by CPU time it is about 0.3. A file is six requests, each of
which passes two threads of the library's; a request costs about 100 us in Python, and 35 in
OpenSSH. Two of the six are asked of the reactor, where ledger and transcript are written.
"""

import argparse
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from oxo_simulator.control.messages import Installation
from oxo_simulator.ephemeral import EphemeralExchange

CALLS_COUNT = 15
"""Tickets of the file; compressed they are about 2 kB."""
ROUNDS_COUNT = 5
START_SECONDS_MAX = 20.0
VISIT_SECONDS_MAX = 120
AIM = 0.4
BEHIND = "127.0.0.2"
NAME = "TAXAAAAA.DAT"
NOBODY = "nobody"


class Server(NamedTuple):
    """A server that runs: where, for whom, what shows who asks, and whose time counts."""

    host: str
    port: int
    user: str
    options: Sequence[str]
    file: str
    pid: int


class Spent(NamedTuple):
    """What one visit took."""

    seconds: float
    cpu_seconds: float


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process's threads, and of its living children, to the nanosecond."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += int((task / "schedstat").read_text("ascii").split()[0])
        children = (task / "children").read_text("ascii").split()
        found += sum(int(cpu_seconds(int(child)) * 1e9) for child in children)
    return found / 1e9


class Visit:
    """A login that is fetched by."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._get = f"get {server.file} {folder / 'got'}\n"
        asking = {"SSH_ASKPASS": str(folder / "askpass"), "SSH_ASKPASS_REQUIRE": "force"}
        self._process = subprocess.Popen(
            ["sftp", "-q", *server.options, "-P", str(server.port), "-b", "-",
             f"{server.user}@{server.host}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **asking},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.communicate(timeout=VISIT_SECONDS_MAX)

    def fetch(self, files_count: int) -> None:
        """Fetch the file so many times."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write((self._get * files_count + "!echo done\n").encode())
        self._process.stdin.flush()
        while (line := self._process.stdout.readline()) != b"done\n":
            if not line:
                raise SystemExit(f"{self._server.host}:{self._server.port}: the visit ended")

    def a_file(self, files_count: int) -> Spent:
        """Return what one file takes, of so many."""
        self.fetch(1)
        cpu, begin = cpu_seconds(self._server.pid), time.perf_counter()
        self.fetch(files_count)
        seconds = time.perf_counter() - begin
        used = cpu_seconds(self._server.pid) - cpu
        return Spent(seconds / files_count, used / files_count)


def a_file(server: Server, folder: Path, files_count: int) -> Spent:
    """Log in, and return what one file takes."""
    with Visit(server, folder) as visit:
        return visit.a_file(files_count)


def options(folder: Path, *more: str) -> list[str]:
    """Return what both visits say to the client."""
    told = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR",
            "BatchMode=no", f"IdentityFile={folder / 'login'}", *more)  # fmt: skip
    return [word for each in told for word in ("-o", each)]


@contextmanager
def exchange(folder: Path) -> Iterator[Server]:
    """Run an exchange with an account file."""
    with EphemeralExchange("--port", "account=0") as running:
        running.renew(Installation(overrides={"account.open": True}))
        secret = running.folder / "account.password"
        (folder / "askpass").write_text(f"#!/bin/sh\nexec cat {secret}\n", "utf-8")
        (folder / "askpass").chmod(0o700)
        for number in range(CALLS_COUNT):
            running.call(number=f"03906700{number:02}")
        running.control.close_account_file()
        yield Server(
            BEHIND,
            running.ports["account-sftp"],
            "adfexc",
            options(folder, "PreferredAuthentications=password"),
            f"/usr4/account/{NAME}",
            running._process.pid,  # noqa: SLF001 - its time is measured
        )


@contextmanager
def openssh(folder: Path) -> Iterator[Server | None]:
    """Run OpenSSH's own server, if it is there and starts."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        yield None
        return
    user = NOBODY if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    home = folder / "sshd"
    home.mkdir()
    for name in ("login", "sshd/host_key"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(made, check=True)
    shutil.copy(folder / "login.pub", home / "authorized_keys")
    shutil.copy(folder / "got", home / NAME)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = home / "sshd_config"
    settings.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {home}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM yes\n"
        "Subsystem sftp internal-sftp\n",
        "ascii",
    )  # fmt: skip
    if user == NOBODY:
        folder.chmod(0o755)
        for file in (home, *home.iterdir()):
            shutil.chown(file, NOBODY)
    command = [program, "-D", "-e", "-f", str(settings)]
    with (
        (folder / "sshd.log").open("wb") as log,
        subprocess.Popen(command, user=user if user == NOBODY else None, stderr=log) as process,
    ):
        yield (
            Server("127.0.0.1", port, user, options(folder), str(home / NAME), process.pid)
            if listens(port)
            else None
        )
        process.terminate()


def listens(port: int) -> bool:
    """Tell whether somebody does, within the limit."""
    latest = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < latest:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            continue
        return True
    return False


def main() -> None:
    """Measure in turns and print the ratios."""
    parser = argparse.ArgumentParser(description="2 kB account files by SFTP")
    parser.add_argument("--files", type=int, default=300, help="of one visit")
    files_count = parser.parse_args().files
    if shutil.which("sftp") is None:
        sys.exit("OpenSSH's client is not installed (Debian: openssh-client)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(exchange(folder))
        a_file(ours, folder, 1)
        size = (folder / "got").stat().st_size
        servers = {"exchange": ours}
        if other := stack.enter_context(openssh(folder)):
            servers["OpenSSH"] = other
        else:
            print("OpenSSH's server is not installed here, or does not start; left out")
        rounds = [
            {name: a_file(server, folder, files_count) for name, server in servers.items()}
            for _ in range(ROUNDS_COUNT)
        ]
    print(f"one file of {size} bytes; the best of {ROUNDS_COUNT} visits of {files_count} files")
    found = {
        name: Spent(*(min(each[name][n] for each in rounds) for n in (0, 1))) for name in servers
    }
    for name, spent in found.items():
        print(f"  {name:9} {1 / spent.seconds:7.0f} files/s, "
              f"{spent.cpu_seconds * 1e6:6.0f} us of CPU a file")  # fmt: skip
    if "OpenSSH" in found:
        here, there = found["exchange"], found["OpenSSH"]
        print(f"of OpenSSH: {there.cpu_seconds / here.cpu_seconds:.2f} by CPU time, "
              f"{there.seconds / here.seconds:.2f} by the clock (aim {AIM})")  # fmt: skip


if __name__ == "__main__":
    main()
