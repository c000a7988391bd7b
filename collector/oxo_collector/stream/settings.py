"""The stream wire in the configuration: the table `[exchange.stream]`."""

from typing import Annotated

from pydantic import Field, StringConstraints

from oxo_collector.section import File, Pauses, Seconds

Peer = Annotated[str, StringConstraints(pattern=r"^[^\s]{1,280}$")]
"""`host` or `host:port`."""


class Stream(Pauses):
    """The tickets of an exchange on the fly (facts: oxe 1). Times are in seconds."""

    address: Peer
    second_address: Peer | None = None
    connect_seconds_max: Seconds = 10.0
    open_seconds_max: Seconds = 10.0
    silence_seconds_max: Seconds = 65.0
    cost_decimals: Annotated[int, Field(ge=0, le=4)] = 2
    spool: File | None = None
