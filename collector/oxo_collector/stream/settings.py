"""The stream wire in the configuration: the table `[exchange.stream]`."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from oxo_collector.section import File, Pauses, Place, Seconds, plain_address

PORT: Final = 2533
"""Where an exchange listens (facts: oxe 1.1, field)."""


def _peer(text: Any) -> Place:
    """Return an address with its port; one without brackets and with many colons is an IPv6's."""
    if isinstance(text, str):
        found = re.fullmatch(r"(\[.*\]|[^:]*)(?::([0-9]{1,5}))?", text)
        address = text if found is None else found[1]
        port = PORT if found is None or found[2] is None else int(found[2])
        if 0 < port <= 65535:  # noqa: PLR2004 - a TCP port
            return Place(plain_address(address), port)
    raise ValueError("allowed is an address, or an address and a port, such as '10.0.0.5:2533'")


Peer = Annotated[InstanceOf[Place], BeforeValidator(_peer)]


class Stream(Pauses):
    """The tickets of an exchange on the fly (facts: oxe 1). Times are in seconds.

    Attributes:
        address: `host` or `host:port` of the exchange; `second_address` is its other processor's.
        connect_seconds_max: limit of a connection.
        open_seconds_max: so long the exchange may take to tell its role.
        silence_seconds_max: a connection that is silent so long is taken for dead.
        first_seconds_max: likewise until something came after the start, where that is longer.
        cost_decimals: of the costs in the records.
        spool: the folder of the spool; None: beside the store, with its name.
        spool_bytes_max: of all that is spooled and not in the store.
        held_bytes_max: so much is held in memory while the spool cannot be written.
    """

    rest_seconds_max: Seconds = 10.0
    address: Peer
    second_address: Peer | None = None
    connect_seconds_max: Seconds = 10.0
    open_seconds_max: Seconds = 10.0
    silence_seconds_max: Seconds = 65.0
    first_seconds_max: Seconds = 180.0
    cost_decimals: Annotated[int, Field(ge=0, le=4)] = 2
    spool: File | None = None
    spool_bytes_max: Annotated[int, Field(ge=32 * 1024**2, le=1024**4)] = 1024**3
    held_bytes_max: Annotated[int, Field(ge=65_536, le=256 * 1024**2)] = 8 * 1024**2

    @model_validator(mode="after")
    def _two_addresses(self) -> Self:
        if self.second_address == self.address:
            raise ValueError("second_address is the same as address; leave it out")
        return self

    @property
    def places(self) -> tuple[Place, ...]:
        """The addresses, the first one first."""
        return tuple(place for place in (self.address, self.second_address) if place is not None)

    def spool_of(self, exchange: str, store: Path) -> Path:
        """Return the folder in which an exchange's tickets wait for the store."""
        beside = self.spool or store.with_name(store.name + ".spool")
        return beside / exchange
