"""The report before it is HTML: what stands on the cover, in each table and in each row."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from oxo_reports.foreign import ForeignOperation, foreign_operations
from oxo_reports.lints import NO_REFERENCE, open_points, unreferenced
from oxo_reports.matrix import Filter, Line, filters, matrix
from oxo_reports.published import OBJECTIVES, PUBLISHED_CASES
from oxo_reports.run import Chapter, Issue, Play, Result, Run, Verdict
from oxo_reports.summary import Summary, label, summarise, unshown
from oxo_reports.validity import Validity, validity
from oxo_reports.verdicts import COLUMNS, GRAVITY, WORDS, together
from oxo_reports.wires import (
    HOME,
    HOTEL,
    INTERFACES,
    TRANSPORTS,
    PlaceResult,
    extra_result,
    in_order,
    place_of,
    place_results,
    place_title,
    published,
    wire_title,
    wires_of,
)
from oxo_reports.wording import quantity

RESULTS: tuple[Result, ...] = ("Passed", "Passed with restriction", "Postponed", "Refused")
FIRST_CHAPTER_SECTION = 2
"""Section 5.1 explains the tables; chapters begin with 5.2, as published."""

Missing = Mapping[str, Mapping[str, str]]
"""Play -> evidence file that it names -> why the file cannot be read."""


LEFT_OUT = "left out"
"""How the reason of a gap begins that the run's selection made (docs/bundle.md)."""
UNREACHED = "not yet played"


@dataclass(frozen=True)
class Box:
    """A tick box and what stands at its head."""

    title: str
    ticked: bool


@dataclass(frozen=True)
class Marked:
    """A verdict as the table shows it: three boxes with one tick, or a word in their place."""

    boxes: list[Box] | None
    word: str
    verdict: Verdict


@dataclass(frozen=True)
class Row:
    """One play in the results table."""

    play: Play
    label: str
    marked: Marked
    issue: Issue | None
    incomplete: str | None
    missing: list[str]


@dataclass(frozen=True)
class Group:
    """Rows of a chapter that have a row Result of their own; the published ones have no title."""

    title: str | None
    name: str
    rows: list[Row]
    marked: Marked
    comment: str
    verdict: Verdict


@dataclass(frozen=True)
class Section:
    """One chapter: number, objective, and its rows, the published ones first, then by place."""

    number: str
    chapter: Chapter
    objective: str | None
    groups: list[Group]

    @property
    def rows(self) -> list[Row]:
        """Every row of the chapter."""
        return [row for group in self.groups for row in group.rows]


