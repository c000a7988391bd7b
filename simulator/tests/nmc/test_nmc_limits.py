"""Who gets in on the NMC wire, who is sent away, and what is refused."""

import ftplib
import socket
import ssl
import time
from contextlib import suppress
from typing import Any

import pytest

pytestmark = pytest.mark.process


# Passwords and limits.


def test_a_new_password_is_valid_after_the_reset(site: Any) -> None:
    site.install(1)
    site.do(site.wire.change_password, "another")
    with site.client():
        pass
    with pytest.raises(ftplib.error_perm, match="530"):
        site.client(password="another")
    ftp = site.client()
    site.do(site.wire.reset)
    with pytest.raises((EOFError, OSError)):
        ftp.nlst()
    ftp.close()
    with site.client(password="another"):
        pass
    with pytest.raises(ftplib.error_perm, match="530"):
        site.client()
    assert (site.folder / "nmc.password").read_text("utf-8") == "another\n"
    assert "reset" in [detail["reason"] for _, detail in site.events("session closed")]


def test_a_new_password_is_valid_at_once(site: Any) -> None:
    site.install(1, password_valid="at-once")
    site.do(site.wire.change_password, "another")
    with site.client(password="another"):
        pass


def test_the_counter_and_the_files_survive_a_reset(site: Any) -> None:
    site.install(1)
    with site.client() as ftp:
        site.fetched(ftp, "ALZ0001.ALZ")
    site.do(site.wire.reset)
    site.put(2)
    with site.client() as ftp:
        assert ftp.nlst() == ["ALZ0002.ALZ"]


def test_wrong_passwords_are_delayed_counted_and_end_the_connection(site: Any) -> None:
    site.install(1, login_attempts_max=2)
    raw = site.raw()
    raw.reply()
    guesses = "".join(f"USER ftp_nmc\r\nPASS {n}\r\n" for n in range(50))
    raw.socket.sendall(guesses.encode())
    assert [raw.reply()[:3] for _ in range(2)] == ["331", "530"]
    assert raw.say("USER ftp_nmc").startswith("331")
    raw.socket.sendall(b"PASS nothing\r\n")
    assert raw.reply() == "530 Authentication failed. Disconnecting."
    assert raw.ended()
    raw.close()
    refused = [detail["reason"] for _, detail in site.events("refused")]
    assert refused == ["wrong credentials"] * 2


def test_the_answer_to_a_wrong_password_takes_as_long_as_the_profile_says(site: Any) -> None:
    for seconds in (0, 0.3):
        site.install(1, login_delay_seconds=seconds)
        raw = site.raw()
        raw.reply()
        raw.say("USER ftp_nmc")
        begin = time.monotonic()
        assert raw.say("PASS wrong").startswith("530")
        assert (time.monotonic() - begin >= 0.3) == (seconds == 0.3)
        raw.close()


def test_who_says_much_and_does_not_log_in_is_left(site: Any) -> None:
    site.install(1)
    raw = site.raw()
    raw.reply()
    assert raw.say(*["X"] * 99, "USER ftp_nmc").startswith("331")
    raw.socket.sendall(b"X\r\n" * 20_000)
    assert raw.reply() == "421 Too many commands without a login; goodbye."
    assert raw.ended()
    raw.close()
    (refused,) = site.events("refused")
    assert refused[1]["reason"] == "too many commands without a login"
    assert len(site.transcript) <= 2 * 101 + 1
    raw = site.raw()
    raw.reply()
    raw.say(*["X"] * 98, "USER ftp_nmc", "PASS s3cret")
    assert raw.say(*["NOOP"] * 10).startswith("200")
    assert raw.say("USER ftp_nmc", "PASS s3cret").startswith("230")
    raw.close()


def test_a_silent_session_ends(site: Any) -> None:
    site.install(1, idle_seconds=1)
    raw = site.raw().login()
    assert raw.reply().startswith("421")
    assert raw.ended()
    raw.close()
    assert site.events("session closed")[0][1]["reason"] == "idle"


def test_strangers_keep_nobody_out(site: Any) -> None:
    site.install(1, connections_max=2)
    strangers = [site.raw(), site.raw()]
    assert all(each.reply().startswith("220") for each in strangers)
    with site.client() as ftp:
        assert ftp.nlst() == ["ALZ0001.ALZ"]
        assert strangers[0].ended()
    for each in strangers:
        each.close()
    assert site.events("refused")[0][1]["reason"] == "too many connections"


