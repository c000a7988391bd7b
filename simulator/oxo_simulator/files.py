"""Files of the state folder: written whole or not at all, and named when that fails."""

import contextlib
import os
from pathlib import Path

OWNER_ALONE = 0o600


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
