"""The conversation on the fly by transcript: events in, commands out."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from oxo_collector.failure import Failure, Fault
from oxo_collector.report import Level, Report
from oxo_collector.stream.machine import (
    ALIVE,
    DRAIN_COUNT_MAX,
    DRAIN_SECONDS,
    OPEN,
    RETRY_SECONDS,
    START,
    OnTheFly,
    Plan,
)
from oxo_collector.stream.messages import (
    Begin,
    Command,
    Connect,
    End,
    Event,
    HangUp,
    Heard,
    Keep,
    NotSpooled,
    Receive,
    Send,
    SetAside,
    Spooled,
)
from oxo_collector.stream.reader import Frames
from oxo_collector.stream.rounds import Rounds
from oxo_collector.tcp_events import Connected, Lost, Received, Silent
from oxo_collector.turns import HungUp, Started, StopAsked, TimeUp, Wait

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "oxe-stream"
MAIN = (VECTORS / "tv-02-role-main.bin").read_bytes()
STANDBY = (VECTORS / "tv-06c-not-main.bin").read_bytes()
NO_PBX = (VECTORS / "tv-06b-not-a-pbx.bin").read_bytes()
EMPTY = (VECTORS / "empty-frame.bin").read_bytes()
CDR = (VECTORS / "tv-07-cdr-frame.bin").read_bytes()
ASK = (VECTORS / "tv-04-test-request.bin").read_bytes()
UNKNOWN = (VECTORS / "unknown-type-5.bin").read_bytes()[3:777]
WHERES = "stream at a:2533", "stream at b:2533"
HELD_MAX = 3 * len(CDR)
CLOSED = Lost(Failure("the exchange closed the connection", WHERES[0], Fault.EXCHANGE))
REFUSED = Lost(Failure("connection refused: the port is closed", WHERES[0], Fault.EXCHANGE))
FULL = NotSpooled("the spool cannot be written: No space left on device")
LISTEN = Receive(65.0)
FIRST = Receive(180.0)
HANG_UP: list[Command] = [HangUp()]


def machine(addresses: int = 1, dice: float = 0.5) -> OnTheFly:
    plan = Plan(
        WHERES[:addresses],
        open_seconds_max=10.0,
        silence_seconds_max=65.0,
        first_seconds_max=180.0,
        held_bytes_max=HELD_MAX,
    )
    return OnTheFly(plan, Rounds(addresses, 1.0, 10.0, lambda: dice), Frames)


def bare(commands: Sequence[Command]) -> list[Command]:
    return [one for one in commands if not isinstance(one, Report)]


def told(commands: Sequence[Command], level: Level) -> list[str]:
    return [one.text for one in commands if isinstance(one, Report) and one.level is level]


def played(one: OnTheFly, *script: tuple[Event, list[Command]]) -> None:
    for event, expected in script:
        assert bare(one.receive(event)) == expected, event


def opening(one: OnTheFly, address: int = 0) -> None:
    played(
        one,
        (Started(), [Connect(address)]),
        (Connected("e"), [Send(OPEN), Receive(10.0)]),
    )


def active(one: OnTheFly) -> OnTheFly:
    opening(one)
    played(one, (Received(MAIN), [Begin()]), (Spooled(), [Send(START), Heard(), FIRST]))
    return one


def keep(first: int, *frames: bytes) -> Keep:
    return Keep(first, frames)


# --- to the role


def test_the_start_is_said_when_the_connection_is_spooled() -> None:
    active(machine())


def test_tickets_before_the_start_are_spooled_before_it_is_said() -> None:
    one = machine()
    opening(one)
    played(
        one,
        (Received(MAIN + EMPTY + CDR), [Begin()]),
        (Spooled(), [keep(1, CDR)]),
        (Spooled(), [Send(START), Heard(), LISTEN]),
    )


def test_a_role_in_pieces_is_waited_for() -> None:
    one = machine()
    opening(one)
    played(one, (Received(MAIN[:2]), [Receive(10.0)]), (Received(MAIN[2:]), [Begin()]))


def test_a_standby_is_left_for_the_other_address_at_once_and_both_are_rested_upon() -> None:
    one = machine(2)
    opening(one)
    commands = one.receive(Received(STANDBY))
    (warning,) = told(commands, Level.WARNING)
    assert warning.startswith("the exchange answers, but not as the main one (role 53) (stream at")
    played(
        one,
        (HungUp(), [Connect(1)]),
        (REFUSED, HANG_UP),
        (HungUp(), [Wait(1.0)]),
        (TimeUp(), [Connect(0)]),
    )


def test_something_else_on_the_port_is_an_alarm_once_and_kept() -> None:
    one = machine()
    opening(one)
    commands = one.receive(Received(NO_PBX))
    (alarm,) = told(commands, Level.ERROR)
    assert alarm.startswith("whoever listens there is no exchange")
    assert isinstance(commands[-1], SetAside)
    assert (commands[-1].ordinal, commands[-1].raw) == (0, b"\xff\xff")
    played(one, (Spooled(), HANG_UP), (HungUp(), [Wait(1.0)]), (TimeUp(), [Connect(0)]))
    one.receive(Connected("e"))
    assert one.receive(Received(NO_PBX)) == HANG_UP


def test_who_takes_the_connection_and_says_nothing_is_left() -> None:
    one = machine(2)
    opening(one)
    commands = one.receive(Silent())
    assert "no role was told within 10 seconds" in told(commands, Level.WARNING)[0]
    assert bare(commands) == HANG_UP
    played(one, (HungUp(), [Connect(1)]))


def test_bytes_that_are_no_role_yet_are_kept_when_the_connection_ends() -> None:
    one = machine()
    opening(one)
    played(
        one,
        (Received(b"\0"), [Receive(10.0)]),
        (CLOSED, [SetAside(0, "1 bytes and no role", b"\0")]),
        (Spooled(), HANG_UP),
    )


def test_the_rests_grow_and_are_short_again_when_something_came() -> None:
    one = machine()
    played(one, (Started(), [Connect(0)]))
    for seconds in (1.0, 2.0, 4.0, 8.0, 10.0, 10.0):
        played(one, (REFUSED, HANG_UP), (HungUp(), [Wait(seconds)]), (TimeUp(), [Connect(0)]))
    played(
        one,
        (Connected("e"), [Send(OPEN), Receive(10.0)]),
        (Received(MAIN), [Begin()]),
        (Spooled(), [Send(START), Heard(), FIRST]),
        (CLOSED, [End(1, f"{CLOSED.failure.what} ({WHERES[0]})")]),
        (Spooled(), HANG_UP),
        (HungUp(), [Wait(10.0)]),  # "P" alone proves nothing
        (TimeUp(), [Connect(0)]),
        (Connected("f"), [Send(OPEN), Receive(10.0)]),
        (Received(MAIN + ASK), [Begin()]),
        (Spooled(), [Send(START + ALIVE), Heard(), LISTEN]),
        (CLOSED, [End(1, f"{CLOSED.failure.what} ({WHERES[0]})")]),
        (Spooled(), HANG_UP),
        (HungUp(), [Wait(1.0)]),
    )


def test_after_a_loss_the_main_address_is_tried_first_then_the_other() -> None:
    one = machine(2)
    opening(one)
    played(
        one,
        (CLOSED, HANG_UP),
        (HungUp(), [Connect(1)]),
        (Connected("e"), [Send(OPEN), Receive(10.0)]),
        (Received(MAIN + CDR), [Begin()]),
        (Spooled(), [keep(1, CDR)]),
        (Spooled(), [Send(START), Heard(), LISTEN]),
        (CLOSED, [End(2, f"{CLOSED.failure.what} ({WHERES[1]})")]),
        (Spooled(), HANG_UP),
        (HungUp(), [Wait(1.0)]),
        (TimeUp(), [Connect(1)]),
        (REFUSED, HANG_UP),
        (HungUp(), [Connect(0)]),
    )


# --- tickets


def test_a_keep_alive_inside_a_burst_is_answered_after_what_is_before_it_is_durable() -> None:
    one = active(machine())
    played(
        one,
        (Received(CDR + ASK + CDR + ASK), [keep(1, CDR, CDR)]),
        (Spooled(), [Send(ALIVE + ALIVE), Heard(), LISTEN]),
    )


def test_ordinals_go_on_over_readings_and_begin_anew_with_a_connection() -> None:
    one = active(machine())
    played(
        one,
        (Received(CDR * 13), [keep(1, *[CDR] * 13)]),
        (Spooled(), [LISTEN]),
        (Received(CDR), [keep(14, CDR)]),
        (Spooled(), [LISTEN]),
        (CLOSED, [End(15, f"{CLOSED.failure.what} ({WHERES[0]})")]),
        (Spooled(), HANG_UP),
        (HungUp(), [Wait(1.0)]),
        (TimeUp(), [Connect(0)]),
        (Connected("f"), [Send(OPEN), Receive(10.0)]),
        (Received(MAIN), [Begin()]),
        (Spooled(), [Send(START), Heard(), FIRST]),
        (Received(CDR), [keep(1, CDR)]),
    )


def test_empty_tickets_take_no_ordinal_and_no_room() -> None:
    one = active(machine())
    played(one, (Received(EMPTY), [FIRST]), (Received(EMPTY + CDR), [keep(1, CDR)]))


def test_unknown_frames_are_kept_and_told_once() -> None:
    one = active(machine())
    strange = b"\0\5HELLO"
    commands = one.receive(Received(UNKNOWN + strange + UNKNOWN + CDR))
    assert [text.split(" came,")[0] for text in told(commands, Level.ERROR)] == [
        "tickets of type 5",
        "frames of 5 bytes",
    ]
    assert bare(commands) == [keep(1, UNKNOWN, strange, UNKNOWN, CDR)]
    one.receive(Spooled())
    assert told(one.receive(Received(UNKNOWN)), Level.ERROR) == []


@pytest.mark.parametrize("length", [b"\0\0", b"\xff\xff"])
def test_a_bad_length_ends_the_connection_and_what_came_with_it_is_kept(length: bytes) -> None:
    one = active(machine())
    reason = f"length {int.from_bytes(length, 'big')} is none of a frame; the connection is begun"
    commands = one.receive(Received(CDR + length + CDR))
    assert bare(commands) == [keep(1, CDR)]
    (aside,) = one.receive(Spooled())
    assert aside == SetAside(2, reason + " anew", length + CDR)
    (end,) = one.receive(Spooled())
    assert isinstance(end, End)
    assert end.ordinal == 3
    assert end.why is not None
    played(one, (Spooled(), HANG_UP), (HungUp(), [Wait(1.0)]))


def test_a_frame_that_the_end_cuts_is_set_aside() -> None:
    one = active(machine())
    played(
        one,
        (Received(CDR + CDR[:402]), [keep(1, CDR)]),
        (Spooled(), [LISTEN]),
        (
            CLOSED,
            [SetAside(2, "the connection ended after 402 bytes of 774 of a frame", CDR[:402])],
        ),
        (Spooled(), [End(3, f"{CLOSED.failure.what} ({WHERES[0]})")]),
        (Spooled(), HANG_UP),
    )


def test_until_something_came_silence_is_tolerated_for_longer() -> None:
    one = active(machine())
    played(
        one,
        (Silent(), [End(1, f"nothing came for 180 seconds ({WHERES[0]})")]),
        (Spooled(), HANG_UP),
    )
    one = active(machine())
    played(
        one,
        (Received(ASK), [Send(ALIVE), Heard(), LISTEN]),
        (Silent(), [End(1, f"nothing came for 65 seconds ({WHERES[0]})")]),
    )


# --- a spool that refuses


def test_it_reads_on_into_memory_and_answers_while_the_spool_refuses() -> None:
    one = active(machine())
    one.receive(Received(CDR + ASK))
    commands = one.receive(FULL)
    (alarm,) = told(commands, Level.ERROR)
    assert alarm.startswith("the spool cannot be written: No space left on device; what came is")
    assert bare(commands) == [Send(ALIVE), Heard(), Receive(RETRY_SECONDS)]
    played(
        one,
        (Received(CDR + ASK), [keep(1, CDR)]),
        (FULL, [Send(ALIVE), Heard(), Receive(RETRY_SECONDS)]),
        (Silent(), [keep(1, CDR)]),
        (Spooled(), [keep(2, CDR)]),
        (Spooled(), [Receive(64.0)]),
    )


def test_the_refusal_is_told_once_and_its_end_too() -> None:
    one = active(machine())
    one.receive(Received(CDR))
    assert len(told(one.receive(FULL), Level.ERROR)) == 1
    one.receive(Silent())
    assert told(one.receive(FULL), Level.ERROR) == []
    one.receive(Silent())
    assert told(one.receive(Spooled()), Level.INFO) == ["the spool takes again what was held"]


def test_when_enough_is_held_nothing_is_read_any_more() -> None:
    one = active(machine())
    played(
        one,
        (Received(CDR * 3), [keep(1, CDR, CDR, CDR)]),
        (FULL, [Wait(RETRY_SECONDS)]),
        (TimeUp(), [keep(1, CDR, CDR, CDR)]),
        (FULL, [Wait(RETRY_SECONDS)]),
        (TimeUp(), [keep(1, CDR, CDR, CDR)]),
        (Spooled(), [LISTEN]),
    )


def test_what_is_spooled_is_not_held_any_more() -> None:
    one = active(machine())
    for ordinal in range(1, 30, 3):
        played(
            one,
            (Received(CDR * 3), [keep(ordinal, CDR, CDR, CDR)]),
            (Spooled(), [LISTEN]),
        )
    played(one, (Received(CDR), [keep(31, CDR)]), (FULL, [Receive(RETRY_SECONDS)]))


def test_an_exchange_is_not_started_as_long_as_nothing_can_be_kept() -> None:
    one = machine()
    opening(one)
    played(
        one,
        (Received(MAIN + ASK), [Begin()]),
        (FULL, [Wait(RETRY_SECONDS)]),
        (TimeUp(), [Begin()]),
        (Spooled(), [Send(START + ALIVE), Heard(), LISTEN]),
    )


def test_a_connection_lost_meanwhile_is_spooled_before_the_next_is_made() -> None:
    one = active(machine())
    played(
        one,
        (Received(CDR), [keep(1, CDR)]),
        (FULL, [Receive(RETRY_SECONDS)]),
        (CLOSED, [keep(1, CDR)]),
        (FULL, [Wait(RETRY_SECONDS)]),
        (TimeUp(), [keep(1, CDR)]),
        (Spooled(), [End(2, f"{CLOSED.failure.what} ({WHERES[0]})")]),
        (Spooled(), HANG_UP),
    )


def test_silence_is_counted_while_the_spool_refuses() -> None:
    one = active(machine())
    played(one, (Received(CDR), [keep(1, CDR)]), (FULL, [Receive(RETRY_SECONDS)]))
    for _ in range(64):
        played(one, (Silent(), [keep(1, CDR)]), (FULL, [Receive(RETRY_SECONDS)]))
    played(one, (Silent(), [keep(1, CDR)]), (FULL, [Wait(RETRY_SECONDS)]))
    played(
        one,
        (TimeUp(), [keep(1, CDR)]),
        (Spooled(), [End(2, f"nothing came for 65 seconds ({WHERES[0]})")]),
    )


# --- the end


def test_a_stop_closes_our_side_and_reads_to_the_end() -> None:
    one = active(machine())
    assert one.receive(StopAsked()) == []
    drain = Receive(DRAIN_SECONDS, through=True)
    played(
        one,
        (Silent(), [Send(b"", last=True), drain]),
        (Received(CDR + ASK), [keep(1, CDR)]),
        (Spooled(), [Send(ALIVE), Heard(), drain]),
        (CLOSED, [End(2, None)]),
        (Spooled(), HANG_UP),
        (HungUp(), []),
    )
    assert one.ended


def test_a_stop_with_a_reading_in_hand_spools_it() -> None:
    one = active(machine())
    one.receive(StopAsked())
    drain = Receive(DRAIN_SECONDS, through=True)
    played(
        one,
        (Received(CDR), [keep(1, CDR)]),
        (Spooled(), [Send(b"", last=True), drain]),
        (Silent(), [End(2, None)]),
    )


def test_an_exchange_that_does_not_heed_the_stop_is_left_and_that_is_no_orderly_end() -> None:
    one = active(machine())
    one.receive(StopAsked())
    one.receive(Silent())
    for number in range(1, DRAIN_COUNT_MAX):
        one.receive(Received(CDR))
        assert one.receive(Spooled())[-1] == Receive(DRAIN_SECONDS, through=True), number
    one.receive(Received(CDR))
    (end,) = one.receive(Spooled())
    assert end == End(
        DRAIN_COUNT_MAX + 1, f"stopped while the exchange went on sending ({WHERES[0]})"
    )


def test_a_break_off_is_no_orderly_end() -> None:
    one = active(machine())
    one.receive(StopAsked())
    one.receive(Silent())
    broken = Lost(Failure("broken off by the stop", WHERES[0], Fault.MACHINE))
    (end,) = one.receive(broken)
    assert end == End(1, f"broken off by the stop ({WHERES[0]})")


def test_a_stop_while_the_spool_refuses_says_what_is_lost() -> None:
    one = active(machine())
    played(one, (Received(CDR * 2), [keep(1, CDR, CDR)]), (FULL, [Receive(RETRY_SECONDS)]))
    one.receive(StopAsked())
    played(one, (Silent(), [keep(1, CDR, CDR)]))
    commands = one.receive(FULL)
    assert "lost by the stop: 2 frames" in told(commands, Level.ERROR)[0]
    assert bare(commands) == HANG_UP
    played(one, (HungUp(), []))
    assert one.ended


@pytest.mark.parametrize("events", [[], [Started(), REFUSED, HungUp()]])
def test_a_stop_before_a_connection_ends_at_once(events: list[Event]) -> None:
    one = machine()
    for event in events:
        one.receive(event)
    one.receive(StopAsked())
    assert one.ended


def test_a_stop_during_the_connecting_opens_nothing() -> None:
    one = machine(2)
    one.receive(Started())
    one.receive(StopAsked())
    played(one, (Connected("e"), HANG_UP), (HungUp(), []))
    assert one.ended


def test_a_stop_during_the_opening_starts_nothing() -> None:
    one = machine()
    opening(one)
    one.receive(StopAsked())
    drain = Receive(DRAIN_SECONDS, through=True)
    played(one, (Received(MAIN), [Begin()]), (Spooled(), [Send(b"", last=True), drain]))
