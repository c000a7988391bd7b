"""What a collector does on the account wire by SFTP and SSH, and what is written down of it."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import paramiko
import pytest
from oxo_simulator.account import sftp, ssh
from oxo_simulator.ftp.desk import REFUSED_LINES_MAX
from paramiko.sftp import CMD_EXTENDED, CMD_READ, int64

pytestmark = pytest.mark.process

NAME = "TAXAAAAA.DAT"
PATH = f"/usr4/account/{NAME}"
PORT = "account-sftp"
PATIENCE = 20


class Client:
    """A collector that knows SSH."""

    def __init__(self, site: Any, password: str = "s3cret", user: str = "adfexc") -> None:
        self.socket = socket.create_connection((site.behind, site.ports[PORT]), PATIENCE)
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
        channel.settimeout(PATIENCE)
        return made

    def run(self, command: str) -> tuple[int, bytes]:
        """Return the exit status and what it said."""
        channel = self.transport.open_session(timeout=PATIENCE)
        channel.settimeout(PATIENCE)
        channel.exec_command(command)
        said = channel.makefile("rb").read()
        return channel.recv_exit_status(), said

    def close(self) -> None:
        self.transport.close()


@pytest.fixture
def connect(site: Any) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def new(*words: Any, **more: Any) -> Client:
        made.append(Client(site, *words, **more))
        return made[-1]

    yield new
    for client in made:
        client.close()


def wait_until(site: Any, reached: Callable[[], bool]) -> None:
    """Wait until something holds; the reactor asks itself now and then."""
    found = threading.Event()

    def look() -> None:
        if reached():
            found.set()
        else:
            site.reactor.callLater(0.01, look)

    site.do(look)
    assert found.wait(PATIENCE)


def wait_until_gone(site: Any) -> None:
    wait_until(site, lambda: site.wire._sftp.visits_count == 0)


def ssh_threads() -> list[threading.Thread]:
    """Return the exchange's own threads of living connections."""
    ours = (ssh.Connection, ssh.Conversation)
    return [each for each in threading.enumerate() if isinstance(each, ours)]


# A usual visit.


def test_files_are_listed_fetched_and_stay(site: Any, connect: Callable[..., Client]) -> None:
    site.install(2)
    client = connect()
    folder = client.sftp()
    listed = {each.filename: each for each in folder.listdir_attr("/usr4/account")}
    assert sorted(listed) == ["ACCOUNT.LIS", NAME]
    with folder.open(PATH) as file:
        data = file.read()
    with folder.open("/usr4/account/ACCOUNT.LIS") as file:
        assert file.read() == b"TAXAAAAA.DAT 24/02/20 09:10:00\n"
    assert listed[NAME].st_size == folder.stat(PATH).st_size == len(data)
    assert listed[NAME].st_mtime == folder.stat(PATH).st_mtime == 1582531800  # 09:10 in Paris
    assert [record[5:15] for record in site.records(data)] == [b"0199000001", b"0199000002"]
    client.close()
    wait_until_gone(site)
    spans = {"session": "a1", "connection": client.connection, "wire": "account"}
    assert site.events("session opened") == [{**spans, "reason": "login"}]
    assert site.events("session closed") == [{**spans, "reason": "peer left"}]
    line = {"first": 1, "last": 2, "file": NAME}
    assert site.events("offered") == site.events("fetched") == [{**line, **spans}]
    assert site.proved == [client.connection]


