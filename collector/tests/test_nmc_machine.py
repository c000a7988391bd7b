"""The collection of files by transcript: events in, commands out."""

from collections.abc import Mapping
from typing import Literal

import pytest
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, Refused
from oxo_collector.nmc.machine import TABLE, FileCollection, Plan, State
from oxo_collector.nmc.messages import (
    Command,
    Compared,
    Delete,
    Deleted,
    Entry,
    Event,
    Fetch,
    FetchAgain,
    Fetched,
    HangUp,
    Keep,
    Kept,
    Listed,
    ListFiles,
    LoggedIn,
    LogIn,
    Note,
    Noted,
)
from oxo_collector.receipt import FileState, KnownFile, Stored
from oxo_collector.report import Level, Report
from oxo_collector.rests import Rests
from oxo_collector.turns import HungUp, OutOfTurn, Started, StopAsked, TimeUp, Wait

WHERE = "ftp://exchange:30021"
ONE = Entry("ALZ0001.ALZ", 313, "20200224143300")
TWO = Entry("ALZ0002.ALZ", 435, "20200224153300")
STORED = Kept(Stored(1, 0, 0), 1, 1)
CUT = Failed(Failure("the connection was cut", f"file at {WHERE}", Fault.NETWORK))
NO = Refused(Failure("refused (550 No.)", f"file at {WHERE}", Fault.EXCHANGE))
FULL = Failed(Failure("the store cannot be written: full", "the store", Fault.MACHINE))


def collection(after: Literal["delete", "leave"] = "delete") -> FileCollection:
    plan = Plan(after=after, poll_seconds=60.0, file_bytes_max=1000, where=WHERE)
    return FileCollection(plan, Rests(1.0, 8.0, lambda: 0.0))


def listed(*entries: Entry, others: int = 0, known: Mapping[str, KnownFile] | None = None) -> Event:
    return Listed(entries, others, known or {})


def play(machine: FileCollection, *events: Event) -> list[Command]:
    """Give the events in turn and return what the last one commands."""
    commands: list[Command] = []
    for event in events:
        commands = machine.receive(event)
    return commands


def bare(commands: list[Command]) -> list[Command]:
    return [command for command in commands if not isinstance(command, Report)]


def reports(commands: list[Command]) -> list[Report]:
    return [command for command in commands if isinstance(command, Report)]


def until_kept(machine: FileCollection, *entries: Entry) -> None:
    size = entries[0].size_bytes or 0
    assert bare(play(machine, Started())) == [LogIn()]
    assert bare(play(machine, LoggedIn())) == [ListFiles()]
    assert bare(play(machine, listed(*entries))) == [Fetch(entries[0])]
    assert bare(play(machine, Fetched(size))) == [Keep(entries[0].name)]


def test_a_round_of_two_files() -> None:
    machine = collection()
    until_kept(machine, ONE, TWO)
    commands = play(machine, STORED)
    assert commands[0] == Report(
        Level.INFO,
        "file stored",
        {"file": "ALZ0001.ALZ", "new": 1, "known": 0, "quarantined": 0},
    )
    assert commands[1:] == [Delete(ONE)]
    assert play(machine, Deleted()) == [Note(FileState.DELETED)]
    assert play(machine, Noted()) == [Fetch(TWO)]
    play(machine, Fetched(435), STORED, Deleted())
    assert play(machine, Noted()) == [HangUp()]
    assert play(machine, HungUp()) == [Wait(60.0)]
    assert play(machine, TimeUp()) == [LogIn()]


def test_nothing_is_deleted_before_it_is_durable() -> None:
    machine = collection()
    until_kept(machine, ONE)
    commands = play(machine, FULL)
    assert bare(commands) == [HangUp()]
    assert "the store cannot be written" in reports(commands)[0].text
    assert play(machine, HungUp()) == [Wait(1.0)]


@pytest.mark.parametrize("found", [312, 314, 0])
def test_a_file_of_another_length_is_neither_kept_nor_deleted(found: int) -> None:
    machine = collection()
    play(machine, Started(), LoggedIn(), listed(ONE, TWO))
    commands = play(machine, Fetched(found))
    assert bare(commands) == [Fetch(TWO)]
    assert f"{found} bytes came, the exchange tells 313" in reports(commands)[0].text
    assert reports(commands)[0].text.endswith("at fault: the exchange")


def test_a_file_that_breaks_off_each_time_does_not_hold_back_the_others() -> None:
    machine = collection()
    play(machine, Started(), LoggedIn(), listed(ONE, TWO), CUT, HungUp(), TimeUp(), LoggedIn())
    assert bare(play(machine, listed(ONE, TWO))) == [Fetch(TWO)]
    play(machine, Fetched(435), STORED, Deleted())
    assert bare(play(machine, Noted())) == [Fetch(ONE)]
    play(machine, Fetched(313), STORED, Deleted(), Noted(), HungUp(), TimeUp(), LoggedIn())
    assert bare(play(machine, listed(ONE, TWO))) == [Fetch(ONE)]


