"""Faults of the link as the judge reads them: each to its own end, and on the wires of its ports.

Ledger lines are typed by hand. Each judgement is made a second time by the program that imports
nothing of the project.
"""

import runpy
from pathlib import Path
from typing import Any

import pytest
from oxo_scenarios.judge import Evidence, Judgement
from oxo_scenarios.judge.chronicle import of_wire, read_chronicle
from oxo_scenarios.wires import concerns

WIRES = runpy.run_path(str(Path(__file__).with_name("test_judge_wires.py")))
CALL, ledger, made, opened, judged, seen_through, taken = (
    WIRES[name] for name in ("CALL", "ledger", "made", "opened", "judged", "seen_through", "taken")
)
Event = tuple[str, dict[str, Any]]


def fault(number: int, kind: str = "cut", *ports: str, **keys: Any) -> Event:
    told = {"kind": kind, "towards": "both", "ports": list(ports)}
    return "fault", {"id": f"f{number}", "fault": told, **keys}


def ended(how: str, number: int, *ports: str) -> Event:
    return how, {"id": f"f{number}", "kind": "cut", "ports": list(ports)}


def held(port: str) -> Event:
    return "held", {"connection": "c1", "port": port, "towards": "collector", "bytes": 9}


RESTORED: Event = ("restored", {"reset_connections": True, "faults": []})
PHASE: Event = ("phase", {"phase": "busy"})


def stretches(*events: Event, wire: str = "v24") -> list[tuple[int, int]]:
    found = read_chronicle(ledger(*events), (), wire).stretches
    return [(stretch.first, stretch.last) for stretch in found]


# --- Each fault has its own end ---


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([fault(1), PHASE, ended("healed", 1), PHASE, RESTORED], [(1, 3)]),
        ([fault(1), fault(2, "delay"), ended("healed", 1), PHASE, ended("healed", 2), PHASE],
         [(1, 3), (2, 5)]),
        ([fault(1), fault(2, "delay"), ended("healed", 2), PHASE, RESTORED, PHASE],
         [(1, 5), (2, 3)]),
        ([fault(1, "slice"), PHASE, PHASE], [(1, 3)]),
        ([fault(1), RESTORED, PHASE, fault(2), ended("healed", 2), PHASE], [(1, 2), (4, 5)]),
        ([opened("v24"), fault(1, "reset"), PHASE, RESTORED, opened("v24", "x2"), PHASE],
         [(2, 5)]),
        ([fault(1, "carry then reset"), opened("v24"), PHASE, ended("spent", 1),
          opened("v24", "x2"), PHASE], [(1, 5)]),
        ([fault(1, "carry then reset"), opened("v24"), RESTORED, PHASE], [(1, 3)]),
        ([fault(1, "carry then reset"), opened("v24"), ended("healed", 1), PHASE], [(1, 3)]),
    ],
)  # fmt: skip
def test_a_fault_lasts_to_its_own_end(events: list[Event], expected: list[tuple[int, int]]) -> None:
    assert stretches(*events) == expected


def test_the_fault_that_was_armed_begins_with_what_set_it_off_and_no_other_does() -> None:
    armed: Event = ("fault armed", {"fault": {"kind": "cut"}, "when": "consumed", "wire": "v24"})
    lines = [armed, *made(CALL, 1, "v24"), fault(1, "delay"), *taken("v24", 1, 1)]
    assert stretches(*lines, fault(2, cause=6), PHASE, RESTORED) == [(4, 9), (6, 9)]


def play(*events: Event, name: str, folder: Path) -> Judgement:
    """Judge a right delivery of one ticket behind these lines, and one before their end."""
    wire = name.partition(".")[2] or "taxation"
    lines = [opened(wire), *events, *made(CALL, 2, wire), *taken(wire, 2, 2)]
    delivery = seen_through(name, CALL, CALL)
    found: Judgement = judged(name, Evidence(ledger=ledger(*lines), delivery=delivery), folder)
    return found


