"""What a management centre does on the NMC wire, and what of its tickets is left."""

import ftplib
import hashlib
import socket
from contextlib import closing
from typing import Any

import pytest

pytestmark = pytest.mark.process


# A usual visit.


def test_a_file_is_listed_fetched_and_gone(site: Any) -> None:
    site.install(2)
    with site.client() as ftp:
        assert ftp.nlst() == ["ALZ0001.ALZ"]
        size = ftp.size("ALZ0001.ALZ")
        content = site.fetched(ftp, "ALZ0001.ALZ")
        assert len(content) == size
        assert content.startswith(b"#PabxRelease=R3.2 ")
        assert content.count(b"#") == 7
        assert ftp.nlst() == []
        ftp.quit()
    assert site.waiting == 0
    opened, offered, consumed, closed = site.events(
        "session opened", "offered", "consumed", "session closed"
    )
    connection = opened[1]["connection"]
    spans = {"session": "n1", "connection": connection, "wire": "nmc"}
    assert opened[1] == {**spans, "reason": "login"}
    assert offered == ("offered", {"first": 1, "last": 2, **spans})
    assert consumed == ("consumed", {"first": 1, "last": 2, "how": "transfer complete", **spans})
    assert closed == ("session closed", {**spans, "reason": "logout"})
    assert connection in site.proved


def test_what_was_said_is_written_down_without_the_password(site: Any) -> None:
    site.install(1)
    with site.client() as ftp:
        content = site.fetched(ftp, "ALZ0001.ALZ")
    raw = site.raw()
    raw.reply()
    raw.say("USER ftp_nmc", " PASS s3cret", "pass\ts3cret", "xPASS s3cret", "PASS s3cret")
    raw.close()
    heard = site.heard()
    assert "c USER ftp_nmc" in heard
    assert "c PASS [redacted]" in heard
    assert "s3cret" not in str(site.transcript)
    assert "s3cret" not in str(site.ledger)
    digest = hashlib.sha256(content).hexdigest()
    size = len(content)
    line = f"e ALZ0001.ALZ: {size} bytes from 0 of {size}, SHA-256 {digest}, complete"
    assert heard.index(line) < heard.index("e 226 Transfer complete.")


def test_a_listing_shows_size_and_the_exchanges_date(site: Any) -> None:
    site.install(2, folder="/tickets/today")
    with site.client() as ftp:
        assert ftp.nlst("/") == ["tickets"]
        ftp.cwd("tickets")
        ftp.cwd("today")
        assert ftp.pwd() == "/tickets/today"
        lines: list[str] = []
        ftp.retrlines("LIST", lines.append)
        size = ftp.size("ALZ0001.ALZ")
        assert lines[0].split() == [
            "-rw-r-----", "1", "nmc", "nmc", str(size), "Feb", "24", "2020", "ALZ0001.ALZ",
        ]  # fmt: skip
        ((name, facts),) = ftp.mlsd()
        assert (name, facts["size"], facts["modify"], facts["type"]) == (
            "ALZ0001.ALZ",
            str(size),
            "20200224143207",
            "file",
        )
        assert facts["unique"] == "0g2bd1bdfb", "another one in each run"
        ftp.cwd("/")
        with pytest.raises(ftplib.error_perm, match="550"):
            ftp.cwd("elsewhere")


# What a transfer leaves behind.


def test_the_rest_of_a_broken_transfer_has_the_same_bytes(site: Any) -> None:
    site.install(2)
    raw = site.raw().login()
    data = raw.data()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    raw.say("RETR ALZ0001.ALZ")
    first = data.recv(100)
    data.close()  # a reset
    assert raw.reply().startswith("426")
    assert site.waiting == 2
    site.put(3)
    raw.close()
    with site.client() as ftp:
        assert ftp.nlst() == ["ALZ0001.ALZ", "ALZ0002.ALZ"]
        rest = site.fetched(ftp, "ALZ0001.ALZ", rest=len(first))
        assert ftp.nlst() == ["ALZ0002.ALZ"]
    whole = first + rest
    assert whole.index(b"#DataBegin\n") + 11 + 2 * site.record_bytes == len(whole)
    assert site.waiting == 1
    assert [detail["session"] for _, detail in site.events("consumed")] == ["n2"]


