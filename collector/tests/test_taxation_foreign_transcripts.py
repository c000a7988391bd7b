"""The session under foreign contracts, by transcript: what goes in, what comes out, in order."""

from typing import Any

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import LoginAnswer, LogoutAnswer, TicketsAnswer
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Report
from oxo_collector.taxation.contract import Contract
from oxo_collector.taxation.machine import TaxationSession
from oxo_collector.taxation.messages import (
    Answered,
    Command,
    Event,
    Failed,
    Keep,
    KeepUnreadable,
    SendFirstGet,
    SendGet,
    SendLogin,
    SendLogout,
    SendLogoutLeft,
    SendRestartTimer,
)
from oxo_collector.taxation.states import Pace, Place
from oxo_collector.turns import Started, StopAsked, TimeUp, Wait

BODY = b"<answer/>"
BAD = Malformed("Date cannot be read", b"<x/>", "ticket 1")
LOGIN = Answered(LoginAnswer("E1", "R3.2", 300), BODY)
LOST = Answered(FaultAnswer("Client.Session", "unknown session"), BODY)
HALF = Answered(Malformed("not well formed", BODY, "document"), BODY)
ASIDE = KeepUnreadable("not well formed", "document", BODY)
DONE = Answered(LogoutAnswer(), BODY)
RESET = Failed(Failure("the connection was reset", "there", Fault.NETWORK))
CLOSED = Failed(Failure("connection refused", "there", Fault.EXCHANGE, other_port_may_help=True))
FULL = Failed(Failure("the disk is full", "tickets.db", Fault.MACHINE))
NO_LOGIN: dict[str, Any] = {"login": "none"}
BY_NEXT: dict[str, Any] = {"acknowledgement": "next-request"}
ON_READ: dict[str, Any] = {"acknowledgement": "on-read"}


def batch(first: int, last: int, remaining: int = 0, epoch: str = "E1") -> TicketsAnswer:
    tickets = (BAD,) * (last - first + 1) if last else ()
    return TicketsAnswer(first, last, remaining, tickets, epoch)


def offered(first: int, last: int, remaining: int = 0, epoch: str = "E1") -> Answered:
    return Answered(batch(first, last, remaining, epoch), BODY)


def keep(first: int, last: int, remaining: int = 0, epoch: str = "E1") -> Keep:
    return Keep(epoch, batch(first, last, remaining, epoch), BODY)


NONE = offered(0, 0)


class Transcript:
    """Plays events into a session of a contract; reports are collected, the rest compared."""

    def __init__(
        self, *, ports: tuple[int, ...] = (443,), poll_seconds: float = 5.0, **contract: Any
    ) -> None:
        self.session = TaxationSession(
            Place("site", lambda port: f"https://pbx:{port}", ports, Contract(**contract)),
            Pace(100, poll_seconds, rest_seconds_first=1.0, rest_seconds_max=8.0),
            chance=lambda: 0.0,
        )
        self.reports: list[Report] = []

    def play(self, *steps: tuple[Event, list[Command]]) -> None:
        for number, (event, expected) in enumerate(steps):
            commands = self.session.receive(event)
            self.reports += [one for one in commands if isinstance(one, Report)]
            rest = [one for one in commands if not isinstance(one, Report)]
            assert rest == expected, f"step {number}: {event}"

    def told(self, words: str) -> int:
        return sum(words in report.text for report in self.reports)


# --- login none


def test_without_a_login_the_first_fetch_opens_the_session() -> None:
    transcript = Transcript(**NO_LOGIN)
    transcript.play(
        (Started(), [SendFirstGet(443, 100)]),
        (NONE, [Wait(5.0)]),
        (TimeUp(), [SendGet(100)]),
        (LOST, [Wait(1.0)]),
        (TimeUp(), [SendFirstGet(443, 100)]),
        (RESET, [Wait(2.0)]),
        (TimeUp(), [SendFirstGet(443, 100)]),
        (offered(1, 2), [keep(1, 2)]),
    )
    assert transcript.reports[0].fields == {"epoch": "E1"}
    assert transcript.told("the session is lost") == 1


