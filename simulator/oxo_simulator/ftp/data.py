"""Data connections: passive only, through the link, and complete only when closed in order.

The library calls a transfer finished when the last byte has gone to the system. A peer that died
has then received nothing, and the tickets would be gone. So here the exchange closes its half and
waits for the peer to close the other: an end in order makes the transfer complete, once the
peer's system has acknowledged everything; a reset breaks it. A peer that keeps its half open until
it has read the reply is served after `close_wait_seconds`, if its system has everything by then.
What the link in between holds back has not been delivered.
"""

import fcntl
import logging
import socket
import sys
import termios
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import structlog
from OpenSSL import SSL

from oxo_simulator.ftp.folder import OpenFile
from oxo_simulator.ftp.library import Acceptor, PassiveDTP, TLS_DTPHandler
from oxo_simulator.wire import Place

DISCARDED_BYTES_MAX = 64 * 1024
"""What a client may send on a data connection that only hands out."""
LOOK_SECONDS = 0.005
_READ_BYTES = 4_096
_COMPLETE = "226 Transfer complete."

_log = structlog.get_logger()
_quietly = logging.getLogger("pyftpdlib").debug
"""Where the library notes its replies; the transcript has them."""


class Data(TLS_DTPHandler):  # type: ignore[misc]  # untyped
    """One data connection."""

    _closed: bool
    _resp: tuple[Any, ...]
    _ssl_requested: bool

    def __init__(self, sock: socket.socket, control: Any, name: str, port: str) -> None:
        self.desk = control.desk
        self.timeout = self.desk.settings.stall_seconds
        self.name = name
        self.port = port
        self._parting = False
        self._said_goodbye = False
        self._in_order = False
        self._discarded_bytes = 0
        super().__init__(sock, control)

    def __repr__(self) -> str:
        return f"Data({self.name!r})"  # the library asks often

    def push(self, data: bytes) -> None:
        """Send; the library would take an empty listing inside TLS for the end of the peer."""
        if data:
            super().push(data)
            return
        self._initialized = True
        self._wanted_io_events = self.ioloop.WRITE
        self.modify_ioloop_events(self.ioloop.WRITE)

    def close_when_done(self) -> None:
        """End behind what was pushed: at once, where the system has taken all of it."""
        super().close_when_done()
        read = not isinstance(self.file_obj, OpenFile) or not self.file_obj.left_bytes
        if read and not self._ssl_requested:
            self.initiate_send()

    def handle_close(self) -> None:
        """Everything has gone to the system, or the peer is gone."""
        if self._closed:
            return
        if self._initialized and not self.producer_fifo and not self._parting:
            self._part()
        else:
            super().handle_close()

    def close(self) -> None:
        """Settle the transfer, then let the library close and reply."""
        if not self._closed:
            self._settle()
        super().close()

    def handle_error(self) -> None:
        """Something of ours or the library's failed: the transfer is broken, and the reply says so.

        Called inside the handling of the exception.
        """
        _log.exception("ftp.data_failed", connection=self.name)
        self._error = True
        self._resp = ("426 Internal error; transfer aborted.", _quietly)
        self.close()

    # The end of a transfer.

    def readable(self) -> bool:
        """Tell whether reading is of interest."""
        return self._parting or bool(super().readable())

    def writable(self) -> bool:
        """Tell whether writing is of interest."""
        return not self._said_goodbye if self._parting else bool(super().writable())

    def handle_read_event(self) -> None:
        """Look whether the peer has closed its half."""
        if self._parting:
            self._listen_for_end()
        else:
            super().handle_read_event()

    def handle_write_event(self) -> None:
        """Go on with the goodbye, or with the file."""
        if self._parting:
            self._say_goodbye()
        else:
            super().handle_write_event()

    def _part(self) -> None:
        self._parting = True
        self._say_goodbye()
        if self._closed:
            return
        if wait := self.desk.settings.close_wait_seconds:
            self.call_later(wait, self._waited)
        else:
            self._conclude(in_order=True)

    def _say_goodbye(self) -> None:
        """Close our half, inside TLS first."""
        try:
            if self._ssl_established:
                self.socket.shutdown()
                self.socket.sock_shutdown(socket.SHUT_WR)
            else:
                self.socket.shutdown(socket.SHUT_WR)
        except (SSL.WantReadError, SSL.WantWriteError):
            self.modify_ioloop_events(self.ioloop.READ | self.ioloop.WRITE)
        except (SSL.Error, OSError):
            self._conclude(in_order=False)
        else:
            self._said_goodbye = True
            self.modify_ioloop_events(self.ioloop.READ)

    def _listen_for_end(self) -> None:
        try:
            read = self.socket.recv(_READ_BYTES)
        except (SSL.WantReadError, SSL.WantWriteError, BlockingIOError):
            return
        except SSL.ZeroReturnError:
            read = b""
        except SSL.SysCallError as error:
            if error.args[:1] != (-1,):  # -1 is an end without TLS's own word for it
                self._conclude(in_order=False)
                return
            read = b""
        except (SSL.Error, OSError):
            self._conclude(in_order=False)
            return
        self._discarded_bytes += len(read)
        if not read:
            self.del_channel()  # there is nothing more to hear
            self._look()
        elif self._discarded_bytes > DISCARDED_BYTES_MAX:
            self._conclude(in_order=False)

    def _look(self) -> None:
        """The peer has closed its half: the transfer is over when its system has everything."""
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._conclude(in_order=False)
        elif self._said_goodbye and self._delivered():
            self._conclude(in_order=True)
        else:
            self.call_later(LOOK_SECONDS, self._look)

    def _waited(self) -> None:
        """The peer has had its time; it counts as served if its system has everything."""
        failed = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._conclude(in_order=not failed and self._said_goodbye and self._delivered())

    def _delivered(self) -> bool:
        left = fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        if int.from_bytes(left, sys.byteorder):
            return False
        taken: bool = self.cmd_channel.surroundings.delivered(self.name)
        return taken

    def _conclude(self, *, in_order: bool) -> None:
        self._in_order = in_order
        self.transfer_finished = in_order
        self._ssl_established = False  # its goodbye is said, or there is nobody to say it to
        self._settle()
        self._resp = (_COMPLETE if in_order else self._broken(), _quietly)
        self.close()

    def _settle(self) -> None:
        """Tell the wire and the transcript, before anybody is told the reply."""
        file = self.file_obj
        if not isinstance(file, OpenFile) or file.transfer.over:
            return
        sent = self.tot_bytes_sent if self._initialized else 0
        file.settle(sent, in_order=self._in_order)
        if not self._in_order:
            self.transfer_finished = False
            if self._resp and self._resp[0] == _COMPLETE:
                self._resp = (self._broken(), _quietly)
        begin, content = file.transfer.begin_bytes, file.transfer.file.content
        digest = content.digest(begin, sent)
        self.desk.said(
            self,
            "exchange",
            f"{file.name}: {sent} bytes from {begin} of {len(content)}, SHA-256 {digest}, "
            f"{'complete' if self._in_order else 'broken off'}",
            self.port,
        )

    def _broken(self) -> str:
        return f"426 Transfer aborted; {self.tot_bytes_sent} bytes were sent."

    # As the desk sees it, for the transcript.

    @property
    def connection(self) -> str:
        """The link's name of it."""
        return self.name

    @property
    def peer(self) -> str:
        """The collector's address."""
        address: str = self.cmd_channel.peer
        return address