def test_a_file_that_cannot_be_read_is_fetched_once_more_and_kept_where_it_is_the_same() -> None:
    machine = collection()
    play(machine, Started(), LoggedIn(), listed(ONE, TWO))
    assert play(machine, Fetched(313, doubtful=True)) == [FetchAgain(ONE)]
    assert play(machine, Compared(same=True)) == [Keep(ONE.name)]


def test_a_file_that_comes_in_other_bytes_is_neither_kept_nor_deleted() -> None:
    machine = collection()
    play(machine, Started(), LoggedIn(), listed(ONE, TWO), Fetched(313, doubtful=True))
    commands = play(machine, Compared(same=False))
    assert bare(commands) == [Fetch(TWO)]
    assert "damaged on their way; not kept, not deleted" in reports(commands)[0].text


@pytest.mark.parametrize("why", [NO, CUT])
def test_what_cannot_be_had_again_may_be_the_only_copy_and_is_kept(why: Event) -> None:
    machine = collection()
    play(machine, Started(), LoggedIn(), listed(ONE), Fetched(313, doubtful=True))
    assert bare(play(machine, why)) == [Keep(ONE.name)]


def test_a_resumed_transfer_is_told() -> None:
    machine = collection()
    play(machine, Started(), LoggedIn(), listed(ONE))
    commands = play(machine, Fetched(313, resumed=True))
    assert bare(commands) == [Keep("ALZ0001.ALZ")]
    assert reports(commands)[0].text == "transfer gone on with after a cut"


def test_an_exchange_that_knows_no_size_is_believed() -> None:
    machine = collection()
    nameless = Entry("ALZ0001.ALZ", None, None)
    play(machine, Started(), LoggedIn(), listed(nameless))
    assert play(machine, Fetched(17)) == [Keep("ALZ0001.ALZ")]


def test_a_doubtful_file_is_kept_and_left_on_the_exchange() -> None:
    machine = collection()
    until_kept(machine, ONE)
    fault = "header: ticket count differs: the header tells 5, 3 are there"
    commands = play(machine, Kept(Stored(3, 0, 1), 5, 3, (fault,)))
    assert bare(commands) == [Note(FileState.LEFT)]
    stored, doubt = reports(commands)
    assert (stored.level, stored.fields["quarantined"]) == (Level.WARNING, 1)
    assert fault in doubt.text
    assert "left on the exchange" in doubt.text


def again(machine: FileCollection, entry: Entry, state: FileState) -> list[Command]:
    """Let the next round list the file that was kept."""
    play(machine, HungUp(), TimeUp(), LoggedIn())
    return play(machine, listed(entry, known={entry.name: KnownFile(313, "ab", state)}))


def test_a_left_file_is_not_fetched_twice() -> None:
    machine = collection("leave")
    until_kept(machine, ONE)
    assert bare(play(machine, STORED)) == [Note(FileState.LEFT)]
    play(machine, Noted())
    assert again(machine, ONE, FileState.LEFT) == [HangUp()]


@pytest.mark.parametrize(
    "entry",
    [
        Entry("ALZ0001.ALZ", 435, "20200224143300"),
        Entry("ALZ0001.ALZ", 313, "20200225000000"),
    ],
)
def test_a_new_file_of_the_same_name_is_fetched(entry: Entry) -> None:
    machine = collection("leave")
    until_kept(machine, ONE)
    play(machine, STORED, Noted())
    assert again(machine, entry, FileState.LEFT) == [Fetch(entry)]


def test_without_a_time_of_change_the_digest_must_tell() -> None:
    machine = collection("leave")
    timeless = Entry("ALZ0001.ALZ", 313, None)
    until_kept(machine, timeless)
    play(machine, STORED, Noted())
    assert again(machine, timeless, FileState.LEFT) == [Fetch(timeless)]


def test_a_new_process_asks_once_whether_the_left_file_is_the_same() -> None:
    machine = collection("leave")
    known = {ONE.name: KnownFile(313, "ab", FileState.LEFT)}
    play(machine, Started(), LoggedIn())
    assert play(machine, listed(ONE, known=known)) == [Fetch(ONE)]
    play(machine, Fetched(313), Kept(Stored(0, 1, 0), 1, 1), Noted())
    assert again(machine, ONE, FileState.LEFT) == [HangUp()]


def test_a_file_that_was_kept_and_not_deleted_is_fetched_again_and_deleted() -> None:
    machine = collection()
    known = {ONE.name: KnownFile(313, "ab", FileState.FETCHED)}
    play(machine, Started(), LoggedIn())
    assert play(machine, listed(ONE, known=known)) == [Fetch(ONE)]
    commands = play(machine, Fetched(313), Kept(Stored(0, 1, 0), 1, 1))
    assert bare(commands) == [Delete(ONE)]


