"""Phone booths in hotel mode: what was paid there in advance, and what is left of it.

A call is cut off when the prepayment is used up (facts: oxo 4, documented); then the lines are
closed until something is paid anew. A booth where nothing was paid has no limit, a call that began
before is not paid from it, and who pays anew begins anew (ours).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.placed import OrderError
from oxo_simulator.exchange.rooms import DEPOSIT_MAX, is_money


@dataclass(frozen=True)
class Prepayment:
    """What was paid at a booth.

    Attributes:
        amount: of money.
        since: when.
        cost: of the calls since then.
    """

    amount: Decimal
    since: Moment
    cost: Decimal = Decimal(0)

    @property
    def balance(self) -> Decimal:
        """What is left, never below zero."""
        return max(Decimal(0), self.amount - self.cost)


class Booths:
    """The booths of one exchange.

    Args:
        numbers: of the booths.

    Attributes:
        prepaid: number of a booth -> what was paid there; `None`: nothing, and it has no limit.
    """

    def __init__(self, numbers: Collection[str]) -> None:
        self.prepaid: dict[str, Prepayment | None] = dict.fromkeys(numbers)

    def allowance(self, booth: str) -> Decimal | None:
        """Return what may still be spent there; `None`: no limit."""
        paid = self.prepaid.get(booth)
        return None if paid is None else paid.balance

    def prepay(self, booth: str, amount: Decimal | None, now: Moment) -> None:
        """Take an amount in place of the one before; `None`: pay back what is left.

        Raises:
            OrderError: there is no such booth or amount; nothing has changed.
        """
        if booth not in self.prepaid:
            listed = ", ".join(self.prepaid) or "none"
            raise OrderError(f"{booth[:64]!r} is no phone booth; there are {listed}")
        if amount is not None and not is_money(amount):
            raise OrderError(f"amount {amount}; 0 to {DEPOSIT_MAX} in hundredths is expected")
        self.prepaid[booth] = None if amount is None else Prepayment(amount, now)

    def charge(self, booth: str, cost: Decimal) -> bool:
        """Lower what is left by the cost of a call, and tell whether that has used it up."""
        paid = self.prepaid[booth]
        if paid is None:
            return False
        spent = self.prepaid[booth] = replace(paid, cost=paid.cost + cost)
        return bool(paid.balance) and not spent.balance

    def forget(self) -> None:
        """Lose what was paid, as a cold reset does."""
        self.prepaid = dict.fromkeys(self.prepaid)

    def follow(self, before: "Booths") -> None:
        """Go on with what another release had."""
        self.prepaid |= {
            booth: paid for booth, paid in before.prepaid.items() if booth in self.prepaid
        }
