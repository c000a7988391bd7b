"""Demands on the life of the exchange and of its buffer: hand-typed lines and what they prove."""

from typing import Any

import msgspec
import pytest
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.judge import Evidence, Restart
from oxo_scenarios.judge.demands import demand_of
from oxo_scenarios.judge.sight import look
from oxo_tickets import Ticket

CASE = load_catalogue().case("BU1")
Event = tuple[str, dict[str, Any]]
Answer = tuple[str, str | None]
OK: Answer = ("ok", None)


def made(number: int, *, fold: int | None = None, user: str = "128") -> Event:
    ticket = {"kind": "call", "local_time": "2020-10-25T02:30:00", "charged_user": user}
    whole = msgspec.to_builtins(msgspec.convert(ticket | {"fold": fold}, Ticket))
    return ("made", {"id": number, "ticket": whole})


def kept(number: int, sequence: int, **told: Any) -> list[Event]:
    return [made(number, **told), ("buffered", {"id": number, "sequence": sequence})]


def given(sequence: int, session: str = "s1") -> list[Event]:
    told = {"session": session, "first": sequence, "last": sequence}
    return [("offered", told), ("acknowledged", told)]


def dropped(number: int, reason: str) -> Event:
    return ("dropped", {"id": number, "reason": reason})


SERVING: Event = ("phase", {"phase": "serving"})
OPENED: Event = ("session opened", {"session": "s1"})
OPENED_AGAIN: Event = ("session opened", {"session": "s2"})


def closed(reason: str, session: str = "s1") -> Event:
    return ("session closed", {"session": session, "reason": reason})


def reset(kind: str) -> Event:
    return ("reset", {"kind": kind})


def answer(words: str, events: list[Event], *restarts: Restart) -> Answer:
    lines = [{"n": n, "event": event} | keys for n, (event, keys) in enumerate(events, 1)]
    asked = demand_of(words)
    sight = look(CASE, "extended", Evidence(ledger=lines, restarts=restarts))
    found = asked.demand.decide(sight, asked.argument)
    return found.verdict.value, found.reason


EPOCH: Event = ("epoch", {"epoch": "2-b"})
LOST = dropped(1, "cold reset")
COLD = [*kept(1, 1), reset("cold"), LOST, EPOCH, SERVING, *kept(2, 1)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (COLD, OK),
        (kept(1, 1), ("undecided", "the exchange was not reset cold")),
        ([x for x in COLD if x != LOST], ("undecided", "no ticket waited at the cold reset")),
        (COLD[:-2], ("undecided", "no ticket was kept under a new epoch")),
        ([x for x in COLD if x != EPOCH], ("undecided", "no ticket was kept under a new epoch")),
        ([x for x in COLD if x != SERVING],
         ("undecided", "the exchange did not come back from its reset")),
    ],
)  # fmt: skip
def test_cold_reset(events: list[Event], expected: Answer) -> None:
    assert answer("cold reset", events) == expected


def test_a_number_that_a_new_epoch_gives_again_is_another_ticket() -> None:
    """Both tickets had sequence 1, and each was acknowledged."""
    both = [*kept(1, 1), *given(1), *kept(3, 2), reset("cold"), dropped(3, "cold reset"), EPOCH,
            SERVING, *kept(2, 1)]  # fmt: skip
    assert answer("received", [*both, *given(1, "s2")]) == OK
    assert answer("received", both) == ("nok", "1 of 2 tickets never fetched")


@pytest.mark.parametrize("kind", ["warm", "power cut"])
def test_resets_under_which_tickets_wait(kind: str) -> None:
    words = {"warm": "warm reset"}.get(kind, kind)
    whole = [*kept(1, 1), reset(kind), SERVING]
    assert answer(words, whole) == OK
    assert answer(words, [*kept(1, 1), reset("cold"), SERVING])[0] == "undecided"
    assert answer(words, whole[2:])[0] == "undecided"
    assert answer(words, whole[:-1]) == (
        "undecided",
        "the exchange did not come back from its reset",
    )


def test_overflow() -> None:
    full = [*kept(1, 1), made(2), dropped(2, "buffer full")]
    assert answer("overflow", full) == OK
    other = [*kept(1, 1), made(2), dropped(2, "no licence")]
    assert answer("overflow", other) == ("undecided", "the buffer of the exchange was never full")


def test_repeated_hour() -> None:
    first, second = kept(1, 1, fold=0), kept(2, 2, fold=1)
    assert answer("repeated hour", [*first, *second]) == OK
    # Alike in one pass, or different in both: the hour is not put to the test.
    for other in (kept(2, 2, fold=0), kept(2, 2, fold=1, user="104")):
        assert answer("repeated hour", [*first, *other])[0] == "undecided"


STOPPED = Restart(after_line=4, signal="TERM")
AFTER = [*kept(2, 2), OPENED_AGAIN]


@pytest.mark.parametrize(
    ("events", "restart", "expected"),
    [
        ([OPENED, *kept(1, 1), closed("logout")], STOPPED, OK),
        ([OPENED, *kept(1, 1), closed("idle")], STOPPED,
         ("nok", "session s1 was not closed by a logout")),
        ([OPENED, *kept(1, 1), SERVING], STOPPED, ("nok", "session s1 was not closed by a logout")),
        ([*kept(1, 1), SERVING, SERVING], STOPPED,
         ("undecided", "the collector was not stopped with a session open")),
        ([OPENED, *kept(1, 1), closed("idle")], Restart(after_line=4, signal="KILL"),
         ("undecided", "the collector was not stopped with a session open")),
    ],
)  # fmt: skip
def test_logged_out(events: list[Event], restart: Restart, expected: Answer) -> None:
    assert answer("logged out", [*events, *AFTER], restart) == expected


def test_disconnected() -> None:
    before = [OPENED, *kept(1, 1), closed("logout")]
    assert answer("disconnected", [*before, *AFTER], STOPPED) == OK
    nothing = ("undecided", "no ticket waited between two sessions of the collector")
    assert answer("disconnected", [*before, *AFTER]) == nothing  # it was never ended
    assert answer("disconnected", [*before, OPENED_AGAIN, *kept(2, 2)], STOPPED) == nothing
    assert answer("disconnected", [*before, *kept(2, 2)], STOPPED) == nothing  # never came back
    assert answer("disconnected", [*kept(1, 1), SERVING, SERVING, *AFTER], STOPPED) == nothing
