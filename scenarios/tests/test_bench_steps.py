"""The features ask what the catalogue demands, and nothing that the judge does not know."""

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import time
from typing import Any, NamedTuple

import pytest
from oxo_scenarios.bench.trouble import BenchBroken
from oxo_scenarios.catalogue import Case, Planned, load_catalogue
from oxo_scenarios.play import steps_seen as steps
from oxo_scenarios.play.record import Performance
from oxo_scenarios.play.steps_calls import odd_tickets
from oxo_scenarios.resources import features_folder
from oxo_scenarios.wires import WIRES
from oxo_tickets import carriage, project
from pytest_bdd.feature import get_features
from pytest_bdd.steps import step_function_context_registry

GUARDS = {
    "buffered first",
    "session first",
    "link cut",
    "warm reset",
    "restarted acknowledged",
    "restarted offered",
    "restarted sent",
    "restarted idle",
    "link reset",
    "file deleted",
    "prescribed",
    "outcome answered",
    "outcome busy",
    "outcome out of service",
    "outcome do not disturb",
    "outcome refused: data device",
    "cold reset",
    "power cut",
    "overflow",
    "repeated hour",
    "disconnected",
}
"""They see that the case came about as written; no step asks for them, the judge always does."""
CATALOGUE = load_catalogue()
EVERY_CASE = [planned.case for planned in CATALOGUE.plays()]


class Asking(NamedTuple):
    """A performance and a play in one, which notes what a Then step asks for."""

    planned: Planned
    asked: list[str]

    def holds(self, *demands: str) -> None:
        assert demands, "the step asks for nothing"
        self.asked.extend(demands)

    def ask_failure_message(self) -> None:
        """No operator is asked here."""

    def await_collected(self) -> None:
        """What every Then begins with; `received` answers it."""


def then_steps() -> Iterator[tuple[Any, Callable[..., object]]]:
    """Return matcher and function of every Then step."""
    for context in step_function_context_registry.values():
        if context.type == "then" and inspect.getmodule(context.step_func) is steps:
            yield context.parser, context.step_func


def scenario_wires(scenario: Any) -> set[str]:
    """Return the wires that a scenario is played on: by tag, by its examples, else taxation."""
    rows = [row for examples in scenario.examples for row in examples.as_contexts()]
    told = {row["wire"] for row in rows if "wire" in row} | (set(WIRES) & scenario.tags)
    return told or {"taxation"}


def demands_asked(case: Case) -> list[set[str]]:
    """Return what the Then steps of each scenario of the case on its wire ask for."""
    found = []
    for feature in get_features([str(features_folder())]):
        for scenario in feature.scenarios.values():
            if case.id in scenario.tags and case.wire in scenario_wires(scenario):
                asking = Asking(Planned("", case, "extended"), [])
                for step in scenario.steps:
                    if step.type == "then":
                        ask(step.name, asking)
                found.append(set(asking.asked))
    return found


def ask(name: str, asking: Asking) -> None:
    (function,) = [function for parser, function in then_steps() if parser.is_matching(name)]
    function(**dict.fromkeys(inspect.signature(function).parameters, asking))


@pytest.mark.parametrize("planned", [*CATALOGUE.plays()], ids=lambda planned: planned.play)
def test_the_steps_of_a_case_ask_for_all_its_demands_and_for_no_other(planned: Planned) -> None:
    case = planned.case
    asked = demands_asked(case)
    assert len(asked) == 1
    for demands in asked:
        assert demands == set(case.demands) - GUARDS


def test_every_guard_is_demanded_somewhere() -> None:
    assert {demand for case in EVERY_CASE for demand in case.demands} >= GUARDS


@pytest.mark.parametrize("demands", [["the moon is green"], ["received", "cookie returned"], []])
def test_a_step_that_asks_what_the_case_does_not_demand_is_the_benchs_error(
    demands: list[str],
) -> None:
    """Before anything is judged: such a step would hold whatever the subject did."""
    performance = Performance(Planned("bu1", CATALOGUE.case("BU1"), "extended"), None)
    with pytest.raises(BenchBroken, match="case BU1 demands buffered first, received"):
        performance.holds(*demands)


def test_tickets_that_nobody_expects_tell_what_no_other_case_makes() -> None:
    """The report asks for each field of a ticket; a value that never varies proves no reading."""
    odd = odd_tickets()
    through = carriage("taxation", "extended")
    seen = [project(ticket, through) for ticket in odd]
    alike = {"communication_type": 3, "currency": 2, "service": 2, "trunk": 2, "trunk_kind": 2}
    for field, least in alike.items():
        assert len({getattr(ticket, field) for ticket in seen} - {None, ""}) >= least, field
    for field in ("account_code", "initial_user", "dialling_mode", "reminder_time"):
        assert any(getattr(ticket, field) for ticket in seen), field
    assert any(ticket.initial_user not in (None, ticket.charged_user) for ticket in seen)
    assert any(len(ticket.facilities or ()) > 1 for ticket in seen)
    assert any(t.call_seconds and t.call_seconds > 3600 and t.call_seconds % 60 for t in seen)
    assert any(t.cost and t.cost > 1000 and t.cost * 10 % 1 for t in seen)
    assert any((ticket.units or 0) > 999 for ticket in seen)
    assert any(len(ticket.subscriber_name or "") > 32 for ticket in seen)
    assert any(t.reminder_time and t.reminder_time > time(12, 30) for t in seen)


def test_the_second_pass_of_the_hour_begins_when_the_first_is_collected() -> None:
    """In one answer with it, a collector that drops what it has kept already would pass."""
    text = (features_folder() / "beyond.feature").read_text("utf-8")
    (steps,) = re.findall(r"@EXT8\n(.*?)(?:\n\n|\Z)", text, re.DOTALL)
    lines = [line.strip() for line in steps.splitlines()]
    place = lines.index("And the hour begins again")
    assert lines[place - 1] == "And the collector has collected every ticket"
