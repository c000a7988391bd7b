"""What a profile may choose about hotel mode (facts: oxo 4)."""

from decimal import Decimal
from typing import Annotated, Literal

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
        reception_alarm: whether the reception is rung when a room's wake-up failed, besides its
            message (`WakeUpPrbRg`: 01 or 00; which of them is usual is not told).
        reception_gap_seconds: until it is rung again, about so many.
        reception_rings: so often, unless somebody acknowledges.
        not_cleaned_at: `HH:MM` at which rooms are to be cleaned each day; empty: at no time.
        not_cleaned_rooms: which: `all`, or those with a guest.
    """

    print_room_status: Annotated[bool, _DOC] = False
    guest_information: Annotated[bool, _DOC] = True
    guest_bill: Annotated[bool, _DOC] = True
    booth_bill: Annotated[bool, _DOC] = True
    vat_rate: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=2), _OURS] = Decimal("20.00")
    footnote: Annotated[
        str, Field(max_length=FOOTNOTE_CHARACTERS_MAX, pattern=r"^[ -~\u00a0-\u00ff]*$"), _DOC
    ] = "THANKS FOR COMING"
    reception_alarm: Annotated[bool, _OURS] = True
    reception_gap_seconds: Annotated[int, Field(ge=1, le=3600), _DOC] = 30
    reception_rings: Annotated[int, Field(ge=1, le=1000), _OURS] = 10
    not_cleaned_at: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$"), _OURS] = ""
    not_cleaned_rooms: Annotated[Literal["all", "occupied"], _DOC] = "all"
