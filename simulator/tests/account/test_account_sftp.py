"""What a collector does on the account wire by SFTP and SSH, and what is written down of it."""

import hashlib
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paramiko
import pytest
from oxo_simulator.account import sftp, ssh

pytestmark = pytest.mark.process

NAME = "TAXAAAAA.DAT"
PATH = f"/usr4/account/{NAME}"
PORT = "account-sftp"
PATIENCE = 20


def ssh_threads() -> list[threading.Thread]:
    """Return the exchange's own threads of living connections."""
    ours = (ssh.Connection, ssh.Conversation)
    return [each for each in threading.enumerate() if isinstance(each, ours)]


# A usual visit.


def test_files_are_listed_fetched_and_stay(site: Any, connect: Callable[..., Any]) -> None:
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
    site.until_gone()
    spans = {"session": "a1", "connection": client.connection, "wire": "account"}
    assert site.events("session opened") == [{**spans, "reason": "login"}]
    assert site.events("session closed") == [{**spans, "reason": "peer left"}]
    line = {"first": 1, "last": 2, "file": NAME}
    assert site.events("offered") == site.events("fetched") == [{**line, **spans}]
    assert site.proved == [client.connection]


def test_the_transcript_tells_the_visit_without_a_secret(
    site: Any, connect: Callable[..., Any]
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


def test_the_way_to_the_folder(site: Any, connect: Callable[..., Any]) -> None:
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
def test_nothing_else_is_there(site: Any, connect: Callable[..., Any], path: str) -> None:
    site.install(1)
    folder = connect().sftp()
    for ask in (folder.stat, folder.lstat, folder.open, folder.listdir):
        with pytest.raises(FileNotFoundError):
            ask(path)


def test_what_has_changed_meanwhile_is_seen_at_once(site: Any, connect: Callable[..., Any]) -> None:
    site.install(0, open_file="shown", retention_days=1)
    folder = connect().sftp()
    spilled = "/usr4/account/tax.tmp"
    assert folder.listdir("/usr4/account") == []
    site.put(1)
    size = folder.stat(spilled).st_size
    site.put(2)
    assert folder.stat(spilled).st_size == size + 526
    with pytest.raises(FileNotFoundError):
        folder.stat(PATH)
    site.close()
    assert folder.stat(PATH).st_size
    assert sorted(folder.listdir("/usr4/account")) == ["ACCOUNT.LIS", NAME]
    site.advance(25 * 3600)
    with pytest.raises(FileNotFoundError):
        folder.stat(PATH)


# What counts as fetched.


def test_every_whole_reading_is_written_down(site: Any, connect: Callable[..., Any]) -> None:
    site.install(1)
    folder = connect().sftp()
    for _ in range(2):
        with folder.open(PATH) as file:
            file.prefetch()
            assert file.read()
    assert len(site.events("fetched")) == 2


@pytest.mark.parametrize("pieces", [[(0, 100)], [(50, 10_000)], [(0, 100), (101, 10_000)], []])
def test_a_part_of_a_file_did_not_go_over(
    site: Any, connect: Callable[..., Any], pieces: list[tuple[int, int]]
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


def test_the_end_may_be_read_before_the_beginning(site: Any, connect: Callable[..., Any]) -> None:
    site.install(1)
    with connect().sftp().open(PATH) as file:
        file.seek(300)
        file.read(10_000)
        file.seek(0)
        file.read(300)
    assert len(site.events("fetched")) == 1
    assert "bytes from 0 of" in site.heard()[-1]


def test_the_rest_of_a_file_may_be_fetched_later(site: Any, connect: Callable[..., Any]) -> None:
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
    site: Any, connect: Callable[..., Any]
) -> None:
    site.install(1)
    client = connect()
    folder = client.sftp()
    file = folder.open(PATH)
    assert file.read()
    folder.get_channel().close()
    site.until(lambda: site.heard()[-1].endswith("broken off"))
    assert len(site.events("offered")) == 1
    assert site.events("fetched") == []
    again = client.sftp().open(PATH)
    assert again.read()
    client.socket.close()
    site.until_gone()
    assert site.events("fetched") == []


def test_a_file_that_has_aged_out_is_served_to_who_has_it_open(
    site: Any, connect: Callable[..., Any]
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
    site: Any, connect: Callable[..., Any], user: str, password: str
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
    site.until_gone()


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
    site: Any, connect: Callable[..., Any]
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
    site.until_gone()
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
    site.until_gone()


def test_a_stranger_goes_for_whoever_comes_when_there_is_no_room(
    site: Any, connect: Callable[..., Any]
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


# Ends that the exchange makes.


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda wire: wire.reset(), "reset"),
        (lambda wire: wire.end_session("a1"), "operator"),
    ],
)
def test_a_visit_is_ended_and_its_threads_with_it(
    site: Any, connect: Callable[..., Any], end: Callable[[Any], object], reason: str
) -> None:
    site.install(1)
    client = connect()
    file = client.sftp().open(PATH)
    file.read(10)
    assert len(ssh_threads()) == 2
    site.do(end, site.wire)
    assert [each["reason"] for each in site.events("session closed")] == [reason]
    client.transport.join(PATIENCE)
    site.until_gone()
    for thread in ssh_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert site.events("fetched") == []
    assert connect().sftp().stat(PATH).st_size


def test_another_exchange_knows_nothing_of_the_visit_before(
    site: Any, connect: Callable[..., Any]
) -> None:
    site.install(1)
    client = connect()
    file = client.sftp().open(PATH)
    assert file.read()
    site.install(1)
    site.until_gone()
    assert site.events("session closed", "offered", "fetched") == []


def test_a_thread_that_asks_a_visit_that_is_over_gets_no_answer(
    site: Any, connect: Callable[..., Any]
) -> None:
    site.install(1)
    folder = connect().sftp()
    (visit,) = site.wire._sftp._visits
    visit._over = True
    with pytest.raises(OSError, match="Failure"):
        folder.stat(PATH)


# The host key.


def test_another_host_key_is_shown_from_the_next_connection_on(
    site: Any, connect: Callable[..., Any]
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


def test_what_the_link_holds_back_did_not_go_over(site: Any, connect: Callable[..., Any]) -> None:
    """A client that gives up in the middle closes the file, too; it may have asked for all."""
    site.install(1)
    folder = connect().sftp()
    site.taken_bytes = 100
    with folder.open(PATH) as file:
        size = len(file.read())
    assert site.events("fetched") == []
    assert site.heard()[-1].endswith("broken off")
    site.taken_bytes = sys.maxsize
    with folder.open(PATH) as file:
        file.seek(size // 2)
        file.read()
    assert len(site.events("fetched")) == 1


def test_a_handle_that_is_none_is_answered_as_one(site: Any, connect: Callable[..., Any]) -> None:
    site.install(1)
    folder = connect().sftp()
    with pytest.raises(PermissionError):
        folder._request(paramiko.sftp.CMD_FSETSTAT, b"nobody's", paramiko.SFTPAttributes())


def test_a_password_in_a_wrong_place_is_not_written_down(
    site: Any, connect: Callable[..., Any]
) -> None:
    site.install(1)
    client = connect()
    with pytest.raises(PermissionError):
        client.sftp().remove("s3cret")
    with pytest.raises(paramiko.SSHException):
        client.run("login s3cret")
    told = [detail["command"] for detail in site.events("refused")]
    assert told == ["remove [redacted]", "exec login [redacted]"]
    assert "s3cret" not in str(site.heard())
