"""The control connection: commands and replies."""

import re
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from itertools import cycle
from typing import Any

import structlog

from oxo_simulator.ftp.data import Data, Passive, ends
from oxo_simulator.ftp.desk import Closing, Desk
from oxo_simulator.ftp.files import FileInTransfer, NoSuchFile
from oxo_simulator.ftp.folder import Account, Folder, OpenFile
from oxo_simulator.ftp.library import FileProducer, FTPServer, TLS_FTPHandler
from oxo_simulator.ftp.loop import Loop
from oxo_simulator.ftp.paths import climbs
from oxo_simulator.ftp.surroundings import Surroundings

COMMAND_BYTES_MAX = 1_024
REPLIES_WAITING_MAX = 200
"""So many pieces of replies may wait for a client that does not read them."""
LOGIN_SECONDS_MAX = 60
"""A connection that has not logged in by then ends."""
STRANGER_COMMANDS_MAX = 100
"""So many commands without a login end a connection: each is two lines of the transcript, which
somebody without a password could else push out of it."""
BACKLOG = 100
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: a close is a reset."""

_ACTIVE = "502 Active transfers do not pass the link; use PASV or EPSV."
STORING = ("STOR", "STOU", "APPE", "MKD", "XMKD", "RMD", "XRMD", "RNFR", "RNTO", "MFMT", "SITE")
"""What would store or change something here; a wire's `Words` refuse it in words of its own."""
_ACTIVE_REFUSED: Mapping[str, str] = dict.fromkeys(("PORT", "EPRT"), _ACTIVE)
_NOT_HERE = (*STORING, *_ACTIVE_REFUSED)

_TLS = ("AUTH", "PBSZ", "PROT")
_KNOWN = {
    name: known
    for name, known in TLS_FTPHandler.proto_cmds.items()
    if name not in (*_NOT_HERE, *_TLS) and not name.startswith("SITE")
}
_KNOWN_WITH_TLS = _KNOWN | {name: TLS_FTPHandler.proto_cmds[name] for name in _TLS}
_LISTING = ("LIST", "NLST", "MLSD", "MLST", "STAT")
_BY_DATA = ("RETR", "LIST", "NLST", "MLSD")
_WITH_PATH = (*_LISTING, "RETR", "SIZE", "MDTM", "DELE", "CWD", "XCWD")
_URGENT = ("ABOR", "STAT", "QUIT")
_PASSWORD = re.compile(r"\W*pass(?![a-z])", re.IGNORECASE)

_log = structlog.get_logger()


