"""What a profile may choose about Ethernet on the fly (`[stream]`, docs/wires/stream.md).

Every key has a default, so that a profile of before stays valid. What is not ours is seen in public
programs that talk to real exchanges.
"""

from typing import Annotated, ClassVar

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import PortKind, WireSection

_OURS, _INFERRED = Standing.OURS, Standing.INFERRED

PORT_MAX = 65_535


class StreamSettings(WireSection):
    """Ethernet on the fly (facts: oxe 1).

    Attributes:
        open: whether the wire is there at all.
        port: of CPU A; 0 is a free one. Belongs to the process.
        port_b: of CPU B, on the same address. Belongs to the process.
    """

    PORTS: ClassVar = (PortKind("stream-a", key="port"), PortKind("stream-b", key="port_b"))

    open: Annotated[bool, _OURS] = False
    port: Annotated[int, Field(ge=0, le=PORT_MAX), _INFERRED] = 2533
    port_b: Annotated[int, Field(ge=0, le=PORT_MAX), _OURS] = 2534
