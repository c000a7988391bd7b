"""The collection of account files by transcript: events in, commands out."""

from collections.abc import Collection
from typing import Literal

import pytest
from oxo_collector.account.machine import (
    TRIES_COUNT_MAX,
    AccountCollection,
    Plan,
)
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
    Mark,
    Marked,
    Measure,
    Measured,
    NotWhole,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.fetching import Failed, Refused
from oxo_collector.receipt import Marker, Stored
from oxo_collector.report import Level, Report
from oxo_collector.rests import Rests
from oxo_collector.turns import HungUp, Started, StopAsked, TimeUp, Wait

SETTLE_SECONDS = 2.0
WHERE = "sftp://exchange:22"
A, B, C, D, E = (f"TAXAAAA{letter}.DAT" for letter in "ABCDE")
SIZES = {A: 101, B: 102, C: 103, D: 104, E: 105}
STORED = Stored(3, 0, 0)
CUT = Failed(Failure("the connection was cut", f"file at {WHERE}", Fault.NETWORK))
NO = Refused(Failure("refused (550 No.)", f"file at {WHERE}", Fault.EXCHANGE))
FULL = Failed(Failure("the store cannot be written: full", "the store", Fault.MACHINE))
KEY = Failed(Failure("the key is another", WHERE, Fault.OPERATOR, alarm=True))
WRONG = Failed(Failure("user or password refused", WHERE, Fault.OPERATOR, alarm=True))


def digest_of(name: str) -> str:
    return f"digest of {name}"


def marker_at(name: str) -> Marker:
    return Marker(name, SIZES[name], digest_of(name))


class Exchange:
    """What the machine meets: a list, lengths, and troubles that a test puts there."""

    def __init__(
        self,
        *names: str,
        marker: Marker | None = None,
        known: Collection[str] = (),
        start: Literal["oldest", "now"] = "oldest",
        compress_first: bool = False,
    ) -> None:
        plan = Plan(start, compress_first, 300.0, SETTLE_SECONDS, 1000, WHERE)
        self.machine = AccountCollection(plan, Rests(1.5, 12.0, lambda: 0.0))
        self.names = list(names)
        self.marker = marker
        self.known = set(known)
        self.left: list[str] = []
        self.sizes = dict(SIZES)
        self.again: dict[str, int] = {}  # sizes at the second look
        self.digests: dict[str, str] = {}
        self.odd: dict[str, list[Event]] = {}  # what comes instead, by command or name
        self.done: list[str] = []
        self.reports: list[Report] = []
        self.commands: list[Command] = []
        self._fetched = ""
        self._looks = 0

    def round(self) -> list[str]:
        """Play until the machine rests; return what it did with files, in short."""
        self.done, self._looks = [], 0
        event: Event = Started() if not self.commands else TimeUp()
        while True:
            commands = self.machine.receive(event)
            self.commands += commands
            self.reports += [one for one in commands if isinstance(one, Report)]
            command = commands[-1]
            if isinstance(command, Wait) and command.seconds != SETTLE_SECONDS:
                return self.done
            event = self._answer(command)

    def texts(self, level: Level = Level.ERROR) -> list[str]:
        found = [one.text for one in self.reports if one.level is level]
        self.reports = [one for one in self.reports if one.level is not level]
        return found

    def _answer(self, command: Command) -> Event:  # noqa: PLR0911, C901 - one for each command
        odd = self.odd.get(getattr(command, "name", type(command).__name__))
        if isinstance(command, Fetch):
            odd = self.odd.get(f"fetch {command.entry.name}")
        if odd:
            return odd.pop(0)
        match command:
            case LogIn():
                return LoggedIn()
            case Compress():
                self.done.append("compress")
                return Compressed()
            case ListFiles():
                return Listed(tuple(self.names), self.marker, frozenset(self.known), self.left)
            case Measure(names):
                self._looks += 1
                sizes = self.sizes | (self.again if self._looks == 2 else {})
                return Measured(tuple(Entry(name, sizes.get(name)) for name in names))
            case Wait():
                return TimeUp()
            case Fetch(entry):
                self._fetched = entry.name
                self.done.append(f"fetch {entry.name[3:8]}")
                digest = self.digests.get(entry.name, digest_of(entry.name))
                return Fetched(entry.size_bytes or 0, digest)
            case Keep(name, moves_marker, as_it_is):
                assert name == self._fetched
                self.known.add(name)
                if moves_marker:
                    self.marker = Marker(name, self.sizes[name], digest_of(name))
                flags = ("" if moves_marker else " late") + (" as it is" if as_it_is else "")
                self.done.append(f"keep {name[3:8]}{flags}")
                return Kept(STORED)
            case Mark(name):
                self.marker = Marker(name, self.sizes[name], digest_of(name))
                self.known.add(name)
                self.left.append(name)
                self.done.append(f"mark {name[3:8]}")
                return Marked()
            case _:
                assert isinstance(command, HangUp), command
                return HungUp()