def test_as_many_as_are_logged_in_are_all_there_is_room_for(site: Any) -> None:
    site.install(1, connections_max=2)
    with site.client(), site.client(), pytest.raises(ftplib.error_temp, match="421"):
        site.client()


def test_the_operator_sees_and_ends_a_session(site: Any) -> None:
    site.install(1)
    raw = site.raw().login()
    (session,) = site.do(site.wire.sessions)
    assert (session.name, session.user, session.wire) == ("n1", "ftp_nmc", "nmc")
    assert not site.do(site.wire.end_session, "n2")
    assert site.do(site.wire.end_session, "n1")
    assert raw.ended()
    raw.close()
    assert site.events("session closed")[0][1]["reason"] == "operator"
    assert site.do(site.wire.sessions) == []


def test_another_login_in_mid_transfer_ends_the_session_before_it(site: Any) -> None:
    site.install(1)
    raw = site.raw().login()
    data = raw.data()
    raw.say("RETR ALZ0001.ALZ")
    raw.say("USER ftp_nmc", "PASS s3cret")
    data.close()
    left = site.when("session closed")
    raw.close()
    left.result(site.seconds_max)
    told = [(event, each["session"]) for event, each in site.events() if "session " in event]
    assert told == [
        ("session opened", "n1"),
        ("session closed", "n1"),
        ("session opened", "n2"),
        ("session closed", "n2"),
    ]
    reasons = [each["reason"] for _, each in site.events("session closed")]
    assert reasons == ["logout", "peer left"]


def test_a_fresh_exchange_ends_everything_without_a_word(site: Any) -> None:
    site.install(2)
    raw = site.raw().login()
    data = raw.data()
    raw.say("RETR ALZ0001.ALZ")
    site.install(0)
    assert raw.ended()
    raw.close()
    data.close()
    assert site.ledger == []
    with site.client() as ftp:
        assert ftp.nlst() == []
    assert site.events("session opened")[0][1]["session"] == "n1"


# What is refused.


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("STOR x", "502"),
        ("APPE x", "502"),
        ("STOU", "502"),
        ("MKD x", "502"),
        ("RMD x", "502"),
        ("RNFR ALZ0001.ALZ", "502"),
        ("MFMT 20200101000000 ALZ0001.ALZ", "502"),
        ("SITE CHMOD 777 ALZ0001.ALZ", "502"),
        ("PORT 127,0,0,1,4,1", "502"),
        ("EPRT |1|127.0.0.1|1025|", "502"),
        ("RETR ../../etc/passwd", "550"),
        ("SIZE /../x", "550"),
        ("DELE ../ALZ0001.ALZ", "550"),
        ("CWD ..", "550"),
        ("LIST ../..", "550"),
    ],
)
def test_writing_climbing_and_active_transfers_are_refused_and_written_down(
    site: Any, command: str, code: str
) -> None:
    site.install(1)
    raw = site.raw().login()
    assert raw.say(command).startswith(code)
    assert raw.say("NOOP").startswith("200")
    raw.close()
    ((_, detail),) = site.events("refused")
    assert detail["command"] == command.split(maxsplit=1)[0]
    assert site.waiting == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("RETR /etc/passwd", "550"),
        ("RETR /", "550"),
        ("RETR ..\\..\\x", "550"),
        ("RETR nothing.ALZ", "550"),
        ("DELE /", "550"),
        ("SIZE /", "550"),
        ("MDTM nothing", "550"),
        ("BLAH", "500"),
        ("RETR", "501"),
        ("TYPE Z", "504"),
        ("REST -1", "501"),
        ("AUTH TLS", "500"),
    ],
)
def test_what_is_not_there_is_said(site: Any, command: str, code: str) -> None:
    site.install(1)
    raw = site.raw().login()
    raw.say("EPSV")
    assert raw.say(command).startswith(code)
    raw.close()


def test_before_the_login_next_to_nothing_is_done(site: Any) -> None:
    site.install(1)
    raw = site.raw()
    raw.reply()
    for command in ("NLST", "RETR ALZ0001.ALZ", "STOR x", "EPSV", "PORT 1,2,3,4,5,6", "DELE x"):
        assert raw.say(command).startswith("530"), command
    raw.close()
    assert site.events() == [site.ledger[0]]  # the ticket


def test_fetching_without_a_data_connection_is_refused(site: Any) -> None:
    site.install(1)
    raw = site.raw().login()
    assert raw.say("RETR ALZ0001.ALZ").startswith("425")
    assert site.events("offered") == []
    raw.close()


