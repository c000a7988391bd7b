"""The collection of account files, event by event: without lengths, stopped anywhere, misled."""

import pytest
from oxo_collector.account.machine import TABLE, AccountCollection, Plan, State
from oxo_collector.account.messages import (
    Command,
    Compress,
    Compressed,
    Entry,
    Event,
    Fetch,
    Fetched,
    HangUp,
    Keep,
    Kept,
    Listed,
    ListFiles,
    LoggedIn,
    LogIn,
    Measure,
    Measured,
)
from oxo_collector.receipt import Stored
from oxo_collector.rests import Rests
from oxo_collector.turns import HungUp, OutOfTurn, Started, StopAsked, TimeUp, Wait

A, B = "TAXAAAAA.DAT", "TAXAAAAB.DAT"
STORED = Stored(3, 0, 0)


def collection(*, compress_first: bool) -> AccountCollection:
    plan = Plan("oldest", compress_first, 300.0, 2.0, 1000, "sftp://exchange:22")
    return AccountCollection(plan, Rests(1, 8, lambda: 0.0))


def test_an_exchange_that_tells_no_lengths() -> None:
    play = collection(compress_first=False).receive
    play(Started())
    play(LoggedIn())
    play(Listed((A,), None, ()))
    play(Measured((Entry(A, None),)))
    play(TimeUp())
    assert play(Measured((Entry(A, None),)))[-1] == Fetch(Entry(A, None))
    assert play(Fetched(77, "x"))[-1] == Keep(A, moves_marker=True)


@pytest.mark.parametrize("before", [0, 1, 2, 3, 4, 5, 6, 7])
def test_a_stop_ends_after_the_file_in_hand(before: int) -> None:
    machine = collection(compress_first=True)
    entries = (Entry(A, 101), Entry(B, 102))
    events: list[Event] = [
        Started(), LoggedIn(), Compressed(), Listed((A, B), None, ()), Measured(entries),
        TimeUp(), Measured(entries), Fetched(101, "x"), Kept(STORED), HungUp(),
    ]  # fmt: skip
    commands: list[Command] = []
    for event in events[:before]:
        commands = machine.receive(event)
    assert machine.receive(StopAsked()) == []
    answers: dict[type, Event] = {
        LogIn: LoggedIn(), Compress: Compressed(), ListFiles: Listed((A, B), None, ()),
        Measure: Measured(entries), Wait: TimeUp(), Fetch: Fetched(101, "x"),
        Keep: Kept(STORED), HangUp: HungUp(),
    }  # fmt: skip
    fetches = 0
    while not machine.ended:
        fetches += isinstance(commands[-1], Fetch)
        commands = machine.receive(answers[type(commands[-1])])
    assert fetches == (before == 7)


def test_an_event_that_nothing_can_bring_is_a_defect() -> None:
    machine = collection(compress_first=False)
    with pytest.raises(OutOfTurn, match="Kept in IDLE"):
        machine.receive(Kept(STORED))
    assert set(State) - set(TABLE) == {State.ENDED}
