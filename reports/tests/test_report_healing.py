"""What was under way on the stream, and by which file it came again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import render
from oxo_reports.bundle import read
from oxo_reports.healing import healed_by, healing
from oxo_reports.run import Play
from oxo_reports.wording import NOTHING

Changed = Callable[[Callable[[dict[str, Any]], object]], Path]
Line = dict[str, Any]
FAULT = {"fault": {"kind": "cut"}}


def text(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def evidence(folder: Path, play: str) -> html.HtmlElement:
    path = folder / "evidence" / play / "index.html"
    return html.fromstring(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plays(rendered_wires: Path) -> dict[str, Play]:
    return {play.play: play for play in read(rendered_wires).plays}


@pytest.fixture(scope="module")
def play(plays: dict[str, Play]) -> Play:
    return plays["dis101.stream"]


def ledger(*told: tuple[str, Line]) -> list[Line]:
    """Two tickets, 7 and 8, the first and second of the stream, the third and fourth in files."""
    kept = [
        ("buffered", {"id": id_, "sequence": sequence, "wire": wire})
        for id_, stream, account in ((7, 1, 3), (8, 2, 4))
        for wire, sequence in (("stream", stream), ("account", account))
    ]
    return [
        {"n": n, "at": f"2026-11-23T03:00:{n:02d}.000Z", "event": event, **more}
        for n, (event, more) in enumerate([*kept, *told], 1)
    ]


def of_stream(session: str = "e1", **more: Any) -> Line:
    return {"wire": "stream", "session": session, "connection": "c1", **more}


def of_file(first: int, last: int, file: str = "TAXAAAAA.DAT", **more: Any) -> Line:
    return {"wire": "account", "first": first, "last": last, "file": file, **more}


CUT = (
    ("session opened", of_stream()),
    ("sent", of_stream(first=1, last=1)),
    ("fault", FAULT),
    ("sent", of_stream(first=2, last=2)),
    ("session closed", of_stream(reason="peer left")),
)


def test_the_evidence_page_tells_what_was_under_way_and_by_which_file_it_came(
    rendered_wires: Path,
) -> None:
    page = evidence(rendered_wires, "dis101.stream")
    (row,) = page.xpath("//*[@id='healing']/following-sibling::table[1]/tbody/tr")
    assert [text(cell) for cell in row.xpath("td")] == [
        "25 tickets (ids 1 to 25)",
        "session e1, connection c2, 03:45:38.304 to 03:45:38.312",
        (
            "link disturbed: carry then reset at 03:45:38.304;"
            " session closed at 03:45:38.314 (peer left)"
        ),
        "TAXAAAAA.DAT, closed at 03:45:38.439",
        "session a2 at 03:45:38.935",
    ]
    facts = [text(one) for one in page.xpath("//table[@class='facts'][1]//tr")]
    assert "Wire, set of tags Ethernet on the fly, ed52; healed by account files" in facts
    assert "Open in this play Ethernet on the fly, account files" in facts
    assert page.xpath("//nav//a[@href='#healing']")


@pytest.mark.parametrize("name", ["bu1.stream", "dis101.account", "dis101"])
def test_a_play_in_which_nothing_was_under_way_has_no_such_section(
    rendered_wires: Path, name: str
) -> None:
    page = evidence(rendered_wires, name)
    assert not page.xpath("//*[@id='healing']")
    assert "healed" not in text(page.xpath("//table[@class='facts'][1]")[0])


def test_the_matrix_says_which_play_was_healed_and_how(rendered_wires: Path) -> None:
    page = html.fromstring((rendered_wires / "report.html").read_text(encoding="utf-8"))
    (cell,) = page.xpath("//*[@id='matrix']//li[contains(., 'healed')]")
    assert text(cell) == "✓ OK healed evidence"
    (title,) = cell.xpath("a[@class='to-row']/@title")
    assert title.endswith(", healed by account files")


def test_a_play_is_called_healed_only_where_the_demand_is_met(
    plays: dict[str, Play], changed_wires: Changed
) -> None:
    assert {name for name, one in plays.items() if healed_by(one)} == {"dis101.stream"}

    def failed(run: Line) -> None:
        (one,) = (one for one in run["plays"] if one["play"] == "dis101.stream")
        (finding,) = (finding for finding in one["findings"] if finding["demand"] == "healed")
        finding |= {"verdict": "nok", "reason": "3 of 25 tickets never fetched"}

    folder = changed_wires(failed)
    render(folder)
    page = evidence(folder, "dis101.stream")
    assert "healed by" not in text(page.xpath("//table[@class='facts'][1]")[0])
    assert page.xpath("//*[@id='healing']")


def test_what_no_file_brought_is_said(changed_wires: Changed) -> None:
    folder = changed_wires(lambda _run: None)
    path = folder / "evidence" / "dis101.stream" / "ledger.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    left = [line for line in lines if line["event"] != "fetched"]
    path.write_text("".join(json.dumps(line) + "\n" for line in left))
    render(folder)
    (row,) = evidence(folder, "dis101.stream").xpath(
        "//*[@id='healing']/following-sibling::table[1]/tbody/tr"
    )
    assert [text(cell) for cell in row.xpath("td")][3:] == [
        NOTHING,
        "never fetched whole after that",
    ]


def test_each_wire_s_own_count_leads_to_the_file(play: Play) -> None:
    told = ledger(*CUT, ("filed", of_file(3, 4)), ("fetched", of_file(3, 4, session="a1")))
    (row,) = healing(play, told)
    assert row.tickets == "2 tickets (ids 7 to 8)"
    assert row.file == "TAXAAAAA.DAT, closed at 03:00:10.000"
    assert row.fetched == "session a1 at 03:00:11.000"


def test_tickets_of_one_connection_that_came_by_two_files_stand_in_two_rows(play: Play) -> None:
    told = ledger(
        *CUT,
        ("fetched", of_file(3, 3, session="a1")),
        ("fetched", of_file(4, 4, "TAXAAAAB.DAT", session="a2")),
    )
    assert [(row.tickets, row.file) for row in healing(play, told)] == [
        ("1 ticket (ids 7)", "TAXAAAAA.DAT"),
        ("1 ticket (ids 8)", "TAXAAAAB.DAT"),
    ]


def test_a_file_that_was_fetched_before_the_ticket_was_sent_did_not_heal_it(play: Play) -> None:
    early = ("fetched", of_file(3, 4, session="a1"))
    (row,) = healing(play, ledger(early, *CUT))
    assert row.fetched == "never fetched whole after that"


def test_a_session_that_nothing_disturbed_lost_nothing(play: Play) -> None:
    peaceful = [one for one in CUT if one[0] != "fault"]
    assert healing(play, ledger(*peaceful, ("fault", FAULT))) == []


def test_a_killed_solution_disturbs_its_session(changed_wires: Changed) -> None:
    def killed(run: Line) -> None:
        (one,) = (one for one in run["plays"] if one["play"] == "dis101.stream")
        one["facts"]["restarts"] = [{"after_line": 7, "signal": "SIGKILL"}]

    (play,) = (one for one in read(changed_wires(killed)).plays if one.play == "dis101.stream")
    peaceful = [one for one in CUT if one[0] != "fault"]
    (row,) = healing(play, ledger(*peaceful))
    assert row.disturbed.startswith("solution ended by SIGKILL; session closed at")


def test_lines_that_are_none_of_a_ledger_break_nothing(play: Play) -> None:
    strange: list[Line] = [
        {"unreadable": "x"},
        {"n": "1", "event": "sent"},
        {"n": 1, "event": "sent", "wire": "stream", "first": "a", "last": None},
        {"n": 2, "event": "fault", "fault": "x"},
        {"n": 3, "event": "buffered", "id": [1], "wire": "stream"},
        {"n": 4, "event": "buffered", "id": 1, "wire": ["stream"], "sequence": 1},
        {"n": 5, "event": "fetched", "wire": "account"},
        {"n": 6, "event": ["sent"], "session": "e1"},
    ]
    assert healing(play, strange) == []
