"""SSH and SFTP as the library speaks them; the only module of the room that imports paramiko.

A connection has a thread of the library's, and one more for each SFTP conversation in it; all are
daemons, and nobody waits for them to end. What they ask for is a `Visit`'s to answer. Files are
read and nothing else: every request that would change something is refused, and so are shells,
terminals, forwarding and commands besides one.

What the library does that an exchange in the open must not do is put right here: it announces and
computes check sums of files (`check-file`), by which a file would count as read, and which never
ends behind a file's end; it answers pieces of any size; it knows ciphers of another age; and it
compares check values byte by byte in Python, which is a third of what its thread does for a small
file.
"""

import hmac
import io
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread, current_thread
from typing import Any, cast

import paramiko
from paramiko import common, sftp, util

from oxo_simulator.account.crossing import Unanswered
from oxo_simulator.account.visit import Entry, Opened, Over, Visit

PROTOCOL = 3
"""Version of SFTP that everybody speaks."""
READ_BYTES_MAX = 255 * 1024
"""Most bytes of one answer, as other servers have it; a client asks again for the rest."""
HANDLES_MAX = 64
"""Open files and folders of one conversation."""
CHANNELS_MAX = 8
"""Open channels of one connection."""
HANDSHAKE_SECONDS_MAX = 15
REPLY_SECONDS_MAX = 1
LOG = "oxo_simulator.account.ssh"
VERSION = "SSH-2.0-OXE_account"
COMPRESS = b"account compress"
_FILE_MODE, _FOLDER_MODE = 0o100440, 0o040550
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_OLD_AGE = {
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}

_ENDS = (OSError, EOFError, paramiko.SSHException)
"""What a connection that is gone raises."""

util.constant_time_bytes_eq = hmac.compare_digest  # type: ignore[assignment]  # for bytes alone
logging.getLogger(LOG).addHandler(logging.NullHandler())
logging.getLogger(LOG).propagate = False
# What a peer does wrong is in the transcript and the ledger, not in the log.


