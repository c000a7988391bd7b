"""An exchange that shows account files by SFTP, in threads of the test, honest or scripted."""

# ruff: noqa: ARG002 - the library's signatures

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import ncompress
import paramiko
import pytest
from oxo_tickets import from_ndjson
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_EOF, SFTP_NO_SUCH_FILE

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # of the server
FOLDER = "/usr4/account"
PASSWORD = "Sesam-1234"
SECONDS_MAX = 20


@dataclass
class SftpExchange:
    """An exchange at 127.0.0.1.

    Attributes:
        key: of the host; another one is shown to the next connection.
        files: name -> bytes.
        index: its text; None: there is none.
        cut_bytes: a transfer stops after so many, and the connection with it.
        held: a read waits for this, if there is one;
        held_name: and it is of this file, or of any (None).
        reading: is called before each read of a file, with its name.
        names: what a listing tells instead.
        status: of the command `account compress`.
        compress: what it does.
        answers_late: whether it ends before the request for it is answered.
        said: what was asked, in order.
        denied: status with which stat and open answer for a name.
        passwords: every password that was sent.
    """

    key: paramiko.PKey
    files: dict[str, bytes] = field(default_factory=dict)
    index: str | None = None
    password: str = PASSWORD
    cut_bytes: int | None = None
    held: threading.Event | None = None
    held_name: str | None = None
    reading: Callable[[str], object] | None = None
    names: list[str] | None = None
    status: int = 0
    compress: Callable[[], None] | None = None
    answers_late: bool = False
    denied: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    other_keys: list[paramiko.PKey] = field(default_factory=list)
    transports: list[paramiko.Transport] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def fingerprint(self) -> str:
        return self.key.fingerprint

    def shelve(self, name: str, text: bytes) -> None:
        """Put a closed file there, and its name into the index."""
        with self.changed:
            self.files[name] = ncompress.compress(text)
            self.index = (self.index or "") + f"{name} 24/02/20 10:00:00\n"

    def say(self, what: str) -> None:
        with self.changed:
            self.said.append(what)
            self.changed.notify_all()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until something is true of what was asked, twenty seconds at most."""
        with self.changed:
            assert self.changed.wait_for(holds, 20), self.said

    def cut(self) -> None:
        """Reset every connection."""
        for one in self.transports:
            _reset(one)

    def close(self) -> None:
        if self.held is not None:
            self.held.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(20)
        for one in self.transports:
            one.close()
            one.join(20)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = paramiko.Transport(line)
                for key in (self.key, *self.other_keys):
                    server.add_server_key(key)
                server.set_subsystem_handler("sftp", SFTPServer, _Files, self)
                self.transports.append(server)
                with suppress(paramiko.SSHException, EOFError, OSError):
                    server.start_server(threading.Event(), _Account(self, server))


class _Account(paramiko.ServerInterface):
    def __init__(self, exchange: SftpExchange, transport: paramiko.Transport) -> None:
        self._exchange = exchange
        self.transport = transport

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self._exchange.passwords.append(password)
        self._exchange.say(f"login {username}")
        right = username == "adfexc" and password == self._exchange.password
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        exchange = self._exchange
        exchange.say(command.decode())
        if exchange.status < 0:
            return False

        def run() -> None:
            if exchange.compress is not None:
                exchange.compress()
            channel.sendall(b"done\n")
            channel.send_exit_status(exchange.status)
            channel.close()

        if exchange.answers_late:
            run()
        else:
            threading.Timer(0.01, run).start()
        return True


class _Files(SFTPServerInterface):
    def __init__(self, server: _Account, exchange: SftpExchange) -> None:
        self._exchange = exchange
        self._transport = server.transport

    def _content(self, path: str) -> bytes | None:
        folder, _, name = path.rpartition("/")
        if folder != FOLDER:
            return None
        if name == "ACCOUNT.LIS":
            return None if self._exchange.index is None else self._exchange.index.encode()
        return self._exchange.files.get(name)

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        if path != FOLDER:
            return SFTP_NO_SUCH_FILE
        exchange = self._exchange
        exchange.say("list")
        found = []
        for name in [*exchange.files, "tax.tmp"] if exchange.names is None else exchange.names:
            one = SFTPAttributes()
            one.filename = name
            found.append(one)
        return found

    def stat(self, path: str) -> SFTPAttributes | int:
        content, name = self._content(path), path.rpartition("/")[2]
        self._exchange.say(f"stat {name}")
        if name in self._exchange.denied:
            return self._exchange.denied[name]
        return SFTP_NO_SUCH_FILE if content is None else _length(content)

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        name = path.rpartition("/")[2]
        self._exchange.say(f"open {name}")
        if name in self._exchange.denied:
            return self._exchange.denied[name]
        if self._content(path) is None:
            return SFTP_NO_SUCH_FILE
        handle = _Handle(self._exchange, name, lambda: self._content(path) or b"")
        handle.transport = self._transport
        return handle


class _Handle(SFTPHandle):
    transport: paramiko.Transport

    def __init__(self, exchange: SftpExchange, name: str, content: Callable[[], bytes]) -> None:
        super().__init__()
        self._exchange, self._name, self._content = exchange, name, content
        self._sent = 0

    def read(self, offset: int, length: int) -> bytes | int:
        exchange = self._exchange
        exchange.say(f"read {self._name} {offset}")
        if exchange.held is not None and exchange.held_name in (None, self._name):
            exchange.held.wait(20)
        if exchange.reading is not None:
            exchange.reading(self._name)
        piece = self._content()[offset : offset + length]
        left = exchange.cut_bytes
        if left is not None and self._name.endswith(".DAT"):
            piece = piece[: left - self._sent]
            if self._sent >= left:
                _reset(self.transport)
                raise EOFError
        self._sent += len(piece)
        return piece or SFTP_EOF

    def stat(self) -> SFTPAttributes:
        return _length(self._content())

    def close(self) -> None:
        """Nothing is open."""


def _reset(transport: paramiko.Transport) -> None:
    with suppress(OSError):
        transport.sock.shutdown(socket.SHUT_RDWR)


def _length(content: bytes) -> SFTPAttributes:
    one = SFTPAttributes()
    one.st_size = len(content)
    one.st_mode = 0o100644
    return one


@pytest.fixture(scope="session")
def host_keys() -> tuple[paramiko.PKey, paramiko.PKey, paramiko.PKey]:
    """Two keys of one kind, and one of another."""
    one, other = (paramiko.ECDSAKey.generate() for _ in range(2))
    return one, other, paramiko.RSAKey.generate(2048)


@pytest.fixture
def exchange(host_keys: tuple[paramiko.PKey, ...]) -> Iterator[SftpExchange]:
    """An exchange without files."""
    one = SftpExchange(host_keys[0])
    yield one
    one.close()


class Collector:
    """A running `oxo-collect run`, with its log."""

    def __init__(self, config: Path) -> None:
        program = "from oxo_collector.cli import main; main()"
        command = (sys.executable, "-c", program, "run", "--config", str(config))
        environment = {**os.environ, "SECRET": PASSWORD}
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.log = ""
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            for line in log:
                with self._grown:
                    self.log += line
                    self._grown.notify_all()

    def wait_for(self, *words: str) -> None:
        """Wait for a line with all these words."""

        def said() -> bool:
            return any(all(word in line for word in words) for line in self.log.splitlines())

        with self._grown:
            assert self._grown.wait_for(said, SECONDS_MAX), (words, self.log)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        status = self.process.wait(SECONDS_MAX)
        self._reader.join(SECONDS_MAX)
        return status


Start = Callable[[Path], Collector]
Dialled = Callable[..., Counter[str | None]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `oxo-collect run`; what still runs after the test is killed."""
    begun: list[Collector] = []

    def run(config: Path) -> Collector:
        begun.append(Collector(config))
        return begun[-1]

    yield run
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)
        assert "defect" not in one.log, one.log
        assert PASSWORD not in one.log


@pytest.fixture
def dialled() -> Dialled:
    """Count the called numbers that an export tells."""

    def export(config: Path, *words: str) -> Counter[str | None]:
        program = "from oxo_collector.cli import main; main()"
        command = (sys.executable, "-c", program, "export", "--config", str(config), *words)
        found = subprocess.run(command, capture_output=True, timeout=SECONDS_MAX, check=True)
        return Counter(ticket.dialled_number for ticket in from_ndjson(found.stdout.splitlines()))

    return export
