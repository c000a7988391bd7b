"""The taxation session by transcript: what goes in, what comes out, in order."""

from collections.abc import Callable

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    LoginAnswer,
    LogoutAnswer,
    RestartAnswer,
    TicketsAnswer,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Level, Report
from oxo_collector.taxation.contract import Contract
from oxo_collector.taxation.machine import TaxationSession
from oxo_collector.taxation.messages import (
    Answered,
    Command,
    Event,
    Failed,
    Keep,
    KeepUnreadable,
    SendAcknowledge,
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
NONE = Answered(TicketsAnswer(0, 0, 0, ()), BODY)
CLOSED = Failed(Failure("connection refused", "there", Fault.EXCHANGE, other_port_may_help=True))
REFUSED = Failed(Failure("user or password refused", "there", Fault.OPERATOR))
LOST = Answered(FaultAnswer("Client.Session", "unknown session"), BODY)
RESET = Failed(Failure("the connection was reset", "there", Fault.NETWORK))
RESTARTED = Answered(RestartAnswer(300), BODY)
DONE = Answered(LogoutAnswer(), BODY)


def batch(first: int, last: int, remaining: int = 0) -> TicketsAnswer:
    return TicketsAnswer(first, last, remaining, (BAD,) * (last - first + 1))


def offered(first: int, last: int, remaining: int = 0) -> Answered:
    return Answered(batch(first, last, remaining), BODY)


def keep(first: int, last: int, remaining: int = 0, epoch: str = "E1") -> Keep:
    return Keep(epoch, batch(first, last, remaining), BODY)


def acknowledged(count: int) -> Answered:
    return Answered(AcknowledgeAnswer(count), BODY)


def session(
    *ports: int,
    epoch: str | None = None,
    last_sequence: int = 0,
    poll_seconds: float = 5.0,
    batch_tickets_max: int = 100,
    chance: Callable[[], float] = lambda: 0.0,
) -> TaxationSession:
    return TaxationSession(
        Place("site", lambda port: f"https://pbx:{port}/services/taxation", ports or (443,)),
        Pace(batch_tickets_max, poll_seconds, rest_seconds_first=1.0, rest_seconds_max=8.0),
        chance=chance,
        epoch=epoch,
        last_sequence=last_sequence,
    )


class Transcript:
    """Plays events into a session; reports are collected, the other commands compared."""

    def __init__(self, played: TaxationSession) -> None:
        self.session = played
        self.reports: list[Report] = []

    def play(self, *steps: tuple[Event, list[Command]]) -> None:
        for number, (event, expected) in enumerate(steps):
            commands = self.session.receive(event)
            self.reports += [one for one in commands if isinstance(one, Report)]
            rest = [one for one in commands if not isinstance(one, Report)]
            assert rest == expected, f"step {number}: {event}"

    def warnings(self) -> list[str]:
        return [one.text for one in self.reports if one.level is Level.WARNING]


def logged_in(played: TaxationSession) -> Transcript:
    transcript = Transcript(played)
    transcript.play((Started(), [SendLogin(443)]), (LOGIN, [SendGet(100)]))
    return transcript


def test_fetch_keep_acknowledge_and_again_until_nothing_is_left() -> None:
    transcript = logged_in(session())
    transcript.play(
        (offered(1, 3, remaining=2), [keep(1, 3, 2)]),
        (Stored(3, 0, 0), [SendAcknowledge(3)]),
        (acknowledged(3), [SendGet(100)]),
        (offered(4, 5), [keep(4, 5)]),
        (Stored(2, 0, 0), [SendAcknowledge(5)]),
        (acknowledged(2), [Wait(5.0)]),
        (TimeUp(), [SendGet(100)]),
        (NONE, [Wait(5.0)]),
    )
    assert transcript.reports[0].text == (
        "collecting from site at https://pbx:443/services/taxation"
    )
    assert transcript.warnings() == []


def test_nothing_is_acknowledged_that_could_not_be_stored() -> None:
    full = Failed(Failure("disk full", "tickets.db", Fault.MACHINE))
    transcript = logged_in(session())
    transcript.play(
        (offered(1, 3), [keep(1, 3)]),
        (full, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (offered(1, 3), [keep(1, 3)]),
        (Stored(3, 0, 0), [SendAcknowledge(3)]),
    )
    assert transcript.warnings() == ["disk full (tickets.db); at fault: this machine"]


def test_a_batch_offered_again_after_a_crash_is_acknowledged() -> None:
    transcript = logged_in(session(epoch="E1", last_sequence=3))
    transcript.play(
        (offered(1, 3), [keep(1, 3)]),
        (Stored(0, 3, 0), [SendAcknowledge(3)]),
        (acknowledged(3), [Wait(5.0)]),
    )
    assert transcript.warnings() == []


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (LOST, "the session is lost"),
        (Answered(FaultAnswer("Server.Busy", "reset"), BODY), "unavailable: busy"),
        (Answered(FaultAnswer("Client.Acknowledgement", "no"), BODY), "never offered"),
        (Answered(FaultAnswer("Client.Strange", "no"), BODY), "Client.Strange"),
        (REFUSED, "user or password refused"),
        (CLOSED, "connection refused"),
        (LOGIN, "one to another question (LoginAnswer)"),
        (DONE, "one to another question (LogoutAnswer)"),
    ],
)
@pytest.mark.parametrize("state", ["getting", "acknowledging"])
def test_any_trouble_is_reported_and_rested_upon(trouble: Event, words: str, state: str) -> None:
    transcript = logged_in(session())
    if state == "acknowledging":
        transcript.play((offered(1, 1), [keep(1, 1)]), (Stored(1, 0, 0), [SendAcknowledge(1)]))
    transcript.play((trouble, [Wait(1.0)]), (TimeUp(), [SendLogin(443)]))
    (warning,) = transcript.warnings()
    assert words in warning
    assert "at fault: " in warning


