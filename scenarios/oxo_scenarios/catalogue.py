"""The case catalogue: frozen ids, and per case what is done, expected, asserted and demanded.

The catalogue is data (`features/catalogue.toml`); this is its typed reader. Ids never change and
never get a new meaning; an id that the published report skips stays a declared gap.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Self

import msgspec
from oxo_tickets import FIELDS, CarriageUnknown, Standing, carriage

from oxo_scenarios.resources import CATALOGUE, features_folder
from oxo_scenarios.wires import (
    BUSINESS,
    EVERY_WIRE,
    FAILURE_MESSAGE,
    HOME,
    MODES,
    USUAL_TAGS,
    WIRES,
    Claim,
    Mode,
    Wire,
    tag_set_on,
)

CATALOGUE_BYTES_MAX = 1024 * 1024


class CatalogueUnreadable(ValueError):
    """The catalogue is wrong (bench's fault); the text names the file, the case and the key."""


class Chapter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of cases, as the published report groups them.

    What is not `published` goes beyond that report: it is played and told apart, and no box of
    the certificate hangs on it.
    """

    id: str
    title: str
    objective: str
    published: bool = True


class Gap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids that are not played, and why: either never published, or not built yet."""

    ids: tuple[str, ...]
    kind: Literal["never published", "not yet played"]
    reason: str


class Variation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a case says otherwise on another wire; what is `None` is as on its own."""

    action: str | None = None
    expectation: str | None = None
    demands: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    values: Mapping[str, tuple[str, ...]] | None = None
    prescribed: tuple[Mapping[str, str], ...] | None = None
    limit_seconds: float | None = None
    remark: str | None = None
    not_carried: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case.

    Attributes:
        id: frozen, as the published report has it.
        chapter: id of its chapter.
        title: a few words.
        action: what is done.
        expectation: what must be seen.
        fields: ticket fields under test.
        values: field under test -> values, one of which the exchange must have made; without such
            a ticket the case proves nothing and is undecided.
        prescribed: the tickets that the exchange must make, each as field -> value in words; a
            field under test that stands here is looked for in each of the tickets that name it.
        demands: what the judge asks, in its words (docs/judge.md).
        tag_sets: the case is played once under each on its own wire; under any but the usual one
            in its first mode alone.
        modes: of the exchange, in which it is played on its own wire.
        not_applicable: mode -> why the case does not apply in it: it is recorded, not played.
        limit_seconds: time for the subject to collect what waits.
        standing: how firm the case itself is.
        remark: what the reader must know, such as a contradiction of the published report.
        tags: for selection.
        wire: its own wire.
        on: the other wires it is played on, and what it says otherwise there.
        not_carried: why nothing of the case can be seen on this wire: it is recorded as not
            observable there, and not played. Of another wire it stands in `on`.
    """

    id: str
    chapter: str
    title: str
    action: str
    expectation: str
    demands: tuple[str, ...]
    limit_seconds: float
    standing: Standing
    fields: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = {}
    prescribed: tuple[Mapping[str, str], ...] = ()
    tag_sets: tuple[str, ...] = (USUAL_TAGS,)
    modes: tuple[Mode, ...] = MODES
    not_applicable: Mapping[Mode, str] = {}
    remark: str | None = None
    tags: tuple[str, ...] = ()
    wire: Wire = HOME
    on: Mapping[str, Variation] = {}
    not_carried: str | None = None

    @property
    def wires(self) -> tuple[str, ...]:
        """Return the wires it is played on, its own first."""
        return (self.wire, *(wire for wire in WIRES if wire in self.on))

    @property
    def mode_elsewhere(self) -> Mode:
        """Return the mode in which it is played on other wires: the first that it applies in."""
        applies = [mode for mode in self.modes if mode not in self.not_applicable]
        return (applies or self.modes)[0]

    def there(self, wire: str, tag_set: str) -> Self:
        """Return the case as it is on one of its other wires."""
        told = self.on[wire]
        other = {name: getattr(told, name) for name in Variation.__struct_fields__}
        kept = {name: value for name, value in other.items() if value is not None}
        return msgspec.structs.replace(self, wire=wire, tag_sets=(tag_set,), on={}, **kept)

    def without(self, demand: str) -> Self:
        """Return the case without this demand."""
        left = tuple(words for words in self.demands if words != demand)
        return msgspec.structs.replace(self, demands=left)


EVERY_OTHER = "*"
"""Key of `also_fails` for every case that is not named."""


class WrongCollector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collector with one wrong habit, which the bench must convict; tests have it.

    Attributes:
        id: its name.
        title: a few words.
        habit: what it does that is wrong.
        wire: the wire it collects from.
        must_fail: the cases that must find it out.
        also_fails: other cases that find it out -> why; `*` is for all that are not named.
    """

    id: str
    title: str
    habit: str
    must_fail: tuple[str, ...]
    wire: Wire = HOME
    also_fails: Mapping[str, str] = {}

    def explains(self, case_id: str) -> bool:
        """Tell whether it may be convicted by this case."""
        return case_id in self.must_fail or not {case_id, EVERY_OTHER}.isdisjoint(self.also_fails)


class Planned(NamedTuple):
    """One play to do: a case, as it is on this wire, in one mode, under one tag set.

    `extra`: the case stands in a chapter that the published report has not.
    """

    play: str
    case: Case
    tag_set: str
    wire: Wire = HOME
    mode: Mode = BUSINESS
    extra: bool = False

    @property
    def not_applicable(self) -> str | None:
        """Return why the case does not apply in this mode, by the catalogue."""
        return self.case.not_applicable.get(self.mode)


def planned(case: Case, tag_set: str, mode: Mode = BUSINESS, *, extra: bool = False) -> Planned:
    """Return the play of a case on the wire that it stands on.

    Its name is also that of its evidence folder: id, then what is not as usual, in this order:
    mode, wire, tag set. `bu2`, `bu2.hotel`, `bu2.nmc`, `smdr8.hotel.v24`, `smdr1.observed`.
    """
    unusual = (
        (mode, mode != BUSINESS),
        (case.wire, case.wire != HOME),
        (tag_set, case.wire == HOME and tag_set != USUAL_TAGS),
    )
    name = ".".join([case.id.lower(), *(part for part, told in unusual if told)])
    return Planned(name, case, tag_set, case.wire, mode, extra)


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All chapters, cases and declared gaps."""

    version: Literal[1]
    chapters: tuple[Chapter, ...]
    cases: tuple[Case, ...]
    declared_gaps: tuple[Gap, ...]
    wrong_collectors: tuple[WrongCollector, ...] = ()

    def case(self, case_id: str) -> Case:
        """Return a case by its id, in any letter case.

        Raises:
            LookupError: no such case; the text lists those there are, or says it is a gap.
        """
        for case in self.cases:
            if case.id == case_id.upper():
                return case
        for gap in self.declared_gaps:
            if case_id.upper() in gap.ids:
                raise LookupError(f"case {case_id} is {gap.kind}: {gap.reason}")
        raise LookupError(f"no case {case_id}; there are {', '.join(c.id for c in self.cases)}")

    def own_wires(self) -> Mapping[str, str]:
        """Return the wire of each case that it is published for."""
        return {case.id: case.wire for case in self.cases}

    def chapter(self, chapter_id: str) -> Chapter:
        """Return a chapter by its id.

        Raises:
            LookupError: no such chapter.
        """
        for chapter in self.chapters:
            if chapter.id == chapter_id.upper():
                return chapter
        known = ", ".join(chapter.id for chapter in self.chapters)
        raise LookupError(f"no chapter {chapter_id}; there are {known}")

    def plays(self, claim: Claim = EVERY_WIRE) -> Iterator[Planned]:
        """Yield every play on the wires that are claimed, wire by wire in the catalogue's order."""
        for wire in (wire for wire in WIRES if wire in claim.wires):
            for case in self.cases:
                extra = not self.chapter(case.chapter).published
                for each in _plays_on(case, wire, claim):
                    yield each._replace(extra=extra)

    def claimed(self, claim: Claim) -> list[Case]:
        """Return the cases that are played on at least one of the wires that are claimed."""
        return [case for case in self.cases if set(case.wires) & set(claim.wires)]

    @classmethod
    def from_toml(cls, text: str, name: str = CATALOGUE) -> Self:
        """Read a catalogue from its text.

        Raises:
            CatalogueUnreadable: names what is wrong and where.
        """
        try:
            catalogue = msgspec.convert(tomllib.loads(text), cls)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise CatalogueUnreadable(f"{name}: {error}") from error
        for problem in _problems(catalogue):
            raise CatalogueUnreadable(f"{name}: {problem}")
        return catalogue


def _plays_on(case: Case, wire: str, claim: Claim) -> Iterator[Planned]:
    if wire == case.wire:
        for mode in case.modes:
            for tag_set in case.tag_sets:
                if mode == case.modes[0] or case.wire != HOME or tag_set == USUAL_TAGS:
                    yield planned(case, tag_set, mode)
    elif wire in case.on:
        tag_set = tag_set_on(wire, claim)
        there = case.there(wire, tag_set)
        # Who waits to be called makes no attempt of its own that could fail.
        there = there.without(FAILURE_MESSAGE) if claim.is_called(wire) else there
        yield planned(there, tag_set, case.mode_elsewhere)


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read the catalogue of a features folder, by default the project's own.

    Raises:
        CatalogueUnreadable: missing, too long, or wrong.
    """
    path = (folder or features_folder()) / CATALOGUE
    try:
        with path.open("rb") as file:
            content = file.read(CATALOGUE_BYTES_MAX + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueUnreadable(f"{path}: {error}") from error
    if len(content) > CATALOGUE_BYTES_MAX:
        raise CatalogueUnreadable(f"{path}: longer than {CATALOGUE_BYTES_MAX} bytes")
    return Catalogue.from_toml(text, str(path))


def _problems(catalogue: Catalogue) -> Iterator[str]:
    chapters = {chapter.id for chapter in catalogue.chapters}
    gaps = {case_id for gap in catalogue.declared_gaps for case_id in gap.ids}
    seen: set[str] = set()
    for case in catalogue.cases:
        if case.id in seen:
            yield f"case {case.id}: stands twice; an id is given once"
        seen.add(case.id)
        if case.id in gaps:
            yield f"case {case.id}: is also a declared gap"
        if case.chapter not in chapters:
            known = ", ".join(sorted(chapters))
            yield f"case {case.id}: chapter {case.chapter!r} is none of {known}"
        yield from _case_problems(case)
    for wrong in catalogue.wrong_collectors:
        yield from _wrong_problems(wrong, catalogue)


def _wrong_problems(wrong: WrongCollector, catalogue: Catalogue) -> Iterator[str]:
    there = {case.id for case in catalogue.cases if wrong.wire in case.wires}
    named = {*wrong.must_fail, *wrong.also_fails} - {EVERY_OTHER}
    if unknown := sorted(named - there):
        yield f"wrong collector {wrong.id}: no case {', '.join(unknown)} on {wrong.wire}"
    if both := sorted({*wrong.must_fail} & {*wrong.also_fails}):
        yield f"wrong collector {wrong.id}: {', '.join(both)} must fail, and so not also"
    if not wrong.must_fail:
        yield f"wrong collector {wrong.id}: needs a case that it must fail"


def _case_problems(case: Case) -> Iterator[str]:
    yield from _field_problems(case, case.id)
    yield from _mode_problems(case)
    if not case.demands or not case.tag_sets:
        yield f"case {case.id}: needs at least one demand and one tag set"
    if case.limit_seconds <= 0:
        yield f"case {case.id}: limit_seconds is {case.limit_seconds}; it must be above 0"
    for wire in case.on:
        if wire not in WIRES or wire == case.wire:
            others = ", ".join(other for other in WIRES if other != case.wire)
            yield f"case {case.id}: is played on {wire!r}, which is none of {others}"
            return
    for wire in case.on:
        there = case.there(wire, tag_set_on(wire, EVERY_WIRE))
        yield from _field_problems(there, f"{case.id} on {wire}")
    elsewhere = [(wire, tag_set_on(wire, EVERY_WIRE)) for wire in case.on]
    for wire, tag_set in [(case.wire, each) for each in case.tag_sets] + elsewhere:
        try:
            carriage(wire, tag_set)
        except CarriageUnknown as error:
            yield f"case {case.id}: {error}"


def _mode_problems(case: Case) -> Iterator[str]:
    if not case.modes or len(set(case.modes)) < len(case.modes):
        yield f"case {case.id}: modes are one or both of {', '.join(MODES)}, each once"
    for mode in case.not_applicable:
        if mode not in case.modes:
            yield f"case {case.id}: not_applicable.{mode}: it is not played in that mode"


def _field_problems(case: Case, called: str) -> Iterator[str]:
    named = {name for one in case.prescribed for name in one}
    for name in (*case.fields, *case.values, *sorted(named)):
        if name not in FIELDS:
            yield f"case {called}: {name!r} is no ticket field"
    for name in case.values:
        if name not in case.fields:
            yield f"case {called}: value for {name!r}, which is not under test"
    for name in case.fields:
        if f"field {name}" not in case.demands:
            yield f"case {called}: no demand 'field {name}' for the field under test"
