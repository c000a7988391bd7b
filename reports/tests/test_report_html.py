"""The report as a reader and a parser see it."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lxml import html
from oxo_reports import UnusableBundle, render
from oxo_reports.verdicts import STANDING_NAMES

Changed = Callable[[Callable[[dict[str, Any]], object]], Path]
TICKED, EMPTY = "☑", "☐"
FIRMEST_FIRST = ["documented", "field", "inferred", "ours"]
BOXES = {"not applicable": [1, 0, 0], "ok": [0, 1, 0], "nok": [0, 0, 1]}


def text(element: html.HtmlElement) -> str:
    """What a reader sees, cells and lines parted by one blank."""
    words = " ".join(" ".join(element.itertext()).split())
    return re.sub(r" ([,.;:)])", r"\1", words)


def boxes(row: html.HtmlElement) -> list[int]:
    return [int(TICKED in cell.text_content()) for cell in row.xpath("./td[@class='tick']")]


def test_exactly_one_of_the_four_results_is_ticked(page: html.HtmlElement) -> None:
    results = page.xpath("//*[@id='four-boxes']/div")
    assert [text(one)[2:] for one in results] == [
        "Passed",
        "Passed with restriction",
        "Postponed",
        "Refused",
    ]
    assert [TICKED in text(one) for one in results] == [False, False, True, False]
    assert sum(EMPTY in text(one) for one in results) == 3


def test_every_play_is_one_row_with_the_ticks_its_verdict_has(
    page: html.HtmlElement, sample_run: dict[str, Any]
) -> None:
    rows = {row.get("id"): row for row in page.xpath("//table[@class='results']//tr[@id]")}
    assert list(rows) == [f"play-{play['play']}" for play in sample_run["plays"]]
    for play in sample_run["plays"]:
        row = rows[f"play-{play['play']}"]
        assert boxes(row) == BOXES.get(play["verdict"], []), play["play"]
        if play["verdict"] not in BOXES:
            (word,) = row.xpath("./td[@colspan='3']")
            said = "error of the bench" if play["verdict"] == "error" else play["verdict"]
            assert text(word) == said
            assert TICKED not in text(row)
            assert EMPTY not in text(row)


def test_every_box_has_a_text_alternative(page: html.HtmlElement) -> None:
    for box in page.xpath("//*[contains(@class, 'box') and @role='img']"):
        assert box.get("aria-label") == {TICKED: "ticked", EMPTY: "not ticked"}[text(box)]
    assert text(page).count(TICKED) == len(page.xpath("//*[@aria-label='ticked']"))


def test_the_columns_are_the_published_ones(page: html.HtmlElement) -> None:
    tables = page.xpath("//table[@class='results']")
    assert len(tables) == 5
    for table in tables:
        heads = [text(head) for head in table.xpath("./thead/tr/th")]
        assert heads == ["Test Case Id", "Test Case", "N/A", "OK", "NOK", "Comment"]


def test_every_chapter_ends_with_its_result(
    page: html.HtmlElement, sample_run: dict[str, Any]
) -> None:
    for chapter in sample_run["chapters"]:
        (section,) = page.xpath(f"//*[@id='chapter-{chapter['id']}']")
        last = section.xpath(".//tbody/tr[last()]")[0]
        cells = [text(cell) for cell in last.xpath("./td")]
        assert cells[:2] == ["Result", chapter["title"]]
        assert boxes(last) == BOXES.get(chapter["verdict"], [])
        assert cells[-1]
    assert "Received, not processed: APP1." in text(page.xpath("//*[@id='chapter-APP']")[0])


def test_two_plays_of_one_case_are_two_rows_that_name_their_tags(page: html.HtmlElement) -> None:
    for tag_set in ("observed", "extended"):
        (row,) = page.xpath(f"//*[@id='play-smdr1.{tag_set}']")
        assert text(row.xpath("./td")[0]) == f"SMDR1 {tag_set}"


def test_each_row_shows_marks_standing_and_evidence(page: html.HtmlElement) -> None:
    comment = text(page.xpath("//*[@id='play-app1']/td[@class='comment']")[0])
    assert "Received: yes · Processed: not asked" in comment
    assert "Standing: assumed contract" in comment
    assert "Evidence: evidence/app1" in comment


def test_a_nok_shows_its_reason_and_its_issue_or_says_that_there_is_none(
    page: html.HtmlElement,
) -> None:
    with_issue = text(page.xpath("//*[@id='play-bu2']")[0])
    assert "Ticket 1 is lost" in with_issue
    assert "Issue: PART-17, batch in hand is lost when the process is killed" in with_issue
    without = text(page.xpath("//*[@id='play-cic2']")[0])
    assert "No session was opened on port alternate" in without
    assert "Incomplete: no issue reference in the subject's issues.toml" in without


def test_a_nok_without_reference_makes_the_report_incomplete_on_its_cover(
    page: html.HtmlElement, changed: Changed
) -> None:
    said = text(page.xpath("//*[@id='cover']//*[@id='incomplete']")[0])
    assert said == "1 NOK without issue reference: this report is incomplete"

    def mend(run: dict[str, Any]) -> None:
        run["incomplete"] = []
        for play in run["plays"]:
            play["reference"] = "PART-1" if play["verdict"] == "nok" else None

    mended = html.fromstring(render(changed(mend)).read_text(encoding="utf-8"))
    assert not mended.xpath("//*[@id='incomplete']")
    assert "incomplete" not in text(mended.xpath("//main")[0]).lower()


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(data=st.data())
def test_each_row_shows_its_weakest_standing_and_the_cover_counts_them(
    data: st.DataObject, sample_run: dict[str, Any]
) -> None:
    """Over bundles with any standings: shown is the weakest, or an open point says otherwise."""
    run = copy.deepcopy(sample_run)
    for play in run["plays"]:
        play["verdict"] = data.draw(st.sampled_from(sorted(run["counts"])))
        for finding in play["findings"]:
            finding["standing"] = data.draw(st.sampled_from(FIRMEST_FIRST))
        grounds = [FIRMEST_FIRST.index(one["standing"]) for one in play["findings"]]
        play["standing"] = FIRMEST_FIRST[max(grounds)]
    ticked = [play for play in run["plays"] if play["verdict"] in ("ok", "nok")]
    run["assumed_contract"] = sum(play["standing"] == "ours" for play in ticked)
    firmer = data.draw(st.sampled_from(run["plays"]))
    contradicts = firmer["standing"] != "documented" and data.draw(st.booleans())
    if contradicts:
        firmer["standing"] = "documented"
    with TemporaryDirectory() as folder:
        (Path(folder) / "run.json").write_text(json.dumps(run), encoding="utf-8")
        page = html.fromstring(render(Path(folder)).read_text(encoding="utf-8"))
    shown = {
        row.get("id").removeprefix("play-"): re.findall(r"Standing: (.+?) ·", text(row))
        for row in page.xpath("//table[@class='results']//tr[@id]")
    }
    assert shown == {play["play"]: [STANDING_NAMES[play["standing"]]] for play in run["plays"]}
    points = text(page.xpath("//*[@id='open-points']")[0])
    assert ("standing shown as documented" in points) == contradicts
    counted = [shown[play["play"]] for play in ticked].count(["assumed contract"])
    assert counted == run["assumed_contract"] or "ticks that rest on the assumed contract" in points
    assert text(page.xpath("//*[@id='assumed-contract']")[0]) == str(run["assumed_contract"])


def test_missing_evidence_is_shown_in_its_row(page: html.HtmlElement) -> None:
    row = text(page.xpath("//*[@id='play-bu1']")[0])
    assert "Evidence delivery.ndjson is not in the bundle" in row
    assert "Evidence" not in text(page.xpath("//*[@id='play-cic3']")[0]).replace(
        "Evidence: evidence/cic3", ""
    )


def test_the_cover_tells_who_what_and_that_it_is_simulated(page: html.HtmlElement) -> None:
    cover = text(page.xpath("//*[@id='cover']")[0])
    for said in (
        "Interoperability report",
        "Not issued by ALE.",
        "simulated",
        "22 November 2026",
        "OXO Connect (simulated)",
        "R3.2 (034.001)",
        "Tally & Sons Ltd",
        "2.4.1",
        "Call accounting system (CAS)",
        "HTTPS / SOAP, taxation service",
        "6 of the 6 OK or NOK ticks rest on",
    ):
        assert said in cover, said


def test_the_test_environment_is_there(page: html.HtmlElement) -> None:
    environment = text(page.xpath("//*[@id='environment']")[0])
    for said in ("127.0.0.1", "localhost", "40443", "40444", "certify", "business", "20261122"):
        assert said in environment, said
    assert "session.without_cookie fault assumed contract" in environment
    assert "port.alternate \N{EN DASH} inferred" in environment


def test_no_function_of_the_summary_is_blank(page: html.HtmlElement) -> None:
    rows = page.xpath("//*[@id='function-table']/tbody/tr")
    cells = [[text(cell) for cell in row.xpath("./td")] for row in rows]
    assert len(cells) >= 10
    assert all(all(row) for row in cells)
    marks = {row[0]: row[1] for row in cells}
    assert marks["Room status tickets"] == "not tested"
    assert marks["Appointment reminder tickets"] == "OK, in part"
    assert marks["Client connection, session establishment"] == "NOK"


def test_gaps_are_declared(page: html.HtmlElement, sample_run: dict[str, Any]) -> None:
    rows = page.xpath("//*[@id='gaps']/following-sibling::table[1]/tbody/tr")
    gaps = {text(row.xpath("./td")[0]): text(row.xpath("./td")[1]) for row in rows}
    assert "its numbers are kept" in gaps["DIS103"]
    assert gaps["CIC6"] == (
        "Not yet played: concerns the collection of ticket files by FTP and SFTP."
    )
    assert gaps["SMDR10"].startswith("Not played in this run")
    played = {play["case"] for play in sample_run["plays"]}
    assert not played & set(gaps)
    assert len(played | set(gaps)) == 30


def test_many_keys_of_a_profile_are_folded_and_ports_take_one_row(
    page: html.HtmlElement, changed: Changed
) -> None:
    assert not page.xpath("//details[.//code[text()='session.idle_seconds']]"), "few are not"
    assert page.xpath("//code[text()='session.idle_seconds']")
    choice = {"key": "ohl.port", "value": 5010, "standing": "field"}
    folder = changed(lambda run: run["exchange"]["profile_choices"].extend([choice] * 40))
    many = html.fromstring(render(folder).read_text(encoding="utf-8"))
    (fold,) = many.xpath("//details[.//code[text()='ohl.port']]")
    assert text(fold.xpath("./summary")[0]) == (
        "45 keys: 1 documented, 41 field, 1 inferred, 2 assumed contract"
    )
    assert len(fold.xpath(".//tbody/tr")) == 45
    (row,) = many.xpath("//tr[th='Ports']")
    assert text(row) == "Ports standard 40443, alternate 40444"


def test_open_points_are_listed(page: html.HtmlElement) -> None:
    points = text(page.xpath("//*[@id='open-points']")[0])
    assert "CIC2: NOK, but no issue reference in the subject's issues.toml." in points
    assert "DIS104: evidence steps.ndjson is not in the bundle." in points


def test_every_link_leads_to_a_file_or_an_anchor(rendered: Path) -> None:
    pages = [rendered / "report.html", *sorted(rendered.glob("evidence/*/index.html"))]
    assert len(pages) == 11
    for path in pages:
        tree = html.fromstring(path.read_text(encoding="utf-8"))
        anchors = set(tree.xpath("//@id"))
        for link in tree.xpath("//@href"):
            name, _, anchor = link.partition("#")
            target = (path.parent / name) if name else path
            assert target.is_file(), f"{path}: {link}"
            if not name:
                assert anchor in anchors, f"{path}: {link}"
            elif anchor:
                other = html.fromstring(target.read_text(encoding="utf-8"))
                assert other.xpath(f"//*[@id='{anchor}']"), f"{path}: {link}"


def test_no_page_loads_anything_or_runs_anything(rendered: Path) -> None:
    for path in [rendered / "report.html", *rendered.glob("evidence/*/index.html")]:
        raw = path.read_text(encoding="utf-8")
        tree = html.fromstring(raw)
        assert not tree.xpath("//script | //link | //img | //iframe | //object | //embed | //base")
        assert not tree.xpath("//@src | //@onclick | //@onerror | //@onload")
        assert not tree.xpath("//@*[contains(., '://')] | //style[contains(., '://')]"), path
        assert not re.search(r"@import|url\(\s*['\"]?[a-z]+:", raw), path
        (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_a_hostile_name_stays_text_everywhere(page: html.HtmlElement, rendered: Path) -> None:
    hostile = '<script>alert("1")</script>'
    assert text(page).count(hostile) >= 4
    raw = (rendered / "report.html").read_text(encoding="utf-8")
    assert "<script" not in raw
    (style,) = page.xpath("//style")
    assert "script" in style.text
    assert "\\00003Cscript\\00003E" in style.text


@pytest.mark.parametrize(
    "name", ['</style><b>"', "\\", "\u202eevil", "\x00", "a" * 5000, "{{ 7 * 7 }}"]
)
def test_names_meant_to_break_out_do_not(name: str, changed: Changed) -> None:
    folder = changed(lambda run: run["subject"].update(name=name, version=name, vendor=name))
    raw = render(folder).read_text(encoding="utf-8")
    tree = html.fromstring(raw)
    assert len(tree.xpath("//style")) == 1
    assert not tree.xpath("//b")
    assert "\x00" not in raw
    assert "\u202e" not in raw
    assert text(tree.xpath("//h1")[0]) == "Interoperability report"


def test_the_same_bundle_gives_the_same_bytes(rendered: Path, bundle: Path) -> None:
    render(bundle)
    render(bundle)
    for path in sorted(rendered.rglob("*.html")):
        twin = bundle / path.relative_to(rendered)
        assert twin.read_bytes() == path.read_bytes()


def test_a_clean_run_has_no_open_points(changed: Changed) -> None:
    def clean(run: dict[str, Any]) -> None:
        run["plays"] = [play for play in run["plays"] if play["play"] in ("cic3", "smdr1.extended")]
        run["chapters"] = [one for one in run["chapters"] if one["id"] in ("CIC", "SMDR")]
        for chapter in run["chapters"]:
            chapter["verdict"] = "ok"
        run["counts"] = {**dict.fromkeys(run["counts"], 0), "ok": 2}
        run.update(verdict="ok", result="Passed", assumed_contract=2, incomplete=[])

    page = html.fromstring(render(changed(clean)).read_text(encoding="utf-8"))
    assert not page.xpath("//*[@id='open-points']")
    assert "No row is NOK." in text(page)
    assert "No row shows a limitation" in text(page)
    assert "Every row was observed and decided." in text(page)
    assert "until 22 November 2028 at the latest" in text(page)


def test_a_run_without_plays_is_a_report_that_says_so(changed: Changed) -> None:
    def empty(run: dict[str, Any]) -> None:
        run.update(plays=[], chapters=[], verdict="undecided", result="Postponed")
        run.update(assumed_contract=0, counts=dict.fromkeys(run["counts"], 0))

    page = html.fromstring(render(changed(empty)).read_text(encoding="utf-8"))
    marks = page.xpath("//*[@id='function-table']/tbody/tr/td[2]")
    assert {text(mark) for mark in marks} == {"not tested"}


def test_a_folder_that_cannot_be_written_is_named(bundle: Path) -> None:
    (bundle / "report.html").mkdir()
    with pytest.raises(UnusableBundle, match="cannot be written"):
        render(bundle)


def test_an_evidence_folder_that_leads_out_is_refused(bundle: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (bundle / "evidence" / "dis104").symlink_to(outside)
    with pytest.raises(UnusableBundle, match="leads out of the bundle"):
        render(bundle)
    assert not list(outside.iterdir())


AMERICAN = re.compile(
    r"\b(behavior|color|center|licens(ed|ing) under|analyze|recogniz\w+|summariz\w+|"
    r"organiz\w+|canceled|dialed|fulfill|meter reading|catalog)\b",
    re.IGNORECASE,
)


def test_the_wording_is_british_and_without_placeholders(page: html.HtmlElement) -> None:
    for style in page.xpath("//style"):
        style.drop_tree()
    shown = text(page)
    assert not AMERICAN.search(shown)
    assert not re.search(r"\b(None|Undefined|nan|null)\b", shown)
