"""Judged by wire: what another wire did with a ticket neither excuses nor accuses anybody.

Ledger lines are typed by hand. Each judgement is made a second time by the program that imports
nothing of the project.
"""

import runpy
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oxo_scenarios.bundle import Play, facts_of
from oxo_scenarios.catalogue import Planned, load_catalogue
from oxo_scenarios.judge import Delivery, Evidence, Judgement, Restart, judge
from oxo_scenarios.judge.chronicle import of_wire, read_chronicle
from oxo_scenarios.wires import TELLINGS, WIRES, doors_of
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    RoomStatus,
    Ticket,
    TrunkKind,
    carriages,
    project,
    to_ndjson,
)

AGAIN = runpy.run_path(str(Path(__file__).parent / "recompute_verdicts.py"))
PLANNED = {planned.play: planned for planned in load_catalogue().plays()}
NOON = datetime(2026, 11, 23, 12, 0, 7)  # noqa: DTZ001 - wall clock of the exchange
CALL = Ticket(
    kind=Kind.CALL,
    local_time=NOON,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    charged_user="128",
    dialled_number="0388551122",
    dialling_mode=DiallingMode.MANUAL,
    call_seconds=50,
    units=2,
    cost=Decimal("1.70"),
    currency="EUR",
    trunk="01",
    trunk_kind=TrunkKind.T0,
)
WAKE = Ticket(
    kind=Kind.REMINDER,
    local_time=NOON,
    charged_user="106",
    reminder_time=time(7, 0),
    reminder_state=ReminderState.ACTIVATION,
)
Event = tuple[str, dict[str, Any]]


def ledger(*events: Event) -> list[dict[str, Any]]:
    common = {"at": "2026-11-23T12:00:00Z", "exchange_time": "2026-11-23T12:00:07"}
    return [{"n": n, "event": name} | common | keys for n, (name, keys) in enumerate(events, 1)]


def made(ticket: Ticket, number: int = 1, *wires: str) -> list[Event]:
    """Write a ticket that waits on these wires, each with a sequence of its own."""
    events: list[Event] = [
        ("made", {"id": number, "ticket": msgspec.to_builtins(ticket), "source": "call"})
    ]
    for wire in wires:
        named = {} if wire == "taxation" else {"wire": wire}
        events.append(("buffered", {"id": number, "sequence": number, **named}))
    return events


def on(wire: str, event: str, first: int, last: int, session: str = "x1", **keys: Any) -> Event:
    named = {} if wire == "taxation" else {"wire": wire}
    batch = {"first": first, "last": last, "session": session, "connection": "c1"}
    return event, batch | keys | named


def opened(wire: str, session: str = "x1") -> Event:
    named = {} if wire == "taxation" else {"wire": wire}
    return "session opened", {"session": session, "connection": "c1", "reason": "login"} | named


def taken(wire: str, first: int, last: int, session: str = "x1") -> list[Event]:
    telling = TELLINGS[wire]
    events = dict.fromkeys((telling.offered, telling.given))
    return [on(wire, event, first, last, session) for event in events]


def judged(play: str, evidence: Evidence, folder: Path) -> Judgement:
    """Judge, and see that the second program judges alike."""
    planned = PLANNED[play]
    found = judge(planned.case, planned.tag_set, evidence)
    displayed = found.displayed and found.displayed.value
    told = (found.verdict.value, displayed, found.recovery_seconds)
    assert again(planned, evidence, folder) == told, found.reason
    return found


