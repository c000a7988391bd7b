"""Open points: where a report would contradict itself or leave a required word out.

The published report breaks several of its own rules (facts: iwr 9). Each check here is one such
rule, or one derivation of docs/bundle.md done again. An open point changes no verdict; it tells
the reader what is not in order, and the author what to mend before issuing the report.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from oxo_reports.run import Play, Run
from oxo_reports.summary import Summary, label
from oxo_reports.validity import major
from oxo_reports.verdicts import (
    GRAVITY,
    STANDING_NAMES,
    WORDS,
    of_play,
    of_run,
    together,
    weakest,
)
from oxo_reports.wording import quantity

NO_REFERENCE = "no issue reference in the subject's issues.toml"

LIMITING = re.compile(
    r"\b(ignored?|not (processed|shown|displayed|supported|collected|stored|read)|only|except|"
    r"without|partly|partially|unsupported)\b",
    re.IGNORECASE,
)
"""Words by which a comment restricts an OK."""

WRONG_FATES = ("lost", "duplicated", "altered", "phantom")
"""What no ticket of a row that is processed came to."""


def open_points(run: Run, summary: Summary, missing: Mapping[str, Mapping[str, str]]) -> list[str]:
    """List the open points of a report.

    Args:
        run: the run.
        summary: what was derived from it.
        missing: play -> evidence file named by the play -> why it is not there.
    """
    return [
        *_result(run, summary),
        *_totals(run),
        *(point for play in run.plays for point in _play(play, summary)),
        *_chapters(run),
        *_missing(run, missing),
        *_known_failures(run),
        *_modes(run),
        *_identity(run),
    ]


def unreferenced(run: Run) -> list[Play]:
    """Return the NOK rows without an issue reference; with any, a report is incomplete."""
    return [play for play in run.plays if play.verdict == "nok" and not play.reference]


def _play(play: Play, summary: Summary) -> Iterable[str]:
    name = label(play)
    if play.verdict == "nok" and not play.reference:
        yield f"{name}: NOK, but {NO_REFERENCE}."
    if play.verdict != "ok" and not play.reason:
        yield f"{name}: {WORDS[play.verdict]} without a reason."
    limited = {item.play for item in summary.limitations}
    if play.verdict == "ok" and LIMITING.search(play.comment or "") and play.play not in limited:
        yield f"{name}: the comment restricts the OK, but section 4.3 has no entry for it."
    if play.verdict in ("ok", "nok") and not play.findings:
        yield f"{name}: {WORDS[play.verdict]} without any finding."
    found = of_play((finding.demand, finding.verdict) for finding in play.findings)
    if found and found != play.verdict:
        yield f"{name}: shown as {WORDS[play.verdict]}, but its findings give {WORDS[found]}."
    ground = weakest([play.standing, *(finding.standing for finding in play.findings)])
    if ground != play.standing:
        shown, rests = STANDING_NAMES[play.standing], STANDING_NAMES[ground]
        yield f"{name}: standing shown as {shown}, but a finding rests on {rests}."
    yield from _told_twice(play, name)


def _told_twice(play: Play, name: str) -> Iterable[str]:
    """Hold to each other what a row tells in two places: tickets, demands, mode."""
    wrong = Counter(ticket.fate for ticket in play.tickets if ticket.fate in WRONG_FATES)
    if wrong and play.processed == "yes":
        told = ", ".join(f"{number} {fate}" for fate, number in wrong.items())
        yield f"{name}: shown as processed, but of its tickets are {told}."
    answered = {finding.demand for finding in play.findings}
    asked = play.facts.demands if play.facts and play.verdict == "ok" else []
    for demand in (one for one in asked if one not in answered):
        yield f"{name}: no finding answers what the case asks, {demand}."
    if ("hotel" in play.play.split(".")) != (play.mode == "hotel"):
        yield f"{name}: played in {play.mode} mode, but the name {play.play} says otherwise."


def counted(run: Run) -> list[Play]:
    """Return the rows that a run's verdict, result and figures are made of: no extra ones."""
    return [play for play in run.plays if not play.extra]


def _result(run: Run, summary: Summary) -> Iterable[str]:
    verdicts = Counter(play.verdict for play in counted(run))
    if run.result == "Passed" and verdicts["nok"]:
        yield f"The result is Passed, but {verdicts['nok']} of the rows are NOK."
    if run.result == "Passed" and summary.limitations:
        yield "The result is Passed, but section 4.3 lists limitations."
    if run.result == "Refused" and not verdicts["nok"]:
        yield "The result is Refused, but no row is NOK."
    if run.result.startswith("Passed") and not verdicts["ok"]:
        yield f"The result is {run.result}, but no row is OK."
    joined = of_run(play.verdict for play in counted(run))
    if joined != run.verdict:
        yield f"The run says {WORDS[run.verdict]}, but its rows give {WORDS[joined]}."


def _totals(run: Run) -> Iterable[str]:
    seen = Counter(play.verdict for play in counted(run))
    for word in GRAVITY:
        if run.counts[word] != seen[word]:
            yield f"The run counts {run.counts[word]} {WORDS[word]}; its rows show {seen[word]}."
    lacking = len(unreferenced(run))
    if run.incomplete is not None and len(run.incomplete) != lacking:
        yield (
            f"The run lists {quantity(len(run.incomplete), 'incomplete point')}, "
            f"but {lacking} of its rows lack an issue reference."
        )
    assumed = sum(
        play.standing == "ours" and play.verdict in ("ok", "nok") for play in counted(run)
    )
    if assumed != run.assumed_contract:
        yield (
            f"The run counts {run.assumed_contract} ticks that rest on the assumed contract, "
            f"but its rows show {assumed}."
        )


def _chapters(run: Run) -> Iterable[str]:
    for chapter in run.chapters:
        joined = together(play.verdict for play in run.plays if play.chapter == chapter.id)
        if joined is None:
            yield f"Chapter {chapter.id}: no case of it was played."
        elif joined != chapter.verdict:
            yield (
                f"Chapter {chapter.id}: shown as {WORDS[chapter.verdict]}, "
                f"but its rows give {WORDS[joined]}."
            )
        if any(play.extra == chapter.published for play in run.plays if play.chapter == chapter.id):
            count = "counts" if chapter.published else "does not count"
            yield f"Chapter {chapter.id}: {count} as published, but not so all of its rows."


def _modes(run: Run) -> Iterable[str]:
    """Hold what is said of the exchange to the modes of the rows."""
    of_rows = {play.mode for play in run.plays}
    if run.plays and {*run.exchange.mode.split(", ")} != of_rows:
        rows = " and ".join(sorted(of_rows))
        yield f"The exchange ran in {run.exchange.mode} mode, but its rows are of {rows} mode."


def _missing(run: Run, missing: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    for play in run.plays:
        for name, why in missing.get(play.play, {}).items():
            yield f"{label(play)}: evidence {name} {why}."
        if not play.evidence and play.findings:
            yield f"{label(play)}: names no evidence."


def _known_failures(run: Run) -> Iterable[str]:
    """Tell of entries of issues.toml that excuse nothing any more."""
    for one in run.known_failures:
        if one.state == "expired":
            yield f"{one.where}: the known failure {one.reference} has expired ({one.expires})."
        if one.state == "passes now":
            yield f"{one.where}: the known failure {one.reference} passes now; its entry is stale."


def _identity(run: Run) -> Iterable[str]:
    if major(run.subject.version) is None:
        yield "The solution states no release number; a certification names one full version."
    if not run.subject.vendor:
        yield "The solution names no vendor."
