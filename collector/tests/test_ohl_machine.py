"""The conversation on the hotel link by transcript: events in, commands out."""

from pathlib import Path

import pytest
from oxo_collector.decoders.ohl import ACK, NAK
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.failure import Failure, Fault
from oxo_collector.ohl.machine import (
    BAD_COUNT_MAX,
    FRAME_SECONDS_MAX,
    HOLD_SECONDS,
    REPEAT,
    TABLE,
    HotelLink,
    Plan,
    State,
)
from oxo_collector.ohl.messages import (
    Command,
    Connect,
    Event,
    HangUp,
    Keep,
    Kept,
    NotKept,
    Quarantine,
    Receive,
    Send,
    SetAside,
    Started,
)
from oxo_collector.receipt import Stored, WireEvent
from oxo_collector.report import Level, Report
from oxo_collector.rests import Rests
from oxo_collector.tcp_events import Connected, Lost, Received, Sent, Silent
from oxo_collector.turns import HungUp, OutOfTurn, StopAsked, TimeUp, Wait
from oxo_tickets import Ticket

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "ohl"
CONNECTION = (VECTORS / "connection.bin").read_bytes()
KEEP_ALIVE = (VECTORS / "keep-alive.bin").read_bytes()
ONE = (VECTORS / "smdr-outgoing.bin").read_bytes()
TWO = (VECTORS / "smdr-incoming.bin").read_bytes()
WRONG = (VECTORS / "wrong-lrc.bin").read_bytes()[:13]
GOOD = (VECTORS / "wrong-lrc.bin").read_bytes()[13:]
WHERE = "hotel link at exchange:5010"
CUT = Lost(Failure("the connection was cut", WHERE, Fault.NETWORK))
FULL = NotKept(Failure("the store cannot be written: full", "the store", Fault.MACHINE))
KEPT = Kept(Stored(1, 0, 0))
LISTEN = Receive(60.0)


def link() -> HotelLink:
    plan = Plan(zone="Europe/Paris", silence_seconds_max=60.0, where=WHERE)
    return HotelLink(plan, Rests(1.0, 8.0, lambda: 0.0))


def play(machine: HotelLink, *events: Event) -> list[Command]:
    """Give the events in turn and return what the last one commands."""
    commands: list[Command] = []
    for event in events:
        commands = machine.receive(event)
    return commands


def bare(commands: list[Command]) -> list[Command]:
    return [command for command in commands if not isinstance(command, Report)]


def texts(commands: list[Command]) -> str:
    return "\n".join(command.text for command in commands if isinstance(command, Report))


def keep_of(commands: list[Command]) -> Keep:
    (keep,) = bare(commands)
    assert isinstance(keep, Keep)
    return keep


def connected(last_raw: bytes | None = None) -> HotelLink:
    machine = link()
    assert play(machine, Started(last_raw)) == [Connect()]
    assert play(machine, Connected("ohl:1")) == [LISTEN]
    assert play(machine, Received(CONNECTION)) == [Send(ACK)]
    assert play(machine, Sent()) == [LISTEN]
    return machine


def reconnected(machine: HotelLink, epoch: str = "ohl:2") -> list[Command]:
    """Let the connection be lost and another be taken."""
    assert bare(play(machine, CUT))[-1] == HangUp()
    (wait,) = play(machine, HungUp())
    assert isinstance(wait, Wait)
    assert play(machine, TimeUp()) == [Connect()]
    play(machine, Connected(epoch), Received(CONNECTION))
    return play(machine, Sent())


def test_a_message_is_acknowledged_after_it_is_durable_and_not_before() -> None:
    machine = connected()
    keep = keep_of(play(machine, Received(ONE)))
    assert (keep.epoch, keep.number, keep.raw) == ("ohl:1", 1, ONE)
    assert isinstance(keep.piece, Ticket)
    assert keep.piece.zone == "Europe/Paris"
    commands = play(machine, KEPT)
    assert commands[0] == Report(Level.INFO, "message stored", {"new": 1, "events": 0, "number": 1})
    assert commands[1:] == [Send(ACK)]
    assert play(machine, Sent()) == [LISTEN]


