"""Every vector of the stream through the conversation, whole and cut anywhere; then garbage."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_collector.failure import Failure, Fault
from oxo_collector.stream.machine import (
    ASIDE_BYTES_MAX,
    ASIDE_BYTES_MIN,
    ASIDES_WHOLE_COUNT_MAX,
    TABLE,
    OnTheFly,
    Plan,
    State,
)
from oxo_collector.stream.messages import Command, Keep, Send, SetAside, Spooled, Spooling
from oxo_collector.stream.reader import Frames
from oxo_collector.stream.rounds import Rounds
from oxo_collector.tcp_events import Connected, Lost, Received, Silent
from oxo_collector.turns import HungUp, OutOfTurn, Started, TimeUp

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "oxe-stream"
MAIN = (VECTORS / "tv-02-role-main.bin").read_bytes()
WHERE = "stream at a:2533"
CLOSED = Lost(Failure("the exchange closed the connection", WHERE, Fault.EXCHANGE))


def opening() -> OnTheFly:
    plan = Plan((WHERE,), 10.0, 65.0, 180.0, 1_000_000)
    one = OnTheFly(plan, Rounds(1, 1.0, 10.0, lambda: 0.5), Frames)
    one.receive(Started())
    one.receive(Connected("e"))
    return one


def begun(state: str) -> OnTheFly:
    one = opening()
    if state == "active":
        one.receive(Received(MAIN))
        one.receive(Spooled())
    return one


def spooled_of(
    one: OnTheFly, pieces: Sequence[bytes], *, closes: bool
) -> tuple[bytes, list[object]]:
    """Feed pieces to an opening or active machine; return what it sent and what it spooled."""
    sent, kept = b"", list[object]()

    def carry(commands: Sequence[Command]) -> None:
        nonlocal sent
        for command in commands:
            if isinstance(command, Send):
                sent += command.data
        last = commands[-1] if commands else None
        if isinstance(last, Spooling):
            frames = last.frames if isinstance(last, Keep) else [last]
            kept.extend(frames)
            carry(one.receive(Spooled()))

    for piece in pieces:
        carry(one.receive(Received(piece)))
        if one._state is State.HANGING_UP:
            return sent, kept
    if closes:
        carry(one.receive(CLOSED))
    return sent, kept


def readings(name: str) -> tuple[dict[str, object], bytes]:
    meaning = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["meaning"]
    return meaning, (VECTORS / f"{name}.bin").read_bytes()


NAMES = sorted(
    path.stem
    for path in VECTORS.glob("*.json")
    if json.loads(path.read_text("utf-8"))["meaning"]["reader"] == "collector"
)


def pieces_of(events: Sequence[dict[str, object]]) -> int:
    """Count what takes an ordinal."""
    return sum(
        (one["event"] == "ticket" and one["kind"] != "empty")
        or one["event"] == "bad length"
        or (one["event"] == "end of stream" and "unfinished" in one)
        for one in events
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_is_answered_and_spooled_alike_however_it_is_cut(name: str) -> None:
    meaning, data = readings(name)
    closes = bool(meaning["peer_closes_at_end"])
    state = str(meaning["state_before"])
    whole = spooled_of(begun(state), [data], closes=closes)
    assert whole[0] == bytes.fromhex(str(meaning["reply"]))
    events = meaning["events"]
    assert isinstance(events, list)
    takes = [one for one in whole[1] if isinstance(one, bytes | SetAside)]
    assert sum(not isinstance(one, SetAside) or one.ordinal > 0 for one in takes) == pieces_of(
        events
    )
    bytewise = [data[place : place + 1] for place in range(len(data))]
    assert spooled_of(begun(state), bytewise, closes=closes)[0] == whole[0]
    if "length-" in name or name == "tv-06b-not-a-pbx":
        return  # how much of the rest is at hand is the reading's business
    assert spooled_of(begun(state), bytewise, closes=closes) == whole
    for cut in range(1, len(data), 1 if len(data) < 1000 else 7):
        parts = [data[:cut], data[cut:]]
        assert spooled_of(begun(state), parts, closes=closes) == whole


@given(st.lists(st.binary(max_size=20), max_size=8), st.booleans())
def test_garbage_never_breaks_it(pieces: list[bytes], told_role: bool) -> None:  # noqa: FBT001
    spooled_of(begun("active" if told_role else "opening"), pieces, closes=True)


def test_of_what_is_no_frame_only_so_much_is_kept() -> None:
    one = begun("active")
    (aside,) = one.receive(Received(b"\0\0" + bytes(ASIDE_BYTES_MAX)))
    assert isinstance(aside, SetAside)
    assert len(aside.raw) == ASIDE_BYTES_MAX
    assert aside.reason.endswith("; of 65538 bytes the first 65536 are kept")


def test_of_bad_lengths_again_and_again_only_the_beginnings_are_kept() -> None:
    one, kept = begun("active"), list[int]()
    again = (Spooled(), Spooled(), HungUp(), TimeUp(), Connected("e"), Received(MAIN), Spooled())
    for _ in range(ASIDES_WHOLE_COUNT_MAX + 2):
        (aside,) = one.receive(Received(b"\xff\xff" + bytes(5000)))
        assert isinstance(aside, SetAside)
        kept.append(len(aside.raw))
        for event in again:
            one.receive(event)
    assert kept == [5002] * ASIDES_WHOLE_COUNT_MAX + [ASIDE_BYTES_MIN] * 2


def test_an_event_that_nothing_can_bring_is_a_defect() -> None:
    for state, known in TABLE.items():
        for kind in (Started(), Spooled(), HungUp(), TimeUp(), Silent(), CLOSED):
            if type(kind) in known:
                continue
            one = opening()
            one._state = state
            with pytest.raises(OutOfTurn):
                one.receive(kind)
