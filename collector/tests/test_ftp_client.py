"""The limits of the FTP client, against bytes that a peer might send."""

# ruff: noqa: S321 - FTP is the wire

import ftplib
import socket
import ssl
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from oxo_collector.failure import Fault
from oxo_collector.fetching import NoPlace, TooLong, TooSlow
from oxo_collector.ftp.client import RESET, CaUnreadable, Client, tls_context
from oxo_collector.ftp.trouble import explain, replied

WHERE = "login at ftp://exchange:30021"


class Line:
    """A connection that gives one piece after the other, and then silence."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.seconds: float | None = None

    def settimeout(self, seconds: float) -> None:
        self.seconds = seconds

    def recv(self, _size: int) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            raise TimeoutError from None

    def close(self) -> None:
        """Nothing is open."""


class Countdown:
    """Seconds that an operation has left; each look takes one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        self.seconds -= 1
        return self.seconds


def client(pieces: Iterator[bytes], seconds: float = 1e9) -> Client:
    one = Client(tls_context(None, None), None, Countdown(seconds), 30.0, lambda _: lambda: None)
    one.sock = Line(pieces)  # type: ignore[assignment]
    return one


def test_a_reply_of_several_lines_in_any_pieces() -> None:
    reply = b"220-Hello\r\n 220 not yet\r\n221-nor this\r\n220 Now.\r\n"
    one = client(bytes([byte]) for byte in reply)
    assert one.getresp() == "220-Hello\n 220 not yet\n221-nor this\n220 Now."


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (repeat(b"x" * 4096), "a line of a reply has more than 8192 bytes"),
        (repeat(b"220-and so on\r\n"), "a reply has more than 65536 bytes"),
    ],
)
def test_a_reply_without_end_is_broken_off(pieces: Iterator[bytes], words: str) -> None:
    with pytest.raises(TooLong, match=words):
        client(pieces).getresp()


@pytest.mark.process
def test_what_has_no_place_here_is_refused_by_a_reset() -> None:
    """An orderly end would be a receipt for an exchange that empties what was taken."""

    def full() -> None:
        raise NoPlace("the disk is full")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = client(iter([b"226 Done.\r\n"]))
        taker = socket.create_connection(listener.getsockname())
        one.ntransfercmd = lambda *_: (taker, None)  # type: ignore[method-assign]
        giver, _ = listener.accept()
        with giver:
            giver.sendall(b"tickets")
            giver.shutdown(socket.SHUT_WR)
            with pytest.raises(NoPlace):
                list(one.pieces("RETR x", ended=full))
            giver.settimeout(20)
            with pytest.raises(ConnectionResetError):
                giver.recv(1)


@pytest.mark.process
def test_a_kill_before_all_is_on_the_disk_resets_the_transfer() -> None:
    """The system closes what a killed process had open; in order, that would be a receipt."""
    seen: list[bytes] = []

    def killed_here(taker: socket.socket) -> None:
        seen.append(taker.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(RESET)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = client(iter([b"226 Done.\r\n"]))
        taker = socket.create_connection(listener.getsockname())
        one.ntransfercmd = lambda *_: (taker, None)  # type: ignore[method-assign]
        giver, _ = listener.accept()
        with giver:
            giver.sendall(b"tickets")
            giver.shutdown(socket.SHUT_WR)
            pieces = one.pieces("RETR x", ended=lambda: killed_here(taker))
            assert next(pieces) == b"tickets"
            killed_here(taker)
            assert list(pieces) == []
            assert seen == [RESET, RESET]
            giver.settimeout(20)
            assert giver.recv(1) == b""  # what is on the disk is received


def test_a_peer_that_drips_is_broken_off() -> None:
    with pytest.raises(TooSlow):
        client(repeat(b"x"), seconds=50).getresp()


def test_silence_is_a_time_out_of_the_shorter_limit() -> None:
    one = client(iter(()), seconds=10)
    line: Any = one.sock
    with pytest.raises(TimeoutError):
        one.getresp()
    assert line.seconds == 9
    late = client(iter(()), seconds=2)
    with pytest.raises(TooSlow):
        late.getresp()


def test_the_end_of_the_stream_is_told() -> None:
    with pytest.raises(EOFError):
        client(iter([b"220 Hal", b""])).getresp()


@pytest.mark.parametrize(
    "said",
    [b"SSH-2.0-OpenSSH\r\n", b"\r\n", b"+OK POP3\r\n", b"\xb2\xb2\xb2 odd\r\n", b"999 x\r\n"],
)
def test_what_is_no_reply_is_refused(said: bytes) -> None:
    with pytest.raises(ftplib.error_proto):
        client(iter([said])).getresp()


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([b"a\r\n" * 10_001], "more than 10000 names"),
        ([b"x" * 1025 + b"\r\n"], "more than 1024 bytes"),
        (repeat(b"y" * 65_536), "more than 1048576 bytes"),
    ],
)
def test_a_list_without_end_is_broken_off(
    pieces: Iterator[bytes], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "pieces", lambda *_: iter(pieces))
    with pytest.raises(TooLong, match=words):
        client(iter(())).names()


