"""The matrix at the head of the report, and the filters of its rows."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from oxo_reports import render
from oxo_reports.bundle import read
from oxo_reports.matrix import MARKS, filters, matrix
from oxo_reports.published import NEVER_PUBLISHED, PUBLISHED_CASES
from oxo_reports.run import Run
from oxo_reports.summary import summarise
from oxo_reports.verdicts import GRAVITY

Changed = Callable[[Callable[[dict[str, Any]], object]], Path]


def text(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def cells(run: Run) -> list[tuple[str, str | None, str]]:
    lines = matrix(run, summarise(run).gaps)
    return [(cell.case, cell.tag_set, cell.word) for line in lines for cell in line.cells]


def test_every_case_has_a_cell_and_every_play_its_own(bundle: Path) -> None:
    run = read(bundle)
    told = cells(run)
    assert {case for case, *_ in told} == set(PUBLISHED_CASES)
    assert len(told) == len(set(told)) == len(PUBLISHED_CASES) + 1
    assert ("SMDR1", "observed", "not observable") in told
    assert ("SMDR1", "extended", "OK") in told
    assert ("BU2", None, "NOK") in told
    assert ("DIS104", None, "bench error") in told
    assert ("CIC6", None, "not played") in told
    assert not [case for case, *_ in told if case in NEVER_PUBLISHED]
    assert list(dict.fromkeys(case for case, *_ in told)) == list(PUBLISHED_CASES)


def test_a_case_without_a_chapter_of_its_own_is_not_left_out(changed: Changed) -> None:
    def only_connection(run: dict[str, Any]) -> None:
        run["chapters"] = [one for one in run["chapters"] if one["id"] == "CIC"]
        run["plays"] = [play for play in run["plays"] if play["chapter"] == "CIC"]

    run = read(changed(only_connection))
    lines = matrix(run, summarise(run).gaps)
    assert [line.title for line in lines] == ["Client connection", "Other cases"]
    assert {case for case, *_ in cells(run)} == set(PUBLISHED_CASES)


def test_every_verdict_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(GRAVITY)
    assert len(set(MARKS.values())) == len(MARKS)


def test_it_stands_right_below_the_title_and_leads_to_row_and_evidence(
    page: html.HtmlElement, rendered: Path, sample_run: dict[str, Any]
) -> None:
    order = [one.get("id") for one in page.xpath("//header//*[@id]")]
    assert order.index("matrix") < order.index("result") < order.index("overview")
    assert page.xpath("//h1/following-sibling::section[1]/@id") == ["matrix"]
    shown = page.xpath("//*[@id='matrix']//li[starts-with(@class, 'play ')]")
    assert len(shown) == len(sample_run["plays"])
    for cell, play in zip(shown, sample_run["plays"], strict=True):
        assert cell.get("class") == f"play cell {play['verdict'].replace(' ', '-')}"
        row, evidence = cell.xpath(".//a/@href")
        assert row == f"#play-{play['play']}"
        assert page.xpath(f"//*[@id='play-{play['play']}']")
        assert evidence == f"evidence/{play['play']}/index.html"
        assert (rendered / evidence).is_file()


def test_a_verdict_is_told_in_words_beside_its_colour(page: html.HtmlElement) -> None:
    for cell in page.xpath("//*[@id='matrix']//li"):
        assert text(cell.xpath(".//*[@class='word']")[0])


def test_filters_count_what_they_leave(bundle: Path) -> None:
    run = read(bundle)
    assert [(one.name, one.rows) for one in filters(run)] == [
        ("all", 10),
        ("open", 6),
        ("nok", 2),
        ("unseen", 3),
        ("ok", 4),
    ]


def test_a_filter_that_changes_nothing_is_not_offered(changed: Changed) -> None:
    def fine(run: dict[str, Any]) -> None:
        run["plays"] = [play for play in run["plays"] if play["verdict"] == "ok"]

    folder = changed(fine)
    assert [one.name for one in filters(read(folder))] == ["all"]
    page = html.fromstring(render(folder).read_text(encoding="utf-8"))
    assert not page.xpath("//*[@class='filter']")


def test_every_filter_of_the_page_has_its_rule(rendered: Path) -> None:
    page = html.fromstring((rendered / "report.html").read_text(encoding="utf-8"))
    (style,) = page.xpath("//style")
    named = set(page.xpath("//input[@name='show']/@id")) - {"show-all"}
    assert named == set(re.findall(r"#(show-\w+):checked\) \.play", style.text))
    assert page.xpath("//input[@name='show' and @checked]/@id") == ["show-all"]
    rules = style.text.split("@media screen")[1]
    assert "display: none" in rules


@pytest.mark.parametrize("kind", ["report.html", "evidence/bu2/index.html"])
def test_filters_are_for_the_screen_alone(kind: str, rendered: Path) -> None:
    """Whatever is chosen, print has every row: no rule hides one outside `@media screen`."""
    tree = html.fromstring((rendered / kind).read_text(encoding="utf-8"))
    style = tree.xpath("//style")[0].text
    before, _, after = style.partition("@media screen {")
    screen = after[: after.index("\n}\n")]
    assert ":checked)" in screen
    assert ":has(" not in before
    assert ":has(" not in after[len(screen) :]


def luminance(colour: str) -> float:
    """Relative luminance of a colour `#rrggbb`, as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ink", ["ink", "soft", "blue", "red", "amber", "green"])
@pytest.mark.parametrize("ground", ["#ffffff", "#f4f6f7", "#fdf1f1", "#fdf7ea", "#eef3f9"])
def test_every_ink_can_be_read_on_every_ground(ink: str, ground: str, rendered: Path) -> None:
    """WCAG 2 asks for a contrast of 4.5 between text of this size and its ground."""
    style = (rendered / "report.html").read_text(encoding="utf-8").split("</style>")[0]
    assert ground == "#ffffff" or ground in style
    colour = re.findall(rf"--{ink}: (#[0-9a-f]{{6}});", style)[0]
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
