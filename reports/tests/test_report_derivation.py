"""Verdicts, summary, open points and validity, each rule by itself."""

from collections.abc import Callable
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from oxo_reports import wording
from oxo_reports.bundle import read
from oxo_reports.lints import open_points
from oxo_reports.published import FUNCTIONS, NEVER_PUBLISHED, PUBLISHED_CASES
from oxo_reports.run import Run, Verdict
from oxo_reports.summary import summarise
from oxo_reports.validity import later, major, validity
from oxo_reports.verdicts import GRAVITY, WORDS, of_play, of_run, together

Change = Callable[[dict[str, Any]], object]
Changed = Callable[[Change], Path]


def points(run: Run) -> list[str]:
    return open_points(run, summarise(run), {})


def the(run: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(play for play in run["plays"] if play["play"] == name)
    return found


def test_together_is_as_the_contract_says() -> None:
    for size in range(1, len(GRAVITY) + 1):
        for words in combinations(GRAVITY, size):
            joined = together(words)
            graver = [word for word in ("error", "nok", "undecided") if word in words]
            if graver:
                assert joined == graver[0]
            elif "ok" in words:
                assert joined == "ok"
                assert of_run(words) == "ok"
            else:
                assert joined in ("not observable", "not applicable")
                assert of_run(words) == "undecided"
    assert together([]) is None
    assert of_run([]) == "undecided"


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], None),
        ([("received", "ok"), ("exactly once", "not applicable")], "ok"),
        ([("received", "ok"), ("failure message", "not observable")], "ok"),
        ([("received", "ok"), ("field currency", "not observable")], "not observable"),
        ([("received", "ok"), ("exactly once", "nok"), ("link cut", "undecided")], "nok"),
        ([("exactly once", "not applicable")], None),
    ],
)
def test_a_play_is_the_gravest_finding_that_weighs(
    findings: list[tuple[str, Verdict]], verdict: Verdict | None
) -> None:
    assert of_play(findings) == verdict


def test_the_published_cases_are_29_and_each_has_a_function() -> None:
    assert len(PUBLISHED_CASES) == 29
    covered = [case for function in FUNCTIONS for case in function.cases]
    assert sorted(covered) == sorted([*PUBLISHED_CASES, "EXT1", "EXT2", "EXT3"])
    assert not set(NEVER_PUBLISHED) & set(PUBLISHED_CASES)


def test_the_sample_has_exactly_the_open_points_put_into_it(bundle: Path) -> None:
    assert points(read(bundle)) == [
        "CIC2: NOK, but no issue reference in the subject's issues.toml.",
        "BU1: the comment restricts the OK, but section 4.3 has no entry for it.",
    ]


@pytest.mark.parametrize(
    ("change", "point"),
    [
        (lambda run: the(run, "bu2").update(reason=None), "BU2: NOK without a reason."),
        (lambda run: the(run, "cic1").update(reason=None), "CIC1: N/A without a reason."),
        (
            lambda run: the(run, "cic3").update(comment="Duration is ignored."),
            "CIC3: the comment restricts the OK, but section 4.3 has no entry for it.",
        ),
        (lambda run: the(run, "cic3").update(findings=[]), "CIC3: OK without any finding."),
        (
            lambda run: the(run, "cic3")["findings"][0].update(verdict="nok"),
            "CIC3: shown as OK, but its findings give NOK.",
        ),
        (lambda run: the(run, "cic3").update(evidence=[]), "CIC3: names no evidence."),
        (
            lambda run: run.update(result="Passed"),
            "The result is Passed, but 2 of the rows are NOK.",
        ),
        (
            lambda run: run.update(result="Passed"),
            "The result is Passed, but section 4.3 lists limitations.",
        ),
        (
            lambda run: run.update(verdict="ok"),
            "The run says OK, but its rows give error of the bench.",
        ),
        (lambda run: run["counts"].update(ok=5), "The run counts 5 OK; its rows show 4."),
        (
            lambda run: run.update(assumed_contract=9),
            "The run counts 9 ticks that rest on the assumed contract, but its rows show 6.",
        ),
        (
            lambda run: run["chapters"][0].update(verdict="ok"),
            "Chapter CIC: shown as OK, but its rows give NOK.",
        ),
        (
            lambda run: run["chapters"].append({"id": "ROOM", "title": "Rooms", "verdict": "ok"}),
            "Chapter ROOM: no case of it was played.",
        ),
        (
            lambda run: run["subject"].update(version="unversioned"),
            "The solution states no release number; a certification names one full version.",
        ),
        (lambda run: run["subject"].update(vendor=None), "The solution names no vendor."),
        (
            lambda run: the(run, "cic3").update(standing="field"),
            "CIC3: standing shown as field, but a finding rests on assumed contract.",
        ),
        (
            lambda run: run.update(incomplete=[]),
            "The run lists 0 incomplete points, but 1 of its rows lack an issue reference.",
        ),
        (
            lambda run: the(run, "bu1")["tickets"][0].update(fate="lost"),
            "BU1: shown as processed, but of its tickets are 1 lost.",
        ),
        (
            lambda run: the(run, "smdr1.extended")["findings"].pop(0),
            "SMDR1 (extended): no finding answers what the case asks, exactly once.",
        ),
        (
            lambda run: the(run, "bu1").update(mode="hotel"),
            "BU1 (hotel mode): played in hotel mode, but the name bu1 says otherwise.",
        ),
        (
            lambda run: run["exchange"].update(mode="hotel"),
            "The exchange ran in hotel mode, but its rows are of business mode.",
        ),
        (
            lambda run: run["chapters"][0].update(published=False),
            "Chapter CIC: does not count as published, but not so all of its rows.",
        ),
    ],
)
def test_each_open_point_is_found(change: Change, point: str, changed: Changed) -> None:
    assert point in points(read(changed(change)))


