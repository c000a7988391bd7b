"""What a profile may choose about the hotel link (`[ohl]`, docs/wires/ohl.md).

Every key has a default, so that a profile of before stays valid. Little of this wire is published:
what is not ours is inferred from one public program, or from the print buffer (capacity).
"""

from typing import Annotated, ClassVar, Literal

from oxo_tickets import Standing
from pydantic import AfterValidator, Field

from oxo_simulator.ohl.codec import LrcRange
from oxo_simulator.ohl.layout import laid_over
from oxo_simulator.profile_section import PortKind, WireSection

_OURS, _INFERRED = Standing.OURS, Standing.INFERRED

PORT_MAX = 65_535
SECONDS_MAX = 3600
_FOUR_CHARACTERS = r"^[\x20-\x7e]{4}$"


def _possible(layouts: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    laid_over(layouts)
    return layouts


class OhlSettings(WireSection):
    """The hotel link over TCP (facts: oxo 4.1, 7.3).

    Attributes:
        open: whether the exchange has this wire.
        port: where the hotel system connects; 0 is a free one. Belongs to the process.
        connection_text: the four characters of the connection message, whose meaning is unknown.
        keep_alive_text: the four characters of the keep-alive.
        keep_alive_seconds: quiet time after which a keep-alive is sent.
        silence_seconds: a peer that says nothing readable for so long is let go.
        answer_seconds: so long an answer to a frame, and the end of a frame begun, is waited for.
        attempts: so often a frame is sent before the connection is ended.
        lrc_range: which bytes the check value covers.
        six_digit_passwords: check-ins and replies have the form with six digits (B, V, S).
        second_client: whether a second connection is refused or takes over.
        flow: XOFF holds what is to be said and XON goes on, or both are left alone.
        replies: every order of the hotel system is answered by a reply, or questions alone.
        events_max: so many hotel events wait at most; later ones are lost.
        capacity: so many tickets wait at most.
        alarm_percent: filling at which the alarm is raised; 0 raises none.
        overflow: which ticket is let go when no more can wait.
        layouts: letter -> places of its body, in place of the default tables.
    """

    PORTS: ClassVar = (PortKind("ohl", key="port"),)

    open: Annotated[bool, _OURS] = False
    port: Annotated[int, Field(ge=0, le=PORT_MAX), _INFERRED] = 5010
    connection_text: Annotated[str, Field(pattern=_FOUR_CHARACTERS), _INFERRED] = "FFFF"
    keep_alive_text: Annotated[str, Field(pattern=_FOUR_CHARACTERS), _OURS] = "0000"
    keep_alive_seconds: Annotated[float, Field(ge=0.05, le=SECONDS_MAX), _OURS] = 20
    silence_seconds: Annotated[float, Field(ge=0.05, le=SECONDS_MAX), _INFERRED] = 60
    answer_seconds: Annotated[float, Field(ge=0.05, le=SECONDS_MAX), _OURS] = 5
    attempts: Annotated[int, Field(ge=1, le=100), _OURS] = 3
    lrc_range: Annotated[LrcRange, _INFERRED] = "type-to-body"
    six_digit_passwords: Annotated[bool, _INFERRED] = False
    second_client: Annotated[Literal["take-over", "refuse"], _OURS] = "take-over"
    flow: Annotated[Literal["xon-xoff", "none"], _INFERRED] = "xon-xoff"
    replies: Annotated[Literal["every-order", "questions"], _OURS] = "every-order"
    events_max: Annotated[int, Field(ge=1, le=30_000), _OURS] = 1000
    capacity: Annotated[int, Field(ge=1, le=30_000), _INFERRED] = 1000
    alarm_percent: Annotated[int, Field(ge=0, le=100), _INFERRED] = 70
    overflow: Annotated[Literal["newest", "oldest"], _INFERRED] = "newest"
    layouts: Annotated[dict[str, tuple[str, ...]], AfterValidator(_possible), _OURS] = Field(
        default_factory=dict
    )