def test_rests_grow_to_their_bound_and_a_login_alone_does_not_shorten_them() -> None:
    transcript = logged_in(session())
    for seconds in (1.0, 2.0, 4.0, 8.0, 8.0):
        transcript.play(
            (LOST, [Wait(seconds)]), (TimeUp(), [SendLogin(443)]), (LOGIN, [SendGet(100)])
        )
    transcript.play((NONE, [Wait(5.0)]), (TimeUp(), [SendGet(100)]), (LOST, [Wait(1.0)]))


def test_chance_shortens_a_rest_by_half_at_most() -> None:
    transcript = logged_in(session(chance=lambda: 0.999))
    (_, wait) = transcript.session.receive(LOST)
    assert isinstance(wait, Wait)
    assert 0.5 <= wait.seconds < 0.51


def test_the_next_port_is_tried_at_once_and_a_rest_comes_after_the_last() -> None:
    transcript = Transcript(session(443, 30443))
    transcript.play(
        (Started(), [SendLogin(443)]),
        (CLOSED, [SendLogin(30443)]),
        (CLOSED, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
        (CLOSED, [SendLogin(30443)]),
        (LOGIN, [SendGet(100)]),
        (LOST, [Wait(2.0)]),
        (TimeUp(), [SendLogin(30443)]),
    )


def test_a_wrong_password_is_not_tried_on_the_other_port() -> None:
    transcript = Transcript(session(443, 30443))
    transcript.play((Started(), [SendLogin(443)]), (REFUSED, [Wait(1.0)]))


def test_an_unreadable_answer_is_kept_whole_and_not_acknowledged() -> None:
    bad = Answered(Malformed("not well formed", BODY, "document"), BODY)
    transcript = logged_in(session())
    transcript.play(
        (bad, [KeepUnreadable("not well formed", "document", BODY)]),
        (SetAside(1), [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
    )
    assert "the answer to GetTickets cannot be read: not well formed" in transcript.warnings()[1]


def test_an_exchange_that_never_removes_is_not_asked_without_a_pause() -> None:
    transcript = logged_in(session())
    transcript.play(
        (offered(1, 1, remaining=1), [keep(1, 1, 1)]),
        (Stored(1, 0, 0), [SendAcknowledge(1)]),
        (acknowledged(0), [SendGet(100)]),
        (offered(1, 1, remaining=1), [Wait(1.0)]),
    )
    assert "0 left the exchange's buffer" in transcript.warnings()[0]
    assert "offered again" in transcript.warnings()[1]


def test_smaller_batches_of_what_is_stored_are_acknowledged_one_after_the_other() -> None:
    """The store is at 100; an answer was lost, and the exchange offers from 81 in tens."""
    transcript = logged_in(session(epoch="E1", last_sequence=100))
    transcript.play(
        (offered(81, 90, 10), [keep(81, 90, 10)]),
        (Stored(0, 10, 0), [SendAcknowledge(90)]),
        (acknowledged(10), [SendGet(100)]),
        (offered(91, 100), [keep(91, 100)]),
        (Stored(0, 10, 0), [SendAcknowledge(100)]),
        (acknowledged(10), [Wait(5.0)]),
    )
    assert transcript.warnings() == []


@pytest.mark.parametrize("told", [0, 2, 4])
def test_another_count_of_acknowledged_tickets_is_reported(told: int) -> None:
    transcript = logged_in(session())
    transcript.play(
        (offered(1, 3), [keep(1, 3)]),
        (Stored(3, 0, 0), [SendAcknowledge(3)]),
        (acknowledged(told), [Wait(5.0)]),
    )
    (warning,) = transcript.warnings()
    assert warning == (
        f"3 tickets were acknowledged, {told} left the exchange's buffer by its own count"
    )


def test_a_gap_in_the_sequence_is_reported() -> None:
    transcript = logged_in(session(epoch="E1", last_sequence=10))
    transcript.play((offered(14, 14), [keep(14, 14)]))
    assert "3 tickets were never offered" in transcript.warnings()[0]


def test_a_new_epoch_is_reported_and_its_numbers_begin_anew() -> None:
    transcript = logged_in(session(epoch="E0", last_sequence=10))
    transcript.play((offered(14, 14), [keep(14, 14)]), (Stored(1, 0, 0), [SendAcknowledge(14)]))
    (warning,) = transcript.warnings()
    assert "new epoch E1" in warning


def test_a_long_poll_interval_keeps_the_session_open() -> None:
    transcript = logged_in(session(poll_seconds=400))
    transcript.play(
        (NONE, [Wait(150.0)]),
        (TimeUp(), [SendRestartTimer()]),
        (RESTARTED, [Wait(150.0)]),
        (TimeUp(), [SendRestartTimer()]),
        (RESTARTED, [Wait(100.0)]),
        (TimeUp(), [SendGet(100)]),
    )


def test_a_new_idle_limit_is_kept_to() -> None:
    transcript = logged_in(session(poll_seconds=400))
    transcript.play(
        (NONE, [Wait(150.0)]),
        (TimeUp(), [SendRestartTimer()]),
        (Answered(RestartAnswer(60), BODY), [Wait(30.0)]),
    )


def test_a_stop_ends_after_the_batch_in_hand() -> None:
    transcript = logged_in(session())
    transcript.play(
        (StopAsked(), []),
        (offered(1, 3, remaining=9), [keep(1, 3, 9)]),
        (Stored(3, 0, 0), [SendAcknowledge(3)]),
        (acknowledged(3), [SendLogout()]),
        (DONE, []),
    )
    assert transcript.session.ended


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], []),
        ([Started()], [(LOGIN, [SendLogout()]), (DONE, [])]),
        ([Started()], [(REFUSED, [])]),
        ([Started()], [(CLOSED, [])]),
        ([Started(), LOGIN], [(NONE, [SendLogout()]), (LOST, [])]),
        ([Started(), LOGIN], [(LOST, [])]),
        ([Started(), LOGIN, offered(1, 1)], [(REFUSED, [])]),
        ([Started(), LOGIN, LOST], []),
    ],
)
def test_a_stop_ends_from_every_state(
    before: list[Event], after: list[tuple[Event, list[Command]]]
) -> None:
    transcript = Transcript(session(443, 30443))
    for event in before:
        transcript.session.receive(event)
    transcript.play((StopAsked(), []), *after)
    assert transcript.session.ended
    assert transcript.session.receive(TimeUp()) == []


