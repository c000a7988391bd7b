"""Which cases a stand does not ask of anybody, and how unknown operations come into the bundle."""

from types import SimpleNamespace
from typing import Any

import pytest
from oxo_scenarios.bench.exchange import as_operation
from oxo_scenarios.bench.stand import Conditions, Stand
from oxo_scenarios.catalogue import load_catalogue

CATALOGUE = load_catalogue()


def stand(
    acknowledgement: str, not_applicable: dict[str, str] | None = None, **choices: str
) -> Stand:
    subject: Any = SimpleNamespace(
        settings=SimpleNamespace(
            not_applicable=not_applicable or {}, remote=None, nmc=SimpleNamespace(after="delete")
        )
    )
    found = Stand(subject, Conditions("mine.toml", 1))
    state: Any = SimpleNamespace(
        profile="mine",
        ports=[],
        profile_choices=[
            {"key": "contract.acknowledgement", "value": acknowledgement},
            *({"key": f"session.{key}", "value": value} for key, value in choices.items()),
        ],
    )
    found.state = state
    found.host_name = "localhost"
    return found


@pytest.mark.parametrize("acknowledgement", ["explicit", "next-request"])
def test_every_case_applies_where_tickets_are_acknowledged(acknowledgement: str) -> None:
    found = stand(acknowledgement)
    assert {found.not_applicable(case) for case in CATALOGUE.cases} == {None}


def test_no_kill_in_mid_batch_is_asked_where_reading_removes() -> None:
    found = stand("on-read")
    reasons = {case.id: found.not_applicable(case) for case in CATALOGUE.cases}
    assert [case for case, reason in reasons.items() if reason] == ["BU2", "DIS102"]
    assert "profile mine" in str(reasons["BU2"])
    assert "on-read" in str(reasons["BU2"])


@pytest.mark.parametrize(
    ("acknowledgement", "second_login", "idle_seconds", "ruled_out"),
    [
        ("explicit", "refuse", "120", ["BU2", "DIS102"]),
        ("explicit", "refuse", "5", []),
        ("explicit", "take-over", "120", []),
        # Here even leaving the old session would acknowledge what it still owes.
        ("next-request", "refuse", "120", ["BU2", "DIS101", "DIS102"]),
        ("next-request", "refuse", "5", []),
        ("next-request", "take-over", "120", []),
    ],
)
def test_nothing_is_asked_where_the_lost_session_keeps_everybody_out(
    acknowledgement: str, second_login: str, idle_seconds: str, ruled_out: list[str]
) -> None:
    found = stand(acknowledgement, second_login=second_login, idle_seconds=idle_seconds)
    reasons = {case.id: found.not_applicable(case) for case in CATALOGUE.cases}
    assert [case for case, reason in reasons.items() if reason] == ruled_out
    if ruled_out:
        assert "lives for 120 s, beyond the case's limit of 20 s" in str(reasons["BU2"])


def test_what_the_subject_declares_is_said_first() -> None:
    found = stand("on-read", {"BU2": "no store"})
    assert found.not_applicable(CATALOGUE.case("BU2")) == "no store"


@pytest.mark.parametrize("lines", [["[a]", "b = 1"], "[a]\nb = 1"])
def test_an_unknown_operation_has_the_shape_of_the_bundle(lines: Any) -> None:
    told = {"operation": "Fetch", "namespace": "urn:x", "soap_action": None, "count": 2}
    assert as_operation({**told, "profile_lines": lines}) == {
        **told,
        "soap_action": "",
        "profile_lines": ["[a]", "b = 1"],
    }


def test_the_contract_of_the_service_rules_nothing_out_on_another_wire() -> None:
    found = stand("on-read", second_login="refuse", idle_seconds="120")
    elsewhere = [planned.case for planned in CATALOGUE.plays() if planned.wire != "taxation"]
    assert {found.not_applicable(case) for case in elsewhere} == {None}
    assert stand("explicit", {"BU2": "x"}).not_applicable(elsewhere[2]) == "x"
    assert elsewhere[2].id == "BU2"


def test_who_deletes_no_file_is_not_asked_to_survive_a_deletion() -> None:
    found = stand("explicit")
    found.subject.settings.nmc.after = "leave"
    reasons = {each.play: found.not_applicable(each.case) for each in CATALOGUE.plays()}
    assert [play for play, reason in reasons.items() if reason] == ["bu2.nmc"]
    assert "deletes none" in str(reasons["bu2.nmc"])
