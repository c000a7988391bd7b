"""What a collector does on the account wire by FTP, and what is written down of it."""

import ftplib
import hashlib
import socket
import ssl
from typing import Any

import pytest
from oxo_simulator.ed52.account_file import header
from oxo_simulator.ed52.layout import ED52, OLDER

pytestmark = pytest.mark.process

NAME = "TAXAAAAA.DAT"
DAY = 24 * 3600


# A usual visit.


def test_files_are_listed_fetched_and_stay(site: Any) -> None:
    site.install(2)
    with site.client() as ftp:
        assert ftp.nlst() == ["ACCOUNT.LIS", NAME]
        data = site.fetched(ftp, NAME)
        assert len(data) == ftp.size(NAME)
        assert site.fetched(ftp, NAME) == data
        index = site.fetched(ftp, "ACCOUNT.LIS")
        assert ftp.nlst() == ["ACCOUNT.LIS", NAME]
        ftp.quit()
    assert index == b"TAXAAAAA.DAT 24/02/20 09:10:00\n"
    assert [record[5:15] for record in site.records(data)] == [b"0199000001", b"0199000002"]
    (opened,) = site.events("session opened")
    spans = {"session": "a1", "connection": opened["connection"], "wire": "account"}
    assert opened == {**spans, "reason": "login"}
    line = {"first": 1, "last": 2, "file": NAME}
    assert site.events("filed") == [{**line, "wire": "account"}]
    assert site.events("offered") == site.events("fetched") == [{**line, **spans}] * 2
    assert [event for event, _ in site.ledger][3:7] == [
        "session opened", "offered", "fetched", "offered",
    ]  # fmt: skip
    assert site.events("session closed") == [{**spans, "reason": "logout"}]
    assert site.proved[0] == opened["connection"]


def test_a_listing_shows_size_and_the_exchanges_date(site: Any) -> None:
    site.install(2)
    with site.client() as ftp:
        lines: list[str] = []
        ftp.retrlines("LIST", lines.append)
        size = str(ftp.size(NAME))
        assert lines[1].split() == [
            "-rw-r-----", "1", "adfexc", "adfexc", size, "Feb", "24", "2020", NAME,
        ]  # fmt: skip
        assert [facts["modify"] for _, facts in ftp.mlsd()] == ["20200224091000"] * 2
        ftp.cwd("/")
        assert ftp.nlst() == ["usr4"]
        assert ftp.nlst("/usr4") == ["account"]
        assert site.fetched(ftp, f"/usr4/account/{NAME}")


def test_what_was_said_is_written_down_without_the_password(site: Any) -> None:
    site.install(1)
    with site.client() as ftp:
        data = site.fetched(ftp, NAME)
    heard = site.heard()
    assert "c PASS [redacted]" in heard
    assert "s3cret" not in str(site.transcript) + str(site.ledger)
    digest, size = hashlib.sha256(data).hexdigest(), len(data)
    line = f"e {NAME}: {size} bytes from 0 of {size}, SHA-256 {digest}, complete"
    assert heard.index(line) < heard.index("e 226 Transfer complete.")
    assert {each["wire"] for each in site.transcript} == {"account"}
    assert {each["port"] for each in site.transcript} >= {"account-ftp", "account-data-1"}


# Transfers that break.


def test_a_broken_transfer_is_no_fetch_and_its_rest_makes_it_one(site: Any) -> None:
    site.install(50)
    raw = site.raw().login()
    data = raw.data()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    raw.say(f"RETR {site.folder}/{NAME}")
    first = data.recv(100)
    data.close()  # a reset
    assert raw.reply().startswith("426")
    raw.close()
    assert site.events("fetched") == []
    with site.client() as ftp:
        rest = site.fetched(ftp, NAME, rest=len(first))
    assert len(site.records(first + rest)) == 50
    assert [line["session"] for line in site.events("fetched")] == ["a2"]
    assert [line["session"] for line in site.events("offered")] == ["a1", "a2"]


def test_a_client_that_is_gone_before_it_read_has_not_fetched(site: Any) -> None:
    site.install(2)
    raw = site.raw().login()
    data = raw.data()
    raw.say(f"RETR {site.folder}/{NAME}")
    closed = site.when("session closed")
    data.close()  # unread bytes: the system resets the connection
    raw.close()
    closed.result(site.seconds_max)
    assert site.events("fetched") == []


def test_a_file_that_ages_out_on_its_way_still_arrives(site: Any) -> None:
    site.install(2)
    raw = site.raw().login()
    data = raw.data()
    raw.say(f"RETR {site.folder}/{NAME}")
    site.advance(31 * DAY)
    received = b"".join(iter(lambda: data.recv(4096), b""))
    data.close()
    assert raw.reply().startswith("226")
    raw.close()
    assert len(site.records(received)) == 2
    words = [event for event, _ in site.ledger]
    assert words.index("offered") < words.index("expired")
    assert site.events("fetched")[0]["file"] == NAME


