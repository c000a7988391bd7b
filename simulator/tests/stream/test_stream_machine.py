"""One dialogue by transcript: events in, commands out, in order."""

from typing import Any

import pytest
from oxo_simulator.stream.codec import Kind, request, role, ticket
from oxo_simulator.stream.machine import (
    JOINED_FRAMES_MAX,
    STRANGE_FRAMES_MAX,
    Begin,
    Command,
    Dialogue,
    Due,
    End,
    Fetch,
    Heard,
    Input,
    Open,
    Over,
    Received,
    Room,
    SetTimer,
    StopTimer,
    Tell,
    Timer,
    Told,
    Unanswered,
    Waits,
    Write,
)
from oxo_simulator.stream.settings import StreamSettings

OPEN, START = b"\0\x01S", b"\0\x02\0\0"
ANSWER, REQUEST = b"\0\x08TEST_RSP", b"\0\x08TEST_REQ"
EMPTY = ticket(Kind.EMPTY).octets
CDR = Told(ticket(Kind.CDR, b"ED5.2"), "one")
JOINED = {"separate_writes": False}


def dialogue(*, main: bool = True, **settings: Any) -> Dialogue:
    return Dialogue(StreamSettings(open=True, **settings), main=main)


def fed(found: Dialogue, *events: Input) -> list[Command]:
    return [command for event in events for command in found.receive(event)]


def octets(commands: list[Command]) -> bytes:
    return b"".join(each.octets for each in commands if isinstance(each, Write))


def active(**settings: Any) -> Dialogue:
    """Return a dialogue whose handshake is over, with room."""
    found = dialogue(**{**JOINED, **settings})
    fed(found, Begin(), Room(), Received(OPEN), Room(), Received(START), Room())
    return found


def ended(commands: list[Command]) -> End:
    """Return the end, behind which nothing stands, and before which all timers stop."""
    assert [each for each in commands if isinstance(each, End)] == commands[-1:]
    assert {each.timer for each in commands if isinstance(each, StopTimer)} >= set(Timer)
    end = commands[-1]
    assert isinstance(end, End)
    return end


def test_a_normal_start() -> None:
    found = dialogue(**JOINED)
    assert fed(found, Begin()) == [SetTimer(Timer.OPEN, 30)]
    assert fed(found, Room()) == []
    assert fed(found, Received(OPEN)) == [
        Heard(b"S"),
        StopTimer(Timer.OPEN),
        SetTimer(Timer.START, 30),
        Write(role().octets + EMPTY, ("role P: main", "empty ticket")),
    ]
    assert fed(found, Waits()) == []
    assert fed(found, Room()) == []
    assert fed(found, Received(START)) == [
        Heard(b"\0\0"),
        StopTimer(Timer.START),
        Open(),
        SetTimer(Timer.KEEP_ALIVE, 30),
        Fetch(JOINED_FRAMES_MAX),
    ]
    assert fed(found, Tell(())) == []
    assert fed(found, Waits()) == [Fetch(JOINED_FRAMES_MAX)]
    assert fed(found, Tell((CDR, CDR))) == [Write(CDR.frame.octets * 2, ("one", "one"))]
    # No room: what waits stays where it is counted.
    assert fed(found, Waits(), Waits()) == []
    assert fed(found, Room()) == [Fetch(JOINED_FRAMES_MAX)]


def test_without_the_empty_ticket() -> None:
    found = dialogue(**JOINED, empty_first=False)
    assert octets(fed(found, Begin(), Room(), Received(OPEN))) == b"\0\x01P"


def test_length_and_payload_leave_one_after_the_other() -> None:
    found = dialogue()
    commands = fed(found, Begin(), Room(), Received(OPEN), Room(), Room(), Room(), Room())
    assert [each for each in commands if isinstance(each, Write)] == [
        Write(b"\0\x01", ("role P: main",)),
        Write(b"P", ()),
        Write(b"\x03\x04", ("empty ticket",)),
        Write(ticket(Kind.EMPTY).payload, ()),
    ]
    assert fed(found, Received(START))[-1] == Fetch(1)
    assert fed(found, Tell((CDR,)), Waits(), Room(), Room()) == [
        Write(b"\x03\x04", ("one",)),
        Write(CDR.frame.payload, ()),
        Fetch(1),
    ]


