"""Which calls become tickets: the section `[metering]` of a profile."""

from decimal import Decimal
from typing import Annotated, Literal

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import Section

_DOC, _OURS = Standing.DOCUMENTED, Standing.OURS


class Metering(Section):
    """What becomes a ticket, and when after the call's end (facts: oxo 1.3, 7.3).

    Attributes:
        unanswered_incoming: calls from outside or inside that nobody answered are ticketed.
        write_delay_seconds: exchange seconds from the end of a call to its ticket.
        monitoring: of sets that have none of their own: `none`, `all`, or `outgoing` public calls
            that meet one of the criteria below, all of them where no criterion is set.
        duration_minutes: criterion: lasts so long at least; 0 is no criterion.
        cost: criterion: costs so much at least; 0 is no criterion.
        international_prefix: criterion: the number begins so; empty is no criterion.
        mask_last_four: the last four dialled digits are hidden on every wire.
        long_calls: of more than 24 hours: `continue` in further tickets, each of 23:59:59 at most,
            or let the duration `grow`.
    """

    unanswered_incoming: Annotated[bool, _DOC]
    write_delay_seconds: Annotated[float, Field(ge=0, le=3600), _OURS]
    monitoring: Annotated[Literal["none", "all", "outgoing"], _DOC] = "all"
    duration_minutes: Annotated[int, Field(ge=0, le=99), _DOC] = 0
    cost: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2), _DOC] = Decimal(0)
    international_prefix: Annotated[str, Field(pattern=r"^[0-9*#]{0,4}$"), _DOC] = ""
    mask_last_four: Annotated[bool, _DOC] = False
    long_calls: Annotated[Literal["continue", "grow"], _OURS] = "continue"
