"""What a call costs.

Units come by advice of the network or by the exchange's own time, the first at the begin of the
conversation (facts: oxo 1.3 "counts from the first period", documented). A cost is units times the
first value up to the threshold, then times the second; a service of the network that is charged in
money is turned into units by the first value (facts: oxo 2.2, documented). The basic charge and the
metered units are each counted from the first value on, as the manual's example has it:

    first value 1.70, threshold 1 unit, second value 2.00
    basic charge     1 unit    1.70
    on-line metering 4 units   1.70 + 3 x 2.00 = 7.70
    user-to-user     5.10      3 units at 1.70
    ticket           8 units   14.50

Rooms and booths pay prices of their own where the profile has them: by three rates, all units
counted together (facts: oxo 4, documented; how the rates meet the basic charge is ours).
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from oxo_tickets import Facility

from oxo_simulator.exchange.charging_settings import Charging, Pricing
from oxo_simulator.exchange.directory import SetClass

NOTHING = Decimal(0)


class Pulses(NamedTuple):
    """When the units of a conversation come: one each `period` seconds, from the begin on.

    Attributes:
        period: seconds between two; `None`: there are none.
        total: what the network advises in all, spread over the conversation; `None`: no limit.
        seconds: length of the conversation that `total` is spread over.
    """

    period: Fraction | None = None
    total: int | None = None
    seconds: int = 0

    def until(self, seconds: int) -> int:
        """Return how many have come when the conversation has lasted so long."""
        if self.total is not None and seconds >= self.seconds:
            return self.total
        return 0 if self.period is None else ceil(seconds / self.period)


class Charge(NamedTuple):
    """Units and money of one user's part in a call."""

    units: int
    cost: Decimal


def advised(total: int, seconds: int) -> Pulses:
    """Spread so many units over a conversation."""
    return Pulses(Fraction(seconds, total) if total and seconds else None, total, seconds)


def pulses(charging: Charging, number: str) -> Pulses:
    """Return how units come on a public call to a number, by the profile."""
    period = _period(charging, number)
    return Pulses(Fraction(period) if period else None)


def _period(charging: Charging, number: str) -> int:
    if charging.units_by == "advice":
        return charging.advice_seconds
    if charging.international_prefix and number.startswith(charging.international_prefix):
        return charging.international_seconds
    if charging.national_prefix and number.startswith(charging.national_prefix):
        return charging.national_seconds
    return charging.local_seconds


class Tariff:
    """What one profile charges."""

    def __init__(self, charging: Charging) -> None:
        self.currency = charging.currency
        self._charging = charging

    def charge(
        self,
        units: int,
        *,
        set_class: SetClass | None = None,
        basic: bool = False,
        services: Sequence[Facility] = (),
        operator_made: bool = False,
    ) -> Charge:
        """Return what somebody pays for his part in a call.

        Args:
            units: metered.
            set_class: of the one who pays; `None`: no set.
            basic: whether the basic charge of an answered outgoing call is his.
            services: of the network, that are his.
            operator_made: whether the operator made the call for him.
        """
        basic_units = self._charging.basic_units if basic else 0
        money = sum((self._money(service) for service in services), NOTHING)
        pricing = self._pricing(set_class)
        if pricing is None or pricing.rate_1 is None:
            cost = self._values(basic_units) + self._values(units)
        else:
            cost = _rates(pricing, basic_units + units)
        surcharge = pricing.surcharge if pricing and operator_made else NOTHING
        return Charge(
            basic_units + units + self._units(money), self._rounded(cost + money + surcharge)
        )

    def _pricing(self, set_class: SetClass | None) -> Pricing | None:
        if set_class is SetClass.ROOM:
            return self._charging.guest
        return self._charging.booth if set_class is SetClass.BOOTH else None

    def _values(self, units: int) -> Decimal:
        charging = self._charging
        if charging.second_unit_value is None:
            return units * charging.unit_value
        first = min(units, charging.threshold_units)
        return first * charging.unit_value + (units - first) * charging.second_unit_value

    def _money(self, service: Facility) -> Decimal:
        prices = {
            Facility.USER_TO_USER: self._charging.user_to_user,
            Facility.EXTERNAL_FORWARDING: self._charging.forwarding,
        }
        return prices.get(service, NOTHING)

    def _units(self, money: Decimal) -> int:
        value = self._charging.unit_value
        return int((money / value).quantize(Decimal(1), ROUND_HALF_UP)) if value else 0

    def _rounded(self, cost: Decimal) -> Decimal:
        return cost.quantize(Decimal(1).scaleb(-self._charging.decimals), ROUND_HALF_UP)


def _rates(pricing: Pricing, units: int) -> Decimal:
    """Return the cost by three rates; a rate that is not set is the one before it."""
    rate_1 = pricing.rate_1 or NOTHING
    rate_2 = rate_1 if pricing.rate_2 is None else pricing.rate_2
    rate_3 = rate_2 if pricing.rate_3 is None else pricing.rate_3
    first = min(units, pricing.threshold_1)
    second = min(units, max(pricing.threshold_1, pricing.threshold_2)) - first
    return first * rate_1 + second * rate_2 + (units - first - second) * rate_3