# What is refused.


@pytest.mark.parametrize(
    "command",
    ["STOR x", "APPE x", "STOU", "MKD x", "RMD x", "RNFR x", f"DELE {NAME}", "MFMT 20200101 x",
     "SITE CHMOD 777 x", f"DELE /usr4/account/{NAME}"],
)  # fmt: skip
def test_the_files_can_only_be_read(site: Any, command: str) -> None:
    site.install(1)
    raw = site.raw().login()
    raw.say(f"CWD {site.folder}")
    assert raw.say(command) == "550 Permission denied: the account files can only be read."
    assert raw.say("NOOP").startswith("200")
    raw.close()
    (refused,) = site.events("refused")
    assert refused["reason"] == "command not allowed"
    assert command.startswith(refused["command"])
    assert site.wire.kept_files().files == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [("RETR ../../../etc/passwd", "550"), ("CWD /etc", "550"), ("RETR TAXAAAAB.DAT", "550"),
     ("PORT 127,0,0,1,4,1", "502"), ("AUTH TLS", "500"), ("SIZE /usr4", "550")],
)  # fmt: skip
def test_what_is_not_there_is_not_given(site: Any, command: str, code: str) -> None:
    site.install(1)
    raw = site.raw().login()
    raw.say("EPSV")
    assert raw.say(command).startswith(code)
    raw.close()
    assert site.events("offered") == []


def test_a_wrong_password_is_refused_and_written_down(site: Any) -> None:
    site.install(1)
    with pytest.raises(ftplib.error_perm, match="530"):
        site.client(password="wr0ng!")
    with pytest.raises(ftplib.error_perm, match="530"):
        site.client(user="mtcl")
    assert [line["reason"] for line in site.events("refused")] == ["wrong credentials"] * 2
    assert "wr0ng!" not in str(site.transcript)


# The exchange's life.


def test_a_warm_reset_keeps_files_count_and_the_open_file(site: Any) -> None:
    site.install(2)
    site.put(3)
    with site.client() as ftp:
        site.do(site.wire.reset)
        with pytest.raises((ftplib.Error, OSError, EOFError)):
            ftp.nlst()
    assert site.events("session closed")[0]["reason"] == "reset"
    site.put(4)
    closed = site.close()
    assert (closed.file, closed.first, closed.last) == ("TAXAAAAB.DAT", 3, 4)
    with site.client() as ftp:
        assert ftp.nlst() == ["ACCOUNT.LIS", NAME, "TAXAAAAB.DAT"]


def test_a_fresh_exchange_has_no_files_and_counts_anew(site: Any) -> None:
    site.install(2)
    before = site.clock
    site.install(0)
    assert not before.getDelayedCalls()
    with site.client() as ftp:
        assert ftp.nlst() == []
    site.put(1)
    assert site.close().file == NAME
    assert site.close().file is None


def test_a_new_password_counts_from_the_next_login_on_and_is_kept(site: Any) -> None:
    site.install(1)
    with site.client() as ftp:
        site.do(site.wire.change_password, "An0ther")
        assert ftp.nlst()
    with pytest.raises(ftplib.error_perm, match="530"):
        site.client()
    site.client(password="An0ther").close()
    file = site.state / "account.password"
    assert file.read_text() == "An0ther\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "An0ther" not in str(site.transcript)


# The keys of the profile, through the wire.


def told(site: Any) -> dict[str, bytes]:
    """Return every file by its name, fetched."""
    with site.client() as ftp:
        return {name: site.fetched(ftp, name) for name in ftp.nlst()}


def test_key_user(site: Any) -> None:
    site.install(1, user="polling")
    with pytest.raises(ftplib.error_perm, match="530"):
        site.client()
    site.client(user="polling").close()


def test_key_transfer_opens_the_doors_of_what_is_spoken(site: Any) -> None:
    ftp, sftp = {"account-ftp", "account-data-1", "account-data-2"}, {"account-sftp"}
    for transfer, doors in (("ftp", ftp), ("sftp", sftp), ("both", ftp | sftp)):
        assert set(site.wire.open_ports(site.profile(transfer=transfer))) == doors
    assert not site.wire.open_ports(site.profile(open=False))


def test_key_plain_ftp_refuses_whoever_comes_in_ssh_mode(site: Any) -> None:
    refused = {"transfer": "sftp", "plain_ftp": "refused"}
    assert set(site.wire.open_ports(site.profile(**refused))) == set(site.ports)
    site.install(1, **refused)
    with pytest.raises(ftplib.error_perm, match="530 plain FTP is off"):
        site.client()
    (line,) = site.events("refused")
    assert line["reason"] == "plain FTP is off: the exchange is in SSH mode"
    site.install(1, transfer="ftp", plain_ftp="refused")
    site.client().close()


