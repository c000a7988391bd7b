"""Until when a report speaks for the products it names (facts: iwr 3.1).

It ends with the next major release of either product, with the end of life of a named release, and
24 months after the tests at the latest. What a run cannot know (a release to come) is stated as a
condition; what breaks validity already on the day of the tests is stated as a reason.
"""

import re
from dataclasses import dataclass
from datetime import date

from oxo_reports.run import Run

YEARS = 2


@dataclass(frozen=True)
class Validity:
    """The last day, the conditions until then, and what takes the validity away at once."""

    until: date
    conditions: list[str]
    broken: list[str]


def validity(run: Run) -> Validity:
    """Derive the validity of a run's report."""
    subject = run.subject
    products = (
        (subject.name, subject.version),
        (run.exchange.product, run.exchange.release),
    )
    majors = [(name, release, major(_number(name, release))) for name, release in products]
    return Validity(
        until=later(date.fromisoformat(run.ended[:10]), YEARS),
        conditions=[
            f"{name}: while its major release is {number} (tested: {release})"
            for name, release, number in majors
            if number is not None
        ],
        broken=[
            *_unversioned(majors),
            *_unsuccessful(run),
        ],
    )


def major(release: str | None) -> int | None:
    """Read the major number of a release: 3 of "R3.2 034.001", 12 of "12.0"."""
    number = re.search(r"[0-9]{1,9}", release or "")
    return int(number.group()) if number else None


def _number(name: str, release: str | None) -> str | None:
    """Take the name out of a release that repeats it: digits of a name are no release."""
    return release.removeprefix(name) if release else release


def later(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _unversioned(majors: list[tuple[str, str | None, int | None]]) -> list[str]:
    return [
        f"{name} states no release number, so no later release can be told from the tested one"
        for name, _, number in majors
        if number is None
    ]


def _unsuccessful(run: Run) -> list[str]:
    if run.result in ("Passed", "Passed with restriction"):
        return []
    return [f"the result is {run.result}"]
