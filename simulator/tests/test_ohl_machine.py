"""The conversation of the hotel link by transcript: what comes in, what goes out, in order."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.ohl import machine
from oxo_simulator.ohl.backlog import Message
from oxo_simulator.ohl.codec import frame
from oxo_simulator.ohl.machine import (
    BAD_FRAMES_MAX,
    NOISE_BYTES_MAX,
    TABLE,
    Begin,
    CarryOut,
    Command,
    Conversation,
    Due,
    End,
    Fetch,
    Input,
    Over,
    Received,
    Refused,
    Send,
    SetTimer,
    Sign,
    State,
    StopTimer,
    Taken,
    Tell,
    Timer,
    Waits,
)
from oxo_simulator.ohl.mapping import FrameWriter
from oxo_simulator.ohl.reader import STRAY_BYTES_MAX
from oxo_simulator.ohl.settings import OhlSettings

OPENING, ALIVE = b"\x02@FFFF\x03", b"\x02$0000\x03"
ACK, NAK, XON, XOFF = b"\x06", b"\x15", b"\x11", b"\x13"
ASK = frame("I", "217     ")


def ticket(number: int) -> Message:
    return Message("ticket", number, frame("D", f"{number:<8}"))


class Hotel:
    """A conversation whose tickets come from a list; keeps what it did and when timers are due."""

    def __init__(self, *tickets: Message, **settings: Any) -> None:
        self.machine = Conversation(OhlSettings(**settings), FrameWriter())
        self.tickets = list(tickets)
        self.told: list[Message] = []
        self.orders: list[str] = []
        self.refused: list[str] = []
        self.timers: dict[Timer, float] = {}
        self.ended: str | None = None

    def give(self, event: Input) -> list[bytes]:
        """Return the bytes that left."""
        left: list[bytes] = []
        events = [event]
        while events:
            for command in self.machine.receive(events.pop(0)):
                events += self.do(command, left)
        return left

    def do(self, command: Command, left: list[bytes]) -> list[Input]:
        match command:
            case Send(octets=octets):
                left.append(octets)
            case SetTimer(timer=timer, seconds=seconds):
                self.timers[timer] = seconds
            case StopTimer(timer=timer):
                self.timers.pop(timer, None)
            case Fetch() if self.tickets:
                return [Tell(self.tickets[0])]
            case Taken(message=message):
                self.told.append(message)
                if message.origin == "ticket":
                    self.tickets.remove(message)
            case CarryOut(frame=order):
                self.orders.append(order.letter)
                return [Waits()]
            case Refused(reason=reason):
                self.refused.append(reason)
            case End(reason=reason):
                self.ended = reason
        return []

    def hear(self, *octets: bytes) -> list[bytes]:
        return [each for one in octets for each in self.give(Received(one))]

    def due(self, timer: Timer) -> list[bytes]:
        assert timer in self.timers, "this timer does not run"
        del self.timers[timer]
        return self.give(Due(timer))


def opened(*tickets: Message, **settings: Any) -> Hotel:
    hotel = Hotel(*tickets, **settings)
    assert hotel.give(Begin()) == [OPENING]
    return hotel


ONE, TWO = ticket(1), ticket(2)


def test_the_connection_message_comes_first_then_one_frame_at_a_time() -> None:
    hotel = opened(ONE, TWO)
    assert hotel.hear(ACK) == [ONE.octets]
    assert hotel.told[0].origin == "own"
    assert hotel.give(Waits()) == []
    assert hotel.hear(ACK) == [TWO.octets]
    assert hotel.hear(ACK) == []
    assert hotel.told[1:] == [ONE, TWO]


def test_what_happens_later_is_told_at_once() -> None:
    hotel = opened()
    assert hotel.hear(ACK) == []
    hotel.tickets.append(ONE)
    assert hotel.give(Waits()) == [ONE.octets]


def test_a_nak_brings_the_same_frame_again_until_the_attempts_are_used_up() -> None:
    hotel = opened(ONE)
    hotel.hear(ACK)
    assert hotel.hear(NAK) == [ONE.octets]
    assert hotel.hear(NAK) == [ONE.octets]
    assert hotel.hear(NAK) == []
    assert (hotel.ended, hotel.tickets) == ("not accepted", [ONE])


def test_no_answer_brings_it_again_until_the_attempts_are_used_up() -> None:
    hotel = opened(ONE, attempts=2)
    hotel.hear(ACK)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.due(Timer.ANSWER) == []
    assert (hotel.ended, hotel.tickets, hotel.timers) == ("no answer", [ONE], {})


def test_the_connection_message_has_its_attempts_too() -> None:
    hotel = opened(ONE, attempts=1)
    assert hotel.due(Timer.ANSWER) == []
    assert hotel.ended == "no answer"


def test_a_late_second_answer_does_not_acknowledge_the_next_frame() -> None:
    """The peer answered both copies; the second answer is not one to the next frame."""
    hotel = opened(ONE, TWO)
    hotel.hear(ACK)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.hear(ACK) == []
    assert hotel.told[1:] == [ONE]
    assert hotel.give(Waits()) == [], "another answer is to come"
    assert hotel.hear(ACK) == [TWO.octets]
    assert hotel.hear(ACK) == []
    assert hotel.told[1:] == [ONE, TWO]


def test_a_peer_that_heard_one_copy_alone_is_told_the_next_frame_once() -> None:
    """The first copy was damaged so that nobody heard a frame: it is never answered."""
    hotel = opened(ONE, TWO)
    hotel.hear(ACK)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.hear(ACK) == []
    assert hotel.due(Timer.ANSWER) == [TWO.octets]
    assert hotel.hear(ACK) == []
    assert hotel.told[1:] == [ONE, TWO]


def test_an_answer_still_to_come_is_waited_for_behind_xon_too() -> None:
    hotel = opened(ONE, TWO)
    hotel.hear(ACK)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.hear(XOFF, ACK) == []
    assert hotel.hear(XON) == []
    assert hotel.due(Timer.ANSWER) == [TWO.octets]
    hotel.hear(ACK)
    assert hotel.told[1:] == [ONE, TWO]


def test_no_keep_alive_goes_between_a_frame_and_an_answer_still_to_come() -> None:
    hotel = opened(ONE, keep_alive_seconds=1)
    hotel.hear(ACK)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.hear(ACK) == []
    assert hotel.due(Timer.KEEP_ALIVE) == []
    assert hotel.hear(ACK) == []
    assert hotel.due(Timer.KEEP_ALIVE) == [ALIVE]


def test_a_late_second_answer_to_the_last_frame_is_an_answer_to_nothing() -> None:
    hotel = opened(ONE)
    hotel.hear(ACK)
    hotel.due(Timer.ANSWER)
    hotel.hear(ACK, ACK)
    hotel.tickets.append(TWO)
    assert hotel.give(Waits()) == [TWO.octets]
    hotel.hear(ACK)
    assert hotel.told[1:] == [ONE, TWO]


def test_an_answer_to_a_nak_and_one_to_a_time_out_are_told_apart() -> None:
    """A NAK is the answer to its copy: nothing is owed after it."""
    hotel = opened(ONE, TWO)
    hotel.hear(ACK, NAK)
    assert hotel.hear(ACK) == [TWO.octets]
    hotel.hear(ACK)
    assert hotel.told[1:] == [ONE, TWO]


@pytest.mark.parametrize("late", [[NAK], [XOFF, NAK, XON]])
def test_a_late_nak_is_to_the_copy_before_and_brings_no_third_one(late: list[bytes]) -> None:
    """The end of a frame was damaged: its NAK comes with the ACK of its repetition."""
    hotel = opened(ONE, TWO)
    hotel.hear(ACK)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.hear(*late) == []
    assert hotel.hear(ACK) == [TWO.octets]
    assert hotel.hear(ACK) == []
    assert hotel.told[1:] == [ONE, TWO]


def test_a_nak_to_the_second_copy_alone_is_waited_out() -> None:
    hotel = opened(ONE, TWO)
    hotel.hear(ACK)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.hear(NAK) == []
    assert hotel.due(Timer.ANSWER) == [ONE.octets]
    assert hotel.hear(NAK) == []
    assert hotel.due(Timer.ANSWER) == []
    assert hotel.ended == "no answer"


def test_answers_to_nothing_change_nothing() -> None:
    hotel = opened()
    hotel.hear(ACK)
    assert hotel.hear(ACK, NAK, XON) == []
    hotel.tickets.append(ONE)
    assert hotel.give(Waits()) == [ONE.octets]


def test_quiet_time_brings_a_keep_alive() -> None:
    hotel = opened(keep_alive_seconds=7)
    hotel.hear(ACK)
    assert hotel.timers[Timer.KEEP_ALIVE] == 7
    assert hotel.due(Timer.KEEP_ALIVE) == [ALIVE]
    assert hotel.hear(ACK) == []
    assert hotel.due(Timer.KEEP_ALIVE) == [ALIVE]


def test_a_keep_alive_that_came_due_while_asked_is_not_forgotten() -> None:
    hotel = opened(ONE, keep_alive_seconds=1)
    hotel.hear(ACK)
    assert hotel.due(Timer.KEEP_ALIVE) == []
    hotel.hear(ACK)
    assert hotel.due(Timer.KEEP_ALIVE) == [ALIVE]


def test_silence_ends_it_and_anything_readable_is_no_silence() -> None:
    hotel = opened(silence_seconds=9)
    for octets in (ACK, XOFF, XON, ALIVE, ASK):
        del hotel.timers[Timer.SILENCE]
        hotel.hear(octets)
        assert hotel.timers[Timer.SILENCE] == 9
    hotel.due(Timer.SILENCE)
    assert hotel.ended == "silence"
    assert not hotel.timers


@pytest.mark.parametrize(
    "octets", [b"noise\x02", b"\x02Q\x03", ASK.replace(b"7", b"8"), frame("J", " " * 69)]
)
def test_what_cannot_be_read_is_silence(octets: bytes) -> None:
    hotel = opened()
    del hotel.timers[Timer.SILENCE]
    hotel.hear(octets)
    assert Timer.SILENCE not in hotel.timers


def test_xoff_holds_and_xon_goes_on() -> None:
    hotel = opened(ONE)
    assert hotel.hear(XOFF) == []
    assert Timer.ANSWER not in hotel.timers
    assert hotel.hear(ACK) == []
    assert Timer.KEEP_ALIVE not in hotel.timers
    assert hotel.give(Waits()) == []
    assert hotel.hear(XOFF) == []
    assert hotel.hear(XON) == [ONE.octets]
    assert hotel.hear(ACK) == []
    assert hotel.told[1:] == [ONE]


def test_an_answer_is_awaited_again_after_xon() -> None:
    hotel = opened(ONE)
    hotel.hear(ACK, XOFF, XON)
    assert hotel.due(Timer.ANSWER) == [ONE.octets]


def test_a_nak_while_held_is_obeyed_after_xon() -> None:
    hotel = opened(ONE, TWO)
    hotel.hear(ACK, XOFF)
    assert hotel.hear(NAK) == []
    assert hotel.hear(XON) == [ONE.octets]
    assert hotel.hear(ACK) == [TWO.octets]
    assert hotel.hear(ACK) == []
    assert hotel.told[1:] == [ONE, TWO]


def test_a_keep_alive_runs_again_after_xon() -> None:
    hotel = opened()
    hotel.hear(ACK, XOFF, XON)
    assert hotel.due(Timer.KEEP_ALIVE) == [ALIVE]


def test_without_flow_control_xoff_holds_nothing() -> None:
    hotel = opened(ONE, flow="none")
    assert hotel.hear(XOFF, ACK) == [ONE.octets]


def test_who_holds_for_ever_and_says_nothing_is_let_go() -> None:
    hotel = opened(ONE)
    hotel.hear(XOFF)
    assert hotel.timers == {Timer.SILENCE: 60}
    hotel.due(Timer.SILENCE)
    assert (hotel.ended, hotel.tickets) == ("silence", [ONE])


def test_orders_are_acknowledged_and_carried_out_even_while_held() -> None:
    hotel = opened()
    assert hotel.hear(XOFF, ASK) == [ACK]
    assert hotel.hear(frame("A", " " * 56)) == [ACK]
    assert hotel.orders == ["I", "A"]


def test_the_peers_keep_alive_is_acknowledged_and_no_order() -> None:
    hotel = opened()
    assert hotel.hear(ALIVE, OPENING) == [ACK, ACK]
    assert hotel.orders == []


@pytest.mark.parametrize("letter", ["J", "P", "C", "R", "S", "T"])
def test_what_only_the_exchange_sends_is_refused(letter: str) -> None:
    lengths = {"J": 69, "P": 44, "C": 12, "R": 14, "S": 16, "T": 39}
    hotel = opened()
    assert hotel.hear(frame(letter, " " * lengths[letter])) == [NAK]
    assert hotel.refused == ["not the hotel system's to send"]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (ASK.replace(b"7", b"8"), "LRC wrong"),
        (ASK[:-1] + ASK[:1], "ETX missing"),
        (b"\x02Q\x03", "type unknown"),
        (b"\x02I217\x03", "length wrong"),
    ],
)
def test_what_is_no_frame_is_answered_by_nak_and_the_next_is_read(
    octets: bytes, reason: str
) -> None:
    hotel = opened()
    assert hotel.hear(octets) == [NAK]
    assert hotel.refused == [reason]
    hotel.hear(b"\x03")
    assert hotel.hear(ASK)[-1] == ACK


def test_a_frame_that_does_not_end_in_time_is_answered_by_nak() -> None:
    hotel = opened(answer_seconds=3)
    hotel.hear(ACK)
    assert hotel.hear(ASK[:5]) == []
    assert hotel.timers[Timer.FRAME_END] == 3
    del hotel.timers[Timer.FRAME_END]
    assert hotel.hear(ASK[5:6]) == []
    assert Timer.FRAME_END not in hotel.timers, "each byte gave more time"
    hotel.timers[Timer.FRAME_END] = 0
    assert hotel.due(Timer.FRAME_END) == [NAK]
    assert hotel.refused == ["ETX missing"]
    assert hotel.hear(ASK) == [ACK]
    assert Timer.FRAME_END not in hotel.timers


def test_a_frame_that_ends_in_time_needs_no_timer() -> None:
    hotel = opened()
    hotel.hear(ASK[:5], ASK[5:])
    assert Timer.FRAME_END not in hotel.timers


def test_too_many_bad_frames_end_it() -> None:
    hotel = opened(ONE)
    hotel.hear(ACK)
    hotel.hear(*[b"\x02Q\x03"] * (BAD_FRAMES_MAX - 1))
    assert hotel.ended is None
    hotel.hear(ACK)
    hotel.hear(*[b"\x02Q\x03"] * (BAD_FRAMES_MAX - 1))
    assert hotel.ended is None
    assert hotel.hear(b"\x02Q\x03" + ASK)[-1] == NAK
    assert hotel.ended == "too many bad frames"


def test_noise_without_end_ends_it() -> None:
    hotel = opened()
    assert hotel.hear(b"x" * (NOISE_BYTES_MAX - STRAY_BYTES_MAX), ACK, b"x" * STRAY_BYTES_MAX) == []
    assert hotel.ended is None
    hotel.hear(b"x" * NOISE_BYTES_MAX)
    ended: tuple[Any, Any] = (hotel.ended, hotel.timers)
    assert ended == ("noise", {})


@pytest.mark.parametrize("signals", [ACK, NAK, XON, XOFF, XOFF + XON, b"x" + ACK])
@pytest.mark.parametrize("flow", ["xon-xoff", "none"])
def test_signals_without_end_to_which_nothing_is_due_are_noise(signals: bytes, flow: str) -> None:
    """Each is a line of the transcript, which they would push out of it for a byte apiece."""
    hotel = opened(flow=flow)
    hotel.hear(ACK)
    hotel.hear(signals * (NOISE_BYTES_MAX // len(signals) - 1))
    assert hotel.ended is None
    hotel.hear(signals + XON)
    assert hotel.ended == "noise"


def test_an_awaited_answer_tells_signals_from_noise() -> None:
    hotel = opened(ONE)
    hotel.hear(XON * (NOISE_BYTES_MAX - 1), ACK, XON * (NOISE_BYTES_MAX - 1), ACK)
    hotel.hear(XON * (NOISE_BYTES_MAX - 1), ASK, XON * (NOISE_BYTES_MAX - 1))
    assert (hotel.ended, hotel.told[1:]) == (None, [ONE])


def test_what_ends_from_outside_says_why_and_stays_ended() -> None:
    hotel = opened(ONE)
    hotel.give(Over("reset"))
    assert (hotel.ended, hotel.timers) == ("reset", {})
    hotel.ended = "nobody says so again"
    for event in (Over("again"), Received(ACK), Waits(), Due(Timer.ANSWER), Tell(ONE)):
        assert hotel.give(event) == []
    assert hotel.ended == "nobody says so again"


def test_what_is_told_too_late_is_not_sent() -> None:
    """Between question and answer an XOFF may have come; the ticket stays where it waits."""
    hotel = opened()
    hotel.hear(ACK, XOFF)
    assert hotel.give(Tell(ONE)) == []


# The table.


def test_the_table_has_every_sign_in_every_state() -> None:
    """But for the two timers, which do not run in every state."""
    stopped = {
        (state, sign)
        for state in State
        for sign, running in ((Sign.NO_ANSWER, {State.ASKED}), (Sign.QUIET, {State.FREE}))
        if state not in running
    }
    wanted = {(state, sign) for state in State for sign in Sign if state is not State.OVER}
    assert set(TABLE) == wanted - stopped


INPUTS = st.sampled_from(
    [
        Received(ACK), Received(NAK), Received(XON), Received(XOFF), Received(ASK), Waits(),
        Received(ASK[:4]), Received(b"\x02Q\x03"), Due(Timer.ANSWER), Due(Timer.KEEP_ALIVE),
        Due(Timer.FRAME_END),
    ]
)  # fmt: skip


@given(st.lists(INPUTS, max_size=60))
def test_whatever_comes_tickets_are_told_in_order_and_once(inputs: Sequence[Input]) -> None:
    """Never two frames outstanding, never a ticket skipped, told ones are never sent again."""
    tickets = [ticket(number) for number in range(1, 80)]
    hotel = opened(*tickets)
    sent: list[bytes] = []
    for event in inputs:
        if isinstance(event, Due) and hotel.timers.pop(event.timer, None) is None:
            continue
        sent += [each for each in hotel.give(event) if len(each) == len(ONE.octets)]
    told = [message for message in hotel.told if message.origin == "ticket"]
    assert told == tickets[: len(told)]
    assert hotel.tickets == tickets[len(told) :]
    assert set(sent) == {message.octets for message in tickets[: len(set(sent))]}
    assert len(set(sent)) - len(told) in (0, 1)
    assert sent == sorted(sent, key=[message.octets for message in tickets].index)


def test_every_command_is_known_to_the_shell() -> None:
    """The shell's one dispatch ends in an error for the command nobody thought of."""
    commands = {each.__name__ for each in machine.Command.__args__}
    assert commands == {
        "Send", "Heard", "SetTimer", "StopTimer", "Fetch", "Taken", "CarryOut", "Refused", "End",
    }  # fmt: skip
