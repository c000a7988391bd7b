"""The V24 conversation by transcripts: what comes in, what is commanded, in order."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.v24 import COLUMNS_UNKNOWN, LAYOUTS, Layout, V24Decoder
from oxo_collector.receipt import Stored
from oxo_collector.report import Level, Report
from oxo_collector.turns import StopAsked, TimeUp
from oxo_collector.v24.machine import (
    DRAINED_SECONDS,
    FURNITURE_BYTES_MAX,
    LEAVE_SECONDS,
    LINE_SECONDS_MAX,
    UNDECODED_BYTES_MAX,
    XOFF,
    XON,
    V24Conversation,
)
from oxo_collector.v24.messages import (
    Await,
    Closed,
    Command,
    Event,
    HangUp,
    Keep,
    Kept,
    Learn,
    Learned,
    LeaveOff,
    NotKept,
    Received,
    Send,
)
from oxo_tickets import Ticket

LINE = b"A128  --> N01 24/02/20 14:32 00:00:50     2 ST       00390670000\r\n"
OTHER = LINE.replace(b"A128", b"A101")
BAD = b"A128  --> N01 31/02/20 14:33 00:00:50     2 ST       00390670000\r\n"
TITLES = (
    b"USER      LINE         TIME           TAXES    ADD. SERVICES\r\n"
    b"      TYPE    DATE           DURATION       SERV     DIALLED NUMBER\r\n"
)
SILENCE = 900.0
"""Seconds: what the configuration has where it says nothing."""
ROWS = tuple(TITLES.decode().split("\r\n")[:2])
NEW = Kept(Stored(1, 0, 0))
FULL = NotKept("the store cannot be written: full")


def conversation(
    layout: Layout | None = LAYOUTS["79"], *, flow: bool = True, known: Layout | None = None
) -> V24Conversation:
    return V24Conversation(
        V24Decoder(layout, known),
        zone="Europe/Paris",
        where="10.0.0.1:4000",
        flow=flow,
        rest_seconds=float,
        waiting_bytes_max=200,
    )


def short(commands: Sequence[Command]) -> list[object]:
    """Spell what is commanded: of a keeping its number, users, and bytes; of a report its level."""
    return [
        ("keep", one.first, [user(piece) for piece in one.pieces], one.raw)
        if isinstance(one, Keep)
        else one.level
        if isinstance(one, Report)
        else one
        for one in commands
    ]


def user(piece: object) -> object:
    return piece.charged_user if isinstance(piece, Ticket) else getattr(piece, "raw", piece)


def play(machine: V24Conversation, *exchanges: tuple[Event, list[object]]) -> None:
    for event, expected in exchanges:
        assert short(machine.receive(event)) == expected, event


def test_a_line_is_kept_before_the_next_reading() -> None:
    machine = conversation()
    assert machine.begin() == [Send(XON), Await(SILENCE)]
    play(
        machine,
        (Received(LINE), [("keep", 1, ["128"], LINE)]),
        (NEW, [Level.INFO, Await(SILENCE)]),
        (Received(OTHER + LINE), [("keep", 2, ["101", "128"], OTHER + LINE)]),
        (Kept(Stored(2, 0, 0)), [Level.INFO, Await(SILENCE)]),
        (Received(OTHER), [("keep", 4, ["101"], OTHER)]),
    )


def test_a_line_in_pieces_is_kept_once_it_is_whole_with_all_its_bytes() -> None:
    machine = conversation()
    machine.begin()
    play(
        machine,
        (Received(LINE[:10]), [Await(SILENCE)]),
        (Received(LINE[10:] + OTHER[:5]), [("keep", 1, ["128"], LINE)]),
        (NEW, [Level.INFO, Await(SILENCE)]),
        (Received(OTHER[5:]), [("keep", 2, ["101"], OTHER)]),
    )


def test_what_cannot_be_read_has_its_number_too() -> None:
    machine = conversation()
    machine.begin()
    (keep,) = machine.receive(Received(LINE + BAD + LINE))
    assert isinstance(keep, Keep)
    assert [type(piece).__name__ for piece in keep.pieces] == ["Ticket", "Malformed", "Ticket"]
    assert short(machine.receive(Kept(Stored(2, 0, 1))))[0] is Level.WARNING


def test_page_furniture_is_no_ticket_and_comes_with_the_next_line() -> None:
    machine = conversation()
    machine.begin()
    page = b"\fHOTEL SANDMEER\r\n" + TITLES
    play(
        machine,
        (Received(page), [Await(SILENCE)]),
        (Received(LINE), [("keep", 1, ["128"], page + LINE)]),
    )


def test_titles_that_contradict_the_configuration_are_told_once() -> None:
    machine = conversation(LAYOUTS["132"])
    machine.begin()
    assert short(machine.receive(Received(TITLES))) == [Level.WARNING, Await(SILENCE)]
    assert short(machine.receive(Received(TITLES))) == [Await(SILENCE)]
    assert conversation().receive(Received(TITLES)) == [Await(SILENCE)]


def test_lines_wait_for_titles_which_are_learned_behind_them() -> None:
    machine = conversation(None)
    machine.begin()
    (keep,) = machine.receive(Received(LINE + TITLES + OTHER))
    assert isinstance(keep, Keep)
    first, second = keep.pieces
    assert isinstance(first, Malformed)
    assert first.reason == COLUMNS_UNKNOWN
    assert isinstance(second, Ticket)
    play(
        machine,
        (Kept(Stored(1, 0, 1)), [Level.WARNING, Learn(ROWS)]),
        (Learned(Stored(1, 0, 0)), [Level.INFO, Await(SILENCE)]),
        (Received(LINE), [("keep", 3, ["128"], LINE)]),
    )


def test_titles_are_learned_when_no_line_came_yet_and_again_when_the_store_failed() -> None:
    machine = conversation(None, known=LAYOUTS["79"])
    machine.begin()
    play(
        machine,
        (Received(TITLES), [Learn(ROWS)]),
        (FULL, [Level.WARNING, Send(XOFF), Await(1.0)]),
        (TimeUp(), [Learn(ROWS)]),
        (Learned(Stored(0, 0, 0)), [Level.INFO, Send(XON), Await(SILENCE)]),
    )


def test_a_store_that_takes_nothing_stops_the_peer_and_loses_nothing() -> None:
    machine = conversation()
    machine.begin()
    held = ("keep", 1, ["128"], LINE)
    play(
        machine,
        (Received(LINE), [held]),
        (FULL, [Level.WARNING, Send(XOFF), Await(1.0)]),
        (Received(OTHER), [Await(1.0)]),
        (TimeUp(), [held]),
        (FULL, [Level.WARNING, Await(2.0)]),
        (Received(OTHER + LINE), [Await(2.0)]),
        (Received(LINE), [Await(2.0, reading=False)]),
        (TimeUp(), [held]),
        (NEW, [Level.INFO, Level.INFO, ("keep", 2, ["101"], OTHER)]),
        (NEW, [Level.INFO, ("keep", 3, ["101", "128"], OTHER + LINE)]),
        (NEW, [Level.INFO, ("keep", 5, ["128"], LINE)]),
        (NEW, [Level.INFO, Send(XON), Await(SILENCE)]),
    )


def test_readings_that_come_full_stop_the_peer_until_they_are_drained() -> None:
    machine = conversation()
    machine.begin()
    play(
        machine,
        (Received(LINE, full=True), [Send(XOFF), ("keep", 1, ["128"], LINE)]),
        (NEW, [Level.INFO, Await(DRAINED_SECONDS)]),
        (Received(LINE, full=True), [("keep", 2, ["128"], LINE)]),
        (NEW, [Level.INFO, Await(DRAINED_SECONDS)]),
        (TimeUp(), [Send(XON), Await(SILENCE)]),
        (Received(LINE, full=True), [Send(XOFF), ("keep", 3, ["128"], LINE)]),
        (NEW, [Level.INFO, Await(DRAINED_SECONDS)]),
        (Received(LINE), [("keep", 4, ["128"], LINE)]),
        (NEW, [Level.INFO, Send(XON), Await(SILENCE)]),
    )


def test_without_flow_control_no_character_is_said() -> None:
    machine = conversation(flow=False)
    assert machine.begin() == [Await(SILENCE)]
    machine.receive(Received(LINE, full=True))
    assert short(machine.receive(FULL)) == [Level.WARNING, Await(1.0)]


def test_the_end_of_the_connection_tells_the_line_that_was_cut() -> None:
    machine = conversation()
    machine.begin()
    cut = LINE[:-4]
    play(
        machine,
        (Received(cut), [Await(SILENCE)]),
        (Closed("the peer closed the connection"), [Level.INFO, ("keep", 1, [cut], cut)]),
        (Kept(Stored(0, 0, 1)), [Level.WARNING, HangUp(rest=False)]),
    )
    assert machine.ended


def test_a_line_that_was_cut_is_no_ticket_though_it_can_be_read() -> None:
    machine = conversation()
    machine.begin()
    machine.receive(Received(LINE.rstrip()))
    _, keep = machine.receive(Closed("gone"))
    assert isinstance(keep, Keep)
    (piece,) = keep.pieces
    assert isinstance(piece, Malformed)
    assert piece.reason == "line without an end"


def test_a_connection_that_ends_while_the_store_fails_is_kept_in_the_end() -> None:
    machine = conversation()
    machine.begin()
    held = ("keep", 1, ["128"], LINE)
    play(
        machine,
        (Received(LINE), [held]),
        (FULL, [Level.WARNING, Send(XOFF), Await(1.0)]),
        (Closed("reset"), [Level.INFO, Await(1.0, reading=False)]),
        (TimeUp(), [held]),
        (NEW, [Level.INFO, Level.INFO, HangUp(rest=False)]),
    )


def test_a_silent_connection_is_begun_anew_and_what_comes_nevertheless_is_kept() -> None:
    machine = conversation()
    machine.begin()
    play(
        machine,
        (TimeUp(), [Level.INFO, Send(XOFF), LeaveOff(), Await(LEAVE_SECONDS)]),
        (Received(LINE[:10]), [Await(LEAVE_SECONDS)]),
        (Received(LINE[10:]), [("keep", 1, ["128"], LINE)]),
        (NEW, [Level.INFO, Await(LEAVE_SECONDS)]),
        (TimeUp(), [HangUp(rest=False)]),
    )
    assert machine.ended


def test_a_connection_that_ends_while_it_is_left_ends_once() -> None:
    machine = conversation(flow=False)
    machine.begin()
    assert short(machine.receive(TimeUp())) == [Level.INFO, LeaveOff(), Await(LEAVE_SECONDS)]
    assert short(machine.receive(Closed("the peer closed the connection"))) == [
        Level.INFO,
        HangUp(rest=False),
    ]


def test_half_a_line_before_a_silence_is_set_aside_and_not_held_for_ever() -> None:
    machine = conversation()
    machine.begin()
    machine.receive(Received(LINE[:10]))
    machine.receive(TimeUp())
    (keep,) = machine.receive(TimeUp())
    assert isinstance(keep, Keep)
    assert keep.raw == LINE[:10]
    assert machine.receive(NEW)[-1] == HangUp(rest=False)


def test_a_stop_waits_shortly_for_the_line_under_way() -> None:
    machine = conversation()
    machine.begin()
    play(
        machine,
        (Received(LINE[:10]), [Await(SILENCE)]),
        (StopAsked(), [Send(XOFF), Await(LINE_SECONDS_MAX)]),
        (Received(LINE[10:]), [("keep", 1, ["128"], LINE)]),
        (NEW, [Level.INFO, Await(DRAINED_SECONDS)]),
        (TimeUp(), [HangUp(rest=False)]),
    )


def test_a_stop_is_not_put_off_by_a_peer_that_obeys_no_xoff() -> None:
    machine = conversation()
    machine.begin()
    machine.receive(StopAsked())
    for _ in range(100):
        machine.receive(Received(LINE))
        machine.receive(NEW)
        if machine.ended:
            return
    pytest.fail("it went on for ever")


def test_a_stop_while_the_store_fails_tries_once_and_says_what_is_lost() -> None:
    machine = conversation()
    machine.begin()
    machine.receive(Received(LINE * 3))
    machine.receive(FULL)
    machine.receive(Received(OTHER))
    assert short(machine.receive(StopAsked())) == [("keep", 1, ["128"] * 3, LINE * 3)]
    lost, hang_up = machine.receive(FULL)
    assert isinstance(lost, Report)
    assert lost.level is Level.ERROR
    assert f"lost by the stop: 3 lines and {len(OTHER)} bytes that were held" in lost.text
    assert hang_up == HangUp(rest=False)


def test_a_peer_that_prints_no_listing_is_hung_up() -> None:
    machine = conversation()
    machine.begin()
    sent = 0
    while not machine.ended:
        assert sent < 2 * UNDECODED_BYTES_MAX // 900
        commands = machine.receive(Received(b"GET / HTTP/1.1 " * 60 + b"\r\n"))
        sent += 1
        while isinstance(commands[-1], Keep):
            commands = machine.receive(Kept(Stored(0, 0, 1)))
    assert commands[-1] == HangUp(rest=True)
    assert sent * 900 < UNDECODED_BYTES_MAX + 2000


def test_a_statement_between_makes_a_bad_listing_a_listing() -> None:
    machine = conversation()
    machine.begin()
    for _ in range(UNDECODED_BYTES_MAX // 50_000 + 5):
        machine.receive(Received((b"garbage " * 100 + b"\r\n") * 60 + LINE))
        machine.receive(Kept(Stored(1, 0, 60)))
        assert not machine.ended


def test_lines_that_wait_for_titles_are_no_garbage() -> None:
    machine = conversation(None)
    machine.begin()
    for _ in range(UNDECODED_BYTES_MAX // (len(LINE) * 100) + 20):
        machine.receive(Received(LINE * 100))
        machine.receive(Kept(Stored(0, 0, 100)))
        assert not machine.ended


def test_furniture_without_end_is_bounded_and_told_once() -> None:
    machine = conversation()
    machine.begin()
    told = [
        one
        for _ in range(200)
        for one in machine.receive(Received(b"\f\r\n" * 1000))
        if isinstance(one, Report)
    ]
    assert len(told) == 1
    assert len(machine._raw) <= FURNITURE_BYTES_MAX


STREAM = (
    b"\f" + TITLES + LINE + BAD + b"\r\n" + OTHER + b"x" * 3000 + b"\r\n" + OTHER + b"    2\r\n"
)


def drained(machine: V24Conversation, pieces: Sequence[bytes]) -> Iterator[Keep]:
    """Return every keeping of a stream; the store takes each at once."""
    machine.begin()
    events: list[Event] = [*(Received(piece) for piece in pieces), Closed("gone")]
    for event in events:
        commands = machine.receive(event)
        while isinstance(commands[-1], Keep | Learn):
            if isinstance(commands[-1], Keep):
                yield commands[-1]
                commands = machine.receive(NEW)
            else:
                commands = machine.receive(Learned(Stored(0, 0, 0)))
    assert machine.ended


@pytest.mark.parametrize("layout", [None, LAYOUTS["79"]])
def test_the_pieces_are_the_same_wherever_the_stream_is_cut(layout: Layout | None) -> None:
    def pieces(cuts: Sequence[bytes]) -> list[object]:
        keeps = list(drained(conversation(layout), cuts))
        numbers = [n for keep in keeps for n in range(keep.first, keep.first + len(keep.pieces))]
        assert numbers == list(range(1, len(numbers) + 1))
        assert STREAM.startswith(b"".join(keep.raw for keep in keeps))
        return [piece for keep in keeps for piece in keep.pieces]

    whole = pieces([STREAM])
    assert sum(isinstance(piece, Ticket) for piece in whole) == 3
    assert pieces([STREAM[n : n + 1] for n in range(len(STREAM))]) == whole
    for cut in range(0, len(STREAM), 7):
        assert pieces([STREAM[:cut], STREAM[cut:]]) == whole


EVENTS = st.one_of(
    st.binary(max_size=300).map(Received),
    st.sampled_from([Received(LINE), Received(LINE[:20]), Received(TITLES, full=True), TimeUp()]),
    st.sampled_from([FULL, NEW, StopAsked(), Closed("gone")]),
)


@given(st.lists(EVENTS, max_size=30), st.booleans())
def test_every_event_is_followed_by_something_to_do(
    events: list[Event],
    learns: bool,  # noqa: FBT001 - drawn
) -> None:
    machine = conversation(None if learns else LAYOUTS["79"])
    commands = machine.begin()
    for wanted in events:
        if machine.ended:
            break
        event = possible(machine, commands[-1], wanted)
        if event is None:
            continue
        commands = machine.receive(event)
        assert isinstance(commands[-1], Keep | Learn | Await | HangUp)
        assert isinstance(commands[-1], HangUp) == machine.ended


def possible(machine: V24Conversation, last: Command, wanted: Event) -> Event | None:
    """Return what may happen after a command in the place of what was drawn."""
    if isinstance(last, Keep | Learn):
        done = Kept(Stored(1, 0, 0)) if isinstance(last, Keep) else Learned(Stored(0, 0, 0))
        return FULL if wanted == FULL else done
    assert isinstance(last, Await)
    if isinstance(wanted, StopAsked):
        return None if machine._stopping else wanted
    unread = not last.reading and isinstance(wanted, Received | Closed)
    if unread or isinstance(wanted, Kept | NotKept | TimeUp):
        return None if last.seconds is None else TimeUp()
    return wanted