def taken(*names: str) -> list[str]:
    """Fetched and kept in this order."""
    return [f"{what} {name[3:8]}" for name in names for what in ("fetch", "keep")]


def test_a_first_look_takes_everything_from_the_oldest_on() -> None:
    exchange = Exchange(A, B, C)
    assert exchange.round() == taken(A, B, C)
    bare = [type(one).__name__ for one in exchange.commands if not isinstance(one, Report)]
    assert bare[:5] == ["LogIn", "ListFiles", "Measure", "Wait", "Measure"]
    assert bare[-2:] == ["HangUp", "Wait"]
    assert exchange.commands[-1] == Wait(300.0)
    stored = [one for one in exchange.reports if one.text == "file stored"]
    assert [one.fields["file"] for one in stored] == [A, B, C]
    assert exchange.marker == marker_at(C)
    assert exchange.texts() == []


def test_later_only_what_stands_behind_the_marker_is_fetched() -> None:
    exchange = Exchange(A, B, C, marker=marker_at(B), known=[A, B])
    assert exchange.round() == ["fetch AAAAB", *taken(C)]  # the marker's file is compared once
    exchange.names.append(D)
    assert exchange.round() == taken(D)
    assert exchange.round() == []


def test_a_start_from_now_takes_nothing_that_is_there() -> None:
    exchange = Exchange(A, B, start="now")
    assert exchange.round() == ["fetch AAAAB", "mark AAAAB"]
    exchange.names.append(C)
    assert exchange.round() == taken(C)
    later = Exchange(A, B, C, D, start="now", marker=exchange.marker, known=exchange.known)
    later.left = exchange.left
    assert later.round() == ["fetch AAAAC", *taken(D)]


def test_what_was_refused_after_a_start_from_now_is_not_forgotten() -> None:
    exchange = Exchange(A, B, start="now")
    exchange.round()
    exchange.names += [C, D]
    exchange.odd[f"fetch {C}"] = [NO]
    assert exchange.round() == taken(D)
    later = Exchange(*exchange.names, start="now", marker=exchange.marker, known=exchange.known)
    later.left = exchange.left
    assert later.round() == ["fetch AAAAD", "fetch AAAAC", "keep AAAAC late"]


def test_a_start_from_now_at_an_empty_exchange_takes_the_first_that_comes() -> None:
    exchange = Exchange(start="now")
    assert exchange.round() == []
    assert "Internal Accounting" in exchange.texts(Level.INFO)[0]
    assert exchange.round() == []
    assert exchange.texts(Level.INFO) == []
    exchange.names.append(A)
    assert exchange.round() == taken(A)


def test_the_open_file_is_closed_before_each_look_where_so_wanted() -> None:
    exchange = Exchange(A, compress_first=True)
    assert exchange.round() == ["compress", *taken(A)]
    assert exchange.round() == ["compress"]
    exchange.odd["Compress"] = [NO, NO]
    exchange.names.append(B)
    assert exchange.round() == taken(B)
    assert len(exchange.texts(Level.WARNING)) == 1
    exchange.round()
    assert exchange.texts(Level.WARNING) == []


def test_a_marker_that_is_gone_is_a_gap_and_everything_is_fetched() -> None:
    exchange = Exchange(C, D, marker=marker_at(A), known=[A, C])
    assert exchange.round() == taken(C, D)
    (gap,) = exchange.texts()
    assert gap.startswith("GAP: TAXAAAAA.DAT, the last file that is stored, is not on the exchange")
    assert "at the oldest file, TAXAAAAC.DAT" in gap
    assert exchange.round() == []
    assert exchange.texts() == []


