"""The account and its folder, as the FTP library asks for them."""

import os
import stat
from calendar import timegm
from typing import Any
from zlib import crc32

from oxo_simulator.ftp.files import File, Files, NoSuchFile, Transfer
from oxo_simulator.ftp.library import AbstractedFS, AuthenticationFailed, FilesystemError
from oxo_simulator.ftp.paths import leads_to

_FILE_MODE, _FOLDER_MODE = stat.S_IFREG | 0o640, stat.S_IFDIR | 0o750
_ALLOWED = "elrd"
"""To enter, list, fetch and delete."""


class Account:
    """Who may log in, for the library (duck-typed: it has no base class for it)."""

    def validate_authentication(self, user: str, password: str, control: Any) -> None:
        """Let in, or raise."""
        if not control.desk.knows(user, password):
            raise AuthenticationFailed("Authentication failed.")

    def get_home_dir(self, _user: str) -> str:
        """Name the root."""
        return "/"

    def get_msg_login(self, _user: str) -> str:
        """Word the reply 230."""
        return "Login successful."

    def get_msg_quit(self, _user: str) -> str:
        """Word the reply 221."""
        return "Goodbye."

    def has_perm(self, _user: str, permission: str, _path: str | None = None) -> bool:
        """Tell what is allowed: to enter, list, fetch and delete."""
        return permission in _ALLOWED

    def get_perms(self, _user: str) -> str:
        """Say all that is allowed."""
        return _ALLOWED

    def impersonate_user(self, _user: str, _password: str) -> None:
        """Be nobody else."""

    def terminate_impersonation(self, _user: str) -> None:
        """Be nobody else."""


class Folder(AbstractedFS):  # type: ignore[misc]  # untyped
    """The wire's files as a folder; nothing of the machine's own files is ever looked at."""

    Missing = FilesystemError
    """What is raised for a name that is none here."""

    def __init__(self, root: str, control: Any) -> None:
        super().__init__(root, control)
        self._cwd = control.desk.installed.start_folder

    @property
    def files(self) -> Files:
        """What is shown."""
        files: Files = self.cmd_channel.desk.installed.files
        return files

    def _home(self) -> str:
        folder: str = self.cmd_channel.desk.settings.folder
        return folder

    def ftp2fs(self, path: str) -> str:
        """Take paths as they are seen."""
        found: str = self.ftpnorm(path)
        return found

    def fs2ftp(self, path: str) -> str:
        """Take paths as they are seen."""
        return path

    def realpath(self, path: str) -> str:
        """There are no links."""
        return path

    def validpath(self, _path: str) -> bool:
        """Nothing lies outside."""
        return True

    def isdir(self, path: str) -> bool:
        """Tell whether it is the folder, or one above it."""
        return leads_to(path, self._home())

    def isfile(self, path: str) -> bool:
        """Tell whether it is a file."""
        return self._file(path) is not None

    lexists = isfile

    def listdir(self, path: str) -> list[str]:
        """List a folder."""
        if path == self._home():
            return [file.name for file in self.files.files]
        return [self._home()[len(path.rstrip("/")) + 1 :].split("/", maxsplit=1)[0]]

    def chdir(self, path: str) -> None:
        """Go into a folder."""
        if not self.isdir(path):
            raise FilesystemError("No such directory.")
        self.cwd = path

    def getsize(self, path: str) -> int:
        """Return a file's bytes."""
        return len(self._found(path).content)

    def getmtime(self, path: str) -> float:
        """Return a file's date, wall clock of the exchange."""
        return float(timegm(self._found(path).at.timetuple()))

    def lstat(self, path: str) -> os.stat_result:
        """Return what a listing shows."""
        if self.isdir(path):
            return os.stat_result((_FOLDER_MODE, 1, 0, 1, 0, 0, 0, 0, 0, 0))
        size, date = self.getsize(path), int(self.getmtime(path))
        inode = crc32(path.encode())  # the same in every run, as all that is said
        return os.stat_result((_FILE_MODE, inode, 0, 1, 0, 0, size, date, date, date))

    stat = lstat

    def get_user_by_uid(self, _uid: int) -> str:
        """Name the owner."""
        owner: str = self.cmd_channel.desk.words.owner
        return owner

    get_group_by_gid = get_user_by_uid

    def named(self, path: str) -> str:
        """Return a file's name without its folder, or raise what the library words as 550."""
        return self._found(path).name

    def _found(self, path: str) -> File:
        file = self._file(path)
        if file is None:
            raise FilesystemError("Is a directory." if self.isdir(path) else "No such file.")
        return file

    def _file(self, path: str) -> File | None:
        folder, _, name = path.rpartition("/")
        if (folder or "/") != self._home():
            return None
        try:
            return self.files.file(name)
        except NoSuchFile:
            return None


class OpenFile:
    """A file being fetched, as the library reads it (duck-typed)."""

    def __init__(self, transfer: Transfer) -> None:
        self.name = transfer.file.name
        self.transfer = transfer
        self.closed = False
        self._place = transfer.begin_bytes

    @property
    def left_bytes(self) -> int:
        """So many have not been read."""
        return len(self.transfer.file.content) - self._place

    def read(self, count_max: int) -> bytes:
        """Return the next bytes; none at the end."""
        data = self.transfer.file.content.read(self._place, count_max)
        self._place += len(data)
        return data

    def settle(self, sent_bytes: int, *, in_order: bool) -> bool:
        """End the transfer; tell whether the file left with it."""
        return self.transfer.end(sent_bytes, in_order=in_order)

    def close(self) -> None:
        """Close; what nobody settled was never handed over."""
        self.settle(0, in_order=False)
        self.closed = True
