"""Files of the state folder: written whole or not at all, and named when that fails."""

import contextlib
import os
from pathlib import Path

OWNER_ALONE = 0o600
PASSWORD_BYTES_MAX = 1024


class PasswordUnusable(ValueError):
    """A file of the operator's holds no password that can be used; says which file and why."""


def write_whole(file: Path, content: bytes, mode: int = OWNER_ALONE) -> None:
    """Write a file under a temporary name and put it in its place when it is whole.

    Args:
        file: to write; one that is there is replaced.
        content: all of it.
        mode: who may read it.

    Raises:
        OSError: names the file; the old one stays.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        new.rename(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(file)) from error


def read_password(file: Path) -> str:
    """Return a file's first line, of which at most `PASSWORD_BYTES_MAX` bytes are read.

    Raises:
        PasswordUnusable: the file cannot be read, or its first line is empty.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(PASSWORD_BYTES_MAX).decode("utf-8")
    except OSError as error:
        raise PasswordUnusable(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PasswordUnusable(f"{file}: {error}") from error
    password = text.splitlines()[0] if text else ""
    if not password:
        raise PasswordUnusable(f"{file}: its first line is empty")
    return password


def kept_password(file: Path) -> str | None:
    """Return the password that an earlier run left, if it left one.

    Raises:
        PasswordUnusable: others may read it, or it is none: the operator has to look at it.
    """
    if not file.exists():
        return None
    if not file.is_file() or file.stat().st_mode & 0o077:
        raise PasswordUnusable(
            f"{file}: a file of mode 0600 is expected; correct it, or remove it for a new password"
        )
    return read_password(file)
