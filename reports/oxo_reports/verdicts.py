"""The verdict words, their order of gravity, and how they are shown.

Only three words are ticks of the published results table: OK, NOK, N/A. The other three
(`not observable`, `undecided`, `error`) say that the bench could not tell, and are never shown in a
box. The rules of derivation are those of docs/bundle.md; the report applies them again to find a
bundle that contradicts itself.
"""

from collections.abc import Iterable

from oxo_reports.run import Standing, Verdict

GRAVITY: tuple[Verdict, ...] = (
    "error",
    "nok",
    "undecided",
    "not observable",
    "not applicable",
    "ok",
)

COLUMNS: tuple[tuple[Verdict, str], ...] = (
    ("not applicable", "N/A"),
    ("ok", "OK"),
    ("nok", "NOK"),
)
"""The box columns of the results table, in the published order."""

WORDS: dict[Verdict, str] = {
    "error": "error of the bench",
    "nok": "NOK",
    "undecided": "undecided",
    "not observable": "not observable",
    "not applicable": "N/A",
    "ok": "OK",
}

MEANINGS: dict[Verdict, str] = {
    "ok": "The solution behaved as expected.",
    "nok": "The solution failed; the comment gives the reason and the reference of the issue.",
    "not applicable": "The case does not apply to the solution; the comment gives the reason.",
    "not observable": (
        "The wire does not carry the field under test with this set of tags. No box is ticked."
    ),
    "undecided": "The bench could not see enough to judge. No box is ticked.",
    "error": "The bench itself failed, which says nothing about the solution. No box is ticked.",
}

STANDINGS: dict[Standing, str] = {
    "documented": "stated in the maker's public documents",
    "field": "seen in public programs that work with the exchange",
    "inferred": "inferred from public sources",
    "ours": "no public source: proposed by this project, and a key of the profile where it matters",
}
"""Strongest first."""

STANDING_NAMES: dict[Standing, str] = {
    "documented": "documented",
    "field": "field",
    "inferred": "inferred",
    "ours": "assumed contract",
}


def gravest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the gravest of the verdicts, `None` when there is none."""
    return min(verdicts, key=GRAVITY.index, default=None)


def weakest(standings: Iterable[Standing]) -> Standing:
    """Return the weakest standing; of nothing at all, `ours`."""
    return max(standings, key=list(STANDINGS).index, default="ours")


def of_play(findings: Iterable[tuple[str, Verdict]]) -> Verdict | None:
    """Join (demand, verdict) of findings; `None` when none of them weighs.

    What was not asked does not weigh, nor what could not be seen, unless it is a field under test.
    """
    return gravest(
        verdict
        for demand, verdict in findings
        if verdict != "not applicable"
        and (verdict != "not observable" or demand.startswith("field "))
    )


def together(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Join verdicts of plays: what could not be seen or does not apply does not outweigh an OK."""
    seen = set(verdicts)
    if "ok" in seen:
        seen -= {"not observable", "not applicable"}
    return gravest(seen)


def of_run(verdicts: Iterable[Verdict]) -> Verdict:
    """Join the plays of a run: a run without any OK, and nothing graver, is undecided."""
    joined = together(verdicts)
    return joined if joined in ("error", "nok", "undecided", "ok") else "undecided"
