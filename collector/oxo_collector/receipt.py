"""What the intake takes and what it returns: the words that every wire and the store share.

A wire's shell knows these and nothing of the other wires; the intake knows these and nothing of
any wire's conversation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from oxo_collector.decoders.outcome import Decoded, Malformed, Recorded

EPOCH_DIGEST_DIGITS: Final = 16
"""Of a file's SHA-256 in its epoch; the whole of it stands in the table of files."""


class Wire(StrEnum):
    """The wires by which tickets come, in the order in which they are preferred.

    Where the same call came over several, the first of them tells it: it tells more.
    """

    TAXATION = "taxation"
    ACCOUNT = "account"
    STREAM = "stream"
    NMC = "nmc"
    V24 = "v24"
    OHL = "ohl"


@dataclass(frozen=True, slots=True)
class Source:
    """Where something came from: an exchange by its configured name, and one of its wires."""

    exchange: str
    wire: Wire = Wire.TAXATION

    def __str__(self) -> str:
        """Return both, for a log."""
        return f"{self.exchange}/{self.wire}"


@dataclass(frozen=True, slots=True)
class WireEvent:
    """Something that a wire told and that is no ticket.

    A hotel link tells of a check-in or of a room's status; the stream of a change of the exchange's
    settings (`MAO`), of the voice quality of a call (`VoIP`), or what no source knows
    (`unknown frame`).

    Attributes:
        kind: in words, such as `check-in`.
        fields: what it tells, under the wire's own names.
        raw: its bytes as they came.
    """

    kind: str
    fields: Mapping[str, str | int | None]
    raw: bytes


Piece = Decoded | Recorded | WireEvent
"""What takes one number of an epoch: a ticket, what cannot be read, or an event that is none."""


class Batch(Protocol):
    """Consecutive numbers of one epoch, as the taxation answer has them."""

    @property
    def first(self) -> int:
        """The first sequence."""

    @property
    def last(self) -> int:
        """The last sequence; `first - 1` where there are no tickets."""

    @property
    def tickets(self) -> Sequence[Decoded]:
        """A ticket, or what cannot be read, for each sequence."""


class FileState(StrEnum):
    """What became of a fetched file on the exchange."""

    FETCHED = "fetched"
    DELETED = "deleted"
    LEFT = "left"
    UNDELETED = "undeleted"
    """It was to be deleted, and the exchange refused: it is there still, or emptied itself."""

    GONE = "gone"
    """Deleted or refused to be, and then not listed: what is there later is another file."""

    FORMER = "former"
    """An account file of an earlier count: what is there now under its name may be another one."""


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file as it was fetched, whole.

    Attributes:
        name: on the exchange.
        size_bytes: its length.
        digest: SHA-256 of its bytes, in hexadecimal digits.
        tickets_told: how many tickets its header announces; None where it has none.
        tickets_found: how many records were in it, readable or not.
    """

    name: str
    size_bytes: int
    digest: str
    tickets_told: int | None
    tickets_found: int

    def epoch_on(self, wire: Wire, time: int = 1) -> str:
        """Return the epoch of its tickets on a wire; the same file again has the same.

        Args:
            wire: by which it came.
            time: the how manieth file of this name and these bytes it is, each gone before the
                next.
        """
        again = "" if time == 1 else f":{time}"
        return f"{wire}:{self.name}:{self.digest[:EPOCH_DIGEST_DIGITS]}{again}"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that is stored already.

    Attributes:
        size_bytes: its length.
        digest: SHA-256 of its bytes, in hexadecimal digits.
        state: what became of it on the exchange.
    """

    size_bytes: int
    digest: str
    state: FileState


@dataclass(frozen=True, slots=True)
class Marker:
    """The last account file of a source that is stored, as it stood on the exchange.

    Attributes:
        name: of the file.
        size_bytes: of it as it lay there, compressed.
        digest: SHA-256 of it as it lay there, in hexadecimal digits.
        anew: it is the first of its count that is stored; no name that was stored before proves a
            file any more. Told with the file, and not kept.
    """

    name: str
    size_bytes: int
    digest: str
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What was handed in is durable.

    Attributes:
        new: tickets that the store did not have.
        known: tickets that it had already, from an earlier offer.
        quarantined: tickets set aside as unreadable or contradictory.
        same: of the new ones, those that another wire had brought already: the same record.
        events: events that are no tickets and that the store did not have.
    """

    new: int
    known: int
    quarantined: int
    events: int = field(default=0, kw_only=True)
    same: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class SetAside:
    """What cannot be read at all is durable in the quarantine; `times` it was seen so far."""

    times: int


__all__ = [
    "Batch",
    "FetchedFile",
    "FileState",
    "KnownFile",
    "Malformed",
    "Marker",
    "Piece",
    "Recorded",
    "SetAside",
    "Source",
    "Stored",
    "Wire",
    "WireEvent",
]