def test_a_start_before_the_connection_took_the_role_is_obeyed_in_order() -> None:
    found = dialogue()
    commands = fed(found, Begin(), Received(OPEN + START))
    assert Open() in commands
    assert octets(commands) == b""
    assert octets(fed(found, *[Room()] * 4)) == role().octets + EMPTY
    assert fed(found, Room()) == [Fetch(1)]


@pytest.mark.parametrize("settings", [{}, JOINED])
def test_the_handshake_is_the_same_however_its_bytes_come(settings: dict[str, Any]) -> None:
    whole = OPEN + START + ANSWER
    expected = None
    for place in range(len(whole) + 1):
        found = dialogue(**settings)
        commands = fed(found, Begin(), Received(whole[:place]), Received(whole[place:]))
        expected = expected or commands
        assert commands == expected
    found = dialogue(**settings)
    each = [Received(whole[place : place + 1]) for place in range(len(whole))]
    assert fed(found, Begin(), *each) == expected


@pytest.mark.parametrize("said", [b"\0\x01P", b"\0\x02\0\0", ANSWER, b"\0\x02SS"])
def test_who_opens_with_something_else_is_no_collector(said: bytes) -> None:
    found = dialogue()
    commands = fed(found, Begin(), Room(), Received(said + OPEN))
    assert commands[1] == Heard(said[2:], strange=True)
    assert ended(commands) == End("no collector", in_session=False)
    assert octets(commands) == b""
    assert fed(found, Received(OPEN), Room(), Due(Timer.OPEN), Over("late")) == []


@pytest.mark.parametrize("said", [b"\0\x01S", b"\0\x03\0\0\0", ANSWER])
def test_who_starts_with_something_else_is_no_collector(said: bytes) -> None:
    found = dialogue(**JOINED)
    commands = fed(found, Begin(), Received(OPEN), Received(said))
    assert ended(commands) == End("no collector", in_session=False)


def test_any_two_bytes_are_a_start() -> None:
    found = dialogue(**JOINED)
    assert Open() in fed(found, Begin(), Received(OPEN), Received(b"\0\x02\x12\x34"))


@pytest.mark.parametrize(
    ("octets_", "length"), [(b"\0\0", 0), (b"\xff\xff", 65535), (b"GET /", 18245)]
)
def test_a_length_that_cannot_be_ends_it(octets_: bytes, length: int) -> None:
    reason = f"no frame has length {length}"
    assert ended(fed(dialogue(), Begin(), Received(octets_))) == End(reason, in_session=False)
    assert ended(fed(active(), Received(octets_ + ANSWER))) == End(reason, in_session=True)


def test_the_limits_of_the_handshake() -> None:
    found = dialogue(**JOINED, open_seconds=3, start_seconds=4)
    assert fed(found, Begin()) == [SetTimer(Timer.OPEN, 3)]
    commands = fed(found, Received(OPEN))
    assert SetTimer(Timer.START, 4) in commands
    assert ended(fed(found, Due(Timer.START))) == End("not started", in_session=False)
    found = dialogue()
    assert ended(fed(found, Begin(), Due(Timer.OPEN))) == End("not opened", in_session=False)


def test_a_keep_alive_is_asked_and_answered() -> None:
    found = active(keep_alive_seconds=7, answer_seconds=5)
    assert fed(found, Due(Timer.KEEP_ALIVE)) == [
        SetTimer(Timer.KEEP_ALIVE, 7),
        SetTimer(Timer.ANSWER, 5),
        Write(REQUEST, ("TEST_REQ",)),
    ]
    assert fed(found, Received(ANSWER)) == [Heard(b"TEST_RSP"), StopTimer(Timer.ANSWER)]
    assert fed(found, Room()) == [Fetch(JOINED_FRAMES_MAX)]


def test_an_answer_in_two_pieces() -> None:
    found = active()
    fed(found, Due(Timer.KEEP_ALIVE))
    assert fed(found, Received(ANSWER[:2])) == []
    assert StopTimer(Timer.ANSWER) in fed(found, Received(ANSWER[2:]))


