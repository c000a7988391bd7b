"""The V24 wire in the configuration: the table `[exchange.v24]`."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import msgspec
from pydantic import (
    BeforeValidator,
    Field,
    InstanceOf,
    ValidationInfo,
    model_validator,
)

from oxo_collector.decoders.v24 import LAYOUTS, Layout, LayoutInvalid
from oxo_collector.decoders.v24_block import BlockLayout
from oxo_collector.section import (
    ConfigurationRefused,
    Pauses,
    Place,
    Seconds,
    Section,
    plain_address,
)
from oxo_collector.toml_file import CONFIGURATION_BYTES_MAX, read_table

HEADER: Final = "header"
"""The layout that the stream's own rows of titles tell."""


def _place(text: object) -> Place:
    found = re.fullmatch(r"(.+):([0-9]{1,5})", text) if isinstance(text, str) else None
    if found is None or int(found[2]) > 65535:  # noqa: PLR2004 - a TCP port
        raise ValueError("allowed is an address and a port, such as '127.0.0.1:6970'")
    return Place(plain_address(found[1]), int(found[2]))


def _door(text: object) -> Place:
    """Return where to listen: an address of this machine, port 0 for any free one."""
    place = _place(text)
    try:
        ip_address(place.address.partition("%")[0])
    except ValueError:
        raise ValueError("allowed is an IP address and a port, such as '127.0.0.1:6970'") from None
    return place


def _peer(text: object) -> Place:
    place = _place(text)
    if place.port == 0:
        raise ValueError("allowed is a port from 1 to 65535")
    return place


def layout_of(asked: str, folder: Path) -> Layout:
    """Return the layout of a known name, or the one in a file.

    The file is TOML or JSON with the keys of a `Layout` (columns with field, first and last).

    Raises:
        LayoutInvalid: the file cannot be read or holds no layout (the operator's fault).
    """
    if asked in LAYOUTS:
        return LAYOUTS[asked]
    try:
        return Layout.from_mapping(_table(folder / asked))
    except (OSError, ValueError, RecursionError, ConfigurationRefused) as error:
        known = ", ".join(LAYOUTS)
        reason = f"layout {asked!r} is neither known ({known}) nor a readable table: {error}"
        raise LayoutInvalid(reason) from error


def _table(path: Path) -> dict[str, Any]:
    if path.suffix != ".json":
        return read_table(path)
    with path.open("rb") as file:
        table: dict[str, Any] = msgspec.json.decode(file.read(CONFIGURATION_BYTES_MAX))
    return table


def _layout(asked: object, info: ValidationInfo) -> Layout | None:
    """Return the layout; None where the header tells it."""
    if not isinstance(asked, str) or not asked or "\0" in asked:
        raise ValueError(f"allowed is {HEADER!r}, {', '.join(LAYOUTS)}, or the name of a file")
    return None if asked == HEADER else layout_of(asked, Path(info.context or ""))


class Block(Section):
    """The template of the print mode TICKET (docs/collector.md); all of it has a default."""

    fields: tuple[str, ...] = BlockLayout().fields
    headings: Mapping[str, str] = Field(default_factory=dict)
    separator: str = BlockLayout().separator
    encoding: str = BlockLayout().encoding

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.template()
        return self

    def template(self) -> BlockLayout:
        """Return the template; raises LayoutInvalid (a ValueError) for one that cannot be."""
        return BlockLayout(self.fields, self.headings, self.separator, self.encoding)


class V24(Pauses):
    """The print statement of an exchange over TCP (facts: oxo 1.1, 6). Times are in seconds.

    Attributes:
        listen: the exchange, or its serial server, connects to us here.
        connect: we connect to it there.
        layout: the columns; None takes them from the rows of titles in the stream.
        block: the exchange prints blocks (mode TICKET) after this template, not lines.
        flow: whether XOFF and XON stop and start the sender.
        waiting_bytes_max: so much is held back from a peer that knows no XOFF, or does not obey,
            while the store does not take it; what is beyond stays in the sender's buffer.
        silence_seconds_max: a connection on which nothing came for so long is begun anew: a peer
            that is gone without a word cannot be told from one that has nothing to print.
    """

    listen: Annotated[InstanceOf[Place], BeforeValidator(_door)] | None = None
    connect: Annotated[InstanceOf[Place], BeforeValidator(_peer)] | None = None
    layout: Annotated[InstanceOf[Layout] | None, BeforeValidator(_layout)] = None
    block: Block | None = None
    flow: Literal["xon-xoff", "none"] = "xon-xoff"
    connect_seconds_max: Seconds = 10.0
    silence_seconds_max: Seconds = 900.0
    waiting_bytes_max: Annotated[int, Field(ge=65_536, le=256 * 1024 * 1024)] = 1024 * 1024

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.listen is None) == (self.connect is None):
            raise ValueError("exactly one of listen and connect is needed")
        if self.layout is not None and self.block is not None:
            raise ValueError("layout is of lines, block of blocks; give one of them")
        return self
