"""What the ledger says of the exchange itself: calls, sets, appointments, the hotel, its life.

Each function words one line for a person who runs telephones; the keys are those of the run
bundle's page of ledger lines. A key that is missing is shown as a dash, never an error: a bundle
may be older or newer than this program.
"""

from collections.abc import Callable
from typing import Any

from oxo_reports.wording import plain, quantity

Line = dict[str, Any]
Words = Callable[[Line], str]


def _of(line: Line, key: str) -> str:
    return plain(line.get(key))


def _told(line: Line, key: str, words: str) -> str:
    """Return words with the key's value at the end, or nothing where the line has none."""
    return f", {words} {_of(line, key)}" if line.get(key) not in (None, "", []) else ""


def _why(line: Line) -> str:
    return f": {_of(line, 'why')}" if line.get("why") else ""


def _call(line: Line) -> str:
    call = f"call {_of(line, 'call')} {_of(line, 'direction')}, user {_of(line, 'user')}"
    reached = f"{_told(line, 'number', 'number')}{_told(line, 'trunk', 'line')}"
    return f"{call}{reached}: {_of(line, 'outcome')}"


def _call_ended(line: Line) -> str:
    tickets = line.get("tickets")
    count = len(tickets) if isinstance(tickets, list) else 0
    return f"call {_of(line, 'call')} ended with {quantity(count, 'ticket')}{_why(line)}"


def _set(line: Line) -> str:
    diverted = _told(line, "diverted_to", "diverted to")
    monitored = _told(line, "monitoring", "monitoring")
    return f"set {_of(line, 'user')}: {_of(line, 'state')}{diverted}{monitored}"


def _reminder(line: Line) -> str:
    attempt = line.get("attempt")
    which = f", attempt {attempt}" if isinstance(attempt, int) and attempt > 0 else ""
    what = f"{_of(line, 'kind')} appointment of {_of(line, 'user')} at {_of(line, 'time')}"
    return f"{what}, by the {_of(line, 'by')}: {_of(line, 'state')}{which}{_why(line)}"


def _room(line: Line) -> str:
    return f"room {_of(line, 'room')}: {_of(line, 'what')}, by the {_of(line, 'by')}"


def _reception(line: Line) -> str:
    ring = line.get("ring")
    which = f" {ring}" if isinstance(ring, int) and ring > 0 else ""
    woken = f"room {_of(line, 'room')}'s wake-up at {_of(line, 'time')}"
    return f"reception, {woken} failed: {_of(line, 'state')}{which}"


def _document(line: Line) -> str:
    return f"{_of(line, 'kind')} of {_of(line, 'room')} given to the wires that print it"


def _hotel_event(line: Line, what: str) -> str:
    return f"hotel event {_of(line, 'number')} {what}{_told(line, 'left_out', 'left out')}"


def _hotel_order(line: Line) -> str:
    order = line.get("order") or line.get("letter")
    return f"hotel system orders {plain(order)}, room {_of(line, 'room')}: {_of(line, 'result')}"


def _reply(line: Line, what: str) -> str:
    reason = _told(line, "reason", "for") + _told(line, "left_out", "left out")
    return f"answer {_of(line, 'letter')} to the hotel system {what}{reason}"


def _traffic(line: Line) -> str:
    return (
        f"traffic of a day: {_of(line, 'day')}, {_of(line, 'sets')} sets, seed {_of(line, 'seed')}"
    )


def _firmware(line: Line) -> str:
    return f"firmware: release {_of(line, 'release')}, profile {_of(line, 'profile')}"


def _address(line: Line) -> str:
    return f"moved from {_of(line, 'previous')} to {_of(line, 'address')}"


def _certificate(line: Line) -> str:
    return f"new certificate for {_of(line, 'names')}, authority {_of(line, 'authority')}"


def _licence(line: Line) -> str:
    opened = line.get("call_accounting_over_ip") is True
    return f"licence of call accounting over IP {'opened' if opened else 'closed'}"


EXCHANGE: dict[str, Words] = {
    "call": _call,
    "call ended": _call_ended,
    "set": _set,
    "reminder": _reminder,
    "room": _room,
    "reception": _reception,
    "document": _document,
    "hotel event": lambda line: _hotel_event(line, "waits"),
    "hotel event told": lambda line: _hotel_event(line, "told"),
    "hotel event lost": lambda line: _hotel_event(line, "lost"),
    "hotel order": _hotel_order,
    "hotel reply lost": lambda line: _reply(line, "lost"),
    "hotel reply shortened": lambda line: _reply(line, "shortened"),
    "traffic": _traffic,
    "firmware": _firmware,
    "address": _address,
    "certificate": _certificate,
    "licence": _licence,
    "host key": lambda line: f"new SSH host key {_of(line, 'fingerprint')}",
    "epoch": lambda line: f"sequences begin again, epoch {_of(line, 'epoch')}",
    "printer not ready": lambda line: f"printer not ready for {_of(line, 'seconds')} s",
}
"""Event -> its words."""
DISTURBING = ("firmware", "address", "epoch", "licence", "printer not ready")
"""Those after which a collector may find the exchange other than it was."""
