"""A run on several wires: each counts by itself, and none darkens another's rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import render
from oxo_reports.bundle import read
from oxo_reports.document import report
from oxo_reports.evidence import Records
from oxo_reports.run import Play
from oxo_reports.summary import label, summarise
from oxo_reports.wire_log import wire_log
from oxo_reports.wires import in_order, place_results, published, wires_of
from oxo_reports.wording import NOTHING

Changed = Callable[[Callable[[dict[str, Any]], object]], Path]


def text(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


@pytest.fixture(scope="module")
def page(rendered_wires: Path) -> html.HtmlElement:
    return html.fromstring((rendered_wires / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plays(rendered_wires: Path) -> dict[str, Play]:
    return {play.play: play for play in read(rendered_wires).plays}


def test_wires_stand_in_one_order_and_strangers_behind(rendered_wires: Path) -> None:
    assert in_order(["ohl", "pigeon", "taxation", "ohl"]) == ["taxation", "ohl", "pigeon"]
    assert wires_of(read(rendered_wires)) == [
        "taxation",
        "account",
        "stream",
        "nmc",
        "v24",
        "ohl",
    ]


def test_no_wire_of_the_figure_runs_into_a_box(page: html.HtmlElement) -> None:
    """Between the boxes there is room for some 14 characters; each wire has a line of its own."""
    shown = [
        (text(one), one.get("x"), one.get("y")) for one in page.xpath("//*[@class='transport']")
    ]
    assert [name for name, x, _ in shown if x == "275"] == [
        "HTTPS", "FTP, SFTP", "TCP 2533", "FTP", "V24", "OHL",
    ]  # fmt: skip
    assert len({(x, y) for _, x, y in shown}) == len(shown) == 12
    assert max(len(name) for name, _, _ in shown) <= 14


def test_rows_are_counted_wire_by_wire(rendered_wires: Path) -> None:
    found = [
        (one.name, one.rows, one.word, one.passed) for one in place_results(read(rendered_wires))
    ]
    assert found == [
        ("taxation", 8, "OK", True),
        ("account", 3, "OK", True),
        ("stream", 3, "OK", True),
        ("nmc", 6, "OK", True),
        ("v24", 5, "NOK", False),
        ("ohl", 5, "undecided", False),
    ]


def test_the_cover_counts_them_too(page: html.HtmlElement) -> None:
    rows = [text(row) for row in page.xpath("//*[@id='by-wire']/tbody/tr")]
    assert rows == [
        "Taxation service 8 7 0 1 0 0 0 OK",
        "Account files 3 2 0 1 0 0 0 OK",
        "Ethernet on the fly 3 2 0 1 0 0 0 OK",
        "NMC FTP 6 5 0 1 0 0 0 OK",
        "V24 statement 5 3 0 1 0 1 0 NOK",
        "Hotel link 5 3 0 1 1 0 0 undecided",
    ]


def test_the_matrix_has_a_row_per_case_and_a_column_per_wire(page: html.HtmlElement) -> None:
    heads = [text(head) for head in page.xpath("//*[@id='matrix']//thead//th")]
    assert heads == [
        "Case",
        "Taxation service",
        "Account files",
        "Ethernet on the fly",
        "NMC FTP",
        "V24 statement",
        "Hotel link",
    ]
    rows = {
        text(row.xpath("th")[0]).split()[0]: [text(cell) for cell in row.xpath("td")]
        for row in page.xpath("//tr[@class='case-row']")
    }
    ok = "✓ OK evidence"
    assert rows["BU3"] == [ok, "·", "·", ok, "✗ NOK evidence", ok]
    assert rows["CIC6"] == ["·", "·", "·", ok, "·", "·"]
    assert rows["SMDR2"] == [
        "○ not observable observed evidence ✓ OK extended evidence",
        *["○ not observable evidence"] * 5,
    ]


def test_every_play_has_a_cell_that_leads_to_its_row_and_evidence(
    page: html.HtmlElement, rendered_wires: Path, plays: dict[str, Play]
) -> None:
    cells = page.xpath("//*[@id='matrix']//li[starts-with(@class, 'play ')]")
    assert len(cells) == len(plays) == 30
    for cell in cells:
        row, evidence = cell.xpath(".//a/@href")
        assert page.xpath(f"//*[@id='{row[1:]}']")
        assert (rendered_wires / evidence).is_file()


def test_a_chapter_tells_its_verdict_wire_by_wire(page: html.HtmlElement) -> None:
    told = {
        text(row.xpath("th")[0]): [text(cell) for cell in row.xpath("td")]
        for row in page.xpath("//tr[@class='chapter-row']")
    }
    assert told["Ticket buffer"] == ["OK", "OK", "OK", "OK", "NOK", "OK"]
    assert told["Client connection"] == ["OK", NOTHING, NOTHING, "OK", NOTHING, NOTHING]


def test_a_failure_on_another_wire_does_not_darken_the_published_rows(
    page: html.HtmlElement, rendered_wires: Path
) -> None:
    results = [
        (row.get("class"), text(row.xpath("td[2]")[0]))
        for row in page.xpath("//*[@id='chapter-BU']//tr[contains(@class, 'result')]")
    ]
    assert results == [
        ("result ok", "Ticket buffer"),
        ("result ok", "Ticket buffer over account files"),
        ("result ok", "Ticket buffer over Ethernet on the fly"),
        ("result ok", "Ticket buffer over NMC FTP"),
        ("result nok", "Ticket buffer over V24 statement"),
        ("result ok", "Ticket buffer over hotel link"),
    ]
    marks = {mark.name: mark.mark for mark in summarise(read(rendered_wires)).functions}
    assert marks["Tickets kept while no session is open"] == "OK, in part"
    assert marks["Ticket buffer over V24 statement (outside the published report)"] == "NOK"


def test_the_published_case_of_the_ftp_access_is_a_published_row(
    page: html.HtmlElement, plays: dict[str, Play]
) -> None:
    assert published(plays["cic6.nmc"])
    assert published(plays["bu1"])
    assert not published(plays["bu1.nmc"])
    assert not page.xpath("//*[@id='chapter-CIC']//h4")


def test_a_row_is_named_by_case_and_wire(plays: dict[str, Play]) -> None:
    assert label(plays["bu1"]) == "BU1"
    assert label(plays["bu1.nmc"]) == "BU1 (NMC FTP)"
    assert label(plays["smdr2.observed"]) == "SMDR2 (observed)"
    assert label(plays["smdr2.v24"]) == "SMDR2 (V24 statement)"


def test_a_run_that_failed_certifies_no_wire_and_tells_which_passed(page: html.HtmlElement) -> None:
    told = text(page.get_element_by_id("certified"))
    assert told == (
        "Certified on no wire , since the result is Refused"
        " Passed, each by itself: taxation service, account files, Ethernet on the fly, NMC FTP"
        " Not passed: V24 statement: NOK; hotel link: undecided"
    )
    assert "a run that claims them alone can certify them" in text(
        page.get_element_by_id("which-wires")
    )


@pytest.mark.parametrize(
    ("case", "kind", "reason", "passed"),
    [
        ("APP1", "not selected", "left out by the selection of this run", False),
        ("APP1", "not yet played", "the run broke off", False),
        ("CIC6", "not selected", "played on nmc, which the subject does not claim", True),
        ("EXT1", "not selected", "left out by the selection of this run", True),
    ],
)
def test_a_wire_of_which_cases_were_left_out_has_not_passed_by_itself(
    changed_wires: Changed, case: str, kind: str, reason: str, *, passed: bool
) -> None:
    def in_part(run: dict[str, Any]) -> None:
        run["gaps"] = [{"case": case, "kind": kind, "reason": reason}]

    folder = changed_wires(in_part)
    page = html.fromstring(render(folder).read_text(encoding="utf-8"))
    for place in ("certified", "which-wires"):
        told = text(page.get_element_by_id(place))
        assert ("nothing failed" in told) is not passed, told
        assert ("passed" in told.lower().replace("not passed", "")) is passed, told


def test_a_run_that_passed_says_which_wires_it_certifies(changed_wires: Changed) -> None:
    def fewer(run: dict[str, Any]) -> None:
        run["plays"] = [play for play in run["plays"] if play["wire"] in ("taxation", "nmc")]
        run["result"] = "Passed"

    folder = changed_wires(fewer)
    document = report(read(folder), {})
    assert document.certified == ["taxation service", "NMC FTP"]
    assert document.others == [
        "account files: claimed, not played",
        "Ethernet on the fly: claimed, not played",
        "V24 statement: claimed, not played",
        "hotel link: claimed, not played",
    ]
    page = html.fromstring(render(folder).read_text(encoding="utf-8"))
    assert "The solution is certified on: taxation service, NMC FTP." in text(
        page.get_element_by_id("which-wires")
    )


def test_a_run_on_one_other_wire_has_no_rows_of_the_taxation_service(
    changed_wires: Changed,
) -> None:
    def alone(run: dict[str, Any]) -> None:
        run["plays"] = [play for play in run["plays"] if play["wire"] == "ohl"]
        run["subject"]["wires"] = ["ohl"]
        run["chapters"] = [one for one in run["chapters"] if one["id"] in ("BU", "SMDR", "DIS")]

    folder = changed_wires(alone)
    page = html.fromstring(render(folder).read_text(encoding="utf-8"))
    heads = [text(head) for head in page.xpath("//*[@id='matrix']//thead//th")]
    assert heads == ["Case", "Hotel link"]
    assert "one wire, the hotel link, and for no other" in text(
        page.get_element_by_id("which-wires")
    )
    marks = {one.name: one.mark for one in summarise(read(folder)).functions}
    assert marks["Tickets kept while no session is open"] == "not tested"


def test_a_run_on_the_taxation_service_alone_looks_as_it_always_did(rendered: Path) -> None:
    page = html.fromstring((rendered / "report.html").read_text(encoding="utf-8"))
    assert page.xpath("//*[@id='matrix']/table/@class") == ["matrix"]
    for name in ("by-wire", "certified"):
        assert not page.xpath(f"//*[@id='{name}']")
    assert not page.xpath("//h4")
    assert "one wire, the taxation service" in text(page.get_element_by_id("which-wires"))


@pytest.mark.parametrize(
    ("play", "said", "told"),
    [
        (
            "bu1.nmc",
            "solution PASS [redacted]",
            "NMC FTP: ticket 1 consumed (transfer complete), session n1",
        ),
        (
            "bu3.v24",
            "solution <XOFF>",
            "V24 statement: tickets 1 to 3 consumed (printed), session v1",
        ),
        ("bu1.ohl", "solution <NAK>", "hotel link: ticket 1 consumed (acknowledged), session o1"),
    ],
)
def test_the_wire_log_tells_a_conversation_in_its_own_words(
    rendered_wires: Path, play: str, said: str, told: str
) -> None:
    path = rendered_wires / "evidence" / play / "index.html"
    page = html.fromstring(path.read_text(encoding="utf-8"))
    lines = [text(line) for line in page.xpath("//ol[@class='wire']/li")]
    assert [line for line in lines if line.endswith(said)]
    assert [line for line in lines if line.endswith(told)]
    assert not page.xpath("//*[@class='w-status']")


def test_what_another_wire_let_go_is_told_and_is_no_trouble(rendered_wires: Path) -> None:
    path = rendered_wires / "evidence" / "bu3.v24" / "index.html"
    page = html.fromstring(path.read_text(encoding="utf-8"))
    (line,) = page.xpath("//ol[@class='wire']/li[contains(., 'tickets made')]")
    assert line.get("class") == "tickets"
    assert text(line).endswith(
        "3 tickets made (ids 1 to 3); taxation service: 3 dropped: no licence;"
        " V24 statement: 3 buffered"
    )
    (folded,) = page.xpath("//li[contains(@class, 'folded')]")
    assert "3 more lines, the same" in text(folded)


def test_lines_that_were_printed_at_once_stand_below_each_other() -> None:
    line = {"at": "2026-11-23T03:15:00.000Z", "wire": "v24", "connection": "c5"}
    said = {**line, "sender": "exchange", "text": "HEAD<0x0d><0x0a>A128<0x0d><0x0a>"}
    opened = {**line, "event": "session opened", "session": "v1"}
    both = wire_log(Records("t", [said], 1), Records("l", [opened], 1), None, None, wire="v24")
    assert [one.text for one in both] == [
        "V24 statement: session v1 opened",
        "HEAD<0x0d><0x0a>\nA128<0x0d><0x0a>",
    ]


def test_what_the_judge_was_told_of_fields_of_one_kind_is_shown(changed_wires: Changed) -> None:
    def told(run: dict[str, Any]) -> None:
        play = next(play for play in run["plays"] if play["play"] == "bu1.ohl")
        play["facts"]["only"] = {"units": "calls", "reminder_time": "reminders", "cost": "calls"}

    folder = changed_wires(told)
    render(folder)
    path = folder / "evidence" / "bu1.ohl" / "index.html"
    page = html.fromstring(path.read_text(encoding="utf-8"))
    (facts,) = page.xpath("//*[@id='told']/following-sibling::table[1]")
    assert "Carried of calls alone units, cost" in text(facts)
    assert "Carried of reminders alone reminder_time" in text(facts)


def test_each_interface_stands_on_the_cover_with_its_contract(page: html.HtmlElement) -> None:
    told = [text(row) for row in page.xpath("//*[@id='overview']//tr")]
    assert (
        "Interface FTP, ticket file for the network management centre: binary records of 122 bytes"
        in told
    )
    assert len([row for row in told if row.startswith("Interface")]) == 6