def again(planned: Planned, evidence: Evidence, folder: Path) -> tuple[Any, ...]:
    case, facts = planned.case, facts_of(planned.case, planned.tag_set, evidence)
    lines = b"".join(msgspec.json.encode(line) + b"\n" for line in evidence.ledger)
    (folder / "ledger.ndjson").write_bytes(lines)
    said = b"".join(msgspec.json.encode(line) + b"\n" for line in evidence.transcript)
    (folder / "transcript.ndjson").write_bytes(said)
    (folder / "delivery.ndjson").write_bytes(to_ndjson(evidence.delivery.tickets))
    (folder / "subject.log").write_bytes(evidence.subject_log)
    record = {
        "wire": case.wire,
        "doors": list(doors_of(case.wire)),
        "verdict": "",
        "carried": list(carriages()[case.wire, planned.tag_set].standings),
        "shown": list(evidence.delivery.shown),
        "facts": msgspec.to_builtins(facts),
    }
    assert set(record) <= set(Play.__struct_fields__)
    words = ("verdict", "displayed", "recovery_seconds")
    return tuple(AGAIN[word](folder, record) for word in words)


def said(sender: str, text: str) -> dict[str, Any]:
    return {"n": 1, "wire": "stream", "port": "stream-a", "sender": sender, "text": text}


SIGN_OF_LIFE = (said("exchange", "<0x00><0x08>TEST_REQ"), said("collector", "<0x00><0x08>TEST_RSP"))


def seen_through(play: str, *tickets: Ticket) -> Delivery:
    """Return what a right collector can know of these tickets."""
    planned = PLANNED[play]
    through = carriages()[planned.wire, planned.tag_set]
    return Delivery(tickets=tuple(project(ticket, through) for ticket in tickets))


@pytest.mark.parametrize("wire", WIRES)
def test_only_what_happened_on_the_wire_of_the_play_counts(wire: str, tmp_path: Path) -> None:
    play = "bu3" if wire == "taxation" else f"bu3.{wire}"
    other = next(each for each in WIRES if each != wire)
    begin = [opened(wire), opened(other), *made(CALL, 1, other, wire)]
    right = seen_through(play, CALL)
    alive = SIGN_OF_LIFE if wire == "stream" else ()
    whole = Evidence(ledger=ledger(*begin, *taken(wire, 1, 1)), delivery=right, transcript=alive)
    assert judged(play, whole, tmp_path).verdict.value == "ok"
    elsewhere = Evidence(ledger=ledger(*begin, *taken(other, 1, 1)), delivery=right)
    found = judged(play, elsewhere, tmp_path)
    assert (found.verdict.value, found.received.value) == ("nok", "no")
    telling = TELLINGS[wire]
    assert f"1 of 1 ticket never {telling.lacking}" in (found.reason or "")
    open_ = Evidence(ledger=ledger(*begin, on(wire, "offered", 1, 1)), delivery=right)
    assert f"1 of 1 ticket never {telling.open}" in (judged(play, open_, tmp_path).reason or "")


@pytest.mark.parametrize(
    ("told", "delivered", "verdict"),
    [
        ({"call_seconds": 60}, {"local_end": 60, "call_seconds": 60}, "ok"),
        ({"call_seconds": 54, "local_end": 60}, {"local_end": 60, "call_seconds": 60}, "ok"),
        ({"local_end": 60}, {"local_end": 60, "call_seconds": 60}, "ok"),
        ({"call_seconds": 60}, {"local_end": 61, "call_seconds": 61}, "nok"),
        ({"call_seconds": 60}, {"local_end": 0, "call_seconds": 0}, "nok"),
    ],
)
def test_a_local_call_is_known_by_its_begin_and_end(
    told: dict[str, int], delivered: dict[str, int], verdict: str, tmp_path: Path
) -> None:
    """One that was loaded may say its end, its length, or both."""
    fields: dict[str, Any] = {
        "kind": Kind.LOCAL_CALL,
        "local_time": NOON,
        "direction": Direction.LOCAL,
        "charged_user": "106",
        "dialled_number": "131",
    }

    def ticket(named: dict[str, int]) -> Ticket:
        made = {**fields, **named}
        if "local_end" in named:
            made["local_end"] = NOON + timedelta(seconds=named["local_end"])
        return Ticket(**made)

    one, other = ticket(told), ticket(delivered)
    lines = ledger(opened("taxation"), *made(one, 1, "taxation"), *taken("taxation", 1, 1))
    evidence = Evidence(ledger=lines, delivery=Delivery(tickets=(other,)))
    assert judged("bu3", evidence, tmp_path).verdict.value == verdict