def test_refused_and_passed_need_their_rows(changed: Changed) -> None:
    def only(run: dict[str, Any]) -> None:
        run["plays"] = [the(run, "dis101")]
        run.update(result="Refused")

    run = read(changed(only))
    assert "The result is Refused, but no row is NOK." in points(run)


def test_missing_evidence_is_an_open_point(bundle: Path) -> None:
    run = read(bundle)
    missing = {"bu1": {"delivery.ndjson": "is not in the bundle"}}
    assert "BU1: evidence delivery.ndjson is not in the bundle." in open_points(
        run, summarise(run), missing
    )


def test_received_but_not_processed_is_a_limitation_of_an_ok(bundle: Path) -> None:
    limitations = [(item.label, item.text) for item in summarise(read(bundle)).limitations]
    assert limitations == [
        ("CIC1", "Not applicable. The product has no proxy support."),
        ("APP1", "Tickets are received and not processed, as the solution declares."),
    ]


@pytest.mark.parametrize("mark", ["in part", "not asked", "no", "not observable"])
def test_an_ok_whose_tickets_are_not_all_processed_is_a_limitation_by_any_mark(
    mark: str, changed: Changed
) -> None:
    def received_in_part(run: dict[str, Any]) -> None:
        play = the(run, "bu1")
        play.update(comment=None, processed=mark)
        play["tickets"][2]["fate"] = "not asked"

    run = read(changed(received_in_part))
    (said,) = [item.text for item in summarise(run).limitations if item.label == "BU1"]
    assert said == (
        "4 of 5 tickets received and processed; 1 received and not processed, as the solution"
        " declares."
    )
    functions = {mark.name: mark for mark in summarise(run).functions}
    assert functions["Tickets kept while no session is open"].basis.startswith(
        "BU1, BU2; limited, see section 4.3: BU1"
    )


def test_the_mark_of_a_limited_row_without_tickets_is_quoted(changed: Changed) -> None:
    run = read(changed(lambda run: the(run, "cic3").update(processed="not asked", tickets=[])))
    said = {item.label: item.text for item in summarise(run).limitations}
    assert said["CIC3"] == "Received: yes; processed: not asked."


def test_problems_quote_reason_and_reference(bundle: Path) -> None:
    problems = {item.label: item.text for item in summarise(read(bundle)).problems}
    assert problems["CIC2"].endswith("within 20 s. Issue: no reference.")
    assert problems["BU2"].endswith("Issue: PART-17.")


def test_a_remark_of_a_case_stands_once(bundle: Path) -> None:
    remarks = [item.label for item in summarise(read(bundle)).remarks]
    assert remarks == ["CIC2", "APP1", "SMDR1"]


def test_cases_outside_the_published_ones_have_a_function_of_their_own(changed: Changed) -> None:
    def extra(run: dict[str, Any]) -> None:
        run["chapters"].append({"id": "EXT", "title": "Cold reset", "verdict": "ok"})
        run["plays"].append({**the(run, "cic3"), "play": "ext1", "case": "EXT1", "chapter": "EXT"})

    functions = {mark.name: mark for mark in summarise(read(changed(extra))).functions}
    assert functions["Cold reset (outside the published cases)"].mark == WORDS["ok"]