def test_tls_is_1_2_at_least_and_a_pin_wins_over_the_name() -> None:
    pinned = tls_context(None, "ab" * 32)
    assert pinned.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (pinned.check_hostname, pinned.verify_mode) == (False, ssl.CERT_NONE)
    with pytest.raises(CaUnreadable):
        tls_context("/nowhere/ca.pem", None)


@pytest.mark.parametrize(
    ("error", "where", "words", "fault"),
    [
        (ftplib.error_perm("530 No."), WHERE, "user or password refused (530", Fault.OPERATOR),
        (ftplib.error_perm("530 No."), "list at x", "refused (530", Fault.EXCHANGE),
        (ftplib.error_temp("421 Many."), WHERE, "ends the connection (421", Fault.EXCHANGE),
        (ftplib.error_perm("550 SSL/TLS required"), WHERE, "the key tls", Fault.OPERATOR),
        (ftplib.error_perm("534 Policy."), WHERE, "the key tls", Fault.OPERATOR),
        (ftplib.error_temp("450 Busy."), WHERE, "cannot do it now", Fault.EXCHANGE),
    ],
)
def test_replies_in_the_operators_words(
    error: ftplib.Error, where: str, words: str, fault: Fault
) -> None:
    told = replied(error, where)
    assert words in told.what
    assert told.fault is fault


@pytest.mark.parametrize(
    ("error", "words", "fault"),
    [
        (ftplib.error_proto("SSH-2.0"), "none of FTP (SSH-2.0)", Fault.EXCHANGE),
        (ConnectionRefusedError(), "the port is closed", Fault.EXCHANGE),
        (ConnectionResetError(), "was cut", Fault.NETWORK),
        (EOFError(), "was cut", Fault.NETWORK),
        (ssl.SSLEOFError(), "was cut", Fault.NETWORK),
        (TimeoutError(), "timed out", Fault.NETWORK),
        (TooSlow(), "timed out, broken off", Fault.EXCHANGE),
        (OSError(113, "No route to host"), "No route to host", Fault.NETWORK),
        (OverflowError("port must be 0-65535"), "none of FTP", Fault.EXCHANGE),
        (UnicodeEncodeError("latin-1", "x\u20ac", 1, 2, "no"), "a character that", Fault.OPERATOR),
        (ssl.SSLError(1, "[SSL: UNSUPPORTED_PROTOCOL] x"), "TLS", Fault.EXCHANGE),
    ],
)
def test_exceptions_in_the_operators_words(error: Exception, words: str, fault: Fault) -> None:
    told = explain(error, WHERE, "exchange")
    assert words in told.what
    assert told.fault is fault


def test_no_line_of_ours_can_be_smuggled_in() -> None:
    with pytest.raises(ValueError, match="newline"):
        client(iter(())).sendcmd("RETR a\r\nDELE b")
