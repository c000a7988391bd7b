"""Allure, untyped, behind this one page: labels, Gherkin steps as Allure steps, attachments."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import allure
from oxo_tickets import wire_title

from oxo_scenarios.catalogue import Case, Chapter
from oxo_scenarios.wires import HOME

_dynamic: Any = allure.dynamic
_attach: Any = allure.attach
_KINDS = {".ndjson": ("application/x-ndjson", "ndjson"), ".log": ("text/plain", "log")}


def describe(case: Case, chapter: Chapter, tag_set: str, severity: str) -> None:
    """Label the current test."""
    shown = f" ({tag_set} tags)" if len(case.tag_sets) > 1 else ""
    shown = f" ({wire_title(case.wire)})" if case.wire != HOME else shown
    _dynamic.title(f"{case.id} {case.title}{shown}")
    _dynamic.epic("Certification")
    _dynamic.feature(f"{chapter.id} {chapter.title}")
    _dynamic.story(f"{case.id} {case.title}")
    _dynamic.severity(severity)
    _dynamic.parameter("wire", case.wire)
    remark = f"\n\nRemark: {case.remark}" if case.remark else ""
    _dynamic.description(f"{case.action}\n\nExpected: {case.expectation}{remark}")


def step(title: str) -> AbstractContextManager[None]:
    """Return a step of the current test."""
    found: AbstractContextManager[None] = allure.step(title)
    return found


def attach(name: str, text: str) -> None:
    """Attach a short text."""
    _attach(text, name=name, attachment_type=allure.attachment_type.TEXT)


def attach_file(path: Path) -> None:
    """Attach an evidence file."""
    kind, extension = _KINDS.get(path.suffix, ("text/plain", "txt"))
    _attach.file(path, name=path.name, attachment_type=kind, extension=extension)
