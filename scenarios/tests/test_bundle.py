"""run.json: its shape, what is derived in it, and a second program that judges it again."""

import json
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_scenarios.bundle import (
    Bench,
    Exchange,
    Play,
    Run,
    SubjectRecord,
    play_of,
    run_as_builtins,
    run_of,
    write_run,
)
from oxo_scenarios.catalogue import load_catalogue, planned
from oxo_scenarios.judge import Delivery, Evidence, Incident, judge, not_applicable, not_carried
from oxo_scenarios.verdict import Verdict, exit_status
from oxo_scenarios.wires import Claim
from oxo_tickets import Ticket, to_ndjson

HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "reports" / "oxo_reports" / "schema" / "run-1.schema.json"
CATALOGUE = load_catalogue()
TAXATION = Claim(["taxation"])
INSTANT = "2026-11-23T12:00:00.000Z"
CALL = msgspec.convert(
    {
        "kind": "call",
        "local_time": "2026-11-23T12:00:00",
        "dialling_mode": "manual",
        "currency": "EUR",
        "cost": "1.70",
        "call_seconds": 50,
    },
    Ticket,
)
OTHER = msgspec.structs.replace(CALL, currency="USD")


def lines(*, acknowledged: bool = True) -> list[dict[str, Any]]:
    """Return the ledger of one call collected in an open session."""
    batch = {"first": 1, "last": 1, "session": "s1", "connection": "c1"}
    events: list[dict[str, Any]] = [
        {"event": "session opened", "session": "s1", "connection": "c1", "reason": "login"},
        {"event": "made", "id": 1, "ticket": msgspec.to_builtins(CALL), "source": "call"},
        {"event": "buffered", "id": 1, "sequence": 1},
        {"event": "offered", **batch},
        *([{"event": "acknowledged", **batch}] if acknowledged else []),
    ]
    common = {"at": INSTANT, "exchange_time": "2026-11-23T12:00:00"}
    return [{"n": n} | common | event for n, event in enumerate(events, 1)]


def played(case_id: str, tag_set: str, evidence: Evidence) -> Play:
    case = CATALOGUE.case(case_id)
    return play_of(
        planned(case, tag_set),
        evidence,
        judge(case, tag_set, evidence),
        reference="PART-17",
        started=INSTANT,
        seconds=1.5,
        settle_seconds=0.5,
        files=["ledger.ndjson", "delivery.ndjson"],
    )


def run_with(plays: Sequence[Play]) -> Run:
    return run_of(
        run="20261123-120000-1f3a",
        started=INSTANT,
        ended=INSTANT,
        seed=7,
        bench=Bench(name="oxo-interop", version="0.1.0", python="3.11.7", platform="Linux"),
        exchange=Exchange(
            product="OXO Connect (simulated)",
            name="oxo-connect",
            release="R3.2",
            profile="certify",
            mode="business",
            address="127.0.0.1",
            host_name="localhost",
            ports={"standard": 40443, "alternate": 40444},
            profile_choices=[{"key": "a", "value": "b", "standing": "ours"}],
        ),
        subject=SubjectRecord(
            name="Example",
            version="1",
            vendor=None,
            contact=None,
            folder="x",
            wires=["taxation"],
            issues=[],
        ),
        plays=plays,
        catalogue=CATALOGUE,
    )


def evidence(*delivered: Ticket, acknowledged: bool = True, **others: Any) -> Evidence:
    return Evidence(
        ledger=lines(acknowledged=acknowledged), delivery=Delivery(tickets=delivered), **others
    )


def not_played(case_id: str, judged: Any = not_applicable) -> Play:
    case = CATALOGUE.case(case_id)
    empty = Evidence()
    play = played(case_id, "extended", empty)
    judgement = judged(case, "the product has no proxy support")
    return msgspec.structs.replace(
        play, verdict=judgement.verdict, reason=judgement.reason, findings=(), tickets=()
    )


