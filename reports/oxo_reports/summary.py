"""Section 4 of the report, derived from the plays alone: functions, problems, limitations, remarks.

Nobody writes this section by hand. The published report lists functions without a mark, no
limitation, and comments that are limitations all the same (facts: iwr 9, rows 7, 12 and 18);
derived from the cases, neither can happen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from oxo_reports.published import FUNCTIONS, NEVER_PUBLISHED, PUBLISHED_CASES, Function
from oxo_reports.run import Gap, Mode, Play, Run
from oxo_reports.verdicts import WORDS, together
from oxo_reports.wires import (
    HOME,
    HOTEL,
    at_home,
    in_order,
    place_of,
    place_title,
    published,
    wire_title,
)
from oxo_reports.wording import sentence

NO_REASON = "no reason given"
UNSHOWN = "The tickets are received and delivered; the solution names no place where it shows them."


@dataclass(frozen=True)
class FunctionMark:
    """A function of the exchange's call accounting, its mark and what the mark rests on.

    Attributes:
        name: the function.
        mark: the gravest of its cases.
        rows: of each case that was played: its id, and the play that the mark leads to.
        rest: what else the mark rests on, or that it rests on nothing.
        in_hotel: the mark of the same cases in hotel mode, where they were played in it.
        in_hotel_play: the play that this one leads to.
    """

    name: str
    mark: str
    rows: tuple[tuple[str, str], ...] = ()
    rest: str = ""
    in_hotel: str | None = None
    in_hotel_play: str | None = None

    @property
    def basis(self) -> str:
        """Return what the mark rests on, in words."""
        return ", ".join(case for case, _ in self.rows) + self.rest


@dataclass(frozen=True)
class Item:
    """One statement about one play (`play` is its name, for a link) or about the run (`None`)."""

    label: str
    text: str
    play: str | None = None


@dataclass(frozen=True)
class Summary:
    """The parts of section 4, each in the order of the plays."""

    functions: list[FunctionMark]
    problems: list[Item]
    limitations: list[Item]
    unobserved: list[Item]
    undecided: list[Item]
    remarks: list[Item]
    gaps: list[Item]


def summarise(run: Run) -> Summary:
    """Derive the summary of a run."""
    plays, elsewhere = run.plays, _of_the_other_mode(run.plays)
    return Summary(
        functions=[*_functions(plays), *_extra_functions(run)],
        problems=[_item(play, _problem(play)) for play in plays if play.verdict == "nok"],
        limitations=[
            _item(play, text)
            for play in plays
            if play not in elsewhere
            for text in _limitations(play)
        ],
        unobserved=[
            _item(play, sentence(play.reason or play.comment or NO_REASON))
            for play in plays
            if play.verdict == "not observable"
        ],
        undecided=[
            _item(play, f"{WORDS[play.verdict].capitalize()}. {sentence(play.reason or NO_REASON)}")
            for play in plays
            if play.verdict in ("undecided", "error")
        ],
        remarks=[
            *(Item(play.case, play.remark, play.play) for play in _once(plays) if play.remark),
            *(_item(play, f"Not applicable. {sentence(play.reason or '')}") for play in elsewhere),
        ],
        gaps=_gaps(run),
    )


def tagged(play: Play) -> bool:
    """Tell whether a play's name needs its tag set: its case is played with several on its wire."""
    return bool(play.tag_set) and play.tag_set in play.play.split(".")[1:]


def label(play: Play) -> str:
    """Name a play as a person would: its case, with the mode, wire and tags that set it apart."""
    said = [
        *(["hotel mode"] if play.mode == "hotel" else []),
        *([wire_title(play.wire)] if play.wire != HOME else []),
        *([str(play.tag_set)] if tagged(play) else []),
    ]
    return f"{play.case} ({', '.join(said)})" if said else play.case


def _item(play: Play, text: str) -> Item:
    return Item(label(play), text, play.play)


def _of_the_other_mode(plays: list[Play]) -> list[Play]:
    """Return the plays that do not apply, but do in the other mode: no limit of the solution."""
    fine = {(play.case, play.wire, play.mode) for play in plays if play.verdict == "ok"}
    other: dict[Mode, Mode] = {"business": "hotel", "hotel": "business"}
    return [
        play
        for play in plays
        if play.verdict == "not applicable" and (play.case, play.wire, other[play.mode]) in fine
    ]


def _once(plays: Iterable[Play]) -> list[Play]:
    """Take the first play of each case: a catalogue remark does not depend on the tag set."""
    return list({play.case: play for play in reversed(list(plays))}.values())[::-1]


def _problem(play: Play) -> str:
    return f"{sentence(play.reason or NO_REASON)} Issue: {play.reference or 'no reference'}."


def limited(play: Play) -> bool:
    """Tell whether an OK does not mean that every ticket of the row was processed and shown."""
    return play.verdict == "ok" and (play.processed != "yes" or unshown(play))


def unshown(play: Play) -> bool:
    """Tell whether appointments or room states of the row are not known to be shown."""
    return play.displayed not in (None, "yes")


def _limitations(play: Play) -> list[str]:
    said = []
    if play.verdict == "ok" and play.processed != "yes":
        said.append(_unprocessed(play))
    elif limited(play):
        said.append(UNSHOWN)
    if play.verdict == "not applicable":
        said.append(f"Not applicable. {sentence(play.reason or NO_REASON)}")
    return said


