"""The FTP transport against a server of a few lines, honest, cut off and hostile."""

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, Refused
from oxo_collector.nmc.messages import Entry
from oxo_collector.nmc.transport import OVERLAP_BYTES, Route, Transport
from pydantic import SecretStr

pytestmark = pytest.mark.process

PASSWORD = "Sesam-1234"
FILE = bytes(range(256)) * 20
LISTED = Entry("ALZ0001.ALZ", len(FILE), "20200224143300")
PLAIN = dict.fromkeys(("TYPE", "CWD", "PBSZ"), b"200 Ok.\r\n")
PLAIN |= {"USER": b"331 Password.\r\n", "QUIT": b"221 Bye.\r\n"}


@dataclass
class Manners:
    """What a server does otherwise than an honest one."""

    answers: dict[str, bytes] = field(default_factory=dict)  # verb -> reply
    cut_bytes: int | None = None  # a transfer stops after so many, all connections are closed
    sizes: dict[str, int] = field(default_factory=dict)  # name -> what SIZE says
    retrieved: Callable[[socket.socket], None] | None = None  # what RETR does
    names: bytes | None = None  # what NLST sends
    end: bytes = b"226 Done.\r\n"  # last reply of a transfer
    ragged: bool = False  # a TLS stream ends without a word


class Server:
    """Serves one connection after the other, in a thread."""

    def __init__(self, manners: Manners, context: ssl.SSLContext | None = None) -> None:
        self.manners = manners
        self.files = {"ALZ0001.ALZ": FILE}
        self.said: list[str] = []
        self.clients: list[Transport] = []
        self.ends_seen = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        self._data: socket.socket | None = None
        self._rest = 0
        self._protected = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        for client in self.clients:
            client.break_off()  # so that no QUIT is waited for
            client.hang_up()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._thread.join(20)
        for one in self._open:  # what the thread has opened meanwhile too
            one.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._protected = False
                with suppress(OSError, ssl.SSLError, _Cut):
                    self._converse(connection)
                connection.close()

    def _converse(self, connection: socket.socket) -> None:
        connection.sendall(b"220 Exchange.\r\n")
        waiting = b""
        while True:
            while b"\n" not in waiting:
                piece = connection.recv(4096)
                if not piece:
                    return
                waiting += piece
            line, _, waiting = waiting.partition(b"\n")
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            self.said.append(verb if verb == "PASS" else f"{verb} {rest}".strip())
            odd = self.manners.answers.get(verb)
            usual = PLAIN.get(verb) or getattr(self, f"on_{verb.lower()}")
            reply = odd if odd is not None else usual(rest) if callable(usual) else usual
            if callable(reply):
                reply(connection)
            else:
                connection.sendall(reply)
            if verb == "AUTH" and odd is None and self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)

    def on_pass(self, rest: str) -> bytes:
        return b"230 In.\r\n" if rest == PASSWORD else b"530 Not with " + rest.encode() + b".\r\n"

    def on_auth(self, _: str) -> bytes:
        return b"234 Go.\r\n" if self._context else b"502 No.\r\n"

    def on_prot(self, _: str) -> bytes:
        self._protected = True
        return b"200 Ok.\r\n"

    def on_pasv(self, _: str) -> bytes:
        listener = socket.create_server(("127.0.0.1", 0))
        self._open.append(listener)
        self._data = listener
        high, low = divmod(listener.getsockname()[1], 256)
        return f"227 Entering (10,99,99,99,{high},{low}).\r\n".encode()

    def on_epsv(self, _: str) -> bytes:
        self.on_pasv("")
        assert self._data is not None
        return f"229 Entering (|||{self._data.getsockname()[1]}|)\r\n".encode()

    def on_size(self, name: str) -> bytes:
        size = self.manners.sizes.get(name, len(self.files.get(name, b"")) or None)
        return b"550 No.\r\n" if size is None else f"213 {size}\r\n".encode()

    def on_mdtm(self, name: str) -> bytes:
        return b"213 20200224143300\r\n" if name in self.files else b"550 No.\r\n"

    def on_rest(self, offset: str) -> bytes:
        self._rest = int(offset)
        return b"350 Ok.\r\n"

    def on_dele(self, name: str) -> bytes:
        return b"250 Gone.\r\n" if self.files.pop(name, None) is not None else b"550 No.\r\n"

    def on_nlst(self, _: str) -> Callable[[socket.socket], None]:
        names = "".join(f"{name}\r\n" for name in self.files).encode()
        told = names if self.manners.names is None else self.manners.names
        return lambda control: self._send(control, lambda data: data.sendall(told))

    def on_retr(self, name: str) -> Callable[[socket.socket], Any] | bytes:
        if name not in self.files:
            return b"550 No.\r\n"
        raw, self._rest = self.files[name][self._rest :], 0
        cut = self.manners.cut_bytes

        def send(data: socket.socket) -> None:
            if self.manners.retrieved is not None:
                self.manners.retrieved(data)
            elif cut is None:
                data.sendall(raw)
            else:
                data.sendall(raw[:cut])
                raise _Cut

        return lambda control: self._send(control, send)

    def _send(self, control: socket.socket, send: Callable[[socket.socket], None]) -> None:
        assert self._data is not None
        control.sendall(b"150 Comes.\r\n")
        with self._data:
            data, _ = self._data.accept()
        self._open.append(data)
        if self._protected:
            assert self._context is not None
            data = self._context.wrap_socket(data, server_side=True)
        try:
            send(data)
            if isinstance(data, ssl.SSLSocket) and not self.manners.ragged:
                data = data.unwrap()
            socket.socket.shutdown(data, socket.SHUT_WR)
            data.settimeout(1.0)
            with suppress(OSError):
                self.ends_seen += data.recv(1) == b""  # the client closes as soon as it has all
        finally:
            with suppress(OSError):
                socket.socket.shutdown(data, socket.SHUT_RDWR)
            data.close()
        control.sendall(self.manners.end)


