"""Where a delivery lies: a file, a folder of files, a URL. Read with limits, as it stands now."""

import os
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import requests

from oxo_scenarios.bench.limit import at_most
from oxo_scenarios.bench.trouble import SubjectFailed
from oxo_scenarios.delivery import DELIVERY_BYTES_MAX

FILES_MAX = 1000
"""So many files of a folder are read."""
CHUNK_BYTES = 64 * 1024


def read_file(path: Path) -> bytes:
    """Read a file; one that is not there yet is empty.

    Raises:
        SubjectFailed: it is no regular file, or cannot be read.
    """
    try:
        # Without waiting: a pipe that nobody writes to would keep the bench for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SubjectFailed(f"its delivery {path} is no regular file")
            # One byte more than is read tells the reader that the limit was met.
            return file.read(DELIVERY_BYTES_MAX + 1)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SubjectFailed(f"its delivery {path} cannot be read: {error.strerror}") from error


def read_folder(folder: Path, pattern: str, take: Literal["newest", "all"]) -> dict[str, bytes]:
    """Read the files of a folder that match, in the order of their names, or the newest alone.

    Raises:
        SubjectFailed: there is no such folder, it has too many such files, or one is unreadable.
    """
    if not folder.is_dir():
        raise SubjectFailed(f"there is no delivery folder {folder}")
    try:
        found = sorted(path for path in folder.glob(pattern) if path.is_file())
        if len(found) > FILES_MAX and take == "all":
            raise SubjectFailed(
                f"its delivery folder {folder} has {len(found)} files {pattern}; "
                f"at most {FILES_MAX} are read"
            )
        if take == "newest":
            found = sorted(found, key=lambda path: path.stat().st_mtime_ns)[-1:]
    except (OSError, ValueError) as error:
        raise SubjectFailed(f"its delivery folder {folder} cannot be read: {error}") from error
    return {path.name: read_file(path) for path in found}


def fetch(url: str, seconds_max: float, bytes_max: int) -> bytes:
    """Get a URL; what is not there yet (404) is empty.

    Neither redirections nor proxies and logins of the surrounding environment are heeded.

    Raises:
        SubjectFailed: it cannot be had whole within the limits; the text has no query and login.
    """
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.hostname}:{parts.port or ''}{parts.path}"
    found: list[bytes | None] = [None]
    with at_most(seconds_max), requests.Session() as session:
        session.trust_env = False
        found[0] = _get(session, url, shown, seconds_max, bytes_max)
    if found[0] is None:
        raise SubjectFailed(f"its delivery {shown} was not there whole within {seconds_max:g} s")
    return found[0]


def _get(
    session: requests.Session, url: str, shown: str, seconds_max: float, bytes_max: int
) -> bytes:
    try:
        with session.get(url, timeout=seconds_max, stream=True, allow_redirects=False) as answer:
            if answer.status_code == requests.codes.not_found:
                return b""
            if answer.status_code != requests.codes.ok:
                raise SubjectFailed(
                    f"its delivery {shown} was answered {answer.status_code} {answer.reason}"
                )
            content = bytearray()
            for chunk in answer.iter_content(CHUNK_BYTES):
                content += chunk
                if len(content) > bytes_max:
                    raise SubjectFailed(f"its delivery {shown} has over {bytes_max} bytes")
            return bytes(content)
    except requests.RequestException as error:
        words = type(error).__name__
        raise SubjectFailed(f"its delivery {shown} cannot be fetched: {words}") from error