@pytest.mark.parametrize("wire", ["nmc", "v24", "ohl"])
def test_a_ticket_that_one_wire_dropped_is_asked_for_on_the_others(
    wire: str, tmp_path: Path
) -> None:
    """Otherwise the wire that has no room for a ticket would excuse everything."""
    other = "ohl" if wire == "nmc" else "nmc"
    play = f"bu3.{wire}"
    lost = [*made(CALL, 1, "taxation", wire), ("dropped", {"id": 1, "reason": "x", "wire": other})]
    events = ledger(opened(wire), *lost, *taken(wire, 1, 1))
    found = judged(play, Evidence(ledger=events, delivery=Delivery()), tmp_path)
    assert (found.verdict.value, found.tickets[0].fate.value) == ("nok", "lost")
    own = [
        *made(CALL, 1, wire),
        *made(WAKE, 2),
        ("dropped", {"id": 2, "reason": "x", "wire": wire}),
    ]
    events = ledger(opened(wire), *own, *taken(wire, 1, 1))
    found = judged(play, Evidence(ledger=events, delivery=seen_through(play, CALL)), tmp_path)
    assert found.verdict.value == "ok"
    assert [one.fate.value for one in found.tickets] == ["exactly once", "dropped by the exchange"]


@pytest.mark.parametrize(
    ("play", "verdict", "unseen"),
    [
        ("smdr1.nmc", "not observable", "currency"),
        ("smdr1.v24", "not observable", "currency"),
        ("smdr1.ohl", "not observable", "dialling mode and currency"),
        ("smdr2.nmc", "undecided", ""),
        ("smdr3.ohl", "not observable", "dialling mode"),
    ],
)
def test_a_field_that_the_wire_has_no_place_for_is_not_observable(
    play: str, verdict: str, unseen: str, tmp_path: Path
) -> None:
    wire = PLANNED[play].wire
    events = ledger(opened(wire), *made(CALL, 1, wire), *taken(wire, 1, 1))
    found = judged(play, Evidence(ledger=events, delivery=seen_through(play, CALL)), tmp_path)
    assert found.verdict.value == verdict
    assert f"{unseen} not observable" in found.comment or not unseen


@pytest.mark.parametrize("wire", ["nmc", "v24"])
def test_redial_is_told_too_coarsely_and_speed_dial_is_read(wire: str, tmp_path: Path) -> None:
    for play, mode, verdict in (
        (f"smdr2.{wire}", DiallingMode.REDIAL, "not observable"),
        (f"smdr3.{wire}", DiallingMode.COLLECTIVE_SPEED_DIAL, "ok"),
    ):
        call = msgspec.structs.replace(CALL, dialling_mode=mode)
        events = ledger(opened(wire), *made(call, 1, wire), *taken(wire, 1, 1))
        seen = seen_through(play, call)
        assert judged(play, Evidence(ledger=events, delivery=seen), tmp_path).verdict == verdict
        wrong = msgspec.structs.replace(
            seen.tickets[0], dialling_mode=DiallingMode.INDIVIDUAL_SPEED_DIAL
        )
        altered = Evidence(ledger=events, delivery=Delivery(tickets=(wrong,)))
        assert judged(play, altered, tmp_path).verdict.value == "nok"


def test_what_is_not_shown_is_told_by_what_is_so_that_no_rule_hangs_in_the_air(
    tmp_path: Path,
) -> None:
    """An arrow needs a direction: a collector that shows its type alone is not convicted of it."""
    events = ledger(opened("v24"), *made(CALL, 1, "v24"), *taken("v24", 1, 1))
    for shown in ({"communication_type", "trunk"}, {"direction", "trunk_kind"}, {"charged_user"}):
        for kind in (CommunicationType.OUTGOING, CommunicationType.INCOMING):
            told = msgspec.structs.replace(
                Ticket(kind=Kind.UNKNOWN, local_time=NOON),
                **{name: getattr(CALL, name) for name in shown},
            )
            right = kind is CommunicationType.OUTGOING
            if "communication_type" in shown:
                told = msgspec.structs.replace(told, communication_type=kind)
            elif not right:
                continue
            delivery = Delivery(tickets=(told,), shown=frozenset({*shown, "local_time"}))
            found = judged("bu3.v24", Evidence(ledger=events, delivery=delivery), tmp_path)
            assert (found.verdict.value == "ok") == right, (shown, found.reason)


