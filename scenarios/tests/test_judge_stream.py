"""Account files and the stream judged: two doors of one play, what is lost on the way and healed.

Ledger lines are typed by hand. Each judgement is made a second time by the program that imports
nothing of the project.
"""

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_scenarios.judge import Delivery, Evidence, Judgement, Restart
from oxo_scenarios.judge.chronicle import read_chronicle

WIRES = runpy.run_path(str(Path(__file__).with_name("test_judge_wires.py")))
CALL, WAKE, ledger, made, on, opened, judged, seen_through, said = (
    WIRES[name]
    for name in (
        *("CALL", "WAKE", "ledger", "made", "on", "opened", "judged", "seen_through"),
        "said",
    )
)
Event = tuple[str, dict[str, Any]]
DOORS = ("stream", "account")


def closed(session: str = "x1") -> Event:
    return "session closed", {"session": session, "connection": "c1", "wire": "stream"}


def sent(first: int, last: int, session: str = "x1") -> Event:
    told: Event = on("stream", "sent", first, last, session)
    return told


def fetched(first: int, last: int) -> list[Event]:
    return [
        ("filed", {"first": first, "last": last, "file": "TAXAAAAA.DAT", "wire": "account"}),
        on("account", "offered", first, last, "a1", file="TAXAAAAA.DAT"),
        on("account", "fetched", first, last, "a1", file="TAXAAAAA.DAT"),
    ]


def calls(*numbers: int) -> list[Event]:
    """Write calls that differ, each at both doors."""
    return [event for number in numbers for event in made(call(number), number, *DOORS)]


def call(number: int) -> Any:
    return msgspec.structs.replace(CALL, dialled_number=f"03885510{number:02}")


def right(play: str, *numbers: int) -> Delivery:
    told: Delivery = seen_through(play, *map(call, numbers))
    return told


ARMED: Event = ("fault armed", {"when": "sent", "wire": "stream", "fault": {}})
FAULT = {"kind": "carry then reset", "towards": "collector"}
RESET: Event = ("fault", {"id": "f1", "fault": FAULT, "cause": 9})
CUT: Event = ("fault", {"id": "f1", "fault": {**FAULT, "kind": "carry then cut"}, "cause": 9})
HELD: Event = ("held", {"connection": "c1", "towards": "collector", "bytes": 9})
RESTORED: Event = ("restored", {"reset_connections": True})
BURST = [opened("stream"), ARMED, *calls(1, 2), sent(1, 1), RESET, sent(2, 2), closed()]
BACK = [opened("stream", "x2"), *calls(3), sent(3, 3, "x2")]


def dis101(
    folder: Path, *events: Event, shown: tuple[int, ...] = (1, 2, 3), play: str = "dis101.stream"
) -> Judgement:
    seen = Evidence(ledger=ledger(*events), delivery=right(play, *shown))
    told: Judgement = judged(play, seen, folder)
    return told


# --- Two doors ---


@pytest.mark.parametrize("reason", ["buffer full", "lost with the CPU"])
def test_what_the_stream_has_no_room_for_is_due_where_a_file_has_it(
    reason: str, tmp_path: Path
) -> None:
    """Else the healed ticket would be one that nobody made."""
    dropped: Event = ("dropped", {"id": 2, "reason": reason, "wire": "stream"})
    events = ledger(*calls(1, 2), dropped, opened("stream"), sent(1, 1), *fetched(1, 2))
    found = judged("bu1.stream", Evidence(ledger=events, delivery=right("bu1.stream", 1, 2)),
                   tmp_path)  # fmt: skip
    assert (found.verdict.value, len(found.tickets)) == ("ok", 2)
    lost = judged("bu1.stream", Evidence(ledger=events, delivery=right("bu1.stream", 1)), tmp_path)
    assert lost.verdict.value == "nok"
    assert [one.fate.value for one in lost.tickets] == ["exactly once", "lost"]


def test_what_no_door_could_render_is_dropped_by_the_exchange(tmp_path: Path) -> None:
    dropped: list[Event] = [
        ("dropped", {"id": 2, "reason": "cannot be rendered", "wire": wire}) for wire in DOORS
    ]
    lines = [*calls(1), *made(WAKE, 2), *dropped, opened("stream"), sent(1, 1)]
    seen = Evidence(ledger=ledger(*lines), delivery=right("bu1.stream", 1))
    found = judged("bu1.stream", seen, tmp_path)
    assert found.verdict.value == "ok"
    assert [one.fate.value for one in found.tickets] == ["exactly once", "dropped by the exchange"]


def test_a_file_that_ages_out_takes_nothing_out_of_what_is_due(tmp_path: Path) -> None:
    aged: Event = ("expired", {"first": 1, "last": 2, "file": "T", "fetched": False,
                               "wire": "account"})  # fmt: skip
    lines = [*made(call(1), 1, "account"), *made(call(2), 2, "account"), opened("account"), aged]
    seen = Evidence(ledger=ledger(*lines), delivery=Delivery())
    found = judged("bu1.account", seen, tmp_path)
    assert (found.verdict.value, found.received.value) == ("nok", "no")
    assert [one.fate.value for one in found.tickets] == ["lost", "lost"]


def test_a_ticket_is_received_with_the_file_that_went_over_whole(tmp_path: Path) -> None:
    lines = [*made(call(1), 1, "account"), opened("account", "a1"), *fetched(1, 1)]
    shown = right("bu1.account", 1)
    found = judged("bu1.account", Evidence(ledger=ledger(*lines), delivery=shown), tmp_path)
    assert found.verdict.value == "ok"
    half = judged("bu1.account", Evidence(ledger=ledger(*lines[:-1]), delivery=shown), tmp_path)
    assert "1 of 1 ticket never fetched whole" in (half.reason or "")