class Counted:
    """A socket that counts what was written to it (duck-typed, as the library asks for one).

    Attributes:
        written_bytes: how much the system has taken.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.written_bytes = 0
        self._sock = sock

    def send(self, data: bytes) -> int:
        """Write, and count."""
        count = self._sock.send(data)
        self.written_bytes += count
        return count

    def __getattr__(self, name: str) -> Any:
        """Be the socket in everything else."""
        return getattr(self._sock, name)


class Connection(paramiko.Transport):
    """One SSH connection.

    Attributes:
        replied: its own thread has answered a request.
        counted: its socket.

    Args:
        visit: who asks and answers for it.
        private: the host key, as OpenSSH writes it.
        ended: told in the library's thread when it has ended.
    """

    def __init__(self, visit: Visit, private: bytes, ended: Callable[[], None]) -> None:
        self.counted = Counted(visit.sock)
        super().__init__(cast("socket.socket", self.counted), disabled_algorithms=_OLD_AGE)
        self.set_log_channel(LOG)
        self.local_version = VERSION
        self.banner_timeout = self.handshake_timeout = HANDSHAKE_SECONDS_MAX
        self.add_server_key(paramiko.Ed25519Key.from_private_key(io.StringIO(private.decode())))
        self.set_subsystem_handler("sftp", Conversation, Folder, visit)
        self.daemon = True
        self.replied = Event()
        self._visit = visit
        self._ended = ended

    def begin(self) -> None:
        """Let its thread run; nobody waits for it."""
        self.start_server(event=Event(), server=Session(self._visit, self))

    def run(self) -> None:
        """Speak until the connection ends."""
        try:
            super().run()
        finally:
            self.sock.close()
            self._ended()

    def _send_user_message(self, data: paramiko.Message) -> None:
        above: Any = super()
        above._send_user_message(data)  # noqa: SLF001 - the library offers no other place
        if current_thread() is self:
            self.replied.set()


class Session(paramiko.ServerInterface):
    """What a client of one connection may do."""

    def __init__(self, visit: Visit, transport: Connection) -> None:
        self._visit = visit
        self._transport = transport
        self._attempts = 0
        self._channels: list[paramiko.Channel] = []

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - the library's names
        """A password alone."""
        return "password"

    def check_auth_password(self, username: str, password: str | bytes) -> int:
        """Let in, or let a wrong password wait."""
        # What is no UTF-8 comes as bytes; it is nobody's password, and is written down as such.
        said = password if isinstance(password, str) else password.decode(errors="surrogateescape")
        if self._visit.enter(username, said):
            return common.AUTH_SUCCESSFUL
        self._attempts += 1
        Event().wait(self._visit.terms.login_delay_seconds)
        if self._attempts >= self._visit.terms.login_attempts_max:
            raise Over("too many wrong passwords")
        return common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        """Open a channel for a session, up to the limit."""
        # The library keeps channels until somebody accepts them, and no longer than that.
        channels = (*self._channels, self._transport.accept(0))
        self._channels = [each for each in channels if each is not None and not each.closed]
        if kind == "session" and len(self._channels) < CHANNELS_MAX:
            return common.OPEN_SUCCEEDED
        self._visit.refuse(f"channel {kind}")
        return common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_direct_tcpip_request(self, chanid: int, origin: Any, destination: Any) -> int:  # noqa: ARG002
        """Forward nothing."""
        self._visit.refuse(f"forwarding to {destination}")
        return common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_port_forward_request(self, address: str, port: int) -> "int | bool":
        """Forward nothing."""
        self._visit.refuse(f"forwarding from {address}:{port}")
        return False

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:  # noqa: ARG002
        """There is no shell."""
        self._visit.refuse("shell")
        return False

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        """Begin to speak SFTP, and nothing else."""
        if name == "sftp":
            return super().check_channel_subsystem_request(channel, name)
        self._visit.refuse(f"subsystem {name}")
        return False

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Close the account file on demand, where the profile lets it be done so."""
        words = b" ".join(command.split())
        if words == COMPRESS and self._visit.terms.compress_over_ssh:
            self._transport.replied.clear()
            Thread(target=self._compress, args=(channel,), daemon=True).start()
            return True
        self._visit.refuse(f"exec {command[:100].decode('utf-8', 'replace')}")
        return False

    def _compress(self, channel: paramiko.Channel) -> None:
        # Clients take an end before the answer to their request for a refusal. Some want no answer.
        self._transport.replied.wait(REPLY_SECONDS_MAX)
        with suppress(Over, Unanswered, *_ENDS):
            text = self._visit.compress()
            channel.sendall(f"{text}\n".encode())
            channel.send_exit_status(0)
        with suppress(*_ENDS):
            channel.close()


class Conversation(paramiko.SFTPServer):
    """One SFTP conversation, without the library's extensions."""

    # The library's own methods that are taken here, of which its types tell nothing.
    _read_packet: Callable[[], tuple[int, bytes]]
    _send_packet: Callable[[int, paramiko.Message], None]
    _send_status: Callable[..., None]

    def _send_server_version(self) -> int:
        kind, _data = self._read_packet()
        if kind != sftp.CMD_INIT:
            raise paramiko.SFTPError("a conversation begins with INIT")
        message = paramiko.Message()
        message.add_int(PROTOCOL)
        self._send_packet(sftp.CMD_VERSION, message)
        return PROTOCOL

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        opens = kind in (sftp.CMD_OPEN, sftp.CMD_OPENDIR)
        if opens and len(self.file_table) + len(self.folder_table) >= HANDLES_MAX:
            self._send_status(number, sftp.SFTP_FAILURE, "too many open files")
        elif kind == sftp.CMD_EXTENDED:
            self._send_status(number, sftp.SFTP_OP_UNSUPPORTED)
        elif kind == sftp.CMD_FSETSTAT:
            # Of a handle that is none the library says so in a packet of no kind that there is.
            self._send_status(number, sftp.SFTP_PERMISSION_DENIED)
        else:
            above: Any = super()
            above._process(kind, number, message)  # noqa: SLF001 - the library offers no other place
        if kind == sftp.CMD_READ:
            self._answered()

    def _answered(self) -> None:
        """Let a file that was read from know where the answer ended in the connection."""
        channel: Any = self.sock
        written: int = channel.get_transport().counted.written_bytes
        for handle in self.file_table.values():
            if isinstance(handle, Handle):
                handle.answered(written)

    def finish_subsystem(self) -> None:
        """What the client has not closed itself did not go over."""
        for handle in self.file_table.values():
            if isinstance(handle, Handle):
                handle.abandon()
        super().finish_subsystem()


