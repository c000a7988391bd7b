"""Our own collector, whole: every case, both tag sets, every wire, through the front door."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.cli import OWN_SUBJECT
from oxo_scenarios.subject import load_subject

pytestmark = pytest.mark.process

CLAIM = load_subject(OWN_SUBJECT, [case.id for case in load_catalogue().cases]).settings.claim
PLANNED = [*load_catalogue().plays(CLAIM)]
PLAYS = [planned.play for planned in PLANNED]
TOO_COARSE = {
    *(f"smdr{n}.observed" for n in range(1, 7)),
    "smdr1.nmc", "smdr2.nmc", "smdr1.v24", "smdr2.v24", "smdr1.ohl", "smdr2.ohl", "smdr3.ohl",
    "smdr1.account", "smdr2.account", "smdr1.stream", "smdr2.stream",
} & set(PLAYS)  # fmt: skip
"""Played, and what is under test cannot be seen there."""
UNPLAYED = {each.play for each in PLANNED if each.case.not_carried or each.not_applicable}
EXPECTED = {
    each.play: "not applicable" if each.not_applicable
    else "not observable" if each.play in TOO_COARSE | UNPLAYED
    else "ok"
    for each in PLANNED
}  # fmt: skip
PASSED = [play for play, word in EXPECTED.items() if word == "ok"]
EXTRA = {each.play for each in PLANNED if each.extra}
ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = re.findall(
    r"^```toml\n(.*?)^```$",
    (ROOT / "docs" / "taxation.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(scope="module")
def junit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("junit") / "junit.xml"


@pytest.fixture(scope="module")
def certified(certify: Any, junit: Path) -> Any:
    return certify(
        "--json", "--junit", junit, "--seed", "7", "--mode", "business", "--mode", "hotel"
    )


def test_every_case_is_passed_and_what_the_wire_lacks_is_not_observable(certified: Any) -> None:
    assert certified.verdicts() == EXPECTED
    assert certified.status == 0
    assert (certified.run["verdict"], certified.run["result"]) == ("ok", "Passed")
    assert certified.run["counts"]["ok"] == len(set(PASSED) - EXTRA)
    assert certified.run["seed"] == 7


def test_json_is_the_run_and_the_rest_goes_elsewhere(certified: Any) -> None:
    assert json.loads(certified.out) == certified.run
    assert "dis104 " in certified.err
    assert str(certified.bundle / "report.html") in certified.err
    assert (certified.bundle / "report.html").stat().st_size > 10_000


def test_allure_holds_every_case_with_its_steps_and_evidence(certified: Any) -> None:
    results = [
        json.loads(path.read_text("utf-8"))
        for path in (certified.bundle / "allure-results").glob("*-result.json")
    ]
    tags = {
        label["value"] for found in results for label in found["labels"] if label["name"] == "tag"
    }
    assert {case.id for case in load_catalogue().claimed(CLAIM)} <= tags
    statuses = ["passed"] * len(PASSED) + ["skipped"] * (len(PLAYS) - len(PASSED))
    assert sorted(found["status"] for found in results) == statuses
    for found in results:
        labels = {label["name"]: label["value"] for label in found["labels"]}
        assert labels["feature"].split()[0] in found["name"]
        assert labels["severity"] in ("blocker", "critical", "normal")
        assert all(step["status"] == "passed" for step in found.get("steps", []))
        attached = {attachment["name"] for attachment in found["attachments"]}
        if found["status"] == "skipped":
            message = found["statusDetails"]["message"]
            assert any(words in message for words in ("does not carry", "too coarsely", "mode"))
        assert {"ledger.ndjson", "steps.ndjson", "verdict"} <= attached or not found.get(
            "steps", []
        )
    played = sum("ledger.ndjson" in {x["name"] for x in each["attachments"]} for each in results)
    assert played == len(PLAYS) - len(UNPLAYED)


def test_junit_counts_the_same(certified: Any, junit: Path) -> None:
    document = JUnitXml.fromfile(str(junit))
    counted = (document.tests, document.failures, document.errors, document.skipped)
    assert counted == (len(PLAYS), 0, 0, len(PLAYS) - len(PASSED))
    assert len(list(document)) == len(certified.run["chapters"]) == 6


def test_what_each_case_rests_on_stands_in_its_evidence(certified: Any) -> None:
    """Not the judge's word: the lines themselves."""
    assert [line["login"] for line in certified.lines("cic1", "proxy.ndjson")] == ["ok"]
    opened = certified.lines("cic2", "ledger.ndjson")
    assert {line["port"] for line in opened if line["event"] == "connection opened"} == {
        "standard",
        "alternate",
    }
    names = {line["tls"]["server_name"] for line in certified.lines("cic4", "transcript.ndjson")}
    assert names == {certified.run["exchange"]["host_name"]}
    for play in ("bu2", "dis102"):
        assert certified.play(play)["facts"]["restarts"][0]["signal"] == "KILL"
    made = [line for line in certified.lines("bu3", "ledger.ndjson") if line["event"] == "made"]
    tickets = [json.dumps(line["ticket"], sort_keys=True) for line in made]
    assert len(tickets) == 20
    assert len(set(tickets)) < 20
    assert len({line["exchange_time"] for line in made}) == 1