def test_keep_alive_is_answered_and_not_kept() -> None:
    machine = connected()
    assert play(machine, Received(KEEP_ALIVE)) == [Send(ACK)]


def test_a_message_in_pieces() -> None:
    machine = connected()
    for place in range(len(ONE) - 1):
        assert play(machine, Received(ONE[place : place + 1])) == [Receive(FRAME_SECONDS_MAX)]
    assert keep_of(play(machine, Received(ONE[-1:]))).raw == ONE


def test_equal_neighbours_are_two() -> None:
    machine = connected()
    first = keep_of(play(machine, Received(ONE + ONE)))
    play(machine, KEPT)
    second = keep_of(play(machine, Sent()))
    assert (first.number, second.number) == (1, 2)
    play(machine, KEPT, Sent())
    assert keep_of(play(machine, Received(ONE))).number == 3


def test_a_bad_frame_is_set_aside_and_answered_by_nak_and_the_next_is_read() -> None:
    machine = connected()
    commands = play(machine, Received(WRONG + GOOD))
    assert bare(commands) == [Quarantine("LRC wrong: check value '00'; the bytes give 53", WRONG)]
    assert "at fault: the exchange" in texts(commands)
    assert play(machine, SetAside(1)) == [Send(NAK)]
    keep = keep_of(play(machine, Sent()))
    assert isinstance(keep.piece, WireEvent)
    assert keep.raw == GOOD


def test_a_sound_frame_that_nobody_knows_does_not_hold_back_what_stands_behind_it() -> None:
    unknown = (VECTORS / "unknown-type.bin").read_bytes()[:13]
    machine = link()
    play(machine, Started(), Connected("e"), Received(unknown))
    assert play(machine, SetAside(1)) == [Send(NAK)]
    play(machine, Sent(), Received(unknown))
    assert play(machine, SetAside(2)) == [Send(NAK)]
    play(machine, Sent(), CUT, HungUp(), TimeUp(), Connected("f"), Received(unknown))
    assert play(machine, SetAside(3)) == [Send(ACK)]
    play(machine, Sent(), Received(ONE))
    assert play(machine, KEPT)[-1:] == [Send(ACK)]


def test_a_damaged_frame_is_never_acknowledged() -> None:
    machine = link()
    play(machine, Started(), Connected("e"))
    for _ in range(BAD_COUNT_MAX):
        play(machine, Received(WRONG))
        assert play(machine, SetAside(1)) == [Send(NAK)]
        play(machine, Sent())


def test_stray_bytes_are_set_aside_and_not_answered() -> None:
    machine = connected()
    (aside,) = bare(play(machine, Received(b"\r\nlogin: " + ONE)))
    assert aside == Quarantine("9 bytes that belong to no frame", b"\r\nlogin: ")
    assert keep_of(play(machine, SetAside(1))).raw == ONE


def test_control_characters_mean_nothing() -> None:
    assert play(connected(), Received(b"\x06\x15\x13\x11")) == [LISTEN]


def test_a_body_that_cannot_be_read_is_kept_aside_and_acknowledged() -> None:
    machine = connected()
    frame = (VECTORS / "every-type.bin").read_bytes()[14:88]
    keep = keep_of(play(machine, Received(frame)))
    assert isinstance(keep.piece, Malformed)
    commands = play(machine, Kept(Stored(0, 0, 1)))
    assert texts(commands) == "message kept aside"
    assert bare(commands) == [Send(ACK)]


def test_the_rest_of_a_frame_that_does_not_come_is_answered_by_nak() -> None:
    machine = connected()
    assert play(machine, Received(ONE[:20])) == [Receive(FRAME_SECONDS_MAX)]
    (aside,) = bare(play(machine, Silent()))
    assert aside == Quarantine("ETX missing: 20 bytes without an end", ONE[:20])
    assert play(machine, SetAside(1)) == [Send(NAK)]


def test_a_silent_link_is_connected_anew_at_once_and_that_is_said_once() -> None:
    machine = connected()
    commands = play(machine, Silent())
    assert "silent for 60 seconds" in texts(commands)
    assert bare(commands) == [HangUp()]
    assert play(machine, HungUp()) == [Connect()]
    play(machine, Connected("ohl:2"), Received(CONNECTION), Sent())
    assert play(machine, Silent()) == [HangUp()]
    play(machine, HungUp(), Connected("ohl:3"), Received(CONNECTION), Sent())
    play(machine, Received(KEEP_ALIVE), Sent())
    assert "silent for 60 seconds" in texts(play(machine, Silent()))