def test_a_cut_while_everything_is_fetched_goes_on_behind_what_came() -> None:
    exchange = Exchange(B, C, D, marker=marker_at(A), known=[A, B, C, D])
    exchange.odd[f"fetch {D}"] = [CUT]
    assert exchange.round() == taken(B, C)
    assert exchange.round() == [taken(C)[0], *taken(D)]  # no index would tell of a reset
    assert len(exchange.texts()) == 1


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((A, B, D, E), "GAP: between TAXAAAAB.DAT and TAXAAAAD.DAT a file is missing"),
        ((A, E), "GAP: between TAXAAAAA.DAT and TAXAAAAE.DAT 3 files are missing"),
        ((A, "TAXAXERM.DAT"), "GAP: between TAXAAAAA.DAT and TAXAXERM.DAT the numbers of the"),
        (("TAXAXERM.DAT", A), "GAP: between TAXAXERM.DAT and TAXAAAAA.DAT the numbers of the"),
    ],
)
def test_names_that_are_left_out_are_a_gap(names: tuple[str, ...], told: str) -> None:
    exchange = Exchange(*names)
    exchange.sizes["TAXAXERM.DAT"] = 7
    assert exchange.round() == taken(*names)
    (gap,) = exchange.texts()
    assert gap.startswith(told)
    assert "at fault: the exchange" in gap
    assert exchange.round() == []
    assert exchange.texts() == []


def test_a_gap_behind_the_marker_is_told_too_and_one_before_it_is_not_again() -> None:
    exchange = Exchange(A, C, D, marker=marker_at(C), known=[A, C])
    assert exchange.round() == ["fetch AAAAC", *taken(D)]
    assert exchange.texts() == []
    exchange.names = [C, E]
    exchange.marker = marker_at(C)
    assert exchange.round() == taken(E)
    assert "between TAXAAAAC.DAT and TAXAAAAE.DAT a file" in exchange.texts()[0]


def test_the_counter_begins_again_behind_zzzzz_without_a_gap() -> None:
    last, first = "TAXZZZZZ.DAT", "TAXAAAAA.DAT"
    exchange = Exchange("TAXZZZZY.DAT", last, first, B)
    exchange.sizes |= {"TAXZZZZY.DAT": 1, last: 2}
    assert exchange.round() == taken("TAXZZZZY.DAT", last, first, B)
    assert exchange.texts() == []


def test_a_survivable_server_counts_for_itself() -> None:
    other = "TAXAAAAC_AC199E64.DAT"
    exchange = Exchange(A, other, B)
    exchange.sizes[other] = 9
    assert exchange.round() == taken(A, other, B)
    assert exchange.texts() == []


def test_a_name_that_is_listed_late_is_fetched_and_does_not_move_the_marker_back() -> None:
    exchange = Exchange(A, B, C, marker=marker_at(C), known=[A, C])
    assert exchange.round() == ["fetch AAAAC", "fetch AAAAB", "keep AAAAB late"]
    assert exchange.marker == marker_at(C)


def test_a_file_that_grows_waits_and_the_others_do_not() -> None:
    exchange = Exchange(A, B, C)
    exchange.again = {B: 999}
    assert exchange.round() == taken(A, C)
    assert "file still grows; left for next time" in exchange.texts(Level.INFO)
    exchange.again = {}
    assert exchange.round() == ["fetch AAAAB", "keep AAAAB late"]
    assert exchange.round() == []


def test_a_file_of_another_length_is_fetched_again_and_judged_by_its_content_at_last() -> None:
    exchange = Exchange(A, B)
    short = Fetched(100, "x")
    exchange.odd[f"fetch {A}"] = [short, short]
    assert exchange.round() == taken(B)
    assert "100 bytes came, the exchange tells 101" in exchange.texts(Level.WARNING)[0]
    exchange.round()
    exchange.odd[f"fetch {A}"] = [short]
    exchange._fetched = A
    assert exchange.round() == ["keep AAAAA late as it is"]
    assert "each time; judged by its content" in exchange.texts()[0]