@pytest.mark.parametrize(
    ("release", "number"),
    [
        ("R3.2 (034.001)", 3),
        ("12.0.1", 12),
        ("V3.2 .034", 3),
        ("dev", None),
        ("", None),
        (None, None),
    ],
)
def test_the_major_number_is_the_first(release: str | None, number: int | None) -> None:
    assert major(release) == number


def test_digits_of_a_name_are_no_release(changed: Changed) -> None:
    def name(run: dict[str, Any]) -> None:
        run["subject"].update(name="Tally 2000", version="Tally 2000 4.1")

    assert "while its major release is 4" in validity(read(changed(name))).conditions[0]


def test_a_leap_day_has_an_anniversary() -> None:
    assert later(date(2028, 2, 29), 2) == date(2030, 2, 28)
    assert later(date(2026, 11, 22), 2) == date(2028, 11, 22)


def test_gaps_are_told_when_the_run_declares_none(changed: Changed) -> None:
    gaps = {item.label: item.text for item in summarise(read(changed(_undeclared))).gaps}
    assert gaps["DIS103"] == NEVER_PUBLISHED["DIS103"]
    assert gaps["CIC6"].startswith("Not played in this run: ticket files")
    assert "CIC2" not in gaps


def _undeclared(run: dict[str, Any]) -> None:
    del run["gaps"]


def test_each_broken_condition_gives_its_reason(changed: Changed) -> None:
    broken = validity(read(changed(lambda run: run["subject"].update(version=None)))).broken
    assert len(broken) == 2
    assert "states no release number" in broken[0]
    assert broken[1] == "the result is Postponed"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\x00b", "a<U+0000>b"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\u202edrow", "<U+202E>drow"),
        ("é ☑ 中", "é ☑ 中"),
        (7, 7),
    ],
)
def test_unseen_characters_are_shown(value: Any, shown: Any) -> None:
    assert wording.visible(value) == shown


def test_numbers_in_words() -> None:
    assert wording.seconds(1.5) == "1.5\N{NO-BREAK SPACE}s"
    assert wording.seconds(20) == "20\N{NO-BREAK SPACE}s"
    assert wording.seconds(0.001) == "0.001\N{NO-BREAK SPACE}s"
    assert wording.size(1) == "1 byte"
    assert wording.size(1400) == "1.4 kB"
    assert wording.size(2_000_000) == "2.0 MB"
    assert wording.quantity(1, "case") == "1 case"
    assert wording.quantity(1200, "case") == "1,200 cases"
    assert wording.month("2026-11-22T20:45:00Z") == "November 2026"
    assert wording.plain("x" * 500).endswith("… (100 more characters)")
    assert wording.css_text('a"\\<') == '"a\\000022\\00005C\\00003C"'


def test_comments_become_sentences() -> None:
    assert wording.sentence("connected by name; 1 ticket") == "Connected by name; 1 ticket."
    assert wording.sentence("call_seconds read") == "call_seconds read."
    assert wording.sentence("Done.") == "Done."


def test_a_version_that_repeats_the_name_says_it_once() -> None:
    assert wording.titled("oxo-collect", "oxo-collect 0.1.0") == "oxo-collect 0.1.0"
    assert wording.titled("Tally", "2.4") == "Tally 2.4"
    assert wording.titled("Tally", None) == "Tally"
    assert wording.titled("oxo-collect", "0.1.0") == "oxo-collect 0.1.0"


def test_a_number_that_stands_alone_is_called_a_release() -> None:
    assert wording.released("0.1.0") == "release 0.1.0"
    assert wording.released("R3.2 (034.001)") == "R3.2 (034.001)"
    assert wording.released(None) == "release not stated"


def test_a_known_failure_that_excuses_nothing_is_an_open_point(changed: Changed) -> None:
    def more(run: dict[str, Any]) -> None:
        states = ("known", "expired", "passes now", "not played")
        run["known_failures"] = [
            {"case": "CIC1", "reference": f"P-{state}", "expires": "2026-01-31", "state": state}
            for state in states
        ]
        run["known_failures"][1]["mode"] = "hotel"
        run["known_failures"][2] |= {"mode": None, "play": "cic1.nmc"}

    said = [point for point in points(read(changed(more))) if "known failure" in point]
    assert said == [
        "CIC1 (hotel): the known failure P-expired has expired (2026-01-31).",
        "CIC1 (cic1.nmc): the known failure P-passes now passes now; its entry is stale.",
    ]