# What a lost connection leaves.


def test_what_was_not_kept_is_taken_from_the_next_connection() -> None:
    machine = connected()
    play(machine, Received(ONE))
    play(machine, FULL, Sent(), TimeUp())
    assert reconnected_after_refusal(machine) == [LISTEN]
    assert keep_of(play(machine, Received(ONE))).epoch == "ohl:2"


def reconnected_after_refusal(machine: HotelLink) -> list[Command]:
    assert bare(play(machine, FULL)) == [HangUp()]
    play(machine, HungUp(), TimeUp(), Connected("ohl:2"), Received(CONNECTION))
    return play(machine, Sent())


@pytest.mark.parametrize("answered", [True, False])
def test_the_first_message_that_is_the_last_kept_one_is_its_repeat(*, answered: bool) -> None:
    machine = connected()
    play(machine, Received(ONE), KEPT)
    if answered:
        play(machine, Sent())
    assert reconnected(machine) == [LISTEN]
    commands = play(machine, Received(ONE))
    assert bare(commands) == [Quarantine(REPEAT, ONE)]
    assert "message J was sent again after a lost connection" in texts(commands)
    assert play(machine, SetAside(1)) == [Send(ACK)]
    play(machine, Sent())
    assert keep_of(play(machine, Received(ONE))).number == 1  # an equal neighbour


def test_a_message_behind_it_proves_the_acknowledgement() -> None:
    machine = connected()
    play(machine, Received(ONE), KEPT, Sent(), Received(TWO), KEPT, Sent())
    reconnected(machine)
    assert keep_of(play(machine, Received(ONE))).raw == ONE


def test_keep_alive_proves_nothing() -> None:
    machine = connected()
    play(machine, Received(ONE), KEPT, Sent(), Received(KEEP_ALIVE), Sent())
    reconnected(machine)
    assert bare(play(machine, Received(ONE))) == [Quarantine(REPEAT, ONE)]


def test_only_the_first_message_of_a_connection_can_be_a_repeat() -> None:
    machine = connected()
    play(machine, Received(ONE), KEPT, Sent())
    reconnected(machine)
    play(machine, Received(TWO), KEPT, Sent())
    assert keep_of(play(machine, Received(ONE))).raw == ONE


def test_a_repeat_of_the_repeat_is_one_too() -> None:
    machine = connected()
    play(machine, Received(ONE), KEPT, Sent())
    reconnected(machine)
    play(machine, Received(ONE), SetAside(1), Sent())
    reconnected(machine, "ohl:3")
    assert bare(play(machine, Received(ONE))) == [Quarantine(REPEAT, ONE)]


def test_a_new_process_knows_the_last_message_of_the_one_before() -> None:
    machine = connected(ONE)
    assert bare(play(machine, Received(ONE))) == [Quarantine(REPEAT, ONE)]


def test_half_a_message_is_set_aside_when_the_connection_is_lost() -> None:
    machine = connected()
    play(machine, Received(ONE[:30]))
    commands = play(machine, CUT)
    aside = Quarantine("connection lost after 30 bytes of a message", ONE[:30])
    assert bare(commands) == [aside]
    assert play(machine, SetAside(1)) == [HangUp()]
    assert play(machine, HungUp()) == [Wait(1.0)]


# What the store refuses.


def test_a_store_that_refuses_once_is_asked_again_and_the_peer_waits() -> None:
    machine = connected()
    keep = keep_of(play(machine, Received(ONE)))
    assert play(machine, FULL) == [Send(b"\x13")]
    assert play(machine, Sent()) == [Wait(HOLD_SECONDS)]
    assert play(machine, TimeUp()) == [keep]
    assert bare(play(machine, KEPT)) == [Send(ACK + b"\x11")]