def test_without_a_login_the_next_port_is_tried_at_once() -> None:
    Transcript(ports=(443, 30443), **NO_LOGIN).play(
        (Started(), [SendFirstGet(443, 100)]),
        (CLOSED, [SendFirstGet(30443, 100)]),
        (CLOSED, [Wait(1.0)]),
        (TimeUp(), [SendFirstGet(443, 100)]),
    )


def test_without_a_login_the_documented_idle_limit_is_kept_to() -> None:
    Transcript(poll_seconds=400, **NO_LOGIN).play(
        (Started(), [SendFirstGet(443, 100)]),
        (NONE, [Wait(150.0)]),
        (TimeUp(), [SendRestartTimer()]),
    )


def test_a_new_epoch_inside_a_session_begins_its_numbers_anew() -> None:
    transcript = Transcript(**NO_LOGIN, **BY_NEXT)
    transcript.play(
        (Started(), [SendFirstGet(443, 100)]),
        (offered(1, 9), [keep(1, 9)]),
        (Stored(9, 0, 0), [SendGet(100)]),
        (offered(1, 2, epoch="E2"), [keep(1, 2, epoch="E2")]),
        (Stored(2, 0, 0), [SendGet(100)]),
        (offered(0, 0, epoch="E2"), [Wait(5.0)]),
        (TimeUp(), [SendGet(100)]),
        (offered(3, 3, epoch="E2"), [keep(3, 3, epoch="E2")]),
    )
    assert transcript.told("new epoch E2") == 1
    assert transcript.told("offered again") == 0
    assert transcript.told("never offered") == 0


# --- acknowledged by the next request


def test_a_stored_batch_is_acknowledged_at_once_by_the_next_fetch() -> None:
    Transcript(**BY_NEXT).play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (offered(1, 3, 2), [keep(1, 3, 2)]),
        (Stored(3, 0, 0), [SendGet(100)]),
        (offered(4, 5), [keep(4, 5)]),
        (Stored(2, 0, 0), [SendGet(100)]),  # the last request, though nothing remains
        (NONE, [Wait(5.0)]),
    )


def test_a_stop_acknowledges_the_batch_in_hand_by_the_logout() -> None:
    transcript = Transcript(**BY_NEXT)
    transcript.play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (StopAsked(), []),
        (offered(1, 3, 2), [keep(1, 3, 2)]),
        (Stored(3, 0, 0), [SendLogout()]),
        (DONE, []),
    )
    assert transcript.session.ended


