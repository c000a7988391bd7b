"""The second mark: what the subject shows of appointments and rooms; and how long it recovered."""

import runpy
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_scenarios.bundle import facts_of
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.judge import Delivery, Evidence, Restart, judge
from oxo_scenarios.verdict import Mark, Played, Result, Verdict, overall_result
from oxo_tickets import Kind, ReminderState, RoomStatus, Ticket

AGAIN = runpy.run_path(str(Path(__file__).parent / "recompute_verdicts.py"))
NOON = datetime(2020, 2, 24, 12)  # noqa: DTZ001 - wall clock
REMINDER = Ticket(
    kind=Kind.REMINDER,
    local_time=NOON,
    charged_user="106",
    reminder_time=time(7),
    reminder_state=ReminderState.ACTIVATION,
)
ROOM = Ticket(
    kind=Kind.ROOM_STATUS,
    local_time=NOON,
    charged_user="107",
    room_status=RoomStatus.CLEANED,
    room_problem=12,
)
CALL = Ticket(kind=Kind.CALL, local_time=NOON, charged_user="106")
REPLACE = msgspec.structs.replace
CASE = REPLACE(load_catalogue().case("BU3"), demands=("received", "shown"))
BEGIN = datetime.fromisoformat("2026-11-23T12:00:00+00:00")