def test_a_client_that_is_gone_before_it_read_has_not_fetched(site: Any) -> None:
    site.install(2)
    raw = site.raw().login()
    data = raw.data()
    raw.say("RETR ALZ0001.ALZ")
    closed = site.when("session closed")
    data.close()  # unread bytes: the system resets the connection
    raw.close()
    closed.result(site.seconds_max)
    assert site.waiting == 2
    assert site.events("consumed") == []


def test_a_control_connection_that_ends_breaks_its_transfer(site: Any) -> None:
    site.install(2)
    raw = site.raw().login()
    data = raw.data()
    closed = site.when("session closed")
    raw.say("RETR ALZ0001.ALZ")
    raw.close()
    closed.result(site.seconds_max)
    data.close()
    assert site.waiting == 2
    assert site.events("session closed")[0][1]["reason"] == "peer left"
    with site.client() as ftp:
        ftp.delete("ALZ0001.ALZ")
    assert site.events("consumed")[0][1]["how"] == "deleted"


def test_who_closes_only_after_the_reply_is_served_after_a_while(site: Any) -> None:
    site.install(2, close_wait_seconds=0.05)
    raw = site.raw().login()
    with closing(raw.data()) as data:
        raw.say("RETR ALZ0001.ALZ")
        assert raw.reply() == "226 Transfer complete."
        assert len(data.recv(4096)) > 2 * site.record_bytes
    assert site.waiting == 0
    raw.close()


def test_without_the_wait_the_last_byte_is_the_end(site: Any) -> None:
    site.install(2, close_wait_seconds=0)
    raw = site.raw().login()
    with closing(raw.data()):
        raw.say("RETR ALZ0001.ALZ")
        assert raw.reply() == "226 Transfer complete."
    assert site.waiting == 0
    raw.close()


@pytest.mark.parametrize(
    ("count", "reply"),
    [
        (4_000, "426"),  # the systems take it all, and the collector reads nothing
        (25_000, "421"),  # more than they take
    ],
)
def test_who_never_reads_keeps_the_tickets_where_they_are(
    site: Any, count: int, reply: str
) -> None:
    site.install(0, stall_seconds=1, licence_tickets=30_000, close_wait_seconds=0.1)
    site.fill(count)
    raw = site.raw().login()
    number = int(raw.say("EPSV").split("|")[3])
    with closing(socket.socket()) as data:
        data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        data.settimeout(site.seconds_max)
        data.connect((site.behind, number))
        raw.say("RETR ALZ0001.ALZ")
        assert raw.reply().startswith(reply)
    raw.close()
    assert site.waiting == count
    assert site.events("consumed") == []


def test_an_aborted_transfer_keeps_the_tickets(site: Any) -> None:
    site.install(2)
    raw = site.raw().login()
    raw.say("EPSV")
    raw.say("RETR ALZ0001.ALZ")
    assert raw.say("ABOR").startswith("225")
    assert raw.say("DELE ALZ0001.ALZ").startswith("250")
    raw.close()
    assert site.events("consumed")[0][1]["how"] == "deleted"


def test_a_file_in_transfer_is_not_deleted_by_another(site: Any) -> None:
    site.install(2, close_wait_seconds=20)
    raw = site.raw().login()
    data = raw.data()
    raw.say("RETR ALZ0001.ALZ")
    with site.client() as ftp:
        assert ftp.nlst() == ["ALZ0001.ALZ"]
        with pytest.raises(ftplib.error_temp, match="450"):
            ftp.delete("ALZ0001.ALZ")
        while data.recv(4096):
            pass
        data.close()
        assert raw.reply().startswith("226")
        assert ftp.nlst() == []
    raw.close()