def test_a_file_that_is_not_whole_holds_nothing_back_and_is_tried_again_within_bounds() -> None:
    exchange = Exchange(A, B, C)
    bad = NotWhole("last line incomplete")
    exchange.odd[B] = [bad] * (TRIES_COUNT_MAX - 1)
    assert exchange.round() == [*taken(A), "fetch AAAAB", *taken(C)]
    assert "TAXAAAAB.DAT cannot be read to its end: last line" in exchange.texts(Level.WARNING)[0]
    assert exchange.marker == marker_at(C)
    assert exchange.round() == ["fetch AAAAB"]
    assert len(exchange.texts(Level.WARNING)) == 1
    exchange.odd[B] = [Kept(Stored(2, 0, 1), ("last line incomplete",))]
    exchange.round()
    keeps = [one for one in exchange.commands if isinstance(one, Keep) and one.name == B]
    assert [one.as_it_is for one in keeps] == [False, False, True]
    assert not any(one.moves_marker for one in keeps[1:])
    (alarm,) = exchange.texts()
    assert alarm.startswith("file TAXAAAAB.DAT is damaged on the exchange: last line incomplete;")
    exchange.known.add(B)
    assert exchange.round() == []


def test_a_file_that_is_whole_the_second_time_is_a_file_like_others() -> None:
    exchange = Exchange(A)
    exchange.odd[A] = [NotWhole("cut")]
    assert exchange.round() == ["fetch AAAAA"]
    assert exchange.round() == taken(A)
    assert exchange.texts() == []


def test_a_file_that_is_listed_and_not_given_is_asked_for_each_time_and_told_once() -> None:
    exchange = Exchange(A, B)
    exchange.odd[f"fetch {A}"] = [NO, NO, NO, NO]
    assert exchange.round() == taken(B)
    assert len(exchange.texts(Level.WARNING)) == 1
    for _ in range(3):
        assert exchange.round() == []
    assert exchange.texts(Level.WARNING) == []
    assert exchange.round() == ["fetch AAAAA", "keep AAAAA late"]


def test_files_that_break_the_connection_each_time_do_not_hold_back_the_others() -> None:
    exchange = Exchange(A, B, C, D)
    exchange.odd |= {f"fetch {A}": [CUT, CUT], f"fetch {B}": [CUT, CUT]}
    assert exchange.round() == []
    assert exchange.commands[-1] == Wait(1.5)
    exchange.round()
    exchange.round()
    assert exchange.known == {C, D}
    exchange.odd[f"fetch {A}"] = []
    exchange.round()
    exchange.round()
    assert exchange.known == {A, B, C, D}
    assert exchange.marker == marker_at(D)


def test_of_two_that_broke_the_connection_the_one_tried_longer_ago_comes_first() -> None:
    exchange = Exchange(A, B)
    exchange.odd |= {f"fetch {A}": [CUT] * 9, f"fetch {B}": [CUT]}
    for _ in range(4):
        exchange.round()
    assert exchange.known == {B}


def test_the_markers_file_is_compared_once_in_a_run() -> None:
    exchange = Exchange(A, marker=marker_at(A), known=[A])
    assert [exchange.round() for _ in range(3)] == [["fetch AAAAA"], [], []]


def test_a_file_that_comes_last_does_not_move_the_marker_back() -> None:
    exchange = Exchange(A, B)
    exchange.odd[f"fetch {A}"] = [CUT]
    assert exchange.round() == []
    assert exchange.round() == [*taken(B), "fetch AAAAA", "keep AAAAA late"]
    assert exchange.marker == marker_at(B)


def test_a_name_that_went_and_came_again_is_another_file() -> None:
    exchange = Exchange(A)
    exchange.odd[A] = [NotWhole("cut")] * TRIES_COUNT_MAX
    exchange.round()
    exchange.round()
    exchange.names = [B]
    exchange.round()
    exchange.names = [B, A]
    assert exchange.round() == ["fetch AAAAA"]
    assert exchange.round() == taken(A)


