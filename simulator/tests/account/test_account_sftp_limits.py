"""What the account wire refuses by SFTP and SSH, and its limits."""

import socket
import threading
from collections.abc import Callable
from typing import Any

import paramiko
import pytest
from oxo_simulator.account import ssh
from oxo_simulator.ftp.desk import REFUSED_LINES_MAX
from paramiko.sftp import CMD_EXTENDED, CMD_READ, int64

pytestmark = pytest.mark.process

NAME = "TAXAAAAA.DAT"
PATH = f"/usr4/account/{NAME}"
PORT = "account-sftp"
PATIENCE = 20


# What is not done.


def test_nothing_can_be_changed(site: Any, connect: Callable[..., Any]) -> None:
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


def test_who_goes_on_asking_is_ended(site: Any, connect: Callable[..., Any]) -> None:
    site.install(1)
    folder = connect().sftp()
    for _ in range(REFUSED_LINES_MAX - 1):
        with pytest.raises(PermissionError):
            folder.remove(PATH)
    with pytest.raises((OSError, EOFError, paramiko.SSHException)):
        folder.remove(PATH)
    site.until_gone()
    assert len(site.events("refused")) == REFUSED_LINES_MAX


def test_there_is_no_shell_no_terminal_and_no_forwarding(
    site: Any, connect: Callable[..., Any]
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


def test_a_command_closes_the_open_file(site: Any, connect: Callable[..., Any]) -> None:
    site.install(0)
    site.put(1, 2)
    client = connect()
    assert client.run("account compress") == (0, b"TAXAAAAA.DAT closed\n")
    assert client.run("account compress") == (0, b"no open file\n")
    assert client.sftp().stat(PATH).st_size
    assert [each["file"] for each in site.events("filed")] == [NAME]


def test_the_answer_to_a_request_comes_before_the_end_of_its_command(
    site: Any, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.install(1)
    client = connect()
    send: Any = paramiko.Transport._send_user_message  # type: ignore[attr-defined]

    def slow(transport: threading.Thread, message: object) -> None:
        if isinstance(transport, ssh.Connection) and threading.current_thread() is transport:
            threading.Event().wait(0.2)
        send(transport, message)

    monkeypatch.setattr(paramiko.Transport, "_send_user_message", slow)
    assert client.run("account compress") == (0, b"no open file\n")


def test_a_profile_may_know_no_command(site: Any, connect: Callable[..., Any]) -> None:
    site.install(0, compress_over_ssh=False)
    site.put(1)
    with pytest.raises(paramiko.SSHException):
        connect().run("account compress")
    assert site.events("filed") == []


# Limits.


def test_so_many_files_are_open_at_once(site: Any, connect: Callable[..., Any]) -> None:
    site.install(1)
    folder = connect().sftp()
    opened = [folder.open(PATH) for _ in range(ssh.HANDLES_MAX)]
    asks: list[Callable[[], object]] = [
        lambda: folder.open(PATH),
        lambda: folder.listdir("/usr4/account"),
    ]
    for ask in asks:
        with pytest.raises(OSError, match="too many open files"):
            ask()
    opened[0].close()
    assert folder.open(PATH).read()


def test_so_many_channels_are_open_at_once(site: Any, connect: Callable[..., Any]) -> None:
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
    site: Any, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "READ_BYTES_MAX", 100)
    site.install(1)
    folder: Any = connect().sftp()
    file = folder.open(PATH)
    number = int64(0)
    _kind, message = folder._request(CMD_READ, file.handle, number, 2**31)
    assert len(message.get_binary()) == 100


def test_check_sums_of_files_are_not_announced_nor_made(
    site: Any, connect: Callable[..., Any]
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


def test_a_silent_client_is_ended(site: Any, connect: Callable[..., Any]) -> None:
    site.install(1, idle_seconds=1)
    client = connect()
    closed = site.when("session closed")
    client.transport.join(PATIENCE)
    closed.result(PATIENCE)
    assert [each["reason"] for each in site.events("session closed")] == ["idle"]