class _Cut(Exception):
    """All connections end here."""


@pytest.fixture
def manners() -> Manners:
    return Manners()


@pytest.fixture
def server(manners: Manners) -> Iterator[Server]:
    one = Server(manners)
    yield one
    one.close()


def route(server: Server, **keys: Any) -> Route:
    told = {"user": "ftp_nmc", "password": SecretStr(PASSWORD), "read_seconds_max": 5.0, **keys}
    return Route(address="127.0.0.1", port=server.port, **told)


def client(server: Server, **keys: Any) -> Transport:
    one = Transport(route(server, **keys))
    server.clients.append(one)
    return one


def transport(server: Server, **keys: Any) -> Transport:
    one = client(server, **keys)
    assert one.log_in() is None
    return one


def failure(outcome: object, kind: type[Failed | Refused] = Failed) -> Failure:
    assert isinstance(outcome, kind), outcome
    return outcome.failure


def test_login_list_fetch_delete(server: Server) -> None:
    server.files["readme.txt"] = b"no tickets"
    one = transport(server, folder="/tickets")
    assert one.list_files() == ([LISTED], 1)
    assert one.fetch(LISTED) == (FILE, False)
    assert one.delete(LISTED) is True
    one.hang_up()
    assert "ALZ0001.ALZ" not in server.files
    assert server.ends_seen == 2
    assert server.said[:5] == ["USER ftp_nmc", "PASS", "TYPE I", "CWD /tickets", "PASV"]
    assert server.said[-1] == "QUIT"


def test_a_wrong_password_is_the_operators_fault_and_is_not_repeated(server: Server) -> None:
    one = client(server, password=SecretStr("Wrong-Pass"))
    failed = failure(one.log_in(), Refused)
    assert failed.fault is Fault.OPERATOR
    assert "user or password refused (530" in failed.what
    assert "valid after a warm reset" in failed.what
    assert "Wrong-Pass" not in str(failed)
    assert PASSWORD not in repr(one.__dict__) + repr(route(server))


def test_no_file_is_no_failure(server: Server, manners: Manners) -> None:
    server.files.clear()
    one = transport(server)
    assert one.list_files() == ([], 0)
    manners.answers["NLST"] = b"550 No files found.\r\n"
    assert one.list_files() == ([], 0)


def test_the_address_in_a_227_is_ignored_and_epsv_is_known(
    server: Server, manners: Manners
) -> None:
    one = transport(server)  # the honest server already names 10.99.99.99
    assert one.list_files() == ([LISTED], 0)
    manners.answers["PASV"] = b"502 Not here.\r\n"
    assert one.list_files() == ([LISTED], 0)
    assert "EPSV" in server.said


@pytest.mark.parametrize(
    "reply",
    [b"227 Entering (1,2,3,4,999,999).\r\n", b"227 somewhere\r\n", b"227 (0,0,0,0,0,0)\r\n"],
)
def test_a_senseless_227_fails(server: Server, manners: Manners, reply: bytes) -> None:
    one = transport(server)
    manners.answers["PASV"] = reply
    failure(one.list_files())


