"""Which cases are not asked of anybody, by the catalogue, the subject's word or the profile."""

from typing import Any

import msgspec
import pytest
from oxo_scenarios.bench.applicable import Circumstances, not_applicable
from oxo_scenarios.catalogue import load_catalogue, planned

CATALOGUE = load_catalogue()
EXCLUDED = {why for case in CATALOGUE.cases for why in case.not_applicable.values()}
BUSINESS = [planned(case, case.tag_sets[0]) for case in CATALOGUE.cases]
PLAYS = list(CATALOGUE.plays())
USUAL = Circumstances(
    declared={},
    deletes_files=True,
    profile="mine",
    choices={},
    closed_ports=(),
    address="127.0.0.2",
    host_name="localhost",
)


def under(acknowledgement: str, **session: str) -> Circumstances:
    choices = {f"session.{key}": value for key, value in session.items()}
    return USUAL._replace(choices={"contract.acknowledgement": acknowledgement, **choices})


def ruled_out(circumstances: Circumstances, plays: list[Any]) -> dict[str, str]:
    """Return the plays that are not asked, with the reason, besides those of the catalogue."""
    told = {each.play: not_applicable(each, circumstances) for each in plays}
    return {play: why for play, why in told.items() if why is not None and why not in EXCLUDED}


@pytest.mark.parametrize("acknowledgement", ["explicit", "next-request"])
def test_every_case_applies_where_tickets_are_acknowledged(acknowledgement: str) -> None:
    assert ruled_out(under(acknowledgement), BUSINESS) == {}


def test_no_kill_in_mid_batch_is_asked_where_reading_removes() -> None:
    reasons = ruled_out(under("on-read"), BUSINESS)
    assert list(reasons) == ["bu2", "dis102"]
    assert "profile mine" in reasons["bu2"]
    assert "on-read" in reasons["bu2"]


@pytest.mark.parametrize(
    ("acknowledgement", "second_login", "idle_seconds", "expected"),
    [
        ("explicit", "refuse", "120", ["bu2", "dis102"]),
        ("explicit", "refuse", "20", ["bu2"]),  # the other has 30 s
        ("explicit", "refuse", "19", []),
        ("explicit", "take-over", "120", []),
        # Here even leaving the old session would acknowledge what it still owes.
        ("next-request", "refuse", "120", ["bu2", "dis101", "dis102"]),
        ("next-request", "refuse", "5", []),
        ("next-request", "take-over", "120", []),
    ],
)
def test_nothing_is_asked_where_the_lost_session_keeps_everybody_out(
    acknowledgement: str, second_login: str, idle_seconds: str, expected: list[str]
) -> None:
    found = under(acknowledgement, second_login=second_login, idle_seconds=idle_seconds)
    reasons = ruled_out(found, BUSINESS)
    assert list(reasons) == expected
    if expected:
        told = f"lives for {idle_seconds} s, beyond the case's limit of 20 s"
        assert told in reasons["bu2"]


@pytest.mark.parametrize("port", ["standard", "alternate"])
def test_a_port_that_the_profile_closes_is_not_connected_to(port: str) -> None:
    asked = [each.play for each in BUSINESS if f"on port {port}" in each.case.demands]
    reasons = ruled_out(USUAL._replace(closed_ports=[port]), BUSINESS)
    assert asked
    assert reasons == dict.fromkeys(asked, f"the profile mine closes the exchange's {port} port")


def test_nobody_is_asked_for_a_connection_by_a_name_that_there_is_not() -> None:
    asked = [each.play for each in BUSINESS if "by name" in each.case.demands]
    reasons = ruled_out(USUAL._replace(host_name=""), BUSINESS)
    assert asked
    assert reasons == dict.fromkeys(
        asked, "this machine knows no name for 127.0.0.2; --name gives one"
    )


def test_what_the_subject_declares_is_said_first() -> None:
    found = under("on-read")._replace(declared={"BU2": "no store"})
    assert not_applicable(planned(CATALOGUE.case("BU2"), "extended"), found) == "no store"


def test_the_contract_of_the_service_rules_nothing_out_on_another_wire() -> None:
    found = under("on-read", second_login="refuse", idle_seconds="120")
    bare = found._replace(closed_ports=["standard", "alternate"], host_name="")
    elsewhere = [each for each in PLAYS if each.wire != "taxation"]
    assert ruled_out(bare, elsewhere) == {}
    (killed,) = [each for each in elsewhere if each.play == "bu2.nmc"]
    assert not_applicable(killed, USUAL._replace(declared={"BU2": "x"})) == "x"


def test_the_mode_that_a_case_does_not_apply_in_is_said_before_anything_else() -> None:
    case = msgspec.structs.replace(CATALOGUE.case("BU2"), not_applicable={"hotel": "no such set"})
    found = under("on-read")._replace(declared={"BU2": "no store"})
    assert not_applicable(planned(case, "extended", "hotel"), found) == "no such set"
    assert not_applicable(planned(case, "extended"), found) == "no store"


def test_who_deletes_no_file_is_not_asked_to_survive_a_deletion() -> None:
    reasons = ruled_out(USUAL._replace(deletes_files=False), PLAYS)
    assert list(reasons) == ["bu2.nmc"]
    assert "deletes none" in reasons["bu2.nmc"]
