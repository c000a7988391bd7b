"""What a fetched account file holds, and whether all of it is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from oxo_collector.decoders import compress
from oxo_collector.decoders.account_file import LIMITS, AccountFile, Limits, read_account_file
from oxo_collector.decoders.outcome import Malformed, Recorded

LF: Final = b"\n"


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as pieces for the store.

    Attributes:
        pieces: a ticket, or what cannot be read, for each line.
        refused: why the file is not whole; None: it is. Then the pieces are what could be read
            all the same.
    """

    pieces: Sequence[Recorded | Malformed]
    refused: Malformed | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the files of one exchange.

    Attributes:
        zone: its IANA time zone.
        cost_decimals: how many digits of the cost stand behind the point.
        limits: where reading stops.
    """

    zone: str
    cost_decimals: int
    limits: Limits = LIMITS

    def read(self, raw: bytes, name: str) -> Reading:
        """Verify and read a file: it decompresses within the limits, and every line has its end."""
        file = self._read(raw, name)
        if file.refused is None:
            return Reading(file.pieces, None)
        return Reading(self._lines_before_the_fault(raw, name), file.refused)

    def _lines_before_the_fault(self, raw: bytes, name: str) -> Sequence[Recorded | Malformed]:
        """Return the whole lines of a file that was cut; none where it cannot be expanded."""
        text: bytes | Malformed = raw
        if compress.is_compressed(raw):
            text = compress.expand(raw, self.limits.text_bytes_max)
        if isinstance(text, Malformed):
            return ()
        whole = text[: text.rfind(LF) + 1]
        return self._read(whole, name).pieces if whole else ()

    def _read(self, raw: bytes, name: str) -> AccountFile:
        return read_account_file(raw, name, self.zone, self.cost_decimals, self.limits)
