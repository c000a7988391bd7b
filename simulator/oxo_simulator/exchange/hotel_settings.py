"""What a profile may choose about hotel mode (facts: oxo 4)."""

from decimal import Decimal
from typing import Annotated

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import Section

FOOTNOTE_CHARACTERS_MAX = 40
"""Documented (facts: oxo 4)."""

_DOC, _OURS = Standing.DOCUMENTED, Standing.OURS


class HotelSettings(Section):
    """Section `[hotel]` of a profile; without effect in business mode.

    Attributes:
        print_room_status: whether a change of a room's status leads to a ticket (`RST`).
        guest_information: whether a Guest Information Ticket is printed after each check-in.
        guest_bill: whether a Guest Global Bill Ticket is printed after each check-out.
        booth_bill: whether a Phone Booth Bill is printed after each call from a booth.
        vat_rate: percent of value added tax in what a guest pays.
        footnote: the last line of what is printed.
    """

    print_room_status: Annotated[bool, _DOC] = False
    guest_information: Annotated[bool, _DOC] = True
    guest_bill: Annotated[bool, _DOC] = True
    booth_bill: Annotated[bool, _DOC] = True
    vat_rate: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=2), _OURS] = Decimal("20.00")
    footnote: Annotated[
        str, Field(max_length=FOOTNOTE_CHARACTERS_MAX, pattern=r"^[ -~\u00a0-\u00ff]*$"), _DOC
    ] = "THANKS FOR COMING"
