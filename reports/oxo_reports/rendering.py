"""The shell: reads a bundle, fills the templates, writes report.html and the evidence pages.

The output depends on the bundle alone, never on the clock or the machine: the same bundle gives
the same bytes.
"""

import os
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from oxo_reports import wires, wording
from oxo_reports.bundle import UnusableBundle, read
from oxo_reports.document import Report, report
from oxo_reports.evidence_page import KNOWN_FILES, evidence_page, missing_evidence
from oxo_reports.verdicts import MEANINGS, STANDING_NAMES, STANDINGS, WORDS

REPORT = "report.html"
EVIDENCE = "evidence"
EVIDENCE_INDEX = "index.html"
CHOICES_UNFOLDED_MAX = 12
"""More keys of a profile than these are folded: they fill several screens."""


def render(folder: Path) -> Path:
    """Write the report of a bundle and one evidence page per play; return the report's path.

    Raises:
        UnusableBundle: nothing can be rendered, or nothing can be written; the text says why.
    """
    run = read(folder)
    missing = {
        play.play: missing_evidence(folder / EVIDENCE / play.play, play) for play in run.plays
    }
    document = report(run, missing)
    try:
        _write_evidence(folder, document)
        return _write(folder / REPORT, "report.html.j2", report=document)
    except OSError as error:
        raise UnusableBundle(f"{error.filename}: cannot be written: {error.strerror}") from None


def _write_evidence(folder: Path, document: Report) -> None:
    for section in document.sections:
        for row in section.rows:
            home = folder / EVIDENCE / row.play.play
            if not home.resolve().is_relative_to(folder.resolve()):
                raise UnusableBundle(f"{home}: leads out of the bundle")
            home.mkdir(parents=True, exist_ok=True)
            page = evidence_page(document.run, row, home)
            _write(home / EVIDENCE_INDEX, "evidence.html.j2", page=page)


def _write(path: Path, template: str, **values: object) -> Path:
    """Write a page whole or not at all."""
    text = _templates().get_template(template).render(**values)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return path


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("oxo_reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=wording.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        KNOWN_FILES=KNOWN_FILES,
        NOTHING=wording.NOTHING,
        between=wording.between,
        titled=wording.titled,
        WORDS=WORDS,
        MEANINGS=MEANINGS,
        STANDINGS=STANDINGS,
        STANDING_NAMES=STANDING_NAMES,
        CHOICES_UNFOLDED_MAX=CHOICES_UNFOLDED_MAX,
    )
    environment.filters.update(
        plain=wording.plain,
        capital=wires.capital,
        day=wording.day,
        month=wording.month,
        sentence=wording.sentence,
        clock=wording.clock,
        instant=wording.instant,
        released=wording.released,
        seconds=wording.seconds,
        duration=wording.duration,
        quantity=wording.quantity,
        css_text=wording.css_text,
    )
    return environment