def test_a_marker_whose_file_breaks_the_connection_does_not_hold_back_the_others() -> None:
    exchange = Exchange(A, B, marker=marker_at(A), known=[A])
    exchange.odd[f"fetch {A}"] = [CUT, CUT]
    exchange.round()
    assert exchange.round() == taken(B)


@pytest.mark.parametrize("how", ["length", "content"])
def test_another_file_under_the_markers_name_is_a_gap_and_everything_is_fetched(how: str) -> None:
    exchange = Exchange(A, B, C, marker=marker_at(B), known=[A, B])
    if how == "length":
        exchange.sizes[B] = 9
    else:
        exchange.digests[B] = "another"
    done = exchange.round()
    assert done[how == "content" :] == taken(A, B, C)
    (gap,) = exchange.texts()
    assert gap.startswith("GAP: TAXAAAAB.DAT is not the file that is stored under this name")


def test_everything_stays_due_where_a_replaced_marker_was_found_and_the_connection_cut() -> None:
    exchange = Exchange(A, B, C, marker=marker_at(C), known=[A, B, C])
    exchange.sizes[C] = 9
    exchange.odd[f"fetch {A}"] = [CUT]
    assert exchange.round() == []
    done = exchange.round()
    assert {one for one in done if one.startswith("fetch")} == {
        "fetch AAAAA", "fetch AAAAB", "fetch AAAAC",
    }  # fmt: skip


def test_a_longer_file_than_allowed_is_not_fetched_and_told_once() -> None:
    exchange = Exchange(A, B)
    exchange.sizes[A] = 1001
    assert exchange.round() == taken(B)
    (told,) = exchange.texts(Level.WARNING)
    assert "has 1001 bytes; file_bytes_max allows 1000; not fetched" in told
    assert "at fault: the operator" in told
    assert exchange.round() == []
    assert exchange.texts(Level.WARNING) == []


@pytest.mark.parametrize("failed", [KEY, WRONG])
def test_a_changed_key_and_a_refused_account_are_alarms_and_are_tried_again(failed: Failed) -> None:
    exchange = Exchange(A)
    exchange.odd["LogIn"] = [failed, failed, failed]
    waits = []
    for _ in range(3):
        assert exchange.round() == []
        waits.append(exchange.commands[-1])
        assert exchange.texts() == [str(failed.failure)]
    assert waits == [Wait(1.5), Wait(3.0), Wait(6.0)]
    assert exchange.round() == taken(A)


@pytest.mark.parametrize("command", ["LogIn", "ListFiles", "Measure", "Compress"])
def test_a_cut_anywhere_is_rested_upon_and_begun_again(command: str) -> None:
    exchange = Exchange(A, compress_first=True)
    exchange.odd[command] = [CUT]
    exchange.round()
    assert exchange.commands[-2:] == [HangUp(), Wait(1.5)]
    assert exchange.round() == ["compress", *taken(A)]


def test_a_store_that_is_full_moves_nothing() -> None:
    exchange = Exchange(A, B)
    exchange.odd[A] = [FULL]
    assert exchange.round() == ["fetch AAAAA"]
    assert exchange.marker is None
    assert exchange.round() == taken(A, B)


def test_rests_grow_as_long_as_every_transfer_fails() -> None:
    exchange = Exchange(A)
    exchange.odd[f"fetch {A}"] = [CUT] * 5
    waits = []
    for _ in range(5):
        exchange.round()
        waits.append(exchange.commands[-1])
    assert waits == [Wait(s) for s in (1.5, 3.0, 6.0, 12.0, 12.0)]


def test_very_many_files_are_measured_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oxo_collector.account.machine.FILES_COUNT_MAX", 2)
    exchange = Exchange(A, B, C, D, E, marker=marker_at(A), known=[A])
    assert exchange.round() == ["fetch AAAAA", *taken(B, C, D, E)]
    asked = [one.names for one in exchange.commands if isinstance(one, Measure)]
    assert asked == [(A, B), (B,), (C, D), (C, D), (E,), (E,)]


def test_a_stop_in_the_rest_ends_at_once() -> None:
    exchange = Exchange(A)
    exchange.round()
    exchange.machine.receive(StopAsked())
    assert exchange.machine.ended
