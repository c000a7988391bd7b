"""The ledger's words: what the exchange writes is what docs/bundle.md says, and no more."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from oxo_reports.ledger_words import EVENTS, TICKET_EVENTS

ROOT = Path(__file__).resolve().parents[1]
SIMULATOR = ROOT / "simulator" / "oxo_simulator"
PAGE = (ROOT / "docs" / "bundle.md").read_text("utf-8")
WRITERS = ("record", "_record", "_leave", "_file")
"""What appends a line is called so; its first argument is the event."""


def documented() -> set[str]:
    """Return the events of the page's table."""
    table = PAGE.split("## Ledger lines")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return {event for row in rows for event in re.findall(r"`([^`]+)`", row)}


def written() -> Iterator[tuple[str, str]]:
    """Return every event that stands in a call of a writer, and the module where it does."""
    for path in sorted(SIMULATOR.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name, event = ast.unparse(node.func).rpartition(".")[2], node.args[0]
            if name in WRITERS and isinstance(event, ast.Constant) and isinstance(event.value, str):
                yield event.value, str(path.relative_to(SIMULATOR))


def test_every_line_that_the_exchange_writes_is_documented() -> None:
    found = set(written())
    assert len(found) > 30
    assert [(event, where) for event, where in sorted(found) if event not in documented()] == []


def test_every_documented_line_is_written_somewhere() -> None:
    told = {
        node.value
        for path in SIMULATOR.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(documented() - told) == []


def test_the_report_has_words_for_every_documented_line_and_no_others() -> None:
    assert {*EVENTS, *TICKET_EVENTS} == documented()
