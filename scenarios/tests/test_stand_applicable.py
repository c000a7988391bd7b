"""Which cases a stand does not ask of anybody, and how unknown operations come into the bundle."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from oxo_scenarios.bench.exchange import as_operation
from oxo_scenarios.bench.stand import Conditions, Stand
from oxo_scenarios.catalogue import load_catalogue, planned

CATALOGUE = load_catalogue()
EXCLUDED = {why for case in CATALOGUE.cases for why in case.not_applicable.values()}
BUSINESS = [planned(case, case.tag_sets[0]) for case in CATALOGUE.cases]


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
    assert {found.not_applicable(each) for each in BUSINESS} - EXCLUDED == {None}


def test_no_kill_in_mid_batch_is_asked_where_reading_removes() -> None:
    found = stand("on-read")
    reasons = {each.case.id: found.not_applicable(each) for each in BUSINESS}
    assert [case for case, why in reasons.items() if why and why not in EXCLUDED] == [
        "BU2",
        "DIS102",
    ]
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
    reasons = {each.case.id: found.not_applicable(each) for each in BUSINESS}
    assert [case for case, why in reasons.items() if why and why not in EXCLUDED] == ruled_out
    if ruled_out:
        assert "lives for 120 s, beyond the case's limit of 20 s" in str(reasons["BU2"])


def test_what_the_subject_declares_is_said_first() -> None:
    found = stand("on-read", {"BU2": "no store"})
    assert found.not_applicable(planned(CATALOGUE.case("BU2"), "extended")) == "no store"


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
    elsewhere = [each for each in CATALOGUE.plays() if each.wire != "taxation"]
    assert {found.not_applicable(each) for each in elsewhere} - EXCLUDED == {None}
    (killed,) = [each for each in elsewhere if each.play == "bu2.nmc"]
    assert stand("explicit", {"BU2": "x"}).not_applicable(killed) == "x"


def test_the_mode_that_a_case_does_not_apply_in_is_said_before_anything_else() -> None:
    case = msgspec.structs.replace(CATALOGUE.case("BU2"), not_applicable={"hotel": "no such set"})
    found = stand("on-read", {"BU2": "no store"})
    assert found.not_applicable(planned(case, "extended", "hotel")) == "no such set"
    assert found.not_applicable(planned(case, "extended")) == "no store"


def test_who_deletes_no_file_is_not_asked_to_survive_a_deletion() -> None:
    found = stand("explicit")
    found.subject.settings.nmc.after = "leave"
    reasons = {each.play: found.not_applicable(each) for each in CATALOGUE.plays()}
    assert [play for play, why in reasons.items() if why and why not in EXCLUDED] == ["bu2.nmc"]
    assert "deletes none" in str(reasons["bu2.nmc"])