PLAYS: list[tuple[str, str, Evidence, str]] = [
    ("BU3", "extended", evidence(CALL), "ok"),
    ("BU3", "extended", evidence(), "nok"),
    ("BU3", "extended", evidence(OTHER), "nok"),
    ("BU3", "extended", evidence(CALL, CALL), "nok"),
    ("BU3", "extended", evidence(CALL, acknowledged=False), "nok"),
    ("BU1", "extended", evidence(CALL), "undecided"),
    ("SMDR1", "extended", evidence(CALL), "ok"),
    ("SMDR1", "extended", evidence(OTHER), "nok"),
    ("SMDR1", "observed", evidence(OTHER), "not observable"),
    ("SMDR2", "extended", evidence(CALL), "undecided"),
    ("BU3", "extended", evidence(CALL, incidents=[Incident(fault="bench", text="x")]), "error"),
]


def write(folder: Path, plays: Sequence[tuple[Play, Evidence]]) -> Path:
    """Write a bundle as the bench would."""
    for play, seen in plays:
        place = folder / "evidence" / play.play
        place.mkdir(parents=True)
        ledger = b"".join(msgspec.json.encode(line) + b"\n" for line in seen.ledger)
        (place / "ledger.ndjson").write_bytes(ledger)
        (place / "delivery.ndjson").write_bytes(to_ndjson(seen.delivery.tickets))
    return write_run(folder, run_with([play for play, _ in plays]))


def recomputed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the second program; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["recompute_verdicts.py", str(folder)])
    program = runpy.run_path(str(HERE / "recompute_verdicts.py"))
    return int(program["main"]())


