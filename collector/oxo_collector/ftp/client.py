"""The standard library's FTP client with the limits and the care that it lacks.

What is ours: every wait ends (silence and the whole operation have a limit), every reply has a
greatest length, the address in a 227 is ignored (the data connection goes to the peer of the
control connection), a TLS stream that was cut is not taken for one that ended, bytes that came in
the clear are not read after AUTH, and the certificate of every connection is checked before a
password or a file passes it. The bytes of replies and names are taken as ISO-8859-1, so that a name
is sent back as it came.
"""

# ruff: noqa: S321 - FTP is the wire; TLS is the operator's choice, where the exchange has it

import contextlib
import ftplib
import hashlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from typing import Final

from oxo_collector.fetching import TooLong, TooSlow

RESET: Final = struct.pack("ii", 1, 0)
"""A connection that lingers for no time is reset by its close."""

IN_ORDER: Final = struct.pack("ii", 0, 0)

REPLY_BYTES_MAX: Final = 64 * 1024
REPLY_LINE_BYTES_MAX: Final = 8 * 1024
CHUNK_BYTES: Final = 64 * 1024

NAMES_BYTES_MAX: Final = 1024 * 1024
NAMES_COUNT_MAX: Final = 10_000
NAME_BYTES_MAX: Final = 1024
"""Of a list; an exchange has one file or a few."""


class CaUnreadable(Exception):
    """The CA file cannot be read; the text says why."""


class OtherCertificate(Exception):
    """The certificate is not the pinned one; the text tells both fingerprints."""