@pytest.mark.parametrize("status", RoomStatus)
def test_a_room_status_without_the_kind_of_its_ticket_is_known_by_what_it_tells(
    status: RoomStatus, tmp_path: Path
) -> None:
    room = Ticket(kind=Kind.ROOM_STATUS, local_time=NOON, charged_user="110",
                  room_status=RoomStatus.CLEANED)  # fmt: skip
    events = ledger(opened("v24"), *made(room, 1, "v24"), *taken("v24", 1, 1))
    told = msgspec.structs.replace(room, kind=Kind.UNKNOWN, room_status=status)
    shown = frozenset({"local_time", "charged_user", "room_status"})
    delivery = Delivery(tickets=(told,), shown=shown)
    found = judged("smdr7.hotel.v24", Evidence(ledger=events, delivery=delivery), tmp_path)
    assert (found.tickets[0].fate == "exactly once") == (status is room.room_status), found.reason


# --- Disturbances ---


def test_a_death_lasts_until_the_next_session_on_the_wire() -> None:
    lines = ledger(
        opened("ohl"), *made(CALL, 1, "ohl"), opened("nmc"), opened("ohl", "x2"), opened("ohl")
    )
    restarts = [Restart(after_line=2, signal="KILL")]
    (stretch,) = read_chronicle(lines, restarts, "ohl").stretches
    assert stretch == (2, 5)
    assert [line["n"] for line in of_wire(lines, "nmc")] == [2, 4]


def killed(*events: Event, after: int) -> dict[str, Any]:
    return {"ledger": ledger(*events), "restarts": [Restart(after_line=after, signal="KILL")]}


IDLE = [opened("v24"), *made(CALL, 1, "v24"), *taken("v24", 1, 1)]


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (killed(*IDLE, *made(CALL, 2, "v24"), opened("v24", "x2"), *taken("v24", 2, 2), after=5),
         "ok"),
        (killed(*IDLE, *made(CALL, 2, "v24"), opened("v24", "x2"), *taken("v24", 2, 2), after=7),
         "undecided"),
        (killed(*IDLE, opened("v24", "x2"), *made(CALL, 2, "v24"), *taken("v24", 2, 2), after=5),
         "undecided"),
        (killed(*IDLE, *made(CALL, 2, "v24"), *taken("v24", 2, 2), after=5), "undecided"),
        ({"ledger": ledger(*IDLE, *made(CALL, 2, "v24"), *taken("v24", 2, 2))}, "undecided"),
    ],
)  # fmt: skip
def test_a_printer_is_killed_while_nothing_is_under_way(
    evidence: dict[str, Any], verdict: str, tmp_path: Path
) -> None:
    seen = Evidence(delivery=seen_through("bu2.v24", CALL, CALL), **evidence)
    assert judged("bu2.v24", seen, tmp_path).verdict.value == verdict


CUT: Event = ("fault", {"fault": {"kind": "carry then cut", "towards": "collector"}})
HELD: Event = ("held", {"connection": "c1", "towards": "collector", "bytes": 9})
RESTORED: Event = ("restored", {"reset_connections": True})


