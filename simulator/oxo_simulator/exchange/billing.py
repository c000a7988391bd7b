"""What is printed for a guest: the items of each document, for whichever wire prints it.

All money is gross: VAT is the part of it that a rate makes, rounded half up to hundredths (facts:
oxo 4 names what the documents list; how VAT is counted is ours).
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.booths import Prepayment
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.rooms import Room

HUNDREDTH = Decimal("0.01")

Items = tuple[tuple[str, str], ...]


class BillingTerms(NamedTuple):
    """On what terms a hotel bills: currency, percent of VAT, and the last line of a document."""

    currency: str
    vat_rate: Decimal
    footnote: str

    def vat(self, cost: Decimal) -> Decimal:
        """Return the part of a gross sum that is VAT."""
        return money(cost * self.vat_rate / (100 + self.vat_rate))


def money(amount: Decimal) -> Decimal:
    """Round to hundredths, a half up."""
    return amount.quantize(HUNDREDTH, ROUND_HALF_UP)


def yes_or_no(value: bool | None) -> str | None:  # noqa: FBT001 - it is the value to be said
    """Say a truth as a document does."""
    return None if value is None else ("yes" if value else "no")


def told(items: Mapping[str, object]) -> Items:
    """Return the items that have a value, as texts."""
    return tuple((name, str(value)) for name, value in items.items() if value is not None)


def information(room: Room, terms: BillingTerms) -> Items:
    """Return what a Guest Information Ticket says (facts: oxo 4, documented list)."""
    begin = room.since
    return told(
        {
            "room": room.room,
            "guest_name": room.guest_name,
            "from": None if begin is None else _wall_clock(begin),
            "language": room.language,
            "direct_number": room.direct_number,
            "barring": room.barring,
            "do_not_disturb": yes_or_no(room.do_not_disturb),
            "reminder_time": None if room.reminder_time is None else f"{room.reminder_time:%H:%M}",
            **_account(room, terms),
        }
    )


def global_bill(room: Room, end: Moment, terms: BillingTerms) -> Items:
    """Return what a Guest Global Bill Ticket says."""
    begin = room.since
    return told(
        {
            "room": room.room,
            "guest_name": room.guest_name,
            "from": None if begin is None else _wall_clock(begin),
            "to": _wall_clock(end),
            **_account(room, terms),
        }
    )


def booth_bill(
    ticket: Ticket, ended: Moment, terms: BillingTerms, paid: Prepayment | None = None
) -> Items:
    """Return what a Phone Booth Bill says of one call, and of what was paid in advance.

    The call `ended` later than its ticket's begin and duration say: it rang, and no ticket of an
    outgoing call tells for how long (facts: oxo 2.1 RIN, documented).
    """
    cost, seconds = money(ticket.cost or Decimal(0)), ticket.call_seconds or 0
    return told(
        {
            "room": ticket.charged_user,
            "number": ticket.dialled_number,
            "from": ticket.local_time.isoformat(),
            "to": _wall_clock(ended),
            "duration": _duration(seconds),
            "calls": 1,
            "units": ticket.units or 0,
            **dict(_sums(cost, terms)),
            "deposit": None if paid is None else money(paid.amount),
            "balance": None if paid is None else money(paid.balance),
            "footnote": terms.footnote,
        }
    )


def _account(room: Room, terms: BillingTerms) -> Mapping[str, object]:
    balance = room.balance
    return {
        "calls": room.calls,
        "units": room.units,
        **dict(_sums(money(room.cost), terms)),
        "deposit": None if room.deposit is None else money(room.deposit),
        "balance": None if balance is None else money(balance),
        "footnote": terms.footnote,
    }


def _sums(cost: Decimal, terms: BillingTerms) -> Iterator[tuple[str, object]]:
    yield "cost", cost
    yield "currency", terms.currency
    yield "vat_rate", money(terms.vat_rate)
    yield "vat", terms.vat(cost)


def _wall_clock(moment: Moment) -> str:
    return moment.local.isoformat(timespec="seconds")


def _duration(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