@pytest.mark.parametrize("trouble", [RESET, FULL, HALF, LOST])
def test_nothing_more_is_sent_in_a_session_whose_batch_is_not_stored(trouble: Event) -> None:
    transcript = Transcript(**BY_NEXT)
    transcript.play((Started(), [SendLogin(443)]), (LOGIN, [SendGet(100)]))
    if trouble is FULL:
        transcript.play((offered(1, 3), [keep(1, 3)]))
    if trouble is HALF:
        transcript.play((HALF, [ASIDE]), (SetAside(1), [Wait(1.0)]))
    else:
        transcript.play((trouble, [Wait(1.0)]))
    transcript.play(
        (TimeUp(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (offered(1, 3), [keep(1, 3)]),
        (Stored(0, 3, 0), [SendGet(100)]),
    )


def test_a_session_left_behind_is_not_closed_while_it_owes_a_batch() -> None:
    transcript = Transcript(**BY_NEXT)
    transcript.play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (RESET, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
        (LOST, [Wait(2.0)]),  # a second session is refused; a Logout would remove what it gave
        (TimeUp(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (NONE, [Wait(5.0)]),
        (TimeUp(), [SendGet(100)]),
        (CLOSED, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
        (LOST, [SendLogoutLeft()]),  # nothing is owed: the request never arrived
    )
    assert transcript.told("would acknowledge tickets that are not stored") == 1


def test_an_answer_to_another_question_may_have_cost_a_batch() -> None:
    Transcript(**BY_NEXT).play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (DONE, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
        (LOST, [Wait(2.0)]),
    )


def test_once_stored_a_batch_is_owed_no_more() -> None:
    Transcript(poll_seconds=400, **NO_LOGIN, **BY_NEXT).play(
        (Started(), [SendFirstGet(443, 100)]),
        (offered(1, 3), [keep(1, 3)]),
        (Stored(3, 0, 0), [SendGet(100)]),
        (LOST, [Wait(1.0)]),
        (TimeUp(), [SendFirstGet(443, 100)]),
        (LOST, [SendLogoutLeft()]),
    )


def test_an_exchange_that_does_not_remove_is_rested_upon_longer_and_longer() -> None:
    transcript = Transcript(**BY_NEXT)
    transcript.play((Started(), [SendLogin(443)]))
    for seconds in (1.0, 2.0, 4.0):
        transcript.play(
            (LOGIN, [SendGet(100)]),
            (offered(1, 3), [keep(1, 3)]),
            (Stored(0, 3, 0), [SendGet(100)]),
            (offered(1, 3), [Wait(seconds)]),
            (TimeUp(), [SendLogin(443)]),
        )
    assert transcript.told("(contract: acknowledgement next-request)") == 3


# --- gone when read


def test_where_reading_removes_nothing_is_acknowledged_and_it_is_said_once() -> None:
    transcript = Transcript(**ON_READ)
    transcript.play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (offered(1, 3, 2), [keep(1, 3, 2)]),
        (Stored(3, 0, 0), [SendGet(100)]),
        (offered(4, 5), [keep(4, 5)]),
        (Stored(2, 0, 0), [Wait(5.0)]),
        (TimeUp(), [SendGet(100)]),
        (RESET, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (offered(8, 8), [keep(8, 8)]),
    )
    assert transcript.told("a crash, or an answer that is cut, may lose") == 1
    assert transcript.told("2 tickets were never offered to this store") == 1


def test_the_only_copy_is_held_until_the_store_takes_it() -> None:
    transcript = Transcript(**ON_READ)
    transcript.play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (offered(1, 3), [keep(1, 3)]),
        (FULL, [Wait(1.0)]),
        (TimeUp(), [keep(1, 3)]),
        (FULL, [Wait(2.0)]),
        (TimeUp(), [keep(1, 3)]),
        (Stored(3, 0, 0), [Wait(5.0)]),
    )
    assert transcript.told("the only copy of the tickets 1 to 3, held until the store") == 2


def test_the_only_copy_of_an_unreadable_answer_is_held_too() -> None:
    transcript = Transcript(**ON_READ)
    transcript.play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (HALF, [ASIDE]),
        (FULL, [Wait(1.0)]),
        (TimeUp(), [ASIDE]),
        (SetAside(1), [Wait(2.0)]),
        (TimeUp(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
    )
    assert transcript.told("the only copy of an unreadable answer, held") == 1
    assert transcript.told("are gone from the exchange, and stand in the quarantine alone") == 1


def test_a_stop_tries_the_store_for_the_last_time() -> None:
    for event, words in ((FULL, 1), (Stored(3, 0, 0), 0)):
        transcript = Transcript(**ON_READ)
        transcript.play(
            (Started(), [SendLogin(443)]),
            (LOGIN, [SendGet(100)]),
            (offered(1, 3), [keep(1, 3)]),
            (FULL, [Wait(1.0)]),
            (StopAsked(), [keep(1, 3)]),
            (event, [] if words else [SendLogout()]),
        )
        assert transcript.told("lost by the stop: the only copy of the tickets 1 to 3") == words
        assert transcript.session.ended == bool(words)


def test_what_is_offered_again_is_kept_and_rested_upon() -> None:
    """Against its contract the exchange did not remove; new tickets may stand behind the old."""
    Transcript(**ON_READ).play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (offered(1, 3, 1), [keep(1, 3, 1)]),
        (Stored(3, 0, 0), [SendGet(100)]),
        (offered(1, 4), [keep(1, 4)]),
        (Stored(1, 3, 0), [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
    )


def test_reports_speak_of_the_operations_as_the_contract_does() -> None:
    transcript = Transcript(operations={"get_tickets": "FetchRecords"})
    transcript.play(
        (Started(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (Answered(FaultAnswer("Client.Request", "what?"), BODY), [Wait(1.0)]),
    )
    assert transcript.told("FetchRecords at https://pbx:443") == 1
    assert transcript.told("the contract tells its operation, namespace") == 1
