"""The matrix at the end of a run."""

import io
from types import SimpleNamespace
from typing import Any

from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.crosstable import crosstable
from oxo_scenarios.verdict import Verdict
from rich.console import Console


def play(case: str, verdict: str, wire: str = "taxation", mode: str = "business") -> Any:
    return SimpleNamespace(case=case, verdict=Verdict(verdict), wire=wire, mode=mode)


def printed(*plays: Any) -> list[list[str]]:
    text = io.StringIO()
    Console(file=text, width=100).print(crosstable(plays, {"CIC6": "nmc"}))
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


def test_a_case_published_for_another_wire_stands_in_hotel_mode_where_the_report_has_it() -> None:
    assert printed(
        play("CIC1", "ok"),
        play("CIC1", "ok", mode="hotel"),
        play("CIC6", "ok", wire="nmc"),
        play("CIC6", "nok", wire="nmc", mode="hotel"),
    ) == [
        ["case", "business", "hotel", "nmc"],
        ["CIC1", "OK", "OK"],
        ["CIC6", "NOK", "OK"],
    ]


def test_which_wire_a_case_is_published_for_stands_in_the_catalogue() -> None:
    wires = load_catalogue().own_wires()
    assert (wires["SMDR1"], wires["CIC6"]) == ("taxation", "nmc")
