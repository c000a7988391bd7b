"""Account files that lie on this machine, into the store as if they had been fetched.

They may be compressed, plain text or the comma rendering (facts: oxe 2.6, 3.2). A file is known by
its name on the exchange and its content, so that a second import adds nothing, nor does a file
that was fetched before, in whatever form it lies here. Each file is one transaction: an import that
is broken off is begun again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from oxo_collector.configuration import Exchange
from oxo_collector.decoders.account_file import read_account_file
from oxo_collector.decoders.ed52_layout import COST_DECIMALS
from oxo_collector.intake import Intake
from oxo_collector.receipt import FetchedFile, Source, Stored, Wire

FILE_BYTES_MAX: Final = 256 * 1024 * 1024

NAMELESS: Final = (
    "not named as an exchange names its files (TAXAAAAA.DAT): under another name the same file"
    " would count twice; give it the name that it had"
)

_ON_THE_EXCHANGE: Final = re.compile(r"(TAX[A-Z]{5}(?:_[0-9A-F]{8})?)(?:\..*)?")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file.

    Attributes:
        file: as it was given.
        name: on the exchange; None where it cannot be told.
        form: how it is written; None where it is no account file.
        records: lines that are tickets, or should be.
        stored: what the store did; None where the file was refused.
        refused: why nothing of it was stored.
    """

    file: str
    name: str | None
    form: str | None
    records: int
    stored: Stored | None
    refused: str | None


def name_on_the_exchange(name: str) -> str | None:
    """Return how the exchange calls a file: `TAXAXBGT`, `taxaxbgt.dat.Z` are `TAXAXBGT.DAT`.

    None: it is no name of an account file.
    """
    found = _ON_THE_EXCHANGE.fullmatch(name.upper())
    return None if found is None else f"{found[1]}.DAT"


def import_files(
    files: Sequence[Path], exchange: Exchange, door: Intake, bytes_max: int = FILE_BYTES_MAX
) -> Iterator[Imported]:
    """Store one file after the other, in the order given; each is durable when it is told.

    Raises:
        StoreUnusable: the store cannot be written; what was told so far is in it.
    """
    for file in files:
        yield _import_one(file, exchange, door, bytes_max)


def _import_one(file: Path, exchange: Exchange, door: Intake, bytes_max: int) -> Imported:
    name = name_on_the_exchange(file.name)
    if name is None:
        return Imported(str(file), name, None, 0, None, NAMELESS)
    raw = _read(file, bytes_max)
    if isinstance(raw, str):
        return Imported(str(file), name, None, 0, None, raw)
    wire = exchange.account or exchange.stream
    decimals = COST_DECIMALS if wire is None else wire.cost_decimals
    read = read_account_file(raw, name, exchange.zone, decimals)
    if read.refused is not None:
        return Imported(str(file), name, read.form, 0, None, read.refused.reason)
    fetched = FetchedFile(name, len(raw), sha256(raw).hexdigest(), None, len(read.pieces))
    source = Source(exchange.name, Wire.ACCOUNT)
    stored = door.keep_account_file(source, fetched, read.pieces, raw, None)
    return Imported(str(file), name, read.form, len(read.pieces), stored, None)


def _read(file: Path, bytes_max: int) -> bytes | str:
    """Return the bytes of a file, or why there are none."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(bytes_max + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return raw if len(raw) <= bytes_max else f"longer than {bytes_max} bytes"
