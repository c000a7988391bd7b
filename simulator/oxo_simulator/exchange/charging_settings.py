"""What calls cost: the section `[charging]` of a profile."""

from decimal import Decimal
from typing import Annotated, Literal

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import Section

_TEXT = r"^[^\x00-\x1f\x7f\ufffe\uffff]*$"
"""What XML can carry, on one line."""
_PREFIX = r"^[0-9*#]{0,4}$"

_DOC, _OURS, _INFERRED = Standing.DOCUMENTED, Standing.OURS, Standing.INFERRED


class Pricing(Section):
    """What a guest or booth pays: three rates, two thresholds (facts: oxo 4, documented).

    Attributes:
        rate_1: of a unit up to `threshold_1`; `None` charges as any other set.
        rate_2: of a unit up to `threshold_2`; `None` is the first rate.
        rate_3: of a unit beyond it; `None` is the second rate.
        threshold_1: units at the first rate.
        threshold_2: units at the first and the second rate together.
        surcharge: money for an answered call that the operator made.
    """

    rate_1: Annotated[Decimal | None, Field(ge=0, max_digits=6, decimal_places=2), _DOC] = None
    rate_2: Annotated[Decimal | None, Field(ge=0, max_digits=6, decimal_places=2), _DOC] = None
    rate_3: Annotated[Decimal | None, Field(ge=0, max_digits=6, decimal_places=2), _DOC] = None
    threshold_1: Annotated[int, Field(ge=0, le=65_535), _DOC] = 0
    threshold_2: Annotated[int, Field(ge=0, le=65_535), _DOC] = 0
    surcharge: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2), _DOC] = Decimal(0)


class Charging(Section):
    """Units, and what a unit costs (facts: oxo 1.3, 2.2, documented).

    Attributes:
        currency: as tickets show it.
        unit_value: money for a unit up to the threshold.
        threshold_units: units at the first value.
        second_unit_value: money for a unit beyond; `None` is the first value.
        decimals: of a cost on a ticket.
        units_by: `advice` of the network, or `time` that the exchange counts itself, which switches
            advice off.
        advice_seconds: the network advises a unit each so many seconds; 0: it advises none.
        local_seconds: by time: a unit each so many seconds of a local call; 0: none.
        national_seconds: of a call with the national prefix.
        international_seconds: of a call with the international prefix.
        national_prefix: of a number as it is dialled.
        international_prefix: of a number as it is dialled.
        basic_units: units of each answered outgoing call besides its time.
        user_to_user: money for user-to-user signalling, in units by the first value.
        forwarding: money for a call forwarded outside, in units by the first value.
        guest: prices of rooms.
        booth: prices of booths.
    """

    currency: Annotated[str, Field(min_length=1, max_length=8, pattern=_TEXT), _DOC]
    unit_value: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2), _OURS]
    threshold_units: Annotated[int, Field(ge=0, le=65_535), _DOC] = 0
    second_unit_value: Annotated[
        Decimal | None, Field(ge=0, max_digits=6, decimal_places=2), _DOC
    ] = None
    decimals: Annotated[int, Field(ge=0, le=2), _DOC] = 2
    units_by: Annotated[Literal["advice", "time"], _DOC] = "advice"
    advice_seconds: Annotated[int, Field(ge=0, le=3600), _OURS] = 0
    local_seconds: Annotated[int, Field(ge=0, le=3600), _DOC] = 0
    national_seconds: Annotated[int, Field(ge=0, le=3600), _DOC] = 0
    international_seconds: Annotated[int, Field(ge=0, le=3600), _DOC] = 0
    national_prefix: Annotated[str, Field(pattern=_PREFIX), _OURS] = "0"
    international_prefix: Annotated[str, Field(pattern=_PREFIX), _OURS] = "00"
    basic_units: Annotated[int, Field(ge=0, le=65_535), _INFERRED] = 0
    user_to_user: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2), _DOC] = Decimal(0)
    forwarding: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2), _DOC] = Decimal(0)
    guest: Pricing = Pricing()
    booth: Pricing = Pricing()
