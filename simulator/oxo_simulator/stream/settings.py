"""What a profile may choose about Ethernet on the fly (`[stream]`, docs/wires/stream.md).

Every key has a default, so that a profile of before stays valid. What is not ours is seen in public
programs that talk to real exchanges, or stands in the maker's documents (facts: oxe 1).
"""

from typing import Annotated, ClassVar, Literal

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import PortKind, WireSection

_DOC, _FIELD, _INFERRED, _OURS = (
    Standing.DOCUMENTED,
    Standing.FIELD,
    Standing.INFERRED,
    Standing.OURS,
)

PORT_A, PORT_B = "stream-a", "stream-b"
PORT_MAX = 65_535
SECONDS_MAX = 3600

Seconds = Field(ge=0.05, le=SECONDS_MAX)
Buffer = Literal["kept", "lost"]


class StreamSettings(WireSection):
    """Ethernet on the fly (facts: oxe 1).

    Attributes:
        open: whether the wire is there at all.
        port: of CPU A; 0 is a free one. Belongs to the process.
        port_b: of CPU B, on the same address. Belongs to the process.
        standby: what a connection to the CPU that is not main meets.
        standby_role: code of the byte by which that CPU says that it is not main.
        empty_first: whether an empty ticket follows the role before the collector has started.
        separate_writes: whether length and payload of a frame leave one after the other.
        line_feed: whether a record has one behind it, as in files.
        keep_alive_seconds: between two requests, from the start on.
        answer_seconds: so long an answer to a request is waited for.
        open_seconds: so long a connection may take to open the dialogue.
        start_seconds: so long it may take from there to the start.
        first_ticket_seconds: from the start to the first ticket that is not empty.
        second_client: what a connection meets while another one is served.
        mao: whether changes of the configuration are told.
        voip: whether ends of calls over VoIP trunks are told.
        licensed: whether tickets are kept only with the licence Call Accounting over IP. The sister
            has licences of its own for this wire (facts: oxe 1.1); this exchange has none.
        capacity: so many tickets wait at most.
        alarm_percent: filling at which the alarm is raised; 0 raises none.
        overflow: which ticket is let go when no more can wait.
        buffer_on_switch_over: what becomes of tickets that wait at an ordered switch-over.
        buffer_on_failure: the same when the main CPU fails.
    """

    PORTS: ClassVar = (PortKind(PORT_A, key="port"), PortKind(PORT_B, key="port_b"))

    open: Annotated[bool, _OURS] = False
    port: Annotated[int, Field(ge=0, le=PORT_MAX), _FIELD] = 2533
    port_b: Annotated[int, Field(ge=0, le=PORT_MAX), _OURS] = 2534
    standby: Annotated[Literal["refuse", "role-then-close", "silent"], _OURS] = "refuse"
    standby_role: Annotated[int, Field(ge=0x51, le=0xFF), _OURS] = 0x53
    empty_first: Annotated[bool, _INFERRED] = True
    separate_writes: Annotated[bool, _FIELD] = True
    line_feed: Annotated[bool, _INFERRED] = False
    keep_alive_seconds: Annotated[float, Seconds, _DOC] = 30
    answer_seconds: Annotated[float, Seconds, _OURS] = 30
    open_seconds: Annotated[float, Seconds, _OURS] = 30
    start_seconds: Annotated[float, Seconds, _OURS] = 30
    first_ticket_seconds: Annotated[float, Field(ge=0, le=SECONDS_MAX), _FIELD] = 0
    second_client: Annotated[Literal["close", "refuse", "replace"], _OURS] = "close"
    mao: Annotated[bool, _FIELD] = True
    voip: Annotated[bool, _FIELD] = True
    licensed: Annotated[bool, _OURS] = False
    capacity: Annotated[int, Field(ge=1, le=30_000), _OURS] = 1000
    alarm_percent: Annotated[int, Field(ge=0, le=100), _OURS] = 70
    overflow: Annotated[Literal["newest", "oldest"], _OURS] = "newest"
    buffer_on_switch_over: Annotated[Buffer, _OURS] = "kept"
    buffer_on_failure: Annotated[Buffer, _OURS] = "lost"