def test_a_stop_breaks_a_poll_off() -> None:
    transcript = logged_in(session())
    transcript.play((NONE, [Wait(5.0)]), (StopAsked(), [SendLogout()]), (DONE, []))
    assert transcript.session.ended


def test_a_stop_while_the_session_is_kept_open_ends_it() -> None:
    transcript = logged_in(session(poll_seconds=400))
    transcript.play(
        (NONE, [Wait(150.0)]),
        (TimeUp(), [SendRestartTimer()]),
        (StopAsked(), []),
        (RESTARTED, [SendLogout()]),
    )


def test_where_a_second_session_is_refused_the_one_left_behind_is_closed_first() -> None:
    transcript = logged_in(session())
    transcript.play(
        (RESET, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
        (LOST, [SendLogoutLeft()]),
        (DONE, [SendLogin(443)]),
        (LOGIN, [SendGet(100)]),
        (NONE, [Wait(5.0)]),
    )
    assert (
        "the exchange refuses a second session beside one that is open"
        in (transcript.warnings()[1])
    )


@pytest.mark.parametrize("answer", [DONE, LOST], ids=["it was closed", "it was gone"])
def test_the_session_left_behind_is_closed_once_per_rest(answer: Event) -> None:
    transcript = Transcript(session())
    transcript.play((Started(), [SendLogin(443)]))
    for seconds in (1.0, 2.0):
        transcript.play(
            (LOST, [SendLogoutLeft()]),
            (answer, [SendLogin(443)]),
            (LOST, [Wait(seconds)]),
            (TimeUp(), [SendLogin(443)]),
        )


def test_a_session_left_behind_that_cannot_be_closed_is_rested_upon() -> None:
    transcript = Transcript(session())
    transcript.play(
        (Started(), [SendLogin(443)]),
        (LOST, [SendLogoutLeft()]),
        (REFUSED, [Wait(1.0)]),
        (TimeUp(), [SendLogin(443)]),
    )


def test_after_an_unreadable_batch_came_twice_its_tickets_are_asked_for_one_by_one() -> None:
    bad = Answered(Malformed("not well formed", BODY, "document"), BODY)
    aside = KeepUnreadable("not well formed", "document", BODY)
    transcript = logged_in(session())
    for seconds, tickets_max in ((1.0, 100), (2.0, 1)):
        transcript.play(
            (bad, [aside]),
            (SetAside(1), [Wait(seconds)]),
            (TimeUp(), [SendLogin(443)]),
            (LOGIN, [SendGet(tickets_max)]),
        )
    transcript.play(
        (offered(1, 1, 2), [keep(1, 1, 2)]),
        (Stored(1, 0, 0), [SendAcknowledge(1)]),
        (acknowledged(1), [SendGet(1)]),
        (bad, [aside]),
        (SetAside(1), [Wait(1.0)]),
    )
    assert "its tickets are asked for one by one" in transcript.warnings()[3]
    assert (
        "it is the one ticket that comes after sequence 1: it stays unacknowledged and blocks"
        in transcript.warnings()[5]
    )


def test_whole_batches_are_asked_for_again_once_the_tickets_of_one_have_passed() -> None:
    bad = Answered(Malformed("not well formed", BODY, "document"), BODY)
    transcript = Transcript(session(batch_tickets_max=2))
    for event in (Started(), LOGIN, bad, SetAside(1), TimeUp(), LOGIN, bad, SetAside(2), TimeUp()):
        transcript.session.receive(event)
    transcript.play(
        (LOGIN, [SendGet(1)]),
        (offered(1, 1, 9), [keep(1, 1, 9)]),
        (Stored(1, 0, 0), [SendAcknowledge(1)]),
        (acknowledged(1), [SendGet(1)]),
        (offered(2, 2, 8), [keep(2, 2, 8)]),
        (Stored(1, 0, 0), [SendAcknowledge(2)]),
        (acknowledged(1), [SendGet(2)]),
    )


def test_a_list_that_comes_as_text_is_asked_for_in_pieces_that_a_parser_takes() -> None:
    place = Place("site", lambda _port: "there", (443,), Contract(ticket_list="text"))
    for most, asked in ((10_000, 1000), (999, 999)):
        pace = Pace(most, 5.0, rest_seconds_first=1.0, rest_seconds_max=8.0)
        transcript = Transcript(TaxationSession(place, pace, chance=lambda: 0.0))
        transcript.play((Started(), [SendLogin(443)]), (LOGIN, [SendGet(asked)]))


def test_an_answer_to_another_question_is_the_fault_of_the_exchange() -> None:
    transcript = logged_in(session(poll_seconds=400))
    transcript.play((NONE, [Wait(150.0)]), (TimeUp(), [SendRestartTimer()]), (DONE, [Wait(1.0)]))
    (warning,) = transcript.warnings()
    assert "the answer to RestartSessionTimer is one to another question" in warning
    assert warning.endswith("at fault: the exchange")


@pytest.mark.parametrize(
    ("code", "whose"),
    [
        ("Client.Request", "the operator's configuration"),
        ("VersionMismatch", "the operator's configuration"),
        ("Server", "the exchange"),
    ],
)
def test_what_another_contract_mends_is_the_configurations_fault(code: str, whose: str) -> None:
    transcript = logged_in(session())
    transcript.play((Answered(FaultAnswer(code, "no"), BODY), [Wait(1.0)]))
    (warning,) = transcript.warnings()
    assert warning.endswith(f"at fault: {whose}")
