"""The file that came whole last, until the store has it.

An exchange may empty its file as soon as it was transferred (facts: oxo 5.2), so that from then on
the only copy is here. It is put on the disk, and synchronised, before the data connection is
closed, for an exchange that waits for that has emptied nothing yet. Whatever comes between that
and the store (a reply that is lost, a store that refuses, a kill) the next round finds it here.

Where the disk does not take it, or a kill comes before, the data connection is reset: such an
exchange keeps its file.

A file that is listed on as it was is not needed here: it is fetched again.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from oxo_collector.fetching import NoPlace

HEADER_BYTES_MAX: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that came with all its bytes.

    Attributes:
        name: on the exchange.
        modified: when it was changed, as the exchange said; None where it did not.
        raw: its bytes.
    """

    name: str
    modified: str | None
    raw: bytes = field(repr=False)


class Landed:
    """Holds one file, in memory and on the disk.

    Args:
        path: where it lies; whatever has that name is ours. None: in memory alone.
        file_bytes_max: a longer one that lies there is none of ours.
    """

    def __init__(self, path: Path | None = None, file_bytes_max: int = 0) -> None:
        self._path = path
        self.whole = None if path is None else _found(path, file_bytes_max + HEADER_BYTES_MAX)

    def hold(self, whole: Whole) -> None:
        """Hold a file in place of the one before.

        Raises:
            NoPlace: it is held in memory alone, because the disk does not take it.
        """
        self.whole = whole
        if self._path is not None:
            new = self._path.with_name(self._path.name + ".new")
            try:
                _write(self._path, new, whole)
            except OSError as error:
                with suppress(OSError):
                    new.unlink(missing_ok=True)
                said = error.strerror or str(error)
                what = f"{self._path}: the file that is fetched has no place: {said}"
                raise NoPlace(what) from None

    def let_go(self, name: str) -> None:
        """The store has the file, or it is not wanted."""
        if self.whole is None or self.whole.name != name:
            return
        self.whole = None
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def _write(path: Path, new: Path, whole: Whole) -> None:
    """Write the file under a new name first: a crash leaves all of it or nothing."""
    told = {key: value for key, value in asdict(whole).items() if key != "raw"}
    header = json.dumps(told | {"sha256": sha256(whole.raw).hexdigest()}).encode("ascii")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(new, flags, 0o600), "wb") as file:  # noqa: PTH123 - of a descriptor
        file.write(header + b"\n" + whole.raw)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _found(path: Path, bytes_max: int) -> Whole | None:
    """Return what an earlier process left; what is damaged is nothing."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if path.stat().st_size > bytes_max:
            return None
        header, _, raw = path.read_bytes().partition(b"\n")
        told = json.loads(header)
        if told["sha256"] == sha256(raw).hexdigest():
            return Whole(str(told["name"]), told["modified"], raw)
    return None