def test_a_transfer_that_is_cut_in_the_middle_is_a_cut_and_a_batch(tmp_path: Path) -> None:
    broken = [opened("nmc"), *made(CALL, 1, "nmc"), on("nmc", "offered", 1, 1), CUT, HELD]
    rest = [RESTORED, opened("nmc", "x2"), *taken("nmc", 1, 1, "x2")]
    right = seen_through("dis102.nmc", CALL)
    kill = [Restart(after_line=6, signal="KILL")]
    lines = ledger(*broken, *rest)
    for play in ("dis102.nmc",):
        found = judged(play, Evidence(ledger=lines, delivery=right, restarts=kill), tmp_path)
        assert found.verdict.value == "ok"
        late = [Restart(after_line=10, signal="KILL")]
        found = judged(play, Evidence(ledger=lines, delivery=right, restarts=late), tmp_path)
        assert found.verdict.value == "undecided"
    more = ledger(*broken, *made(CALL, 2, "nmc"), *rest, *taken("nmc", 2, 2, "x2"))
    both = seen_through("dis101.nmc", CALL, CALL)
    assert judged("dis101.nmc", Evidence(ledger=more, delivery=both), tmp_path).verdict == "ok"


@pytest.mark.parametrize(("wire", "how"), [("ohl", "acknowledged"), ("nmc", "deleted")])
def test_what_was_given_away_before_the_power_failed_is_kept(
    wire: str, how: str, tmp_path: Path
) -> None:
    armed: Event = ("fault armed", {"when": "consumed", "wire": wire, "fault": {"kind": "cut"}})
    cut: Event = ("fault", {"fault": {"kind": "cut", "towards": "both"}, "cause": 6})
    gone = [on(wire, "offered", 1, 1), on(wire, "consumed", 1, 1, how=how)]
    events = [opened(wire), armed, *made(CALL, 1, wire), *gone, cut]
    play, kill = f"bu2.{wire}", [Restart(after_line=7, signal="KILL")]
    lines = ledger(*events, RESTORED, opened(wire, "x2"))
    seen = Evidence(ledger=lines, delivery=seen_through(play, CALL), restarts=kill)
    found = judged(play, seen, tmp_path)
    assert (found.verdict.value, found.tickets[0].fate.value) == ("ok", "recovered")
    lost = Evidence(ledger=lines, delivery=Delivery(), restarts=kill)
    assert judged(play, lost, tmp_path).verdict.value == "nok"


def test_a_file_that_was_emptied_by_its_transfer_does_not_show_what_a_deletion_does(
    tmp_path: Path,
) -> None:
    lines = ledger(opened("nmc"), *made(CALL, 1, "nmc"), *taken("nmc", 1, 1))
    found = judged(
        "bu2.nmc", Evidence(ledger=lines, delivery=seen_through("bu2.nmc", CALL)), tmp_path
    )
    assert (found.verdict.value, found.findings[0].reason) == ("undecided", "no file was deleted")


# --- The ticket file ---

FETCHED = [*made(CALL, 1, "nmc"), opened("nmc"), *taken("nmc", 1, 1)]
REFUSED: Event = ("refused", {"connection": "c1", "reason": "wrong credentials", "wire": "nmc"})


@pytest.mark.parametrize(
    ("events", "verdict", "told"),
    [
        (FETCHED, "ok", "file fetched whole"),
        ([REFUSED, *FETCHED], "nok", "1 request refused (wrong credentials)"),
        ([*made(CALL, 1, "nmc")], "nok", "no session was opened with the account of the NMC"),
        ([*made(CALL, 1, "nmc"), opened("nmc"), on("nmc", "offered", 1, 1),
          on("nmc", "consumed", 1, 1, "x2")], "nok", "by a session that had not fetched it"),
    ],
)  # fmt: skip
def test_the_file_is_fetched_whole_with_the_account(
    events: list[Event], verdict: str, told: str, tmp_path: Path
) -> None:
    seen = Evidence(ledger=ledger(*events), delivery=seen_through("cic6.nmc", CALL))
    found = judged("cic6.nmc", seen, tmp_path)
    assert found.verdict.value == verdict
    assert told in (found.reason or found.comment)


# --- The law of judging again ---


def test_the_second_program_knows_every_rule_of_the_carriage_table() -> None:
    assert {rule for row in carriages().values() for rule in row.rules.values()} <= set(
        AGAIN["RULES"]
    )


