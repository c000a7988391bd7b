"""The matrix at the head of the report: every case as one cell, chapter by chapter.

A reader sees all verdicts at once and goes from a cell to its row or straight to its evidence.
Cases of the published report that the run did not play have a cell too: what is missing must not
look like what passed. A number that was never published is no case and has none. Of a run at
several places each chapter is a table: a row per case, a column per place.
"""

import re
from collections import Counter
from dataclasses import dataclass

from oxo_reports.healing import healed_by
from oxo_reports.published import NEVER_PUBLISHED, PUBLISHED_CASES
from oxo_reports.run import Chapter, Play, Run, Verdict
from oxo_reports.summary import Item, tagged
from oxo_reports.verdicts import GRAVITY, WORDS, together
from oxo_reports.wires import HOME, place_of, places_of
from oxo_reports.wording import NOTHING

MARKS: dict[Verdict, str] = {
    "ok": "\N{CHECK MARK}",
    "nok": "\N{BALLOT X}",
    "not applicable": "\N{EN DASH}",
    "not observable": "\N{WHITE CIRCLE}",
    "undecided": "?",
    "error": "!",
}
SHORT: dict[Verdict, str] = {**WORDS, "error": "bench error"}
UNPLAYED = "not played"
OTHER_CASES = "Other cases"


@dataclass(frozen=True)
class Cell:
    """One case at one place with one set of tags; `play` is `None` where it was not played."""

    case: str
    tag_set: str | None
    play: str | None
    title: str
    verdict: Verdict | None
    mark: str
    word: str
    place: str = HOME
    healed_by: str | None = None


@dataclass(frozen=True)
class CaseRow:
    """A case that was played, and its cells place by place; where it was not played it has none."""

    case: str
    title: str
    by_place: list[list[Cell]]


@dataclass(frozen=True)
class Line:
    """One chapter: its verdict, its cells; `None` for cases whose chapter the run has not.

    `words` are the verdicts place by place, `rows` the cases of a table with a column for each.
    """

    chapter: Chapter | None
    title: str
    word: str
    cells: list[Cell]
    words: list[tuple[Verdict | None, str]]
    rows: list[CaseRow]

    @property
    def unplayed(self) -> list[Cell]:
        """Cases that the run did not play anywhere."""
        return [cell for cell in self.cells if cell.play is None]


@dataclass(frozen=True)
class Filter:
    """A choice of rows: name, words, and how many rows it leaves."""

    name: str
    words: str
    rows: int


def matrix(run: Run, gaps: list[Item]) -> list[Line]:
    """Arrange the plays of a run, and the cases that it did not play, by chapter."""
    unplayed = [_gap(gap) for gap in gaps if gap.label not in NEVER_PUBLISHED]
    lines = [
        _line(
            run,
            chapter,
            [
                *(_cell(play) for play in run.plays if play.chapter == chapter.id),
                *(cell for cell in unplayed if _prefix(cell.case) == chapter.id),
            ],
        )
        for chapter in run.chapters
    ]
    known = {chapter.id for chapter in run.chapters}
    others = [cell for cell in unplayed if _prefix(cell.case) not in known]
    return [*lines, *([Line(None, OTHER_CASES, UNPLAYED, others, [], [])] if others else [])]


def _line(run: Run, chapter: Chapter, cells: list[Cell]) -> Line:
    places = places_of(run)
    return Line(
        chapter,
        chapter.title,
        SHORT[chapter.verdict],
        _in_order(cells),
        [_word(cells, place) for place in places],
        _rows(_in_order(cells), places),
    )


def _rows(cells: list[Cell], places: list[str]) -> list[CaseRow]:
    played = [cell for cell in cells if cell.play]
    return [
        CaseRow(
            case,
            next(cell.title for cell in played if cell.case == case),
            [[cell for cell in played if (cell.case, cell.place) == (case, at)] for at in places],
        )
        for case in dict.fromkeys(cell.case for cell in played)
    ]


def _word(cells: list[Cell], place: str) -> tuple[Verdict | None, str]:
    verdict = together(cell.verdict for cell in cells if cell.place == place and cell.verdict)
    return verdict, SHORT[verdict] if verdict else NOTHING


def filters(run: Run) -> list[Filter]:
    """List the choices that leave some rows and take some away; the first leaves all."""
    seen = Counter(play.verdict for play in run.plays)
    total = len(run.plays)
    choices = [
        Filter("open", "all but OK", total - seen["ok"]),
        Filter("nok", WORDS["nok"], seen["nok"]),
        Filter("unseen", "not decided", sum(seen[word] for word in GRAVITY if word in _UNSEEN)),
        Filter("ok", WORDS["ok"], seen["ok"]),
    ]
    return [Filter("all", "all", total), *(one for one in choices if 0 < one.rows < total)]


_ORDER = {case: place for place, case in enumerate(PUBLISHED_CASES)}
_UNSEEN = ("not observable", "undecided", "error")


def _cell(play: Play) -> Cell:
    return Cell(
        play.case,
        play.tag_set if tagged(play) else None,
        play.play,
        play.title,
        play.verdict,
        MARKS[play.verdict],
        SHORT[play.verdict],
        place_of(play),
        healed_by(play),
    )


def _in_order(cells: list[Cell]) -> list[Cell]:
    """Sort cells by the published numbers; cases outside of them follow as they were played."""
    return sorted(cells, key=lambda cell: _ORDER.get(cell.case, len(_ORDER)))


def _gap(gap: Item) -> Cell:
    return Cell(gap.label, None, None, gap.text, None, "\N{MIDDLE DOT}", UNPLAYED)


def _prefix(case: str) -> str:
    found = re.match(r"[A-Za-z]+", case)
    return found.group() if found else ""