def test_names_never_are_paths(server: Server, manners: Manners) -> None:
    bad = ["../ALZ1.ALZ", "/etc/ALZ2.ALZ", "a\\ALZ3.ALZ", "ALZ\x1b4.ALZ", "..", ".ALZ/x"]
    manners.names = "".join(f"{name}\r\n" for name in [*bad, "/in/ALZ0001.ALZ", "./b.alz"]).encode()
    entries, others = transport(server, folder="/in").list_files()  # type: ignore[misc]
    assert [entry.name for entry in entries] == ["ALZ0001.ALZ", "b.alz"]
    assert others == len(bad)


def test_of_very_many_files_the_newest_are_looked_at(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oxo_collector.nmc.transport.FILES_COUNT_MAX", 2)
    server.files = {f"ALZ000{n}.ALZ": FILE for n in range(4)}
    entries, _ = transport(server).list_files()  # type: ignore[misc]
    assert [entry.name for entry in entries] == ["ALZ0002.ALZ", "ALZ0003.ALZ"]


def test_an_exchange_that_knows_neither_size_nor_time(server: Server, manners: Manners) -> None:
    manners.answers |= {"SIZE": b"502 No.\r\n", "MDTM": b"502 No.\r\n"}
    one = transport(server)
    assert one.list_files() == ([Entry("ALZ0001.ALZ", None, None)], 0)
    assert one.fetch(Entry("ALZ0001.ALZ", None, None)) == (FILE, False)


def test_a_file_that_is_busy_does_not_hide_the_others(server: Server, manners: Manners) -> None:
    manners.answers |= {"SIZE": b"450 Busy.\r\n", "MDTM": b"450 Busy.\r\n"}
    one = transport(server)
    assert one.list_files() == ([Entry("ALZ0001.ALZ", None, None)], 0)
    manners.answers |= {"SIZE": b"421 Bye.\r\n"}
    assert "421" in failure(one.list_files()).what


def cut(server: Server, manners: Manners, cut_bytes: int = 3000) -> Transport:
    """Return a client whose transfer was cut, and which is logged in anew."""
    one = transport(server)
    manners.cut_bytes = cut_bytes
    assert "cut" in failure(one.fetch(LISTED)).what
    manners.cut_bytes = None
    assert one.log_in() is None
    return one


@pytest.mark.parametrize("at", [0, 1, OVERLAP_BYTES, OVERLAP_BYTES + 1, len(FILE) - 1])
def test_a_transfer_that_was_cut_is_gone_on_with(server: Server, manners: Manners, at: int) -> None:
    assert cut(server, manners, at).fetch(LISTED) == (FILE, at > OVERLAP_BYTES)
    rests = [line for line in server.said if line.startswith("REST")]
    assert rests == ([f"REST {at - OVERLAP_BYTES}"] if at > OVERLAP_BYTES else [])


def test_a_beginning_of_another_file_is_not_gone_on_with(server: Server, manners: Manners) -> None:
    one = cut(server, manners)
    server.files["ALZ0001.ALZ"] = other = bytes(reversed(FILE))
    assert "does not belong to its beginning" in failure(one.fetch(LISTED)).what
    assert one.log_in() is None
    assert one.fetch(LISTED) == (other, False)


def test_a_file_of_another_size_is_fetched_anew(server: Server, manners: Manners) -> None:
    one = cut(server, manners)
    server.files["ALZ0001.ALZ"] = longer = FILE + FILE
    assert one.fetch(Entry("ALZ0001.ALZ", len(longer), "x")) == (longer, False)


def test_without_rest_the_file_is_fetched_anew(server: Server, manners: Manners) -> None:
    one = cut(server, manners)
    manners.answers["REST"] = b"502 No.\r\n"
    assert one.fetch(LISTED) == (FILE, False)


def test_without_the_226_a_file_is_not_whole(server: Server, manners: Manners) -> None:
    one = transport(server)
    manners.end = b"426 Broken.\r\n"
    failure(one.fetch(LISTED))
    assert one.log_in() is None
    manners.end = b"451 Disk.\r\n"
    failure(one.fetch(LISTED), Refused)


@pytest.mark.parametrize("size", [len(FILE) - 1, len(FILE) + 1])
def test_sizes_that_lie(server: Server, manners: Manners, size: int) -> None:
    one = transport(server)
    manners.sizes["ALZ0001.ALZ"] = size
    entry = Entry("ALZ0001.ALZ", size, None)
    if size < len(FILE):
        assert "longer than the 5119 bytes of SIZE" in failure(one.fetch(entry)).what
    else:
        assert one.fetch(entry) == (FILE, False)  # the machine compares


def test_a_file_without_end_is_broken_off(server: Server, manners: Manners) -> None:
    def endless(data: socket.socket) -> None:
        while True:
            data.sendall(b"x" * 65536)

    manners.retrieved = endless
    one = transport(server, file_bytes_max=100_000)
    entry = Entry("ALZ0001.ALZ", None, None)
    assert "longer than the 100000 bytes of file_bytes_max" in failure(one.fetch(entry)).what


def test_a_stop_breaks_a_silent_transfer_off(server: Server, manners: Manners) -> None:
    begun = threading.Event()

    def silent(data: socket.socket) -> None:
        begun.set()
        data.recv(1)

    manners.retrieved = silent
    one = transport(server, read_seconds_max=60.0)

    def break_off() -> None:
        assert begun.wait(20)
        one.break_off()

    breaker = threading.Thread(target=break_off)
    breaker.start()
    failure(one.fetch(LISTED))
    breaker.join(20)
    assert "broken off by the stop" in failure(one.log_in()).what


def test_a_file_that_grew_since_it_was_fetched_is_not_deleted(server: Server) -> None:
    one = transport(server)
    assert one.fetch(LISTED) == (FILE, False)
    server.files["ALZ0001.ALZ"] += b"another ticket"
    assert "not deleted" in failure(one.delete(LISTED), Refused).what
    assert "ALZ0001.ALZ" in server.files


def test_a_file_that_is_gone_is_as_good_as_deleted(server: Server, manners: Manners) -> None:
    one = transport(server)
    manners.answers["DELE"] = b"550 Not allowed.\r\n"
    assert "550" in failure(one.delete(LISTED), Refused).what
    server.files.clear()
    assert one.delete(LISTED) is True


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.RSA)


