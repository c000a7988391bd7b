"""Section 4 of the report, derived from the plays alone: functions, problems, limitations, remarks.

Nobody writes this section by hand. The published report lists functions without a mark, no
limitation, and comments that are limitations all the same (facts: iwr 9, rows 7, 12 and 18);
derived from the cases, neither can happen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from oxo_reports.published import FUNCTIONS, NEVER_PUBLISHED, PUBLISHED_CASES, Function
from oxo_reports.run import Gap, Play, Run
from oxo_reports.verdicts import WORDS, together
from oxo_reports.wires import HOME, in_order, published, wire_title
from oxo_reports.wording import sentence

NO_REASON = "no reason given"


@dataclass(frozen=True)
class FunctionMark:
    """A function of the exchange's call accounting, its mark and what the mark rests on."""

    name: str
    mark: str
    basis: str


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
    plays = run.plays
    return Summary(
        functions=[*_functions(plays), *_extra_functions(run)],
        problems=[_item(play, _problem(play)) for play in plays if play.verdict == "nok"],
        limitations=[_item(play, text) for play in plays for text in _limitations(play)],
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
        remarks=[Item(play.case, play.remark, play.play) for play in _once(plays) if play.remark],
        gaps=_gaps(run),
    )


def tagged(play: Play) -> bool:
    """Tell whether a play's name needs its tag set: its case is played with several on its wire."""
    parts = play.play.split(".")[1:]
    return bool(play.tag_set) and bool(parts) and parts != [play.wire]


def label(play: Play) -> str:
    """Name a play as a person would: its case, with the wire and the tag set that tell it apart."""
    said = [
        *([wire_title(play.wire)] if play.wire != HOME else []),
        *([str(play.tag_set)] if tagged(play) else []),
    ]
    return f"{play.case} ({', '.join(said)})" if said else play.case


def _item(play: Play, text: str) -> Item:
    return Item(label(play), text, play.play)


def _once(plays: Iterable[Play]) -> list[Play]:
    """Take the first play of each case: a catalogue remark does not depend on the tag set."""
    return list({play.case: play for play in reversed(list(plays))}.values())[::-1]


def _problem(play: Play) -> str:
    return f"{sentence(play.reason or NO_REASON)} Issue: {play.reference or 'no reference'}."


def limited(play: Play) -> bool:
    """Tell whether an OK does not mean that every ticket of the row was processed."""
    return play.verdict == "ok" and play.processed != "yes"


def _limitations(play: Play) -> list[str]:
    said = []
    if limited(play):
        said.append(_unprocessed(play))
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
    """Mark the published functions by the plays on the wire that they are published for."""
    return [_mark(function, [play for play in plays if published(play)]) for function in FUNCTIONS]


def _extra_functions(run: Run) -> list[FunctionMark]:
    """Mark what was played outside the published report, by chapter and wire, apart from it."""
    outside = [play for play in run.plays if not (published(play) and play.case in PUBLISHED_CASES)]
    return [
        _mark(
            Function(
                f"{chapter.title}{_over(wire)} (outside the published {_what(wire)})",
                tuple(dict.fromkeys(play.case for play in mine)),
            ),
            mine,
        )
        for chapter in run.chapters
        for wire in in_order(play.wire for play in outside if play.chapter == chapter.id)
        if (mine := [play for play in outside if (play.chapter, play.wire) == (chapter.id, wire)])
    ]


def _over(wire: str) -> str:
    return "" if wire == HOME else f" over {wire_title(wire)}"


def _what(wire: str) -> str:
    return "cases" if wire == HOME else "report"


def _mark(function: Function, plays: list[Play]) -> FunctionMark:
    mine = [play for play in plays if play.case in function.cases]
    verdict = together(play.verdict for play in mine)
    played = list(dict.fromkeys(play.case for play in mine))
    if verdict is None:
        return FunctionMark(function.name, "not tested", _unplayed(function))
    unplayed = len(function.cases) - len(played)
    rest = f"; {unplayed} of {len(function.cases)} cases not played" if unplayed else ""
    if limitations := list(dict.fromkeys(play.case for play in mine if limited(play))):
        rest = f"; limited, see section 4.3: {', '.join(limitations)}{rest}"
    part = ", in part" if (unplayed or limitations) and verdict == "ok" else ""
    return FunctionMark(function.name, WORDS[verdict] + part, ", ".join(played) + rest)


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