def _unprocessed(play: Play) -> str:
    """Say what was and what was not processed; only a declared silence makes this an OK."""
    made = [one for one in play.tickets if one.fate not in ("phantom", "dropped by the exchange")]
    silent = sum(one.fate == "not asked" for one in made)
    if not silent:
        return f"Received: {play.received}; processed: {play.processed}."
    if silent == len(made):
        return "Tickets are received and not processed, as the solution declares."
    return (
        f"{len(made) - silent} of {len(made)} tickets received and processed; {silent} received and"
        " not processed, as the solution declares."
    )


def _functions(plays: list[Play]) -> list[FunctionMark]:
    """Mark the published functions by their own rows, and beside them by those in hotel mode."""
    rows = [play for play in plays if published(play) or play.extra]
    in_hotel = [play for play in plays if at_home(play) and play.mode == "hotel"]
    return [_both(function, rows, in_hotel) for function in FUNCTIONS]


def _both(function: Function, rows: list[Play], in_hotel: list[Play]) -> FunctionMark:
    mark = _mark(function, rows)
    if not any(play.case in function.cases for play in in_hotel):
        return mark
    verdict = together(play.verdict for play in in_hotel if play.case in function.cases)
    led_to = [
        one for one in in_hotel if (one.case in function.cases, one.verdict) == (True, verdict)
    ]
    return replace(
        mark,
        in_hotel=_mark(function, in_hotel).mark,
        in_hotel_play=led_to[0].play if led_to else None,
    )


def _extra_functions(run: Run) -> list[FunctionMark]:
    """Mark what was played on other wires, by chapter and wire, and extra cases, apart from it."""
    outside = [play for play in run.plays if not _of_a_function(play)]
    return [
        _mark(
            Function(
                f"{chapter.title}{_over(place)} (outside the published {_what(place)})",
                tuple(dict.fromkeys(play.case for play in mine)),
            ),
            mine,
        )
        for chapter in run.chapters
        for place in in_order(place_of(play) for play in outside if play.chapter == chapter.id)
        if (mine := [one for one in outside if (one.chapter, place_of(one)) == (chapter.id, place)])
    ]


def _of_a_function(play: Play) -> bool:
    """Tell whether a published function rests on the play, or has it beside it in hotel mode."""
    functions = {case for function in FUNCTIONS for case in function.cases}
    return play.case in functions if play.extra else at_home(play) and play.case in PUBLISHED_CASES


def _over(place: str) -> str:
    if place == HOME:
        return ""
    return f" in {place_title(place)}" if place == HOTEL else f" over {place_title(place)}"


def _what(place: str) -> str:
    return "cases" if place == HOME else "report"


def _mark(function: Function, plays: list[Play]) -> FunctionMark:
    mine = [play for play in plays if play.case in function.cases]
    verdict = together(play.verdict for play in mine)
    if verdict is None:
        return FunctionMark(function.name, "not tested", rest=_unplayed(function))
    played = {play.case: play.play for play in reversed(mine)}
    played |= {play.case: play.play for play in reversed(mine) if play.verdict == verdict}
    rows = tuple((case, played[case]) for case in dict.fromkeys(play.case for play in mine))
    unplayed = len(function.cases) - len(rows)
    rest = f"; {unplayed} of {len(function.cases)} cases not played" if unplayed else ""
    if limitations := list(dict.fromkeys(play.case for play in mine if limited(play))):
        rest = f"; limited, see section 4.3: {', '.join(limitations)}{rest}"
    seen = {play.case for play in mine if play.verdict == "ok"}
    unseen = [case for case, _ in rows if case not in seen] if verdict == "ok" else []
    if unseen:
        rest = f"; no row is OK of {', '.join(unseen)}{rest}"
    part = ", in part" if (unplayed or limitations or unseen) and verdict == "ok" else ""
    return FunctionMark(function.name, WORDS[verdict] + part, rows, rest)


def _unplayed(function: Function) -> str:
    if not function.cases:
        return "No case tests it"
    return f"Not played: {', '.join(function.cases)}"


def _gaps(run: Run) -> list[Item]:
    """List what this run does not cover: as the run declares it, else as it is absent."""
    played = {play.case for play in run.plays}
    declared = {gap.case: _declared(gap) for gap in run.gaps or []}
    absent = {
        case: f"Not played in this run: {title}."
        for case, title in PUBLISHED_CASES.items()
        if case not in played
    }
    known = {**absent, **NEVER_PUBLISHED, **declared}
    order = [*_in_print(), *(case for case in known if case not in _in_print())]
    return [Item(case, known[case]) for case in order if case in known and case not in played]


def _declared(gap: Gap) -> str:
    """Make a sentence of a declared gap: its kind and its reason."""
    said = f"{gap.kind}: {gap.reason}" if gap.kind else gap.reason
    return f"{said[:1].upper()}{said[1:].rstrip('.')}."


def _in_print() -> list[str]:
    """Order of the published numbers, the hole standing where the number would be."""
    order = list(PUBLISHED_CASES)
    order.insert(order.index("DIS104"), "DIS103")
    return order