VARIANTS: list[dict[str, Any]] = [
    {},
    {"direction": Direction.INCOMING, "communication_type": CommunicationType.INCOMING_TRANSFER},
    {"direction": Direction.LOCAL, "communication_type": None, "kind": Kind.LOCAL_CALL},
    {"communication_type": CommunicationType.FACILITY_REQUEST, "kind": Kind.FACILITY},
    {"communication_type": CommunicationType.BREAK_IN, "direction": None},
    {"trunk": "123", "trunk_kind": None, "charged_user": "10612345"},
    {"dialling_mode": DiallingMode.REDIAL, "ring_seconds": 7, "units": None, "cost": None},
    {"subscriber_name": " a name of over twenty characters ", "cost": Decimal("1.23456")},
    {"direction": Direction.INCOMING, "communication_type": CommunicationType.INCOMING},
    {"subscriber_name": "Zo\u00eb \u0152uvre\x07", "dialled_number": "03885511****"},
    {"dialled_number": "**"},
    {"subscriber_name": "", "account_code": "", "charged_user": None},
    {
        "direction": Direction.INCOMING,
        "communication_type": CommunicationType.INCOMING,
        "initial_user": "106",
        "ring_seconds": 7,
        "masked": {"initial_user": 2, "charged_user": 9},
    },
    {
        "communication_type": CommunicationType.OUTGOING_TRANSFER,
        "trunk": "0012",
        "masked": {"dialled_number": 4},
        "local_end": NOON.replace(hour=13, second=57),
    },
    {
        "facilities": (Facility.FORWARDING, Facility.TRANSFER),
        "trunk": "65535",
        "local_end": NOON.replace(minute=9),
        "trunk_kind": TrunkKind.ANALOGUE,
    },
    {"direction": None, "communication_type": CommunicationType.UNKNOWN, "initial_user": "1"},
    {"direction": None, "communication_type": None, "dialling_mode": None, "local_end": None},
    {"communication_type": CommunicationType.OUTGOING_TRANSFER_TRANSIT, "trunk": "1x"},
    {"communication_type": CommunicationType.OUTGOING_TRANSIT, "facilities": (Facility.TRANSFER,)},
    {"communication_type": CommunicationType.INCOMING_TRANSFER_TRANSIT},
    {"communication_type": None, "facilities": (Facility.TRANSFER,)},
]


@pytest.mark.parametrize("row", sorted(carriages()))
def test_the_second_program_sees_a_ticket_through_a_wire_as_the_judge_does(
    row: tuple[str, str],
) -> None:
    through = carriages()[row]
    other = AGAIN["Evidence"].__new__(AGAIN["Evidence"])
    other.play = {"carried": list(through.standings), "shown": list(Ticket.__struct_fields__)}
    other.facts = {
        "coarser": dict(through.rules),
        "only": dict(through.only),
        "blank_is_absent": through.blank_is_absent,
    }
    tickets = [WAKE, *(msgspec.structs.replace(CALL, **variant) for variant in VARIANTS)]
    for one in tickets:
        plain = msgspec.to_builtins(one)
        expected = msgspec.to_builtins(project(one, through))
        expected.pop("resolution", None)
        assert other.seen(plain) == other.seen(expected), (row, plain)
        for name in [*through.standings, "kind", "local_time"]:
            mine, its = other.through(plain).get(name), expected.get(name)
            blank: tuple[object, ...] = (None, "", 0, [], {})
            same = Decimal(mine or 0) == Decimal(its or 0) if name == "cost" else mine == its
            assert same or (mine in blank and its in blank), (row, name, mine, its)


def test_words_of_another_wire_are_no_requests_of_the_service() -> None:
    """They have neither status nor headers, and say nothing about the login."""
    words = {"n": 1, "wire": "nmc", "port": "nmc", "sender": "collector", "text": "USER ftp_nmc"}
    (only,) = [x for x in load_catalogue().plays() if x.play == "cic3"]
    found = judge(only.case, only.tag_set, Evidence(transcript=[words]))
    told = {one.demand: one.reason for one in found.findings}
    assert told["basic authentication"] == "no request was served"
