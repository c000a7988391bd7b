"""What can be wrong with an order of a call, before anybody is called."""

import re

from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.recorded import DURATION_SECONDS_MAX

DIGITS_MAX = 26
ACCOUNT_CODE_CHARACTERS_MAX = 16
UNITS_MAX = 65_535
"""Digits, characters and units that a ticket has room for (facts: oxo 2.2, documented)."""
RING_SECONDS_MAX = 24 * 3600 - 1
CALLS_MAX = 1_000
CONFERENCE_PARTIES_MAX = 5
"""Ours."""

_NUMBER = re.compile(rf"[0-9A-D*#+]{{0,{DIGITS_MAX}}}")


def wrong_order(order: CallOrder) -> str | None:
    """Say what is wrong with an order, if anything is."""
    return _figures(order) or _texts(order) or _transfer(order) or _conference(order)


def wrong_number(number: str) -> str | None:
    """Say what is wrong with an external number, if anything is."""
    if _NUMBER.fullmatch(number):
        return None
    return f"number {number!r}; at most {DIGITS_MAX} of 0-9 A-D * # + are expected"


def wrong_target(number: str) -> str | None:
    """Say what is wrong with an external number that the exchange dials itself."""
    return wrong_number(number) if number else "a number is expected"


def _figures(order: CallOrder) -> str | None:
    limits = (
        ("ring_seconds", order.ring_seconds, 0, RING_SECONDS_MAX),
        ("call_seconds", order.call_seconds, 0, DURATION_SECONDS_MAX),
        ("units", order.units or 0, 0, UNITS_MAX),
        ("times", order.times, 1, CALLS_MAX),
    )
    for name, value, least, most in limits:
        if not least <= value <= most:
            return f"{name} {value}; {least} to {most} is expected"
    return None


def _texts(order: CallOrder) -> str | None:
    if order.account_code is not None and len(order.account_code) > ACCOUNT_CODE_CHARACTERS_MAX:
        return (
            f"account_code of {len(order.account_code)} characters; "
            f"at most {ACCOUNT_CODE_CHARACTERS_MAX} are expected"
        )
    if order.direction == "internal" and order.trunk is not None:
        return "trunk; a call inside the exchange has none"
    return wrong_number(order.number)


def _transfer(order: CallOrder) -> str | None:
    if order.transfer_to is None:
        return None
    if order.break_in or order.conference_with:
        return "transfer_to; a call from line to line or a conference is not transferred"
    if not 0 < order.transfer_after_seconds < order.call_seconds:
        return (
            f"transfer_after_seconds {order.transfer_after_seconds}; "
            f"1 to less than call_seconds {order.call_seconds} is expected"
        )
    return None


def _conference(order: CallOrder) -> str | None:
    if not order.conference_with:
        return None
    if order.break_in:
        return "conference_with; a call from line to line has nobody who brings others in"
    if len(order.conference_with) > CONFERENCE_PARTIES_MAX:
        return f"conference_with {len(order.conference_with)}; at most {CONFERENCE_PARTIES_MAX}"
    if not 0 <= order.conference_after_seconds < order.call_seconds:
        return (
            f"conference_after_seconds {order.conference_after_seconds}; "
            f"0 to less than call_seconds {order.call_seconds} is expected"
        )
    return next((wrong for each in order.conference_with if (wrong := wrong_target(each))), None)