class Passive(PassiveDTP):  # type: ignore[misc]  # untyped
    """Waits for one data connection on one of the data ports."""

    _closed: bool

    def __init__(self, control: Any, extended: bool = False) -> None:  # noqa: FBT001, FBT002
        # Not the library's own way, which would go to any port of the system's when all are taken.
        self.cmd_channel = control
        self.log = control.log
        self.log_exception = control.log_exception
        self.timeout = control.desk.settings.stall_seconds
        self._port_name: str | None = None
        Acceptor.__init__(self, ioloop=control.ioloop)
        around = control.surroundings
        taken = control.server.take_data_port()
        if taken is None:
            control.respond("425 Every data port is in use; try again.")
            return
        self._port_name, number = taken
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.set_reuse_addr()
        try:
            self.bind((around.behind, number))
            self.listen(1)
        except OSError as error:
            _log.error("ftp.data_port", port=number, why=str(error))
            control.respond("425 The data port cannot be opened.")
            self.close()
            return
        control.respond(_passive_reply(around.address(), number, extended=extended))
        self.call_later(self.timeout, self.handle_timeout)

    def __repr__(self) -> str:
        return f"Passive({self._port_name!r})"

    @property
    def listening(self) -> bool:
        """Tell whether it waits at all."""
        return self._port_name is not None and not self._closed

    def handle_accepted(self, sock: socket.socket, _address: Any) -> None:
        """Take the connection, if it is from the host that the control connection is from."""
        control = self.cmd_channel
        if not control.connected:
            sock.close()
            self.close()
            return
        port = self._port_name or ""
        name, peer = control.surroundings.name_of(*ends(sock))
        if host(peer) != host(control.peer):
            sock.close()
            control.refuse("data connection from another address", None)
            return
        self.close()
        control.desk.prove(name)
        data = Data(sock, control, name, port)
        if data.connected:
            control.data_channel = data
            control._on_dtp_connection()  # noqa: SLF001 - as the library's own class does

    def handle_timeout(self) -> None:
        """Nobody came."""
        if self.cmd_channel.connected:
            self.cmd_channel.drop_queued()
            self.cmd_channel.respond("425 Nobody opened the data connection.")
        self.close()

    def close(self) -> None:
        """Close, and give the port back."""
        if self._port_name is not None and not self._closed:
            self.cmd_channel.server.give_back(self._port_name)
        if self.socket is not None:
            super().close()
        self._closed = True


def ends(sock: socket.socket) -> tuple[Place, Place]:
    """Return both ends of a connection, the peer's first; unknown ones as none."""
    with suppress(OSError):
        return Place(*sock.getpeername()[:2]), Place(*sock.getsockname()[:2])
    return Place("", 0), Place("", 0)


def host(peer: str) -> str:
    """Return the host of an address with a port."""
    return peer.rpartition(":")[0]


def _passive_reply(address: str, number: int, *, extended: bool) -> str:
    if extended:
        return f"229 Entering extended passive mode (|||{number}|)."
    with suppress(ValueError):
        if (told := ip_address(address)).version == 4 and not told.is_unspecified:  # noqa: PLR2004
            figures = f"{told}".replace(".", ",")
            return f"227 Entering passive mode ({figures},{number // 256},{number % 256})."
    return "425 The link has no single IPv4 address to name; use EPSV."