class Control(TLS_FTPHandler):  # type: ignore[misc]  # untyped
    """One control connection (a `Conversation` of the desk)."""

    authorizer = Account()
    abstracted_fs = Folder
    passive_dtp = Passive
    dtp_handler = Data
    use_sendfile = False
    _closed: bool
    _in_buffer_len: int
    _restart_position: int
    _dtp_acceptor: Passive | None

    def __init__(self, conn: socket.socket, server: "Server", ioloop: Loop | None = None) -> None:
        self.desk = server.desk
        self.banner = self.desk.words.banner
        self._refusals = {**_ACTIVE_REFUSED, **self.desk.words.refused}
        self.surroundings = server.surroundings
        self.connection, self.peer = server.surroundings.name_of(*ends(conn))
        self._reason: Closing = "peer left"
        self._stranger_commands = 0
        settings = self.desk.settings
        self.timeout = settings.idle_seconds
        self.max_login_attempts = settings.login_attempts_max
        super().__init__(conn, server, ioloop)
        if not self.connected:
            return
        self.ssl_context = self.surroundings.tls_context()
        offered = settings.tls != "off"
        self.proto_cmds = _KNOWN_WITH_TLS if offered else _KNOWN
        self._extra_feats = ["AUTH TLS", "PBSZ", "PROT"] if offered else []
        self.tls_control_required = self.tls_data_required = settings.tls == "required"
        self._current_type = "i"

    def __repr__(self) -> str:
        return f"Control({self.connection!r})"

    def log(self, msg: str, logfun: Any = None) -> None:
        """Note nothing of what is said and done: the transcript has it."""

    logline = log

    def log_transfer(self, **_figures: Any) -> None:
        """Note nothing: the transcript has it."""

    @classmethod
    def get_ssl_context(cls) -> None:
        """Have none yet: each connection is shown the certificate of its own time."""

    def handle(self) -> None:
        """Greet, if there is room."""
        if not self.desk.admit(self):
            self.handle_max_cons()
            return
        self.call_later(LOGIN_SECONDS_MAX, self._not_logged_in)
        super().handle()

    def end(self) -> None:
        """Close now, without a word."""
        self._error = True  # no goodbye of TLS either
        with suppress(OSError):
            # Behind replies that nobody reads, an end in order would never arrive.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def close(self) -> None:
        """Close; broken transfers end with it."""
        if not self._closed:
            self.drop_queued()
        super().close()
        if self._closed:
            self.desk.gone(self, self._reason)

    def handle_timeout(self) -> None:
        """The client has been silent for too long."""
        self._reason = "idle"
        self.desk.leave(self, "idle")
        super().handle_timeout()

    def refuse(self, reason: str, reply: str | None, command: str | None = None) -> None:
        """Refuse something; whoever goes on asking for such things is sent away."""
        may_go_on = self.desk.refuse(self, reason, command)
        if reply is not None:
            self.respond(reply)
        if not may_go_on and not self._closed:
            self.respond("421 Too much was refused; goodbye.")
            self.close_when_done()

    # What comes in.

    def collect_incoming_data(self, data: bytes) -> None:
        """Take a piece of a command line, up to the limit."""
        if self._closing or self._closed:
            return
        if self._in_buffer_len + len(data) > COMMAND_BYTES_MAX:
            self._in_buffer, self._in_buffer_len, self.ac_in_buffer = [], 0, b""
            self.refuse("command too long", f"500 A command has at most {COMMAND_BYTES_MAX} bytes.")
            self.close_when_done()
            return
        self._in_buffer.append(data)
        self._in_buffer_len += len(data)

    def found_terminator(self) -> None:
        """Take a whole command line, unless the conversation is over."""
        if not self._closing and not self._closed:
            super().found_terminator()

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        """Write the command down, refuse what is not done here, and hand on the rest."""
        secret = _PASSWORD.match(line)
        self.desk.said(self, "collector", "PASS [redacted]" if secret else line)
        if not self.authenticated and self._is_endless_stranger():
            return
        if self.authenticated and self._refused(cmd, arg):
            return
        if cmd not in self.proto_cmds and cmd[-4:] not in _URGENT and cmd not in _NOT_HERE:
            self.respond("500 Command not understood.")
            return
        if cmd not in self.proto_cmds and cmd in _NOT_HERE:
            self.respond("530 Log in with USER and PASS first.")
            return
        if self.authenticated and cmd in _LISTING:
            self.desk.look()
        super().pre_process_command(line, cmd, arg)

    def _is_endless_stranger(self) -> bool:
        self._stranger_commands += 1
        if self._stranger_commands <= STRANGER_COMMANDS_MAX:
            return False
        self.desk.refuse(self, "too many commands without a login")
        self.respond("421 Too many commands without a login; goodbye.")
        self.close_when_done()
        return True

    def _refused(self, cmd: str, arg: str) -> bool:
        if cmd in self._refusals:
            self.refuse("command not allowed", self._refusals[cmd], cmd)
            return True
        if cmd in _WITH_PATH and climbs(self.fs.cwd, arg):
            self.refuse("outside the folder", "550 The path leads outside the folder.", cmd)
            return True
        if cmd in _BY_DATA and self.data_channel is None and self._dtp_acceptor is None:
            self.respond("425 Use PASV or EPSV first.")
            return True
        return False

    # What goes out.

    def push(self, data: str) -> None:
        """Say something, and write it down; a client that never reads is left."""
        for line in data.rstrip("\r\n").split("\r\n"):
            self.desk.said(self, "exchange", line)
        super().push(data)
        if len(self.producer_fifo) > REPLIES_WAITING_MAX:
            self.desk.refuse(self, "replies are not read")
            self.end()

    # Logging in and out.

    def ftp_USER(self, line: str) -> None:  # noqa: N802 - the library's names
        """Ask for the password, where FTP lets anybody in."""
        installed = self.desk.installed
        if installed is None or installed.barred is None:
            super().ftp_USER(line)
            return
        self.refuse(installed.barred, f"530 {installed.barred}", "USER")

    def handle_auth_failed(self, _msg: str, _password: str) -> None:
        """Let a wrong password wait, and whatever was sent behind it go."""
        self.username, self.ac_in_buffer = "", b""
        self.del_channel()
        self.desk.refuse(self, "wrong credentials")
        self.call_later(self.desk.settings.login_delay_seconds, self._wrong_password)

    def _wrong_password(self) -> None:
        self.add_channel()
        self.attempted_logins += 1
        if self.attempted_logins < self.max_login_attempts:
            self.respond("530 Authentication failed.")
        else:
            self.respond("530 Authentication failed. Disconnecting.")
            self.close_when_done()

    def handle_auth_success(self, home: str, _password: str, msg_login: str) -> None:
        """Open a session; the password is not kept."""
        self._reason = "peer left"  # that of a session before is over with it
        self._stranger_commands = 0
        self.desk.enter(self)
        super().handle_auth_success(home, "", msg_login)

    def ftp_QUIT(self, line: str) -> None:  # noqa: N802 - the library's names
        """Say goodbye, after the session is over."""
        self.on_logout(self.username)
        super().ftp_QUIT(line)

    def on_logout(self, _username: str) -> None:
        """`QUIT`, or another login: the session is over, or will be with the transfer."""
        self._reason = "logout"
        if self.data_channel is None:
            self.desk.leave(self, "logout")

    def _not_logged_in(self) -> None:
        if not self.authenticated:
            self.respond("421 Nobody logged in.")
            self.close_when_done()

    def ftp_AUTH(self, line: str) -> None:  # noqa: N802
        """Go into TLS; what was sent in the clear behind the command counts nothing."""
        super().ftp_AUTH(line)
        self.ac_in_buffer, self._in_buffer, self._in_buffer_len = b"", [], 0

    # Files.

    def ftp_RETR(self, path: str) -> str | None:  # noqa: N802
        """Begin a transfer."""
        begin, self._restart_position = self._restart_position, 0
        self.drop_queued()
        try:
            name = self.fs.named(path)
            transfer = self.fs.files.begin(name, self.desk.visitor(self), begin)
        except ValueError as error:
            self.respond(f"554 {error}.")
        except (NoSuchFile, Folder.Missing) as error:
            self.respond(f"550 {error}")
        else:
            file = OpenFile(transfer)
            self.push_dtp_data(FileProducer(file, "i"), isproducer=True, file=file, cmd="RETR")
            return path
        return None

    def ftp_DELE(self, path: str) -> str | None:  # noqa: N802
        """Empty a file."""
        try:
            self.fs.files.delete(self.fs.named(path), self.desk.visitor(self))
        except FileInTransfer as error:
            self.respond(f"450 {error}; try again.")
        except (NoSuchFile, Folder.Missing) as error:
            self.respond(f"550 {error}")
        else:
            self.respond("250 File removed.")
            return path
        return None

    def ftp_CWD(self, path: str) -> str | None:  # noqa: N802
        """Go into a folder."""
        try:
            self.fs.chdir(path)
        except Folder.Missing as error:
            self.respond(f"550 {error}")
            return None
        self.respond(f'250 "{self.fs.cwd}" is the current directory.')
        return path

    def ftp_TYPE(self, line: str) -> None:  # noqa: N802
        """Take every type as binary: a translated line end would break the records."""
        super().ftp_TYPE(line)
        self._current_type = "i"

    def flush_account(self) -> None:
        """Forget the login."""
        self.drop_queued()
        super().flush_account()
        self._current_type = "i"

    def ftp_ABOR(self, line: str) -> None:  # noqa: N802
        """Break a transfer off, be it begun or only announced."""
        self.drop_queued()
        super().ftp_ABOR(line)

    def _make_epasv(self, extmode: bool = False) -> None:  # noqa: FBT001, FBT002
        self.drop_queued()
        super()._make_epasv(extmode)
        if self._dtp_acceptor is not None and not self._dtp_acceptor.listening:
            self._dtp_acceptor = None

    def drop_queued(self) -> None:
        """Forget what waits for a data connection that will not come."""
        queued, self._out_dtp_queue = getattr(self, "_out_dtp_queue", None), None
        if queued is not None and queued[2] is not None:
            queued[2].close()


class Server(FTPServer):  # type: ignore[misc]  # untyped
    """Listens behind the link.

    Args:
        address: where.
        desk: what is served.
        surroundings: where data connections come in.
        loop: the library's, turned by the reactor.
    """

    max_cons = 0  # the desk counts

    def __init__(
        self, address: tuple[str, int], desk: Desk, surroundings: Surroundings, loop: Loop
    ) -> None:
        self.desk = desk
        self.surroundings = surroundings
        self._free = dict(surroundings.data_ports)
        self._turn = cycle(surroundings.data_ports)
        super().__init__(address, Control, ioloop=loop, backlog=BACKLOG)

    def take_data_port(self) -> tuple[str, int] | None:
        """Return a data port that nobody waits at, the longest unused first; none if there is none.

        A late connection then seldom meets another client's file.
        """
        for _ in self.surroundings.data_ports:
            name = next(self._turn)
            if name in self._free:
                return name, self._free.pop(name)
        return None

    def give_back(self, name: str) -> None:
        """Nobody waits at this data port any more."""
        self._free[name] = self.surroundings.data_ports[name]