@dataclass(frozen=True)
class Report:
    """Everything the template prints."""

    run: Run
    results: list[Box]
    interfaces: list[tuple[str, str]]
    transports: list[str]
    places: list[PlaceResult]
    extra: PlaceResult | None
    modes: list[str]
    claimed: list[str]
    ticks: int
    tag_sets: list[str]
    totals: list[tuple[str, int]]
    validity: Validity
    summary: Summary
    foreign: list[ForeignOperation]
    matrix: list[Line]
    filters: list[Filter]
    sections: list[Section]
    open_points: list[str]
    incomplete: int

    @property
    def several_places(self) -> bool:
        """Tell whether wires or modes have to be told apart."""
        return [one.name for one in self.places] != [HOME]

    @property
    def counted(self) -> int:
        """Number of the rows that the result is derived from."""
        return sum(place.rows for place in self.places)

    @property
    def in_hotel(self) -> bool:
        """Tell whether published cases were played in hotel mode too."""
        return any(one.in_hotel for one in self.summary.functions)

    @property
    def passed(self) -> list[str]:
        """Titles of the places whose rows are OK and nothing graver, if no case was left out."""
        return [] if self._in_part else [one.title for one in self.places if one.passed]

    @property
    def unfailed(self) -> list[str]:
        """Titles of the same places where the run left cases out: nothing has failed there yet."""
        return [one.title for one in self.places if one.passed] if self._in_part else []

    @property
    def _in_part(self) -> bool:
        gaps = [gap for gap in self.run.gaps or [] if gap.case in PUBLISHED_CASES]
        return any(gap.reason.startswith(LEFT_OUT) or gap.kind == UNREACHED for gap in gaps)

    @property
    def certified(self) -> list[str]:
        """Titles of the places that the solution is certified at: none when the run has not passed.

        A report has one result; whoever wants some wires certified claims them alone.
        """
        return self.passed if self.run.result.startswith("Passed") else []

    @property
    def others(self) -> list[str]:
        """Every other place that was played or claimed, and what is told of it."""
        played = {one.name for one in self.places if one.rows}
        return [
            *(f"{one.title}: {one.word}" for one in self.places if one.rows and not one.passed),
            *(
                f"{wire_title(wire)}: claimed, not played"
                for wire in in_order(self.run.subject.wires)
                if wire not in played
            ),
        ]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Name and words of each filter of the rows."""
        return [(one.name, f"{one.words} ({one.rows})") for one in self.filters]


def report(run: Run, missing: Missing) -> Report:
    """Prepare the report of a run."""
    summary = summarise(run)
    return Report(
        run=run,
        results=[Box(word, word == run.result) for word in RESULTS],
        interfaces=[INTERFACES.get(wire, (wire, "")) for wire in wires_of(run)],
        transports=[TRANSPORTS.get(wire, wire) for wire in wires_of(run)],
        places=place_results(run),
        extra=extra_result(run),
        modes=list(dict.fromkeys(play.mode for play in run.plays)) or [run.exchange.mode],
        claimed=[wire_title(wire) for wire in run.subject.wires],
        ticks=sum(play.verdict in ("ok", "nok") for play in run.plays if not play.extra),
        tag_sets=list(dict.fromkeys(play.tag_set for play in run.plays if play.tag_set)),
        totals=[(WORDS[word], run.counts[word]) for word in reversed(GRAVITY)],
        validity=validity(run),
        summary=summary,
        foreign=foreign_operations(run),
        matrix=matrix(run, summary.gaps),
        filters=filters(run),
        sections=[
            _section(run, chapter, f"5.{FIRST_CHAPTER_SECTION + index}", missing)
            for index, chapter in enumerate(run.chapters)
        ],
        open_points=open_points(run, summary, missing),
        incomplete=len(unreferenced(run)),
    )


def marked(verdict: Verdict) -> Marked:
    """Show a verdict: only OK, NOK and N/A have a box; the other words stand in their place."""
    boxes = [Box(title, word == verdict) for word, title in COLUMNS]
    return Marked(boxes if any(box.ticked for box in boxes) else None, WORDS[verdict], verdict)


def _section(run: Run, chapter: Chapter, number: str, missing: Missing) -> Section:
    plays = [play for play in run.plays if play.chapter == chapter.id]
    rows = [play for play in plays if published(play)]
    apart = {
        place: [play for play in plays if place_of(play) == place and not published(play)]
        for place in in_order(map(place_of, plays))
    }
    groups = [(None, HOME, rows), *((_where(place), place, apart[place]) for place in apart)]
    told = [one for one in groups if one[2]] or groups[:1]
    return Section(
        number=number,
        chapter=chapter,
        objective=chapter.objective or OBJECTIVES.get(chapter.id),
        groups=[
            Group(
                title=f"{chapter.title} {title}" if title and len(told) > 1 else None,
                name=f"{chapter.id}-{place}",
                rows=[_row(run, play, missing) for play in mine],
                marked=marked(verdict),
                comment=_chapter_comment(mine),
                verdict=verdict,
            )
            for title, place, mine in told
            for verdict in [_verdict(chapter, mine, whole=len(told) == 1)]
        ],
    )


def _where(place: str) -> str:
    return f"in {place_title(place)}" if place == HOTEL else f"over {place_title(place)}"


def _verdict(chapter: Chapter, plays: list[Play], *, whole: bool) -> Verdict:
    """Return the run's own word for a chapter, and of a part of it what its rows give."""
    joined = None if whole else together(play.verdict for play in plays)
    return joined or chapter.verdict


def _row(run: Run, play: Play, missing: Missing) -> Row:
    return Row(
        play=play,
        label=label(play),
        marked=marked(play.verdict),
        issue=_issue(run, play),
        incomplete=NO_REFERENCE if play.verdict == "nok" and not play.reference else None,
        missing=[f"{name} {why}" for name, why in missing.get(play.play, {}).items()],
    )


def _issue(run: Run, play: Play) -> Issue | None:
    """Find the entry of the subject's issues.toml that the play refers to."""
    if not play.reference:
        return None
    for issue in run.subject.issues:
        if issue.case == play.case and issue.reference == play.reference:
            return issue
    return Issue(play.case, play.reference, None)


def _chapter_comment(plays: list[Play]) -> str:
    """Say in one line what the tick of a chapter stands on."""
    if not plays:
        return "No case of this chapter was played."
    counted = Counter(play.verdict for play in plays)
    said = [f"{counted[word]} {WORDS[word]}" for word in reversed(GRAVITY) if counted[word]]
    only_received = [
        label(play)
        for play in plays
        if play.received == "yes" and play.processed in ("no", "not asked")
    ]
    not_shown = [label(play) for play in plays if play.verdict == "ok" and unshown(play)]
    in_part = [label(play) for play in plays if play.processed == "in part"]
    text = f"{quantity(len(plays), 'row')}: {', '.join(said)}."
    if only_received:
        text += f" Received, not processed: {', '.join(only_received)}."
    if not_shown:
        text += f" Not known to be shown: {', '.join(not_shown)}."
    if in_part:
        text += f" Processed in part: {', '.join(in_part)}."
    return text