def test_key_tls(site: Any) -> None:
    site.install(2, tls="required")
    with pytest.raises(ftplib.error_perm, match="550"):
        site.client()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with ftplib.FTP_TLS(timeout=site.seconds_max, context=context) as ftp:  # noqa: S321
        ftp.connect(site.behind, site.ports["account-ftp"])
        ftp.login("adfexc", "s3cret")
        ftp.prot_p()
        ftp.cwd(site.folder)
        assert len(site.records(site.fetched(ftp, NAME))) == 2


def test_key_hourly(site: Any) -> None:
    for hourly, count in ((True, 1), (False, 0)):
        site.install(0, hourly=hourly)
        site.put(1)
        site.advance(50 * 60)
        assert site.wire.kept_files().files == count


def test_key_close_minutes_idle(site: Any) -> None:
    for minutes, count in ((10, 1), (11, 0)):
        site.install(0, close_minutes_idle=minutes)
        site.put(1)
        site.advance(600)
        assert site.wire.kept_files().files == count


def test_key_retention_days(site: Any) -> None:
    for days, names in ((1, ["ACCOUNT.LIS"]), (2, ["ACCOUNT.LIS", NAME])):
        site.install(1, retention_days=days)
        site.advance(DAY)
        assert list(told(site)) == names


def test_keys_directory_and_start_directory(site: Any) -> None:
    site.install(1, directory="/DHS3dyn/account", start_directory="/DHS3dyn")
    raw = site.raw().login()
    assert raw.say("PWD").startswith('257 "/DHS3dyn"')
    assert raw.say("SIZE account/TAXAAAAA.DAT").startswith("213")
    assert raw.say("CWD /usr4/account").startswith("550")
    raw.close()
    site.install(1, start_directory="/usr4/account")
    with site.client() as ftp:
        assert ftp.pwd() == "/usr4/account"


def test_key_index(site: Any) -> None:
    assert list(told(site.install(1))) == ["ACCOUNT.LIS", NAME]
    assert list(told(site.install(1, index=False))) == [NAME]


def test_keys_open_file_and_memory_records(site: Any) -> None:
    counts = {}
    for shown in ("hidden", "spilled", "shown"):
        site.install(0, open_file=shown, memory_records=2)
        site.put(1, 2, 3)
        counts[shown] = {name: data.count(b"ED5.2") for name, data in told(site).items()}
    assert counts == {"hidden": {}, "spilled": {"tax.tmp": 2}, "shown": {"tax.tmp": 3}}
    assert site.events("offered", "fetched") == []


def test_key_layout(site: Any) -> None:
    for word, layout in (("ED5.2", ED52), ("older", OLDER)):
        site.install(0, layout=word, open_file="shown")
        site.put(1)
        begin, record = told(site)["tax.tmp"].splitlines()
        assert begin + b"\n" == header(layout)
        assert len(record) == layout.width


def test_key_first_file(site: Any) -> None:
    site.install(1, first_file="ZZZZZ")
    site.put(2)
    assert site.close().file == NAME
    assert told(site)["ACCOUNT.LIS"].split()[::3] == [b"TAXZZZZZ.DAT", b"TAXAAAAA.DAT"]


def test_key_idle_seconds(site: Any) -> None:
    site.install(1, idle_seconds=1)
    closed = site.when("session closed")
    raw = site.raw().login()
    closed.result(site.seconds_max)
    assert raw.reply().startswith("421")
    assert site.events("session closed")[0]["reason"] == "idle"
    raw.close()


def test_key_stall_seconds(site: Any) -> None:
    site.install(1, stall_seconds=1)
    raw = site.raw().login()
    raw.say("EPSV")
    assert raw.reply().startswith("425")
    raw.close()


def test_key_close_wait_seconds(site: Any) -> None:
    site.install(2, close_wait_seconds=0.05)
    raw = site.raw().login()
    with raw.data() as data:
        raw.say(f"RETR {site.folder}/{NAME}")
        assert raw.reply() == "226 Transfer complete."
        assert data.recv(4096)
    raw.close()
    assert len(site.events("fetched")) == 1


def test_keys_of_the_login(site: Any) -> None:
    site.install(1, login_attempts_max=1, login_delay_seconds=0)
    raw = site.raw()
    raw.reply()
    assert raw.say("USER adfexc", "PASS x") == "530 Authentication failed. Disconnecting."
    raw.close()


def test_key_connections_max(site: Any) -> None:
    site.install(1, connections_max=1)
    first, second = site.raw().login(), site.raw()
    assert second.reply().startswith("421")
    first.close()
    second.close()
    assert site.events("refused")[0]["reason"] == "too many connections"