def test_what_came_again_while_the_keeping_took_long_is_counted_once() -> None:
    machine = connected()
    play(machine, Received(ONE))
    commands = play(machine, Kept(Stored(1, 0, 0), early=ONE + ONE + KEEP_ALIVE))
    assert texts(commands).count("sent again before it was answered") == 2
    assert bare(commands) == [Send(ACK)]
    assert play(machine, Sent()) == [Send(ACK)]  # of the keep-alive
    play(machine, Sent())
    assert keep_of(play(machine, Received(ONE))).number == 2


def test_what_cannot_be_set_aside_is_not_answered() -> None:
    machine = connected()
    play(machine, Received(WRONG))
    commands = play(machine, FULL)
    assert bare(commands) == [HangUp()]
    assert "at fault: this machine" in texts(commands)


# Trouble, and the end.


def test_rests_grow_until_a_message_is_kept() -> None:
    machine = link()
    play(machine, Started())
    waits = []
    for _ in range(4):
        play(machine, CUT)
        waits += play(machine, HungUp())
        play(machine, TimeUp())
    assert waits == [Wait(1.0), Wait(2.0), Wait(4.0), Wait(8.0)]
    play(machine, Connected("ohl:9"), Received(ONE), KEPT, CUT)
    assert play(machine, HungUp()) == [Wait(1.0)]


def test_a_peer_that_is_no_hotel_link_is_hung_up() -> None:
    machine = connected()
    for _ in range(BAD_COUNT_MAX):
        assert isinstance(bare(play(machine, Received(WRONG)))[0], Quarantine)
        play(machine, SetAside(1), Sent())
    commands = play(machine, Received(WRONG))
    assert "this is no hotel link" in texts(commands)
    assert bare(commands) == [HangUp()]


@pytest.mark.parametrize(
    ("way", "rest"),
    [
        ([], [Received(b""), HungUp()]),
        ([Received(ONE + TWO)], [KEPT, Sent(), HungUp()]),
        ([Received(ONE)], [FULL, HungUp()]),
        ([Received(WRONG)], [SetAside(1), Sent(), HungUp()]),
        ([Received(ONE), FULL, Sent()], [TimeUp(), KEPT, Sent(), HungUp()]),
    ],
)
def test_a_stop_ends_after_the_message_in_hand(way: list[Event], rest: list[Event]) -> None:
    machine = connected()
    play(machine, *way)
    assert play(machine, StopAsked()) == []
    for event in rest:
        assert not machine.ended
        commands = play(machine, event)
        assert not any(isinstance(one, Keep) and one.raw == TWO for one in commands)
    assert machine.ended


def test_a_stop_at_rest_ends_at_once() -> None:
    machine = link()
    play(machine, Started(), CUT, HungUp(), StopAsked())
    assert machine.ended


def test_an_event_out_of_turn_is_a_defect_of_ours() -> None:
    with pytest.raises(OutOfTurn, match="Sent in IDLE"):
        link().receive(Sent())
    assert set(TABLE) == set(State) - {State.ENDED}


FRAME = b"\x02J217     O00000624022014320700005000199001234               000000017004\x03"
"""A call as an exchange tells it; the check value is reckoned by hand."""


@pytest.mark.parametrize("place", range(len(FRAME)))
def test_a_frame_that_the_link_damaged_is_not_taken_and_its_repeat_is_kept_once(place: int) -> None:
    damaged = FRAME[:place] + bytes([FRAME[place] ^ 0x40]) + FRAME[place + 1 :]
    machine = connected()
    kept, answers = [], list[bytes]()

    def hear(event: Event) -> Command:
        """Let the machine do what it says, until it waits for the exchange."""
        command = bare(play(machine, event))[-1]
        while not isinstance(command, Receive):
            done: Event = SetAside(1)
            if isinstance(command, Send):
                answers.append(command.data)
                done = Sent()
            elif isinstance(command, Keep):
                kept.append(command.raw)
                done = KEPT
            command = bare(play(machine, done))[-1]
        return command

    waits = hear(Received(damaged))
    assert isinstance(waits, Receive)
    if waits.seconds < LISTEN.seconds:  # the end is awaited, and less long than the exchange waits
        hear(Silent())
    # To no answer at all the exchange says it again, too: of the damaged first byte.
    assert answers == ([] if place == 0 else [NAK])
    hear(Received(FRAME))
    assert (kept, answers[-1]) == ([FRAME], ACK)