@pytest.mark.parametrize("row", PLAYS)
def test_a_bundle_keeps_its_schema_and_is_judged_alike_by_a_second_program(
    row: tuple[str, str, Evidence, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, tag_set, seen, verdict = row
    play = played(case, tag_set, seen)
    assert play.verdict.value == verdict
    path = write(tmp_path, [(play, seen)])
    document = json.loads(path.read_bytes())
    jsonschema.validate(document, json.loads(SCHEMA.read_bytes()))
    assert list(document)[:2] == ["schema", "run"]
    assert recomputed(tmp_path, monkeypatch) == 0
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("judged", [not_applicable, not_carried])
def test_what_was_not_played_is_no_ok_to_the_second_program_either(
    judged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_run(tmp_path, run_with([not_played("CIC1", judged)]))
    assert recomputed(tmp_path, monkeypatch) == 0
    document = json.loads(path.read_bytes())
    document["plays"][0]["verdict"] = "ok"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert recomputed(tmp_path, monkeypatch) == 1


@pytest.mark.parametrize("word", ["ok", "nok", "undecided", "not observable", "error"])
def test_the_second_program_notices_a_verdict_that_the_evidence_does_not_bear(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = evidence(CALL)
    path = write(tmp_path, [(played("BU3", "extended", seen), seen)])
    document = json.loads(path.read_bytes())
    document["plays"][0]["verdict"] = word
    path.write_text(json.dumps(document), encoding="utf-8")
    assert recomputed(tmp_path, monkeypatch) == (0 if word == "ok" else 1)


def _other_mark(document: Any, _ledger: list[Any]) -> None:
    document["plays"][0]["received"] = "no"


def _other_processed(document: Any, _ledger: list[Any]) -> None:
    document["plays"][0]["processed"] = "in part"


def _other_mode(document: Any, ledger: list[Any]) -> None:
    ledger.append({"event": "installed", "tag_set": "extended", "mode": "business"})
    document["plays"][0]["mode"] = "hotel"


def _other_tags(_document: Any, ledger: list[Any]) -> None:
    ledger.append({"event": "installed", "tag_set": "observed", "mode": "business"})


def _line_gone(_document: Any, ledger: list[Any]) -> None:
    ledger.append({"event": "alarm", "n": len(ledger) + 2})


def _line_older(_document: Any, ledger: list[Any]) -> None:
    ledger[0]["at"], ledger[1]["at"] = "2026-11-23T12:00:01.000Z", "2026-11-23T12:00:00.000Z"


def _strange_fault(_document: Any, ledger: list[Any]) -> None:
    ledger.append({"event": "restored", "reset_connections": False, "faults": [{"id": "f9"}]})


def _ticket_gone(document: Any, _ledger: list[Any]) -> None:
    document["plays"][0]["tickets"].pop()


def _never_made(_document: Any, ledger: list[Any]) -> None:
    ledger.append({"event": "dropped", "id": 77, "reason": "buffer full"})


@pytest.mark.parametrize(
    "falsify",
    [
        _other_mark, _other_processed, _other_mode, _other_tags, _line_gone, _line_older,
        _strange_fault, _never_made, _ticket_gone,
    ],
)  # fmt: skip
def test_the_second_program_notices_marks_and_ledgers_that_cannot_be(
    falsify: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = evidence(CALL)
    path = write(tmp_path, [(played("BU3", "extended", seen), seen)])
    document = json.loads(path.read_bytes())
    place = tmp_path / "evidence" / document["plays"][0]["play"] / "ledger.ndjson"
    ledger = [json.loads(line) for line in place.read_bytes().splitlines()]
    falsify(document, ledger)
    told = [{"n": n} | line for n, line in enumerate(ledger, 1)]
    place.write_text("".join(json.dumps(line) + "\n" for line in told), encoding="utf-8")
    path.write_text(json.dumps(document), encoding="utf-8")
    assert recomputed(tmp_path, monkeypatch) == 1


REMINDER = msgspec.convert(
    {
        "kind": "reminder",
        "local_time": "2026-11-23T12:00:00",
        "charged_user": "106",
        "reminder_time": "07:00:00",
        "reminder_state": "activation",
    },
    Ticket,
)


def disturbed(**others: Any) -> Evidence:
    """Return the evidence of a reminder that waited behind a cut."""
    events = lines()
    events[1] |= {"ticket": msgspec.to_builtins(REMINDER)}
    cut = {"n": 3.1, "event": "fault", "id": "f1", "fault": {"kind": "cut"}}
    restored = {"n": 3.2, "event": "restored", "faults": []}
    places = [*events[:3], events[2] | cut, events[2] | restored, *events[3:]]
    told = [
        line | {"n": n, "at": f"2026-11-23T12:00:0{n}.000Z"} for n, line in enumerate(places, 1)
    ]
    return Evidence(ledger=told, delivery=Delivery(tickets=(REMINDER,)), shown=[REMINDER], **others)


@pytest.mark.parametrize(
    ("key", "bent"),
    [
        ("displayed", "no"),
        ("displayed", "in part"),
        ("displayed", "not asked"),
        ("displayed", None),
        ("recovery_seconds", 1.9),
        ("recovery_seconds", 2.1),
        ("recovery_seconds", None),
        ("verdict", "nok"),
    ],
)
def test_the_second_program_notices_what_else_the_evidence_does_not_bear(
    key: str,
    bent: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A mark and a duration are printed on the report's rows, like the verdict."""
    seen = disturbed()
    play = played("APP1", "extended", seen)
    assert (play.displayed, play.recovery_seconds) == ("yes", 2)
    path = write(tmp_path, [(play, seen)])
    (tmp_path / "evidence" / play.play / "shown.ndjson").write_bytes(to_ndjson([REMINDER]))
    assert recomputed(tmp_path, monkeypatch) == 0
    document = json.loads(path.read_bytes())
    document["plays"][0][key] = bent
    path.write_text(json.dumps(document), encoding="utf-8")
    capsys.readouterr()
    assert recomputed(tmp_path, monkeypatch) == 1
    assert f"{key} {bent} != " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("verdict", "comment", "status"),
    [
        (Verdict.ERROR, "not judged: the bench broke", 0),
        (Verdict.ERROR, "5 tickets received", 1),
    ],
)
def test_of_a_play_that_was_not_judged_nothing_else_is_told(
    verdict: Verdict,
    comment: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = disturbed(incidents=[Incident(fault="bench", text="x")])
    play = played("APP1", "extended", seen)
    bare = {"displayed": None, "recovery_seconds": None, "comment": comment}
    play = msgspec.structs.replace(play, verdict=verdict, **bare)
    write(tmp_path, [(play, seen)])
    assert recomputed(tmp_path, monkeypatch) == status


def test_a_chapter_says_whether_its_cases_are_published() -> None:
    plays = [played(case, "extended", evidence(CALL)) for case in ("BU3", "EXT2")]
    told = {chapter.id: chapter.published for chapter in run_with(plays).chapters}
    assert told == {"BU": True, "EXT": False}


def test_counts_chapters_result_and_gaps_are_derived() -> None:
    run = run_with(
        [
            played("BU3", "extended", evidence(CALL)),
            played("SMDR1", "observed", evidence(CALL)),
            played("SMDR1", "extended", evidence(CALL)),
            not_played("CIC1"),
        ]
    )
    assert run.verdict.value == "ok"
    assert run.result.value == "Postponed"
    assert run.counts == {
        "ok": 2,
        "not applicable": 1,
        "not observable": 1,
        "undecided": 0,
        "nok": 0,
        "error": 0,
    }
    assert run.assumed_contract == 2
    assert [(chapter.id, chapter.verdict.value) for chapter in run.chapters] == [
        ("CIC", "not applicable"),
        ("BU", "ok"),
        ("SMDR", "ok"),
    ]
    kinds = {gap.case: gap.kind for gap in run.gaps}
    assert kinds["DIS103"] == "never published"
    assert kinds["APP2"] == "not selected"
    assert kinds["BU1"] == "not selected"
    assert "BU3" not in kinds


def test_a_reference_is_quoted_only_where_a_case_failed() -> None:
    assert played("BU3", "extended", evidence()).reference == "PART-17"
    assert played("BU3", "extended", evidence(CALL)).reference is None


def test_a_nok_without_a_reference_leaves_the_run_incomplete_and_the_verdict_as_it_is() -> None:
    plays = [played(case, tags, seen) for case, tags, seen, word in PLAYS if word == "nok"]
    assert run_with(plays).incomplete == []
    bare = [msgspec.structs.replace(play, reference=None) for play in plays]
    run = run_with([bare[0], bare[-1], played("BU1", "extended", evidence(CALL))])
    lacking = "NOK without an issue reference in the subject's issues.toml."
    assert run.incomplete == [f"BU3: {lacking}", f"SMDR1: {lacking}"]
    assert (run.verdict.value, run.result.value, exit_status(run.verdict)) == ("nok", "Refused", 1)


FIRMEST_FIRST = ["documented", "field", "inferred", "ours"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([play for play, *_ in CATALOGUE.plays(TAXATION)]),
            st.sampled_from([evidence(CALL), evidence(OTHER), evidence(), Evidence()]),
        ),
        max_size=6,
    )
)
def test_a_row_is_as_firm_as_its_weakest_ground_and_the_count_is_that_of_the_rows(
    chosen: list[tuple[str, Evidence]],
) -> None:
    cases = {each.play: (each.case, each.tag_set) for each in CATALOGUE.plays(TAXATION)}
    plays = [played(cases[name][0].id, cases[name][1], seen) for name, seen in chosen]
    run = run_as_builtins(run_with(plays))
    for play in run["plays"]:
        grounds = [cases[play["play"]][0].standing, *(one["standing"] for one in play["findings"])]
        assert play["standing"] == max(grounds, key=FIRMEST_FIRST.index)
    ticked = [play for play in run["plays"] if play["verdict"] in ("ok", "nok")]
    assert run["assumed_contract"] == [play["standing"] for play in ticked].count("ours")


def test_every_case_is_a_ticked_run_that_passes() -> None:
    """All plays ok: the result is Passed although the observed tags show less."""
    ok = played("BU3", "extended", evidence(CALL))
    plays = [
        msgspec.structs.replace(ok, play=each.play, case=each.case.id, chapter=each.case.chapter)
        for each in CATALOGUE.plays(TAXATION)
        if each.play != "smdr1.observed"
    ]
    run = run_with([*plays, played("SMDR1", "observed", evidence(CALL))])
    assert (run.verdict.value, run.result.value) == ("ok", "Passed")
    unselected = [gap for gap in run.gaps if gap.kind == "not selected"]
    assert [(gap.case, gap.reason) for gap in unselected] == [
        ("CIC6", "played on nmc, which the subject does not claim")
    ]
