"""Hotel mode beside business mode, extra cases apart, and what a row tells of both."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import render
from oxo_reports.bundle import read
from oxo_reports.document import report
from oxo_reports.lints import open_points
from oxo_reports.summary import label, summarise
from oxo_reports.wires import extra_result, place_of, place_results

Change = Callable[[Callable[[dict[str, Any]], object]], Path]
NOT_IN_BUSINESS = "rooms have a status in hotel mode alone"


def played_in_two_modes(run: dict[str, Any]) -> None:
    """Give the sample a hotel row, a row that does not apply in business mode, and extra rows."""
    plays = {play["play"]: play for play in run["plays"]}
    hotel = like(plays["bu1"], play="bu1.hotel", mode="hotel")
    room = like(plays["bu1"], play="smdr7.hotel", case="SMDR7", mode="hotel", displayed="not asked")
    none = like(
        plays["bu1"],
        play="smdr7",
        case="SMDR7",
        verdict="not applicable",
        reason=NOT_IN_BUSINESS,
        findings=[],
        tickets=[],
        evidence=[],
    )
    recovered = like(plays["bu1"], play="dis101.hotel", case="DIS101", mode="hotel")
    recovered |= {"recovery_seconds": 1.25}
    extra = [
        like(plays["bu1"], play="ext1", case="EXT1", chapter="EXT", extra=True),
        like(plays["bu1"], play="ext2", case="EXT2", chapter="EXT", extra=True, verdict="nok",
             reason="3 tickets lost", findings=[]),
    ]  # fmt: skip
    for play in (room, none):
        play["chapter"] = "BU"
    run["plays"] += [hotel, room, none, recovered, *extra]
    run["exchange"]["mode"] = "business, hotel"
    run["counts"]["ok"] += 3
    run["counts"]["not applicable"] += 1
    run["assumed_contract"] += 3 * (plays["bu1"]["standing"] == "ours")
    run["incomplete"].append("EXT2: NOK without reference")
    run["chapters"].append(
        {"id": "EXT", "title": "Beyond the report", "verdict": "nok", "published": False}
    )


def like(sample: Mapping[str, Any], /, **other: Any) -> dict[str, Any]:
    return {**deepcopy(dict(sample)), **other}


@pytest.fixture
def two_modes(changed_wires: Change) -> Path:
    return changed_wires(played_in_two_modes)


def test_hotel_rows_stand_at_a_place_of_their_own(two_modes: Path) -> None:
    run = read(two_modes)
    places = {play.play: place_of(play) for play in run.plays}
    assert (places["bu1"], places["bu1.hotel"], places["ext1"]) == ("taxation", "hotel", "taxation")
    results = {one.name: one for one in place_results(run)}
    assert list(results)[:2] == ["taxation", "hotel"]
    assert (results["hotel"].rows, results["hotel"].word) == (3, "OK")
    assert results["hotel"].title == "hotel mode"


def test_extra_rows_change_no_place_and_no_open_point(two_modes: Path) -> None:
    run = read(two_modes)
    extra = extra_result(run)
    assert extra is not None
    assert (extra.rows, extra.word) == (2, "NOK")
    taxation = next(one for one in place_results(run) if one.name == "taxation")
    assert taxation.rows == len([p for p in run.plays if p.wire == "taxation"]) - 3 - 2
    points = open_points(run, summarise(run), {})
    assert not [point for point in points if "its rows" in point]
    assert [point for point in points if point.startswith("EXT2: NOK")]


def test_what_does_not_apply_in_one_mode_alone_is_no_limitation(two_modes: Path) -> None:
    summary = summarise(read(two_modes))
    assert "SMDR7" not in {item.label for item in summary.limitations}
    told = [item.text for item in summary.remarks if item.play == "smdr7"]
    assert told == [f"Not applicable. {NOT_IN_BUSINESS[0].upper()}{NOT_IN_BUSINESS[1:]}."]
    assert [item.play for item in summary.limitations if "names no place" in item.text] == [
        "smdr7.hotel"
    ]


def test_what_applies_in_no_mode_stays_a_limitation(changed_wires: Change) -> None:
    def business_alone(run: dict[str, Any]) -> None:
        played_in_two_modes(run)
        run["plays"] = [play for play in run["plays"] if play["play"] != "smdr7.hotel"]

    summary = summarise(read(changed_wires(business_alone)))
    assert "SMDR7" in {item.label for item in summary.limitations}


def test_functions_have_a_mark_in_either_mode_and_extra_cases_fill_the_rest(
    two_modes: Path,
) -> None:
    marks = {one.name: one for one in summarise(read(two_modes)).functions}
    kept = marks["Tickets kept while no session is open"]
    assert (kept.mark.split(",")[0], kept.in_hotel) == ("OK", "OK, in part")
    assert marks["Client connection, session establishment"].in_hotel is None
    assert marks["Session logout (extra case)"].mark == "OK"
    assert marks["Incoming and conference calls (extra cases)"].mark == "NOK"


def test_a_label_says_hotel_mode(two_modes: Path) -> None:
    labels = {play.play: label(play) for play in read(two_modes).plays}
    assert labels["bu1.hotel"] == "BU1 (hotel mode)"
    assert labels["ext1"] == "EXT1"


def test_the_page_shows_modes_marks_and_recovery(two_modes: Path) -> None:
    render(two_modes)
    page = html.fromstring((two_modes / "report.html").read_text("utf-8"))
    heads = page.xpath("//section[@id='matrix']//thead//th/text()")
    assert heads[:3] == ["Case", "Taxation service", "Hotel mode"]
    assert "In hotel mode" in page.xpath("//table[@id='function-table']//th/text()")
    assert "Recovered after" in page.xpath("string(//tr[@id='play-dis101.hotel'])")
    assert "Shown: not asked" in page.xpath("string(//tr[@id='play-smdr7.hotel'])")
    assert page.xpath("//h4[@id='group-BU-hotel']/text()") == ["Ticket buffer in hotel mode"]
    by_wire = page.xpath("string(//table[@id='by-wire'])")
    assert "Extra cases (not counted above)" in by_wire
    remarks = page.xpath("string(//h3[@id='remarks']/following-sibling::p[1])")
    assert "business mode unless a row says hotel mode" in remarks


def test_an_evidence_page_tells_mark_mode_and_recovery_of_its_play(two_modes: Path) -> None:
    render(two_modes)

    def facts(play: str) -> dict[str, str]:
        page = html.fromstring((two_modes / "evidence" / play / "index.html").read_text("utf-8"))
        rows = page.xpath("//table[@class='facts'][1]//tr")
        return {row.xpath("string(th)"): row.xpath("string(td)") for row in rows}

    assert facts("smdr7.hotel")["Marks"].endswith("; shown: not asked")
    assert facts("bu1")["Marks"].count(";") == 1, "a case without reminder has no third mark"
    assert "hotel mode" in facts("dis101.hotel")["Wire, set of tags"]
    assert "hotel mode" not in facts("bu1")["Wire, set of tags"]
    assert facts("dis101.hotel")["Recovered"].startswith("after 1.25\xa0s")
    assert "Recovered" not in facts("bu1")


def test_a_bundle_without_modes_reads_as_business_mode(changed_wires: Change) -> None:
    run = read(changed_wires(lambda _run: None))
    assert {play.mode for play in run.plays} == {"business"}
    whole = report(run, {})
    assert (whole.modes, whole.extra) == (["business"], None)


def test_every_mark_of_a_function_leads_to_rows_that_bear_it(two_modes: Path) -> None:
    """A tick in the summary is worth what the rows behind it show: each must be one step away."""
    render(two_modes)
    page = html.fromstring((two_modes / "report.html").read_text("utf-8"))
    marked = 0
    for row in page.xpath("//table[@id='function-table']/tbody/tr"):
        function, mark, in_hotel, basis = row.xpath("td")
        if mark.text_content() == "not tested":
            continue
        marked += 1
        words = [a.text_content() for a in basis.xpath("a")]
        assert words, function.text_content()
        assert basis.text_content().startswith(", ".join(words))
        for link in [*basis.xpath("a"), *in_hotel.xpath("a")]:
            (led,) = page.xpath(f"//tr[@id='{link.get('href').removeprefix('#')}']")
            assert led.xpath(".//a[starts-with(@href, 'evidence/')]") or "N/A" in led.text_content()
        if any(letter.isalpha() for letter in in_hotel.text_content()):
            assert in_hotel.xpath("a"), function.text_content()
    assert marked > 1
    for row in page.xpath("//table[@id='by-wire']/tbody/tr"):
        assert row.xpath("td[last()]/a[@href='#matrix']")


def test_a_function_is_supported_in_part_where_a_case_has_no_row_that_is_ok(
    changed_wires: Change,
) -> None:
    """An OK of one case says nothing of another that the wire cannot show."""

    def unseen(run: dict[str, Any]) -> None:
        played_in_two_modes(run)
        for play in run["plays"]:
            if play["case"] == "BU1" and play["wire"] == "nmc":
                play["case"], play["chapter"] = "BU4", "BU"
                play["verdict"] = "not observable"

    folder = changed_wires(unseen)
    marks = {one.name: one for one in summarise(read(folder)).functions}
    (over_nmc,) = [one for name, one in marks.items() if "BU4" in one.basis and "NMC" in name]
    assert over_nmc.mark == "OK, in part"
    assert over_nmc.rest == "; no row is OK of BU4"