def test_the_steps_are_kept_with_their_outcome(certified: Any) -> None:
    steps = certified.lines("bu1", "steps.ndjson")
    assert [step["n"] for step in steps] == list(range(1, len(steps) + 1))
    assert {step["outcome"] for step in steps} == {"passed"}
    assert steps[0]["keyword"] == "Given"


def test_no_credential_is_anywhere_in_the_bundle(certified: Any) -> None:
    """The evidence is handed around: neither header nor cookie stands in it in clear."""
    for path in certified.bundle.rglob("*"):
        if path.is_file() and path.suffix in (".ndjson", ".json", ".log", ".html", ".raw"):
            text = path.read_text("utf-8", "replace")
            assert "Bearer " not in text
            for line in text.splitlines():
                if "Basic " in line and "uthorization" in line:
                    assert "Basic [redacted]" in line or "Basic realm" in line, (path, line)


def test_a_port_that_the_profile_closes_convicts_nobody(certify: Any) -> None:
    """The published report contradicts itself about the second port; a profile has it closed."""
    found = certify("--profile", "r3.2-iwr", "--case", "CIC1", "--case", "CIC2")
    assert found.verdicts() == {"cic1": "ok", "cic2": "not applicable"}
    (play,) = (play for play in found.run["plays"] if play["play"] == "cic2")
    assert "closes the exchange's alternate port" in play["reason"]


def test_a_foreign_contract_of_the_profile_is_told_to_the_subject(
    certify: Any, tmp_path: Path
) -> None:
    """No login, SOAP 1.2, every name another: whoever asked by ours would get nothing."""
    ours = ROOT / "simulator" / "oxo_simulator" / "profiles" / "certify.toml"
    profile = tmp_path / "invented.toml"
    profile.write_text(ours.read_text("utf-8") + CONTRACTS[1], "utf-8")
    found = certify("--profile", profile, "--wire", "taxation", "--case", "CIC5", "--case", "BU2")
    assert found.verdicts() == {"cic5": "ok", "bu2": "ok"}
    chosen = {choice["key"]: choice["value"] for choice in found.run["exchange"]["profile_choices"]}
    assert (chosen["contract.soap"], chosen["contract.login"]) == ("1.2", "none")


def test_the_account_of_the_nmc_is_the_profiles_and_its_choices_are_told(
    certify: Any, tmp_path: Path
) -> None:
    """The wire is closed when the run begins; what its play rests on stands in the bundle."""
    ours = ROOT / "simulator" / "oxo_simulator" / "profiles" / "certify.toml"
    profile = tmp_path / "site.toml"
    profile.write_text(ours.read_text("utf-8") + '\n[nmc]\nuser = "nmc_site"\n', "utf-8")
    found = certify("--profile", profile, "--wire", "nmc", "--case", "CIC6")
    assert found.verdicts() == {"cic6.nmc": "ok"}
    chosen = {choice["key"]: choice["value"] for choice in found.run["exchange"]["profile_choices"]}
    assert chosen["nmc.after_transfer"] == "delete"