def test_a_deletion_that_is_refused_leaves_the_file() -> None:
    machine = collection()
    until_kept(machine, ONE)
    play(machine, STORED)
    commands = play(machine, NO)
    assert bare(commands) == [Note(FileState.UNDELETED)]
    assert "550" in reports(commands)[0].text


def test_one_file_that_cannot_be_had_does_not_stop_the_others() -> None:
    machine = collection()
    play(machine, Started(), LoggedIn(), listed(ONE, TWO))
    assert bare(play(machine, NO)) == [Fetch(TWO)]


def test_a_file_over_the_limit_is_not_fetched() -> None:
    machine = collection()
    big = Entry("ALZ0000.ALZ", 1001, None)
    play(machine, Started(), LoggedIn())
    commands = play(machine, listed(big, ONE))
    assert bare(commands) == [Fetch(ONE)]
    assert "file_bytes_max allows 1000" in reports(commands)[0].text
    assert reports(commands)[0].text.endswith("at fault: the operator's configuration")


@pytest.mark.parametrize(
    "way",
    [
        [],
        [LoggedIn()],
        [LoggedIn(), listed(ONE)],
        [LoggedIn(), listed(ONE), Fetched(313)],
        [LoggedIn(), listed(ONE), Fetched(313), STORED],
        [LoggedIn(), listed(ONE), Fetched(313), STORED, Deleted()],
    ],
)
def test_after_any_failure_it_hangs_up_rests_and_begins_anew(way: list[Event]) -> None:
    machine = collection()
    play(machine, Started(), *way)
    commands = play(machine, CUT)
    assert [report.text for report in reports(commands)] == [str(CUT.failure)]
    assert bare(commands) == [HangUp()]
    assert play(machine, HungUp()) == [Wait(1.0)]
    assert play(machine, TimeUp()) == [LogIn()]


def test_rests_grow_until_a_list_worked() -> None:
    machine = collection()
    play(machine, Started())
    waits = []
    for _ in range(5):
        play(machine, CUT)
        waits += play(machine, HungUp())
        play(machine, TimeUp())
    assert waits == [Wait(1.0), Wait(2.0), Wait(4.0), Wait(8.0), Wait(8.0)]
    play(machine, LoggedIn(), listed(ONE), CUT)
    assert play(machine, HungUp()) == [Wait(1.0)]


def test_a_login_that_is_refused_is_rested_upon() -> None:
    machine = collection()
    play(machine, Started())
    assert bare(play(machine, NO)) == [HangUp()]
    assert play(machine, HungUp()) == [Wait(1.0)]


def test_an_alarm_is_told_loud() -> None:
    machine = collection()
    play(machine, Started())
    loud = Failed(Failure("another certificate", WHERE, Fault.OPERATOR, alarm=True))
    assert reports(play(machine, loud))[0].level is Level.ERROR


def test_no_file_is_said_once_with_the_switches_that_may_be_off() -> None:
    machine = collection()
    play(machine, Started(), LoggedIn())
    (said,) = reports(play(machine, listed(others=3)))
    assert said.level is Level.INFO
    assert "licence Number of tickets for NMC (0 by default)" in said.text
    assert said.fields == {"other_files": 3}
    play(machine, HungUp(), TimeUp(), LoggedIn())
    assert play(machine, listed()) == [HangUp()]


def test_an_exchange_that_had_files_needs_no_hint() -> None:
    machine = collection()
    until_kept(machine, ONE)
    play(machine, STORED, Deleted(), Noted(), HungUp(), TimeUp(), LoggedIn())
    assert play(machine, listed()) == [HangUp()]


@pytest.mark.parametrize(
    ("way", "rest"),
    [
        ([Started()], [LoggedIn(), HungUp()]),
        ([Started(), LoggedIn()], [listed(ONE), HungUp()]),
        (
            [Started(), LoggedIn(), listed(ONE, TWO)],
            [Fetched(313), STORED, Deleted(), Noted(), HungUp()],
        ),
        ([Started(), LoggedIn(), listed(ONE, TWO)], [CUT, HungUp()]),
        ([Started(), CUT], [HungUp()]),
    ],
)
def test_a_stop_ends_after_the_file_in_hand(way: list[Event], rest: list[Event]) -> None:
    machine = collection()
    play(machine, *way)
    assert play(machine, StopAsked()) == []
    for event in rest:
        assert not machine.ended
        play(machine, event)
    assert machine.ended


@pytest.mark.parametrize("way", [[], [Started(), CUT, HungUp()]])
def test_a_stop_at_rest_ends_at_once(way: list[Event]) -> None:
    machine = collection()
    play(machine, *way)
    play(machine, StopAsked())
    assert machine.ended


def test_an_event_out_of_turn_is_a_defect_of_ours() -> None:
    machine = collection()
    with pytest.raises(OutOfTurn, match="Deleted in IDLE"):
        machine.receive(Deleted())
    assert set(TABLE) == set(State) - {State.ENDED}
