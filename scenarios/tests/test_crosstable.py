"""The matrix at the end of a run."""

import io
from types import SimpleNamespace
from typing import Any

from oxo_scenarios.crosstable import crosstable
from oxo_scenarios.verdict import Verdict
from rich.console import Console


def play(case: str, verdict: str, wire: str = "taxation", mode: str = "business") -> Any:
    return SimpleNamespace(case=case, verdict=Verdict(verdict), wire=wire, mode=mode)


def printed(*plays: Any) -> list[list[str]]:
    text = io.StringIO()
    Console(file=text, width=100).print(crosstable(plays))
    return [line.split() for line in text.getvalue().splitlines()]


def test_a_row_a_case_and_a_column_a_wire_with_the_published_one_in_each_mode() -> None:
    assert printed(
        play("SMDR1", "not observable"),
        play("SMDR1", "ok"),
        play("SMDR1", "nok", mode="hotel"),
        play("SMDR7", "not applicable"),
        play("SMDR7", "ok", mode="hotel"),
        play("SMDR1", "undecided", wire="nmc"),
        play("SMDR7", "error", wire="nmc", mode="hotel"),
    ) == [
        ["case", "business", "hotel", "nmc"],
        ["SMDR1", "OK", "NOK", "?"],
        ["SMDR7", "N/A", "OK", "error"],
    ]