def test_a_rest_behind_the_end_is_refused(site: Any) -> None:
    site.install(1)
    raw = site.raw().login()
    data = raw.data()
    assert raw.say("REST 100000", "RETR ALZ0001.ALZ").startswith("554")
    data.close()
    raw.close()


def test_a_huge_command_ends_the_conversation(site: Any) -> None:
    site.install(1)
    raw = site.raw().login()
    raw.socket.sendall(b"RETR " + b"x" * 5000)
    assert raw.reply().startswith("500")
    assert raw.ended()
    raw.close()
    assert site.events("refused")[0][1]["reason"] == "command too long"


def test_a_client_that_never_reads_replies_is_left(site: Any) -> None:
    site.install(1)
    raw = site.raw().login()
    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    closed = site.when("session closed")
    with suppress(ConnectionError, TimeoutError):
        while not closed.done():
            raw.socket.sendall(b"HELP\r\n" * 1000)
    closed.result(site.seconds_max)
    raw.close()


def test_whoever_asks_for_nothing_but_what_is_refused_is_sent_away(site: Any) -> None:
    site.install(1)
    raw = site.raw().login()
    with suppress(ConnectionError):
        raw.socket.sendall(b"STOR x\r\n" * 200)
    assert raw.ended()
    raw.close()
    assert len(site.events("refused")) == 50


def test_every_data_port_in_use_is_said(site: Any) -> None:
    site.install(1)
    waiting = [site.raw().login() for _ in site.data_ports]
    numbers = {int(each.say("EPSV").split("|")[3]) for each in waiting}
    assert numbers == set(site.data_ports)
    late = site.raw().login()
    assert late.say("EPSV").startswith("425")
    assert late.say("EPSV").startswith("425")
    closed = site.when("session closed")
    waiting.pop().close()
    closed.result(site.seconds_max)
    assert late.say("PASV").startswith("227 Entering passive mode (127,0,0,2,")
    for each in (*waiting, late):
        each.close()


def test_bytes_of_every_kind_end_nothing_but_their_own_conversation(site: Any) -> None:
    site.install(1)
    for octets in (b"\0" * 500, b"\xff\xfe\r\n" * 100, b"\r\n" * 100, bytes(range(256)) * 3):
        raw = site.raw()
        raw.reply()
        with suppress(ConnectionError):
            raw.socket.sendall(octets)
        raw.close()
    with site.client() as ftp:
        assert ftp.nlst() == ["ALZ0001.ALZ"]


# TLS.


@pytest.mark.parametrize("close_wait_seconds", [0, 2])
def test_inside_tls_a_file_is_fetched_and_gone(
    site: Any, identity: Any, close_wait_seconds: int
) -> None:
    site.install(2, tls="required", close_wait_seconds=close_wait_seconds)
    trust = ssl.create_default_context(cafile=identity.state().ca_file)
    with ftplib.FTP_TLS(context=trust, timeout=site.seconds_max) as ftp:  # noqa: S321 - inside TLS
        ftp.connect(site.behind, site.port)
        ftp.login("ftp_nmc", "s3cret")
        ftp.prot_p()
        content = site.fetched(ftp, "ALZ0001.ALZ")
        assert ftp.nlst() == []
    assert len(content) > 2 * site.record_bytes
    assert site.waiting == 0
    assert "c AUTH TLS" in site.heard()


def test_in_the_clear_nobody_logs_in_where_tls_is_required(site: Any) -> None:
    site.install(1, tls="required")
    with pytest.raises(ftplib.error_perm, match="550"):
        site.client()


def test_tls_is_offered_beside_the_clear(site: Any) -> None:
    site.install(1, tls="offered")
    with site.client() as ftp:
        assert "AUTH TLS" in ftp.sendcmd("FEAT")


def test_what_was_sent_in_the_clear_behind_auth_counts_nothing(site: Any, identity: Any) -> None:
    site.install(1, tls="required")
    raw = site.raw()
    raw.reply()
    raw.socket.sendall(b"AUTH TLS\r\nUSER ftp_nmc\r\nPASS s3cret\r\n")
    assert raw.reply().startswith("234")
    trust = ssl.create_default_context(cafile=identity.state().ca_file)
    with trust.wrap_socket(raw.socket, server_hostname=site.behind) as inside:
        inside.sendall(b"NLST\r\n")
        assert inside.recv(100).startswith(b"530")
    raw.lines.close()
    assert "c USER ftp_nmc" not in site.heard()


def test_a_closed_wire_lets_nobody_in(site: Any) -> None:
    raw = site.raw()
    assert raw.reply().startswith("421")
    raw.close()