def ledger(made: list[Ticket], *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a ledger, a line a second: all made and kept, then the events."""
    lines: list[dict[str, Any]] = []
    for number, ticket in enumerate(made, 1):
        told = msgspec.to_builtins(ticket)
        lines += [
            {"event": "made", "id": number, "ticket": told, "source": "loaded"},
            {"event": "buffered", "id": number, "sequence": number},
        ]
    return [
        {"n": n, "at": (BEGIN + timedelta(seconds=n)).isoformat()} | line
        for n, line in enumerate([*lines, *events], 1)
    ]


def batch(event: str, last: int, first: int = 1) -> dict[str, Any]:
    return {"event": event, "first": first, "last": last, "session": "s1", "connection": "c1"}


def judged(made: list[Ticket], shown: list[Ticket] | None, tag_set: str = "extended") -> Any:
    lines = ledger(made, batch("offered", len(made)), batch("acknowledged", len(made)))
    evidence = Evidence(ledger=lines, delivery=Delivery(tickets=tuple(made)), shown=shown)
    return judge(CASE, tag_set, evidence)


@pytest.mark.parametrize(
    ("made", "shown", "verdict", "mark"),
    [
        ([REMINDER, ROOM, CALL], [ROOM, REMINDER], "ok", "yes"),
        ([REMINDER, REMINDER], [REMINDER, REMINDER, ROOM], "ok", "yes"),
        ([REMINDER, REMINDER], [REMINDER], "nok", "no"),
        ([REMINDER], [], "nok", "no"),
        ([REMINDER], [REPLACE(REMINDER, charged_user="107")], "nok", "no"),
        ([REMINDER], [REPLACE(REMINDER, reminder_state=ReminderState.FAILED)], "nok", "no"),
        ([REMINDER], [REPLACE(REMINDER, reminder_time=time(8))], "nok", "no"),
        ([ROOM], [REPLACE(ROOM, room_problem=13)], "nok", "no"),
        ([ROOM], [REPLACE(ROOM, room_status=RoomStatus.NOT_CLEANED)], "nok", "no"),
        ([REMINDER], [REPLACE(REMINDER, local_time=NOON + timedelta(1))], "ok", "yes"),
        ([REMINDER], None, "ok", "not asked"),
        ([CALL], [], "ok", None),
    ],
)
def test_each_reminder_and_room_state_stands_in_what_is_shown_as_often_as_it_was_made(
    made: list[Ticket], shown: list[Ticket] | None, verdict: str, mark: str | None
) -> None:
    found = judged(made, shown)
    assert (found.verdict, found.displayed) == (verdict, mark)


def test_what_the_wire_does_not_carry_need_not_be_shown() -> None:
    told = [REPLACE(ROOM, room_problem=None)]
    assert judged([ROOM], told).verdict is Verdict.NOK
    observed = judged([REPLACE(REMINDER, charged_user="106")], [REMINDER], "observed")
    assert observed.displayed is Mark.YES


def test_the_comment_and_the_result_say_that_nothing_is_shown() -> None:
    assert "not shown by the collector" in judged([REMINDER], None).comment
    plays = [Played("APP1", Verdict.OK, Mark.YES, Mark.YES)]
    assert overall_result(plays, complete=True) is Result.PASSED
    plays = [Played("APP1", Verdict.OK, Mark.YES, Mark.NOT_ASKED)]
    assert overall_result(plays, complete=True) is Result.RESTRICTED


Recovery = Callable[..., float | None]


@pytest.fixture
def recovery(tmp_path: Path) -> Recovery:
    """Return how long a subject recovered, by the judge and by the program that judges again."""

    def seconds(*events: dict[str, Any], restarts: tuple[Restart, ...] = ()) -> float | None:
        seen = Evidence(ledger=ledger([CALL, CALL], *events), restarts=restarts)
        found = judge(CASE, "extended", seen).recovery_seconds
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in seen.ledger)
        (tmp_path / "ledger.ndjson").write_bytes(text)
        facts = msgspec.to_builtins(facts_of(CASE, "extended", seen))
        record = {"wire": "taxation", "verdict": "", "carried": [], "shown": [], "facts": facts}
        assert AGAIN["recovery_seconds"](tmp_path, record) == found
        return found

    return seconds


CUT = {"event": "fault", "id": "f1", "fault": {"kind": "cut"}}
RESTORED = {"event": "restored", "reset_connections": True}


def test_recovery_runs_from_the_end_of_the_disturbance_to_the_last_ticket(
    recovery: Recovery,
) -> None:
    had = [batch("offered", 2), batch("acknowledged", 1), batch("acknowledged", 2, first=2)]
    assert recovery(CUT, RESTORED, *had) == 3
    assert recovery(CUT, RESTORED, CUT, RESTORED, *had) == 3
    assert recovery({"event": "reset", "kind": "warm"}, {"event": "phase", "phase": "busy"},
                    {"event": "phase", "phase": "serving"}, *had) == 3  # fmt: skip
    started = (BEGIN + timedelta(seconds=5.5)).isoformat()
    assert recovery(*had, restarts=(Restart(after_line=4, signal="KILL", started=started),)) == 1.5
    assert recovery(*had, restarts=(Restart(after_line=4, signal="TERM", started=started),)) is None


def test_recovery_begins_where_the_fault_heals_that_is_one_of_the_wire(
    recovery: Recovery,
) -> None:
    had = [batch("offered", 2), batch("acknowledged", 2)]
    healed = {"event": "healed", "id": "f1", "kind": "cut", "ports": []}
    phase = {"event": "phase", "phase": "busy"}
    assert recovery(CUT, healed, phase, *had) == 3
    assert recovery(CUT, healed, phase, RESTORED, *had) == 4, "nothing was left to restore"
    elsewhere = {**CUT, "fault": {"kind": "cut", "ports": ["v24"]}}
    assert recovery(elsewhere, {**healed, "ports": ["v24"]}, *had) is None
    assert recovery(elsewhere, RESTORED, *had) is None


def test_recovery_begins_where_a_connection_was_reset_and_the_link_stayed_whole(
    recovery: Recovery,
) -> None:
    had = [batch("offered", 2), batch("acknowledged", 2)]
    reset = {**CUT, "fault": {"kind": "reset"}}
    opened = {"event": "session opened", "session": "s1", "port": "standard"}
    assert recovery(reset, opened, *had) == 3
    assert recovery(reset, *had) == 2, "a session may outlive the reset of a connection beside it"
    later = {**CUT, "fault": {"kind": "carry then reset"}}
    spent = {"event": "spent", "id": "f1", "kind": "carry then reset", "ports": []}
    phase = {"event": "phase", "phase": "busy"}
    assert recovery(later, phase, spent, opened, *had) == 3
    assert recovery(later, phase, RESTORED, opened, *had) == 3
    assert recovery(CUT, {**reset, "id": "f2"}, RESTORED, opened, *had) == 3, "not whole before"
    assert recovery({**reset, "fault": {"kind": "reset", "ports": ["v24"]}}, *had) is None
    assert recovery(later, opened, *had) is None, "nothing was reset"
    assert recovery(CUT, {**spent, "kind": "cut"}, *had) is None, "nothing was cut"


def test_there_is_no_recovery_without_a_disturbance_or_without_every_ticket(
    recovery: Recovery,
) -> None:
    had = [batch("offered", 2), batch("acknowledged", 2)]
    assert recovery(*had) is None
    assert recovery(CUT, RESTORED, batch("offered", 2), batch("acknowledged", 1)) is None
    assert recovery(*had, CUT, RESTORED) is None
    assert recovery(RESTORED, *had) is None