def test_the_transcript_tells_the_visit_without_a_secret(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    client = connect()
    folder = client.sftp()
    folder.listdir("/usr4/account")
    with folder.open(PATH) as file:
        data = file.read()
    digest = hashlib.sha256(data).hexdigest()
    assert client.run("account  compress") == (0, b"no open file\n")
    assert site.heard() == [
        "c login adfexc",
        "e login accepted",
        "c list /usr4/account",
        f"e {NAME}: {len(data)} bytes from 0 of {len(data)}, SHA-256 {digest}, complete",
        "c exec account compress",
        "e no open file",
    ]
    assert {line["port"] for line in site.transcript} == {PORT}
    assert "s3cret" not in str(site.transcript) + str(site.ledger)


def test_the_way_to_the_folder(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1)
    folder = connect().sftp()
    assert folder.normalize(".") == "/"
    assert (folder.listdir("/"), folder.listdir("/usr4")) == (["usr4"], ["account"])
    assert folder.lstat("/usr4").st_mode == 0o040550
    assert folder.stat("usr4/../usr4/account/" + NAME).st_mode == 0o100440
    site.install(1, start_directory="/usr4/account")
    folder = connect().sftp()
    assert folder.normalize(".") == "/usr4/account"
    assert folder.stat(NAME).st_size


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../../etc/passwd",
        "/usr4/account/../../etc/passwd",
        "/usr4/account/TAXZZZZZ.DAT",
        "/usr4/account/TAXAAAAA.DAT/x",
        "//etc/passwd",
        "/usr4/account/\0",
        "/usr4/account\\TAXAAAAA.DAT",
    ],
)
def test_nothing_else_is_there(site: Any, connect: Callable[..., Client], path: str) -> None:
    site.install(1)
    folder = connect().sftp()
    for ask in (folder.stat, folder.lstat, folder.open, folder.listdir):
        with pytest.raises(FileNotFoundError):
            ask(path)