def test_no_second_request_before_the_answer_to_the_first() -> None:
    found = active()
    fed(found, Due(Timer.KEEP_ALIVE), Room())
    assert fed(found, Due(Timer.KEEP_ALIVE)) == [SetTimer(Timer.KEEP_ALIVE, 30)]
    fed(found, Received(ANSWER))
    assert octets(fed(found, Due(Timer.KEEP_ALIVE))) == REQUEST


def test_without_an_answer_the_session_ends() -> None:
    found = active()
    fed(found, Due(Timer.KEEP_ALIVE))
    commands = fed(found, Due(Timer.ANSWER))
    assert commands[0] == Unanswered()
    assert ended(commands) == End("no answer", in_session=True)


def test_a_request_goes_before_the_next_ticket_and_never_into_one() -> None:
    found = active(separate_writes=True)
    fed(found, *[Room()] * 4)
    assert octets(fed(found, Waits(), Tell((CDR, CDR)))) == b"\x03\x04"
    fed(found, Due(Timer.KEEP_ALIVE))
    assert octets(fed(found, *[Room()] * 5)) == (
        CDR.frame.payload + request().octets + CDR.frame.octets
    )


def test_what_does_not_fit_the_connection_waits_for_it_with_its_answer_timer() -> None:
    found = active()
    fed(found, Tell((CDR,)))
    commands = fed(found, Due(Timer.KEEP_ALIVE))
    assert commands == [SetTimer(Timer.KEEP_ALIVE, 30), SetTimer(Timer.ANSWER, 30)]
    assert ended(fed(found, Due(Timer.ANSWER))).reason == "no answer"


def test_the_first_ticket_may_be_late_and_the_keep_alive_is_not() -> None:
    found = dialogue(**JOINED, first_ticket_seconds=120)
    commands = fed(found, Begin(), Room(), Received(OPEN), Room(), Received(START))
    assert commands[-1] == SetTimer(Timer.FIRST_TICKET, 120)
    assert fed(found, Waits()) == []
    assert octets(fed(found, Due(Timer.KEEP_ALIVE))) == REQUEST
    assert fed(found, Received(ANSWER), Room()) == [Heard(b"TEST_RSP"), StopTimer(Timer.ANSWER)]
    assert fed(found, Due(Timer.FIRST_TICKET)) == [Fetch(JOINED_FRAMES_MAX)]


def test_strange_frames_are_passed_over_until_they_are_too_many() -> None:
    found = active()
    strange = b"\0\x03abc"
    assert fed(found, Received(strange)) == [Heard(b"abc", strange=True)]
    # An answer that nothing asked for is one of them.
    assert fed(found, Received(ANSWER)) == [Heard(b"TEST_RSP", strange=True)]
    fed(found, Received(strange * (STRANGE_FRAMES_MAX - 2)))
    assert ended(fed(found, Received(strange * 2))) == End("no collector", in_session=True)


def test_the_cpu_that_is_not_main_says_so_and_goes() -> None:
    found = dialogue(main=False, standby_role=0x58)
    assert fed(found, Begin(), Room()) == [SetTimer(Timer.OPEN, 30)]
    commands = fed(found, Received(OPEN), Room(), Received(START))
    assert octets(commands) == b"\0\x01X"
    assert ended(fed(found, Room())) == End("standby", in_session=False)


def test_whoever_ends_it_it_is_over_once() -> None:
    for found, in_session in ((dialogue(), False), (active(), True)):
        assert ended(fed(found, Over("operator"))) == End("operator", in_session=in_session)
        assert fed(found, Over("again"), Room(), Waits(), Received(OPEN)) == []


@pytest.mark.parametrize("end", [Over("reset"), Due(Timer.ANSWER), Received(b"\0\0")])
def test_a_frame_that_has_begun_is_ended_before_the_dialogue(end: Input) -> None:
    found = active(separate_writes=True)
    fed(found, *[Room()] * 4)
    assert octets(fed(found, Waits(), Tell((CDR,)))) == b"\x03\x04"
    commands = fed(found, end)
    assert octets(commands) == CDR.frame.payload
    assert ended(commands).in_session
