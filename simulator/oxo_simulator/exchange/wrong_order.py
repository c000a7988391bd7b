"""What can be wrong with an order of a call, before anybody is called."""

import re

from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.placed import quoted
from oxo_simulator.exchange.recorded import DURATION_SECONDS_MAX

DIGITS_MAX = 26
ACCOUNT_CODE_CHARACTERS_MAX = 16
ADVISED_UNITS_MAX = 65_535
"""Digits, characters and units that a ticket has room for (facts: oxo 2.2, documented)."""
RING_SECONDS_MAX = 24 * 3600 - 1
CALLS_MAX = 1_000
CONFERENCE_PARTIES_MAX = 5
"""Ours."""

_NUMBER = re.compile(rf"[0-9A-D*#+]{{0,{DIGITS_MAX}}}")


def wrong_order(order: CallOrder) -> str | None:
    """Say what is wrong with an order, if anything is."""
    return (
        _figures(order)
        or _texts(order)
        or _direction(order)
        or _transfer(order)
        or _conference(order)
    )


def wrong_number(number: str) -> str | None:
    """Say what is wrong with an external number, if anything is."""
    if _NUMBER.fullmatch(number):
        return None
    return f"number {quoted(number)}; at most {DIGITS_MAX} of 0-9 A-D * # + are expected"


def wrong_target(number: str) -> str | None:
    """Say what is wrong with an external number that the exchange dials itself."""
    return wrong_number(number) if number else "a number is expected"


def _figures(order: CallOrder) -> str | None:
    limits = (
        ("ring_seconds", order.ring_seconds, 0, RING_SECONDS_MAX),
        ("call_seconds", order.call_seconds, 0, DURATION_SECONDS_MAX),
        ("units", order.units or 0, 0, ADVISED_UNITS_MAX),
        ("times", order.times, 1, CALLS_MAX),
    )
    for name, value, least, most in limits:
        if not least <= value <= most:
            return f"{name} {quoted(value)}; {least} to {most} is expected"
    return None


def _texts(order: CallOrder) -> str | None:
    code = order.account_code
    if code is not None and not 1 <= len(code) <= ACCOUNT_CODE_CHARACTERS_MAX:
        return (
            f"account_code of {len(code)} characters; "
            f"at most {ACCOUNT_CODE_CHARACTERS_MAX} are expected, and one at least"
        )
    if code is not None and not code.isprintable():
        return f"account_code {code!r}; printable characters are expected"
    if order.network and order.units:
        return f"units {order.units}; nobody advises any in a private network"
    # Who calls from outside may have no number to show, who is called has one.
    is_caller = order.direction == "incoming" and not order.break_in
    return wrong_number(order.number) if is_caller else wrong_target(order.number)


def _direction(order: CallOrder) -> str | None:
    """Look for what a call of this direction cannot have."""
    if order.direction == "internal":
        for name in ("trunk", "network", "break_in"):
            if getattr(order, name):
                return f"{name}; a call inside the exchange has none"
    for name in ("services", "operator_made"):
        if getattr(order, name) and order.break_in:
            return f"{name}; a call from line to line has none"
        if getattr(order, name) and order.direction != "outgoing":
            return f"{name}; an outgoing call alone has them"
    return None


def _transfer(order: CallOrder) -> str | None:
    if order.transfer_to is None:
        return _alone("transfer_after_seconds", order.transfer_after_seconds, "transfer_to")
    if order.break_in or order.conference_with:
        return "transfer_to; a call from line to line or a conference is not transferred"
    if not 0 < order.transfer_after_seconds < order.call_seconds:
        return (
            f"transfer_after_seconds {quoted(order.transfer_after_seconds)}; "
            f"1 to less than call_seconds {order.call_seconds} is expected"
        )
    return None


def _conference(order: CallOrder) -> str | None:
    if not order.conference_with:
        seconds = order.conference_after_seconds
        return _alone("conference_after_seconds", seconds, "conference_with")
    if order.break_in:
        return "conference_with; a call from line to line has nobody who brings others in"
    if len(order.conference_with) > CONFERENCE_PARTIES_MAX:
        return f"conference_with {len(order.conference_with)}; at most {CONFERENCE_PARTIES_MAX}"
    if not 0 <= order.conference_after_seconds < order.call_seconds:
        return (
            f"conference_after_seconds {quoted(order.conference_after_seconds)}; "
            f"0 to less than call_seconds {order.call_seconds} is expected"
        )
    return next((wrong for each in order.conference_with if (wrong := wrong_target(each))), None)


def _alone(name: str, seconds: int, what: str) -> str | None:
    return f"{name} {quoted(seconds)}; {what} is expected too" if seconds else None