def test_a_file_that_was_closed_meanwhile_is_there_at_once(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(0)
    folder = connect().sftp()
    assert folder.listdir("/usr4/account") == []
    site.put(1)
    site.close()
    assert folder.stat(PATH).st_size
    assert sorted(folder.listdir("/usr4/account")) == ["ACCOUNT.LIS", NAME]


# What counts as fetched.


def test_every_whole_reading_is_written_down(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1)
    folder = connect().sftp()
    for _ in range(2):
        with folder.open(PATH) as file:
            file.prefetch()
            assert file.read()
    assert len(site.events("fetched")) == 2


@pytest.mark.parametrize("pieces", [[(0, 100)], [(50, 10_000)], [(0, 100), (101, 10_000)], []])
def test_a_part_of_a_file_did_not_go_over(
    site: Any, connect: Callable[..., Client], pieces: list[tuple[int, int]]
) -> None:
    site.install(1)
    folder = connect().sftp()
    with folder.open(PATH) as file:
        for begin, count in pieces:
            file.seek(begin)
            file.read(count)
    assert site.events("fetched") == []
    assert len(site.events("offered")) == 1
    assert site.heard()[-1].endswith("complete" if pieces == [(50, 10_000)] else "broken off")


def test_the_end_may_be_read_before_the_beginning(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    with connect().sftp().open(PATH) as file:
        file.seek(300)
        file.read(10_000)
        file.seek(0)
        file.read(300)
    assert len(site.events("fetched")) == 1
    assert "bytes from 0 of" in site.heard()[-1]


def test_the_rest_of_a_file_may_be_fetched_later(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1)
    folder = connect().sftp()
    with folder.open(PATH) as file:
        file.read(300)
    with folder.open(PATH) as file:
        file.seek(200)
        file.read(10_000)
    assert len(site.events("offered")) == 2
    assert len(site.events("fetched")) == 1


def test_a_file_that_the_client_did_not_close_did_not_go_over(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    client = connect()
    folder = client.sftp()
    file = folder.open(PATH)
    assert file.read()
    folder.get_channel().close()  # type: ignore[union-attr]  # there is one
    wait_until(site, lambda: site.heard()[-1].endswith("broken off"))
    assert len(site.events("offered")) == 1
    assert site.events("fetched") == []
    again = client.sftp().open(PATH)
    assert again.read()
    client.socket.close()
    wait_until_gone(site)
    assert site.events("fetched") == []


def test_a_file_that_has_aged_out_is_served_to_who_has_it_open(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1, retention_days=1)
    folder = connect().sftp()
    with folder.open(PATH) as file:
        site.advance(25 * 3600)
        assert len(site.events("expired")) == 1
        assert site.records(file.read())
    with pytest.raises(FileNotFoundError):
        folder.open(PATH)


# Who may log in.


@pytest.mark.parametrize(
    ("user", "password"),
    [("adfexc", "wrong"), ("root", "s3cret"), ("adfexc", ""), ("adfexc", "s3cret "), ("", "")],
)
def test_a_wrong_password_or_user_does_not_log_in(
    site: Any, connect: Callable[..., Client], user: str, password: str
) -> None:
    site.install(1)
    with pytest.raises(paramiko.AuthenticationException):
        connect(password, user)
    assert site.events("session opened") == []
    assert [each["reason"] for each in site.events("refused")] == ["wrong credentials"]
    assert site.proved == []


def test_so_many_wrong_passwords_end_a_connection(site: Any) -> None:
    site.install(1, login_attempts_max=2)
    transport = paramiko.Transport(socket.create_connection((site.behind, site.ports[PORT])))
    transport.start_client(timeout=PATIENCE)
    transport.auth_timeout = PATIENCE
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("adfexc", "one")
    assert transport.is_active()
    with pytest.raises((paramiko.SSHException, EOFError)):
        transport.auth_password("adfexc", "two")
    transport.join(PATIENCE)
    assert not transport.is_active()
    wait_until_gone(site)


def test_a_password_is_the_only_way_in(site: Any) -> None:
    site.install(1)
    transport = paramiko.Transport(socket.create_connection((site.behind, site.ports[PORT])))
    transport.start_client(timeout=PATIENCE)
    with pytest.raises(paramiko.BadAuthenticationType) as refused:
        transport.auth_none("adfexc")
    assert refused.value.allowed_types == ["password"]
    with pytest.raises(paramiko.BadAuthenticationType):
        transport.auth_publickey("adfexc", paramiko.ECDSAKey.generate())
    with pytest.raises(paramiko.SSHException):
        transport.open_session(timeout=PATIENCE)
    transport.close()


def test_another_password_is_valid_from_the_next_login_on(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    living = connect().sftp()
    site.do(site.wire.change_password, "n3xt")
    assert living.stat(PATH).st_size
    with pytest.raises(paramiko.AuthenticationException):
        connect()
    assert connect("n3xt").sftp().stat(PATH).st_size


def test_nobody_is_served_where_the_wire_is_closed(site: Any) -> None:
    site.install(1)
    site.install(0, open=False)
    with socket.create_connection((site.behind, site.ports[PORT]), PATIENCE) as client:
        assert client.recv(100) == b""


def test_who_does_not_log_in_is_ended(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp, "LOGIN_SECONDS_MAX", 0.05)
    site.install(1)
    with (
        socket.create_connection((site.behind, site.ports[PORT]), PATIENCE) as client,
        suppress(ConnectionError),
    ):
        while client.recv(4096):
            pass
    wait_until_gone(site)
    assert ssh_threads() == []


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 2000, b"SSH-1.5-x\r\n"])
def test_who_speaks_something_else_is_ended(site: Any, said: bytes) -> None:
    site.install(1)
    with socket.create_connection((site.behind, site.ports[PORT]), PATIENCE) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while client.recv(4096):
                pass
    wait_until_gone(site)


def test_a_stranger_goes_for_whoever_comes_when_there_is_no_room(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1, connections_max=2)
    known = connect().sftp()
    stranger = socket.create_connection((site.behind, site.ports[PORT]), PATIENCE)
    assert stranger.recv(100).startswith(b"SSH-2.0-")
    assert connect().sftp().stat(PATH).st_size
    assert known.stat(PATH).st_size
    with pytest.raises((ConnectionError, paramiko.SSHException, EOFError)):
        connect()
    assert [each["reason"] for each in site.events("refused")] == ["too many connections"] * 2
    stranger.close()


# What is not done.


def test_nothing_can_be_changed(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1)
    folder = connect().sftp()
    there = "/usr4/account/x"
    changes: list[Callable[[], object]] = [
        lambda: folder.open(PATH, "w"),
        lambda: folder.open(PATH, "a"),
        lambda: folder.open(PATH, "r+"),
        lambda: folder.open(there, "x"),
        lambda: folder.remove(PATH),
        lambda: folder.rename(PATH, there),
        lambda: folder.mkdir(there),
        lambda: folder.rmdir("/usr4/account"),
        lambda: folder.chmod(PATH, 0o777),
        lambda: folder.utime(PATH, None),
        lambda: folder.truncate(PATH, 0),
        lambda: folder.symlink(PATH, there),
    ]
    for change in changes:
        with pytest.raises(PermissionError):
            change()
    assert len(site.events("refused")) == len(changes)
    with folder.open(PATH) as file:
        with pytest.raises(PermissionError):
            file.chmod(0o777)
        assert site.records(file.read())
    assert len(site.events("fetched")) == 1


def test_who_goes_on_asking_is_ended(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1)
    folder = connect().sftp()
    for _ in range(REFUSED_LINES_MAX - 1):
        with pytest.raises(PermissionError):
            folder.remove(PATH)
    with pytest.raises((OSError, EOFError, paramiko.SSHException)):
        folder.remove(PATH)
    wait_until_gone(site)
    assert len(site.events("refused")) == REFUSED_LINES_MAX


def test_there_is_no_shell_no_terminal_and_no_forwarding(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    client = connect()
    refused: list[Callable[[], object]] = [
        lambda: client.transport.open_session().invoke_shell(),
        lambda: client.transport.open_session().get_pty(),
        lambda: client.run("id"),
        lambda: client.run("account compress; id"),
        lambda: client.transport.open_session().invoke_subsystem("netconf"),
        lambda: client.transport.open_channel("direct-tcpip", ("127.0.0.1", 1), ("127.0.0.1", 2)),
        lambda: client.transport.request_port_forward("127.0.0.1", 0),
        lambda: client.transport.open_channel("x11", src_addr=("127.0.0.1", 1)),
    ]
    for each in refused:
        with pytest.raises(paramiko.SSHException):
            each()
    said = [detail.get("command") for detail in site.events("refused")]
    assert said == [
        "shell", "exec id", "exec account compress; id", "subsystem netconf",
        "forwarding to ('127.0.0.1', 1)", "forwarding from 127.0.0.1:0", "channel x11",
    ]  # fmt: skip
    assert client.sftp().stat(PATH).st_size


def test_a_command_closes_the_open_file(site: Any, connect: Callable[..., Client]) -> None:
    site.install(0)
    site.put(1, 2)
    client = connect()
    assert client.run("account compress") == (0, b"TAXAAAAA.DAT closed\n")
    assert client.run("account compress") == (0, b"no open file\n")
    assert client.sftp().stat(PATH).st_size
    assert [each["file"] for each in site.events("filed")] == [NAME]


def test_a_profile_may_know_no_command(site: Any, connect: Callable[..., Client]) -> None:
    site.install(0, compress_over_ssh=False)
    site.put(1)
    with pytest.raises(paramiko.SSHException):
        connect().run("account compress")
    assert site.events("filed") == []


# Limits.


def test_so_many_files_are_open_at_once(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1)
    folder = connect().sftp()
    opened = [folder.open(PATH) for _ in range(ssh.HANDLES_MAX)]
    for ask in (lambda: folder.open(PATH), lambda: folder.listdir("/usr4/account")):
        with pytest.raises(OSError, match="too many open files"):
            ask()
    opened[0].close()
    assert folder.open(PATH).read()


def test_so_many_channels_are_open_at_once(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1)
    client = connect()
    opened = [client.transport.open_session() for _ in range(ssh.CHANNELS_MAX)]
    with pytest.raises(paramiko.ChannelException):
        client.transport.open_session()
    for each in opened:
        each.close()
    for _ in range(2 * ssh.CHANNELS_MAX):
        with client.sftp() as folder:
            assert folder.stat(PATH).st_size


def test_an_answer_has_a_limit(
    site: Any, connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "READ_BYTES_MAX", 100)
    site.install(1)
    folder: Any = connect().sftp()
    file = folder.open(PATH)
    number = int64(0)
    _kind, message = folder._request(CMD_READ, file.handle, number, 2**31)
    assert len(message.get_binary()) == 100


def test_check_sums_of_files_are_not_announced_nor_made(
    site: Any, connect: Callable[..., Client]
) -> None:
    """The library's own never end behind a file's end, and would count as reading."""
    site.install(1)
    folder: Any = connect().sftp()
    file = folder.open(PATH)
    number = int64(0)
    with pytest.raises(OSError, match="unsupported"):
        folder._request(CMD_EXTENDED, "check-file", file.handle, "md5", number, number, 0)
    file.close()
    assert site.events("fetched") == []


def test_old_ciphers_are_not_spoken(site: Any) -> None:
    site.install(1)
    transport = paramiko.Transport(socket.create_connection((site.behind, site.ports[PORT])))
    transport.get_security_options().ciphers = ("aes128-cbc", "3des-cbc")
    with pytest.raises(paramiko.SSHException):
        transport.start_client(timeout=PATIENCE)
    transport.close()


def test_a_silent_client_is_ended(site: Any, connect: Callable[..., Client]) -> None:
    site.install(1, idle_seconds=1)
    client = connect()
    closed = site.when("session closed")
    client.transport.join(PATIENCE)
    closed.result(PATIENCE)
    assert [each["reason"] for each in site.events("session closed")] == ["idle"]


# Ends that the exchange makes.


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda wire: wire.reset(), "reset"),
        (lambda wire: wire.end_session("a1"), "operator"),
    ],
)
def test_a_visit_is_ended_and_its_threads_with_it(
    site: Any, connect: Callable[..., Client], end: Callable[[Any], object], reason: str
) -> None:
    site.install(1)
    client = connect()
    file = client.sftp().open(PATH)
    file.read(10)
    assert len(ssh_threads()) == 2
    site.do(end, site.wire)
    assert [each["reason"] for each in site.events("session closed")] == [reason]
    client.transport.join(PATIENCE)
    wait_until_gone(site)
    for thread in ssh_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert site.events("fetched") == []
    assert connect().sftp().stat(PATH).st_size


def test_another_exchange_knows_nothing_of_the_visit_before(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    client = connect()
    file = client.sftp().open(PATH)
    assert file.read()
    site.install(1)
    wait_until_gone(site)
    assert site.events("session closed", "offered", "fetched") == []


def test_a_thread_that_asks_a_visit_that_is_over_gets_no_answer(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    folder = connect().sftp()
    (visit,) = site.wire._sftp._visits
    visit._over = True
    with pytest.raises(OSError, match="Failure"):
        folder.stat(PATH)


# The host key.


def test_another_host_key_is_shown_from_the_next_connection_on(
    site: Any, connect: Callable[..., Client]
) -> None:
    site.install(1)
    before = site.do(site.wire.host_key)
    living = connect()
    changed = site.do(site.wire.change_host_key)
    after = connect()
    assert before.kind == changed.kind == "ssh-ed25519"
    assert (living.shown, after.shown) == (before.fingerprint, changed.fingerprint)
    assert before.fingerprint != changed.fingerprint
    assert living.sftp().stat(PATH).st_size
    file = site.state / sftp.HOST_KEY_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == site.wire._sftp.key.private
