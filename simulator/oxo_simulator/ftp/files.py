"""What a wire shows by FTP, as conversations see it: files that are listed, fetched and settled.

A transfer is begun, hands bytes over, and is ended once, with how far it came. What follows from
that is the wire's: a ticket file may be emptied, another stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Visitor(NamedTuple):
    """Who fetches: the session's name, and the link's name of its control connection."""

    session: str
    connection: str


class NoSuchFile(LookupError):
    """There is no such file (the collector's fault, or it came too late); the text says so."""


class FileInTransfer(ValueError):
    """The file is being transferred, so it cannot be deleted (the collector's to wait)."""


class Content(Protocol):
    """The bytes of a file, the same ones for as long as a transfer of it lives."""

    def __len__(self) -> int:
        """Return how many there are."""

    def read(self, begin: int, count_max: int) -> bytes:
        """Return at most so many bytes from the byte `begin` on; none behind the end."""

    def digest(self, begin: int, count: int) -> str:
        """Return the SHA-256 of so many bytes from the byte `begin` on, in lower-case hex."""


class File(Protocol):
    """A file as a listing shows it."""

    @property
    def name(self) -> str:
        """Its name, without its folder."""

    @property
    def content(self) -> Content:
        """Its bytes."""

    @property
    def at(self) -> datetime:
        """Its date, wall clock of the exchange."""


class Transfer(Protocol):
    """A file on its way to somebody, from `begin_bytes` to its end; `over` when it was ended."""

    @property
    def file(self) -> File:
        """Which."""

    @property
    def begin_bytes(self) -> int:
        """From which byte on."""

    @property
    def over(self) -> bool:
        """Whether it has been ended."""

    def end(self, sent_bytes: int, *, in_order: bool) -> bool:
        """End it, with so many bytes handed over; tell whether the file left with it.

        Args:
            sent_bytes: from its beginning on. Ending it again does nothing.
            in_order: every byte was handed over and the data connection closed in order.
        """


class Files(Protocol):
    """The files of a wire."""

    @property
    def files(self) -> Sequence[File]:
        """Every file, in the order of a listing."""

    def file(self, name: str) -> File:
        """Return a file.

        Raises:
            NoSuchFile: there is none of that name.
        """

    def begin(self, name: str, visitor: Visitor, begin_bytes: int = 0) -> Transfer:
        """Begin a transfer, from that byte on.

        Raises:
            NoSuchFile: there is none of that name.
            ValueError: it does not have so many bytes.
        """

    def delete(self, name: str, visitor: Visitor) -> None:
        """Delete a file; asked only where the wire's `Words` do not refuse it.

        Raises:
            NoSuchFile: there is none of that name.
            FileInTransfer: it is on its way to somebody.
        """