@pytest.fixture
def secured(manners: Manners, authority: trustme.CA) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    one = Server(manners, context)
    yield one
    one.close()


@pytest.fixture
def ca_file(tmp_path: Path, authority: trustme.CA) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def fingerprint(server: Server) -> str:
    with socket.create_connection(("127.0.0.1", server.port), 20) as plain:
        plain.recv(1000)
        plain.sendall(b"AUTH TLS\r\n")
        plain.recv(1000)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as wrapped:
            return hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()


def test_explicit_tls_by_authority_and_by_fingerprint(secured: Server, ca_file: str) -> None:
    for trust in ({"ca_file": ca_file}, {"fingerprint": fingerprint(secured)}):
        one = transport(secured, tls=True, **trust)
        assert one.list_files() == ([LISTED], 0)
        assert one.fetch(LISTED) == (FILE, False)
        one.hang_up()
    assert secured.said.index("AUTH TLS") < secured.said.index("USER ftp_nmc")
    assert "PROT P" in secured.said


def test_a_certificate_that_is_not_trusted_gets_no_password(
    secured: Server, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA(key_type=trustme.KeyType.RSA).cert_pem.write_to_path(str(other))
    failed = failure(client(secured, tls=True, ca_file=str(other)).log_in())
    assert "unknown authority" in failed.what
    failed = failure(client(secured, tls=True, fingerprint="ab" * 32).log_in())
    assert failed.alarm
    assert "expected abab" in failed.what
    assert not any(line.startswith("USER") for line in secured.said)


def test_a_name_that_the_certificate_does_not_tell(manners: Manners, ca_file: str,
                                                   authority: trustme.CA) -> None:  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("exchange.example").configure_cert(context)
    server = Server(manners, context)
    failed = failure(client(server, tls=True, ca_file=ca_file).log_in())
    server.close()
    assert failed.what == "the certificate of the exchange does not name 127.0.0.1"


def test_an_exchange_without_tls_gets_no_password(server: Server, ca_file: str) -> None:
    failed = failure(client(server, tls=True, ca_file=ca_file).log_in(), Refused)
    assert "refused (502" in failed.what
    assert "USER ftp_nmc" not in server.said


def test_a_tls_stream_that_was_cut_is_not_taken_for_its_end(
    secured: Server, manners: Manners, ca_file: str
) -> None:
    one = transport(secured, tls=True, ca_file=ca_file)
    entry = Entry("ALZ0001.ALZ", None, None)
    assert one.fetch(entry) == (FILE, False)
    manners.ragged = True  # and 226 all the same
    assert "cut" in failure(one.fetch(entry)).what


def test_what_came_in_the_clear_after_auth_is_not_read(
    secured: Server, manners: Manners, ca_file: str
) -> None:
    manners.answers["AUTH"] = b"234 Go.\r\n230 In already.\r\n"
    failed = failure(client(secured, tls=True, ca_file=ca_file).log_in())
    assert "in the clear" in failed.what