# Each choice of the profile.


def test_the_file_appears_at_the_listing(site: Any) -> None:
    site.install(1, file_appears="list")
    with site.client() as ftp:
        with pytest.raises(ftplib.error_perm, match="No such file"):
            site.fetched(ftp, "ALZ0001.ALZ")
        site.put(2)
        assert ftp.nlst() == ["ALZ0001.ALZ"]
        assert len(site.fetched(ftp, "ALZ0001.ALZ")) > 2 * site.record_bytes
        site.put(3)
        assert ftp.nlst() == ["ALZ0002.ALZ"]


def test_the_file_that_appeared_at_the_login_is_the_only_one(site: Any) -> None:
    site.install(1)
    with site.client() as ftp:
        site.put(2)
        assert ftp.nlst() == ["ALZ0001.ALZ"]
        assert len(site.fetched(ftp, "ALZ0001.ALZ")) < 3 * site.record_bytes
        assert ftp.nlst() == []
    with site.client() as ftp:
        assert ftp.nlst() == ["ALZ0002.ALZ"]


def test_a_kept_file_goes_by_its_deletion(site: Any) -> None:
    site.install(2, after_transfer="keep")
    with site.client() as ftp:
        assert site.fetched(ftp, "ALZ0001.ALZ") == site.fetched(ftp, "ALZ0001.ALZ")
        assert site.waiting == 2
        ftp.delete("ALZ0001.ALZ")
        assert ftp.nlst() == []
        with pytest.raises(ftplib.error_perm, match="No such file"):
            ftp.delete("ALZ0001.ALZ")
    assert site.events("consumed")[0][1]["how"] == "deleted"


@pytest.mark.parametrize(
    ("keys", "begin"),
    [
        ({"header": False}, b"\x00     101"),
        ({"network_number": 12}, b"#PabxRelease"),
        ({"empty_file": True}, b"#PabxRelease"),
    ],
)
def test_header_and_name(site: Any, keys: dict[str, Any], begin: bytes) -> None:
    site.install(1, file_name="taxa{counter:05}-{at:%Y%m%d}.alz", **keys)
    with site.client() as ftp:
        assert ftp.nlst() == ["taxa00001-20200224.alz"]
        content = site.fetched(ftp, "taxa00001-20200224.alz")
    assert content.startswith(begin)
    assert (b"#NetworkNumber=12 " in content) == ("network_number" in keys)


def test_the_header_says_the_numbers_of_the_profile(site: Any) -> None:
    site.install(1, network_number=12, subnetwork_number=3, node_number=301)
    with site.client() as ftp:
        lines = site.fetched(ftp, "ALZ0001.ALZ").split(b"\n")
    assert [line.strip() for line in lines[3:7]] == [
        b"#NetworkNumber=12",
        b"#SubNetworkNumber=3",
        b"#NodeNumber=301",
        b"#DataBegin",
    ]


def test_the_choices_of_form_reach_the_file(site: Any) -> None:
    plain: dict[str, Any] = {"header": False}
    forms = [plain, {**plain, "trunk_form": "spread"}, {**plain, "ticket_mode": "network"}]
    contents = set()
    for keys in forms:
        site.install(1, **keys)
        with site.client() as ftp:
            contents.add(site.fetched(ftp, "ALZ0001.ALZ"))
    assert len(contents) == len(forms)


def test_an_empty_file_where_the_profile_has_one(site: Any) -> None:
    site.install(0, empty_file=True)
    with site.client() as ftp:
        assert b"#TicketNumber=0 " in site.fetched(ftp, "ALZ0001.ALZ")
        assert ftp.nlst() == []
    site.install(0)
    with site.client() as ftp:
        assert ftp.nlst() == []


def test_another_account(site: Any) -> None:
    site.install(1, user="manager")
    with site.client(user="manager"):
        pass
    with pytest.raises(ftplib.error_perm, match="530"):
        site.client()
