"""The taxation session by transcript: what goes in, what comes out, in order."""

import random
from collections.abc import Callable

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    DoneAnswer,
    FaultAnswer,
    LoginAnswer,
    TicketsAnswer,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.taxation.machine import Pace, Place, State, TaxationSession
from oxo_collector.taxation.messages import (
    Answered,
    Command,
    Event,
    Failed,
    Keep,
    KeepUnreadable,
    Level,
    Report,
    SendAcknowledge,
    SendGet,
    SendLogin,
    SendLogout,
    SendRestartTimer,
    SetAside,
    Started,
    StopAsked,
    Stored,
    TimeUp,
    Wait,
)

BODY = b"<answer/>"
BAD = Malformed("Date cannot be read", b"<x/>", "ticket 1")
LOGIN = Answered(LoginAnswer("E1", "R3.2", 300), BODY)
NONE = Answered(TicketsAnswer(0, 0, 0, ()), BODY)
CLOSED = Failed(Failure("connection refused", "there", Fault.EXCHANGE, other_port_may_help=True))
REFUSED = Failed(Failure("user or password refused", "there", Fault.OPERATOR))
LOST = Answered(FaultAnswer("Client.Session", "unknown session"), BODY)
DONE = Answered(DoneAnswer("Logout"), BODY)


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
    chance: Callable[[], float] = lambda: 0.0,
) -> TaxationSession:
    return TaxationSession(
        Place("site", lambda port: f"https://pbx:{port}/services/taxation", ports or (443,)),
        Pace(100, poll_seconds, rest_seconds_first=1.0, rest_seconds_max=8.0),
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
        (DONE, "one to another question (DoneAnswer)"),
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


@pytest.mark.parametrize(
    "contradiction",
    [
        TicketsAnswer(1, 3, 0, (BAD,)),
        TicketsAnswer(0, 0, 0, (BAD,)),
        TicketsAnswer(1, 1, 0, ()),
        TicketsAnswer(-1, -1, 0, (BAD,)),
        TicketsAnswer(5, 4, 0, ()),
    ],
)
def test_numbers_that_contradict_the_tickets_are_not_trusted(contradiction: TicketsAnswer) -> None:
    transcript = logged_in(session())
    commands = transcript.session.receive(Answered(contradiction, BODY))
    assert [type(command) for command in commands] == [KeepUnreadable]


def test_an_exchange_that_never_removes_is_not_asked_without_a_pause() -> None:
    transcript = logged_in(session())
    transcript.play(
        (offered(1, 1, remaining=1), [keep(1, 1, 1)]),
        (Stored(1, 0, 0), [SendAcknowledge(1)]),
        (acknowledged(0), [SendGet(100)]),
        (offered(1, 1, remaining=1), [Wait(1.0)]),
    )
    assert "offered again" in transcript.warnings()[0]


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
        (Answered(DoneAnswer("RestartSessionTimer", 300), BODY), [Wait(150.0)]),
        (TimeUp(), [SendRestartTimer()]),
        (Answered(DoneAnswer("RestartSessionTimer", 300), BODY), [Wait(100.0)]),
        (TimeUp(), [SendGet(100)]),
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
        (Answered(DoneAnswer("RestartSessionTimer", 300), BODY), [SendLogout()]),
    )


EVERYTHING: tuple[Event, ...] = (
    Started(), LOGIN, NONE, offered(1, 2), offered(3, 3, 7), offered(9, 9), acknowledged(1), DONE,
    LOST, Answered(Malformed("r", BODY, "p"), BODY), CLOSED, REFUSED, TimeUp(), StopAsked(),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(200))
def test_whatever_comes_only_what_was_stored_is_acknowledged(seed: int) -> None:
    """Garbage in any order: one command at a time, and no acknowledgement without a store."""
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    played = session(443, 30443, chance=dice.random)
    stored_last = 0
    event: Event = Started()
    for _ in range(100):
        commands = [one for one in played.receive(event) if not isinstance(one, Report)]
        assert len(commands) <= 1
        if played.ended:
            return
        event = dice.choice(EVERYTHING)
        match commands:
            case [Keep(_, kept, _)]:
                event = Stored(1, 0, 0)
                stored_last = kept.last
            case [KeepUnreadable()]:
                event = SetAside(1)
            case [SendAcknowledge(last)]:
                assert last == stored_last


def test_the_table_has_a_way_out_of_every_state() -> None:
    waiting = {state for state, _ in TaxationSession.TABLE}
    assert waiting == set(State) - {State.ENDED}