def tls_context(ca_file: str | None, fingerprint: str | None) -> ssl.SSLContext:
    """Return the context of a route: a CA file checks chain and name, a pin wins over the name.

    Raises:
        CaUnreadable: the CA file is not there or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The same flags on every Python.
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    if fingerprint is not None:
        context.check_hostname = False
    if ca_file is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:  # SSLError is one
        raise CaUnreadable(error.strerror or str(error)) from None
    return context


def nothing() -> None:
    """Nobody is to be told."""


class Client(ftplib.FTP_TLS):
    """One connection to one exchange.

    Args:
        context: of the TLS connections.
        fingerprint: SHA-256 of the certificate, 64 hexadecimal digits; None: not pinned.
        left: seconds that the present operation still has.
        silence_seconds_max: longest silence of the exchange.
        opened: is shown every socket, so that it can be shut down from outside; returns what is to
            be called when that one is done with.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        fingerprint: str | None,
        left: Callable[[], float],
        silence_seconds_max: float,
        opened: Callable[[socket.socket], Callable[[], None]],
    ) -> None:
        super().__init__(context=context, timeout=silence_seconds_max, encoding="iso-8859-1")
        self._fingerprint = fingerprint
        self._left = left
        self._silence_seconds_max = silence_seconds_max
        self._opened = opened
        self._done_with_data: Callable[[], None] = nothing
        self._waiting = b""
        self._reply_left = REPLY_BYTES_MAX

    def begin(self, address: str, port: int, connect_seconds_max: float) -> None:
        """Connect and read the greeting."""
        self.host, self.port = address, port
        connection = socket.create_connection((address, port), connect_seconds_max)
        self._opened(connection)
        self.sock = connection
        self.af = connection.family
        self.welcome = self.getresp()
        if self.welcome[:1] != "2":
            raise ftplib.error_reply(self.welcome)

    def secure(self) -> None:
        """AUTH TLS, the certificate, and protected data connections."""
        self.voidcmd("AUTH TLS")
        if self._waiting:
            raise ftplib.error_proto("bytes in the clear after the answer to AUTH")
        assert self.sock is not None
        self.sock = self._wrapped(self.sock)
        self.prot_p()

    def getline(self) -> str:
        """Read one line of a reply within the limits; overrides the library's."""
        while b"\n" not in self._waiting:
            if len(self._waiting) > REPLY_LINE_BYTES_MAX:
                raise TooLong(f"a line of a reply has more than {REPLY_LINE_BYTES_MAX} bytes")
            assert self.sock is not None
            piece = self._received(self.sock)
            if not piece:
                raise EOFError
            self._waiting += piece
        line, _, self._waiting = self._waiting.partition(b"\n")
        self._reply_left -= len(line)
        if self._reply_left < 0:
            raise TooLong(f"a reply has more than {REPLY_BYTES_MAX} bytes")
        return line.rstrip(b"\r").decode("iso-8859-1")

    def getmultiline(self) -> str:
        """Read a whole reply; overrides the library's, which takes any word for a code."""
        self._reply_left = REPLY_BYTES_MAX
        lines = [self.getline()]
        code = lines[0][:3]
        if not (code.isascii() and code.isdigit()):
            raise ftplib.error_proto(lines[0])
        if lines[0][3:4] == "-":
            while lines[-1][:3] != code or lines[-1][3:4] == "-":
                lines.append(self.getline())
        return "\n".join(lines)

    def makepasv(self) -> tuple[str, int]:
        """Ask for a data port: PASV, or EPSV where it is not known or has no sense."""
        if self.af == socket.AF_INET:
            with contextlib.suppress(ftplib.error_perm):
                return super().makepasv()
        assert self.sock is not None
        host = self.sock.getpeername()
        return ftplib.parse229(self.sendcmd("EPSV"), host)

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        """Begin a transfer; overrides the library's, whose TLS forgives a cut."""
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        self._done_with_data = self._opened(connection)
        if isinstance(self.sock, ssl.SSLSocket):
            try:
                connection = self._wrapped(connection, self.sock.session)
            except BaseException:
                connection.close()
                self._done_with_data()
                raise
        return connection, size

    def pieces(
        self,
        command: str,
        rest: int | None = None,
        ended: Callable[[], None] = nothing,
    ) -> Iterator[bytes]:
        """Yield what a command sends over its data connection, and then take its last reply.

        It ends only after the reply that says that all is sent. `ended` is called when the peer's
        end came, before ours is said: an exchange may take that for a receipt. Where it raises,
        the connection is reset instead.
        """
        connection = self.ntransfercmd(command, rest)[0]
        # From here on whatever ends us, a kill too, is a reset; only what came is an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        try:
            while piece := self._received(connection):
                yield piece
            ended()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, IN_ORDER)
            if isinstance(connection, ssl.SSLSocket):
                with contextlib.suppress(OSError):  # the end was told properly already
                    connection.unwrap()
        finally:
            # Both, or the exchange would not see our end before it says that all was read.
            connection.close()
            self._done_with_data()
        self.voidresp()

    def names(self) -> list[str]:
        """Return the names that NLST tells, as they are told.

        Raises:
            TooLong: more than NAMES_COUNT_MAX, or longer ones than NAME_BYTES_MAX.
        """
        raw = bytearray()
        for piece in self.pieces("NLST"):
            raw += piece
            if len(raw) > NAMES_BYTES_MAX:
                raise TooLong(f"the list of files has more than {NAMES_BYTES_MAX} bytes")
        lines = [line for line in bytes(raw).splitlines() if line]
        if len(lines) > NAMES_COUNT_MAX:
            raise TooLong(f"the list of files has more than {NAMES_COUNT_MAX} names")
        if any(len(line) > NAME_BYTES_MAX for line in lines):
            raise TooLong(f"a name in the list of files has more than {NAME_BYTES_MAX} bytes")
        return [line.decode("iso-8859-1") for line in lines]

    def _received(self, connection: socket.socket) -> bytes:
        left = self._left()
        if left <= 0:
            raise TooSlow
        connection.settimeout(min(left, self._silence_seconds_max))
        try:
            return connection.recv(CHUNK_BYTES)
        except TimeoutError:
            if self._left() <= 0:
                raise TooSlow from None
            raise

    def _wrapped(
        self, connection: socket.socket, session: ssl.SSLSession | None = None
    ) -> ssl.SSLSocket:
        """Speak TLS from now on; a data connection takes up the session of the control one."""
        connection.settimeout(max(0.1, min(self._left(), self._silence_seconds_max)))
        wrapped = self.context.wrap_socket(
            connection,
            server_hostname=self.host,
            suppress_ragged_eofs=False,
            session=session,
        )
        if self._fingerprint is not None:
            found = hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()
            if found != self._fingerprint:
                wrapped.close()
                raise OtherCertificate(f"expected {self._fingerprint}, found {found}")
        return wrapped
