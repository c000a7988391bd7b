"""What a stand knows of the circumstances of a case, and of unknown operations."""

from types import SimpleNamespace
from typing import Any

import pytest
from oxo_scenarios.bench.exchange import as_operation
from oxo_scenarios.bench.stand import Conditions, Stand
from oxo_scenarios.catalogue import load_catalogue, planned

CATALOGUE = load_catalogue()


def stand(after: str = "delete", name: str = "localhost", **choices: str) -> Stand:
    settings = {"not_applicable": {"SMDR1": "no calls"}, "remote": None}
    nmc = SimpleNamespace(after=after)
    subject: Any = SimpleNamespace(settings=SimpleNamespace(nmc=nmc, **settings))
    found = Stand(subject, Conditions("mine.toml", 1))
    ports = [("standard", True), ("alternate", False)]
    state: Any = SimpleNamespace(
        profile="mine",
        ports=[
            SimpleNamespace(name=name, open=open_, address="192.0.2.1") for name, open_ in ports
        ],
        profile_choices=[
            {"key": key.replace("__", "."), "value": value} for key, value in choices.items()
        ],
    )
    found.state, found.host_name = state, name
    return found


def reason(found: Stand, case: str) -> str | None:
    return found.not_applicable(planned(CATALOGUE.case(case), "extended"))


def test_a_stand_tells_a_case_its_circumstances() -> None:
    found = stand(contract__acknowledgement="on-read")
    assert reason(found, "BU1") is None
    assert reason(found, "SMDR1") == "no calls"
    assert "by the contract of the profile mine" in str(reason(found, "BU2"))
    assert reason(stand(), "BU2") is None
    closed = {each.case.id for each in CATALOGUE.plays()
              if "on port alternate" in each.case.demands}  # fmt: skip
    assert closed
    assert {reason(found, case) for case in closed} == {
        "the profile mine closes the exchange's alternate port"
    }
    named = next(case.id for case in CATALOGUE.cases if "by name" in case.demands)
    assert "knows no name for 192.0.2.1" in str(reason(stand(name=""), named))


def test_a_stand_tells_that_its_subject_deletes_no_files() -> None:
    (killed,) = [each for each in CATALOGUE.plays() if each.play == "bu2.nmc"]
    assert stand().not_applicable(killed) is None
    assert "deletes none" in str(stand("leave").not_applicable(killed))


@pytest.mark.parametrize("lines", [["[a]", "b = 1"], "[a]\nb = 1"])
def test_an_unknown_operation_has_the_shape_of_the_bundle(lines: Any) -> None:
    told = {"operation": "Fetch", "namespace": "urn:x", "soap_action": None, "count": 2}
    assert as_operation({**told, "profile_lines": lines}) == {
        **told,
        "soap_action": "",
        "profile_lines": ["[a]", "b = 1"],
    }
