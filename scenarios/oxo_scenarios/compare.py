"""What changed between two run bundles. Pure: two run.json documents in, differences out.

A verdict got *worse* when it tells less good of the subject than before: from ok to anything
else, from a silent word (not applicable, not observable) to nok, error or undecided, from
nothing decided (error, undecided) to nok. A case that was ok and is no longer played is worse
too: who plays less may not look better. From nok to nothing decided is `changed`, as is one
silent word for another.

Durations move with the machine: a difference is told when it is over `SECONDS_MIN` and the
longer is over `TIMES_MIN` times the shorter. It never makes a verdict worse.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

import msgspec

SECONDS_MIN = 2.0
TIMES_MIN = 1.5

_RANKS = {
    "ok": 0,
    "not applicable": 1,
    "not observable": 1,
    "undecided": 2,
    "error": 2,
    "nok": 3,
}
"""How little good a verdict tells of the subject."""


class Direction(StrEnum):
    """Whither something moved; only a verdict can be worse or better."""

    WORSE = "worse"
    BETTER = "better"
    CHANGED = "changed"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One difference.

    Attributes:
        about: what kind of thing differs.
        where: the play, or the part of the run, such as `subject.version`.
        before: in the first bundle; `None` where it had none.
        after: in the second one.
        direction: whither it moved.
    """

    about: Literal["verdict", "comment", "duration", "evidence", "tickets", "run", "profile choice"]
    where: str
    before: Any
    after: Any
    direction: Direction = Direction.CHANGED


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs held against each other; `differences` in the order of the report."""

    before: str
    after: str
    differences: Sequence[Difference]

    @property
    def worse(self) -> bool:
        """Tell whether a verdict got worse."""
        return any(found.direction is Direction.WORSE for found in self.differences)


class NoBundle(ValueError):
    """A document is no run.json as docs/bundle.md has it; the text names the key."""


def compare(before: Any, after: Any, *, common: bool = False) -> Comparison:
    """Compare two run.json documents, as plain values.

    Args:
        before: the older one.
        after: the newer one.
        common: look only at the plays that both have.

    Raises:
        NoBundle: one of them is no such document.
    """
    try:
        return Comparison(
            before=str(before["run"]),
            after=str(after["run"]),
            differences=[*_run(before, after), *_plays(before, after, common=common)],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NoBundle(f"no run.json of version 1: {error!r}") from error


def _run(before: Any, after: Any) -> Iterator[Difference]:
    """Compare what the runs were played with and what they came to."""
    for place in (
        "subject.name", "subject.version", "bench.version", "exchange.release",
        "exchange.profile", "exchange.mode", "seed", "result",
    ):  # fmt: skip
        old, new = _at(before, place), _at(after, place)
        if old != new:
            yield Difference(about="run", where=place, before=old, after=new)
    old, new = _choices(before), _choices(after)
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield Difference(
                about="profile choice", where=key, before=old.get(key), after=new.get(key)
            )


def _plays(before: Any, after: Any, *, common: bool) -> Iterator[Difference]:
    old = {play["play"]: play for play in before["plays"]}
    new = {play["play"]: play for play in after["plays"]}
    for name in dict.fromkeys([*old, *new]):
        if name in old and name in new:
            yield from _play(name, old[name], new[name])
        elif not common:
            yield _verdict(name, old.get(name), new.get(name))


def _play(name: str, old: Any, new: Any) -> Iterator[Difference]:
    if old["verdict"] != new["verdict"]:
        yield _verdict(name, old, new)
    for key in ("reason", "comment"):
        if old[key] != new[key]:
            yield Difference(about="comment", where=name, before=old[key], after=new[key])
            break
    yield from _evidence(name, old, new)
    if _beyond_noise(old["seconds"], new["seconds"]):
        yield Difference(about="duration", where=name, before=old["seconds"], after=new["seconds"])


def _verdict(name: str, old: Any, new: Any) -> Difference:
    words = [None if play is None else play["verdict"] for play in (old, new)]
    return Difference(
        about="verdict",
        where=name,
        before=words[0],
        after=words[1],
        direction=direction(words[0], words[1]),
    )


def direction(before: str | None, after: str | None) -> Direction:
    """Tell whither a verdict moved; `None` is not played."""
    if before is None or after is None:
        return Direction.WORSE if before == "ok" or after == "nok" else Direction.CHANGED
    old, new = _RANKS[before], _RANKS[after]
    if new > old:
        return Direction.WORSE
    decided = after not in ("error", "undecided")
    return Direction.BETTER if new < old and decided else Direction.CHANGED


def _evidence(name: str, old: Any, new: Any) -> Iterator[Difference]:
    """Compare what was kept, and what became of the tickets."""
    if sorted(old["evidence"]) != sorted(new["evidence"]):
        yield Difference(
            about="evidence", where=name, before=old["evidence"], after=new["evidence"]
        )
    fates = [_fates(play["tickets"]) for play in (old, new)]
    if fates[0] != fates[1]:
        yield Difference(about="tickets", where=name, before=fates[0], after=fates[1])


def _fates(tickets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return dict(sorted(Counter(str(ticket["fate"]) for ticket in tickets).items()))


def _beyond_noise(old: float, new: float) -> bool:
    short, long = sorted((float(old), float(new)))
    return long - short > SECONDS_MIN and long > TIMES_MIN * short


def _choices(run: Any) -> dict[str, Any]:
    return {choice["key"]: choice["value"] for choice in run["exchange"]["profile_choices"]}


def _at(run: Any, place: str) -> Any:
    found = run
    for key in place.split("."):
        found = found[key]
    return found