class Handle(paramiko.SFTPHandle):
    """An open file."""

    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self._opened = opened
        self._read = False

    def answered(self, written_bytes: int) -> None:
        """What was read from it ends before that byte of the connection, or earlier."""
        if self._read:
            self._read, self._opened.answered_bytes = False, written_bytes

    def read(self, offset: int, length: int) -> bytes:
        """Return a piece, up to the limit."""
        data = self._opened.read(offset, min(length, READ_BYTES_MAX))
        # Clients that know the size do not wait for the answer that tells the end.
        self._read = bool(data)
        return data

    def stat(self) -> paramiko.SFTPAttributes:
        """Return size and date."""
        return attributes(self._opened.entry)

    def close(self) -> None:
        """The client closes it."""
        self._opened.close(in_order=True)

    def abandon(self) -> None:
        """The conversation ended before."""
        self._opened.close(in_order=False)

    def write(self, offset: int, data: object) -> int:  # noqa: ARG002 - the library's names
        """Write nothing."""
        return sftp.SFTP_PERMISSION_DENIED

    def chattr(self, attr: paramiko.SFTPAttributes) -> int:  # noqa: ARG002
        """Change nothing."""
        return sftp.SFTP_PERMISSION_DENIED


class Folder(paramiko.SFTPServerInterface):
    """The folder of the account files."""

    def __init__(self, server: paramiko.ServerInterface, visit: Visit) -> None:
        super().__init__(server)
        self._visit = visit

    def list_folder(self, path: str) -> "list[paramiko.SFTPAttributes] | int":
        """List a folder."""
        found = self._visit.list(path)
        if found is None:
            return sftp.SFTP_NO_SUCH_FILE
        return [attributes(entry) for entry in found]

    def stat(self, path: str) -> "paramiko.SFTPAttributes | int":
        """Return what a path leads to."""
        entry = self._visit.entry(path)
        return sftp.SFTP_NO_SUCH_FILE if entry is None else attributes(entry)

    def lstat(self, path: str) -> "paramiko.SFTPAttributes | int":
        """There are no links."""
        return self.stat(path)

    def canonicalize(self, path: str) -> str:
        """Return a path from the root."""
        return self._visit.absolute(path)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> "Handle | int":  # noqa: ARG002
        """Open a file to be read."""
        if flags & _WRITES:
            return self._denied("open to write", path)
        opened = self._visit.open(path)
        return sftp.SFTP_NO_SUCH_FILE if opened is None else Handle(opened)

    def remove(self, path: str) -> int:
        """Remove nothing."""
        return self._denied("remove", path)

    def rename(self, oldpath: str, newpath: str) -> int:  # noqa: ARG002
        """Rename nothing."""
        return self._denied("rename", oldpath)

    posix_rename = rename

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:  # noqa: ARG002
        """Make nothing."""
        return self._denied("mkdir", path)

    def rmdir(self, path: str) -> int:
        """Remove nothing."""
        return self._denied("rmdir", path)

    def chattr(self, path: str, attr: paramiko.SFTPAttributes) -> int:  # noqa: ARG002
        """Change nothing."""
        return self._denied("setstat", path)

    def symlink(self, target_path: str, path: str) -> int:  # noqa: ARG002
        """Link nothing."""
        return self._denied("symlink", path)

    def readlink(self, path: str) -> int:  # noqa: ARG002
        """There are no links."""
        return sftp.SFTP_NO_SUCH_FILE

    def _denied(self, what: str, path: str) -> int:
        self._visit.refuse(f"{what} {path}")
        return sftp.SFTP_PERMISSION_DENIED


def attributes(entry: Entry) -> paramiko.SFTPAttributes:
    """Return a file or folder as the library writes it."""
    found = paramiko.SFTPAttributes()
    found.filename = entry.name
    found.st_size = entry.size
    found.st_uid = found.st_gid = 0
    found.st_mode = _FOLDER_MODE if entry.is_folder else _FILE_MODE
    found.st_atime = found.st_mtime = int(entry.mtime)
    return found


def speak(visit: Visit, private: bytes, ended: Callable[[], None]) -> None:
    """Let the library's threads speak with a client.

    Raises:
        OSError: the connection is gone already.
    """
    visit.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Connection(visit, private, ended).begin()