def test_what_came_behind_a_healed_fault_was_not_recovered(tmp_path: Path) -> None:
    cut = [fault(1), held("v24"), *made(CALL, 1, "v24")]
    for end in (ended("healed", 1), RESTORED):
        found = play(*cut, end, *taken("v24", 1, 1), name="dis101.v24", folder=tmp_path)
        assert [each.fate.value for each in found.tickets] == ["recovered", "exactly once"]
        assert found.verdict.value == "ok", found.reason
    other = play(*cut, ended("healed", 2), *taken("v24", 1, 1), name="dis101.v24", folder=tmp_path)
    assert [each.fate.value for each in other.tickets] == ["recovered", "recovered"]
    assert other.verdict.value == "undecided", "the cut did not end"


# --- On the wires of its ports ---


@pytest.mark.parametrize(
    ("line", "concerned"),
    [
        (fault(1), {"taxation", "nmc", "v24", "ohl", "account", "stream"}),
        (fault(1, "cut", "standard"), {"taxation"}),
        (fault(1, "cut", "alternate", "nmc-data"), {"taxation", "nmc"}),
        (fault(1, "cut", "account-sftp"), {"account"}),
        (fault(1, "cut", "stream"), {"stream"}),
        (("fault armed", {"fault": {"kind": "cut", "ports": ["v24"]}, "when": "made",
                          "wire": "nmc"}), {"v24"}),
        (ended("healed", 1, "v24"), {"v24"}),
        (ended("spent", 1, "stream-a"), {"stream"}),
        (held("nmc-data-2"), {"nmc"}),
        (("connection opened", {"connection": "c1", "port": "standard"}), {"taxation"}),
        (("connection closed", {"connection": "c1", "port": "ohl"}), {"ohl"}),
        (("refused", {"connection": "c1", "port": "v24", "reason": "too many connections"}),
         {"v24"}),
        (("refused", {"connection": "c1", "reason": "no session"}), {"taxation"}),
        (("refused", {"connection": "c1", "reason": "busy", "wire": "v24"}), {"v24"}),
        (RESTORED, {"taxation", "nmc", "v24", "ohl", "account", "stream"}),
    ],
)  # fmt: skip
def test_a_line_of_the_link_concerns_the_wires_of_its_ports(
    line: Event, concerned: set[str]
) -> None:
    wires = ("taxation", "nmc", "v24", "ohl", "account", "stream")
    assert {wire for wire in wires if concerns(*line, wire)} == concerned
    assert {wire for wire in wires if of_wire(ledger(line), wire)} == concerned


def test_a_fault_on_another_wire_disturbs_nothing(tmp_path: Path) -> None:
    for ports, fate in ((["v24"], "exactly once"), (["nmc", "standard"], "recovered")):
        cut = [fault(1, "cut", *ports), *made(CALL, 1), RESTORED]
        kept: Event = ("buffered", {"id": 1, "sequence": 1, "wire": "nmc"})
        lines = [*cut[:2], kept, *cut[2:], *taken("nmc", 1, 1)]
        found = play(*lines, name="bu3.nmc", folder=tmp_path)
        assert [each.fate.value for each in found.tickets] == [fate, "exactly once"]


@pytest.mark.parametrize(
    ("ports", "at", "verdict"),
    [
        ((), "v24", "ok"),
        (("v24",), "v24", "ok"),
        ((), "account-sftp", "undecided"),
        (("nmc",), "v24", "undecided"),
        (("nmc",), "nmc", "undecided"),
    ],
)
def test_bytes_that_another_wire_held_prove_no_cut(
    ports: tuple[str, ...], at: str, verdict: str, tmp_path: Path
) -> None:
    cut = [fault(1, "cut", *ports), held(at), *made(CALL, 1, "v24"), RESTORED]
    found = play(*cut, *taken("v24", 1, 1), name="dis101.v24", folder=tmp_path)
    assert found.verdict.value == verdict, found.reason


def test_a_fault_of_the_second_door_is_none_of_the_first(tmp_path: Path) -> None:
    """A stream is judged by what happened to it, not to the account files beside it."""
    kept = [*made(CALL, 1, "stream", "account")]
    lines = ledger(opened("stream"), fault(1, "reset", "account"), *kept, *taken("stream", 1, 1),
                   opened("stream", "x2"))  # fmt: skip
    seen = Evidence(ledger=lines, delivery=seen_through("dis101.stream", CALL))
    found = judged("dis101.stream", seen, tmp_path)
    assert "no connection was reset" in (found.reason or "")
    assert found.tickets[0].fate.value == "exactly once"