# --- Healing ---


def test_what_was_under_way_is_recovered_by_the_file(tmp_path: Path) -> None:
    found = dis101(tmp_path, *BURST, *BACK, *fetched(1, 3))
    assert (found.verdict.value, found.reason) == ("ok", None)
    fates = [one.fate.value for one in found.tickets]
    assert fates == ["recovered", "recovered", "exactly once"]
    assert "2 tickets under way when the connection was lost fetched from the files" in (
        found.comment
    )


def test_who_does_not_fetch_the_file_has_not_healed(tmp_path: Path) -> None:
    found = dis101(tmp_path, *BURST, *BACK, shown=(1, 3))
    assert found.verdict.value == "nok"
    assert "2 of 2 tickets under way when the connection was lost never fetched" in (
        found.reason or ""
    )
    # By luck or by the file of another: what is there is there, and still nobody has healed.
    assert dis101(tmp_path, *BURST, *BACK).verdict.value == "nok"


@pytest.mark.parametrize(
    "shown", [(1, 3), (1, 2, 2, 3), (1, 2, 3, 3)], ids=["too few", "healed twice", "all again"]
)
def test_healing_is_counted(shown: tuple[int, ...], tmp_path: Path) -> None:
    assert dis101(tmp_path, *BURST, *BACK, *fetched(1, 3), shown=shown).verdict.value == "nok"


def test_a_burst_that_was_fetched_before_its_connection_was_lost_proves_nothing(
    tmp_path: Path,
) -> None:
    at_once: Event = ("fault", {"id": "f1", "fault": FAULT})
    whole = [opened("stream"), *calls(1, 2), sent(1, 2), *fetched(1, 2), at_once, closed()]
    assert dis101(tmp_path, *whole, *BACK, *fetched(3, 3)).verdict.value == "undecided"
    reset_later = [opened("stream"), *calls(1, 2), sent(1, 2), closed()]
    assert dis101(tmp_path, *reset_later, *BACK, *fetched(1, 3)).verdict.value == "undecided"


def test_a_stretch_of_a_reset_ends_with_the_next_session() -> None:
    (stretch,) = read_chronicle(ledger(*BURST, *BACK), (), "stream", DOORS).stretches
    lines = ledger(*BURST, *BACK)
    assert lines[stretch.first - 1]["event"] == "sent"
    assert lines[stretch.last - 1]["event"] == "session opened"
    assert stretch.last == len(BURST) + 1


KILLED = [opened("stream"), ARMED, *calls(1, 2), sent(1, 1), CUT, sent(2, 2), HELD, closed()]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(len(KILLED), "ok"), (len(KILLED) - 1, "ok"), (len(KILLED) - 2, "undecided")],
    ids=["its end was seen", "its end was not seen", "nothing was held"],
)
def test_a_death_in_mid_burst_is_one_under_held_frames(
    after: int, verdict: str, tmp_path: Path
) -> None:
    lines = ledger(*KILLED, *calls(3), RESTORED, opened("stream", "x2"), sent(3, 3, "x2"),
                   *fetched(1, 3))  # fmt: skip
    seen = Evidence(ledger=lines, delivery=right("dis102.stream", 1, 2, 3),
                    restarts=[Restart(after_line=after, signal="KILL")])  # fmt: skip
    found = judged("dis102.stream", seen, tmp_path)
    assert found.verdict.value == verdict, found.reason
    assert [one.fate.value for one in found.tickets] == ["recovered"] * 3


def test_a_death_behind_a_whole_file_is_one_behind_what_was_given(tmp_path: Path) -> None:
    armed: Event = ("fault armed", {"when": "fetched", "wire": "account", "fault": {}})
    cut: Event = ("fault", {"fault": {"kind": "cut", "towards": "both"}, "cause": 7})
    first = [opened("account", "a1"), armed, *made(call(1), 1, "account"), *fetched(1, 1), cut]
    again = [RESTORED, opened("account", "a2"), *fetched(1, 1)]
    seen = Evidence(ledger=ledger(*first, *again), delivery=right("bu2.account", 1),
                    restarts=[Restart(after_line=len(first), signal="KILL")])  # fmt: skip
    found = judged("bu2.account", seen, tmp_path)
    assert (found.verdict.value, found.tickets[0].fate.value) == ("ok", "recovered")
    lost = judged("bu2.account", msgspec.structs.replace(seen, delivery=Delivery()), tmp_path)
    assert lost.verdict.value == "nok"


# --- Signs of life ---

ASKED, ANSWERED = said("exchange", "<0>TEST_REQ"), said("collector", "<0>TEST_RSP")


@pytest.mark.parametrize(
    ("spoken", "verdict"),
    [
        ((ASKED, ANSWERED, ASKED), "ok"),
        ((ASKED, ANSWERED, ASKED, ANSWERED), "ok"),
        ((ASKED, ASKED, ANSWERED, ASKED), "nok"),
        ((ASKED,), "nok"),
        ((), "undecided"),
        ((ANSWERED,), "undecided"),
    ],
)
def test_every_sign_of_life_but_the_last_was_given(
    spoken: tuple[dict[str, Any], ...], verdict: str, tmp_path: Path
) -> None:
    lines = ledger(opened("stream"), *calls(1), sent(1, 1))
    seen = Evidence(ledger=lines, delivery=right("bu3.stream", 1), transcript=spoken)
    assert judged("bu3.stream", seen, tmp_path).verdict.value == verdict
